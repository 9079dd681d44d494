"""Outages, refused access and vanished workers cost time, never a record and never an attempt."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from scrm.errors import CrmAuthError, CrmRetryLaterError
from scrm.models import (
    CrmState,
    EntryState,
    Journal,
)
from scrm.sync.outbox import (
    CRASHED,
    MOST_CRASHES,
    OUTAGE_SECONDS,
    may_write,
)
from tests.sync.town import Town
from tests.unreliable_crm import Weather


def crm_state(town: Town) -> CrmState | None:
    with town.db.read() as session:
        return session.get(CrmState, "local")


def journal(town: Town) -> list[Journal]:
    with town.db.read() as session:
        return list(session.scalars(select(Journal).order_by(Journal.id)))


def keys(town: Town) -> list[str]:
    return [entry.external_key for entry in town.entries()]


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


def test_an_outage_is_logged_when_it_starts_and_not_at_every_try(town: Town, linked: int) -> None:
    town.say(linked)
    with capture_logs() as logged:
        for _again in range(3):
            town.crm.forecast.append(Weather.DOWN)
            town.settle()
            town.wait()
        town.crm.forecast.append(Weather.NOT_KNOWN)
        town.settle()
    assert [line["error"] for line in logged if line["event"] == "crm_waits"] == [
        CrmRetryLaterError.__name__,
        CrmAuthError.__name__,
    ]


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


def test_a_row_that_stops_one_worker_after_another_is_parked(town: Town, linked: int) -> None:
    (said,) = town.say(linked)
    town.expand()
    for _worker in range(MOST_CRASHES):
        assert town.entry().state == EntryState.TODO
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
    for _worker in range(MOST_CRASHES + 1):
        try:
            town.deliver()
        except KeyboardInterrupt:
            town.wait(town.core.settings.lease_seconds + 1)
    states = {row.external_key: row.state for row in town.entries()}
    assert states.pop(poison) == EntryState.PARKED
    assert set(states.values()) == {EntryState.DONE}
    assert len(town.crm.sent[0]) == 6
    assert {len(batch) for batch in town.crm.sent[1:]} == {1}
