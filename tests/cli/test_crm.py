"""An admin connects an organization, sets it up, and is told in plain words what is missing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import select

from scrm.config import Settings
from scrm.db import Database
from scrm.models import CrmConnection, CrmFieldMap, CrmState
from scrm.sandbox.salesforce import Salesforce
from scrm.sandbox.salesforce.org import ADMINISTRATOR
from tests.cli.conftest import Call
from tests.sync.crm.salesforce.orgs import add_queues

Crm = Callable[..., Result]


@pytest.fixture
def org() -> Iterator[Salesforce]:
    with Salesforce(tls=False) as org:
        add_queues(org)
        yield org


@pytest.fixture
def crm(call: Call, installed: Settings, org: Salesforce) -> Crm:
    """Call `scrm crm …` where this org stands in for Salesforce."""
    environment = {"SCRM_SANDBOX_URLS": f"salesforce={org.base_url}"}
    return lambda *arguments: call("crm", *arguments, environment=environment)


@pytest.fixture
def connected(crm: Crm, org: Salesforce, tmp_path: Path) -> Result:
    app = org.app()
    org.sessions.apps[app["consumer_key"]].approved.add(ADMINISTRATOR)
    key = tmp_path / "key.pem"
    key.write_text(app["private_key"])
    arguments = ("--consumer-key", app["consumer_key"], "--username", ADMINISTRATOR, "--private-key", str(key))
    return crm("connect", "salesforce", *arguments)


def test_connecting_names_the_organization_and_shows_no_secret(
    connected: Result, org: Salesforce, installed: Settings
) -> None:
    assert connected.exit_code == 0, connected.output
    assert f"Connected with Nordwerk ({org.organization_id}), production." in connected.output
    assert org.app()["consumer_key"] not in connected.output
    db = Database(installed.database)
    with db.read() as session:
        assert not session.get_one(CrmConnection, "salesforce").is_active
    db.close()


def test_a_secret_is_read_from_a_file_and_never_from_the_command_line(crm: Crm, tmp_path: Path) -> None:
    said = crm("connect", "salesforce", "--consumer-key", "k", "--secret", "the-secret-itself")
    assert said.exit_code == 2
    assert "No such file" in said.output


def test_set_up_shows_what_it_will_create_and_creates_it_after_a_yes(
    crm: Crm, connected: Result, org: Salesforce
) -> None:
    before = org.snapshot()
    asked = crm("setup", "--check-only")
    assert asked.exit_code == 0, asked.output
    assert "+ Social_Interaction__c.Key__c" in asked.output
    assert "LightningComponentBundle: scrmTimeline" in asked.output
    assert org.schema.find("Social_Interaction__c") is None
    assert org.snapshot() == before
    org.people.translate_to("de")
    done = crm("setup", "--yes")
    assert done.exit_code == 0, done.output
    assert "Without German" not in done.output
    assert org.deploying.labels["Scrm_Timeline_Empty"] == {"en_US": "Nothing yet.", "de": "Noch nichts."}
    assert "Everything is there and open to us." in done.output
    again = crm("setup", "--yes")
    assert again.exit_code == 0, again.output
    assert "Fields: 0 new" in again.output


def test_where_german_is_not_switched_on_everything_else_is_created(
    crm: Crm, connected: Result, org: Salesforce
) -> None:
    done = crm("setup", "--yes")
    assert done.exit_code == 0, done.output
    assert "Without German texts" in done.output
    assert "Everything is there and open to us." in done.output
    assert org.deploying.labels["Scrm_Timeline_Empty"] == {"en_US": "Nothing yet."}


def test_an_objection_of_salesforce_is_passed_on(crm: Crm, connected: Result, org: Salesforce) -> None:
    org.schema.objects.pop("lead")
    said = crm("setup", "--yes")
    assert said.exit_code == 1
    assert "nothing was created" in said.output
    assert "Lead" in said.output


def test_what_is_missing_is_said_in_plain_words(crm: Crm, connected: Result) -> None:
    said = crm("check")
    assert said.exit_code == 1
    assert "Social_Interaction__c: not there, or not open to our user" in said.output
    assert "Calls left for us today" in said.output
    refused = crm("use")
    assert refused.exit_code == 1
    assert "Not used" in refused.output


def test_a_used_organization_is_read_and_can_be_left(crm: Crm, connected: Result, installed: Settings) -> None:
    assert crm("setup", "--yes").exit_code == 0
    assert crm("use").exit_code == 0
    db = Database(installed.database)
    with db.read() as session:
        assert session.get_one(CrmConnection, "salesforce").is_active
        assert session.get_one(CrmState, "salesforce").due_at is not None
    assert crm("use", "--no-longer").exit_code == 0
    assert crm("disconnect").exit_code == 0
    with db.read() as session:
        assert session.get(CrmConnection, "salesforce") is None
    db.close()


def test_rules_of_fields_are_checked_before_they_count(crm: Crm, connected: Result, installed: Settings) -> None:
    assert crm("setup", "--yes").exit_code == 0
    listed = crm("fields").output
    assert "Version 0 of the rules" in listed
    assert "subject" in listed
    wrong = crm("field", "author", "--to", "Occurred_At__c")
    assert wrong.exit_code == 1
    assert "Occurred_At__c: two of our fields go there" in wrong.output
    assert "Nothing was changed" in crm("field", "subject", "--rule", "scrm-wins", "--preview").output
    assert "Version 1" in crm("field", "subject", "--rule", "scrm-wins").output
    assert "Version 2" in crm("field", "author", "--rule", "off").output
    db = Database(installed.database)
    with db.read() as session:
        versions = session.scalars(select(CrmFieldMap).order_by(CrmFieldMap.version)).all()
        rules = [{rule["source"]: rule["policy"] for rule in version.rules} for version in versions]
    db.close()
    assert [(one["subject"], one["author"]) for one in rules] == [("scrm-wins", "crm-wins"), ("scrm-wins", "off")]


def test_a_field_of_the_organizations_own_is_read_and_no_longer(
    crm: Crm, connected: Result, installed: Settings
) -> None:
    assert crm("read-field", "Contact", "Twitter__c", "--as", "handle").exit_code == 2
    assert crm("read-field", "Contact", "Twitter__c", "--as", "handle", "--network", "x").exit_code == 0
    assert "Twitter__c" in crm("check").output
    assert crm("read-field", "Contact", "Twitter__c", "--as", "handle", "--no-longer").exit_code == 0
    assert "Twitter__c" not in crm("check").output
