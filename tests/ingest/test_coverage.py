"""Which time is complete, which is still to be read, and which cannot be read, with the reason."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from scrm.clock import FakeClock
from scrm.connectors.base import Gap
from scrm.ingest.coverage import Coverage, Range, coverage, note_gaps
from scrm.ingest.run import read_stream
from scrm.models import Connection, CoverageGap, StreamState
from scrm.runtime import Core
from tests.ingest.lighthouse import Sea, note

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
OLD = "Only the last week is given."
AWAY = "The network was away."
COMPLETE, PARTIAL, MISSING = Coverage.COMPLETE, Coverage.PARTIAL, Coverage.MISSING


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


def gap(since: int | None, until: int, reason: str = AWAY) -> Gap:
    return Gap(since=day(since) if since else None, until=day(until), reason=reason)


def note_all(core: Core, connection: Connection, *gaps: Gap) -> list[tuple[datetime | None, datetime, str]]:
    for one in gaps:
        with core.db.write("test.gap") as session:
            note_gaps(session, connection.id, "notes", [one], NOW)
    with core.db.read() as session:
        rows = session.scalars(select(CoverageGap).order_by(CoverageGap.until, CoverageGap.id)).all()
    return [(row.since, row.until, row.reason) for row in rows]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ([gap(3, 5), gap(3, 5)], [(day(3), day(5), AWAY)]),
        ([gap(3, 5), gap(4, 8)], [(day(3), day(8), AWAY)]),
        ([gap(3, 5), gap(5, 8)], [(day(3), day(8), AWAY)]),
        ([gap(3, 8), gap(4, 5)], [(day(3), day(8), AWAY)]),
        ([gap(3, 5), gap(7, 8), gap(4, 7)], [(day(3), day(8), AWAY)]),
        ([gap(3, 5), gap(6, 8)], [(day(3), day(5), AWAY), (day(6), day(8), AWAY)]),
        ([gap(None, 5), gap(3, 8)], [(None, day(8), AWAY)]),
        ([gap(3, 8), gap(None, 5)], [(None, day(8), AWAY)]),
        ([gap(None, 5), gap(None, 5)], [(None, day(5), AWAY)]),
        ([gap(3, 5), gap(3, 5, OLD)], [(day(3), day(5), AWAY), (day(3), day(5), OLD)]),
    ],
)
def test_gaps_are_merged_and_not_repeated(core: Core, connection: Connection, told: Any, kept: Any) -> None:
    assert note_all(core, connection, *told) == kept


def shape(core: Core, connection: Connection, time: FakeClock) -> list[tuple[datetime | None, datetime, Coverage]]:
    return [(one.since, one.until, one.coverage) for one in ranges(core, connection, time)]


def ranges(core: Core, connection: Connection, time: FakeClock) -> tuple[Range, ...]:
    with core.db.read() as session:
        (notes,) = coverage(session, session.get_one(Connection, connection.id), time.now())
    assert (notes.name, notes.label) == ("notes", "Mentions")
    return notes.ranges


def set_state(core: Core, **values: Any) -> None:
    with core.db.write("test.state") as session:
        session.execute(update(StreamState).where(StreamState.stream == "notes").values(**values))


def read(core: Core) -> None:
    with core.db.read() as session:
        state_id = session.scalars(select(StreamState.id).where(StreamState.stream == "notes")).one()
    read_stream(core, state_id)


def test_what_is_being_read_for_the_first_time_is_partial(
    core: Core, connection: Connection, time: FakeClock
) -> None:
    assert shape(core, connection, time) == [(None, NOW, PARTIAL)]
    set_state(core, reached_at=day(20))
    assert shape(core, connection, time) == [(None, NOW, PARTIAL)]


def test_what_was_read_is_complete_back_to_where_it_reaches(
    core: Core, connection: Connection, sea: Sea, time: FakeClock
) -> None:
    sea.notes = [note(1)]
    read(core)
    assert shape(core, connection, time) == [(datetime(2026, 1, 20, 12, 1, tzinfo=UTC), NOW, COMPLETE)]


def test_gaps_that_a_page_names_are_kept_with_it_and_cut_out(
    core: Core, connection: Connection, sea: Sea, time: FakeClock
) -> None:
    sea.notes = [note(1)]
    sea.gaps = [(None, day(13).isoformat(), OLD), (day(22).isoformat(), day(24).isoformat(), AWAY)]
    read(core)
    time.advance(300 * 1.2)
    sea.notes.append(note(2))
    read(core)
    found = ranges(core, connection, time)
    assert [(one.since, one.until, one.coverage, one.reason) for one in found] == [
        (None, day(13), MISSING, OLD),
        (datetime(2026, 1, 20, 12, 1, tzinfo=UTC), day(22), COMPLETE, None),
        (day(22), day(24), MISSING, AWAY),
        (day(24), time.now(), COMPLETE, None),
    ]


def test_a_gap_inside_of_what_is_still_to_be_read_is_known_already(
    core: Core, connection: Connection, time: FakeClock
) -> None:
    note_all(core, connection, gap(None, 13, OLD), gap(29, 31))
    assert shape(core, connection, time) == [
        (None, day(13), MISSING),
        (day(13), day(29), PARTIAL),
        (day(29), day(31), MISSING),
        (day(31), NOW, PARTIAL),
    ]


def test_a_list_that_waits_says_for_what(core: Core, connection: Connection, time: FakeClock) -> None:
    set_state(core, backfilled_at=day(2), read_at=day(30), reached_at=day(1), problem="BudgetSpentError")
    assert [(one.since, one.until, one.coverage, one.problem) for one in ranges(core, connection, time)] == [
        (day(1), day(30), COMPLETE, None),
        (day(30), NOW, PARTIAL, "BudgetSpentError"),
    ]


@pytest.mark.parametrize(("ago", "count"), [(timedelta(minutes=9), 1), (timedelta(minutes=11), 2)])
def test_a_list_that_lags_behind_is_partial_at_its_end(
    core: Core, connection: Connection, time: FakeClock, ago: timedelta, count: int
) -> None:
    set_state(core, backfilled_at=day(2), read_at=NOW - ago, reached_at=day(1))
    assert [one.coverage for one in ranges(core, connection, time)] == [COMPLETE, PARTIAL][:count]


def test_a_list_in_which_nothing_was_ever_said_is_complete(
    core: Core, connection: Connection, sea: Sea, time: FakeClock
) -> None:
    read(core)
    assert shape(core, connection, time) == [(None, NOW, COMPLETE)]


def test_a_gap_that_reaches_into_the_future_ends_now(core: Core, connection: Connection, time: FakeClock) -> None:
    set_state(core, backfilled_at=day(2), read_at=NOW, reached_at=day(1))
    future = Gap(since=day(30), until=NOW + timedelta(days=9), reason=AWAY)
    note_all(core, connection, future)
    assert shape(core, connection, time) == [(day(1), day(30), COMPLETE), (day(30), NOW, MISSING)]
