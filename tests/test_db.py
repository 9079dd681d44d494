"""Transactions, times and the clock on both engines."""

from datetime import UTC, datetime, timedelta

import pysqlite3.dbapi2
import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from scrm.db import Database, sqlite_has_wal_race
from scrm.models import Preference, StreamState, claim, still_mine
from tests.factories import make_connection

NOW = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)


def test_a_time_comes_back_aware_and_to_the_microsecond(database: Database) -> None:
    with database.write("test.time") as session:
        session.add(Preference(name="x", value={}, updated_at=NOW.astimezone(tz=None)))
    with database.read() as session:
        assert session.scalars(select(Preference.updated_at)).one() == NOW
        assert session.scalars(select(Preference.updated_at)).one().tzinfo is UTC


def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="zone"), database.write("test.naive") as session:
        session.add(Preference(name="x", value={}, updated_at=NOW.replace(tzinfo=None)))


def test_an_error_in_a_write_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError, match="stop"), database.write("test.rollback") as session:
        session.add(Preference(name="x", value={}, updated_at=NOW))
        session.flush()
        raise RuntimeError("stop")
    with database.read() as session:
        assert session.scalars(select(Preference)).all() == []


def test_reading_changes_nothing(database: Database) -> None:
    with database.read() as session:
        session.add(Preference(name="x", value={}, updated_at=NOW))
        session.flush()
    with database.read() as session:
        assert session.scalars(select(Preference)).all() == []


def test_the_database_tells_the_time(database: Database) -> None:
    assert abs(database.clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("version", "has_race"),
    [
        ((3, 6, 9), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 6), False),
        ((3, 44, 5), True),
        ((3, 45, 0), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 4), False),
    ],
)
def test_sqlite_versions_with_the_wal_race_are_known(version: tuple[int, ...], has_race: bool) -> None:
    assert sqlite_has_wal_race(version) is has_race


def test_the_sqlite_in_use_has_no_wal_race() -> None:
    assert not sqlite_has_wal_race(pysqlite3.dbapi2.sqlite_version_info)


def test_sqlite_waits_for_the_disk_before_it_answers(sqlite_url: str) -> None:
    db = Database(sqlite_url)
    with db.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    db.close()


def test_sqlite_takes_the_write_lock_at_the_beginning(sqlite_url: str) -> None:
    db = Database(sqlite_url)
    with db.write("test.first") as session:
        session.add(Preference(name="x", value={}, updated_at=NOW))
        session.flush()
        # the same library: two SQLite libraries in one process do not see each other's locks
        other = pysqlite3.dbapi2.connect(sqlite_url.removeprefix("sqlite:///"), timeout=0, isolation_level=None)
        with pytest.raises(pysqlite3.dbapi2.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()
    db.close()


def test_a_claim_takes_a_due_row_once(database: Database) -> None:
    state_id = _due_row(database)
    with database.write("test.claim") as session:
        (row,) = claim(session, StreamState, NOW, StreamState.id == state_id, seconds=60)
        assert (row.generation, row.crash_count) == (1, 0)
    with database.write("test.claim_again") as session:
        assert claim(session, StreamState, NOW + timedelta(seconds=59), StreamState.id == state_id, seconds=60) == []


def test_a_lease_that_ran_out_counts_as_a_crash_and_its_holder_may_not_finish(database: Database) -> None:
    state_id = _due_row(database)
    with database.write("test.claim") as session:
        (first,) = claim(session, StreamState, NOW, StreamState.id == state_id, seconds=60)
    with database.write("test.second_claim") as session:
        (second,) = claim(session, StreamState, NOW + timedelta(seconds=61), StreamState.id == state_id, seconds=60)
        assert (second.generation, second.crash_count) == (2, 1)
    with database.read() as session:
        assert session.scalars(select(StreamState).where(still_mine(first))).all() == []
        assert session.scalars(select(StreamState.id).where(still_mine(second))).all() == [state_id]


def test_what_is_not_due_is_not_claimed(database: Database) -> None:
    state_id = _due_row(database)
    with database.write("test.claim") as session:
        assert claim(session, StreamState, NOW - timedelta(seconds=1), StreamState.id == state_id, seconds=60) == []


def _due_row(database: Database) -> int:
    with database.write("test.due") as session:
        connection = make_connection(session)
        row = StreamState(connection_id=connection.id, stream="notifications", due_at=NOW)
        session.add(row)
        session.flush()
        return row.id
