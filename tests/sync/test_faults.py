"""The error inbox: what was set aside is found by kind, tried again one by one or together, decided, and exported."""

import csv
import io
from collections import deque

import pytest
from sqlalchemy import select

from scrm.errors import InputError
from scrm.i18n import gettext, language
from scrm.models import AuditEntry, EntryState
from scrm.sync import faults
from scrm.sync.crm.base import Fault, Result
from tests.sync.town import Town


def park(town: Town, linked: int, *kinds: Fault, text: str = "said") -> list[int]:
    """Entries that the CRM refuses, one for each kind."""
    for kind in kinds:
        town.say(linked, text=text)
        town.expand()
        new = next(row for row in town.entries() if row.state == EntryState.TODO)
        town.crm.answers[new.external_key] = deque([Result.REJECTED])
        town.crm.fault = kind
        town.deliver()
    return [row.id for row in town.entries() if row.state == EntryState.PARKED]


def found(town: Town) -> dict[Fault, int]:
    with town.db.read() as session:
        return {kind.fault: kind.count for kind in faults.kinds(session, "local")}


def exported(town: Town) -> list[dict[str, str]]:
    with town.db.read() as session:
        return list(csv.DictReader(io.StringIO("".join(faults.as_csv(session, "local")))))


def test_every_kind_has_a_cause_and_a_remedy_in_both_languages() -> None:
    assert set(faults.CAUSES) == set(Fault)
    for code in ("en", "de"):
        language.set(code)
        words = [gettext(text) for cause in faults.CAUSES.values() for text in (cause.name, cause.why, cause.fix)]
        assert all(words)
        assert len({cause.name for cause in faults.CAUSES.values()}) == len(Fault)
    language.set("en")


def test_what_was_refused_is_counted_by_kind(town: Town, linked: int) -> None:
    park(town, linked, Fault.VALUE, Fault.RIGHTS, Fault.VALUE)
    assert found(town) == {Fault.VALUE: 2, Fault.RIGHTS: 1}
    assert list(found(town)) == [Fault.VALUE, Fault.RIGHTS]


def test_a_refusal_of_no_known_kind_is_kept_with_the_words_of_the_crm(town: Town, linked: int) -> None:
    town.say(linked)
    town.expand()
    town.crm.answers[town.entry().external_key] = deque([Result.REJECTED])
    town.deliver()
    with town.db.read() as session:
        (line,) = faults.lines(session, "local", Fault.OTHER, most=9)
    assert line.entry.reason == "subject: expected a text"


def test_all_of_a_kind_are_sent_again_and_no_other(town: Town, linked: int) -> None:
    park(town, linked, Fault.VALUE, Fault.RIGHTS, Fault.VALUE)
    assert faults.send_again(town.core, "local", fault=Fault.VALUE) == 2
    town.deliver()
    assert found(town) == {Fault.RIGHTS: 1}
    assert len(town.records()) == 2


def test_one_is_sent_again_alone(town: Town, linked: int) -> None:
    first, _second = park(town, linked, Fault.VALUE, Fault.VALUE)
    assert faults.send_again(town.core, "local", only=[first]) == 1
    town.deliver()
    assert found(town) == {Fault.VALUE: 1}


def test_everything_is_sent_again_over_several_portions(
    town: Town, linked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "PORTION", 2)
    park(town, linked, *[Fault.RULE] * 5)
    assert faults.send_again(town.core, "local") == 5
    assert faults.send_again(town.core, "local") == 0
    town.deliver()
    assert town.records() == town.wanted()


def test_what_is_not_set_aside_is_not_sent_again(town: Town, linked: int) -> None:
    town.say(linked)
    town.settle()
    assert faults.send_again(town.core, "local", only=[town.entry().id]) == 0
    town.deliver()
    assert town.ledger() == ["created"]


@pytest.fixture
def edited(town: Town) -> int:
    """A record that was to be withdrawn and that somebody had edited."""
    profile, contact = town.profile(), town.contact()
    town.say(profile, text="as written")
    town.link(profile, contact)
    town.settle()
    town.edit_record(text="edited by somebody")
    town.unlink(profile, contact)
    town.settle()
    assert found(town) == {Fault.EDITED: 1}
    return town.entry().id


def test_a_record_that_somebody_edited_is_removed_when_a_person_says_so(town: Town, edited: int) -> None:
    faults.remove_all_the_same(town.core, "local", edited)
    town.deliver()
    with town.db.read() as session:
        assert session.scalars(select(AuditEntry.action).where(AuditEntry.action == "faults.remove")).all()
    assert town.records() == {}
    assert (town.entry().state, town.entry().is_forced) == (EntryState.DONE, False)


def test_a_record_that_somebody_edited_stays_when_a_person_says_so(town: Town, edited: int) -> None:
    faults.leave_it(town.core, "local", edited)
    town.wait()
    town.settle()
    assert town.texts() == ["edited by somebody"]
    assert found(town) == {}


def test_only_what_was_edited_is_decided_about(town: Town, linked: int) -> None:
    (parked,) = park(town, linked, Fault.VALUE)
    for decide in (faults.remove_all_the_same, faults.leave_it):
        with pytest.raises(InputError):
            decide(town.core, "local", parked)


def test_the_export_names_every_entry_with_its_cause(town: Town, linked: int) -> None:
    ids = park(town, linked, Fault.VALUE, Fault.RIGHTS)
    rows = exported(town)
    assert [int(row["number"]) for row in rows] == ids
    assert [row["kind"] for row in rows] == ["value", "rights"]
    assert {row["said"] for row in rows} == {"subject: expected a text"}
    assert {row["name"] for row in rows} == {"Ada Example"}


@pytest.mark.parametrize(
    "name",
    ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", "\uff0b1", '=1"', "a,\n=b"],
)
def test_no_cell_of_the_export_is_taken_for_a_formula(town: Town, name: str) -> None:
    profile, contact = town.profile(), town.contact(name)
    town.link(profile, contact)
    park(town, profile, Fault.VALUE)
    (row,) = exported(town)
    assert row["name"].lstrip("'") == name
    assert (row["name"][0] == "'") == (name != "a,\n=b")


@pytest.mark.parametrize("cell", ["", " ", "Ada", "5 - 3", "a=b", "1"])
def test_a_harmless_cell_stays_as_it_is(cell: str) -> None:
    assert faults.harmless(cell) == cell
