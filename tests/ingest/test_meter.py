"""The meter: a cap that holds whoever counts at once, periods in the network's zone, objects paid for once a day."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from scrm.clock import FakeClock
from scrm.connectors.budget import Budget, Period, Unit
from scrm.db import Database
from scrm.errors import BudgetSpentError, InputError
from scrm.ingest.connections import remove
from scrm.ingest.meter import DurableMeter, begins_on, cap_of, reading, resets_at, set_cap
from scrm.ingest.run import read_stream
from scrm.models import AuditEntry, Connection, Interaction, PaidItem, StreamState, Usage
from scrm.privacy import purge
from scrm.runtime import Core
from scrm.schedule import find_due
from tests.factories import make_connection
from tests.ingest.lighthouse import Sea, note

DAY = Budget(unit=Unit.UNITS, period=Period.DAY, cap=100, zone="America/Los_Angeles", source="invented")
MONTH = replace(DAY, period=Period.MONTH, unit=Unit.MICRO_USD)


def meter(core: Core, connection: Connection, budget: Budget | None = DAY, **values: int) -> DurableMeter:
    for name, value in values.items():
        setattr(connection, name, value)
    return DurableMeter(core.db, connection, budget)


def usage(db: Database) -> dict[date, tuple[int, int]]:
    with db.read() as session:
        return {row.begins_on: (row.spent, row.calls) for row in session.scalars(select(Usage))}


def test_what_is_set_aside_and_not_spent_is_given_back(core: Core, connection: Connection) -> None:
    one = meter(core, connection)
    one.reserve(60)
    one.settle(60, 10)
    one.reserve(90)
    assert usage(core.db) == {date(2026, 1, 31): (100, 2)}
    with pytest.raises(BudgetSpentError) as caught:
        one.reserve(1)
    assert caught.value.resets_at == datetime(2026, 2, 1, 8, tzinfo=UTC)
    assert usage(core.db) == {date(2026, 1, 31): (100, 2)}
    one.reserve(0)
    assert usage(core.db) == {date(2026, 1, 31): (100, 3)}, "what costs nothing is always allowed"


def test_one_request_above_the_whole_cap_is_refused_before_anything_was_spent(
    core: Core, connection: Connection
) -> None:
    with pytest.raises(BudgetSpentError):
        meter(core, connection).reserve(101)
    assert usage(core.db) == {}


def test_what_cost_more_than_was_set_aside_is_written_down(core: Core, connection: Connection) -> None:
    one = meter(core, connection)
    one.reserve(10)
    one.settle(10, 95)
    with pytest.raises(BudgetSpentError):
        one.reserve(10)
    assert usage(core.db) == {date(2026, 1, 31): (95, 1)}


def test_a_cap_of_ones_own_counts_and_zero_means_nothing_at_all(core: Core, connection: Connection) -> None:
    assert cap_of(connection, DAY) == 100
    meter(core, connection, budget_cap=150).reserve(140)
    with pytest.raises(BudgetSpentError):
        meter(core, connection, budget_cap=0).reserve(1)


def test_without_a_budget_calls_are_counted_and_never_refused(core: Core, connection: Connection) -> None:
    one = meter(core, connection, None)
    for _time in range(3):
        one.reserve(0)
        one.settle(0, 0)
    assert usage(core.db) == {date(2026, 1, 31): (0, 3)}


@pytest.mark.parametrize(
    ("budget", "now", "first", "ends"),
    [
        (DAY, "2026-01-31T07:59:59Z", date(2026, 1, 30), "2026-01-31T08:00:00Z"),
        (DAY, "2026-01-31T08:00:00Z", date(2026, 1, 31), "2026-02-01T08:00:00Z"),
        (DAY, "2026-03-08T08:00:00Z", date(2026, 3, 8), "2026-03-09T07:00:00Z"),  # a day of 23 hours
        (DAY, "2026-11-01T07:00:00Z", date(2026, 11, 1), "2026-11-02T08:00:00Z"),  # a day of 25 hours
        (MONTH, "2026-02-01T07:59:59Z", date(2026, 1, 1), "2026-02-01T08:00:00Z"),
        (MONTH, "2026-12-31T12:00:00Z", date(2026, 12, 1), "2027-01-01T08:00:00Z"),
        (replace(MONTH, zone="UTC"), "2026-02-28T23:59:59Z", date(2026, 2, 1), "2026-03-01T00:00:00Z"),
    ],
)
def test_a_period_begins_at_midnight_in_the_networks_zone(budget: Budget, now: str, first: date, ends: str) -> None:
    at = datetime.fromisoformat(now)
    assert begins_on(budget, at) == first
    assert resets_at(budget, at) == datetime.fromisoformat(ends)


def test_at_midnight_the_count_begins_anew_and_what_was_set_aside_goes_back_where_it_came_from(
    core: Core, connection: Connection, time: FakeClock
) -> None:
    one = meter(core, connection)
    time.advance((datetime(2026, 2, 1, 7, 59, 59, tzinfo=UTC) - time.now()).total_seconds())
    one.reserve(100)
    time.advance(1)
    one.settle(100, 30)
    one.reserve(100)
    assert usage(core.db) == {date(2026, 1, 31): (30, 1), date(2026, 2, 1): (100, 1)}


def test_many_at_once_never_pass_the_cap(database: Database, database_url: str) -> None:
    with database.write("test.connection") as session:
        row = make_connection(session)

    def spend(_number: int) -> int:
        db = Database(database_url)
        try:
            one, taken = DurableMeter(db, row, DAY), 0
            for _time in range(10):
                try:
                    one.reserve(7)
                except BudgetSpentError:
                    continue
                one.settle(7, 4)
                taken += 4
            return taken
        finally:
            db.close()

    with ThreadPoolExecutor(4) as pool:
        taken = sum(pool.map(spend, range(4)))
    ((spent, calls),) = usage(database).values()
    assert spent == taken == 4 * calls
    assert 72 <= spent <= 100, "nobody is refused before three others hold seven each"


def test_an_object_is_paid_for_once_a_day_however_often_it_is_read(
    core: Core, connection: Connection, time: FakeClock
) -> None:
    one = meter(core, connection)
    assert one.unpaid("post", ["a", "b", "a"]) == 2
    assert one.unpaid("post", ["b", "c"]) == 1
    assert one.unpaid("user", ["a"]) == 1
    assert one.unpaid("post", []) == 0
    assert one.unpaid("post", [f"x{number}" for number in range(450)]) == 450
    time.advance(12 * 3600)
    assert one.unpaid("post", ["a", "b"]) == 2, "the day is that of UTC, not that of the budget"


def test_what_was_paid_for_is_forgotten_after_two_days(core: Core, connection: Connection, time: FakeClock) -> None:
    def days() -> list[date]:
        with core.db.read() as session:
            return list(session.scalars(select(PaidItem.day).order_by(PaidItem.day)))

    for _time in range(3):
        meter(core, connection).unpaid("post", ["a"])
        time.advance(24 * 3600)
    purge(core)
    assert days() == [date(2026, 2, 2)]


def read(core: Core, connection: Connection) -> bool:
    with core.db.read() as session:
        mine = (StreamState.connection_id == connection.id) & (StreamState.stream == "notes")
        state_id = session.scalars(select(StreamState.id).where(mine)).one()
    return read_stream(core, state_id)


def stored(core: Core) -> int:
    with core.db.read() as session:
        return session.scalar(select(func.count()).select_from(Interaction)) or 0


def test_a_run_that_meets_its_cap_loses_nothing_and_goes_on_when_the_next_day_begins(
    core: Core, connection: Connection, sea: Sea, time: FakeClock
) -> None:
    with core.db.write("test.cap") as session:
        session.execute(update(Connection).values(budget_cap=25))
    sea.notes = [note(number) for number in range(6)]
    assert read(core, connection) is False
    assert stored(core) == 4, "two pages at ten each; the third might cost ten and five are left"
    with core.db.read() as session:
        state = session.scalars(select(StreamState).where(StreamState.stream == "notes")).one()
        shown = reading(session, connection, time.now())
    assert (state.problem, state.due_at) == ("BudgetSpentError", datetime(2026, 2, 1, 8, tzinfo=UTC))
    assert state.cursor == "4"
    assert (shown.spent, shown.calls) == (20, 2)
    time.advance(20 * 3600)
    read(core, connection)
    assert stored(core) == 6
    with core.db.read() as session:
        assert session.scalars(select(Connection.problem)).one() is None


def test_a_larger_cap_lets_what_waited_go_on_at_once_and_is_written_down(
    core: Core, connection: Connection, sea: Sea, time: FakeClock
) -> None:
    set_cap(core, connection.public_id, 12, None)
    sea.notes = [note(number) for number in range(4)]
    read(core, connection)
    assert stored(core) == 2
    set_cap(core, connection.public_id, 1000, None)
    with core.db.read() as session:
        due = [kind for kind, subject in find_due(session, time.now()) if subject is not None]
        audit = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "connection.budget_changed").order_by(AuditEntry.id)
        ).all()
    assert "read" in due
    assert [(row.before, row.after) for row in audit] == [({"cap": 100}, {"cap": 12}), ({"cap": 12}, {"cap": 1000})]
    read(core, connection)
    assert stored(core) == 4


def test_the_same_notes_read_again_on_the_same_day_cost_nothing(
    core: Core, connection: Connection, sea: Sea, time: FakeClock
) -> None:
    sea.notes = [note(1), note(2)]
    for _time in range(2):
        read(core, connection)
        with core.db.write("test.again") as session:
            session.execute(update(StreamState).values(cursor=None, due_at=time.now()))
    assert usage(core.db) == {date(2026, 1, 31): (10, 2)}


def test_what_a_meter_shows(core: Core, connection: Connection, time: FakeClock) -> None:
    with core.db.read() as session:
        fresh = reading(session, connection, time.now())
        elsewhere = reading(session, Connection(id=0, network="mastodon"), time.now())
    assert (fresh.spent, fresh.cap, fresh.share) == (0, 100, 0.0)
    assert fresh.resets_at == datetime(2026, 2, 1, 8, tzinfo=UTC)
    assert (elsewhere.unit, elsewhere.cap, elsewhere.share, elsewhere.resets_at) == (Unit.CALLS, None, 0.0, None)
    assert replace(fresh, spent=150).share == 1.0
    assert replace(fresh, cap=0).share == 1.0


def test_the_cap_of_a_removed_connection_is_nobodys_business(core: Core, connection: Connection) -> None:
    remove(core, connection.public_id, None)
    with pytest.raises(InputError):
        set_cap(core, connection.public_id, 5, None)


def test_a_network_without_a_budget_has_no_cap(core: Core) -> None:
    with core.db.write("test.connection") as session:
        row = make_connection(session)
    with pytest.raises(InputError):
        set_cap(core, row.public_id, 5, None)


def test_a_count_lasts_whoever_counts_next(core: Core, connection: Connection) -> None:
    meter(core, connection).reserve(40)
    meter(core, connection).reserve(40)
    assert list(usage(core.db).values()) == [(80, 2)]
    assert timedelta(0) < resets_at(DAY, core.db.clock.now()) - core.db.clock.now() <= timedelta(days=1)
