"""From links to entries: each test says what people and networks did, then looks at entries or into the CRM."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from scrm.models import (
    Contact,
    EntryState,
    Interaction,
    Profile,
    TimelineDue,
    TimelineEntry,
    claim,
    mark_timelines_due,
)
from scrm.policy import NOT_PUBLIC
from scrm.records import InteractionKind
from scrm.sync import timeline
from scrm.sync.text import cut
from scrm.sync.timeline import CHUNK, SUBJECTS, expand_due, fields_of
from tests.factories import make_interaction, make_profile
from tests.sync.town import Town
from tests.unreliable_crm import Weather


def test_an_unlinked_profile_gets_no_entries(town: Town) -> None:
    town.say(town.profile(), 3)
    assert town.expand() == 1
    assert town.entries() == []
    assert town.due() == 0


def test_a_link_brings_every_interaction_into_the_crm_once(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    town.say(profile, 3)
    town.link(profile, contact)
    town.settle()
    assert town.records() == town.wanted()
    assert len(town.records()) == 3
    assert town.ledger() == ["created"] * 3


def test_expanding_again_changes_nothing(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    town.say(profile, 3)
    town.link(profile, contact)
    town.settle()
    before = [(row.version, row.state, row.generation) for row in town.entries()]
    with town.db.write("test.due") as session:
        mark_timelines_due(session, [profile], town.clock.now())
    town.settle()
    assert [(row.version, row.state, row.generation) for row in town.entries()] == before
    assert town.ledger() == ["created"] * 3


def test_an_edit_is_a_new_version_of_the_same_record(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    (said,) = town.say(profile, text="frist")
    town.link(profile, contact)
    town.settle()
    town.change(said, text="first")
    town.settle()
    assert town.texts() == ["first"]
    assert town.ledger() == ["created", "updated"]
    assert (town.entry().version, town.entry().written_version) == (2, 2)


def test_a_deletion_withdraws_the_record(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    said, _kept = town.say(profile, 2)
    town.link(profile, contact)
    town.settle()
    town.delete(said)
    town.settle()
    assert town.records() == town.wanted()
    assert len(town.records()) == 1
    assert town.ledger() == ["created", "created", "withdrawn"]


def test_what_was_deleted_before_the_link_is_never_written(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    (said,) = town.say(profile)
    town.delete(said)
    town.link(profile, contact)
    town.settle()
    assert town.entries() == []
    assert town.crm.calls.total() == 0


def test_another_contact_takes_the_records_over(town: Town) -> None:
    profile, wrong, right = town.profile(), town.contact("Wrong One"), town.contact("Right One")
    town.say(profile, 2)
    town.link(profile, wrong)
    town.settle()
    town.link(profile, right)
    town.settle()
    assert town.records() == town.wanted()
    assert len(town.records()) == 2
    assert town.ledger() == ["created", "created", "updated", "updated"]


def test_unlinking_withdraws_what_was_written_and_undo_brings_it_back(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    town.say(profile, 2)
    town.link(profile, contact)
    town.settle()
    refusal = town.unlink(profile, contact)
    town.settle()
    assert town.records() == {}
    town.undo(refusal)
    town.settle()
    assert town.records() == town.wanted()
    assert len(town.records()) == 2


def test_unlinking_before_anything_was_sent_needs_no_call(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    town.say(profile, 2)
    town.link(profile, contact)
    town.expand()
    town.unlink(profile, contact)
    town.settle()
    assert {row.state for row in town.entries()} == {EntryState.DONE}
    assert town.crm.calls.total() == 0


def test_a_write_nobody_heard_of_is_withdrawn_too(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    town.say(profile)
    town.link(profile, contact)
    town.crm.forecast.append(Weather.ANSWER_LOST)
    town.settle()
    assert town.entry().record_id is None
    town.unlink(profile, contact)
    town.wait()
    town.settle()
    assert town.records() == {}


def test_what_was_not_said_in_public_is_held_with_the_reason(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    town.say(profile, audience="private")
    town.link(profile, contact)
    town.settle()
    assert (town.entry().state, town.entry().reason) == (EntryState.HELD, NOT_PUBLIC)
    assert town.crm.calls.total() == 0


def test_what_becomes_private_is_withdrawn_and_held(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    (said,) = town.say(profile)
    town.link(profile, contact)
    town.settle()
    town.change(said, audience="followers")
    town.settle()
    assert town.records() == {}
    assert (town.entry().state, town.entry().reason) == (EntryState.HELD, NOT_PUBLIC)
    town.change(said, audience="public")
    town.settle()
    assert town.records() == town.wanted()
    assert town.entry().reason is None


def test_a_held_withdrawal_keeps_its_reason_through_an_outage_and_a_lock(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    (said,) = town.say(profile)
    town.link(profile, contact)
    town.settle()
    town.change(said, audience="private")
    town.crm.forecast.append(Weather.DOWN)
    town.settle()
    assert len(town.records()) == 1
    town.wait()
    town.deliver()
    assert town.records() == {}
    assert (town.entry().state, town.entry().reason) == (EntryState.HELD, NOT_PUBLIC)


def test_what_is_held_is_forgotten_with_the_link(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    town.say(profile, audience="private")
    town.link(profile, contact)
    town.settle()
    town.unlink(profile, contact)
    town.settle()
    assert (town.entry().state, town.entry().reason) == (EntryState.DONE, None)


def test_a_network_nobody_knows_is_held(town: Town) -> None:
    with town.db.write("test.stranger") as session:
        profile = make_profile(session, network="unheard-of")
        make_interaction(session, profile)
    town.link(profile.id, town.contact())
    town.settle()
    assert town.entry().state == EntryState.HELD
    assert town.records() == {}


def test_a_long_timeline_is_expanded_in_portions(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "CHUNK", 5)
    profile, contact = town.profile(), town.contact()
    town.say(profile, 12)
    town.say(profile, 5, audience="private")  # a portion of nothing but held rows must not be read for ever
    town.link(profile, contact)
    assert town.expand() == 4
    assert len(town.entries()) == 17
    town.deliver()
    assert town.records() == town.wanted()
    town.unlink(profile, contact)
    assert town.expand() == 4
    town.deliver()
    assert town.records() == {}


def test_a_portion_is_what_one_transaction_may_take() -> None:
    assert CHUNK == 200


def test_a_change_that_comes_while_expanding_is_not_lost(town: Town) -> None:
    profile = town.profile()
    town.say(profile)
    with town.db.write("test.claim") as session:
        (due,) = claim(session, TimelineDue, town.clock.now(), seconds=120)
    with town.db.write("test.meanwhile") as session:
        mark_timelines_due(session, [profile], town.clock.now())
    with town.db.write("test.clear") as session:
        timeline._clear(session, due)
    assert town.due() == 1
    assert town.expand() == 1
    assert town.due() == 0


def test_a_lost_lease_clears_nothing(town: Town) -> None:
    profile = town.profile()
    town.say(profile)
    with town.db.write("test.claim") as session:
        (due,) = claim(session, TimelineDue, town.clock.now(), seconds=120)
    town.wait(121)
    with town.db.write("test.thief") as session:
        assert len(claim(session, TimelineDue, town.clock.now(), seconds=120)) == 1
    with town.db.write("test.clear") as session:
        timeline._clear(session, due)
    assert town.due() == 1


def test_a_claimed_timeline_is_left_to_who_claimed_it(town: Town) -> None:
    town.say(town.profile())
    with town.db.write("test.claim") as session:
        claim(session, TimelineDue, town.clock.now(), seconds=120)
    assert expand_due(town.core) is False
    town.wait(121)
    assert expand_due(town.core) is True


def test_what_we_answered_stands_on_the_timeline_of_whom_we_answered(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    with town.db.write("test.answer") as session:
        ours = make_profile(session, network="bluesky", is_internal=True, display_name="Us")
        party = session.get_one(Profile, profile)
        make_interaction(session, ours, party_id=party.id, direction="out", text="Thank you")
    town.link(profile, contact)
    town.settle()
    assert town.texts() == ["Thank you"]


def test_an_entry_says_what_a_rep_reads(town: Town) -> None:
    profile = town.profile(display_name="Ada", handle="ada.example")
    (said,) = town.say(profile, text="x" * 50, kind="reply")
    with town.db.read() as session:
        row = session.get_one(Interaction, said)
        fields = fields_of(row, session.get_one(Profile, profile), "Bluesky", 20)
    assert fields["subject"] == "Reply on Bluesky"
    assert fields["text"] == "x" * 19 + "…"
    assert (fields["author"], fields["handle"], fields["direction"]) == ("Ada", "ada.example", "in")


def test_every_kind_has_a_subject() -> None:
    assert set(SUBJECTS) == {kind.value for kind in InteractionKind}


FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
FLAGS = "\N{REGIONAL INDICATOR SYMBOL LETTER D}\N{REGIONAL INDICATOR SYMBOL LETTER E}" * 2


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        (f"ab{FAMILY}cd", 5, "ab…"),
        (f"ab{FAMILY}cd", 8, f"ab{FAMILY}…"),
        ("abe\u0301f", 4, "ab…"),
        ("ab\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}c", 4, "ab…"),
        ("abc" + FLAGS, 5, "abc…"),
        ("abc" + FLAGS, 6, "abc" + FLAGS[:2] + "…"),
        ("ab\N{HEAVY BLACK HEART}\ufe0fc", 4, "ab…"),
        ("ab\u0939\u093f\u0928", 4, "ab…"),  # a Hindi vowel sign belongs to its letter
        ("a\r\nbc", 3, "a…"),
        (FAMILY, 3, "…"),
        ("e" + "\u0301" * 30, 5, "…"),
    ],
)
def test_a_text_is_never_cut_inside_a_letter(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit) == expected


@given(st.text(max_size=40), st.integers(min_value=1, max_value=45))
def test_a_cut_text_fits_and_is_how_the_text_begins(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert len(short) <= limit
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


def test_what_moved_to_a_contact_of_another_crm_goes_from_the_first_and_comes_to_the_second(town: Town) -> None:
    profile, here, there = town.person(), town.contact("Ada Example"), town.contact("Bo Example")
    said = town.say(profile, 3)
    town.link(profile, here)
    town.settle()
    town.wait(60)
    town.settle()
    assert len(town.records()) == 3
    with town.db.write("test.elsewhere") as session:
        session.get_one(Contact, there).crm_id = "salesforce"
    town.unlink(profile, here)
    town.link(profile, there)
    town.settle()
    town.settle()
    assert town.records() == {}
    assert town.profile_records() == []
    with town.db.read() as session:
        rows = session.scalars(select(TimelineEntry).order_by(TimelineEntry.id)).all()
    by_crm = {(row.crm_id, row.is_wanted): row.contact_id for row in rows}
    assert by_crm == {("local", False): here, ("salesforce", True): there}
    assert len(rows) == 2 * (len(said) + 1)  # the profile's own record, too
    town.change(said[0], text="edited")
    town.expand()
    assert town.records() == {}
    town.unlink(profile, there)
    town.link(profile, here)
    town.settle()
    town.wait(60)
    town.settle()
    assert len(town.records()) == 3
    assert "edited" in town.texts()


def test_a_link_that_moved_to_another_crm_is_followed_by_many_in_portions(town: Town) -> None:
    profile, here, there = town.profile(), town.contact("Ada Example"), town.contact("Bo Example")
    town.say(profile, CHUNK + 5)
    town.link(profile, here)
    town.settle()
    with town.db.write("test.elsewhere") as session:
        session.get_one(Contact, there).crm_id = "salesforce"
    town.unlink(profile, here)
    town.link(profile, there)
    assert town.expand() > 1
    with town.db.read() as session:
        rows = session.scalars(select(TimelineEntry)).all()
    assert {(row.crm_id, row.is_wanted) for row in rows} == {("local", False), ("salesforce", True)}
    assert len(rows) == 2 * (CHUNK + 5)
