"""What a Jive community knows: people, places, contents with their replies, likes, messages, activities.

Content and place ids stand in addresses, each type counts its own internal `id` besides (developers.jivesoftware.com,
ContentEntity, read 2026-11-24). Everything is numbered in the order it comes, so the same life has the same ids.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrm.sandbox.jive.routes import PREFIX

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.network import Person

FIRST = {"person": 2001, "place": 1001, "content": 2301, "message": 5801, "comment": 4801, "member": 1401}
OPEN, MEMBER_ONLY, PRIVATE, SECRET = "OPEN", "MEMBER_ONLY", "PRIVATE", "SECRET"
GROUP_TYPES = frozenset({OPEN, MEMBER_ONLY, PRIVATE, SECRET})
CLOSED = frozenset({PRIVATE, SECRET})
STATES = ("banned", "invited", "member", "owner", "pending")


@dataclass(kw_only=True, eq=False)
class Account:
    """One person of the community; partners are external contributors."""

    id: int
    person: Person
    username: str
    display_name: str
    bio: str
    password: str
    joined_at: datetime
    updated_at: datetime
    is_email_shown: bool = True
    is_enabled: bool = True
    followers: dict[int, datetime] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        return f"/people/{self.id}"

    @property
    def is_partner(self) -> bool:
        return self.person.role not in {"company", "staff"}


@dataclass(kw_only=True, eq=False)
class Membership:
    """One person in one group."""

    id: int
    account: Account
    state: str
    since: datetime


@dataclass(kw_only=True, eq=False)
class Place:
    """A group, a space, or the blog of one."""

    place_id: int
    id: int
    kind: str
    name: str
    created_at: datetime
    updated_at: datetime
    group_type: str = OPEN
    parent: Place | None = None
    creator: Account | None = None
    members: dict[int, Membership] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        return f"/places/{self.place_id}"

    @property
    def group(self) -> Place:
        """Whose members count: a blog has those of its group."""
        return self.parent if self.kind == "blog" and self.parent else self

    @property
    def is_closed(self) -> bool:
        return self.group.group_type in CLOSED

    def has(self, account: Account) -> bool:
        membership = self.group.members.get(account.id)
        return membership is not None and membership.state in {"member", "owner"}


@dataclass(kw_only=True, eq=False)
class Said:
    """What contents and replies have in common."""

    id: int
    author: Account
    text: str
    created_at: datetime
    updated_at: datetime
    mentions: tuple[Account, ...] = ()
    likes: dict[int, datetime] = field(default_factory=dict)
    replies: list[Reply] = field(default_factory=list)


@dataclass(kw_only=True, eq=False)
class Content(Said):
    """A discussion, document, post, update or idea in a place, or a private message ("dm")."""

    content_id: int
    kind: str
    subject: str
    place: Place | None = None  # a status update and a private message are in none
    participants: tuple[Account, ...] = ()
    repost_of: Content | None = None
    active_at: datetime

    @property
    def uri(self) -> str:
        return f"/dms/{self.content_id}" if self.kind == "dm" else f"/contents/{self.content_id}"

    @property
    def root(self) -> Content:
        return self

    @property
    def reply_kind(self) -> str:
        return "message" if self.kind == "discussion" else "comment"


@dataclass(kw_only=True, eq=False)
class Reply(Said):
    """A message of a discussion, or a comment on anything else."""

    root: Content
    parent: Content | Reply

    @property
    def kind(self) -> str:
        return self.root.reply_kind

    @property
    def uri(self) -> str:
        return f"/{self.kind}s/{self.id}"


@dataclass(kw_only=True, eq=False)
class Activity:
    """One thing somebody did, as streams and webhooks tell it."""

    number: int
    verb: str
    actor: Account
    on: Content | Reply
    at: datetime
    mentioned: Account | None = None


@dataclass(frozen=True, kw_only=True)
class Deleted:
    """What is left of a content: a marker."""

    id: str
    content_id: int
    kind: str
    place: Place | None
    author: Account
    participants: tuple[Account, ...]
    at: datetime


class State:
    """Everything of one community; the caller holds the lock."""

    def __init__(self) -> None:
        self.base_url = ""
        self.accounts: dict[int, Account] = {}
        self.by_key: dict[str, Account] = {}
        self.places: dict[int, Place] = {}
        self.contents: dict[int, Content] = {}
        self.replies: dict[str, dict[int, Reply]] = {"message": {}, "comment": {}}
        self.activities: list[Activity] = []
        self.deleted: dict[str, Deleted] = {}
        self._counted: Counter[str] = Counter()

    @property
    def api(self) -> str:
        return self.base_url + PREFIX

    def number(self, kind: str) -> int:
        self._counted[kind] += 1
        return FIRST.get(kind, 1001) + self._counted[kind] - 1

    def by_login(self, login: str) -> Account | None:
        """Find whom a user name or an e-mail address means."""
        wanted = login.lower()
        for account in self.accounts.values():
            if wanted in {account.username.lower(), account.person.email.lower()}:
                return account
        return None

    def said(self, uri: str) -> Content | Reply:
        """Find what a partial address names; raises KeyError when there is nothing."""
        _, kind, number = uri.split("/")
        if kind in {"contents", "dms"}:
            return self.contents[int(number)]
        return self.replies[kind.removesuffix("s")][int(number)]

    def all_replies(self, on: Content | Reply) -> list[Reply]:
        """Every reply below, each before the replies to it."""
        return [one for reply in on.replies for one in (reply, *self.all_replies(reply))]


def may_see(account: Account, content: Content) -> bool:
    """Whether a person is shown a content: private messages and closed places are for those who are in."""
    if content.kind == "dm":
        return account is content.author or account in content.participants
    return content.place is None or may_enter(account, content.place)


def may_enter(account: Account, place: Place) -> bool:
    return not place.is_closed or place.has(account)


def may_know(account: Account, place: Place) -> bool:
    """Whether a person is told that a place exists: only a secret one is hidden."""
    return place.group.group_type != SECRET or place.has(account)
