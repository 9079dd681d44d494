"""Taking back what was written: the CRM is as it was before, and what people edited is kept and reported."""

from typing import Any

from sqlalchemy import select

from scrm.models import EntryState, Journal, LocalContact, LocalRecord, mark_timelines_due
from scrm.sync.crm.base import Fault
from tests.sync.town import Town


def snapshot(town: Town) -> list[dict[str, Any]]:
    """Everything that stands in the CRM."""
    with town.db.read() as session:
        tables = (LocalContact.__table__, LocalRecord.__table__)
        return [dict(row) for table in tables for row in session.execute(select(table)).mappings()]


def last(town: Town) -> Journal:
    with town.db.read() as session:
        return session.scalars(select(Journal).order_by(Journal.id.desc()).limit(1)).one()


def records(town: Town) -> list[dict[str, Any]]:
    with town.db.read() as session:
        return [row.fields for row in session.scalars(select(LocalRecord))]


def test_linking_writing_editing_and_unlinking_leaves_the_crm_as_it_was(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    said = town.say(profile, 3)
    before = snapshot(town)
    town.link(profile, contact)
    town.settle()
    town.change(said[0], text="edited at the network")
    town.say(profile)
    town.settle()
    assert len(town.records()) == 4
    town.unlink(profile, contact)
    town.settle()
    assert snapshot(town) == before
    assert {row.state for row in town.entries()} == {EntryState.DONE}


def test_a_link_that_is_undone_and_made_again_and_undone_leaves_the_crm_as_it_was(town: Town) -> None:
    profile, first, second = town.profile(), town.contact("Ada Example"), town.contact("Bo Example")
    town.say(profile, 2)
    before = snapshot(town)
    for contact in (first, second):
        town.undo(town.link(profile, contact))
        judgment = town.link(profile, contact)
        town.settle()
        assert len(town.records()) == 2
        town.undo(judgment)
        town.settle()
    assert snapshot(town) == before


def test_what_somebody_edited_is_kept_and_reported(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    town.say(profile, text="as written")
    town.link(profile, contact)
    town.settle()
    town.edit_record(text="as written. Called back, all is well.")
    town.unlink(profile, contact)
    town.settle()
    assert town.texts() == ["as written. Called back, all is well."]
    entry = town.entry()
    assert (entry.state, entry.fault, entry.record_id is None) == (EntryState.PARKED, Fault.EDITED, False)
    row = last(town)
    assert (row.operation, row.changed_by_others) == ("edited", True)
    assert row.before is not None
    assert row.before["text"] == "as written. Called back, all is well."


def test_its_unedited_neighbors_are_withdrawn(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    town.say(profile, text="edited")
    town.link(profile, contact)
    town.settle()
    town.edit_record(text="edited by somebody")
    town.say(profile, 3)
    town.settle()
    town.unlink(profile, contact)
    town.settle()
    assert town.texts() == ["edited by somebody"]


def test_an_update_leaves_the_fields_that_somebody_edited(town: Town, linked: int) -> None:
    (said,) = town.say(linked, text="as written")
    town.settle()
    town.edit_record(subject="Complaint about the delivery")
    town.change(said, text="edited at the network")
    town.settle()
    (fields,) = records(town)
    assert (fields["subject"], fields["text"]) == ("Complaint about the delivery", "edited at the network")
    assert last(town).changed_by_others
    assert town.entry().state == EntryState.DONE


def test_what_its_network_deleted_goes_even_from_a_record_that_somebody_edited(town: Town, linked: int) -> None:
    (said,) = town.say(linked, text="to be deleted")
    town.settle()
    town.edit_record(subject="Complaint about the delivery")
    town.delete(said)
    town.settle()
    (fields,) = records(town)
    assert fields["subject"] == "Complaint about the delivery"
    assert {value for name, value in fields.items() if name != "subject"} == {None}
    assert town.entry().fault == Fault.EDITED
    with town.db.read() as session:
        assert {str(row.before) + str(row.after) for row in session.scalars(select(Journal))} == {"NoneNone"}


def test_what_was_left_after_unlinking_still_loses_what_its_network_deletes_later(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    (said,) = town.say(profile, text="to be deleted")
    town.link(profile, contact)
    town.settle()
    town.edit_record(subject="Complaint")
    town.unlink(profile, contact)
    town.settle()
    assert town.texts() == ["to be deleted"]
    town.delete(said)
    town.settle()
    (fields,) = records(town)
    assert (fields["subject"], fields["text"]) == ("Complaint", None)


def test_a_record_that_was_left_is_ours_again_when_the_link_is(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    town.say(profile, text="as written")
    town.link(profile, contact)
    town.settle()
    town.edit_record(subject="Complaint")
    town.unlink(profile, contact)
    town.settle()
    town.link(profile, contact)
    town.settle()
    assert len(town.records()) == 1
    assert town.entry().state == EntryState.DONE
    assert records(town)[0]["subject"] == "Complaint"


def test_an_unknown_outcome_is_no_edit_by_others(town: Town, linked: int) -> None:
    (said,) = town.say(linked, text="one")
    town.settle()
    town.change(said, text="two")
    town.expand()
    town.crm.meanwhile = lambda: town.change(said, text="three")
    town.deliver()
    town.crm.meanwhile = lambda: None
    with town.db.write("test.due") as session:
        mark_timelines_due(session, [linked], town.clock.now())
    town.settle()
    assert town.texts() == ["three"]
    assert not last(town).changed_by_others
