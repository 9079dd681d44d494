"""The place in a list that comes newest first by a time that moves: whatever happened to an item lifts it to the top.

A run walks down from the top until it is past the time up to which the last complete run had read. Only then does the
mark move, so a run that dies half-way leaves no gap. Of several items of the very same moment those are known that
were given already.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from scrm.connectors.jive.client import Item
from scrm.connectors.paging import unpack
from scrm.errors import PayloadError, RetryLaterError


@dataclass(frozen=True, kw_only=True)
class Walk:
    """How far a list has been read. Between runs `next` is None."""

    mark: datetime | None = None
    seen: tuple[str, ...] = ()  # names of the items of that moment
    head: datetime | None = None  # the newest time of this run
    fresh: tuple[str, ...] = ()  # names of the items of that moment
    next: str | None = None

    @classmethod
    def parse(cls, cursor: str | None) -> "Walk":
        """Read a stored cursor. Raises PayloadError."""
        fields = unpack(cursor)
        return cls(
            mark=fields.optional_time("mark"),
            seen=fields.texts("seen"),
            head=fields.optional_time("head"),
            fresh=fields.texts("fresh"),
            next=fields.optional_text("next"),
        )

    def text(self) -> str:
        fields = {
            "mark": self.mark.isoformat() if self.mark else None,
            "seen": list(self.seen),
            "head": self.head.isoformat() if self.head else None,
            "fresh": list(self.fresh),
            "next": self.next,
        }
        return json.dumps({name: value for name, value in fields.items() if value}, sort_keys=True)

    def after(
        self, page: Iterable[Item], following: str | None, place: Callable[[Item], tuple[datetime, str]]
    ) -> tuple[list[Item], "Walk"]:
        """What of a page is new, and the walk after it; `place` gives an item's time and name.

        What makes no sense is given too, to be quarantined alone.
        """
        if following is not None and following == self.next:
            raise RetryLaterError("the next page leads to itself")
        new: list[Item] = []
        places: list[tuple[datetime, str]] = []
        for item in page:
            try:
                at, name = place(item)
            except PayloadError:
                new.append(item)
                continue
            places.append((at, name))
            if self.mark is None or at > self.mark or (at == self.mark and name not in self.seen):
                new.append(item)
        if self.next is not None:
            head, known = self.head, self.fresh
        else:
            head = max([at for at, _ in places] + ([self.mark] if self.mark else []), default=None)
            known = self.seen if head == self.mark else ()
        fresh = tuple(dict.fromkeys((*known, *(name for at, name in places if at == head))))
        is_past = self.mark is not None and any(at < self.mark for at, _ in places)
        if following is None or is_past:
            return new, Walk(mark=head, seen=fresh)
        return new, Walk(mark=self.mark, seen=self.seen, head=head, fresh=fresh, next=following)
