"""The audit trail is only added to: databases refuse anything else, and whoever gets round them is found."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.exc import DatabaseError

from scrm import migrations
from scrm.db import Database
from scrm.errors import SealError
from scrm.models import AuditChain, AuditEntry, audit
from scrm.vault import VAULT, Vault

SECOND = "SELECT seal FROM audit_entry WHERE id = 2"
CASES = {
    "content": ("UPDATE audit_entry SET action = 'nothing.special' WHERE id = 4", 4, audit.ALTERED),
    "time": ("UPDATE audit_entry SET at = '2020-01-01 00:00:00' WHERE id = 1", 1, audit.ALTERED),
    "person": ("UPDATE audit_entry SET user_id = NULL, object = 'person/0' WHERE id = 7", 7, audit.ALTERED),
    "seal": (
        "UPDATE audit_entry SET seal = (SELECT seal FROM audit_entry WHERE id = 2) WHERE id = 3",
        3,
        audit.ALTERED,
    ),
    "one gone": ("DELETE FROM audit_entry WHERE id = 5", 5, audit.MISSING),
    "first gone": ("DELETE FROM audit_entry WHERE id < 3", 1, audit.MISSING),
    "end gone": ("DELETE FROM audit_entry WHERE id > 8", 9, audit.CUT),
    "all gone": ("DELETE FROM audit_entry", 1, audit.CUT),
    "end gone, record too": (
        f"DELETE FROM audit_entry WHERE id > 2; UPDATE audit_chain SET number = 2, seal = ({SECOND})",
        1,
        audit.NO_START,
    ),
    "record gone": ("DELETE FROM audit_chain", 1, audit.NO_START),
}


def vault_of(database: Database) -> Vault:
    vault: Vault = database.info[VAULT]
    return vault


def add(database: Database, *actions: str) -> None:
    with database.write("test.act") as session:
        for action in actions:
            before = {"share": 0.1 + 0.2, "name": "Größe"}
            now = database.clock.now()
            session.add(AuditEntry(at=now, action=action, object="thing/1", before=before, after={"list": [1, None]}))
            session.execute(select(AuditEntry.id)).all()  # flushes meanwhile


def get_round(database: Database, statements: str) -> None:
    """As somebody does who may do anything to the database, and has no key."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            connection.execute(text("DROP TRIGGER audit_entry_is_fixed_update"))
            connection.execute(text("DROP TRIGGER audit_entry_is_fixed_delete"))
        else:
            connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
        for statement in statements.split(";"):
            connection.execute(text(statement))
        if not database.is_sqlite:
            connection.execute(text("ALTER TABLE audit_entry ENABLE TRIGGER USER"))


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
)
def test_the_database_refuses_to_change_entries(database: Database, statement: str) -> None:
    if database.is_sqlite and statement.startswith("TRUNCATE"):
        return  # SQLite knows no such statement
    add(database, "a.made")
    with database.engine.connect() as connection, pytest.raises(DatabaseError, match="only added to"):
        connection.execute(text(statement))
    assert audit.verify(database, vault_of(database)).entries == 1


def test_a_trail_as_it_was_written_fits(database: Database) -> None:
    assert audit.verify(database, vault_of(database)) == audit.Verdict(entries=0)
    for number in range(3):
        add(database, *(f"act.{number}-{one}" for one in range(4)))
    found = audit.verify(database, vault_of(database))
    assert (found.entries, found.broken) == (12, None)
    assert audit.verify(database, vault_of(database), expected=(12, found.seal)) == found


@pytest.mark.parametrize("case", CASES)
def test_whoever_gets_round_the_database_is_found_at_the_very_entry(database: Database, case: str) -> None:
    add(database, *(f"act.{number}" for number in range(10)))
    statements, broken, reason = CASES[case]
    get_round(database, statements)
    found = audit.verify(database, vault_of(database))
    assert (found.broken, found.reason) == (broken, reason)


def test_a_seal_kept_elsewhere_finds_an_old_state_put_back(database: Database) -> None:
    add(database, "act.1")
    with database.read() as session:
        chain = session.scalars(select(AuditChain)).one()
        old = {"number": chain.number, "seal": chain.seal, "proof": chain.proof}
    add(database, "act.2")
    kept = audit.verify(database, vault_of(database))
    get_round(database, "DELETE FROM audit_entry WHERE id = 2")
    with database.write("test.old") as session:
        for name, value in old.items():
            setattr(session.scalars(select(AuditChain)).one(), name, value)
    assert audit.verify(database, vault_of(database)).broken is None  # nothing here tells
    add(database, "act.other")
    found = audit.verify(database, vault_of(database), expected=(2, kept.seal))
    assert (found.broken, found.reason) == (2, audit.ALTERED)


def test_what_is_rolled_back_leaves_neither_entry_nor_gap(database: Database) -> None:
    add(database, "act.1")
    with pytest.raises(RuntimeError), database.write("test.broken") as session:
        session.add(AuditEntry(at=database.clock.now(), action="act.lost", object="thing/1"))
        session.flush()
        raise RuntimeError
    add(database, "act.2")
    found = audit.verify(database, vault_of(database))
    assert (found.entries, found.broken) == (2, None)


def test_writers_side_by_side_make_one_chain(database: Database) -> None:
    def write() -> None:
        for number in range(10):
            add(database, f"act.{number}", "act.more")

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = audit.verify(database, vault_of(database))
    assert (found.entries, found.broken) == (120, None)


def test_another_vault_cannot_go_on_with_the_trail(database: Database) -> None:
    add(database, "act.1")
    with pytest.raises(SealError):
        audit.verify(database, Vault({"other": bytes(32)}))


def test_triggers_come_with_migrations_and_stay(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    migrations.upgrade(url)
    migrations.upgrade(url)
    engine = create_engine(url)
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=OFF"))
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO audit_entry (id, at, action, object, seal) VALUES (1, '', 'a', 'b', '')")
        )
    with engine.connect() as connection, pytest.raises(DatabaseError, match="only added to"):
        connection.execute(text("DELETE FROM audit_entry"))
    engine.dispose()
