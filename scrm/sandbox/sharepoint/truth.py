"""The SharePoint fake's own account of what happens in the company's sites, kept apart from what the API answers.

Everything there concerns the company, for the sites are its own. Kinds: post (a page or an item), mention (one that
names the company), reply (a comment or an answer to one), like. Ids: pages and items by their unique id, comments
`list:item:comment`, likes `what:like:login name`, for SharePoint gives them no id. `shown` names the call by which a
row is found: pages, items, comments or likes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.cast import COMPANY_KEY
from scrm.sandbox.sharepoint.ids import fine_stamp
from scrm.sandbox.sharepoint.state import Comment

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.sharepoint.state import Item, Like, Target, User

NETWORK = "sharepoint"


class Truth:
    """Every interaction that exists or existed."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, object]] = {}

    def entries(self) -> list[dict[str, object]]:
        return [dict(entry) for entry in self._entries.values()]

    def wrote(self, item: Item) -> None:
        is_named = any(one.person.key == COMPANY_KEY for one in item.mentions)
        kind = "mention" if is_named and item.author.person.key != COMPANY_KEY else "post"
        self._add(item.native_id, kind, item.author, item, on=None, at=item.created_at)
        self._entries[item.native_id]["shown"] = "pages" if item.list.is_pages else "items"

    def commented(self, comment: Comment) -> None:
        on = comment.parent or comment.item
        self._add(comment.native_id, "reply", comment.author, comment, on=on.native_id, at=comment.created_at)
        self._entries[comment.native_id]["shown"] = "comments"

    def liked(self, like: Like) -> None:
        self._add(like.native_id, "like", like.user, like.target, on=like.target.native_id, at=like.at)
        self._entries[like.native_id]["shown"] = "likes"

    def edited(self, native_id: str, at: datetime) -> None:
        self._entries[native_id]["edited_at"] = fine_stamp(at)

    def deleted(self, native_id: str, at: datetime) -> None:
        self._entries[native_id] |= {"deleted": True, "deleted_at": fine_stamp(at)}

    def _add(self, native_id: str, kind: str, author: User, target: Target, *, on: str | None, at: datetime) -> None:
        item = target.item
        site = item.list.site
        self._entries[native_id] = {
            "network": NETWORK,
            "native_id": native_id,
            "kind": kind,
            "author": author.id,
            "login_name": author.login_name,
            "person": author.person.key,
            "object": on,
            "at": fine_stamp(at),
            "edited_at": None,
            "deleted": False,
            "audience": "organization" if site.is_open else "community",
            "community": site.id,
            "site": site.name,
            "list_id": item.list.id,
            "item_id": item.number,
            "comment_id": str(target.number) if isinstance(target, Comment) else None,
        }
