"""After a restore of our database the CRM ends with what we know, whatever it was told since the backup."""

from collections import deque
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from scrm.jobs import work
from scrm.models import (
    Chore,
    EntryState,
    Interaction,
    Journal,
    Judgment,
    Link,
    Row,
    TimelineEntry,
    mark_timelines_due,
)
from scrm.sync import resend
from scrm.sync.crm.base import Result
from scrm.sync.outcomes import MOST_ATTEMPTS
from tests.sync.town import Town

TABLES: tuple[type[Row], ...] = (Interaction, TimelineEntry, Link, Judgment)


class Backup:
    """Our own tables as they were; the CRM's are not in it, as if it were another system."""

    def __init__(self, town: Town) -> None:
        self.town = town
        with town.db.read() as session:
            self.rows: dict[type[Row], list[dict[str, Any]]] = {
                model: [dict(row) for row in session.execute(select(model.__table__)).mappings()] for model in TABLES
            }

    def restore(self) -> None:
        with self.town.db.write("test.restore") as session:
            session.execute(delete(Journal))
            for model, rows in self.rows.items():
                for row in rows:
                    keys = {column.name for column in model.__table__.primary_key}
                    where = [getattr(model, key) == row[key] for key in keys]
                    found = session.execute(update(model).where(*where).values(**row)).rowcount  # type: ignore[attr-defined]
                    if not found:
                        session.execute(insert(model).values(**row))
            profiles = set(session.scalars(select(Interaction.party_id)))
            mark_timelines_due(session, [p for p in profiles if p], self.town.clock.now())
        resend.order(self.town.db, self.town.clock.now())
        work(self.town.core, "resend", None)


def test_what_was_edited_since_the_backup_is_read_again_and_written_above(town: Town, linked: int) -> None:
    (said,) = town.say(linked, text="at the backup")
    town.settle()
    backup = Backup(town)
    for text in ("one edit", "another", "the last"):
        town.change(said, text=text)
        town.settle()
    backup.restore()
    town.change(said, text="the last")  # the network shows it to us once more; for us it is the first edit
    town.change(said, text="edited after the restore")
    town.settle()
    assert town.texts() == ["edited after the restore"]
    assert {row.state for row in town.entries()} == {EntryState.DONE}


def test_what_we_know_counts_even_if_nothing_is_read_again(town: Town, linked: int) -> None:
    (said,) = town.say(linked, text="at the backup")
    town.settle()
    backup = Backup(town)
    for number in range(5):
        town.change(said, text=f"edit {number}")
        town.settle()
    backup.restore()
    town.settle()
    assert town.records() == town.wanted()
    assert town.texts() == ["at the backup"]


def test_what_was_withdrawn_since_the_backup_is_there_again(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    town.link(profile, contact)
    town.say(profile)
    town.settle()
    backup = Backup(town)
    town.unlink(profile, contact)
    town.settle()
    assert town.records() == {}
    backup.restore()
    town.settle()
    assert len(town.records()) == 1
    assert town.records() == town.wanted()


def test_what_was_written_since_the_backup_is_withdrawn_if_we_do_not_want_it(town: Town) -> None:
    profile, contact = town.profile(), town.contact()
    judgment = town.link(profile, contact)
    town.say(profile)
    town.settle()
    town.undo(judgment)
    town.settle()
    backup = Backup(town)
    town.link(profile, contact)
    town.settle()
    assert len(town.records()) == 1
    backup.restore()
    with town.db.write("test.unlink") as session:
        session.execute(delete(Link))
    town.settle()
    assert town.records() == {}


def test_what_is_the_same_already_is_only_looked_at(town: Town, linked: int) -> None:
    town.say(linked, 3)
    town.settle()
    Backup(town).restore()
    town.settle()
    assert town.ledger() == ["created"] * 3 + ["unchanged"] * 3


def test_sending_again_is_ordered_once_and_done_once(town: Town, linked: int) -> None:
    town.say(linked)
    town.settle()
    Backup(town).restore()
    work(town.core, "resend", None)
    town.settle()
    assert town.ledger() == ["created", "unchanged"]
    with town.db.read() as session:
        chore = session.get_one(Chore, resend.CHORE)
        assert (chore.due_at, chore.lease_until) == (None, None)


@pytest.mark.parametrize("told", [7, None])
def test_a_newer_version_in_the_crm_is_overtaken_whether_told_or_not(
    town: Town, linked: int, told: int | None
) -> None:
    (said,) = town.say(linked, text="ours")
    town.settle()
    key = town.entry().external_key
    ahead = town.entry_write(version=7, text="theirs")
    town.crm.real.write([ahead])
    town.crm.tells_version = told is not None
    town.change(said, text="ours, later")
    town.settle()
    assert town.texts() == ["ours, later"]
    assert town.entry().external_key == key
    assert town.entry().version > 7
    assert town.entry().attempts == 0


def test_a_crm_that_is_ahead_for_ever_parks_the_entry(town: Town, linked: int) -> None:
    town.say(linked)
    town.expand()
    town.crm.answers[town.entry().external_key] = deque([Result.STALE] * 20)
    for _ in range(10):
        town.deliver()
        town.wait()
    assert town.entry().state == EntryState.PARKED
    assert town.crm.calls["write"] == MOST_ATTEMPTS
