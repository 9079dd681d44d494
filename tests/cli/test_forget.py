"""People are forgotten by command, and the certificate is shown."""

import json
from pathlib import Path

from scrm.config import Settings
from scrm.db import Database
from scrm.models import Contact, Forgetting, ForgettingState
from tests.cli.conftest import Call
from tests.factories import make_contact


def open_database(settings: Settings) -> Database:
    return Database(settings.database)


def test_a_contact_is_forgotten_and_the_certificate_shown(call: Call, installed: Settings, tmp_path: Path) -> None:
    db = open_database(installed)
    with db.write("test.contact") as session:
        contact = make_contact(session, full_name="Erika Beispiel")
    told = call("forget", "person", "--contact", str(contact.public_id), "--reference", "T-1")
    assert told.exit_code == 0, told.output
    assert "  done" in told.output
    assert "Erika" not in told.output
    with db.read() as session:
        assert session.get(Contact, contact.id) is None
        row = session.query(Forgetting).one()
        assert (row.state, row.reference) == (ForgettingState.DONE, "T-1")
    assert str(row.public_id) in call("forget", "list").output
    shown = json.loads(call("forget", "show", str(row.public_id), "--json").output)
    assert shown["state"] == "done"
    assert any(one["count"] for one in shown["places"])
    db.close()


def test_somebody_unknown_is_kept_out_by_address(call: Call, installed: Settings, tmp_path: Path) -> None:
    told = call("forget", "person", "--email", "erika@beispiel.example")
    assert told.exit_code == 0, told.output
    file = tmp_path / "people.csv"
    file.write_text("id,name,email\n1,Erika,Erika@Beispiel.example\n2,Max,max@beispiel.example\n", encoding="utf-8")
    imported = call("import-contacts", str(file))
    assert "forgotten on request" in imported.output
    assert "1 contacts new" in imported.output


def test_exactly_one_way_of_naming_is_asked_for(call: Call, installed: Settings) -> None:
    assert "exactly one" in call("forget", "person").output
    both = call("forget", "person", "--email", "a@b.example", "--account", "x:1")
    assert both.exit_code == 1
    assert "network" in call("forget", "person", "--account", "nowhere:1").output
