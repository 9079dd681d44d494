"""What every Crm implementation promises of the records of profiles, and of what hangs on them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from scrm.models import RecordKind
from scrm.runtime import Core
from scrm.sync.crm.base import EntryWrite, Result
from tests.sync.crm.test_contract import entry, results
from tests.sync.crm.worlds import START, WORLDS, World


@pytest.fixture(params=list(WORLDS))
def world(request: pytest.FixtureRequest, core: Core) -> Iterator[World]:
    with WORLDS[request.param](core) as world:
        yield world


def profile(contact: str, key: str = "1-pp", version: int = 1, **fields: Any) -> EntryWrite:
    said = {"display_name": "Ada", "handle": "ada.example", "network": "bluesky", "probability": 98.5}
    said |= {"matched_at": "2026-03-01T10:00:00+00:00", "evidence": "+ Same address"}
    return EntryWrite(
        kind=RecordKind.PROFILE,
        external_key=key,
        contact_native_id=contact,
        version=version,
        occurred_at=START,
        fields=said | fields,
    )


def test_the_record_of_a_profile_is_held_beside_what_it_said(world: World) -> None:
    ada = world.add("Ada")
    (of_profile,) = world.crm.write([profile(ada)])
    (said,) = world.crm.write([replace(entry(ada), profile_record_id=of_profile.record_id)])
    assert (of_profile.result, said.result) == (Result.CREATED, Result.CREATED)
    held = world.records()
    assert {key: row.kind for key, row in held.items()} == {
        "1-pp": RecordKind.PROFILE,
        "1-aa": RecordKind.INTERACTION,
    }
    assert held["1-aa"].profile_record_id == of_profile.record_id
    assert held["1-pp"].contact_native_id == ada
    assert {name: held["1-pp"].fields[name] for name in ("display_name", "probability", "evidence")} == {
        "display_name": "Ada",
        "probability": 98.5,
        "evidence": "+ Same address",
    }


def test_the_record_of_a_profile_keeps_the_same_promises(world: World) -> None:
    ada, ben = world.add("Ada"), world.add("Ben")
    (first,) = world.crm.write([profile(ada)])
    assert results(world.crm.write([profile(ada)])) == [Result.UNCHANGED]
    (moved,) = world.crm.write([replace(profile(ben, version=3, handle="new"), record_id=first.record_id)])
    assert (moved.result, moved.record_id) == (Result.UPDATED, first.record_id)
    assert moved.before is not None
    assert (moved.before["handle"], moved.before["probability"]) == ("ada.example", 98.5)
    (stale,) = world.crm.write([replace(profile(ada, version=2), record_id=first.record_id)])
    assert (stale.result, stale.version) == (Result.STALE, 3)
    assert world.records()["1-pp"].contact_native_id == ben
    world.edit("1-pp", "handle", "told on the telephone")
    assert results(world.crm.withdraw([profile(ben, version=4)])) == [Result.EDITED]
    assert results(world.crm.withdraw([replace(profile(ben, version=4), is_forced=True)])) == [Result.WITHDRAWN]
    assert world.records() == {}


def test_a_profile_whose_time_is_over_leaves_nothing_but_what_people_wrote(world: World) -> None:
    ada = world.add("Ada")
    world.crm.write([profile(ada)])
    world.edit("1-pp", "handle", "told on the telephone")
    assert results(world.crm.withdraw([replace(profile(ada, version=2), must_go=True)])) == [Result.EDITED]
    fields = world.records()["1-pp"].fields
    assert fields["handle"] == "told on the telephone"
    assert {fields[name] or None for name in ("display_name", "probability", "evidence", "matched_at")} == {None}


def test_both_kinds_go_in_one_batch_and_come_back_in_its_order(world: World) -> None:
    ada = world.add("Ada")
    batch = [entry(ada, "1-a"), profile(ada), entry(ada, "1-b"), profile("9999999", "1-gone")]
    foretold = {key: result for result, keys in world.crm.plan(batch).by_result.items() for key in keys}
    outcomes = world.crm.write(batch)
    assert [outcome.external_key for outcome in outcomes] == ["1-a", "1-pp", "1-b", "1-gone"]
    assert results(outcomes) == [Result.CREATED] * 3 + [Result.CONTACT_GONE]
    assert foretold == {outcome.external_key: outcome.result for outcome in outcomes}
    assert results(world.crm.withdraw(batch)) == [Result.WITHDRAWN] * 4
    assert world.records() == {}


def test_what_was_said_is_hung_on_a_profile_later_and_off_a_withdrawn_one(world: World) -> None:
    ada = world.add("Ada")
    (said,) = world.crm.write([entry(ada)])
    (of_profile,) = world.crm.write([profile(ada)])
    hung = replace(entry(ada), version=2, record_id=said.record_id, profile_record_id=of_profile.record_id)
    assert results(world.crm.write([hung])) == [Result.UPDATED]
    assert results(world.crm.write([replace(hung, profile_record_id=None)])) == [Result.UNCHANGED]
    assert world.records()["1-aa"].profile_record_id == of_profile.record_id
    world.crm.withdraw([profile(ada, version=2)])
    assert world.records()["1-aa"].profile_record_id is None


def test_a_fraction_of_a_second_that_a_crm_does_not_keep_is_no_edit(world: World) -> None:
    ada = world.add("Ada")
    said = replace(entry(ada), occurred_at=START + timedelta(milliseconds=123))
    of_profile = profile(ada, matched_at="2026-03-01T10:00:00.987654+00:00")
    first = world.crm.write([said, of_profile])
    again = [replace(row, record_id=done.record_id) for row, done in zip((said, of_profile), first, strict=True)]
    assert results(world.crm.write(again)) == [Result.UNCHANGED] * 2
    assert results(world.crm.withdraw([replace(row, version=2) for row in again])) == [Result.WITHDRAWN] * 2


@pytest.mark.parametrize("is_new", [True, False])
def test_what_was_said_is_written_though_the_record_of_its_profile_is_gone(world: World, is_new: bool) -> None:
    ada = world.add("Ada")
    (of_profile,) = world.crm.write([profile(ada)])
    known = None if is_new else world.crm.write([entry(ada)])[0].record_id
    world.crm.withdraw([profile(ada, version=2)])
    said = replace(entry(ada, version=2, text="new"), record_id=known, profile_record_id=of_profile.record_id)
    (outcome,) = world.crm.write([said])
    assert outcome.result is (Result.CREATED if is_new else Result.UPDATED)
    assert world.records()["1-aa"].fields["text"] == "new"
    assert world.records()["1-aa"].profile_record_id is None
