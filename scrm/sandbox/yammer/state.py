"""What the network knows: people, communities, topics, messages and who likes them.

A thread has the id of the message that began it. Guests of the company's directory belong to the network; people
who come from a network of their own (`home`) are seen beside what they write, but cannot be looked up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrm.sandbox.yammer.ids import community_id, first_message_id, guid

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.network import Person


@dataclass(frozen=True, kw_only=True)
class Network:
    """One network of one company."""

    id: int
    name: str
    domain: str

    @property
    def permalink(self) -> str:
        return self.domain

    @property
    def web_url(self) -> str:
        return f"https://www.yammer.com/{self.permalink}"


@dataclass(kw_only=True, eq=False)
class User:
    """One person. `has_fake_email`: the network made the address up."""

    id: int
    person: Person
    home: Network
    name: str
    full_name: str
    first_name: str
    last_name: str
    email: str
    summary: str
    created_at: datetime
    is_guest: bool = False
    is_admin: bool = False
    has_fake_email: bool = False

    @property
    def guid(self) -> str:
        return guid(f"user {self.id}")


@dataclass(kw_only=True, eq=False)
class Group:
    """One community."""

    id: int
    key: str
    full_name: str
    description: str
    is_private: bool
    creator: User
    created_at: datetime
    members: dict[int, datetime] = field(default_factory=dict)  # user id -> since when

    @property
    def privacy(self) -> str:
        return "private" if self.is_private else "public"

    @property
    def community_id(self) -> str:
        return community_id(self.id)

    @property
    def guid(self) -> str:
        return guid(f"group {self.id}")


@dataclass(kw_only=True, eq=False)
class Message:
    """One message: in a community, or private between `participants`."""

    id: int
    thread_id: int
    sender: User
    text: str
    created_at: datetime
    group: Group | None = None
    replied_to_id: int | None = None
    participants: tuple[User, ...] = ()
    mentions: tuple[User, ...] = ()
    kind: str = "update"
    title: str | None = None
    likes: dict[int, datetime] = field(default_factory=dict)  # user id -> since when

    @property
    def is_system(self) -> bool:
        return self.kind == "system"

    @property
    def is_starter(self) -> bool:
        return self.id == self.thread_id

    @property
    def is_direct(self) -> bool:
        return self.group is None


class State:
    """Everything of one network; the caller holds the lock."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.users: dict[int, User] = {}
        self.by_key: dict[str, User] = {}
        self.groups: dict[int, Group] = {}
        self.messages: dict[int, Message] = {}
        self.topics: dict[int, str] = {}  # the name as first written

    def add_user(self, user: User) -> None:
        self.users[user.id] = user
        self.by_key[user.person.key] = user

    def group(self, key: str) -> Group:
        """Return the community of this key, or of this number."""
        for group in self.groups.values():
            if key in {group.key, str(group.id)}:
                return group
        raise KeyError(key)

    def add_message(self, message: Message) -> None:
        self.messages[message.id] = message

    def next_id(self, at: datetime) -> int:
        """Return a free id of this moment."""
        number = first_message_id(at)
        while number in self.messages:
            number += 1
        return number

    def thread(self, thread_id: int) -> list[Message]:
        """Return what is left of a thread, oldest first."""
        found = [one for one in self.messages.values() if one.thread_id == thread_id]
        return sorted(found, key=lambda one: one.id)

    def may_read(self, user: User, message: Message) -> bool:
        if message.group is None:
            return user in message.participants
        return not message.group.is_private or user.id in message.group.members

    def readable_by(self, user: User) -> list[Message]:
        """Return every message somebody may read, oldest first."""
        found = [one for one in self.messages.values() if self.may_read(user, one)]
        return sorted(found, key=lambda one: one.id)
