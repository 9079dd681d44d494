"""The Bluesky fake's own account of what concerns the company, kept apart from what the API answers.

Kinds: post (the company's own), mention, quote, reply (in a thread of ours, without naming us), hashtag
(naming us by #nordwerk alone), like, share, follow. A deleted post takes the likes and shares of it out of
every list although their records stay in their authors' repositories; these are marked `is_orphaned`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.bluesky.ids import wire_time
from scrm.sandbox.bluesky.state import FOLLOW, LIKE, REPOST, Account, Post, Record

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.bluesky.appview import AppView

HASHTAG = "nordwerk"


class Truth:
    """Every interaction that exists or existed and concerns the company account."""

    def __init__(self, appview: AppView) -> None:
        self._appview = appview
        self._entries: dict[str, dict[str, object]] = {}
        self._about: dict[str, list[str]] = {}

    def entries(self) -> list[dict[str, object]]:
        return [dict(entry) for entry in self._entries.values()]

    def happened(self, record: Record, at: datetime) -> None:
        """Note a new record if it concerns the company."""
        kind = self._post_kind(record) if isinstance(record, Post) else self._deed_kind(record)
        if kind is None:
            return
        about = (record.parent or record.quoted) if isinstance(record, Post) else record.subject
        if kind in {"like", "share"}:
            self._about.setdefault(str(about), []).append(record.uri)
        self._entries[record.uri] = {
            "network": "bluesky",
            "native_id": record.uri,
            "kind": kind,
            "author": record.author.did,
            "person": record.author.person.key,
            "object": None if kind == "follow" else about,
            "at": wire_time(at),
            "edited_at": None,
            "deleted": False,
            "is_orphaned": False,
        }

    def edited(self, uri: str, at: datetime) -> None:
        if uri in self._entries:
            self._entries[uri]["edited_at"] = wire_time(at)

    def deleted(self, uri: str, at: datetime) -> None:
        if uri in self._entries:
            self._entries[uri] |= {"deleted": True, "deleted_at": wire_time(at)}
        for orphan in self._about.pop(uri, ()):
            self._entries[orphan]["is_orphaned"] = True

    def _deed_kind(self, record: Record) -> str | None:
        if record.collection == FOLLOW:
            return "follow" if _is_company(self._appview.accounts[record.subject]) else None
        post = self._appview.post(record.subject)
        if post is None:
            return None
        if record.collection == LIKE:
            return "like" if _is_company(post.author) else None
        if record.collection == REPOST and (_is_company(post.author) or _is_company(record.author)):
            return "share"
        return None

    def _post_kind(self, post: Post) -> str | None:
        if _is_company(post.author):
            return "post"
        mentioned = [self._appview.accounts[did] for did in post.features("mention", "did")]
        if any(_is_company(account) for account in mentioned):
            return "mention"
        quoted = self._appview.post(post.quoted)
        if quoted and _is_company(quoted.author):
            return "quote"
        root = self._appview.post(post.root)
        if root and _is_company(root.author):
            return "reply"
        if HASHTAG in {tag.lower() for tag in post.features("tag", "tag")}:
            return "hashtag"
        return None


def _is_company(account: Account) -> bool:
    return account.person.role == "company"
