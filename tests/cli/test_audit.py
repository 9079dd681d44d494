"""`scrm audit verify` says that the trail fits, or names the first entry that does not."""

import re

from sqlalchemy import text

from scrm.config import Settings
from scrm.db import Database
from scrm.models import AuditEntry
from scrm.vault import VAULT, Vault
from tests.cli.conftest import Call


def add(settings: Settings, action: str) -> None:
    db = Database(settings.database)
    db.info[VAULT] = Vault.load("", settings.state_dir)
    with db.write("test.act") as session:
        session.add(AuditEntry(at=db.clock.now(), action=action, object="thing/1"))
    db.close()


def test_an_empty_trail_and_one_as_written_fit(call: Call, installed: Settings) -> None:
    assert call("audit", "verify").exit_code == 0
    add(installed, "thing.made")
    told = call("audit", "verify")
    assert (told.exit_code, "1 entry, and it fits." in told.output) == (0, True)
    (end,) = re.findall(r"1:[0-9a-f]{64}", told.output)
    add(installed, "thing.changed")
    assert call("audit", "verify", "--expect", end).exit_code == 0
    assert call("audit", "verify", "--expect", f"1:{'0' * 64}").exit_code == 1
    assert call("audit", "verify", "--expect", "nonsense").exit_code == 1


def test_the_first_entry_that_does_not_fit_is_named_with_its_place(call: Call, installed: Settings) -> None:
    for number in range(5):
        add(installed, f"thing.changed-{number}")
    db = Database(installed.database)
    with db.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_entry_is_fixed_update"))
        connection.execute(text("UPDATE audit_entry SET object = 'thing/2' WHERE id = 3"))
    told = call("audit", "verify")
    assert told.exit_code == 1
    assert "broken at entry 3" in told.output
    assert "thing.changed-2  thing/2" in told.output
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT broken_at FROM audit_chain")).scalar_one() == 3
    db.close()
