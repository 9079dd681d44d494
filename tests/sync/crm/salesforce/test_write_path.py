"""The whole write path against the sandbox org: plans, recall, restores, calls; judged by the org's own rows."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from scrm.matching.judgments import Decision, decide
from scrm.models import (
    EntryState,
    Journal,
    Judge,
    PlanState,
    PlanStep,
    Profile,
    StepResult,
    TimelineEntry,
    Verdict,
    WritePlan,
    mark_timelines_due,
)
from scrm.runtime import Core
from scrm.sync import plan as plans
from scrm.sync import resend
from scrm.sync.calls import allow, forecast
from scrm.sync.contacts import mark_pull_due
from scrm.sync.crm.base import Fault
from scrm.sync.crm.salesforce.access import CRM_ID
from scrm.sync.outbox import deliver
from scrm.sync.plan_run import advance
from scrm.sync.timeline import expand_due
from tests.factories import make_contact, make_interaction, make_profile
from tests.sync.crm.salesforce.orgs import connected
from tests.sync.crm.salesforce.world import SalesforceWorld

OBJECT = "Social_Interaction__c"


class Story:
    """One linked person in one org."""

    def __init__(self, world: SalesforceWorld) -> None:
        self.world, self.core, self.crm = world, world.core, world.opened()
        self.now = self.core.db.clock.now
        native_id = world.add("Example")
        with self.core.db.write("test.contact") as session:
            self.contact = make_contact(session, crm_id=CRM_ID, native_id=native_id).id
            # who shows nothing of themselves: what is counted here is what they say
            self.profile = make_profile(session, network="bluesky", handle=None, display_name=None).id

    def judge(self, verdict: Verdict) -> None:
        decision = Decision(
            profile_id=self.profile,
            contact_id=self.contact,
            verdict=verdict,
            judge=Judge.STEWARD,
            seen_judgment_id=-1,
        )
        with self.core.db.write("test.judge") as session:
            decide(session, self.now(), decision)

    def say(self, count: int) -> None:
        with self.core.db.write("test.say") as session:
            profile = session.get_one(Profile, self.profile)
            for _ in range(count):
                make_interaction(session, profile, checked_at=self.now())
            mark_timelines_due(session, [self.profile], self.now())

    def settle(self) -> None:
        while expand_due(self.core):
            pass
        while deliver(self.core, self.crm):
            pass

    def rows(self) -> list[dict[str, Any]]:
        return [dict(row) for row in self.world.org.snapshot().get(OBJECT, []) if not row["IsDeleted"]]

    def calls(self) -> list[dict[str, Any]]:
        return [dict(call) for call in self.world.org.requests()]

    def make_plan(self) -> UUID:
        while expand_due(self.core):
            pass
        with self.core.db.write("test.order") as session:
            plan = plans.order(session, CRM_ID, self.now()).public_id
        while advance(self.core, self.crm):
            pass
        return plan

    def approve(self, plan: UUID) -> None:
        with self.core.db.write("test.approve") as session:
            plans.approve(session, plan, self.now())
        while advance(self.core, self.crm):
            pass


@pytest.fixture
def story(core: Core) -> Iterator[Story]:
    with SalesforceWorld(core) as world:
        yield Story(world)


def one(core: Core, model: Any) -> Any:
    with core.db.read() as session:
        return session.scalars(select(model).order_by(model.id.desc()).limit(1)).one()


def test_linking_writing_and_unlinking_leaves_the_org_as_it_was(story: Story) -> None:
    story.say(3)
    before = story.rows()
    story.judge(Verdict.POSITIVE)
    story.settle()
    assert len(story.rows()) == 3
    story.judge(Verdict.NEGATIVE)
    story.settle()
    assert story.rows() == before == []


def test_what_a_person_edited_in_the_org_is_kept_and_reported(story: Story) -> None:
    story.say(2)
    story.judge(Verdict.POSITIVE)
    story.settle()
    edited = one(story.core, TimelineEntry)
    story.world.edit(edited.external_key, "text", "Called back.")
    story.judge(Verdict.NEGATIVE)
    story.settle()
    (row,) = story.rows()
    assert row["Key__c"] == edited.external_key
    entry = one(story.core, TimelineEntry)
    assert (entry.state, entry.fault) == (EntryState.PARKED, Fault.EDITED)
    with story.core.db.read() as session:
        (journal,) = session.scalars(select(Journal).where(Journal.operation == "edited"))
    assert journal.before is not None
    assert journal.before["text"] == "Called back."


def test_a_plan_writes_nothing_and_then_exactly_itself(story: Story) -> None:
    story.judge(Verdict.POSITIVE)
    with story.core.db.write("test.mode") as session:
        plans.write_only_plans(session, CRM_ID, story.now(), is_planned=True)
    story.say(3)
    plan = story.make_plan()
    story.settle()
    assert story.rows() == []
    with story.core.db.read() as session:
        query = select(TimelineEntry.external_key).join(PlanStep, PlanStep.entry_id == TimelineEntry.id)
        planned = set(session.scalars(query))
    story.say(2)
    story.approve(plan)
    assert {row["Key__c"] for row in story.rows()} == planned
    assert len(planned) == 3
    assert one(story.core, WritePlan).state == PlanState.DONE


def test_what_a_person_changed_after_the_plan_is_reported_and_not_written(story: Story) -> None:
    story.judge(Verdict.POSITIVE)
    story.say(1)
    story.settle()
    with story.core.db.write("test.mode") as session:
        plans.write_only_plans(session, CRM_ID, story.now(), is_planned=True)
        row = session.scalars(select(TimelineEntry)).one()
        row.version, row.state, row.due_at = row.version + 1, EntryState.TODO.value, story.now()
        row.contact_id = make_contact(session, crm_id=CRM_ID, native_id=story.world.add("Other")).id
    plan = story.make_plan()
    story.world.edit(one(story.core, TimelineEntry).external_key, "text", "Called back.")
    before = story.rows()
    story.approve(plan)
    assert story.rows() == before
    assert one(story.core, PlanStep).result == StepResult.CHANGED


def test_after_a_restore_what_the_org_has_newer_is_overtaken(story: Story) -> None:
    story.judge(Verdict.POSITIVE)
    story.say(1)
    story.settle()
    with story.core.db.write("test.restore") as session:
        row = session.scalars(select(TimelineEntry)).one()
        first = row.version
    for _edit in range(4):
        with story.core.db.write("test.edit") as session:
            row = session.scalars(select(TimelineEntry)).one()
            row.version, row.state, row.due_at = row.version + 1, EntryState.TODO.value, story.now()
            row.contact_id = make_contact(session, crm_id=CRM_ID, native_id=story.world.add("Other")).id
        story.settle()
    held = int(story.rows()[0]["Version__c"])
    assert held == first + 4
    with story.core.db.write("test.back") as session:
        row = session.scalars(select(TimelineEntry)).one()
        row.version = row.written_version = first
        row.contact_id = story.contact
    resend.order(story.core.db, story.now())
    resend.resend(story.core)
    story.settle()
    (record,) = story.rows()
    assert int(record["Version__c"]) > held
    entry = one(story.core, TimelineEntry)
    assert (entry.state, entry.written_version) == (EntryState.DONE, int(record["Version__c"]))


def test_401_entries_take_three_calls(story: Story) -> None:
    story.judge(Verdict.POSITIVE)
    story.say(401)
    while expand_due(story.core):
        pass
    before = story.calls()
    story.settle()
    writes = [f"{call['method']} {call['path'].rpartition('/v68.0/')[2]}" for call in story.calls()[len(before) :]]
    assert writes.count("POST composite/sobjects") == 3
    assert len(writes) <= 5  # and what asks for the budget and the org's shape
    assert len(story.rows()) == 401


def test_our_share_of_the_calls_is_used_whole_and_withdrawals_have_a_little_more(story: Story) -> None:
    connected(story.core, story.world.org, share_percent=20)
    with story.core.db.write("test.hint") as session:
        mark_pull_due(session, CRM_ID, story.now())
    crm = story.world.opened()
    budget = crm.budget()
    allowance = allow(story.core, CRM_ID, budget, 200)
    assert budget.limit is not None
    assert allowance.ours == budget.remaining
    assert 0 < allowance.others < budget.limit
    with story.core.db.read() as session:
        assert forecast(session, crm.describe(), story.core.settings.crm_reserve_percent).left == allowance.ours
