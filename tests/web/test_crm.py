"""An admin connects an organization, reads in plain words how it is, sets it up, uses it and leaves it again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from flask import Flask
from sqlalchemy import select

from scrm.jobs import work
from scrm.models import AuditEntry, CrmConnection, CrmSetup, CrmState, PlanState, WritePlan
from scrm.runtime import Core
from scrm.sandbox.salesforce import Salesforce
from scrm.sandbox.salesforce.org import ADMINISTRATOR, SITE
from scrm.sync.crm import LOCAL, active_crm
from scrm.sync.crm.salesforce import setting_up
from scrm.sync.crm.salesforce.access import CREDENTIALS
from scrm.web import create_app
from tests.sync.crm.salesforce.orgs import add_queues
from tests.web.conftest import Browser
from tests.web.fill import planned
from tests.web.seed import Seeded

PAGE = "/admin/crm"
OWN_DOMAIN = SITE.removeprefix("https://")


@dataclass(frozen=True, kw_only=True)
class Office:
    """An admin's browser before an org that nobody has connected."""

    core: Core
    org: Salesforce
    admin: Browser
    user_id: int

    def fields(self, **changes: object) -> dict[str, object]:
        app = self.org.app()
        access = {"where": "login", "way": "key", "username": ADMINISTRATOR}
        keys = {name: app[name] for name in ("consumer_key", "private_key")}
        return {**access, **keys, "api_version": "68.0", "share": "20", **changes}

    def connect(self, **changes: object) -> str:
        """Send the form; the page that is seen then."""
        answer = self.admin.post(PAGE, f"{PAGE}/connect", **self.fields(**changes))
        return self.admin.get(PAGE) if answer.status_code == 302 else answer.get_data(as_text=True)

    def act(self, what: str) -> str:
        assert self.admin.post(PAGE, PAGE, act=what).status_code == 302
        return self.admin.get(PAGE)

    def set_up(self, what: str = "setup") -> str:
        self.act(what)
        for _ in range(20):
            self.release()
            work(self.core, "setup", None)
        return self.admin.get(PAGE)

    def release(self) -> None:
        """Wait no longer for the next look."""
        with self.core.db.write("test.release") as session:
            row = session.get_one(CrmSetup, "salesforce")
            row.due_at = self.core.db.clock.now() if row.due_at else None

    def actions(self) -> list[tuple[str, int | None]]:
        with self.core.db.read() as session:
            rows = session.execute(
                select(AuditEntry.action, AuditEntry.user_id)
                .where(AuditEntry.action.startswith("crm."))
                .order_by(AuditEntry.id)
            )
            return [(action, user_id) for action, user_id in rows]


@pytest.fixture
def office(core: Core, seeded: Seeded) -> Iterator[Office]:
    with Salesforce(tls=False) as org:
        add_queues(org)
        org.sessions.apps[org.app()["consumer_key"]].approved.add(ADMINISTRATOR)
        settings = replace(core.settings, sandbox_urls=(f"salesforce={org.base_url}",))
        ours = replace(core, settings=settings)
        yield Office(core=ours, org=org, admin=Browser(create_app(ours), seeded.admin.id), user_id=seeded.admin.id)


def test_connecting_checks_live_names_the_organization_and_shows_no_secret(office: Office) -> None:
    page = office.connect()
    assert "Nordwerk" in page
    assert office.org.organization_id in page
    assert "Social_Interaction__c: not there, or not open to our user" in page
    assert "Connected, but not used" in page
    for secret in ("consumer_key", "private_key", "consumer_secret"):
        assert office.org.app()[secret].splitlines()[-1] not in page
    with office.core.db.read() as session:
        row = session.get_one(CrmConnection, "salesforce")
        assert not row.is_active
        assert row.shape["Contact"]["may"]["queryable"]
    assert office.org.app()["consumer_key"] not in row.credentials
    assert office.core.vault.open(row.credentials, CREDENTIALS)["username"] == ADMINISTRATOR
    assert office.actions() == [("crm.connected", office.user_id)]


def test_a_secret_signs_in_at_the_organizations_own_domain(office: Office) -> None:
    secret = office.org.app()["consumer_secret"]
    refused = office.connect(way="secret", where="login", consumer_secret=secret)
    assert "client credentials need the organization&#39;s own" in refused
    page = office.connect(way="secret", where="own", domain=f"https://{OWN_DOMAIN}/", consumer_secret=secret)
    assert "with a secret" in page
    assert OWN_DOMAIN in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"consumer_key": "3MVG9unknown"}, "does not know the consumer key"),
        ({"username": "nobody@nordwerk.example"}, "Salesforce"),
        ({"private_key": "-----BEGIN NONSENSE-----"}, "The private key cannot be used"),
        ({"username": ""}, "user name: expected one"),
        ({"api_version": "12.0"}, "API version: expected"),
        ({"share": "many"}, "share: expected 1 to 100 percent"),
        ({"where": "own", "domain": "not a domain"}, "domain: expected"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(office: Office, wrong: dict[str, str], words: str) -> None:
    page = office.connect(**wrong)
    assert words in page
    assert office.org.app()["private_key"].splitlines()[1] not in page
    with office.core.db.read() as session:
        assert session.get(CrmConnection, "salesforce") is None


def test_an_organization_that_does_not_answer_is_said(office: Office) -> None:
    office.org.stop()
    assert "Salesforce does not answer now" in office.connect()


def test_another_organization_is_refused_until_the_first_is_left(office: Office) -> None:
    office.connect()
    with office.core.db.write("test.other") as session:
        row = session.get_one(CrmConnection, "salesforce")
        row.options = dict(row.options) | {"organization_id": "00D000000000000AAA"}
    assert "disconnect that one first" in office.connect()


def test_the_plan_of_a_set_up_is_shown_checked_and_carried_out_by_a_job(office: Office) -> None:
    page = office.connect()
    assert "Social_Interaction__c.Key__c" in page
    assert "scrmTimeline" in page
    before = office.org.snapshot()
    assert "Salesforce is checking it." in office.act("check")
    assert "Salesforce would take it. Nothing was created." in office.set_up("check")
    assert office.org.snapshot() == before
    assert office.org.schema.find("Social_Interaction__c") is None
    page = office.set_up()
    assert "Created." in page
    assert "Everything is there and open to us." in page
    assert "0 new" in page
    assert office.org.schema.find("Social_Interaction__c") is not None
    assert [action for action, _ in office.actions()][1:] == [
        "crm.setup_checked",
        "crm.setup_checked",
        "crm.setup_ordered",
    ]


def test_german_texts_come_along_where_german_is_switched_on_and_hold_up_nothing_where_not(office: Office) -> None:
    office.connect()
    assert "Without German texts" in office.set_up("check")
    page = office.set_up()
    assert "Without German texts" in page
    assert "Created." in page
    assert office.org.deploying.labels["Scrm_Timeline_More"] == {"en_US": "Show more"}
    office.org.people.translate_to("de")
    page = office.set_up()
    assert "Without German texts" not in page
    assert office.org.deploying.labels["Scrm_Timeline_More"] == {"en_US": "Show more", "de": "Mehr anzeigen"}


def test_an_objection_of_salesforce_is_passed_on(office: Office) -> None:
    office.connect()
    office.org.schema.objects.pop("lead")
    page = office.set_up()
    assert "nothing was created" in page
    assert "Lead" in page


def test_a_set_up_that_salesforce_never_ends_is_given_up(office: Office) -> None:
    office.connect()
    office.act("setup")
    with office.core.db.write("test.long") as session:
        row = session.get_one(CrmSetup, "salesforce")
        row.ordered_at -= setting_up.LONGEST * 2
    work(office.core, "setup", None)
    assert "It takes longer than half an hour." in office.admin.get(PAGE)


def test_an_organization_that_lacks_something_is_not_used(office: Office) -> None:
    page = office.connect()
    assert "First what is missing has to be there." in page
    assert "Not used: something is missing there." in office.act("use")
    with office.core.db.read() as session:
        assert active_crm(session) == LOCAL


def test_using_it_says_what_happens_and_can_be_taken_back(office: Office) -> None:
    plan = planned(office.core)
    office.connect()
    page = office.set_up()
    assert "contacts of the built-in CRM stay beside them." in page
    assert "One open plan is put aside" in page
    assert "Used: contacts are read from here" in office.act("use")
    with office.core.db.read() as session:
        assert active_crm(session) == "salesforce"
        assert session.get_one(CrmState, "salesforce").due_at is not None
        state = session.scalars(select(WritePlan.state).where(WritePlan.public_id == plan)).one()
        assert state == PlanState.DISCARDED
    assert "Go back to the built-in CRM" in office.admin.get(PAGE)
    assert "Connected, but not used" in office.act("rest")
    assert office.actions()[-2:] == [("crm.used", office.user_id), ("crm.rested", office.user_id)]


def test_version_and_share_are_changed_and_checked(office: Office) -> None:
    office.connect()
    answer = office.admin.post(PAGE, f"{PAGE}/options", api_version="67.0", share="35")
    assert answer.status_code == 302
    with office.core.db.read() as session:
        options = session.get_one(CrmConnection, "salesforce").options
    assert (options["api_version"], options["share_percent"]) == ("67.0", 35)
    office.admin.post(PAGE, f"{PAGE}/options", api_version="67", share="0")
    page = office.admin.get(PAGE)
    assert "API version: expected" in page
    assert "share: expected 1 to 100 percent" in page
    assert office.actions()[-1] == ("crm.changed", office.user_id)


def test_disconnecting_forgets_the_access(office: Office) -> None:
    office.connect()
    assert "Connect Salesforce" in office.act("disconnect")
    with office.core.db.read() as session:
        assert session.get(CrmConnection, "salesforce") is None
    assert office.actions()[-1] == ("crm.disconnected", office.user_id)
    assert "Salesforce is not connected any more." in office.act("look")


def test_it_is_for_the_admin_alone(app: Flask, browse: Callable[[str], Browser]) -> None:
    browse("steward").get(PAGE, 403)
    browse("rep").get(PAGE, 403)
