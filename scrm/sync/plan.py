"""A dry run: every create, update, withdrawal and skip with what stands there, what would, and why; nothing written.

A plan is made a portion at a time from the entries that are not done, in the order of their numbers, and never
changed afterwards: each step has a digest of what it shows, and the plan one over all steps. Who approves it approves
exactly that; `plan_run.py` carries it out.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from scrm.db import upsert
from scrm.errors import ConflictError, InputError
from scrm.failpoints import outside
from scrm.i18n import N_
from scrm.models import (
    AuditEntry,
    CrmState,
    EntryState,
    Journal,
    PlanState,
    PlanStep,
    StepAction,
    TimelineEntry,
    WritePlan,
    still_mine,
)
from scrm.runtime import Core
from scrm.sync.calls import calls_for
from scrm.sync.crm.base import Crm, Description, Plan, Result
from scrm.sync.outbox import batch_of
from scrm.sync.rows import Sent, as_written, load

OPEN = (EntryState.TODO.value, EntryState.HELD.value, EntryState.PARKED.value)
WRITES = (StepAction.CREATE.value, StepAction.UPDATE.value)
REASONS = {
    Result.UNCHANGED: N_("The CRM holds it as it is."),
    Result.STALE: N_("The CRM holds a newer version."),
    Result.CONTACT_GONE: N_("The contact no longer exists in the CRM."),
    Result.REJECTED: N_("The CRM would refuse it."),
    Result.RETRY: N_("The CRM cannot say now."),
}
MASS = 20  # records taken out of the CRM by one plan: a mass recall
SECOND_NEEDED = N_("This takes many records out of the CRM. A second admin has to approve it.")
NO_REASON = N_("It waits, or was set aside.")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a step says."""

    action: StepAction
    reason: str | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None

    def digest(self, row: Sent) -> str:
        """A hash of all that it says of this entry."""
        entry = row.entry
        said = [entry.external_key, entry.version, row.contact.native_id, self.action, self.before, self.after]
        return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def order(
    session: Session,
    crm_id: str,
    now: datetime,
    *,
    contact_id: int | None = None,
    is_anew: bool = False,
    user_id: int | None = None,
) -> WritePlan:
    """Have a plan made of everything, or of what concerns one contact; `is_anew`: of what is written already, too."""
    row = WritePlan(
        crm_id=crm_id,
        contact_id=contact_id,
        is_anew=is_anew,
        state=PlanState.MAKING.value,
        created_at=now,
        created_by=user_id,
        due_at=now,
        generation=0,
        crash_count=0,
    )
    session.add(row)
    session.flush()
    session.add(AuditEntry(at=now, user_id=user_id, action="plan.ordered", object=f"plan/{row.public_id}"))
    return row


def approve(
    session: Session, plan_id: UUID, now: datetime, user_id: int | None = None, *, four_eyes: bool = False
) -> WritePlan:
    """Have exactly this plan carried out; raises ConflictError when it is not ready any more, or was altered.

    With four eyes a mass recall needs somebody else than whoever had it planned, else InputError: a command does not
    say who calls it, so it never is the second one.
    """
    plan = _locked(session, plan_id)
    if four_eyes and user_id in {None, plan.created_by} and is_mass_recall(session, plan):
        raise InputError(SECOND_NEEDED)
    if plan.state != PlanState.READY or plan.digest != _digest_of(session, plan.id):
        raise ConflictError("this plan is not ready to be approved")
    plan.state, plan.due_at = PlanState.APPROVED.value, now
    plan.approved_at, plan.approved_by = now, user_id
    _note(session, plan, "plan.approved", now, user_id, before=PlanState.READY.value)
    return plan


def is_mass_recall(session: Session, plan: WritePlan) -> bool:
    """Whether a plan takes so much out of the CRM that a second person has to look, where four eyes are asked for."""
    withdrawn = (PlanStep.plan_id == plan.id) & (PlanStep.action == StepAction.WITHDRAW.value)
    return (session.scalar(select(func.count()).select_from(PlanStep).where(withdrawn)) or 0) >= MASS


def discard(session: Session, plan_id: UUID, now: datetime, user_id: int | None = None) -> None:
    """Put a plan aside; what of an approved one was done stays done. Raises ConflictError when it has ended."""
    plan = _locked(session, plan_id)
    if plan.state in {PlanState.DONE, PlanState.DISCARDED}:
        raise ConflictError("this plan has ended")
    before = plan.state
    plan.state, plan.lease_until, plan.ended_at = PlanState.DISCARDED.value, None, now
    plan.due_at = now if plan.is_anew else None  # what it held is let go by a job
    plan.generation += 1
    _note(session, plan, "plan.discarded", now, user_id, before=before)


def write_only_plans(
    session: Session, crm_id: str, now: datetime, *, is_planned: bool, user_id: int | None = None
) -> None:
    """From now on only approved plans are written, or everything by itself."""
    before = bool(session.scalar(select(CrmState.is_planned).where(CrmState.crm_id == crm_id)))
    values = {"due_at": now, "generation": 0, "crash_count": 0, "is_planned": is_planned}
    session.execute(
        upsert(session, CrmState).on_conflict_do_update(index_elements=["crm_id"], set_={"is_planned": is_planned}),
        [{"crm_id": crm_id, **values}],
    )
    action = "plan.only_plans" if is_planned else "plan.everything"
    change = {"before": {"only_plans": before}, "after": {"only_plans": is_planned}}
    session.add(AuditEntry(at=now, user_id=user_id, action=action, object=f"crm/{crm_id}", **change))


def make_portion(core: Core, crm: Crm, plan: WritePlan) -> None:
    """Plan the next entries of a claimed plan; ready when there are no more. Writes nothing to the CRM."""
    about = crm.describe()
    with core.db.read() as session:
        rows = _next_rows(session, plan, batch_of(about))
        last = _last_written(session, [row.entry.id for row in rows if not row.entry.is_wanted])
    settled = _as_if_due(rows)
    drafts = foresee(crm, about, rows, last)
    with core.db.write("plan.portion") as session:
        mine = session.scalars(select(WritePlan).where(WritePlan.id == plan.id, still_mine(plan))).one_or_none()
        if mine is None:
            return
        for row, draft in zip(rows, drafts, strict=True):
            if row.entry.id in settled:
                if draft.reason == REASONS[Result.UNCHANGED]:
                    continue
                if draft.action in WRITES and not _take_up(session, row.entry, core.db.clock.now()):
                    continue  # it changed meanwhile, and is due by itself
            session.add(_step(mine, row, draft))
            mine.digest = _chain(mine.digest, draft.digest(row))
        mine.lease_until, mine.crash_count, mine.due_at = None, 0, core.db.clock.now()
        if rows:
            mine.last_entry_id = rows[-1].entry.id
            return
        session.flush()
        mine.state, mine.due_at, mine.calls = PlanState.READY.value, None, _calls(session, mine, about)


def let_go(core: Core, plan: WritePlan, most: int) -> bool:
    """What a discarded plan held of what was written is left as it is, a portion at a time; True while there is more.

    Its version stays counted up, so that whatever is wanted next is newer.
    """
    with core.db.write("plan.let_go") as session:
        held = (
            select(TimelineEntry.id)
            .join(PlanStep, PlanStep.entry_id == TimelineEntry.id)
            .where(PlanStep.plan_id == plan.id, TimelineEntry.waits_for_plan.is_(True))
            .where(TimelineEntry.state == EntryState.TODO.value)
            .order_by(TimelineEntry.id)
            .limit(most)
        )
        ids = session.scalars(held).all()
        as_it_is = {"state": EntryState.DONE.value, "due_at": None, "lease_until": None, "waits_for_plan": False}
        session.execute(update(TimelineEntry).where(TimelineEntry.id.in_(ids)).values(**as_it_is))
        is_more = len(ids) == most
        due_at = core.db.clock.now() if is_more else None
        session.execute(
            update(WritePlan)
            .where(WritePlan.id == plan.id, still_mine(plan))
            .values(lease_until=None, crash_count=0, due_at=due_at)
        )
    return is_more


def _as_if_due(rows: Sequence[Sent]) -> set[int]:
    """Look at written entries as if they were to be written once more; gives their numbers."""
    settled = {row.entry.id for row in rows if row.entry.state == EntryState.DONE}
    for row in rows:
        if row.entry.id in settled:
            row.entry.state, row.entry.version = EntryState.TODO.value, row.entry.version + 1
    return settled


def _take_up(session: Session, entry: TimelineEntry, now: datetime) -> bool:
    """Make a written entry due for a plan alone; False when it is not as it was seen."""
    as_seen = (TimelineEntry.id == entry.id) & (TimelineEntry.version == entry.version - 1)
    is_settled = TimelineEntry.is_wanted.is_(True) & (TimelineEntry.state == EntryState.DONE.value)
    values = {"state": EntryState.TODO.value, "version": entry.version, "due_at": now, "waits_for_plan": True}
    taken = session.execute(update(TimelineEntry).where(as_seen, is_settled).values(**values, attempts=0))
    return taken.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def foresee(
    crm: Crm, about: Description, rows: Sequence[Sent], last: Mapping[int, Mapping[str, Any] | None]
) -> list[Draft]:
    """What would become of each entry now; `last` says what we wrote last of those to be withdrawn."""
    todo = [row for row in rows if row.entry.state == EntryState.TODO]
    writes = {row.entry.id: as_written(row, about) for row in todo if row.entry.is_wanted}
    results: dict[str, Result] = {}
    planned = Plan()
    if writes:
        with outside("crm.plan"):
            planned = crm.plan(list(writes.values()))
        results = {key: result for result, keys in planned.by_result.items() for key in keys}
    return [_draft(row, results, planned, last) for row in rows]


def _draft(
    row: Sent,
    results: Mapping[str, Result],
    planned: Plan,
    last: Mapping[int, Mapping[str, Any] | None],
) -> Draft:
    entry = row.entry
    if entry.state != EntryState.TODO:
        return Draft(action=StepAction.SKIP, reason=entry.reason or NO_REASON)
    if not entry.is_wanted:
        return Draft(action=StepAction.WITHDRAW, before=last.get(entry.id))
    key = entry.external_key
    result, before, after = results[key], planned.before.get(key), planned.after.get(key)
    if result in {Result.CREATED, Result.UPDATED}:
        action = StepAction.CREATE if result is Result.CREATED else StepAction.UPDATE
        return Draft(action=action, before=before, after=after)
    return Draft(action=StepAction.SKIP, reason=REASONS[result], before=before, after=after)


def _next_rows(session: Session, plan: WritePlan, most: int) -> list[Sent]:
    stands = TimelineEntry.is_wanted.is_(True) & TimelineEntry.record_id.is_not(None)
    is_written = stands & (TimelineEntry.state == EntryState.DONE.value)
    is_open = TimelineEntry.state.in_(OPEN)
    query = (
        select(TimelineEntry)
        .where(
            TimelineEntry.id > plan.last_entry_id,
            TimelineEntry.crm_id == plan.crm_id,
            is_open | is_written if plan.is_anew else is_open,
        )
        .order_by(TimelineEntry.id)
        .limit(most)
    )
    if plan.contact_id is not None:
        query = query.where(TimelineEntry.contact_id == plan.contact_id)
    return load(session, session.scalars(query).all())


def _last_written(session: Session, entry_ids: Sequence[int]) -> dict[int, Mapping[str, Any] | None]:
    """By the journal, what stands in the CRM of these."""
    newest = select(func.max(Journal.id)).where(Journal.entry_id.in_(entry_ids)).group_by(Journal.entry_id)
    rows = session.scalars(select(Journal).where(Journal.id.in_(newest)))
    return {row.entry_id: row.after for row in rows}


def _step(plan: WritePlan, row: Sent, draft: Draft) -> PlanStep:
    return PlanStep(
        plan_id=plan.id,
        entry_id=row.entry.id,
        contact_id=row.contact.id,
        version=row.entry.version,
        kind=row.entry.kind,
        action=draft.action.value,
        reason=draft.reason,
        before=dict(draft.before) if draft.before is not None else None,
        after=dict(draft.after) if draft.after is not None else None,
        digest=draft.digest(row),
    )


def _calls(session: Session, plan: WritePlan, about: Description) -> int:
    """A look and a write for each batch of writes, one call for each batch of withdrawals; profiles by themselves."""
    is_write = case((PlanStep.action.in_(WRITES), 1), else_=0)
    is_withdrawal = case((PlanStep.action == StepAction.WITHDRAW.value, 1), else_=0)
    by_kind = select(func.sum(is_write), func.sum(is_withdrawal)).where(PlanStep.plan_id == plan.id)
    batch = batch_of(about)
    return sum(
        2 * calls_for(writes, batch) + calls_for(withdrawals, batch)
        for writes, withdrawals in session.execute(by_kind.group_by(PlanStep.kind))
    )


def _chain(digest: str, step: str) -> str:
    return hashlib.sha256(f"{digest}{step}".encode()).hexdigest()


def _digest_of(session: Session, plan_id: int) -> str:
    digest = ""
    for step in session.scalars(select(PlanStep.digest).where(PlanStep.plan_id == plan_id).order_by(PlanStep.id)):
        digest = _chain(digest, step)
    return digest


def _locked(session: Session, plan_id: UUID) -> WritePlan:
    plan = session.scalars(select(WritePlan).where(WritePlan.public_id == plan_id).with_for_update()).one_or_none()
    if plan is None:
        raise InputError(N_("There is no such plan."))
    return plan


def _note(session: Session, plan: WritePlan, action: str, now: datetime, user_id: int | None, *, before: str) -> None:
    change = {"before": {"state": before}, "after": {"state": plan.state}}
    session.add(AuditEntry(at=now, user_id=user_id, action=action, object=f"plan/{plan.public_id}", **change))
