"""A plan as people read it: how many steps of each kind, and what each changes in which field."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scrm.i18n import N_
from scrm.models import (
    Contact,
    Interaction,
    PlanState,
    PlanStep,
    Profile,
    StepAction,
    StepResult,
    TimelineEntry,
    WritePlan,
)

ACTIONS = {
    StepAction.CREATE: N_("Create"),
    StepAction.UPDATE: N_("Change"),
    StepAction.WITHDRAW: N_("Withdraw"),
    StepAction.SKIP: N_("Leave"),
}
RESULTS = {
    StepResult.DONE: N_("Done"),
    StepResult.CHANGED: N_("Not written: it was not as planned any more"),
    StepResult.REFUSED: N_("Not written: set aside"),
}
STATES = {
    PlanState.MAKING: N_("Is being made"),
    PlanState.READY: N_("Waits for approval"),
    PlanState.APPROVED: N_("Is being carried out"),
    PlanState.DONE: N_("Carried out"),
    PlanState.DISCARDED: N_("Discarded"),
}


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many steps of one action, and what has become of them."""

    action: StepAction
    steps: int
    done: int
    changed: int
    refused: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """A step with whom it concerns."""

    step: PlanStep
    contact: Contact
    interaction: Interaction | None
    profile: Profile | None  # when the step is about the profile's own record

    @property
    def about(self) -> Interaction | Profile:
        about = self.interaction or self.profile
        assert about is not None  # noqa: S101 - the table has one of them
        return about


def tallies(session: Session, plan_id: int) -> list[Tally]:
    """The steps counted, in the order of the actions; actions that do not occur are left out."""
    query = (
        select(PlanStep.action, PlanStep.result, func.count())
        .where(PlanStep.plan_id == plan_id)
        .group_by(PlanStep.action, PlanStep.result)
    )
    counts = {(action, result): count for action, result, count in session.execute(query)}
    found = []
    for action in StepAction:
        by_result = {result: count for (kind, result), count in counts.items() if kind == action}
        if by_result:
            found.append(
                Tally(
                    action=action,
                    steps=sum(by_result.values()),
                    done=by_result.get(StepResult.DONE, 0),
                    changed=by_result.get(StepResult.CHANGED, 0),
                    refused=by_result.get(StepResult.REFUSED, 0),
                )
            )
    return found


def lines(session: Session, plan: WritePlan, *, after: int = 0, most: int, action: str | None = None) -> list[Line]:
    """Steps from the number `after` on."""
    query = (
        select(PlanStep, Contact, Interaction, Profile)
        .join(Contact, Contact.id == PlanStep.contact_id)
        .join(TimelineEntry, TimelineEntry.id == PlanStep.entry_id)
        .outerjoin(Interaction, Interaction.id == TimelineEntry.interaction_id)
        .outerjoin(Profile, Profile.id == TimelineEntry.profile_id)
        .where(PlanStep.plan_id == plan.id, PlanStep.id > after)
        .order_by(PlanStep.id)
        .limit(most)
    )
    if action is not None:
        query = query.where(PlanStep.action == action)
    return [
        Line(step=step, contact=contact, interaction=interaction, profile=profile)
        for step, contact, interaction, profile in session.execute(query)
    ]


def diff(step: PlanStep) -> list[tuple[str, Any, Any]]:
    """The fields that a step changes: name, what stands there, what would; empty on both sides is no change."""
    before, after = step.before or {}, step.after or {}
    names: Sequence[str] = [*before, *(name for name in after if name not in before)]
    if step.action == StepAction.SKIP:
        return []
    return [
        (name, before.get(name), after.get(name))
        for name in names
        if (before.get(name) or None) != (after.get(name) or None)
    ]
