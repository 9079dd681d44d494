"""What the fake holds in memory: accounts, indexed records, posts and notifications.

An at-uri names a record; a like, a repost and a follow are records with uris of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from scrm.sandbox.bluesky.ids import microseconds
from scrm.sandbox.bluesky.timeline import Key, Timeline

if TYPE_CHECKING:
    from scrm.sandbox.bluesky.repository import Repository
    from scrm.sandbox.network import Person

POST = "app.bsky.feed.post"
LIKE = "app.bsky.feed.like"
REPOST = "app.bsky.feed.repost"
FOLLOW = "app.bsky.graph.follow"
BLOCK = "app.bsky.graph.block"
PROFILE = "app.bsky.actor.profile"

INVALID_HANDLE = "handle.invalid"


@dataclass(kw_only=True, eq=False)
class Account:
    """An account, the lists the AppView shows of it, and how wrong its clients' clock is."""

    person: Person
    did: str
    handle: str
    repository: Repository
    created_at: datetime
    indexed_at: datetime
    skew: timedelta = timedelta(0)
    writes_local_time: bool = False
    display_name: str = ""
    bio: str = ""
    website: str = ""
    seen_at: datetime | None = None
    posts_count: int = 0
    feed: Timeline[Record] = field(default_factory=Timeline)
    followers: Timeline[Record] = field(default_factory=Timeline)
    follows: Timeline[Record] = field(default_factory=Timeline)
    notifications: Timeline[Notification] = field(default_factory=Timeline)
    following: dict[str, str] = field(default_factory=dict)
    followed_by: dict[str, str] = field(default_factory=dict)
    blocking: dict[str, str] = field(default_factory=dict)
    reposted: dict[str, str] = field(default_factory=dict)
    liked: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True, eq=False, slots=True)
class Record:
    """A record as the AppView indexed it."""

    uri: str
    cid: str
    author: Account
    collection: str
    rkey: str
    value: dict[str, Any]
    indexed_at: datetime
    key: Key

    @property
    def subject(self) -> str:
        """The uri or did that a like, a repost, a follow or a block is about."""
        subject = self.value["subject"]
        return str(subject if isinstance(subject, str) else subject["uri"])


@dataclass(kw_only=True, eq=False, slots=True)
class Post(Record):
    """A post with what others made of it."""

    likes: Timeline[Record] = field(default_factory=Timeline)
    reposts: Timeline[Record] = field(default_factory=Timeline)
    quotes: Timeline[Post] = field(default_factory=Timeline)
    replies: Timeline[Post] = field(default_factory=Timeline)
    terms: frozenset[str] = frozenset()

    @property
    def parent(self) -> str | None:
        return self.value["reply"]["parent"]["uri"] if "reply" in self.value else None

    @property
    def root(self) -> str | None:
        return self.value["reply"]["root"]["uri"] if "reply" in self.value else None

    @property
    def quoted(self) -> str | None:
        return self.value["embed"]["record"]["uri"] if "embed" in self.value else None

    def features(self, kind: str, name: str) -> list[str]:
        """Return what the facets of one kind name: dids, links or tags."""
        return [
            feature[name]
            for facet in self.value.get("facets", ())
            for feature in facet["features"]
            if feature["$type"] == f"app.bsky.richtext.facet#{kind}"
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Notification:
    """That an account was told of a record, and why."""

    record: Record
    reason: str
    reason_subject: str | None
    key: Key


def did_of(uri: str) -> str:
    """Return the did in an at-uri."""
    return uri.removeprefix("at://").split("/", 1)[0]


def sort_time(key: Key) -> datetime:
    """Return the time a record is sorted by: the earlier of its client's claim and the server's receipt."""
    return datetime.fromtimestamp(key[0] // 1_000_000, UTC).replace(microsecond=key[0] % 1_000_000)


def sort_key(created_at: datetime, indexed_at: datetime, number: int) -> Key:
    return (microseconds(min(created_at, indexed_at)), number)
