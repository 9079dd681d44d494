"""The few numbers that pages show live; bounded or remembered, because tables grow to millions of rows."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Final

from flask import current_app
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from scrm.models import EntryState, Interaction, Link, MatchState, Profile, TimelineEntry
from scrm.runtime import Core
from scrm.web import current
from scrm.web.wording import CAPPED

EXACT: Final = 50_000  # up to here every row is looked at, beyond only the index
SHARE: Final = 50  # a count is made anew after 50 times what it cost, so counting takes 2 % of the time at most


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How far the main job has got."""

    fetched: int
    linked: int
    review: int
    written: int


class Remembered:
    """A count that is kept for a while, longer the more it cost."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._value: Counts | None = None
        self._until = 0.0

    def get(self, make: Callable[[], Counts]) -> Counts:
        """The count as last made; only one request at a time makes it anew, the others take the old one."""
        known = self._value
        if known is not None and monotonic() < self._until:
            return known
        if not self._lock.acquire(blocking=known is None):
            return known if known is not None else self.get(make)
        try:
            started = monotonic()
            if self._value is None or started >= self._until:
                self._value = make()
                self._until = monotonic() + SHARE * (monotonic() - started)
            return self._value
        finally:
            self._lock.release()


def remembered() -> Counts:
    """The count that this process shows to everybody."""
    core = current.core()
    kept: Remembered = current_app.extensions.setdefault("scrm_counts", Remembered())
    return kept.get(lambda: count(core))


def waiting(db: Session) -> int:
    """Profiles in review, counted up to just above the cap."""
    return bounded(db, select(Profile.id).where(Profile.match_state == MatchState.REVIEW.value), CAPPED + 1)


def bounded(db: Session, query: Select[int], most: int) -> int:
    """How many rows a query has, `most` at most."""
    return db.scalar(select(func.count()).select_from(query.limit(most).subquery())) or 0


def count(core: Core) -> Counts:
    """Count now."""
    with core.db.read() as db:
        return Counts(
            fetched=db.scalar(select(func.count(Interaction.id))) or 0,
            linked=db.scalar(select(func.count(Link.profile_id))) or 0,
            review=waiting(db),
            written=_written(db),
        )


def _written(db: Session) -> int:
    """Entries that stand in the CRM; among very many, those withdrawn again are not told apart."""
    done = select(func.count()).where(TimelineEntry.state == EntryState.DONE.value)
    number = db.scalar(done) or 0
    return number if number > EXACT else db.scalar(done.where(TimelineEntry.record_id.is_not(None))) or 0
