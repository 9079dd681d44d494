"""The X fake's own account of what concerns the company, kept apart from what the API answers.

Kinds: post (the company's own), mention, quote, reply (in a thread the company wrote in or is named in, without
naming it), hashtag (naming it by #nordwerk alone), like, share, follow, message. A post is known by the first id of
its chain; `api_ids` are all of them, the newest last. The API gives likes and follows no id: theirs is made of both
sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrm.sandbox.cast import COMPANY_KEY
from scrm.sandbox.x import content
from scrm.sandbox.x.ids import stamp

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.x.state import Message, Post, User

HASHTAG = "nordwerk"


def like_id(user: User, post: Post) -> str:
    return f"{user.id}:like:{post.id}"


def follow_id(user: User, target: User) -> str:
    return f"{user.id}:follow:{target.id}"


class Truth:
    """Every interaction that exists or existed and concerns the company account."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, Any]] = {}
        self._authors: dict[str, User] = {}

    def entries(self) -> list[dict[str, object]]:
        """Return all rows; `standing` is how the author's account stands now."""
        return [{**entry, "standing": str(self._authors[key].standing)} for key, entry in self._entries.items()]

    def wrote(self, post: Post) -> None:
        kind = _kind(post)
        if kind:
            parent = post.in_reply_to or post.quote_of
            self._add(str(post.id), kind, post.author, str(parent.post.id) if parent else None, post.created_at)
            self._entries[str(post.id)]["api_ids"] = [str(post.id)]

    def shared(self, repost: Post) -> None:
        original = repost.repost_of
        if original and (_is_company(original.post.author) or _is_company(repost.author)):
            self._add(str(repost.id), "share", repost.author, str(original.post.id), repost.created_at)

    def liked(self, user: User, post: Post, at: datetime) -> None:
        if _is_company(post.author):
            self._add(like_id(user, post), "like", user, str(post.id), at)

    def followed(self, user: User, target: User, at: datetime) -> None:
        if _is_company(target):
            self._add(follow_id(user, target), "follow", user, None, at)

    def sent(self, message: Message, reply_to: str | None) -> None:
        if _is_company(message.sender) or _is_company(message.recipient):
            self._add(str(message.id), "message", message.sender, reply_to, message.at)
            self._entries[str(message.id)]["conversation"] = message.conversation_id

    def edited(self, post: Post) -> None:
        if entry := self._entries.get(str(post.id)):
            entry["edited_at"] = stamp(post.newest.at)
            entry["api_ids"] = [str(version.id) for version in post.versions]

    def deleted(self, native_id: str, at: datetime) -> None:
        if entry := self._entries.get(native_id):
            entry |= {"deleted": True, "deleted_at": stamp(at)}

    def _add(self, native_id: str, kind: str, author: User, on: str | None, at: datetime) -> None:
        self._authors[native_id] = author
        self._entries[native_id] = {
            "network": "x",
            "native_id": native_id,
            "kind": kind,
            "author": str(author.id),
            "person": author.person.key,
            "object": on,
            "at": stamp(at),
            "edited_at": None,
            "deleted": False,
        }


def _is_company(user: User) -> bool:
    return user.person.key == COMPANY_KEY


def _kind(post: Post) -> str | None:
    if _is_company(post.author):
        return "post"
    if any(_is_company(user) for user in post.mentions):
        return "mention"
    if post.quote_of and _is_company(post.quote_of.post.author):
        return "quote"
    parent = post.in_reply_to
    while parent:
        if _is_company(parent.post.author) or any(_is_company(user) for user in parent.post.mentions):
            return "reply"
        parent = parent.post.in_reply_to
    return "hashtag" if HASHTAG in content.hashtags(post.versions[0].text) else None
