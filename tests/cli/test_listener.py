"""Following change events is chosen by a command, and its process runs only then."""

import pytest

pytest.importorskip("grpc", reason="needs the packages of requirements-cdc.txt")

from scrm.cli import installation
from scrm.config import Settings
from scrm.db import Database
from scrm.models import AuditEntry, CrmConnection
from scrm.sync import change_events
from scrm.vault import Vault
from tests.cli.conftest import Call


@pytest.fixture
def connected(installed: Settings) -> Settings:
    Vault.load("", installed.state_dir)  # makes the key
    db = Database(installed.database)
    with db.write("test.connected") as session:
        session.add(CrmConnection(crm_id="salesforce", credentials="sealed"))
    db.close()
    return installed


def topic(settings: Settings) -> str | None:
    db = Database(settings.database)
    with db.read() as session:
        found = session.get_one(CrmConnection, "salesforce").change_topic
    db.close()
    return found


def test_it_is_chosen_and_given_up(call: Call, connected: Settings) -> None:
    assert not installation._listens(connected)
    assert call("crm", "listen").exit_code == 0
    assert topic(connected) == "/data/ChangeEvents"
    assert installation._listens(connected)
    assert call("crm", "listen", "--channel", "/event/Order__e").exit_code == 1
    assert call("crm", "listen", "--channel", "/data/Scrm__chn").exit_code == 0
    assert topic(connected) == "/data/Scrm__chn"
    assert call("crm", "listen", "--off").exit_code == 0
    assert topic(connected) is None
    db = Database(connected.database)
    with db.read() as session:
        assert {row.action for row in session.query(AuditEntry)} == {"crm.change-events"}
    db.close()


def test_without_a_connected_org_or_the_packages_it_is_refused(
    call: Call, installed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("crm", "listen").exit_code == 1
    monkeypatch.setattr(change_events, "PACKAGES", ("grpc", "no_such_package"))
    assert not change_events.is_installed()
    monkeypatch.setattr(change_events, "PACKAGES", ("no_such.package",))
    assert not change_events.is_installed()


def test_without_the_packages_the_process_says_what_is_missing(
    call: Call, connected: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_events, "PACKAGES", ("no_such_package",))
    told = call("listener")
    assert told.exit_code == 1
    assert "requirements-cdc.txt" in told.output
