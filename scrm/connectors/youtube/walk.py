"""The place in a list that comes newest first, knows no "after this one" and shows some items late.

A run walks down from the newest item until it is past the newest one of the last complete run, and as much further
as items may come late: a comment that was held for a while appears in the past. What was seen there before is known
by a sign, so only what is new or looks different is given; nothing new gives nothing.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from scrm.connectors.paging import unpack
from scrm.errors import PayloadError, RetryLaterError

SIGN = 10  # hexadecimal digits
MOST_SIGNS = 1000  # what is not remembered is given again, which changes nothing


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One item of a page: when it came to be (None: it does not say), and a sign of how it looks."""

    at: datetime | None
    sign: str
    item: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Walk:
    """How far a list has been read. Between runs `next` is None."""

    mark: datetime | None = None  # the newest item of the last complete run
    head: datetime | None = None  # the newest item of this run
    next: str | None = None
    seen: tuple[str, ...] = ()  # signs of the last complete run, as far back as the next one looks
    fresh: tuple[str, ...] = ()  # those of this run

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
        )

    def text(self) -> str:
        fields = {
            "mark": self.mark.isoformat() if self.mark else None,
            "head": self.head.isoformat() if self.head else None,
            "next": self.next,
            "seen": list(self.seen),
            "fresh": list(self.fresh),
        }
        return json.dumps({name: value for name, value in fields.items() if value}, sort_keys=True)

    def from_the_beginning(self) -> "Walk":
        """The network forgot the page we stopped at; what was seen in the last complete run still counts."""
        return replace(self, head=None, next=None, fresh=())

    def after(
        self, rows: Iterable[Seen], next_: str | None, *, overlap: timedelta, oldest: datetime | None = None
    ) -> tuple[list[dict[str, Any]], "Walk"]:
        """What of a page is new, and the walk after it. A first reading goes no further back than `oldest`."""
        if next_ is not None and next_ == self.next:
            raise RetryLaterError("the next page leads to itself")
        page = list(rows)
        times = [row.at for row in page if row.at]
        head = self.head or max(times, default=None)
        floor = self.mark - overlap if self.mark else oldest
        new = [row.item for row in page if row.sign not in self.seen and not _is_before(row.at, floor)]
        newest = max(filter(None, (head, self.mark)), default=None)
        kept = [row.sign for row in page if newest is None or not _is_before(row.at, newest - overlap)]
        fresh = tuple(dict.fromkeys((*self.fresh, *kept)))[:MOST_SIGNS]
        if next_ is None or (times and _is_before(min(times), floor)):
            return new, Walk(mark=newest, seen=fresh)
        return new, replace(self, head=head, next=next_, fresh=fresh)


def _is_before(at: datetime | None, floor: datetime | None) -> bool:
    return at is not None and floor is not None and at < floor


def sign(*looks: object) -> str:
    """A sign of what an item looks like."""
    text = json.dumps(looks, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:SIGN]


def row(item: dict[str, Any], at: Callable[[], datetime | None], *looks: object) -> Seen:
    """An item of a page; one whose time makes no sense is given too, to be quarantined alone."""
    try:
        when = at()
    except PayloadError:
        when = None
    return Seen(at=when, sign=sign(*looks), item=item)
