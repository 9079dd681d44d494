"""How far a list has been read whose items carry times in whole seconds, whatever its order.

Several items share a second, and some show up late. So every walk goes back to a while before the newest item of all
walks so far (`overlap`) and leaves out what was given already, which it knows by short digests.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from scrm.connectors.base import Api
from scrm.connectors.facebook.client import CLIENT, RefusedError
from scrm.connectors.graph import GraphPage, read_edge
from scrm.connectors.paging import pack, unpack
from scrm.errors import PayloadError


@dataclass(frozen=True, kw_only=True, order=True)
class Entry:
    """One item by its time and a digest of its id."""

    at: int
    digest: str

    @classmethod
    def of(cls, native_id: str, at: datetime) -> "Entry":
        digest = hashlib.sha256(native_id.encode("utf-8", "surrogatepass")).hexdigest()[:10]
        return cls(at=max(int(at.timestamp()), 0), digest=digest)  # posts may be dated back by decades


@dataclass(frozen=True, kw_only=True)
class Walk:
    """`mark` and `known` are of the complete walks; `newest`, `found` and `next` of the one under way."""

    overlap: timedelta
    mark: int | None = None
    known: frozenset[Entry] = frozenset()  # not older than the overlap before the mark
    newest: int | None = None
    found: frozenset[Entry] = frozenset()
    next: str | None = None  # the page at which the walk goes on; None between walks
    years: dict[str, int] = field(default_factory=dict)  # items of each year, counted by the first walk
    about: str | None = None  # what else is known of the object whose list it is

    @classmethod
    def parse(cls, cursor: str | None, overlap: timedelta) -> "Walk":
        """Read a stored cursor. Raises PayloadError."""
        fields = unpack(cursor)
        return cls(
            overlap=overlap,
            mark=_whole(fields.optional_text("mark")),
            known=_entries(fields.optional_text("known")),
            newest=_whole(fields.optional_text("newest")),
            found=_entries(fields.optional_text("found")),
            next=fields.optional_text("next"),
            years={name: int(count) for name, count in _pairs(fields.optional_text("years"))},
            about=fields.optional_text("about"),
        )

    def text(self) -> str:
        return pack(
            {
                "mark": None if self.mark is None else str(self.mark),
                "known": _written(self.known),
                "newest": None if self.newest is None else str(self.newest),
                "found": _written(self.found),
                "next": self.next,
                "years": " ".join(f"{name}:{count}" for name, count in sorted(self.years.items())) or None,
                "about": self.about,
            }
        )

    @property
    def since(self) -> datetime | None:
        """From when on to ask; None at the first walk."""
        return None if self.mark is None else datetime.fromtimestamp(self.mark, UTC) - self.overlap

    @property
    def latest(self) -> datetime | None:
        """The time of the newest item seen so far."""
        latest = _latest(self.mark, self.newest)
        return None if latest is None else datetime.fromtimestamp(latest, UTC)

    def is_fresh(self, entry: Entry) -> bool:
        """Whether it was not given yet."""
        return entry not in self.known and entry not in self.found and entry.at >= self._earliest(self.mark)

    def is_past(self, at: datetime) -> bool:
        """Whether what lies before this time was all given by earlier walks."""
        return at.timestamp() < self._earliest(self.mark)

    def after(self, entries: Sequence[Entry], next_: str | None) -> "Walk":
        """The state after a page; `next_` is None where the walk ends."""
        newest = max(
            [entry.at for entry in entries] + [one for one in (self.newest,) if one is not None], default=None
        )
        found = self._recent((*self.found, *entries), newest)
        if next_ is not None:
            return replace(self, newest=newest, found=found, next=next_)
        mark = _latest(self.mark, newest)
        return Walk(
            overlap=self.overlap, mark=mark, known=self._recent((*self.known, *found), mark), about=self.about
        )

    def counting(self, times: Iterable[datetime]) -> "Walk":
        """With the items of each year counted."""
        years = dict(self.years)
        for at in times:
            years[str(at.year)] = years.get(str(at.year), 0) + 1
        return replace(self, years=years)

    def _recent(self, entries: Iterable[Entry], newest: int | None) -> frozenset[Entry]:
        return frozenset(entry for entry in entries if entry.at >= self._earliest(newest))

    def _earliest(self, newest: int | None) -> int:
        return 0 if newest is None else newest - int(self.overlap.total_seconds())


def step(api: Api, walk: Walk, path: str, params: Sequence[tuple[str, str]]) -> tuple[GraphPage, Walk]:
    """The next page of a walk, and the walk as it stood: begun anew when the place at which it goes on is lost."""
    if walk.next is not None:
        try:
            return read_edge(CLIENT, api, walk.next), walk
        except RefusedError:
            walk = Walk(overlap=walk.overlap, mark=walk.mark, known=walk.known, about=walk.about)
    return read_edge(CLIENT, api, path, params), walk


def _latest(*times: int | None) -> int | None:
    return max((one for one in times if one is not None), default=None)


def _written(entries: frozenset[Entry]) -> str | None:
    return " ".join(f"{entry.at}:{entry.digest}" for entry in sorted(entries)) or None


def _entries(text: str | None) -> frozenset[Entry]:
    return frozenset(Entry(at=int(at), digest=digest) for at, digest in _pairs(text))


def _pairs(text: str | None) -> Iterable[tuple[str, str]]:
    for word in (text or "").split():
        name, _, value = word.partition(":")
        if not (name.isdigit() and value):
            raise PayloadError("cursor: expected pairs of a number and a word")
        yield name, value


def _whole(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdigit():
        raise PayloadError("cursor: expected a whole number")
    return int(text)
