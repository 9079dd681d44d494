"""What connectors hand over: frozen values, no database, no HTTP.

Identity of everything from outside is (network, scope, native_id): `scope` is empty where the network's ids are
global, else the issuing namespace (a Page id, an instance host, a tenant). Times are aware UTC.
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class InteractionKind(StrEnum):
    """What a profile did. Decided by the object itself, never by the route it arrived on."""

    POST = "post"  # says something of its own
    REPLY = "reply"  # answers another post or comment
    MENTION = "mention"  # says something that names us
    QUOTE = "quote"  # shares with words of its own
    MESSAGE = "message"  # in private
    REACTION = "reaction"  # like, favourite
    SHARE = "share"  # boost, repost
    FOLLOW = "follow"


class Direction(StrEnum):
    """Seen from us: `in` comes from outside, `out` is what our own people wrote."""

    IN = "in"
    OUT = "out"


class Audience(StrEnum):
    """Who may read it at the network."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    ORGANIZATION = "organization"  # everybody in the company's own network, and nobody outside
    FOLLOWERS = "followers"
    COMMUNITY = "community"  # whoever may read its community; where none is known, its members
    PRIVATE = "private"


class Visibility(StrEnum):
    """Who may read a community at the network."""

    PUBLIC = "public"
    ORGANIZATION = "organization"  # everybody in the company's own network, a member or not
    CLOSED = "closed"  # everybody may know that it exists, members read it
    PRIVATE = "private"  # members alone know of it


class MemberRole(StrEnum):
    """What somebody is in a community."""

    MEMBER = "member"
    MANAGER = "manager"


class DeletedKind(StrEnum):
    """What sort of object a deletion is about."""

    PROFILE = "profile"
    INTERACTION = "interaction"


@dataclass(frozen=True, kw_only=True)
class Key:
    """The identity of something from outside."""

    network: str
    native_id: str
    scope: str = ""

    def external(self, kind: str) -> str:
        """The key under which the CRM knows it: version, then SHA-256 of the canonical JSON array."""
        canonical = json.dumps(
            [kind, self.network, self.scope, self.native_id], ensure_ascii=False, separators=(",", ":")
        )
        return "1-" + hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, kw_only=True)
class WebLink:
    """A link on a profile; `verified` when the network itself checked that it points back."""

    url: str
    verified: bool = False


@dataclass(frozen=True, kw_only=True)
class ProfileRecord:
    """A person, page or bot as one network shows it now; None means the network did not say."""

    key: Key
    handle: str | None = None
    display_name: str | None = None
    url: str | None = None
    bio: str | None = None
    location: str | None = None
    company: str | None = None
    title: str | None = None
    email: str | None = None
    email_verified: bool = False
    links: tuple[WebLink, ...] = ()
    language: str | None = None
    is_bot: bool = False
    is_organization: bool = False
    fetch_ref: str | None = None  # what the connector needs to read it again; opaque to everybody else
    full: bool = True  # False: a short form; must not blank what a fuller reading gave


@dataclass(frozen=True, kw_only=True)
class InteractionRecord:
    """One thing a profile did. Texts are plain; HTML never leaves the connector."""

    key: Key
    kind: InteractionKind
    author: Key
    occurred_at: datetime
    text: str | None = None
    url: str | None = None
    audience: Audience = Audience.PUBLIC
    language: str | None = None
    thread_key: str | None = None  # native id of the thread's first object
    in_reply_to: str | None = None  # native id of the object answered
    target: str | None = None  # native id of the object liked, shared, quoted or followed
    counterpart: Key | None = None  # whom it answers: our own reply belongs on that person's timeline
    edited_at: datetime | None = None
    fetch_ref: str | None = None
    mentions: tuple[Key, ...] = field(default=())
    community: Key | None = None  # where it was said


@dataclass(frozen=True, kw_only=True)
class CommunityRecord:
    """A group, place, site or page in which people say things, as one network shows it now."""

    key: Key
    visibility: Visibility
    name: str | None = None  # None: the network did not say, so what is known stays
    url: str | None = None
    description: str | None = None


@dataclass(frozen=True, kw_only=True)
class MembershipRecord:
    """Somebody belongs to a community, now."""

    community: Key
    member: Key
    role: MemberRole


@dataclass(frozen=True, kw_only=True)
class RosterRecord:
    """All members of a community were listed since then; who was not found since no longer belongs to it."""

    community: Key
    listed_at: datetime


@dataclass(frozen=True, kw_only=True)
class DeletionRecord:
    """The network says that this object is gone or no longer visible to us."""

    key: Key
    kind: DeletedKind
    deleted_at: datetime | None = None


Record = ProfileRecord | InteractionRecord | DeletionRecord | CommunityRecord | MembershipRecord | RosterRecord
