"""Delivery in every weather, judged by the records and the ledger of the CRM, never by our own success flags."""

import itertools
from collections import deque
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from scrm.connectors.base import RECHECK
from scrm.errors import CrmAuthError, CrmRetryLaterError
from scrm.matching.judgments import derive
from scrm.models import (
    Connection,
    Contact,
    CrmState,
    Delivery,
    EntryState,
    Interaction,
    Journal,
    Profile,
    StreamState,
    TimelineEntry,
    Watch,
    claim,
)
from scrm.sync.crm.base import EntryWrite, Result
from scrm.sync.outbox import (
    CRASHED,
    MOST_ATTEMPTS,
    NO_CONTACT,
    OUTAGE_SECONDS,
    SUSPENDED,
    deliver,
    has_due,
    may_write,
)
from scrm.sync.recheck import FRESH_HOURS
from tests.factories import make_connection
from tests.sync.town import NETWORK, Town
from tests.unreliable_crm import Weather


@pytest.fixture
def linked(town: Town) -> int:
    """A profile with a contact, and nothing said yet."""
    profile = town.profile()
    town.link(profile, town.contact())
    town.expand()
    return profile


def crm_state(town: Town) -> CrmState | None:
    with town.db.read() as session:
        return session.get(CrmState, "local")


def journal(town: Town) -> list[Journal]:
    with town.db.read() as session:
        return list(session.scalars(select(Journal).order_by(Journal.id)))


def deliveries(town: Town) -> list[str]:
    with town.db.read() as session:
        return list(session.scalars(select(Delivery.outcome).order_by(Delivery.id)))


def keys(town: Town) -> list[str]:
    return [entry.external_key for entry in town.entries()]


# batches


def test_what_is_due_goes_out_in_batches(town: Town, linked: int) -> None:
    town.say(linked, 7)
    town.crm.batch_size = 3
    town.settle()
    assert [len(batch) for batch in town.crm.sent] == [3, 3, 1]
    assert town.records() == town.wanted()


def test_nothing_due_needs_no_call(town: Town, linked: int) -> None:
    assert deliver(town.core, town.crm) is False
    assert town.crm.calls.total() == 0


def test_withdrawals_and_writes_go_out_together(town: Town, linked: int) -> None:
    first, second = town.say(linked, 2)
    town.settle()
    town.delete(first)
    town.change(second, text="new")
    town.say(linked, text="third")
    town.settle()
    assert town.texts() == ["new", "third"]
    assert (town.crm.calls["withdraw"], town.crm.calls["write"]) == (1, 2)


def test_time_that_is_up_leaves_the_rest_due(town: Town, linked: int) -> None:
    town.say(linked, 2)
    town.expand()
    assert deliver(town.core, town.crm, seconds=0) is True
    assert town.crm.calls.total() == 0
    with town.db.read() as session:
        assert has_due(session, town.clock.now()) == ["local"]


# outages


def test_an_outcome_nobody_heard_of_is_sent_again_and_doubles_nothing(town: Town, linked: int) -> None:
    town.say(linked, 3)
    town.crm.forecast.append(Weather.ANSWER_LOST)
    town.settle()
    assert len(town.records()) == 3
    assert {row.written_version for row in town.entries()} == {0}
    town.wait()
    town.settle()
    assert town.ledger() == ["created"] * 3 + ["unchanged"] * 3
    assert town.records() == town.wanted()
    assert {row.state for row in town.entries()} == {EntryState.DONE}


def test_a_write_nobody_heard_of_stands_in_the_journal_all_the_same(town: Town, linked: int) -> None:
    town.say(linked, text="heard of later")
    town.crm.forecast.append(Weather.ANSWER_LOST)
    town.settle()
    assert journal(town) == []
    town.wait()
    town.settle()
    (row,) = journal(town)
    assert row.after is not None
    assert row.after["text"] == "heard of later"
    assert row.record_id


def test_an_outage_of_a_day_costs_no_attempt_and_everything_drains_after(town: Town, linked: int) -> None:
    said = town.say(linked, 5)
    town.expand()
    probes = 0
    for _minute in range(0, 24 * 60, 10):
        town.crm.forecast.append(Weather.DOWN)
        before = town.crm.calls.total()
        town.deliver()
        probes += town.crm.calls.total() - before
        town.crm.forecast.clear()
        town.wait(600)
    town.change(said[0], text="edited during the outage")
    town.settle()
    assert probes == 24 * 6  # one per try: the first refusal ends it
    assert {(row.attempts, row.crash_count, row.state) for row in town.entries()} == {(0, 0, EntryState.DONE)}
    assert town.records() == town.wanted()
    assert town.ledger() == ["created"] * 5


def test_an_outage_while_withdrawing_gives_back_what_was_to_be_written(town: Town, linked: int) -> None:
    (said,) = town.say(linked)
    town.settle()
    town.delete(said)
    town.say(linked)
    town.expand()
    for _again in range(4):  # a row that stayed claimed would count this as a crash of its sender
        town.crm.forecast.append(Weather.DOWN)
        town.deliver()
        assert {(row.lease_until, row.crash_count) for row in town.entries()} == {(None, 0)}
        town.wait()
    town.deliver()
    assert town.records() == town.wanted()


def test_during_an_outage_nobody_knocks_before_the_time_is_up(town: Town, linked: int) -> None:
    town.say(linked)
    town.crm.forecast.append(Weather.DOWN)
    town.settle()
    town.say(linked)  # due at once, but the CRM is asked to be left alone
    town.settle()
    town.wait(OUTAGE_SECONDS - 1)
    town.settle()
    assert town.crm.calls["write"] == 1
    town.wait(2)
    town.settle()
    assert town.records() == town.wanted()
    assert len(town.records()) == 2


@pytest.mark.parametrize(("asked", "kept"), [(120.0, 120), (-5.0, 1), (1e9, 3600), (None, OUTAGE_SECONDS)])
def test_a_crm_that_asks_for_time_gets_it_within_reason(
    town: Town, linked: int, asked: float | None, kept: float
) -> None:
    town.say(linked)
    town.crm.retry_after = asked
    town.crm.forecast.append(Weather.DOWN)
    town.settle()
    state = crm_state(town)
    assert state is not None
    assert state.wait_until == town.clock.now() + timedelta(seconds=kept)


def test_an_outage_is_known_by_its_beginning_and_forgotten_with_its_end(town: Town, linked: int) -> None:
    town.say(linked)
    began = town.clock.now()
    for _again in range(2):
        town.crm.forecast.append(Weather.DOWN)
        town.settle()
        state = crm_state(town)
        assert state is not None
        assert (state.problem, state.problem_since) == (CrmRetryLaterError.__name__, began)
        town.wait()
    town.settle()
    state = crm_state(town)
    assert state is not None
    assert (state.problem, state.problem_since, state.wait_until) == (None, None, None)


def test_an_outage_before_the_first_reading_does_not_keep_contacts_from_being_read(town: Town, linked: int) -> None:
    town.say(linked)
    town.crm.forecast.append(Weather.DOWN)
    town.settle()
    state = crm_state(town)
    assert state is not None
    assert state.due_at is not None


def test_a_refused_access_stops_all_writing_until_the_crm_knows_us_again(town: Town, linked: int) -> None:
    town.say(linked)
    town.crm.forecast.append(Weather.NOT_KNOWN)
    town.settle()
    for _hour in range(3):
        town.wait()
        town.settle()
    assert town.crm.calls["write"] == 1
    assert not may_write(town.core, "local")
    state = crm_state(town)
    assert state is not None
    assert state.problem == CrmAuthError.__name__
    town.know_us_again()
    town.settle()
    assert town.records() == town.wanted()
    assert town.entry().attempts == 0


# single rows


def test_a_refused_row_is_parked_with_the_reason_and_its_neighbors_go_on(town: Town, linked: int) -> None:
    town.say(linked, 3)
    town.expand()
    wrong = keys(town)[1]
    town.crm.answers[wrong] = deque([Result.REJECTED])
    town.deliver()
    states = {row.external_key: (row.state, row.reason) for row in town.entries()}
    assert states[wrong] == (EntryState.PARKED, "subject: expected a text")
    assert len(town.records()) == 2
    town.wait()
    town.deliver()
    assert town.crm.calls["write"] == 1


def test_a_parked_row_is_tried_again_when_it_is_edited(town: Town, linked: int) -> None:
    (said,) = town.say(linked)
    town.expand()
    town.crm.answers[keys(town)[0]] = deque([Result.REJECTED])
    town.deliver()
    town.change(said, text="now it fits")
    town.settle()
    assert town.texts() == ["now it fits"]


def test_a_locked_row_is_tried_again_later_and_later(town: Town, linked: int) -> None:
    town.say(linked)
    town.expand()
    town.crm.answers[keys(town)[0]] = deque([Result.RETRY] * 3)
    for attempt in range(1, 4):
        town.deliver()
        entry = town.entry()
        assert entry.attempts == attempt
        assert entry.due_at is not None
        assert entry.due_at <= town.clock.now() + timedelta(seconds=2.0 * 2**attempt)
        town.wait()
    town.deliver()
    assert town.records() == town.wanted()
    assert deliveries(town) == ["retry", "retry", "retry", "created"]


def test_a_row_that_is_always_locked_is_parked(town: Town, linked: int) -> None:
    town.say(linked)
    town.expand()
    town.crm.answers[keys(town)[0]] = deque([Result.RETRY] * 20)
    for _ in range(20):
        town.deliver()
        town.wait()
    assert town.entry().state == EntryState.PARKED
    assert town.crm.calls["write"] == MOST_ATTEMPTS


# order


def test_what_is_edited_while_it_is_sent_is_sent_again(town: Town, linked: int) -> None:
    (said,) = town.say(linked, text="old")

    def edit() -> None:
        town.crm.meanwhile = lambda: None
        town.change(said, text="new")
        town.expand()

    town.crm.meanwhile = edit
    town.settle()
    assert town.texts() == ["new"]
    assert town.ledger() == ["created", "updated"]
    assert (town.entry().version, town.entry().written_version) == (2, 2)


def test_what_is_unlinked_while_it_is_sent_is_withdrawn(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    town.link(profile, contact)
    town.say(profile)

    def unlink() -> None:
        town.crm.meanwhile = lambda: None
        town.unlink(profile, contact)
        town.expand()

    town.crm.meanwhile = unlink
    town.settle()
    assert town.records() == {}
    assert (town.entry().state, town.entry().record_id) == (EntryState.DONE, None)


def test_what_was_refused_while_something_newer_came_keeps_its_record(town: Town, linked: int) -> None:
    (said,) = town.say(linked)
    town.settle()
    record = town.entry().record_id
    town.change(said, text="second")
    town.expand()
    town.crm.answers[keys(town)[0]] = deque([Result.RETRY])

    def edit() -> None:
        town.crm.meanwhile = lambda: None
        town.change(said, text="third")
        town.expand()

    town.crm.meanwhile = edit
    town.deliver()
    assert town.texts() == ["third"]
    assert town.entry().record_id == record


def test_a_lost_lease_records_nothing(town: Town, linked: int) -> None:
    town.say(linked)
    town.expand()

    def stall() -> None:
        """Longer than the lease; somebody else claims the row and is at it."""
        town.crm.meanwhile = lambda: None
        town.wait(town.core.settings.lease_seconds + 1)
        with town.db.write("test.thief") as session:
            assert len(claim(session, TimelineEntry, town.clock.now(), seconds=120)) == 1

    town.crm.meanwhile = stall
    town.deliver()
    entry = town.entry()
    assert (entry.state, entry.written_version, entry.record_id) == (EntryState.TODO, 0, None)
    assert entry.lease_until is not None
    assert (deliveries(town), journal(town)) == ([], [])


def test_an_outage_takes_nothing_from_who_holds_the_lease_now(town: Town, linked: int) -> None:
    town.say(linked)
    town.expand()

    def stall() -> None:
        town.wait(town.core.settings.lease_seconds + 1)
        with town.db.write("test.thief") as session:
            claim(session, TimelineEntry, town.clock.now(), seconds=120)

    town.crm.meanwhile = stall
    town.crm.forecast.append(Weather.ANSWER_LOST)
    town.deliver()
    assert town.entry().lease_until == town.clock.now() + timedelta(seconds=120)


VERSIONS = st.lists(st.integers(1, 6), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals=VERSIONS)
def test_an_older_version_never_overwrites_a_newer_one(town: Town, arrivals: list[int]) -> None:
    key = f"key {next(NUMBERS)}"
    contact = town.people.add(f"Person {key}")
    for version in arrivals:
        row = EntryWrite(
            external_key=key,
            contact_native_id=contact,
            version=version,
            occurred_at=town.clock.now(),
            fields={"text": f"version {version}"},
        )
        town.crm.write([row])
    assert town.records()[key][1] == f"version {max(arrivals)}"


NUMBERS = itertools.count()


# crashes


def crash(town: Town) -> None:
    """A worker claims what it would send, and is gone."""

    def gone() -> None:
        raise KeyboardInterrupt

    town.crm.meanwhile = gone
    with pytest.raises(KeyboardInterrupt):
        town.deliver()
    town.crm.meanwhile = lambda: None
    town.wait(town.core.settings.lease_seconds + 1)


def test_a_row_whose_sender_vanished_is_taken_over(town: Town, linked: int) -> None:
    town.say(linked)
    town.expand()
    crash(town)
    town.deliver()
    assert town.ledger() == ["created", "unchanged"]
    assert (town.entry().state, town.entry().crash_count) == (EntryState.DONE, 0)


def test_a_row_that_stops_two_workers_is_parked(town: Town, linked: int) -> None:
    (said,) = town.say(linked)
    town.expand()
    crash(town)
    crash(town)
    town.deliver()
    assert (town.entry().state, town.entry().reason) == (EntryState.PARKED, CRASHED)
    town.change(said, text="harmless now")
    town.settle()
    assert town.entry().state == EntryState.DONE
    assert town.texts() == ["harmless now"]


def test_a_row_that_stops_its_worker_takes_no_neighbor_along(town: Town, linked: int) -> None:
    town.say(linked, 6)
    town.expand()
    poison = keys(town)[3]

    def stop_at_poison() -> None:
        if poison in town.crm.sent[-1]:
            raise KeyboardInterrupt

    town.crm.meanwhile = stop_at_poison
    for _worker in range(3):
        try:
            town.deliver()
        except KeyboardInterrupt:
            town.wait(town.core.settings.lease_seconds + 1)
    states = {row.external_key: row.state for row in town.entries()}
    assert states.pop(poison) == EntryState.PARKED
    assert set(states.values()) == {EntryState.DONE}
    assert len(town.crm.sent[0]) == 6
    assert {len(batch) for batch in town.crm.sent[1:]} == {1}


# contacts that are gone


def test_a_merged_contact_hands_its_records_to_the_survivor(town: Town) -> None:
    profile, old, new = town.profile(), town.contact("Old Name"), town.contact("New Name")
    town.say(profile, 2)
    town.link(profile, old)
    town.settle()
    with town.db.read() as session:
        old_id, new_id = (session.get_one(Contact, row).native_id for row in (old, new))
    town.say(profile, text="after the merge")
    town.people.merge(old_id, into=new_id)
    town.expand()
    town.deliver()
    with town.db.read() as session:
        gone = session.scalars(select(TimelineEntry).where(TimelineEntry.state == EntryState.TODO)).one()
        assert gone.attempts == 1
        assert session.get_one(CrmState, "local").due_at == town.clock.now()  # the CRM has news for us
    town.know_us_again()
    with town.db.write("test.derive") as session:
        derive(session, town.clock.now(), session.get_one(Profile, profile))
    town.wait()
    town.settle()
    assert {contact for contact, _text in town.records().values()} == {new_id}
    assert len(town.records()) == 3
    assert town.records() == town.wanted()


def test_a_deleted_contact_parks_what_was_meant_for_it_and_never_loops(town: Town, linked: int) -> None:
    town.say(linked)
    town.expand()
    with town.db.read() as session:
        native_id = session.scalars(select(Contact.native_id)).one()
    town.people.delete(native_id)
    for _ in range(20):
        town.deliver()
        town.wait()
    assert (town.entry().state, town.entry().reason) == (EntryState.PARKED, NO_CONTACT)
    assert town.crm.calls["write"] == MOST_ATTEMPTS
    town.know_us_again()
    with town.db.write("test.derive") as session:
        derive(session, town.clock.now(), session.get_one(Profile, linked))
    town.settle()
    assert town.entry().state == EntryState.DONE
    assert town.records() == town.wanted() == {}


# the journal


def test_the_journal_tells_what_stood_there_and_what_stands_there_now(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    (said,) = town.say(profile, text="one")
    town.link(profile, contact)
    town.settle()
    town.change(said, text="two")
    town.settle()
    town.unlink(profile, contact)
    town.settle()
    rows = journal(town)
    assert [row.operation for row in rows] == ["created", "updated", "withdrawn"]
    assert [row.version for row in rows] == [1, 2, 3]
    texts = [(row.before and row.before["text"], row.after and row.after["text"]) for row in rows]
    assert texts == [(None, "one"), ("one", "two"), ("two", None)]
    assert len({row.record_id for row in rows}) == 1
    assert {row.contact_id for row in rows} == {contact}


def test_the_journal_keeps_no_text_that_its_network_deleted(town: Town, linked: int) -> None:
    (said,) = town.say(linked, text="to be deleted")
    town.settle()
    town.delete(said)
    town.settle()
    rows = journal(town)
    assert [row.operation for row in rows] == ["created", "withdrawn"]
    assert [(row.before, row.after) for row in rows] == [(None, None), (None, None)]


# read again before it is written


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
        assert has_due(session, town.clock.now()) == []  # nobody is kept busy by it
    town.wait()
    with town.db.read() as session:
        assert has_due(session, town.clock.now()) == ["local"]


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
