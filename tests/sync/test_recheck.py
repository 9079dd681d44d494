"""What was confirmed long ago is asked about before it is written."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from scrm.connectors.base import RECHECK
from scrm.models import (
    Connection,
    EntryState,
    Interaction,
    StreamState,
    Watch,
)
from scrm.sync.outbox import (
    SUSPENDED,
    has_due,
)
from scrm.sync.recheck import FRESH_HOURS
from tests.factories import make_connection
from tests.sync.town import NETWORK, Town


@pytest.fixture
def connection(town: Town) -> int:
    with town.db.write("test.connection") as session:
        row = make_connection(session, network=NETWORK)
        session.add(StreamState(connection_id=row.id, stream=RECHECK, due_at=None))
        return row.id


def say_long_ago(town: Town, profile: int, connection: int | None) -> int:
    long_ago = town.clock.now() - timedelta(hours=FRESH_HOURS, minutes=1)
    (said,) = town.say(profile, connection_id=connection, checked_at=long_ago, fetch_ref="ref")
    town.expand()
    return said


def test_what_was_confirmed_long_ago_waits_until_it_is_confirmed_again(
    town: Town, linked: int, connection: int
) -> None:
    said = say_long_ago(town, linked, connection)
    town.deliver()
    assert town.crm.calls.total() == 0
    with town.db.read() as session:
        watch = session.scalars(select(Watch)).one()
        stream = session.scalars(select(StreamState)).one()
        interaction = session.get_one(Interaction, said)
    assert (watch.native_id, watch.fetch_ref, watch.stream) == (interaction.native_id, "ref", RECHECK)
    assert stream.due_at == town.clock.now()  # the sweeper reads it now
    with town.db.write("test.confirm") as session:
        session.get_one(Interaction, said).checked_at = town.clock.now()
    town.wait(20)
    town.deliver()
    assert town.records() == town.wanted()
    assert town.entry().attempts == 0


def test_what_was_confirmed_just_now_is_written_at_once(town: Town, linked: int, connection: int) -> None:
    town.say(linked, connection_id=connection, checked_at=town.clock.now())
    town.settle()
    assert len(town.records()) == 1


def test_what_turns_out_to_be_deleted_is_never_written(town: Town, linked: int, connection: int) -> None:
    said = say_long_ago(town, linked, connection)
    town.deliver()
    town.delete(said)
    town.wait(20)
    town.settle()
    assert "created" not in town.ledger()
    assert town.entry().state == EntryState.DONE


def test_a_withdrawal_waits_for_nobody(town: Town, connection: int) -> None:
    profile, contact = town.profile(), town.contact()
    town.link(profile, contact)
    town.say(profile, connection_id=connection, checked_at=town.clock.now())
    town.settle()
    town.wait(2 * 3600)
    town.unlink(profile, contact)
    town.settle()
    assert town.records() == {}


@pytest.mark.parametrize("state", ["suspended", "paused"])
def test_what_cannot_be_checked_waits_and_says_why(town: Town, linked: int, connection: int, state: str) -> None:
    with town.db.write("test.state") as session:
        session.get_one(Connection, connection).state = state
    say_long_ago(town, linked, connection)
    town.deliver()
    assert town.entry().reason == SUSPENDED
    assert town.crm.calls.total() == 0
    town.wait(20)
    with town.db.read() as session:
        assert not has_due(session, "local", town.clock.now())  # nobody is kept busy by it
    town.wait()
    with town.db.read() as session:
        assert has_due(session, "local", town.clock.now())


def test_what_nobody_can_be_asked_about_any_more_is_written(town: Town, linked: int, connection: int) -> None:
    with town.db.write("test.state") as session:
        session.get_one(Connection, connection).state = "removed"
    say_long_ago(town, linked, connection)
    town.deliver()
    assert town.records() == town.wanted()


def test_what_came_from_an_archive_is_written(town: Town, linked: int) -> None:
    say_long_ago(town, linked, None)
    town.deliver()
    assert town.records() == town.wanted()
