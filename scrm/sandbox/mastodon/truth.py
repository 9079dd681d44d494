"""The Mastodon fake's own account of what concerns the company, kept apart from what the API answers.

Kinds: post (the company's own), mention, quote, reply (in a thread that we
wrote in or are named in, without naming us itself), hashtag
(naming us by #nordwerk alone), like, share, follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.cast import COMPANY_KEY
from scrm.sandbox.mastodon.entities import stamp

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.mastodon.state import Account, Status

HASHTAG = "nordwerk"


class Truth:
    """Every interaction that exists or existed and concerns the company account."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, object]] = {}

    def entries(self) -> list[dict[str, object]]:
        return [dict(entry) for entry in self._entries.values()]

    def wrote(self, status: Status) -> None:
        kind = _kind(status)
        if kind:
            parent = status.in_reply_to or status.quote_of
            self._add(status.uri, kind, status.account, parent, status.created_at)
            self._entries[status.uri] |= {"visibility": status.visibility, "api_id": str(status.id)}

    def liked(self, account: Account, status: Status, row: int, at: datetime) -> None:
        if _is_company(status.account):
            self._add(f"{account.uri}#likes/{row}", "like", account, status, at)

    def shared(self, boost: Status) -> None:
        if boost.reblog_of and (_is_company(boost.reblog_of.account) or _is_company(boost.account)):
            self._add(boost.uri, "share", boost.account, boost.reblog_of, boost.created_at)

    def followed(self, account: Account, target: Account, row: int, at: datetime) -> None:
        if _is_company(target):
            self._add(f"{account.uri}#follows/{row}", "follow", account, None, at)

    def edited(self, status: Status) -> None:
        if status.uri in self._entries and status.edited_at:
            self._entries[status.uri]["edited_at"] = stamp(status.edited_at)

    def deleted(self, native_id: str, at: datetime) -> None:
        if native_id in self._entries:
            self._entries[native_id] |= {"deleted": True, "deleted_at": stamp(at)}

    def _add(self, native_id: str, kind: str, author: Account, on: Status | None, at: datetime) -> None:
        self._entries[native_id] = {
            "network": "mastodon",
            "native_id": native_id,
            "kind": kind,
            "author": author.uri,
            "person": author.person.key,
            "object": on.uri if on else None,
            "at": stamp(at),
            "edited_at": None,
            "deleted": False,
        }


def _is_company(account: Account) -> bool:
    return account.person.key == COMPANY_KEY


def _kind(status: Status) -> str | None:
    if _is_company(status.account):
        return "post"
    if any(_is_company(account) for account in status.mentions):
        return "mention"
    if status.quote_of and _is_company(status.quote_of.account):
        return "quote"
    is_open = status.visibility in {"public", "unlisted"}
    parent = status.in_reply_to
    while parent and is_open:
        if _is_company(parent.account) or any(_is_company(account) for account in parent.mentions):
            return "reply"
        parent = parent.in_reply_to
    if HASHTAG in {tag.lower() for tag in status.tags} and status.visibility == "public":
        return "hashtag"
    return None
