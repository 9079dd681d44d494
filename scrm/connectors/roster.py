"""Communities and who belongs to them, read in rounds: every time all communities, once a day all members of each.

A round lists the communities page by page, then the members of one after the other, each to its end; only who was not
found by a reading that reached the end has left. The cursor says where a round is, so one that dies half-way goes on,
and knows by signs how communities looked, so that only what changed is given again.
An item is `community` (as the network shows it), or `member` (a person, and in which community), or `roster` (all
members of a community were given since a time). A member's carries no time, so that it is stored once.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from scrm.connectors.base import Api, Page
from scrm.connectors.paging import unpack
from scrm.connectors.payload import Payload
from scrm.errors import GoneError, RetryLaterError, UnavailableError
from scrm.records import Key, MemberRole, MembershipRecord, RosterRecord

MEMBERS_EVERY = timedelta(days=1)
SIGN = 10  # hexadecimal digits
Item = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Communities:
    """A page of communities: as items, their ids, and where the list goes on."""

    items: list[Item]
    ids: list[str]
    next: str | None


@dataclass(frozen=True, kw_only=True)
class Members:
    """A page of a community's members, and where the list goes on."""

    items: list[Item]
    next: str | None


@dataclass(frozen=True, kw_only=True)
class Round:
    """How far a round has come. Between rounds only `listed_at` and `seen` are set."""

    listed_at: datetime | None = None  # when the last complete round of members began
    seen: tuple[str, ...] = field(default=())  # signs of the communities of the last complete list
    fresh: tuple[str, ...] = field(default=())  # those of this one
    began_at: datetime | None = None  # when this one began, if it is one of members
    next: str | None = None
    found: tuple[str, ...] = field(default=())  # communities of this round
    left: tuple[str, ...] = field(default=())  # those whose members are still to be read

    @classmethod
    def parse(cls, cursor: str | None) -> "Round":
        """Read a stored cursor. Raises PayloadError."""
        fields = unpack(cursor)
        return cls(
            listed_at=fields.optional_time("listed_at"),
            seen=fields.texts("seen"),
            fresh=fields.texts("fresh"),
            began_at=fields.optional_time("began_at"),
            next=fields.optional_text("next"),
            found=fields.texts("found"),
            left=fields.texts("left"),
        )

    def text(self) -> str:
        fields = {
            "listed_at": self.listed_at.isoformat() if self.listed_at else None,
            "began_at": self.began_at.isoformat() if self.began_at else None,
            "next": self.next,
            "seen": list(self.seen),
            "fresh": list(self.fresh),
            "found": list(self.found),
            "left": list(self.left),
        }
        return json.dumps({name: value for name, value in fields.items() if value}, sort_keys=True)

    def page(self, items: list[Item]) -> Page:
        return Page(items=tuple(items), cursor=self.text(), has_more=self.next is not None or bool(self.left))


def read_round(
    api: Api,
    cursor: str | None,
    communities: Callable[[str | None], Communities],
    members: Callable[[str, str | None], Members],
) -> Page:
    """One page of a round; who may not list a community's members knows none of them."""
    at = Round.parse(cursor)
    if at.left:
        return _members(at, members)
    if at.next is None:
        is_due = at.listed_at is None or api.now() - at.listed_at > MEMBERS_EVERY
        began = api.now().replace(microsecond=0) if is_due else None
        at = Round(listed_at=at.listed_at, seen=at.seen, began_at=began)
    found = communities(at.next)
    if found.next is not None and found.next == at.next:
        raise RetryLaterError("the next page leads to itself", network=api.network)
    ids = tuple(dict.fromkeys((*at.found, *found.ids))) if at.began_at else ()
    signs = [_sign(item) for item in found.items]
    new = [item for item, sign in zip(found.items, signs, strict=True) if sign not in at.seen]
    fresh = (*at.fresh, *signs)
    if found.next is not None:
        return replace(at, next=found.next, found=ids, fresh=fresh).page(new)
    return _over(replace(at, next=None, found=(), left=ids, seen=fresh, fresh=())).page(new)


def _members(at: Round, members: Callable[[str, str | None], Members]) -> Page:
    community = at.left[0]
    after = _over(replace(at, left=at.left[1:], next=None))
    try:
        found = members(community, at.next)
    except (UnavailableError, GoneError):
        return after.page([])
    if found.next is not None and found.next == at.next:
        raise RetryLaterError("the next page leads to itself")
    items = [{"member": one, "of": community} for one in found.items]
    if found.next is not None:
        return replace(at, next=found.next).page(items)
    began = at.began_at.isoformat() if at.began_at else ""
    return after.page([*items, {"roster": community, "listed_at": began}])


def _over(at: Round) -> Round:
    return at if at.left else Round(listed_at=at.began_at or at.listed_at, seen=at.seen)


def _sign(item: Item) -> str:
    """A sign of how a community looks."""
    text = json.dumps(item, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:SIGN]


def roster(item: Payload, key: Callable[[str], Key]) -> Iterator[RosterRecord]:
    """That all members of a community were listed, if the item says so."""
    if item.has("roster"):
        yield RosterRecord(community=key(item.text("roster")), listed_at=item.time("listed_at"))


def membership(item: Payload, member: Key, key: Callable[[str], Key], *, manages: bool) -> MembershipRecord:
    """That somebody belongs to a community."""
    role = MemberRole.MANAGER if manages else MemberRole.MEMBER
    return MembershipRecord(community=key(item.text("of")), member=member, role=role)
