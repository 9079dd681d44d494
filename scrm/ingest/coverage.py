"""Which time each list of a connection was read for, and why some of it is missing.

A list is read back from the newest item to as far as the network allows, then forward. What a network keeps to itself
its connector says, as gaps; they are kept beside the cursor.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import Session

from scrm.connectors.base import Gap, Stream
from scrm.connectors.registry import connector_for
from scrm.models import Connection, CoverageGap, StreamState

LATE = timedelta(minutes=10)  # a list that was not read for longer than this, and twice its rhythm, lags behind
EVER = datetime.min.replace(tzinfo=UTC)


class Coverage(StrEnum):
    """How well a time is covered."""

    COMPLETE = "complete"
    PARTIAL = "partial"  # being read, or waiting to be
    MISSING = "missing"  # cannot be read


@dataclass(frozen=True, kw_only=True)
class Range:
    """A time and how well it is covered. `since` None: all that lies before `until`."""

    since: datetime | None
    until: datetime
    coverage: Coverage
    reason: str | None = None  # why it is missing; English, translated through the catalogue
    problem: str | None = None  # class of the error that reading waits for


@dataclass(frozen=True, kw_only=True)
class ListCoverage:
    """One list, oldest range first."""

    name: str
    label: str
    ranges: tuple[Range, ...]


def note_gaps(session: Session, connection_id: int, stream: str, gaps: Iterable[Gap], now: datetime) -> None:
    """Keep what became known to be out of reach; what touches a gap with the same reason becomes one with it."""
    for gap in gaps:
        touching = session.scalars(_touching(connection_id, stream, gap)).all()
        sinces = [gap.since, *(row.since for row in touching)]
        if any(_holds(row, gap) for row in touching):
            continue
        session.execute(delete(CoverageGap).where(CoverageGap.id.in_([row.id for row in touching])))
        session.add(
            CoverageGap(
                connection_id=connection_id,
                stream=stream,
                since=None if None in sinces else min(filter(None, sinces)),
                until=max([gap.until, *(row.until for row in touching)]),
                reason=gap.reason,
                found_at=now,
            )
        )
        session.flush()


def coverage(session: Session, connection: Connection, now: datetime) -> tuple[ListCoverage, ...]:
    """For each list of a connection the ranges that are complete, partial and missing."""
    return coverages(session, [connection], now)[connection.id]


def coverages(
    session: Session, connections: Sequence[Connection], now: datetime
) -> dict[int, tuple[ListCoverage, ...]]:
    """The same for several connections, in two queries."""
    ids = [row.id for row in connections]
    states = {
        (row.connection_id, row.stream): row
        for row in session.scalars(select(StreamState).where(StreamState.connection_id.in_(ids)))
    }
    gaps: dict[tuple[int, str], list[CoverageGap]] = {}
    for gap in session.scalars(
        select(CoverageGap).where(CoverageGap.connection_id.in_(ids)).order_by(CoverageGap.until)
    ):
        gaps.setdefault((gap.connection_id, gap.stream), []).append(gap)
    return {
        row.id: tuple(
            ListCoverage(
                name=stream.name,
                label=stream.label,
                ranges=tuple(_ranges(states[key], stream, gaps.get(key, []), now)),
            )
            for stream in connector_for(row.network).streams
            if (key := (row.id, stream.name)) in states
        )
        for row in connections
    }


def _ranges(state: StreamState, stream: Stream, gaps: Sequence[CoverageGap], now: datetime) -> list[Range]:
    missing = [
        Range(since=gap.since, until=min(gap.until, now), coverage=Coverage.MISSING, reason=gap.reason)
        for gap in gaps
    ]
    rest = _read(state, stream, now)
    for gap in missing:
        rest = [part for one in rest for part in _without(one, gap)]
    return sorted(rest + missing, key=lambda one: (one.since or EVER, one.until))


def _read(state: StreamState, stream: Stream, now: datetime) -> list[Range]:
    """What was read, before gaps are taken out."""
    if state.backfilled_at is None or state.read_at is None:
        return [Range(since=None, until=now, coverage=Coverage.PARTIAL, problem=state.problem)]
    late = max(LATE, timedelta(seconds=2 * stream.every_seconds))
    if state.problem is None and now - state.read_at <= late:
        return [Range(since=state.reached_at, until=now, coverage=Coverage.COMPLETE)]
    return [
        Range(since=state.reached_at, until=state.read_at, coverage=Coverage.COMPLETE),
        Range(since=state.read_at, until=now, coverage=Coverage.PARTIAL, problem=state.problem),
    ]


def _without(one: Range, gap: Range) -> list[Range]:
    """What stays of a range where a gap is taken out of it."""
    since, gap_since = one.since or EVER, gap.since or EVER
    if gap.until <= since or gap_since >= one.until:
        return [one]
    left = [replace(one, until=gap_since)] if gap_since > since else []
    right = [replace(one, since=gap.until)] if gap.until < one.until else []
    return left + right


def _touching(connection_id: int, stream: str, gap: Gap) -> Select[CoverageGap]:
    touching = select(CoverageGap).where(
        CoverageGap.connection_id == connection_id,
        CoverageGap.stream == stream,
        CoverageGap.reason == gap.reason,
        or_(CoverageGap.since.is_(None), CoverageGap.since <= gap.until),
    )
    return touching if gap.since is None else touching.where(CoverageGap.until >= gap.since)


def _holds(row: CoverageGap, gap: Gap) -> bool:
    """Whether a gap that is known says it all."""
    begins = row.since is None or (gap.since is not None and row.since <= gap.since)
    return begins and row.until >= gap.until
