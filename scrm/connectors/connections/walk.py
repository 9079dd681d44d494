"""The place in a list that comes newest first, and the dialects in which its applications are asked for what is new.

The first reading walks down page by page. Once it has arrived, only what changed since the newest item is asked for,
with an hour to spare for servers whose clocks differ; what was seen within that hour is known by a sign. A run ends
when nothing newer turned up, so a server that does not know `since` costs a page more and nothing else.

`since` counts milliseconds in Forums and is a time of RFC 3339 elsewhere (IBM Connections API 3.0 and 5.5, "Common
parameters", read 2026-11-24). Its pages disagree about Communities, which is therefore not asked that way.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from scrm.connectors.paging import unpack
from scrm.connectors.payload import Payload
from scrm.errors import PayloadError, RetryLaterError

OVERLAP = timedelta(hours=1)
SIGN = 10  # hexadecimal digits
MOST_SIGNS = 1000  # what is not remembered is given again, which changes nothing


def milliseconds(at: datetime) -> str:
    """`since` as Forums reads it."""
    return str(int(at.timestamp() * 1000))


def stamp(at: datetime) -> str:
    """`since` as the others read it: with an upper-case T and Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One item of a page: when it last changed (None: it does not say), and a sign of how it looks."""

    at: datetime | None
    sign: str
    item: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Walk:
    """How far a list has been read. Between runs `next` is None."""

    mark: datetime | None = None  # the newest item of the last complete walk
    head: datetime | None = None  # the newest item of this one
    next: str | None = None
    seen: tuple[str, ...] = ()  # signs of the last complete walk, as far back as the next one looks
    fresh: tuple[str, ...] = ()  # those of this one
    page: str | None = None  # a sign of the page before

    @classmethod
    def parse(cls, cursor: str | None) -> "Walk":
        """Read a stored cursor. Raises PayloadError."""
        fields = unpack(cursor)
        return cls(
            mark=fields.optional_time("mark"),
            head=fields.optional_time("head"),
            next=fields.optional_text("next"),
            seen=fields.texts("seen"),
            fresh=fields.texts("fresh"),
            page=fields.optional_text("page"),
        )

    def text(self) -> str:
        fields = {
            "mark": self.mark.isoformat() if self.mark else None,
            "head": self.head.isoformat() if self.head else None,
            "next": self.next,
            "seen": list(self.seen),
            "fresh": list(self.fresh),
            "page": self.page,
        }
        return json.dumps({name: value for name, value in fields.items() if value}, sort_keys=True)

    @property
    def since(self) -> datetime | None:
        """What lies before is known; None at the first reading."""
        return self.mark - OVERLAP if self.mark else None

    def after(self, rows: Iterable[Seen], next_: str | None) -> tuple[list[dict[str, Any]], "Walk", bool]:
        """What of a page is new, the walk after it, and whether to go on at once."""
        if next_ is not None and next_ == self.next:
            raise RetryLaterError("the next page leads to itself")
        page = list(rows)
        looks = sign(*(row.sign for row in page))
        if page and looks == self.page:
            raise RetryLaterError("the list does not move")
        times = [row.at for row in page if row.at]
        head = max(filter(None, (self.head, *times)), default=None)
        floor = self.since
        new = [row.item for row in page if row.sign not in self.seen and not _is_before(row.at, floor)]
        newest = max(filter(None, (head, self.mark)), default=None)
        kept = [row.sign for row in page if newest is None or not _is_before(row.at, newest - OVERLAP)]
        fresh = tuple(dict.fromkeys((*self.fresh, *kept)))[:MOST_SIGNS]
        if next_ is None or (times and _is_before(min(times), floor)):
            return new, Walk(mark=newest, seen=fresh), newest != self.mark
        return new, replace(self, head=head, next=next_, fresh=fresh, page=looks), True


def _is_before(at: datetime | None, floor: datetime | None) -> bool:
    return at is not None and floor is not None and at < floor


def sign(*looks: object) -> str:
    """A sign of what an item looks like."""
    text = json.dumps(looks, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:SIGN]


def row(item: dict[str, Any], at: datetime | None, *looks: object) -> Seen:
    """An item of a page."""
    return Seen(at=at, sign=sign(*looks), item=item)


def time_of(told: Mapping[str, Any], *names: str) -> datetime | None:
    """The first of these times; None when it makes no sense, so that the item is given and quarantined alone."""
    shown = Payload(told)
    with suppress(PayloadError):
        return next((at for name in names if (at := shown.optional_time(name))), None)
    return None
