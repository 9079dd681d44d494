from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import select

from scrm.db import Database
from scrm.errors import ConfigError, CrmError
from scrm.models import LocalContact, LocalLedger
from scrm.sync.crm import open_crm
from scrm.sync.crm.base import EntryWrite, Result
from scrm.sync.crm.local import LocalCrm
from scrm.sync.crm.local_contacts import MOST, Put, Statement, put_contacts
from tests.sync.crm.worlds import START, LocalWorld


def said(source_id: str, minute: int, name: str | None = None, **more: object) -> Statement:
    fields = {"full_name": name} if name else None
    return Statement(source_id=source_id, fields=fields, at=START + timedelta(minutes=minute), **more)  # type: ignore[arg-type]


def standing(database: Database) -> dict[str, str]:
    """What the CRM shows, by source id."""
    crm = LocalCrm(database)
    with database.read() as session:
        sources = {str(row.id): row.source_id for row in session.scalars(select(LocalContact))}
    shown = {}
    for contact in crm.read(list(sources)):
        if contact.merged_into:
            shown[sources[contact.native_id]] = f"merged into {sources[contact.merged_into]}"
        else:
            shown[sources[contact.native_id]] = "deleted" if contact.is_deleted else contact.full_name
    return shown


def entry(contact: str, version: int) -> EntryWrite:
    return EntryWrite(
        external_key="1-aa",
        contact_native_id=contact,
        version=version,
        occurred_at=START,
        fields={"text": f"text {version}"},
    )


def test_the_ledger_has_one_row_for_every_write(database: Database) -> None:
    world = LocalWorld(database)
    ada = world.add("Ada")
    for version in (1, 1, 2, 1):
        world.crm.write([entry(ada, version)])
    world.crm.withdraw([entry(ada, 3)])
    world.crm.withdraw([entry(ada, 3)])
    assert world.writes() == ["created", "unchanged", "updated", "stale", "withdrawn", "withdrawn"]
    with database.read() as session:
        assert {row.external_key for row in session.scalars(select(LocalLedger))} == {"1-aa"}


def test_a_late_write_does_not_bring_back_what_was_withdrawn(database: Database) -> None:
    world = LocalWorld(database)
    ada = world.add("Ada")
    world.crm.write([entry(ada, 1)])
    world.crm.withdraw([entry(ada, 3)])
    (outcome,) = world.crm.write([entry(ada, 2)])
    assert outcome.result is Result.STALE
    assert world.records() == {}


def test_a_write_without_a_key_or_a_zone_is_rejected(database: Database) -> None:
    world = LocalWorld(database)
    ada = world.add("Ada")
    without_key = EntryWrite(external_key="", contact_native_id=ada, version=1, occurred_at=START, fields={})
    without_zone = EntryWrite(
        external_key="1-a",
        contact_native_id=ada,
        version=1,
        occurred_at=START.replace(tzinfo=None),
        fields={},
    )
    with_a_number = replace(without_zone, occurred_at=START, fields={"likes": 3})
    outcomes = world.crm.write([without_key, without_zone, with_a_number])
    assert [outcome.result for outcome in outcomes] == [Result.REJECTED, Result.REJECTED, Result.CREATED]


def test_a_cursor_that_is_not_ours_is_refused(database: Database) -> None:
    with pytest.raises(CrmError, match="expected a number"):
        LocalCrm(database).read_changes("not a number")


def test_there_is_no_other_crm_yet(database: Database) -> None:
    with pytest.raises(ConfigError, match="expected local"):
        open_crm(database, "elsewhere")


def test_statements_in_any_order_end_the_same(database: Database) -> None:
    story = [
        said("a", 1, "Ada"),
        said("a", 2, "Ada Married"),
        said("a", 3),
        said("a", 4, "Ada Restored"),
    ]
    for order in permutations(story):
        with database.write("test.empty") as session:
            session.query(LocalContact).delete()
        for statement in order:
            put_contacts(database, [statement])
        assert standing(database) == {"a": "Ada Restored"}


def test_a_loop_heard_of_in_any_order_has_the_same_survivor(database: Database) -> None:
    story = [
        said("a", 1, "Ada"),
        said("b", 1, "Ben"),
        said("a", 2, merged_into="b"),
        said("b", 3, merged_into="a"),
    ]
    for order in permutations(story):
        with database.write("test.empty") as session:
            session.query(LocalContact).delete()
        for statement in order:
            put_contacts(database, [statement])
        shown = standing(database)
        assert shown["b"] == "merged into a"
        assert not shown["a"].startswith(("merged", "deleted"))


def test_whoever_survives_a_loop_is_reported_as_changed(database: Database) -> None:
    put_contacts(database, [said("a", 1, "Ada"), said("b", 1, "Ben"), said("a", 2, merged_into="b")])
    crm = LocalCrm(database)
    cursor = crm.read_changes(None).cursor
    put_contacts(database, [said("b", 3, merged_into="a")])
    changed = crm.read_changes(cursor)
    assert {contact.full_name: contact.merged_into is None for contact in changed.contacts} == {
        "Ada": True,
        "Ben": False,
    }
    put_contacts(database, [said("b", 4, "Ben Restored")])
    restored = {c.full_name: c.merged_into is None for c in crm.read_changes(changed.cursor).contacts}
    assert restored == {"Ada": False, "Ben Restored": True}


def test_a_merge_heard_of_before_the_contact_keeps_its_place(database: Database) -> None:
    put_contacts(database, [said("loser", 1, "Ada"), said("loser", 2, merged_into="winner")])
    assert standing(database) == {"loser": "merged into winner", "winner": "deleted"}
    assert put_contacts(database, [said("winner", 1, "Ada Example")]) == [Put.UPDATED]
    assert standing(database) == {"loser": "merged into winner", "winner": "Ada Example"}


def test_a_deletion_heard_of_before_the_contact_stays(database: Database) -> None:
    assert put_contacts(database, [said("a", 5), said("a", 4, "Ada")]) == [Put.CREATED, Put.STALE]
    assert standing(database) == {"a": "deleted"}


def test_a_deleted_contact_keeps_no_fields(database: Database) -> None:
    put_contacts(database, [said("a", 1, "Ada"), said("a", 2)])
    with database.read() as session:
        assert session.scalars(select(LocalContact.fields)).all() == [{}]


def test_the_version_counts_before_the_time(database: Database) -> None:
    results = put_contacts(
        database,
        [said("a", 9, "seventh", version=7), said("a", 10, "sixth", version=6), said("a", 1, "eighth", version=8)],
    )
    assert results == [Put.CREATED, Put.STALE, Put.UPDATED]
    assert standing(database) == {"a": "eighth"}


def test_an_equal_statement_changes_nothing_but_moves_the_time(database: Database) -> None:
    crm = LocalCrm(database)
    put_contacts(database, [said("a", 1, "Ada")])
    cursor = crm.read_changes(None).cursor
    results = put_contacts(database, [said("a", 3, "Ada"), said("a", 2, "Older")])
    assert results == [Put.UNCHANGED, Put.STALE]
    assert crm.read_changes(cursor).contacts == ()


def test_an_ending_wins_over_a_change_of_the_same_moment(database: Database) -> None:
    put_contacts(database, [said("a", 1), said("a", 1, "Ada")])
    assert standing(database) == {"a": "deleted"}


def test_more_statements_than_a_transaction_takes_are_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="at most 200"):
        put_contacts(database, [said(str(number), 1, "Ada") for number in range(MOST + 1)])
