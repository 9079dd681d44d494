"""What the dashboard shows, as numbers: how each connection is, what waits, how old it is, what was done last.

Every question is bounded, or answered along an index: the board is asked for every ten seconds by who looks at it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from scrm.connectors.registry import connectors
from scrm.ingest import connections as hookups
from scrm.ingest import meter
from scrm.ingest.apps import off_lists
from scrm.ingest.coverage import Coverage, ListCoverage, coverage
from scrm.models import (
    Connection,
    ConnectionState,
    Contact,
    Delivery,
    EntryState,
    InboxItem,
    Interaction,
    MatchState,
    Profile,
    Run,
    StreamState,
    TimelineDue,
    TimelineEntry,
)
from scrm.models.inbox import is_todo
from scrm.runtime import Core
from scrm.sync import calls, faults
from scrm.sync.crm import active_crm
from scrm.sync.outbox import oldest_waiting
from scrm.web.counts import bounded
from scrm.web.wording import CAPPED

DAYS: Final = 30
HOURS: Final = 24
RUNS: Final = 8
DELIVERIES: Final = 200
WEBHOOKS: Final = 5
MOST_RUNS: Final = 5000  # of one connection in a day


@dataclass(frozen=True, kw_only=True)
class Hookup:
    """One connection: how it is, which of the last days are complete, how far behind it is, its budget."""

    row: Connection
    health: hookups.Health
    days: tuple[Coverage, ...]  # oldest first
    behind: timedelta | None
    reading: meter.Reading | None

    @property
    def is_being_read(self) -> bool:
        return Coverage.PARTIAL in self.days

    @property
    def complete_days(self) -> int:
        return sum(day is not Coverage.MISSING for day in self.days)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A queue: how much waits, up to the cap, and since when."""

    name: str
    count: int
    oldest: datetime | None


@dataclass(frozen=True, kw_only=True)
class Board:
    """All of it at one time."""

    at: datetime
    hookups: Sequence[Hookup]
    queues: Sequence[Waiting]
    lag: timedelta | None  # from arrival here to standing in the CRM, in the middle of the last deliveries
    kinds: Sequence[faults.Kind]
    received: Sequence[InboxItem]
    runs: Sequence[tuple[Run, Connection]]
    crm_share: float | None  # how much of our calls of the CRM's day is used
    hours: Sequence[int]  # what was stored in each of the last hours, oldest first


def board(core: Core, now: datetime) -> Board:
    """Look at everything, in one reading."""
    with core.db.read() as db:
        live = db.scalars(
            select(Connection).where(Connection.state != ConnectionState.REMOVED.value).order_by(Connection.id)
        ).all()
        live = [row for row in live if row.network in connectors()]
        return Board(
            at=now,
            hookups=[_hookup(core, db, row, now) for row in live],
            queues=_queues(db, now),
            lag=_lag(db),
            crm_share=calls.share_used(db, active_crm(db), now),
            kinds=faults.kinds(db, active_crm(db)),
            received=db.scalars(select(InboxItem).order_by(InboxItem.id.desc()).limit(WEBHOOKS)).all(),
            runs=[
                (run, row)
                for run, row in db.execute(
                    select(Run, Connection)
                    .join(Connection, Connection.id == Run.connection_id)
                    .order_by(Run.id.desc())
                    .limit(RUNS)
                )
            ],
            hours=_hours(db, [row.id for row in live], now),
        )


def _hookup(core: Core, db: Session, row: Connection, now: datetime) -> Hookup:
    off = off_lists(core, row.network)
    read = meter.reading(db, row, now)
    health = hookups.health(db, row, now, off)
    ages = [now - stream.read_at for stream in health.streams if stream.is_on and stream.read_at is not None]
    return Hookup(
        row=row,
        health=health,
        days=days_of([one for one in coverage(db, row, now) if one.name not in off], now),
        behind=max(ages, default=None),
        reading=read if read.budget is not None and read.cap is not None else None,
    )


def days_of(lists: Sequence[ListCoverage], now: datetime) -> tuple[Coverage, ...]:
    """How well each of the last days is covered: as badly as its worst list."""
    worst = (Coverage.MISSING, Coverage.PARTIAL)
    found = []
    for number in range(DAYS, 0, -1):
        begins, ends = now - timedelta(days=number), now - timedelta(days=number - 1)
        seen = {
            part.coverage
            for one in lists
            for part in one.ranges
            if part.until > begins and (part.since is None or part.since < ends)
        }
        found.append(next((kind for kind in worst if kind in seen), Coverage.COMPLETE if seen else Coverage.PARTIAL))
    return tuple(found)


def _queues(db: Session, now: datetime) -> list[Waiting]:
    crm_id = active_crm(db)
    todo = (TimelineEntry.crm_id == crm_id) & (TimelineEntry.state == EntryState.TODO.value)
    in_review = Profile.match_state == MatchState.REVIEW.value
    return [
        _waiting(db, "read", select(StreamState.id).where(StreamState.due_at <= now), StreamState.due_at),
        _waiting(db, "keys", select(Contact.id).where(Contact.key_due_at <= now), Contact.key_due_at),
        _waiting(db, "match", select(Profile.id).where(Profile.match_due_at <= now), Profile.match_due_at),
        Waiting(name="review", count=bounded(db, select(Profile.id).where(in_review), CAPPED + 1), oldest=None),
        _waiting(db, "expand", select(TimelineDue.profile_id).where(TimelineDue.due_at <= now), TimelineDue.due_at),
        Waiting(
            name="deliver",
            count=bounded(db, select(TimelineEntry.id).where(todo), CAPPED + 1),
            oldest=oldest_waiting(db, crm_id, now),
        ),
        Waiting(
            name="inbox",
            count=bounded(db, select(InboxItem.id).where(is_todo()), CAPPED + 1),
            oldest=db.scalar(select(func.min(InboxItem.received_at)).where(is_todo(), InboxItem.due_at <= now)),
        ),
    ]


def _waiting(db: Session, name: str, query: Select[int], due: InstrumentedAttribute[datetime | None]) -> Waiting:
    oldest = db.scalar(query.with_only_columns(func.min(due)))
    return Waiting(name=name, count=bounded(db, query, CAPPED + 1), oldest=oldest)


def _lag(db: Session) -> timedelta | None:
    last = (
        select(Delivery.entry_id, Delivery.ended_at)
        .where(Delivery.outcome == "written")
        .order_by(Delivery.id.desc())
        .limit(DELIVERIES)
        .subquery()
    )
    rows = db.execute(
        select(last.c.ended_at, Interaction.received_at)
        .join(TimelineEntry, TimelineEntry.id == last.c.entry_id)
        .join(Interaction, Interaction.id == TimelineEntry.interaction_id)
    ).all()
    return timedelta(seconds=median((ended - came).total_seconds() for ended, came in rows)) if rows else None


def _hours(db: Session, ids: Sequence[int], now: datetime) -> list[int]:
    """Stored interactions by the hour; from the books of the runs, which are few."""
    counts = [0] * HOURS
    begins = now - timedelta(hours=HOURS)
    for connection_id in ids:
        rows = db.execute(
            select(Run.started_at, Run.stored)
            .where(Run.connection_id == connection_id, Run.started_at > begins)
            .order_by(Run.started_at.desc())
            .limit(MOST_RUNS)
        )
        for started, stored in rows:
            counts[min(int((started - begins).total_seconds() // 3600), HOURS - 1)] += stored
    return counts
