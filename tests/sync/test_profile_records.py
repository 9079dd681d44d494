"""Records of linked profiles in the CRM: one for each, before what it said, changed with it, gone with the link."""

from collections import deque
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from scrm.connectors.bluesky import connector as bluesky
from scrm.connectors.manifest import Rule
from scrm.ingest.internal import InternalCheck
from scrm.ingest.profiles import forget_profiles
from scrm.ingest.store import Context, store
from scrm.ingest.translate import Batch
from scrm.matching.candidates import match_due
from scrm.matching.consent import give_consent, withdraw_consent
from scrm.matching.judgments import Decision, decide
from scrm.models import (
    Candidate,
    Contact,
    EntryState,
    Journal,
    Judge,
    LocalRecord,
    Profile,
    RecordKind,
    TimelineEntry,
    Verdict,
    mark_timelines_due,
)
from scrm.policy import FORBIDDEN
from scrm.records import Key, ProfileRecord
from scrm.sync import plan as plans
from scrm.sync.crm.base import Fault, Result
from scrm.sync.outbox import has_due, ready
from scrm.sync.profile_record import MOST_FINDINGS
from tests.factories import make_candidate
from tests.sync.town import Town
from tests.unreliable_crm import Weather


def change(town: Town, profile_id: int, **values: Any) -> None:
    """What the profile shows changes, as ingest has it."""
    with town.db.write("test.profile") as session:
        session.execute(update(Profile).where(Profile.id == profile_id).values(**values))
        mark_timelines_due(session, [profile_id], town.clock.now())


def forget(town: Town, profile_id: int) -> None:
    with town.db.write("test.forget") as session:
        forget_profiles(session, [profile_id], town.clock.now())


def terms(monkeypatch: pytest.MonkeyPatch, **rules: Rule) -> None:
    """The network's terms are others now."""
    manifest = replace(bluesky.manifest, terms=replace(bluesky.manifest.terms, **rules))
    monkeypatch.setattr(type(bluesky), "manifest", manifest)


def finding(message: str, bits: float, **params: Any) -> dict[str, Any]:
    return {"rule": message, "level": "exact", "bits": bits, "message": message, "params": params}


def only(town: Town) -> LocalRecord:
    (record,) = town.profile_records()
    return record


@pytest.fixture
def ada(town: Town) -> tuple[int, int]:
    """A person and a contact that are linked, in the CRM already."""
    profile, contact = town.person(), town.contact()
    town.link(profile, contact)
    town.settle()
    town.expand()
    return profile, contact


def test_a_link_alone_brings_one_record_of_the_profile(town: Town, ada: tuple[int, int]) -> None:
    profile, contact = ada
    record = only(town)
    with town.db.read() as session:
        assert record.contact_native_id == session.get_one(Contact, contact).native_id
    assert {name: record.fields[name] for name in ("display_name", "handle", "network", "judged_by")} == {
        "display_name": "Ada Example",
        "handle": "ada.example",
        "network": "bluesky",
        "judged_by": "A steward",
    }
    assert record.fields["matched_at"] == town.clock.now().isoformat()
    entry = town.profile_entry(profile)
    assert (entry.state, entry.version, entry.written_version) == (EntryState.DONE, 1, 1)
    with town.db.read() as session:
        (row,) = session.scalars(select(Journal))
        assert (row.operation, row.entry_id, row.after) == ("created", entry.id, record.fields)


def test_expanding_again_writes_nothing_again(town: Town, ada: tuple[int, int]) -> None:
    for _again in range(2):
        with town.db.write("test.due") as session:
            mark_timelines_due(session, [ada[0]], town.clock.now())
        town.settle()
    assert town.ledger() == ["created"]


def test_what_was_said_points_at_the_record_of_its_profile_from_the_first_write(town: Town) -> None:
    profile, contact = town.person(), town.contact()
    town.say(profile, 3)
    town.link(profile, contact)
    town.settle()
    town.settle()
    with town.db.read() as session:
        said = session.scalars(select(LocalRecord).where(LocalRecord.kind == RecordKind.INTERACTION.value)).all()
    assert {row.profile_record_id for row in said} == {str(only(town).id)}
    assert town.ledger() == ["created"] * 4


def test_what_was_said_waits_for_a_profile_that_another_worker_is_writing(town: Town) -> None:
    profile, contact = town.person(), town.contact()
    town.say(profile)
    town.link(profile, contact)
    town.expand()
    with town.db.write("test.ready") as session:
        rows = session.scalars(select(TimelineEntry).order_by(TimelineEntry.id)).all()
        assert [row.entry.kind for row in ready(session, rows, town.clock.now())] == [RecordKind.PROFILE]
        (said,) = [row for row in rows if row.kind == RecordKind.INTERACTION]
        assert said.due_at is not None
        assert said.due_at > town.clock.now()
    town.wait(20)
    town.settle()
    assert len(town.records()) == 1


def test_what_was_written_before_its_profile_is_hung_there_afterwards(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    town.say(profile, 2)
    town.link(profile, contact)
    town.settle()
    assert town.profile_records() == []
    change(town, profile, display_name="Ada Example")
    town.settle()
    town.settle()
    with town.db.read() as session:
        said = session.scalars(select(LocalRecord).where(LocalRecord.kind == RecordKind.INTERACTION.value)).all()
    assert {row.profile_record_id for row in said} == {str(only(town).id)}
    assert town.ledger() == ["created"] * 3 + ["updated"] * 2


def test_a_profile_that_the_crm_refuses_does_not_hold_up_what_it_said(town: Town) -> None:
    profile, contact = town.person(), town.contact()
    town.say(profile)
    town.link(profile, contact)
    town.expand()
    town.crm.answers[town.profile_entry(profile).external_key] = deque([Result.REJECTED])
    town.settle()
    assert town.profile_entry(profile).state == EntryState.PARKED
    assert len(town.records()) == 1


def test_a_change_of_the_profile_is_a_new_version_of_the_same_record(town: Town, ada: tuple[int, int]) -> None:
    before = only(town)
    change(town, ada[0], handle="ada.new.example")
    town.settle()
    after = only(town)
    assert (after.id, after.fields["handle"], after.version) == (before.id, "ada.new.example", 2)


def test_what_a_network_says_of_a_linked_profile_reaches_the_crm(town: Town, ada: tuple[int, int]) -> None:
    with town.db.read() as session:
        native_id = session.get_one(Profile, ada[0]).native_id
    key = Key(network="bluesky", native_id=native_id)
    context = Context(
        connection_id=None,
        network="bluesky",
        stream="mentions",
        now=town.clock.now(),
        raw_hours=1,
        keep_hours=None,
        is_internal=InternalCheck(),
    )
    for handle in ("ada.example", "ada.other.example"):
        record = ProfileRecord(key=key, handle=handle, display_name="Ada Example")
        with town.db.write("test.store") as session:
            store(session, context, Batch(profiles={key: record}))
        assert town.due() == (handle != "ada.example")  # the same again is nothing new
    town.settle()
    assert only(town).fields["handle"] == "ada.other.example"


def test_the_evidence_stands_there_in_words_strongest_first(town: Town) -> None:
    profile, contact = town.person(), town.contact()
    with town.db.write("test.evidence") as session:
        evidence = [
            finding("prior", -20.0),
            finding("Weak", 0.1),
            finding("Another city", -2.0),
            finding("One of %(many)s", 9.0, many=3),
            finding("Lost its %(parameter)s", 5.0, other=1),
        ]
        found = session.get_one(Profile, profile), session.get_one(Contact, contact)
        make_candidate(session, *found, evidence=evidence, probability=0.98765)
    decision = Decision(
        profile_id=profile,
        contact_id=contact,
        verdict=Verdict.POSITIVE,
        judge=Judge.STEWARD,
        reason="Met at the fair",
        seen_judgment_id=-1,
    )
    with town.db.write("test.judge") as session:
        decide(session, town.clock.now(), decision)
    town.settle()
    fields = only(town).fields
    assert fields["evidence"].split("\n") == [
        "Met at the fair",
        "+ One of 3",
        "+ Lost its %(parameter)s",
        "\N{MINUS SIGN} Another city",
    ]
    assert fields["probability"] == 98.8


def test_other_evidence_is_written_and_the_same_with_other_bits_is_not(town: Town) -> None:
    profile, contact = town.person(), town.contact()
    with town.db.write("test.evidence") as session:
        found = session.get_one(Profile, profile), session.get_one(Contact, contact)
        make_candidate(session, *found, evidence=[finding("prior", -20.0), finding("Same name", 9.0)])
    town.link(profile, contact)
    town.settle()

    def score(*rows: dict[str, Any]) -> None:
        with town.db.write("test.score") as session:
            session.execute(update(Candidate).values(evidence=[finding("prior", -20.0), *rows]))
            mark_timelines_due(session, [profile], town.clock.now())
        town.settle()

    score(finding("Same name", 9.3))
    assert town.ledger() == ["created"]
    score(finding("Same name", 9.3), *(finding(f"Rule {number}", 1.0) for number in range(MOST_FINDINGS + 5)))
    assert town.ledger() == ["created", "updated"]
    assert len(only(town).fields["evidence"].split("\n")) == MOST_FINDINGS


def test_unlinking_withdraws_it_after_what_it_said_and_undo_brings_it_back(town: Town, ada: tuple[int, int]) -> None:
    profile, contact = ada
    town.say(profile, 2)
    town.settle()
    judgment = town.unlink(profile, contact)
    town.expand()
    town.crm.sent.clear()
    town.deliver()
    assert (town.profile_records(), town.records()) == ([], {})
    assert town.crm.sent[-1] == (town.profile_entry(profile).external_key,)
    town.undo(judgment)
    town.settle()
    town.settle()
    assert len(town.profile_records()) == 1
    assert len(town.records()) == 2


def test_another_contact_takes_it_over(town: Town, ada: tuple[int, int]) -> None:
    profile, _first = ada
    before = only(town)
    second = town.contact("Right One")
    town.link(profile, second)
    town.settle()
    after = only(town)
    assert (after.id, after.contact_native_id) != (before.id, before.contact_native_id)
    assert after.id == before.id


def test_a_profile_that_is_forgotten_leaves_neither_record_nor_journal(town: Town, ada: tuple[int, int]) -> None:
    forget(town, ada[0])
    town.settle()
    assert town.profile_records() == []
    with town.db.read() as session:
        assert {str(row.before) + str(row.after) for row in session.scalars(select(Journal))} == {"NoneNone"}


def test_what_somebody_edited_is_left_and_still_loses_what_is_forgotten(town: Town, ada: tuple[int, int]) -> None:
    profile, contact = ada
    town.edit_record(handle="told on the telephone")
    town.unlink(profile, contact)
    town.settle()
    assert town.profile_entry(profile).fault == Fault.EDITED
    assert only(town).fields["display_name"] == "Ada Example"
    forget(town, profile)
    with town.db.write("test.due") as session:
        mark_timelines_due(session, [profile], town.clock.now())
    town.settle()
    fields = only(town).fields
    assert fields.pop("handle") == "told on the telephone"
    assert set(fields.values()) == {None}


def test_what_a_network_does_not_allow_is_held_with_the_reason_and_written_when_it_does(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile, contact = town.person(), town.contact()
    town.link(profile, contact)
    with monkeypatch.context() as patch:
        terms(patch, write_to_crm=Rule.FORBIDDEN)
        town.settle()
    entry = town.profile_entry(profile)
    assert (entry.state, entry.is_wanted, entry.reason) == (EntryState.HELD, False, FORBIDDEN)
    assert (town.profile_records(), town.crm.calls.total()) == ([], 0)
    with town.db.write("test.due") as session:
        mark_timelines_due(session, [profile], town.clock.now())
    town.settle()
    assert len(town.profile_records()) == 1


def test_an_outage_loses_nothing_and_doubles_nothing(town: Town) -> None:
    profile, contact = town.person(), town.contact()
    town.say(profile)
    town.link(profile, contact)
    for weather in (Weather.ANSWER_LOST, Weather.DOWN, Weather.FINE):
        town.crm.forecast.append(weather)
        town.settle()
        town.wait()
    town.settle()
    assert len(town.profile_records()) == len(town.records()) == 1
    assert town.ledger().count("created") == 2


def test_a_gone_contact_parks_it_and_another_one_frees_it(town: Town, ada: tuple[int, int]) -> None:
    profile, _contact = ada
    town.entry_values(state=EntryState.PARKED.value, fault=Fault.CONTACT_GONE.value, due_at=None)
    with town.db.write("test.due") as session:
        mark_timelines_due(session, [profile], town.clock.now())
    town.settle()
    entry = town.profile_entry(profile)
    assert (entry.state, entry.fault, entry.version) == (EntryState.DONE, None, 2)


class TestApprovedPlansOnly:
    """What the law or a network's terms demand waits for no plan; everything else does."""

    @pytest.fixture(autouse=True)
    def planned(self, town: Town, ada: tuple[int, int]) -> None:
        town.say(ada[0], 2, text="said")
        town.settle()
        with town.db.write("test.mode") as session:
            plans.write_only_plans(session, "local", town.clock.now(), is_planned=True)

    def test_an_unlink_waits(self, town: Town, ada: tuple[int, int]) -> None:
        town.unlink(*ada)
        town.settle()
        assert (len(town.profile_records()), len(town.records())) == (1, 2)

    def test_an_erasure_does_not(self, town: Town, ada: tuple[int, int]) -> None:
        forget(town, ada[0])
        town.settle()
        assert (len(town.profile_records()), len(town.records())) == (0, 2)

    def test_what_its_network_deleted_does_not(self, town: Town, ada: tuple[int, int]) -> None:
        town.delete(town.say(ada[0])[0])
        (first, _second) = [row.interaction_id for row in town.entries()][:2]
        town.delete(first or 0)
        town.settle()
        assert (len(town.profile_records()), len(town.records())) == (1, 1)

    def test_consent_taken_back_does_not(
        self, town: Town, ada: tuple[int, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        terms(monkeypatch, match=Rule.CONSENT)
        for step in (give_consent, withdraw_consent):
            with town.db.write("test.consent") as session:
                said = ("by mail",) if step is give_consent else ()
                step(session, ada[0], *said, None, town.clock.now())  # type: ignore[operator]
            while match_due(town.core):
                pass
            town.settle()
            expected = (1, 2) if step is give_consent else (0, 0)
            assert (len(town.profile_records()), len(town.records())) == expected

    def test_what_may_no_longer_be_written_does_not(
        self, town: Town, ada: tuple[int, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        terms(monkeypatch, write_to_crm=Rule.FORBIDDEN)
        with town.db.write("test.due") as session:
            mark_timelines_due(session, [ada[0]], town.clock.now())
        town.settle()
        assert (town.profile_records(), town.records()) == ([], {})

    def test_only_what_is_withdrawn_is_work_for_the_outbox(self, town: Town, ada: tuple[int, int]) -> None:
        town.say(ada[0])
        town.unlink(*ada)
        town.link(*ada)
        town.expand()
        with town.db.read() as session:
            assert not has_due(session, "local", town.clock.now())
        forget(town, ada[0])
        town.expand()
        with town.db.read() as session:
            assert has_due(session, "local", town.clock.now())
