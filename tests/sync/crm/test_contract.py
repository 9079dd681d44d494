"""What every Crm implementation promises; a new one adds its world to worlds.py and passes this file unchanged."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from scrm.runtime import Core
from scrm.sync.crm import open_crm
from scrm.sync.crm.base import Changes, ContactRecord, EntryWrite, Outcome, Result
from tests.sync.crm.worlds import PAGE, START, WORLDS, World


@pytest.fixture(params=list(WORLDS))
def world(request: pytest.FixtureRequest, core: Core) -> Iterator[World]:
    with WORLDS[request.param](core) as world:
        yield world


def entry(contact: str, key: str = "1-aa", version: int = 1, text: str = "hello") -> EntryWrite:
    return EntryWrite(
        external_key=key,
        contact_native_id=contact,
        version=version,
        occurred_at=START + timedelta(days=version),
        fields={"subject": "Post", "text": text},
    )


def read_all(world: World, cursor: str | None = None) -> tuple[list[ContactRecord], str]:
    contacts: list[ContactRecord] = []
    while True:
        portion: Changes = world.crm.read_changes(cursor)
        contacts += portion.contacts
        cursor = portion.cursor
        if not portion.has_more:
            return contacts, cursor


def results(outcomes: Sequence[Outcome]) -> list[Result]:
    return [outcome.result for outcome in outcomes]


def test_it_describes_limits_that_can_be_worked_with(world: World) -> None:
    about = world.crm.describe()
    assert about.crm_id
    assert about.label
    assert about.batch_size > 0
    assert about.text_limit >= about.subject_limit > 0


def test_it_can_be_opened_by_its_id(world: World) -> None:
    assert open_crm(world.core, world.crm.describe().crm_id).describe() == world.crm.describe()


def test_an_empty_crm_has_a_cursor_to_go_on_from(world: World) -> None:
    first = world.crm.read_changes(None)
    assert (first.contacts, first.has_more) == ((), False)
    native_id = world.add("Ada Example")
    later = world.crm.read_changes(first.cursor)
    assert [contact.native_id for contact in later.contacts] == [native_id]


def test_changes_come_in_portions_oldest_first_each_contact_once(world: World) -> None:
    names = [f"Person {number}" for number in range(2 * PAGE + 1)]
    ids = [world.add(name) for name in names]
    first = world.crm.read_changes(None)
    assert first.has_more
    assert len(first.contacts) <= PAGE
    contacts, _cursor = read_all(world)
    assert [contact.native_id for contact in contacts] == ids
    assert [contact.full_name for contact in contacts] == names


def test_a_portion_that_is_exactly_full_does_not_promise_more(world: World) -> None:
    for number in range(PAGE):
        world.add(f"Person {number}")
    assert not world.crm.read_changes(None).has_more


def test_the_same_cursor_gives_the_same_portion_again(world: World) -> None:
    for number in range(PAGE + 1):
        world.add(f"Person {number}")
    first = world.crm.read_changes(None)
    assert world.crm.read_changes(first.cursor) == world.crm.read_changes(first.cursor)


def test_only_what_changed_after_the_cursor_is_read(world: World) -> None:
    first, _second, third = (world.add(name) for name in ("Ada", "Ben", "Cleo"))
    _all, cursor = read_all(world)
    world.rename(third, "Cleo Changed")
    world.rename(first, "Ada Changed")
    changed, cursor = read_all(world, cursor)
    assert [(contact.native_id, contact.full_name) for contact in changed] == [
        (third, "Cleo Changed"),
        (first, "Ada Changed"),
    ]
    assert read_all(world, cursor) == ([], cursor)


def test_a_contact_changed_between_two_portions_is_not_lost(world: World) -> None:
    ids = [world.add(f"Person {number}") for number in range(PAGE + 2)]
    first = world.crm.read_changes(None)
    world.rename(ids[0], "changed while reading")
    rest, _cursor = read_all(world, first.cursor)
    seen = {contact.native_id: contact.full_name for contact in [*first.contacts, *rest]}
    assert set(seen) == set(ids)
    assert seen[ids[0]] == "changed while reading"


def test_deletions_and_merges_are_changes(world: World) -> None:
    kept, merged, deleted = (world.add(name) for name in ("Ada", "Ada Again", "Ben"))
    _all, cursor = read_all(world)
    world.merge(merged, into=kept)
    world.delete(deleted)
    changed, _cursor = read_all(world, cursor)
    by_id = {contact.native_id: contact for contact in changed}
    assert by_id[merged].merged_into == kept
    assert by_id[deleted].is_deleted
    assert by_id[deleted].merged_into is None


def test_reading_by_id_leaves_out_what_it_does_not_know(world: World) -> None:
    native_id = world.add("Ada")
    found = world.crm.read([native_id, "9999999", "no such id", ""])
    assert [(contact.native_id, contact.full_name) for contact in found] == [(native_id, "Ada")]


def test_a_plan_writes_nothing_and_foretells_the_write(world: World) -> None:
    ada = world.add("Ada")
    world.crm.write([entry(ada, "1-old", version=3), entry(ada, "1-same")])
    batch = [
        entry(ada, "1-new"),
        entry(ada, "1-old", version=4, text="edited"),
        entry(ada, "1-same"),
        entry("9999999", "1-gone"),
    ]
    before, log = world.records(), world.writes()
    plan = world.crm.plan(batch)
    assert (world.records(), world.writes()) == (before, log)
    outcomes = world.crm.write(batch)
    foretold = {key: result for result, keys in plan.by_result.items() for key in keys}
    assert foretold == {outcome.external_key: outcome.result for outcome in outcomes}
    assert results(outcomes) == [Result.CREATED, Result.UPDATED, Result.UNCHANGED, Result.CONTACT_GONE]


def test_a_write_made_twice_is_one_record(world: World) -> None:
    ada = world.add("Ada")
    (first,) = world.crm.write([entry(ada)])
    (second,) = world.crm.write([entry(ada)])
    assert (first.result, second.result) == (Result.CREATED, Result.UNCHANGED)
    assert first.record_id == second.record_id is not None
    assert len(world.records()) == 1


def test_one_key_twice_in_a_batch_is_one_record(world: World) -> None:
    ada = world.add("Ada")
    world.crm.write([entry(ada, version=1, text="old"), entry(ada, version=2, text="new")])
    assert {key: held.fields["text"] for key, held in world.records().items()} == {"1-aa": "new"}


def test_an_update_tells_what_stood_there_before(world: World) -> None:
    ada = world.add("Ada")
    (created,) = world.crm.write([entry(ada, text="first")])
    (updated,) = world.crm.write([entry(ada, version=2, text="second")])
    assert created.before is None
    assert updated.before is not None
    assert updated.before["text"] == "first"
    assert world.records()["1-aa"].fields["text"] == "second"
    assert not updated.changed_by_others


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1), (3, 1, 3, 2, 2)])
def test_an_older_version_never_wins(world: World, order: tuple[int, ...]) -> None:
    ada = world.add("Ada")
    outcomes = [world.crm.write([entry(ada, version=v, text=f"text {v}")])[0] for v in order]
    held = world.records()["1-aa"]
    assert (held.version, held.fields["text"]) == (3, "text 3")
    newest = 0
    for version, outcome in zip(order, outcomes, strict=True):
        assert (outcome.result is Result.STALE) == (version < newest)
        newest = max(newest, version)


def test_an_older_withdrawal_never_wins(world: World) -> None:
    ada = world.add("Ada")
    world.crm.write([entry(ada, version=5)])
    assert results(world.crm.withdraw([entry(ada, version=4)])) == [Result.STALE]
    assert "1-aa" in world.records()


def test_one_bad_row_leaves_its_neighbors(world: World) -> None:
    ada = world.add("Ada")
    too_long = "x" * (world.crm.describe().text_limit + 1)
    batch = [entry(ada, "1-a"), entry(ada, "1-b", text=too_long), entry("9999999", "1-c"), entry(ada, "1-d")]
    outcomes = world.crm.write(batch)
    assert results(outcomes) == [Result.CREATED, Result.REJECTED, Result.CONTACT_GONE, Result.CREATED]
    assert [outcome.external_key for outcome in outcomes] == ["1-a", "1-b", "1-c", "1-d"]
    assert set(world.records()) == {"1-a", "1-d"}
    assert outcomes[1].error is not None
    assert "text" in outcomes[1].error
    assert "xxx" not in outcomes[1].error


def test_text_that_a_database_refuses_is_rejected_alone(world: World) -> None:
    ada = world.add("Ada")
    outcomes = world.crm.write([entry(ada, "1-a", text="nul \x00"), entry(ada, "1-b", text="ok 👩‍👩‍👧")])
    assert results(outcomes) == [Result.REJECTED, Result.CREATED]


def test_a_batch_larger_than_one_call_is_written_whole(world: World) -> None:
    ada = world.add("Ada")
    many = world.crm.describe().batch_size + 1
    outcomes = world.crm.write([entry(ada, f"1-{number}") for number in range(many)])
    assert results(outcomes) == [Result.CREATED] * many
    assert len(world.records()) == many


def test_an_empty_batch_is_nothing(world: World) -> None:
    assert list(world.crm.write([])) == []
    assert list(world.crm.withdraw([])) == []
    assert dict(world.crm.plan([]).by_result) == {}


def test_a_record_moves_with_its_key_to_another_contact(world: World) -> None:
    ada, ben = world.add("Ada"), world.add("Ben")
    world.crm.write([entry(ada)])
    assert results(world.crm.write([entry(ben, version=2)])) == [Result.UPDATED]
    assert {key: held.contact_native_id for key, held in world.records().items()} == {"1-aa": ben}


def test_a_record_is_withdrawn_once_and_again_without_harm(world: World) -> None:
    ada = world.add("Ada")
    world.crm.write([entry(ada, text="to be recalled")])
    (first,) = world.crm.withdraw([entry(ada, version=2)])
    (second,) = world.crm.withdraw([entry(ada, version=2)])
    assert (first.result, second.result) == (Result.WITHDRAWN, Result.WITHDRAWN)
    assert first.before is not None
    assert first.before["text"] == "to be recalled"
    assert second.before is None
    assert world.records() == {}


def test_a_withdrawn_record_can_be_written_again(world: World) -> None:
    ada = world.add("Ada")
    world.crm.write([entry(ada)])
    world.crm.withdraw([entry(ada, version=2)])
    assert results(world.crm.write([entry(ada, version=3)])) == [Result.CREATED]


def test_a_record_that_somebody_edited_is_not_withdrawn_but_reported(world: World) -> None:
    ada = world.add("Ada")
    world.crm.write([entry(ada, "1-a"), entry(ada, "1-b")])
    world.edit("1-a", "text", "hello. Called back.")
    edited, other = world.crm.withdraw([entry(ada, "1-a", version=2), entry(ada, "1-b", version=2)])
    assert (edited.result, edited.changed_by_others, other.result) == (Result.EDITED, True, Result.WITHDRAWN)
    assert edited.record_id
    assert edited.before is not None
    assert edited.before["text"] == "hello. Called back."
    assert {key: held.fields["text"] for key, held in world.records().items()} == {"1-a": "hello. Called back."}


def test_what_a_person_decided_to_remove_goes_whoever_edited_it(world: World) -> None:
    ada = world.add("Ada")
    world.crm.write([entry(ada)])
    world.edit("1-aa", "text", "hello. Called back.")
    assert results(world.crm.withdraw([replace(entry(ada, version=2), is_forced=True)])) == [Result.WITHDRAWN]
    assert world.records() == {}


def test_what_must_go_goes_even_from_a_record_that_somebody_edited(world: World) -> None:
    ada = world.add("Ada")
    world.crm.write([entry(ada, text="deleted at its network")])
    world.edit("1-aa", "subject", "Complaint")
    for _again in range(2):
        assert results(world.crm.withdraw([replace(entry(ada, version=2), must_go=True)])) == [Result.EDITED]
    fields = world.records()["1-aa"].fields
    assert (fields["subject"], fields["text"] or None) == ("Complaint", None)


def test_a_write_leaves_the_field_that_somebody_edited(world: World) -> None:
    ada = world.add("Ada")
    (first,) = world.crm.write([entry(ada, text="first")])
    world.edit("1-aa", "subject", "Complaint")
    second = replace(entry(ada, version=2, text="second"), record_id=first.record_id)
    (outcome,) = world.crm.write([second])
    assert (outcome.result, outcome.changed_by_others) == (Result.UPDATED, True)
    fields = world.records()["1-aa"].fields
    assert (fields["subject"], fields["text"]) == ("Complaint", "second")


def test_a_newer_version_is_told_so_that_it_can_be_overtaken(world: World) -> None:
    ada = world.add("Ada")
    (first,) = world.crm.write([entry(ada, version=5)])
    (stale,) = world.crm.write([replace(entry(ada, version=3), record_id=first.record_id)])
    assert (stale.result, stale.version) == (Result.STALE, 5)
    assert world.crm.withdraw([entry(ada, version=3)])[0].version == 5


def test_a_plan_tells_what_stands_there(world: World) -> None:
    ada = world.add("Ada")
    world.crm.write([entry(ada, "1-old", text="stands there")])
    plan = world.crm.plan([entry(ada, "1-old", version=2, text="would"), entry(ada, "1-new")])
    assert {key: before["text"] for key, before in plan.before.items()} == {"1-old": "stands there"}
    assert json.loads(json.dumps(plan.before)) == plan.before  # a plan is stored


def test_a_plan_tells_what_would_stand_there_and_that_edits_stay(world: World) -> None:
    ada = world.add("Ada")
    world.crm.write([entry(ada, "1-old", text="stands there")])
    world.edit("1-old", "subject", "Angry!")
    batch = [entry(ada, "1-old", version=2, text="would"), entry(ada, "1-new")]
    plan = world.crm.plan(batch)
    assert {key: plan.before["1-old"][key] for key in ("subject", "text")} == {
        "subject": "Angry!",
        "text": "stands there",
    }
    world.crm.write(batch)
    found = world.records()
    for key in ("1-old", "1-new"):
        told = {name: plan.after[key][name] for name in ("subject", "text")}
        assert told == {name: found[key].fields[name] for name in told}
    assert json.loads(json.dumps(plan.after)) == plan.after  # a plan is stored


@pytest.mark.parametrize("ending", ["deleted", "merged", "unknown"])
def test_a_write_to_a_contact_that_is_gone_says_so(world: World, ending: str) -> None:
    ada, ben = world.add("Ada"), world.add("Ben")
    if ending == "deleted":
        world.delete(ben)
    elif ending == "merged":
        world.merge(ben, into=ada)
    contact = "8888888" if ending == "unknown" else ben
    assert results(world.crm.write([entry(contact)])) == [Result.CONTACT_GONE]
    assert world.records() == {}


def test_what_a_gone_contact_had_can_be_withdrawn(world: World) -> None:
    ada = world.add("Ada")
    world.crm.write([entry(ada)])
    world.delete(ada)
    assert results(world.crm.withdraw([entry(ada, version=2)])) == [Result.WITHDRAWN]
    assert world.records() == {}


def test_a_chain_of_merges_ends_at_the_survivor(world: World) -> None:
    ada, ben, cleo = (world.add(name) for name in ("Ada", "Ben", "Cleo"))
    world.merge(ada, into=ben)
    assert world.crm.resolve_merge(ada) == ben
    world.merge(ben, into=cleo)
    assert [world.crm.resolve_merge(native_id) for native_id in (ada, ben, cleo)] == [cleo] * 3


def test_a_merge_into_a_deleted_contact_has_no_survivor(world: World) -> None:
    ada, ben = world.add("Ada"), world.add("Ben")
    world.merge(ada, into=ben)
    world.delete(ben)
    assert [world.crm.resolve_merge(native_id) for native_id in (ada, ben, "7777777")] == [None] * 3


def test_a_loop_of_merges_ends_and_has_one_survivor(world: World) -> None:
    ada, ben, cleo = (world.add(name) for name in ("Ada", "Ben", "Cleo"))
    for loser, into in ((ada, ben), (ben, cleo), (cleo, ada)):
        world.merge(loser, into=into)
    survivors = {world.crm.resolve_merge(native_id) for native_id in (ada, ben, cleo)}
    assert len(survivors) == 1
    (survivor,) = survivors
    assert survivor is not None
    assert results(world.crm.write([entry(survivor)])) == [Result.CREATED]
    newest = {contact.native_id: contact for contact in read_all(world)[0]}
    assert [native_id for native_id, contact in newest.items() if contact.merged_into is None] == [survivor]


def test_the_budget_is_a_number_or_without_limit(world: World) -> None:
    remaining = world.crm.budget().remaining
    assert remaining is None or remaining >= 0
