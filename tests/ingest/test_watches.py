"""Objects that are read on: each from its own cursor, as soon as it asks to be, for as long as it does."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from scrm.clock import FakeClock
from scrm.connectors.base import Again, ObjectPage
from scrm.ingest.run import read_stream
from scrm.ingest.watches import UNMOVED_SECONDS, wants_more
from scrm.models import Connection, Interaction, StreamState, Watch, watch_again
from scrm.runtime import Core
from tests.ingest.lighthouse import Sea, note

HOUR = timedelta(hours=1)


def order(core: Core, connection: Connection, native_id: str, *, after: timedelta = timedelta(0)) -> None:
    at = core.db.clock.now() + after
    row = {
        "connection_id": connection.id,
        "stream": "threads",
        "native_id": native_id,
        "fetch_ref": None,
        "due_at": at,
        "until_at": at,
    }
    with core.db.write("test.order") as session:
        watch_again(session, [row])


def read(core: Core, connection: Connection, stream: str = "threads") -> bool:
    with core.db.read() as session:
        mine = (StreamState.connection_id == connection.id) & (StreamState.stream == stream)
        state_id = session.scalars(select(StreamState.id).where(mine)).one()
    return read_stream(core, state_id)


def watches(core: Core) -> dict[str, Watch]:
    with core.db.read() as session:
        return {row.native_id: row for row in session.scalars(select(Watch).where(Watch.stream == "threads"))}


def texts(core: Core) -> set[str | None]:
    with core.db.read() as session:
        return set(session.scalars(select(Interaction.text)))


def test_a_long_thread_is_read_on_at_once_to_its_end(core: Core, connection: Connection, sea: Sea) -> None:
    sea.threads["t"] = [note(number) for number in range(5)]
    order(core, connection, "t")
    assert read(core, connection) is False
    assert [cursor for path, cursor in sea.asked if path == "/threads/t"] == ["0", "2", "4"]
    assert texts(core) == {f"Ahoy {number}" for number in range(5)}
    assert watches(core) == {}


def test_a_thread_that_stays_alive_is_read_again_from_where_it_was_left(
    core: Core, connection: Connection, sea: Sea, time: FakeClock
) -> None:
    sea.threads["t"], sea.again["t"] = [note(1)], 600.0
    order(core, connection, "t")
    read(core, connection)
    (row,) = watches(core).values()
    assert (row.cursor, row.due_at, row.until_at) == ("1", time.now() + timedelta(minutes=10), row.due_at)
    sea.threads["t"].append(note(2))
    time.advance(600)
    read(core, connection)
    (row,) = watches(core).values()
    assert (row.cursor, row.until_at) == ("2", time.now() + timedelta(minutes=10))
    assert texts(core) == {"Ahoy 1", "Ahoy 2"}
    assert [cursor for path, cursor in sea.asked if path == "/threads/t"] == ["0", "1"]


def test_an_order_that_comes_later_keeps_the_cursor_and_only_brings_the_reading_forward(
    core: Core, connection: Connection, sea: Sea, time: FakeClock
) -> None:
    sea.threads["t"], sea.again["t"] = [note(1)], 3600.0
    order(core, connection, "t")
    read(core, connection)
    order(core, connection, "t", after=2 * HOUR)
    (row,) = watches(core).values()
    assert (row.cursor, row.due_at) == ("1", time.now() + HOUR)
    order(core, connection, "t")
    (row,) = watches(core).values()
    assert (row.cursor, row.due_at, row.until_at) == ("1", time.now(), time.now() + HOUR)
    sea.threads["t"].append(note(2))
    read(core, connection)
    assert [cursor for path, cursor in sea.asked if path == "/threads/t"] == ["0", "1"]


def test_a_thread_that_is_gone_is_watched_no_longer_and_its_neighbor_goes_on(
    core: Core, connection: Connection, sea: Sea
) -> None:
    sea.threads["t"], sea.again["t"], sea.again["u"] = [note(1)], 600.0, 600.0
    sea.gone.add("u")
    order(core, connection, "t")
    order(core, connection, "u")
    read(core, connection)
    assert set(watches(core)) == {"t"}


def test_a_thread_of_which_nothing_is_said_ends_with_its_time(core: Core, connection: Connection, sea: Sea) -> None:
    sea.threads["t"] = [note(1)]
    order(core, connection, "t")
    read(core, connection)
    assert watches(core) == {}


@pytest.mark.parametrize(("cursor", "more"), [("7", False), ("8", True), (None, True)])
def test_what_does_not_get_on_does_not_turn_in_a_circle(cursor: str | None, more: bool) -> None:
    watch = Watch(connection_id=1, stream="threads", native_id="t", cursor="7")
    page = ObjectPage(items=(), again={"t": Again(after_seconds=0, cursor=cursor)})
    assert wants_more([watch], page) is more
    assert UNMOVED_SECONDS > 0


def test_a_list_that_is_woken_while_it_is_read_is_read_once_more(
    core: Core, connection: Connection, sea: Sea, time: FakeClock
) -> None:
    sea.notes = [note(1)]

    mine = (StreamState.connection_id == connection.id) & (StreamState.stream == "notes")
    time.advance(1)

    def wake() -> None:
        with core.db.write("test.wake") as session:
            session.execute(update(StreamState).where(mine).values(due_at=time.now()))

    sea.meanwhile = wake
    read(core, connection, "notes")
    with core.db.read() as session:
        assert session.scalars(select(StreamState.due_at).where(mine)).one() == time.now()
    sea.meanwhile = None
    read(core, connection, "notes")
    with core.db.read() as session:
        assert session.scalars(select(StreamState.due_at).where(mine)).one() > time.now()
