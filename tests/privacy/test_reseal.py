"""New keys: everything is sealed anew, a process killed half-way is followed by another, and nobody is refused."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import scrm
from scrm import db as database
from scrm import tombstones
from scrm.models import Asked, Connection, Forgetting, Hook, Origin, ask_to_forget, audit, uuid7
from scrm.privacy import reseal
from scrm.runtime import Core
from scrm.tombstones import email_mark, forgotten, remember
from scrm.tombstones.sought import Sought, seal, unseal
from scrm.vault import Vault, add_key, drop_keys
from tests.factories import NOW, make_connection

SEALED = r"^    (\w+): Mapped\[str(?: \| None)?\].*# sealed for"
CONNECTIONS = 230  # more than two portions
ACCESS = {"access_token": "not-for-other-eyes"}


class KilledError(BaseException):
    """The process is gone."""


def place(row: Connection) -> str:
    return f"connection/{row.public_id}/credentials"


@pytest.fixture
def old(core: Core) -> Core:
    """An installation with much that is sealed."""
    with core.db.write("test.sealed") as session:
        for number in range(CONNECTIONS):
            row = make_connection(session, native_id=str(number))
            row.credentials = core.vault.seal(ACCESS, place(row))
        hook_id, asked_id = uuid7(), uuid7()
        secrets = core.vault.seal({"current": "s"}, f"hook/{hook_id}/secrets")
        told: dict[str, Any] = {"public_id": hook_id, "name": "n", "address": "https://x.example", "events": []}
        session.add(Hook(**told, networks=[], secrets=secrets, created_at=NOW))
        sought = seal(core.vault, asked_id, Sought(emails=["a@b.example"]))
        ask_to_forget(session, NOW, Asked(origin=Origin.API, sought=sought, public_id=asked_id))
        remember(session, [email_mark("gone@b.example")], NOW)
    return core


def renewed(core: Core) -> Core:
    """As a process that starts after the key was made."""
    return replace(core, vault=Vault.load("", core.settings.state_dir))


def all_opens(core: Core) -> bool:
    with core.db.read() as session:
        session.info["vault"] = core.vault
        for row in session.scalars(select(Connection)):
            assert core.vault.open(row.credentials or "", place(row)) == ACCESS
        assert unseal(core.vault, session.scalars(select(Forgetting)).one()).emails == ["a@b.example"]
        assert forgotten(session, [email_mark("gone@b.example")])
    return audit.verify(core.db, core.vault).broken is None


def test_every_column_that_holds_something_sealed_is_named() -> None:
    models = Path(scrm.__file__).parent / "models"
    said = 0
    for file in models.glob("*.py"):
        for field in re.findall(
            r"^    (\w+): Mapped\[str(?: \| None)?\].*# sealed for", file.read_text("utf-8"), re.MULTILINE
        ):
            said += 1
            assert any(one.column.key == field for one in reseal.EVERYTHING), f"{file.name}: {field}"
    named = re.findall(r"sealed: Mapped\[str\]", (models / "erasure.py").read_text("utf-8"))
    assert said + len(named) >= len(reseal.EVERYTHING)


def test_everything_is_sealed_anew_and_the_old_key_is_needed_no_more(old: Core) -> None:
    file = old.settings.state_dir / "keys"
    add_key(file)
    core = renewed(old)
    assert sum(reseal.left(core).values()) == CONNECTIONS + 4
    assert reseal.reseal(core) == CONNECTIONS + 4
    assert reseal.left(core) == {}
    assert reseal.reseal(core) == 0
    drop_keys(file, {core.vault.key_ids[0]})
    assert all_opens(renewed(old))
    assert len(renewed(old).vault.key_ids) == 1
    kept = tombstones.file_of(core.settings).read_text("utf-8")
    assert f'"{core.vault.key_ids[0]}.' in kept


def test_killed_at_any_portion_it_goes_on_and_refuses_nobody(old: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    add_key(old.settings.state_dir / "keys")
    core = renewed(old)
    turns = iter(range(10_000))
    deaths = []

    def die(point: str) -> None:
        if point.startswith("keys.reseal") and next(turns) % 2 == 0:
            deaths.append(point)
            raise KilledError(point)

    monkeypatch.setattr(database, "failpoint", die)
    for _ in range(40):
        try:
            reseal.reseal(core)
            break
        except KilledError:
            assert all_opens(core)  # who starts now
            assert all_opens(old)  # who has been running since before
    assert len(deaths) >= 3
    assert {point.partition(":")[2] for point in deaths} >= {"before"}
    assert reseal.left(core) == {}


def test_a_process_that_ran_before_opens_what_the_new_key_sealed(old: Core) -> None:
    add_key(old.settings.state_dir / "keys")
    sealed = renewed(old).vault.seal(ACCESS, "a/1/b")
    assert old.vault.open(sealed, "a/1/b") == ACCESS
    assert old.vault.key_ids == renewed(old).vault.key_ids


def test_what_was_renewed_meanwhile_stays(old: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    add_key(old.settings.state_dir / "keys")
    core = renewed(old)
    write, fresh = core.db.write, {"access_token": "fresh"}

    def renew_first(name: str) -> Any:
        monkeypatch.undo()
        with write("test.renew") as session:
            row = session.scalars(select(Connection).order_by(Connection.id).limit(1)).one()
            row.credentials = old.vault.seal(fresh, place(row))
        return write(name)

    monkeypatch.setattr(core.db, "write", renew_first)
    reseal.reseal(core)
    with core.db.read() as session:
        row = session.scalars(select(Connection).order_by(Connection.id).limit(1)).one()
        assert core.vault.open(row.credentials or "", place(row)) == fresh
    assert reseal.left(core) == {}
