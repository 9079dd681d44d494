"""People are added from the command line and get a link that works once."""

import hashlib

import pytest
from sqlalchemy import select

from scrm.config import Settings
from scrm.db import Database
from scrm.models import AuditEntry, SignInLink, User
from tests.cli.conftest import Call


def people(settings: Settings) -> list[User]:
    db = Database(settings.database)
    with db.read() as session:
        found = list(session.scalars(select(User)))
    db.close()
    return found


def test_a_person_is_added_and_the_link_signs_in_that_person(call: Call, installed: Settings) -> None:
    told = call("user", "add", "Mia Adler", "Mia@Nordwerk.example", "admin")
    assert told.exit_code == 0, told.output
    (person,) = people(installed)
    assert (person.name, person.email, person.role) == ("Mia Adler", "mia@nordwerk.example", "admin")
    address = told.output.strip()
    assert address.startswith("http://127.0.0.1:8000/sign-in/")
    db = Database(installed.database)
    with db.read() as session:
        link = session.scalars(select(SignInLink)).one()
    db.close()
    assert link.user_id == person.id
    assert link.token_hash == hashlib.sha256(address.rpartition("/")[2].encode()).hexdigest()


def test_the_same_person_again_gets_another_link_and_keeps_the_role(call: Call, installed: Settings) -> None:
    first = call("user", "add", "Mia Adler", "mia@nordwerk.example", "rep").output
    second = call("user", "add", "Mia", "mia@nordwerk.example", "admin")
    assert "another role" in second.output
    assert second.output.splitlines()[-1] != first.strip()
    (person,) = people(installed)
    assert person.role == "rep"


@pytest.mark.parametrize("address", ["mia", "@", "mia@", "@nordwerk.example"])
def test_an_address_without_both_sides_is_refused(call: Call, installed: Settings, address: str) -> None:
    told = call("user", "add", "Mia Adler", address, "rep")
    assert told.exit_code == 1
    assert "expected an address" in told.output
    assert people(installed) == []


def test_an_unknown_role_is_refused(call: Call, installed: Settings) -> None:
    assert call("user", "add", "Mia Adler", "mia@nordwerk.example", "root").exit_code == 2
    assert people(installed) == []


def test_before_the_database_is_made_the_way_to_make_it_is_said(call: Call) -> None:
    told = call("user", "add", "Mia Adler", "mia@nordwerk.example", "rep")
    assert told.exit_code == 2
    assert "scrm migrate" in told.output


def test_a_link_for_somebody_who_is_here_is_written_down_and_nobody_is_made(call: Call, installed: Settings) -> None:
    call("user", "add", "Mia Adler", "mia@nordwerk.example", "admin")
    told = call("user", "link", "Mia@Nordwerk.example")
    assert told.exit_code == 0, told.output
    assert told.output.strip().startswith("http://127.0.0.1:8000/sign-in/")
    db = Database(installed.database)
    with db.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "user.link_made")).one()
    db.close()
    assert entry.after == {"how": "command"}
    assert call("user", "link", "nobody@nordwerk.example").exit_code == 1
    assert len(people(installed)) == 1
