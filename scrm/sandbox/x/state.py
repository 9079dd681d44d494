"""What X knows: users, posts with their versions, relations, messages, and the lists it pages through.

Each edit of a post is a post of its own id; the ids of one chain are shown ascending (docs.x.com, edit posts, read
2026-11-23). The caller holds the lock.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from scrm.sandbox.x.ids import Snowflakes

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.network import Person


class Standing(StrEnum):
    """How an account stands with X."""

    ACTIVE = "active"
    PROTECTED = "protected"
    SUSPENDED = "suspended"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"


@dataclass(kw_only=True, eq=False)
class User:
    """One account."""

    id: int
    person: Person
    username: str
    name: str
    description: str
    location: str
    website: str
    created_at: datetime
    standing: Standing = Standing.ACTIVE
    stands_since: datetime | None = None
    posts: list[int] = field(default_factory=list)  # newest versions, reposts among them
    mentions: list[int] = field(default_factory=list)  # newest versions naming this user
    followers: dict[int, User] = field(default_factory=dict)  # by the row of the follow
    following: dict[int, int] = field(default_factory=dict)  # user id -> row
    likes: dict[int, int] = field(default_factory=dict)  # first id of a post -> row

    @property
    def is_gone(self) -> bool:
        return self.standing in {Standing.SUSPENDED, Standing.DEACTIVATED, Standing.DELETED}

    def may_be_read_by(self, viewer: User | None) -> bool:
        """Whether the viewer (None: an app) sees what this user writes."""
        if self.is_gone:
            return False
        if self.standing is Standing.PROTECTED:
            return viewer is not None and (viewer is self or self.id in viewer.following)
        return True


@dataclass(frozen=True, kw_only=True, eq=False)
class Version:
    """One version of a post, with the id it has."""

    id: int
    text: str
    at: datetime
    post: Post


@dataclass(kw_only=True, eq=False)
class Post:
    """One chain of edits; a repost is a post too, with `repost_of`."""

    author: User
    conversation_id: int
    in_reply_to: Version | None = None
    quote_of: Version | None = None
    repost_of: Version | None = None
    mentions: tuple[User, ...] = ()
    explicit_mentions: tuple[User, ...] = ()  # without those an answer names by itself
    versions: list[Version] = field(default_factory=list)
    likes: dict[int, User] = field(default_factory=dict)  # by row
    reposts: dict[int, Post] = field(default_factory=dict)  # by user id
    replies: set[int] = field(default_factory=set)  # first ids
    quotes: set[int] = field(default_factory=set)  # first ids
    deleted_at: datetime | None = None

    @property
    def id(self) -> int:
        return self.versions[0].id

    @property
    def newest(self) -> Version:
        return self.versions[-1]

    @property
    def created_at(self) -> datetime:
        return self.versions[0].at


@dataclass(frozen=True, kw_only=True, eq=False)
class Message:
    """One unencrypted direct message between two users."""

    id: int
    sender: User
    recipient: User
    text: str
    at: datetime

    @property
    def conversation_id(self) -> str:
        low, high = sorted((self.sender.id, self.recipient.id))
        return f"{low}-{high}"


class State:
    """Everything X knows."""

    def __init__(self) -> None:
        self.ids = Snowflakes()
        self.users: dict[int, User] = {}
        self.by_key: dict[str, User] = {}
        self.by_username: dict[str, User] = {}
        self.versions: dict[int, Version] = {}
        self.newest: list[int] = []  # newest versions of all posts, ascending
        self.gone: dict[int, Version] = {}
        self.messages: list[Message] = []

    def add_user(self, user: User) -> None:
        self.users[user.id] = user
        self.by_key[user.person.key] = user
        self.by_username[user.username.lower()] = user

    def rename(self, user: User, username: str) -> None:
        del self.by_username[user.username.lower()]
        user.username = username
        self.by_username[username.lower()] = user

    def add_post(self, post: Post, version: Version) -> None:
        post.versions.append(version)
        self._list(version)
        if post.in_reply_to:
            post.in_reply_to.post.replies.add(post.id)
        if post.quote_of:
            post.quote_of.post.quotes.add(post.id)
        if post.repost_of:
            post.repost_of.post.reposts[post.author.id] = post

    def add_version(self, post: Post, version: Version) -> None:
        self._unlist(post.newest)
        self.versions[post.newest.id] = post.newest  # an old version can still be asked for by its id
        post.versions.append(version)
        self._list(version)

    def remove_post(self, post: Post, at: datetime) -> list[Post]:
        """Remove the whole chain with its reposts and return what was removed."""
        removed = [post]
        for repost in list(post.reposts.values()):
            removed += self.remove_post(repost, at)
        self._unlist(post.newest)
        for version in post.versions:
            del self.versions[version.id]
            self.gone[version.id] = version
        post.deleted_at = at
        for user in post.likes.values():
            user.likes.pop(post.id, None)
        if post.in_reply_to:
            post.in_reply_to.post.replies.discard(post.id)
        if post.quote_of:
            post.quote_of.post.quotes.discard(post.id)
        if post.repost_of:
            post.repost_of.post.reposts.pop(post.author.id, None)
        return removed

    def _list(self, version: Version) -> None:
        self.versions[version.id] = version
        insort(self.newest, version.id)
        insort(version.post.author.posts, version.id)
        for user in version.post.mentions:
            insort(user.mentions, version.id)

    def _unlist(self, version: Version) -> None:
        for numbers in (self.newest, version.post.author.posts, *(user.mentions for user in version.post.mentions)):
            place = bisect_left(numbers, version.id)
            if numbers[place : place + 1] == [version.id]:
                del numbers[place]
