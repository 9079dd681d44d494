"""An admin says which field goes where, sees it on real records, takes it back, and plans what stands there."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

import scrm
from scrm.matching.judgments import Decision, decide
from scrm.models import (
    AuditEntry,
    CrmConnection,
    EntryState,
    Journal,
    Judge,
    PlanState,
    PlanStep,
    Profile,
    RecordKind,
    TimelineEntry,
    Verdict,
    WritePlan,
)
from scrm.sync.crm.salesforce.access import CRM_ID
from scrm.sync.crm.salesforce.connect import use
from scrm.sync.crm.salesforce.mapping import DEFAULT, OBJECT_OF
from scrm.sync.outbox import deliver
from scrm.sync.plan_run import advance
from scrm.sync.plan_view import diff
from scrm.sync.timeline import expand_due
from scrm.web import create_app
from tests.factories import make_contact, make_interaction, make_profile, make_user
from tests.sync.crm.salesforce.world import SalesforceWorld
from tests.web.conftest import Browser

PAGE = "/admin/crm/fields"
INTERACTION = OBJECT_OF[RecordKind.INTERACTION]


@pytest.fixture
def world(core: Any) -> Iterator[SalesforceWorld]:
    with SalesforceWorld(core) as world:
        yield world


@dataclass(frozen=True, kw_only=True)
class Office:
    """An org in which somebody's words stand, and an admin's browser."""

    world: SalesforceWorld
    admin: Browser
    profile: int

    def form(self, kind: RecordKind, act: str, **changes: str) -> dict[str, str]:
        form = {"kind": kind.value, "act": act}
        for rule in DEFAULT:
            if rule.kind is kind:
                form |= {f"target.{rule.source}": rule.target, f"rule.{rule.source}": rule.policy.value}
        return form | {name.replace("_", ".", 1): value for name, value in changes.items()}

    def send(self, kind: RecordKind, act: str, **changes: str) -> tuple[int, str]:
        answer = self.admin.post(PAGE, PAGE, **self.form(kind, act, **changes))
        return answer.status_code, answer.get_data(as_text=True)

    def settle(self) -> None:
        while expand_due(self.world.core):
            pass
        for _ in range(3):
            deliver(self.world.core, self.world.opened())
            while expand_due(self.world.core):
                pass

    def plan(self) -> WritePlan:
        """Have a plan made as the page does."""
        assert self.admin.post(PAGE, "/writing/plans", anew="1").status_code == 302
        self.go_on()
        with self.world.core.db.read() as session:
            return session.scalars(select(WritePlan).order_by(WritePlan.id.desc()).limit(1)).one()

    def go_on(self) -> None:
        for _ in range(20):
            if not advance(self.world.core, self.world.opened()):
                return

    def approve(self, plan: WritePlan, act: str = "approve") -> None:
        path = f"/writing/plans/{plan.public_id}"
        assert self.admin.post(path, path, act=act).status_code == 302
        self.go_on()

    def entries(self) -> list[TimelineEntry]:
        with self.world.core.db.read() as session:
            return list(session.scalars(select(TimelineEntry).order_by(TimelineEntry.id)))

    def steps(self, plan: WritePlan) -> list[PlanStep]:
        with self.world.core.db.read() as session:
            return list(session.scalars(select(PlanStep).where(PlanStep.plan_id == plan.id).order_by(PlanStep.id)))

    def rows(self, kind: RecordKind = RecordKind.INTERACTION) -> list[dict[str, Any]]:
        found = self.world.org.snapshot().get(OBJECT_OF[kind], [])
        return sorted((dict(row) for row in found if not row["IsDeleted"]), key=lambda row: row["Key__c"])


@pytest.fixture
def office(world: SalesforceWorld) -> Office:
    native_id = world.add("Example")
    use(world.core, is_active=True)
    with world.core.db.write("test.person") as session:
        admin = make_user(session, role="admin").id
        contact = make_contact(session, crm_id=CRM_ID, native_id=native_id, full_name="Ada Example")
        profile = make_profile(session, network="bluesky", handle="ada.example", display_name="Ada Example")
        now = world.core.db.clock.now()
        for number in range(3):
            make_interaction(session, profile, text=f"Words {number}", checked_at=now)
        decision = Decision(
            profile_id=profile.id,
            contact_id=contact.id,
            verdict=Verdict.POSITIVE,
            judge=Judge.STEWARD,
            seen_judgment_id=-1,
        )
        decide(session, now, decision)
        person = profile.id
    office = Office(world=world, admin=Browser(create_app(world.core), admin), profile=person)
    office.settle()
    world.clock.tick()
    assert sorted(row["Text__c"] for row in office.rows()) == ["Words 0", "Words 1", "Words 2"]
    return office


def test_the_page_shows_every_rule_with_type_and_length(office: Office) -> None:
    page = office.admin.get(PAGE)
    for rule in DEFAULT:
        assert f'name="target.{rule.source}"' in page
    assert "datetime" in page
    assert "The rules that come along." in page
    assert "<option selected>Author__c</option>" in page
    # a time goes into no text field
    when = page.split('name="target.occurred_at"')[1].split("</select>")[0]
    assert "Edited_At__c" in when
    assert "Author__c" not in when


def test_rules_that_cannot_work_are_refused(office: Office) -> None:
    status, page = office.send(RecordKind.INTERACTION, "save", target_author="Occurred_At__c")
    assert status == 400
    assert "two of our fields go there" in page
    status, page = office.send(RecordKind.INTERACTION, "save", target_text="Kind__c", target_kind="Text__c")
    assert "Kind__c: too short for a text" in page
    status, page = office.send(RecordKind.INTERACTION, "save", target_author="No_Such__c")
    assert "No_Such__c: not there" in page
    assert "Nobody has changed them." in office.admin.get(PAGE)


def test_a_change_is_shown_on_real_records_and_writes_nothing(office: Office) -> None:
    before = office.world.org.snapshot()
    status, page = office.send(
        RecordKind.INTERACTION, "preview", target_author="Native_Id__c", target_native_id="Author__c"
    )
    assert status == 200
    assert "Nothing was written." in page
    assert "Ada Example" in page
    assert page.count("<code>Author__c</code>") == 3
    assert office.world.org.snapshot() == before
    assert "Nobody has changed them." in office.admin.get(PAGE)
    _status, page = office.send(RecordKind.PROFILE, "preview")
    assert "It stays as it is." in page


def test_a_version_is_kept_audited_and_taken_back(office: Office) -> None:
    assert office.send(RecordKind.INTERACTION, "save", rule_author="off")[0] == 302
    assert office.send(RecordKind.PROFILE, "save", rule_bio="scrm-wins")[0] == 302
    page = office.admin.get(PAGE)
    assert "Version 2 of the rules" in page
    assert office.admin.post(PAGE, f"{PAGE}/back").status_code == 302
    rules = {(rule.kind, rule.source): rule.policy for rule in office.world.opened().field_map.rules}
    assert rules[RecordKind.INTERACTION, "author"] == "off"
    assert rules[RecordKind.PROFILE, "bio"] == "crm-wins"
    with office.world.core.db.read() as session:
        made = select(AuditEntry).where(AuditEntry.action.startswith("crm.rules-")).order_by(AuditEntry.id)
        entries = session.scalars(made).all()
    assert [row.action for row in entries] == ["crm.rules-1", "crm.rules-2", "crm.rules-3"]
    assert all(row.user_id is not None for row in entries)


def test_what_stands_there_follows_by_an_approved_plan_alone_and_can_be_taken_back(office: Office) -> None:
    before = office.rows()
    office.send(RecordKind.INTERACTION, "save", target_author="Target__c", target_target="Author__c")
    office.settle()
    assert office.rows() == before
    plan = office.plan()
    steps = office.steps(plan)
    assert [step.action for step in steps] == [
        "update"
    ] * 3  # the profile's own record stays as it is, so it is not told
    assert office.rows() == before
    office.settle()  # the outbox leaves it to the plan
    assert office.rows() == before
    office.approve(plan)
    assert {row["Target__c"] for row in office.rows()} == {"Ada Example"}
    assert {entry.state for entry in office.entries()} == {EntryState.DONE}
    assert not any(entry.waits_for_plan for entry in office.entries())
    with office.world.core.db.read() as session:
        assert session.get_one(WritePlan, plan.id).state == PlanState.DONE
        assert len(session.scalars(select(Journal).where(Journal.operation == "updated")).all()) == 3
    # back: the rules before, and a plan of them; what somebody edited meanwhile stays
    edited = before[0]["Key__c"]
    row = next(one for one in office.rows() if one["Key__c"] == edited)
    office.world.org.people.edit(row["Id"], {"Kind__c": "Edited by hand"})
    office.admin.post(PAGE, f"{PAGE}/back")
    back = office.plan()
    assert {name for step in office.steps(back) for name, _stands, _would in diff(step)} == {"author", "target"}
    office.approve(back)
    after = office.rows()
    assert [one["Author__c"] for one in after] == [one["Author__c"] for one in before]
    assert next(one for one in after if one["Key__c"] == edited)["Kind__c"] == "Edited by hand"
    with office.world.core.db.read() as session:
        newest = session.scalars(select(Journal).order_by(Journal.id.desc()).limit(3)).all()
    assert sorted(one.changed_by_others for one in newest) == [False, False, True]


def test_a_discarded_plan_leaves_everything_as_it_is_and_lets_go(office: Office) -> None:
    before = office.rows()
    office.send(RecordKind.INTERACTION, "save", target_author="Target__c", target_target="Author__c")
    plan = office.plan()
    assert sum(entry.waits_for_plan for entry in office.entries()) == 3
    office.approve(plan, act="discard")
    assert {(entry.state, entry.waits_for_plan) for entry in office.entries()} == {(EntryState.DONE, False)}
    office.settle()
    assert office.rows() == before
    again = office.plan()
    assert len(office.steps(again)) == 3


def test_what_changes_meanwhile_goes_by_itself_and_the_plan_reports_it(office: Office) -> None:
    office.send(RecordKind.INTERACTION, "save", target_author="Target__c", target_target="Author__c")
    plan = office.plan()
    with office.world.core.db.write("test.gone") as session:
        decision = Decision(
            profile_id=office.profile,
            contact_id=office.entries()[0].contact_id,
            verdict=Verdict.NEGATIVE,
            judge=Judge.STEWARD,
            seen_judgment_id=-1,
        )
        decide(session, office.world.core.db.clock.now(), decision)
    office.settle()
    assert office.rows() == []
    office.approve(plan)
    assert {step.result for step in office.steps(plan)} == {"changed"}
    assert office.rows() == []


CHILD = """
import sys
from pathlib import Path
from scrm import failpoints
from scrm.config import Settings
from scrm.runtime import open_core
from scrm.sync.crm.salesforce.adapter import SalesforceCrm
from scrm.sync.plan_run import advance
from scrm.sync.plan_view import diff
folder, url, org, armed = sys.argv[1:]
core = open_core(Settings(state_dir=Path(folder), database_url=url, sandbox_urls=(org,), lease_seconds=1))
failpoints.arm_by(armed)
while advance(core, SalesforceCrm(core)):
    pass
"""


@pytest.mark.processes
@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_while_a_discarded_plan_lets_go_it_lets_go_all_the_same(
    office: Office, side: str, tmp_path: Path
) -> None:
    office.send(RecordKind.INTERACTION, "save", target_author="Target__c", target_target="Author__c")
    path = f"/writing/plans/{office.plan().public_id}"
    assert office.admin.post(path, path, act="discard").status_code == 302
    settings = office.world.core.settings
    armed = tmp_path / "point"
    armed.write_text(f"plan.let_go:{side} self")
    url = settings.database_url.replace("+psycopg", "")
    command = [sys.executable, "-c", CHILD, str(settings.state_dir), url, *settings.sandbox_urls, str(armed)]
    died = subprocess.run(command, cwd=Path(scrm.__file__).parents[1], timeout=60, capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr[-2000:]
    held = 0 if side == "after" else 3
    assert sum(entry.waits_for_plan for entry in office.entries()) == held
    time.sleep(1.1)  # its lease runs out
    office.go_on()
    assert {(entry.state, entry.waits_for_plan) for entry in office.entries()} == {(EntryState.DONE, False)}


def test_fields_of_the_organizations_own_are_chosen_and_left(office: Office) -> None:
    send = office.admin.post
    wish = {"object": "Contact", "field": "Department", "kind": "handle", "network": "mastodon", "act": "add"}
    assert send(PAGE, f"{PAGE}/read", **wish).status_code == 302
    assert "Contact.Department" in office.admin.get(PAGE)
    send(PAGE, f"{PAGE}/read", **(wish | {"field": "No_Such__c"}))
    assert "Contact.No_Such__c: not there" in office.admin.get(PAGE)
    send(PAGE, f"{PAGE}/read", **(wish | {"network": "nowhere"}))
    assert "Name the network." in office.admin.get(PAGE)
    with office.world.core.db.read() as session:
        options = session.get_one(CrmConnection, CRM_ID).options
    assert options["extras"]["Contact"]["handles"] == {"Department": "mastodon"}
    send(PAGE, f"{PAGE}/read", **(wish | {"act": "remove"}))
    assert "Contact.Department" not in office.admin.get(PAGE)


def test_nothing_is_planned_for_an_organization_that_is_not_used(office: Office) -> None:
    use(office.world.core, is_active=False)
    assert "Salesforce is not used now" in office.admin.get(PAGE)


def test_without_an_organization_one_is_asked_to_connect(app: Flask, browse: Callable[[str], Browser]) -> None:
    assert browse("admin").client.get(PAGE).location == "/admin/crm"
    browse("steward").get(PAGE, 403)
    with app.extensions["scrm"].db.read() as session:
        assert session.scalars(select(Profile)).first() is not None
