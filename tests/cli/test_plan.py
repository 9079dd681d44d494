"""On the command line, too: nothing is written before the plan is approved, and then exactly the plan."""

from sqlalchemy import select

from scrm.clock import SystemClock
from scrm.config import Settings
from scrm.db import Database
from scrm.matching.judgments import Decision, decide
from scrm.models import (
    Contact,
    CrmState,
    Judge,
    LocalRecord,
    PlanState,
    RecordKind,
    Verdict,
    WritePlan,
    mark_timelines_due,
)
from scrm.runtime import open_core, sleepers
from scrm.sync.crm.local import LocalCrm
from scrm.sync.plan_run import advance
from tests.cli.conftest import Call
from tests.factories import make_contact, make_interaction, make_profile
from tests.sync.crm.worlds import LocalWorld


def waiting(settings: Settings) -> Database:
    """An installation in which one linked person has said something."""
    db = Database(settings.database)
    native_id = LocalWorld(db).add("Ada Example")
    now = SystemClock().now()
    with db.write("test.waiting") as session:
        contact = make_contact(session, native_id=native_id, full_name="Ada Example")
        profile = make_profile(session, network="bluesky")
        make_interaction(session, profile, text="Where is my parcel?")
        decision = Decision(
            profile_id=profile.id, contact_id=contact.id, verdict=Verdict.POSITIVE, judge=Judge.STEWARD
        )
        decide(session, now, decision)
        mark_timelines_due(session, [profile.id], now)
    return db


def records(db: Database) -> list[str]:
    with db.read() as session:
        said = LocalRecord.kind == RecordKind.INTERACTION.value
        return [row.fields["text"] for row in session.scalars(select(LocalRecord).where(said))]


def newest(db: Database) -> WritePlan:
    with db.read() as session:
        return session.scalars(select(WritePlan).order_by(WritePlan.id.desc()).limit(1)).one()


def test_a_plan_is_made_shown_approved_and_carried_out(call: Call, installed: Settings) -> None:
    db = waiting(installed)
    assert call("plan", "only-approved", "on").exit_code == 0
    made = call("plan", "make")
    assert made.exit_code == 0, made.output
    assert "Create: 2" in made.output  # what was said, and who said it
    assert "4 calls" in made.output
    plan = str(newest(db).public_id)
    shown = call("plan", "show", plan).output
    assert "Ada Example" in shown
    assert "text: – → Where is my parcel?" in shown
    assert "judged_by: – → A steward" in shown
    assert records(db) == []
    assert call("plan", "approve", plan).exit_code == 0
    core = open_core(installed, wake=sleepers)
    while advance(core, LocalCrm(core.db)):
        pass
    core.db.close()
    assert records(db) == ["Where is my parcel?"]
    assert newest(db).state == PlanState.DONE
    assert "Carried out" in call("plan", "list").output
    db.close()


def test_a_plan_can_be_of_one_contact(call: Call, installed: Settings) -> None:
    db = waiting(installed)
    with db.read() as session:
        native_id = session.scalars(select(Contact.native_id)).one()
    assert "Create: 2" in call("plan", "make", "--contact", native_id).output
    assert call("plan", "make", "--contact", "999").exit_code == 1
    db.close()


def test_a_plan_is_discarded_once(call: Call, installed: Settings) -> None:
    db = waiting(installed)
    call("plan", "make")
    plan = str(newest(db).public_id)
    assert call("plan", "discard", plan).exit_code == 0
    assert call("plan", "discard", plan).exit_code == 1
    assert call("plan", "approve", plan).exit_code == 1
    db.close()


def test_the_forecast_names_what_waits_and_its_calls(call: Call, installed: Settings) -> None:
    db = waiting(installed)
    call("plan", "make")
    told = call("plan", "forecast").output
    assert "To be written: 2" in told
    assert "Calls needed: 2" in told
    assert "no limit" in told
    db.close()


def test_writing_only_plans_is_switched_on_and_off(call: Call, installed: Settings) -> None:
    db = Database(installed.database)
    for switch, is_planned in (("on", True), ("off", False)):
        assert call("plan", "only-approved", switch).exit_code == 0
        with db.read() as session:
            assert session.get_one(CrmState, "local").is_planned is is_planned
    db.close()
