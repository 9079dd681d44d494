"""The fake's own account of what concerns the company, kept apart from what the API answers.

The network is the company's own, so everything said in its communities concerns it, and what people write to the
company's account in private. Kinds: post (begins a thread), reply, mention (somebody else's words that name the
account), like, message. Likes have no id of their own; theirs is the message's and the person's, with `#like-`
between. `external`: from somebody who cannot be looked up.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from scrm.sandbox.cast import COMPANY_KEY

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.yammer.state import Message, Network, User


def like_id(message: Message, user: User) -> str:
    return f"{message.id}#like-{user.id}"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Truth:
    """Every interaction that exists or existed and concerns the company."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._entries: dict[str, dict[str, object]] = {}

    def entries(self) -> list[dict[str, object]]:
        return [dict(entry) for entry in self._entries.values()]

    def wrote(self, message: Message) -> None:
        if _concerns_us(message):
            self._add(str(message.id), _kind(message), message.sender, message, message.created_at)
            above = message.replied_to_id
            self._entries[str(message.id)]["object"] = str(above) if above else None

    def liked(self, user: User, message: Message, at: datetime) -> None:
        if _concerns_us(message):
            self._add(like_id(message, user), "like", user, message, at)
            self._entries[like_id(message, user)]["object"] = str(message.id)

    def edited(self, native_id: str, at: datetime) -> None:
        if native_id in self._entries:
            self._entries[native_id]["edited_at"] = _stamp(at)

    def deleted(self, native_id: str, at: datetime) -> None:
        if native_id in self._entries:
            self._entries[native_id] |= {"deleted": True, "deleted_at": _stamp(at)}

    def _add(self, native_id: str, kind: str, author: User, message: Message, at: datetime) -> None:
        group = message.group
        self._entries[native_id] = {
            "network": "yammer",
            "native_id": native_id,
            "kind": kind,
            "author": str(author.id),
            "person": author.person.key,
            "object": None,
            "thread": str(message.thread_id),
            "at": _stamp(at),
            "edited_at": None,
            "deleted": False,
            "audience": "private" if group is None else "community" if group.is_private else "public",
            "community": str(group.id) if group else None,
            "external": author.home is not self._network,
        }


def _is_company(user: User) -> bool:
    return user.person.key == COMPANY_KEY


def _concerns_us(message: Message) -> bool:
    if message.is_system:
        return False
    return message.group is not None or any(_is_company(one) for one in message.participants)


def _kind(message: Message) -> str:
    if message.is_direct:
        return "message"
    if not _is_company(message.sender) and any(_is_company(one) for one in message.mentions):
        return "mention"
    return "reply" if message.replied_to_id else "post"
