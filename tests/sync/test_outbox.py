"""Delivery row by row and batch by batch, judged by the records and the ledger of the CRM."""

import itertools
from collections import deque
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from scrm.matching.judgments import derive
from scrm.models import (
    Contact,
    CrmState,
    Delivery,
    EntryState,
    Journal,
    Profile,
    TimelineEntry,
    claim,
)
from scrm.sync.crm.base import EntryWrite, Result
from scrm.sync.outbox import deliver, has_due
from scrm.sync.outcomes import MOST_ATTEMPTS, NO_CONTACT
from tests.sync.town import Town
from tests.unreliable_crm import Weather


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
        assert has_due(session, "local", town.clock.now())


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
