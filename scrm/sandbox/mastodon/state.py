"""What a Mastodon server knows: accounts, statuses, notifications and the sorted lists it pages through.

Status and account ids are snowflakes (48 bits of milliseconds, 16 of sequence); notifications, favourites
and follows are numbered in the order they arrive, as on the real server (app/models, from memory, 2026-11-24).
"""

from __future__ import annotations

import zlib
from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrm.sandbox.cast import MASTODON_DOMAIN

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.network import Person

FIRST_ROW_ID = 1001


@dataclass(kw_only=True, eq=False)
class Account:
    """One account, ours or of another server."""

    id: int
    person: Person
    username: str
    domain: str
    display_name: str
    bio: str
    created_at: datetime
    is_bot: bool
    statuses: list[int] = field(default_factory=list)
    notifications: dict[str, list[int]] = field(default_factory=dict)  # by kind
    followers: dict[int, Account] = field(default_factory=dict)  # by the follow's row id
    following: dict[int, int] = field(default_factory=dict)  # account id -> the follow's row id
    favourites: dict[int, int] = field(default_factory=dict)  # status id -> the favourite's row id

    @property
    def is_local(self) -> bool:
        return self.domain == MASTODON_DOMAIN

    @property
    def acct(self) -> str:
        return self.username if self.is_local else f"{self.username}@{self.domain}"

    @property
    def uri(self) -> str:
        return f"https://{self.domain}/users/{self.username}"

    @property
    def url(self) -> str:
        return f"https://{self.domain}/@{self.username}"


@dataclass(kw_only=True, eq=False)
class Status:
    """One status; a boost is a status too, with `reblog_of`."""

    id: int
    account: Account
    text: str
    created_at: datetime
    visibility: str
    edited_at: datetime | None = None
    in_reply_to: Status | None = None
    in_reply_to_account: Account | None = None
    reblog_of: Status | None = None
    quote_of: Status | None = None
    is_quoting: bool = False  # stays when the quoted status is deleted
    mentions: tuple[Account, ...] = ()
    tags: tuple[str, ...] = ()
    favourites: dict[int, Account] = field(default_factory=dict)  # by row id
    reblogs: dict[int, Status] = field(default_factory=dict)  # by account id
    replies: list[Status] = field(default_factory=list)
    quotes: list[Status] = field(default_factory=list)
    notifications: set[int] = field(default_factory=set)

    @property
    def number_at_home(self) -> int:
        """The id its own server gave it: never ours for a status from elsewhere."""
        if self.account.is_local:
            return self.id
        return self.id + ((zlib.crc32(self.account.domain.encode()) & 0xFFF) << 16)

    @property
    def uri(self) -> str:
        uri = f"{self.account.uri}/statuses/{self.number_at_home}"
        return f"{uri}/activity" if self.reblog_of else uri

    @property
    def url(self) -> str:
        return self.uri if self.reblog_of else f"{self.account.url}/{self.number_at_home}"

    @property
    def has_picture(self) -> bool:
        """The sandbox's own rule: a camera in the text stands for an attached picture."""
        return "📷" in self.text


@dataclass(kw_only=True, eq=False)
class Notification:
    """One notification of a local account."""

    id: int
    kind: str
    recipient: Account
    account: Account
    status: Status | None
    created_at: datetime


class State:
    """Everything of one server; the caller holds the lock."""

    def __init__(self) -> None:
        self.accounts: dict[int, Account] = {}
        self.by_key: dict[str, Account] = {}
        self.by_acct: dict[str, Account] = {}
        self.statuses: dict[int, Status] = {}
        self.by_uri: dict[str, Status] = {}
        self.by_tag: dict[str, list[int]] = {}
        self.notifications: dict[int, Notification] = {}
        self._next_in_millisecond: dict[int, int] = {}
        self._next_row_id = FIRST_ROW_ID

    def snowflake(self, at: datetime) -> int:
        millisecond = int(at.timestamp() * 1000)
        sequence = self._next_in_millisecond.get(millisecond, 0)
        self._next_in_millisecond[millisecond] = sequence + 1
        return (millisecond << 16) + sequence

    def row_id(self) -> int:
        self._next_row_id += 1
        return self._next_row_id - 1

    def add_account(self, account: Account) -> None:
        self.accounts[account.id] = account
        self.by_key[account.person.key] = account
        self.by_acct[account.acct.lower()] = account

    def add_status(self, status: Status) -> None:
        self.statuses[status.id] = status
        self.by_uri[status.uri] = status
        insort(status.account.statuses, status.id)
        self.index_tags(status)
        if status.in_reply_to:
            status.in_reply_to.replies.append(status)
        if status.quote_of:
            status.quote_of.quotes.append(status)
        if status.reblog_of:
            status.reblog_of.reblogs[status.account.id] = status

    def index_tags(self, status: Status) -> None:
        for tag in status.tags:
            insort(self.by_tag.setdefault(tag.lower(), []), status.id)

    def unindex_tags(self, status: Status) -> None:
        for tag in status.tags:
            _drop(self.by_tag[tag.lower()], status.id)

    def remove_status(self, status: Status) -> None:
        """Remove a status with its boosts and notifications; answers to it stay, answering nothing."""
        for boost in list(status.reblogs.values()):
            self.remove_status(boost)
        del self.statuses[status.id]
        _drop(status.account.statuses, status.id)
        self.unindex_tags(status)
        for number in list(status.notifications):
            self.remove_notification(number)
        for reply in status.replies:
            reply.in_reply_to = None
        for quote in status.quotes:
            quote.quote_of = None
        for account in status.favourites.values():
            account.favourites.pop(status.id, None)
        if status.in_reply_to:
            status.in_reply_to.replies.remove(status)
        if status.quote_of:
            status.quote_of.quotes.remove(status)
        if status.reblog_of:
            status.reblog_of.reblogs.pop(status.account.id, None)
            self.take_back("reblog", status.account, status.reblog_of)

    def notify(self, kind: str, recipient: Account, account: Account, status: Status | None, at: datetime) -> None:
        """Tell a local account; other servers tell their own people."""
        is_own_doing = recipient is account and kind in {"mention", "reblog", "favourite", "quote"}
        if not recipient.is_local or is_own_doing:
            return
        notification = Notification(
            id=self.row_id(),
            kind=kind,
            recipient=recipient,
            account=account,
            status=status,
            created_at=at,
        )
        self.notifications[notification.id] = notification
        # numbered as they arrive, so always the highest
        recipient.notifications.setdefault(kind, []).append(notification.id)
        if status:
            status.notifications.add(notification.id)

    def take_back(self, kind: str, account: Account, status: Status) -> None:
        """Remove the notification of a deed that was undone."""
        for number in list(status.notifications):
            notification = self.notifications[number]
            if (notification.kind, notification.account) == (kind, account):
                self.remove_notification(number)

    def remove_notification(self, number: int) -> None:
        notification = self.notifications.pop(number)
        _drop(notification.recipient.notifications[notification.kind], number)
        if notification.status:
            notification.status.notifications.discard(number)


def _drop(numbers: list[int], number: int) -> None:
    place = bisect_left(numbers, number)
    if place < len(numbers) and numbers[place] == number:
        del numbers[place]
