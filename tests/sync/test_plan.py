"""A dry run writes nothing; what is approved is written exactly; what changed meanwhile is reported, not written."""

from collections import deque
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from scrm.errors import ConflictError, InputError
from scrm.models import (
    Contact,
    CrmState,
    EntryState,
    LocalLedger,
    PlanState,
    PlanStep,
    StepAction,
    StepResult,
    TimelineEntry,
    WritePlan,
)
from scrm.privacy.retention import PLAN_DAYS, purge
from scrm.sync import plan as plans
from scrm.sync.crm.base import Result
from scrm.sync.plan_run import MOST_CRASHES, advance
from scrm.sync.plan_view import diff
from tests.sync.town import Town
from tests.unreliable_crm import Weather


class Office:
    """Makes, approves and carries out plans, and tells what the CRM took."""

    def __init__(self, town: Town) -> None:
        self.town = town
        with town.db.write("test.mode") as session:
            plans.write_only_plans(session, "local", town.clock.now(), is_planned=True)

    def make(self, contact_id: int | None = None) -> UUID:
        self.town.expand()
        with self.town.db.write("test.order") as session:
            made = plans.order(session, "local", self.town.clock.now(), contact_id=contact_id).public_id
        self.advance()
        assert self.plan(made).state == PlanState.READY
        return made

    def approve(self, plan: UUID) -> None:
        with self.town.db.write("test.approve") as session:
            plans.approve(session, plan, self.town.clock.now())

    def carry_out(self, plan: UUID) -> None:
        self.approve(plan)
        self.advance()

    def advance(self) -> None:
        for _ in range(50):
            if not advance(self.town.core, self.town.crm):
                return
        raise AssertionError("a plan does not end")

    def plan(self, plan: UUID) -> WritePlan:
        with self.town.db.read() as session:
            return session.scalars(select(WritePlan).where(WritePlan.public_id == plan)).one()

    def steps(self, plan: UUID) -> list[PlanStep]:
        with self.town.db.read() as session:
            query = select(PlanStep).where(PlanStep.plan_id == self.plan(plan).id)
            return list(session.scalars(query.order_by(PlanStep.id)))

    def results(self, plan: UUID) -> list[str | None]:
        return [step.result for step in self.steps(plan)]

    def planned(self, plan: UUID) -> set[tuple[str, str, int]]:
        """What the steps announce: what is done, to which record, in which version."""
        words = {StepAction.CREATE: "created", StepAction.UPDATE: "updated", StepAction.WITHDRAW: "withdrawn"}
        with self.town.db.read() as session:
            rows = session.execute(
                select(PlanStep.action, TimelineEntry.external_key, PlanStep.version)
                .join(TimelineEntry, TimelineEntry.id == PlanStep.entry_id)
                .where(PlanStep.plan_id == self.plan(plan).id, PlanStep.action != StepAction.SKIP.value)
            )
            return {(words[StepAction(action)], key, version) for action, key, version in rows}

    def taken(self, after: int = 0) -> set[tuple[str, str, int]]:
        """What the CRM's own ledger says."""
        with self.town.db.read() as session:
            rows = session.scalars(select(LocalLedger).where(LocalLedger.id > after)).all()
            assert len(rows) == len({row.external_key for row in rows})
            return {(row.operation, row.external_key, row.version) for row in rows}

    def last(self) -> int:
        with self.town.db.read() as session:
            return max(session.scalars(select(LocalLedger.id)), default=0)


@pytest.fixture
def busy(town: Town) -> tuple[Office, int, list[int]]:
    """Three records in the CRM; since then one edit, one deletion and two new ones wait."""
    profile = town.profile()
    town.link(profile, town.contact())
    said = town.say(profile, 3)
    town.settle()
    office = Office(town)
    town.change(said[0], text="edited")
    town.delete(said[1])
    said += town.say(profile, 2)
    return office, profile, said


def test_planning_writes_nothing_and_approving_writes_exactly_the_plan(
    town: Town, busy: tuple[Office, int, list[int]]
) -> None:
    office, profile, _said = busy
    town.crm.batch_size = 2
    before, records = office.last(), town.records()
    plan = office.make()
    assert (office.last(), town.records()) == (before, records)
    planned = office.planned(plan)
    assert len(planned) == 4
    town.deliver()  # what its network deleted waits for nobody's approval, everything else does
    assert [operation for operation, _key, _version in office.taken(after=before)] == ["withdrawn"]
    town.say(profile, 3)  # after the plan was made: not part of it
    town.expand()
    office.carry_out(plan)
    assert office.taken(after=before) == planned
    assert office.plan(plan).state == PlanState.DONE
    assert set(office.results(plan)) == {StepResult.DONE}
    assert len(town.records()) == 4


def test_each_step_says_what_stands_there_and_what_would(town: Town, busy: tuple[Office, int, list[int]]) -> None:
    office, _profile, _said = busy
    steps: dict[str, list[PlanStep]] = {}
    for step in office.steps(office.make()):
        steps.setdefault(step.action, []).append(step)
    assert {action: len(found) for action, found in steps.items()} == {"create": 2, "update": 1, "withdraw": 1}
    (edit,), (gone,) = steps["update"], steps["withdraw"]
    assert edit.before is not None
    assert edit.after is not None
    assert edit.after == edit.before | {"text": "edited"} != edit.before
    assert diff(edit) == [("text", edit.before["text"], "edited")]
    assert gone.after is None
    assert {(step.before, step.after is None) for step in steps["create"]} == {(None, False)}


def test_calls_foretold_are_calls_made(town: Town, busy: tuple[Office, int, list[int]]) -> None:
    office, _profile, _said = busy
    town.crm.batch_size = 2
    plan = office.make()
    town.crm.calls.clear()
    office.carry_out(plan)
    calls = town.crm.calls
    assert calls["plan"] + calls["write"] + calls["withdraw"] == office.plan(plan).calls == 5


def test_what_changed_here_meanwhile_is_reported_and_not_written(
    town: Town, busy: tuple[Office, int, list[int]]
) -> None:
    office, _profile, said = busy
    plan = office.make()
    before = office.last()
    town.change(said[0], text="edited again")
    town.delete(said[3])
    town.expand()
    office.carry_out(plan)
    assert "edited again" not in town.texts()
    assert sorted(str(result) for result in office.results(plan)) == ["changed", "changed", "done", "done"]
    assert len(office.taken(after=before)) == 2
    again = office.make()
    office.carry_out(again)
    assert town.records() == town.wanted()


def test_what_somebody_edited_in_the_crm_meanwhile_is_reported_and_not_written(
    town: Town, busy: tuple[Office, int, list[int]]
) -> None:
    office, _profile, said = busy
    plan = office.make()
    town.edit_record(text="by hand")
    office.carry_out(plan)
    by_action = {step.action: step.result for step in office.steps(plan)}
    assert by_action["update"] == StepResult.CHANGED
    assert by_action["withdraw"] == StepResult.REFUSED  # left as it is, in the error inbox
    assert by_action["create"] == StepResult.DONE
    assert "edited" not in town.texts()
    assert said


def test_a_contact_that_was_merged_meanwhile_gets_nothing(town: Town, linked: int) -> None:
    town.say(linked, 2)
    office = Office(town)
    plan = office.make()
    other = town.people.add("Bo Example")
    with town.db.read() as session:
        native_id = session.scalars(select(Contact.native_id)).one()
    town.people.merge(native_id, into=other)
    office.carry_out(plan)
    assert set(office.results(plan)) == {StepResult.CHANGED}
    assert town.records() == {}


def test_a_plan_of_one_contact_touches_no_other(town: Town) -> None:
    contacts = [town.contact(name) for name in ("Ada Example", "Bo Example")]
    for contact in contacts:
        profile = town.profile()
        town.link(profile, contact)
        town.say(profile, 2)
    office = Office(town)
    plan = office.make(contacts[0])
    assert {step.contact_id for step in office.steps(plan)} == {contacts[0]}
    office.carry_out(plan)
    assert len(town.records()) == 2


def test_a_skip_says_why(town: Town, linked: int) -> None:
    town.say(linked, audience="private")
    town.say(linked, 2)
    office = Office(town)
    town.expand()
    parked, _other = [row for row in town.entries() if row.state == EntryState.TODO]
    with town.db.write("test.park") as session:
        where = TimelineEntry.id == parked.id
        session.execute(update(TimelineEntry).where(where).values(state="parked", reason="subject: too long"))
    steps = office.steps(office.make())
    skipped = [step.reason for step in steps if step.action == StepAction.SKIP]
    assert len(skipped) == 2
    assert "subject: too long" in skipped
    assert all(skipped)


def test_a_plan_is_approved_once_and_only_when_it_is_ready(town: Town, busy: tuple[Office, int, list[int]]) -> None:
    office, _profile, _said = busy
    plan = office.make()
    office.approve(plan)
    with pytest.raises(ConflictError):
        office.approve(plan)
    with pytest.raises(InputError):
        office.approve(UUID(int=7))


@pytest.mark.parametrize("values", [{"digest": "0" * 64}, {"digest": ""}])
def test_an_altered_plan_is_not_approved(
    town: Town, busy: tuple[Office, int, list[int]], values: dict[str, Any]
) -> None:
    office, _profile, _said = busy
    plan = office.make()
    with town.db.write("test.alter") as session:
        session.execute(update(PlanStep).where(PlanStep.id == office.steps(plan)[0].id).values(**values))
    with pytest.raises(ConflictError):
        office.approve(plan)


def test_a_plan_is_carried_out_by_the_crm_it_is_for(town: Town, busy: tuple[Office, int, list[int]]) -> None:
    office, _profile, _said = busy
    plan = office.make()
    with town.db.write("test.other") as session:
        session.execute(update(WritePlan).values(crm_id="another"))
    office.carry_out(plan)
    assert office.plan(plan).state == PlanState.APPROVED
    assert set(office.results(plan)) == {None}


def test_a_discarded_plan_writes_nothing(town: Town, busy: tuple[Office, int, list[int]]) -> None:
    office, _profile, _said = busy
    plan, before = office.make(), office.last()
    with town.db.write("test.discard") as session:
        plans.discard(session, plan, town.clock.now())
    office.advance()
    with pytest.raises(ConflictError):
        office.approve(plan)
    assert office.last() == before


def test_nothing_is_written_without_a_plan_until_that_is_lifted(town: Town, linked: int) -> None:
    town.say(linked, 2)
    Office(town)
    town.settle()
    assert town.records() == {}
    with town.db.write("test.lift") as session:
        plans.write_only_plans(session, "local", town.clock.now(), is_planned=False)
        assert not session.get_one(CrmState, "local").is_planned
    town.settle()
    assert town.records() == town.wanted()


def test_an_outage_halfway_stops_the_plan_and_the_rest_follows(
    town: Town, busy: tuple[Office, int, list[int]]
) -> None:
    office, _profile, _said = busy
    town.crm.batch_size = 1
    plan, before = office.make(), office.last()
    planned = office.planned(plan)
    town.crm.forecast.extend([Weather.FINE, Weather.ANSWER_LOST, Weather.DOWN])
    office.carry_out(plan)
    assert office.plan(plan).state == PlanState.APPROVED
    for _ in range(5):
        town.wait(120)
        office.advance()
    assert office.plan(plan).state == PlanState.DONE
    assert set(office.results(plan)) <= {StepResult.DONE, StepResult.CHANGED}
    with town.db.read() as session:
        rows = session.scalars(select(LocalLedger).where(LocalLedger.id > before)).all()
        written = {(row.operation, row.external_key, row.version) for row in rows if row.operation != "unchanged"}
    assert written == planned


def test_what_is_locked_is_tried_again_within_the_plan(town: Town, busy: tuple[Office, int, list[int]]) -> None:
    office, _profile, _said = busy
    plan = office.make()
    new = town.entries()[-1].external_key
    town.crm.answers[new] = deque([Result.RETRY, Result.RETRY])
    office.carry_out(plan)
    for _ in range(4):
        town.wait()
        office.advance()
    assert office.plan(plan).state == PlanState.DONE
    assert set(office.results(plan)) == {StepResult.DONE}


def test_a_worker_that_dies_between_writing_and_noting_does_not_write_twice(
    town: Town, busy: tuple[Office, int, list[int]]
) -> None:
    office, _profile, _said = busy
    plan, before = office.make(), office.last()
    planned = office.planned(plan)
    office.carry_out(plan)
    with town.db.write("test.forget") as session:
        session.execute(update(PlanStep).values(result=None))
        session.execute(update(WritePlan).values(state=PlanState.APPROVED, due_at=town.clock.now()))
    office.advance()
    assert office.taken(after=before) == planned
    assert set(office.results(plan)) == {StepResult.DONE}


def test_a_plan_that_stops_every_worker_is_given_up(town: Town, busy: tuple[Office, int, list[int]]) -> None:
    office, _profile, _said = busy
    plan, before = office.make(), office.last()
    office.approve(plan)

    def stop() -> None:
        raise KeyboardInterrupt

    town.crm.beforehand = stop
    for _worker in range(MOST_CRASHES):
        with pytest.raises(KeyboardInterrupt):
            advance(town.core, town.crm)
        town.wait(town.core.settings.lease_seconds + 1)
        town.entry_values(crash_count=0)
    town.crm.beforehand = lambda: None
    office.advance()
    assert office.plan(plan).state == PlanState.DISCARDED
    assert office.last() == before


def test_a_plan_keeps_no_text_that_its_network_deleted(town: Town, linked: int) -> None:
    (said,) = town.say(linked, text="to be deleted")
    office = Office(town)
    plan = office.make()
    town.delete(said)
    town.expand()
    (step,) = office.steps(plan)
    assert (step.before, step.after) == (None, None)
    office.carry_out(plan)
    assert office.results(plan) == [StepResult.CHANGED]
    assert town.records() == {}


def test_old_plans_go(town: Town, busy: tuple[Office, int, list[int]]) -> None:
    office, _profile, _said = busy
    office.make()
    town.clock.advance(timedelta(days=PLAN_DAYS + 1).total_seconds())
    while purge(town.core):
        pass
    purge(town.core)
    with town.db.read() as session:
        assert session.scalars(select(WritePlan)).all() == []
        assert session.scalars(select(PlanStep)).all() == []
