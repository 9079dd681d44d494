"""Saying that work is due: again and again without harm, sooner wins, and the streams that do it are woken."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.db import Database
from scrm.models import StreamState, TimelineDue, Watch, mark_timelines_due, watch_again
from tests.factories import make_connection, make_profile

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def dues(db: Database) -> dict[int, TimelineDue]:
    with db.read() as session:
        return {row.profile_id: row for row in session.scalars(select(TimelineDue))}


def profiles(db: Database, number: int) -> list[int]:
    with db.write("test.profiles") as session:
        return [make_profile(session).id for _ in range(number)]


def test_a_timeline_becomes_due_and_every_further_change_counts(database: Database) -> None:
    one, two = profiles(database, 2)
    for at, ids in ((NOW, [two, one]), (NOW + HOUR, [one])):
        with database.write("test.due") as session:
            mark_timelines_due(session, ids, at)
    rows = dues(database)
    assert (rows[one].changes, rows[one].due_at) == (2, NOW + HOUR)
    assert (rows[two].changes, rows[two].due_at) == (1, NOW)


def test_a_change_while_somebody_expands_leaves_the_claim_and_is_seen_at_its_end(database: Database) -> None:
    (one,) = profiles(database, 1)
    with database.write("test.claimed") as session:
        session.add(TimelineDue(profile_id=one, changes=5, due_at=NOW, lease_until=NOW + HOUR, generation=3))
    with database.write("test.due") as session:
        mark_timelines_due(session, [one], NOW)
    row = dues(database)[one]
    assert (row.changes, row.lease_until, row.generation) == (6, NOW + HOUR, 3)


def test_nobodys_timeline_is_nothing_to_do(database: Database) -> None:
    with database.write("test.due") as session:
        mark_timelines_due(session, [], NOW)
    assert dues(database) == {}


def test_many_timelines_at_once(database: Database) -> None:
    ids = profiles(database, 200)
    with database.write("test.due") as session:
        mark_timelines_due(session, iter(ids), NOW)
    assert sorted(dues(database)) == ids


def test_what_is_rolled_back_makes_nothing_due(database: Database) -> None:
    (one,) = profiles(database, 1)
    with pytest.raises(RuntimeError), database.write("test.due") as session:
        mark_timelines_due(session, [one], NOW)
        raise RuntimeError("stop")
    assert dues(database) == {}


def order(connection_id: int, native_id: str, due_at: datetime, **values: Any) -> dict[str, Any]:
    defaults = {"stream": "recheck", "fetch_ref": None, "until_at": due_at + HOUR}
    return {"connection_id": connection_id, "native_id": native_id, "due_at": due_at, **defaults, **values}


def begin(db: Database, due_at: datetime | None) -> int:
    """A connection whose streams are due then."""
    with db.write("test.connection") as session:
        connection = make_connection(session)
        for name in ("recheck", "threads"):
            session.add(StreamState(connection_id=connection.id, stream=name, due_at=due_at))
        return connection.id


def watch(db: Database, *rows: dict[str, Any]) -> None:
    with db.write("test.watch") as session:
        watch_again(session, list(rows))


def watched(session: Session) -> dict[str, datetime]:
    return {row.native_id: row.due_at for row in session.scalars(select(Watch))}


def stream_due(session: Session, connection_id: int, name: str) -> datetime | None:
    mine = (StreamState.connection_id == connection_id) & (StreamState.stream == name)
    return session.scalars(select(StreamState.due_at).where(mine)).one()


@pytest.mark.parametrize(("before", "after"), [(None, NOW), (NOW + HOUR, NOW), (NOW - HOUR, NOW - HOUR), (NOW, NOW)])
def test_the_stream_wakes_no_later_than_its_first_object(
    database: Database, before: datetime | None, after: datetime
) -> None:
    mine, other = begin(database, before), begin(database, before)
    watch(database, order(mine, "b", NOW + 2 * HOUR), order(mine, "a", NOW))
    with database.read() as session:
        assert stream_due(session, mine, "recheck") == after
        assert stream_due(session, mine, "threads") == before
        assert stream_due(session, other, "recheck") == before
        assert watched(session) == {"a": NOW, "b": NOW + 2 * HOUR}


def test_an_object_is_read_at_the_earlier_of_two_times(database: Database) -> None:
    mine = begin(database, None)
    watch(database, order(mine, "a", NOW, fetch_ref="7"), order(mine, "b", NOW + HOUR))
    watch(database, order(mine, "a", NOW + HOUR), order(mine, "b", NOW))
    with database.read() as session:
        assert watched(session) == {"a": NOW, "b": NOW}
        row = session.get_one(Watch, (mine, "recheck", "a"))
        assert (row.fetch_ref, row.until_at) == ("7", NOW + HOUR)


def test_a_later_order_tells_how_to_read_what_an_earlier_one_did_not(database: Database) -> None:
    mine = begin(database, None)
    watch(database, order(mine, "a", NOW))
    watch(database, order(mine, "a", NOW + HOUR, fetch_ref="7"))
    watch(database, order(mine, "a", NOW + HOUR, fetch_ref="8"))
    with database.read() as session:
        row = session.get_one(Watch, (mine, "recheck", "a"))
        assert (row.fetch_ref, row.due_at) == ("7", NOW)


def test_orders_for_several_streams_wake_each_of_them(database: Database) -> None:
    mine = begin(database, None)
    watch(database, order(mine, "a", NOW + HOUR), order(mine, "a", NOW, stream="threads"))
    with database.read() as session:
        assert stream_due(session, mine, "recheck") == NOW + HOUR
        assert stream_due(session, mine, "threads") == NOW


def test_no_orders_wake_nobody(database: Database) -> None:
    mine = begin(database, None)
    watch(database)
    with database.read() as session:
        assert watched(session) == {}
        assert stream_due(session, mine, "recheck") is None


def test_a_time_from_another_zone_is_the_same_time(database: Database) -> None:
    mine = begin(database, NOW + HOUR)
    watch(database, order(mine, "a", NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))))
    with database.read() as session:
        assert watched(session) == {"a": NOW}
        assert stream_due(session, mine, "recheck") == NOW
