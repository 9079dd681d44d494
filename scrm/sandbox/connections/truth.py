"""The Connections fake's own account of what happened within the company's network.

All that stands in the communities concerns the company, for it owns them; of people's boards only its own, and what
names it. Kinds: post, mention (naming the company), reply, like. `author` is the userid, `shown` the application.
`to_us` tells what touches the company's account itself: its own words, words that name it, what is said below either
from then on, and likes of its words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.connections.xml import stamp

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.connections.state import Account, Like, Post


class Truth:
    """Every interaction that exists or existed."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, object]] = {}
        self._joined: set[str] = set()  # threads where the company spoke or was named

    def entries(self) -> list[dict[str, object]]:
        return [dict(entry) for entry in self._entries.values()]

    def wrote(self, post: Post) -> None:
        if not _concerns(post):
            return
        thread, on = post.root.native_id, post.parent.native_id if post.parent else None
        if any(one.is_company for one in (post.author, post.board, *post.mentions) if one):
            self._joined.add(thread)
        self._add(post.native_id, _kind(post), post, post.author, on, post.created)
        self._entries[post.native_id]["to_us"] = thread in self._joined

    def liked(self, like: Like, post: Post) -> None:
        if _concerns(post):
            self._add(like.native_id, "like", post, like.author, post.native_id, like.at)
            self._entries[like.native_id]["to_us"] = post.author.is_company or like.author.is_company

    def edited(self, post: Post) -> None:
        if post.native_id in self._entries:
            self._entries[post.native_id]["edited_at"] = stamp(post.edited)

    def deleted(self, native_id: str, at: datetime) -> None:
        if native_id in self._entries:
            self._entries[native_id] |= {"deleted": True, "deleted_at": stamp(at)}

    def _add(self, native_id: str, kind: str, post: Post, author: Account, on: str | None, at: datetime) -> None:
        community = post.community
        self._entries[native_id] = {
            "network": "connections",
            "native_id": native_id,
            "kind": kind,
            "author": author.userid,
            "person": author.person.key,
            "object": on,
            "at": stamp(at),
            "edited_at": None,
            "deleted": False,
            "deleted_at": None,
            "audience": "public" if community is None or community.is_open else "community",
            "community": community.uuid if community else None,
            "shown": post.application,
        }


def _concerns(post: Post) -> bool:
    root = post.root
    if root.community or root.author.is_company or (root.board and root.board.is_company):
        return True
    return any(one.is_company for said in (post, root) for one in (said.author, *said.mentions))


def _kind(post: Post) -> str:
    if post.parent:
        return "reply"
    is_ours = post.author.is_company
    return "mention" if any(one.is_company for one in post.mentions) and not is_ours else "post"
