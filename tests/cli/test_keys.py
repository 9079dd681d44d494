"""`scrm keys`: a new key, everything sealed anew, the old one dropped; nothing is dropped that is still needed."""

from scrm.config import Settings
from scrm.db import Database
from scrm.models import AuditEntry
from scrm.vault import VAULT, Vault, add_key
from tests.cli.conftest import Call


def ring(settings: Settings) -> Vault:
    return Vault.load("", settings.state_dir)


def test_keys_are_rotated_and_old_ones_dropped(call: Call, installed: Settings) -> None:
    db = Database(installed.database)
    db.info[VAULT] = ring(installed)
    with db.write("test.act") as session:
        session.add(AuditEntry(at=db.clock.now(), action="thing.made", object="thing/1"))
    db.close()
    first = ring(installed).key_ids
    told = call("keys", "rotate")
    assert told.exit_code == 0, told.output
    assert "1 value sealed anew" in told.output
    assert len(ring(installed).key_ids) == 2
    assert call("keys", "drop-old").exit_code == 0
    assert len(ring(installed).key_ids) == 1
    assert ring(installed).key_ids != first
    assert call("audit", "verify").exit_code == 0


def test_a_key_that_is_still_needed_is_not_dropped(call: Call, installed: Settings) -> None:
    db = Database(installed.database)
    db.info[VAULT] = ring(installed)
    with db.write("test.act") as session:
        session.add(AuditEntry(at=db.clock.now(), action="thing.made", object="thing/1"))
    db.close()
    add_key(installed.state_dir / "keys")
    assert call("keys", "drop-old").exit_code == 1
    assert len(ring(installed).key_ids) == 2
    assert call("keys", "reseal").exit_code == 0
    assert call("keys", "drop-old").exit_code == 0
