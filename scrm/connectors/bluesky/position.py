"""How far a list has been read that comes newest first, sorted by times that authors' clocks claim.

A slow clock puts a new item below ones already read, so one mark is not enough: a cursor keeps short digests of the
newest page of the last complete run. A run reads down until it meets one of them and gives what is not among them.
What a clock more than a page late brings is not found (known limit). A page is handed over in portions, because each
is stored in one short transaction; asking again for a page half handed over costs no more than smaller pages would.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from scrm.connectors.paging import pack, unpack
from scrm.errors import RetryLaterError


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One item of a page with what tells it from others and its place in time."""

    digest: str
    at: datetime | None
    item: dict[str, Any]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]


@dataclass(frozen=True, kw_only=True)
class Position:
    """`known` and `since` describe the last complete run, `head` and `head_since` the newest page of this one."""

    known: tuple[str, ...] = ()
    since: datetime | None = None  # the oldest time among the known
    head: tuple[str, ...] = ()
    head_since: datetime | None = None
    next: str | None = None  # the page at which the run goes on; None: the newest
    done: tuple[str, ...] = ()  # what of that page was handed over already
    pages: int = 0
    anchor: str | None = None

    @classmethod
    def parse(cls, cursor: str | None) -> "Position":
        """Read a stored cursor. Raises PayloadError."""
        fields = unpack(cursor)
        return cls(
            known=tuple((fields.optional_text("known") or "").split()),
            since=fields.optional_time("since"),
            head=tuple((fields.optional_text("head") or "").split()),
            head_since=fields.optional_time("head_since"),
            next=fields.optional_text("next"),
            done=tuple((fields.optional_text("done") or "").split()),
            pages=_count(fields.optional_text("pages")),
            anchor=fields.optional_text("anchor"),
        )

    def text(self) -> str:
        return pack(
            {
                "known": " ".join(self.known) or None,
                "since": self.since.isoformat() if self.since else None,
                "head": " ".join(self.head) or None,
                "head_since": self.head_since.isoformat() if self.head_since else None,
                "next": self.next,
                "done": " ".join(self.done) or None,
                "pages": str(self.pages) if self.pages else None,
                "anchor": self.anchor,
            }
        )

    @property
    def is_running(self) -> bool:
        """Whether the run goes on; between runs there is neither a page nor a part of one to come."""
        return self.next is not None or bool(self.done)

    def fresh(self, entries: Sequence[Entry]) -> list[Entry]:
        """What neither the last complete run nor this one has handed over."""
        known = {*self.known, *self.done}
        return [entry for entry in entries if entry.digest not in known]

    def after(self, entries: Sequence[Entry], next_: str | None) -> "Position":
        """The position after a page is handed over completely; `next_` is None where the list ends."""
        here = self._begun(entries)
        if next_ is None or self._has_arrived(entries):
            ended = Position(known=here.head, since=here.head_since)
            return ended if here.head else Position(known=self.known, since=self.since)
        return here.going_on(next_)

    def amid(self, entries: Sequence[Entry], portion: Sequence[Entry]) -> "Position":
        """The position after a portion of a page."""
        here = self._begun(entries)
        return replace(here, done=(*here.done, *(entry.digest for entry in portion)))

    def _begun(self, entries: Sequence[Entry]) -> "Position":
        """With the newest page noted, if this is the first look at it."""
        if self.head:
            return self
        return replace(self, head=tuple(entry.digest for entry in entries), head_since=_oldest(entries))

    def going_on(self, next_: str) -> "Position":
        """Move to the next page; raises RetryLaterError when the pages go in a circle.

        Brent's way: the page at each power of two is remembered, and a circle must come back to it.
        """
        place = digest(next_)
        if next_ == self.next or place == self.anchor:
            raise RetryLaterError("the pages of the list lead back to themselves")
        pages = self.pages + 1
        is_power_of_two = pages & (pages - 1) == 0
        return replace(self, next=next_, done=(), pages=pages, anchor=place if is_power_of_two else self.anchor)

    def _has_arrived(self, entries: Sequence[Entry]) -> bool:
        known, since = set(self.known), self.since
        return any(
            entry.digest in known or (since is not None and entry.at is not None and entry.at < since)
            for entry in entries
        )


def _oldest(entries: Sequence[Entry]) -> datetime | None:
    return min((entry.at for entry in entries if entry.at is not None), default=None)


def _count(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0
