"""Carry out an approved plan: exactly its steps, each only if it is still as it was shown.

Before a batch is written the CRM is asked once more what it would do. A step whose entry, contact, text or record
differs from what was approved is noted as changed and not written; it is in the next plan.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from scrm import logs
from scrm.errors import CrmAuthError, CrmBudgetSpentError, CrmRetryLaterError
from scrm.models import (
    EntryState,
    Journal,
    PlanState,
    PlanStep,
    RecordKind,
    StepAction,
    StepResult,
    TimelineEntry,
    WritePlan,
    claim,
    still_mine,
)
from scrm.runtime import Core
from scrm.sync.crm.base import Crm, Description, Outcome, Result
from scrm.sync.outbox import ask_budget, batch_of, give_back, hold_back, may_write, ready, send
from scrm.sync.outcomes import JOURNALED
from scrm.sync.plan import WRITES, foresee, let_go, make_portion
from scrm.sync.rows import Sent

log = logs.get(__name__)

WAIT = timedelta(seconds=15)
MOST_CRASHES = 5
WITHDRAWALS = (StepAction.WITHDRAW.value,)
TURNS = (  # what was said comes after the profile it hangs on, and goes before it
    (WITHDRAWALS, RecordKind.INTERACTION),
    (WITHDRAWALS, RecordKind.PROFILE),
    (WRITES, RecordKind.PROFILE),
    (WRITES, RecordKind.INTERACTION),
)
REFUSALS = frozenset({Result.REJECTED, Result.EDITED})


def advance(core: Core, crm: Crm) -> bool:
    """Make or carry out a portion of one plan for this CRM that is due; True when there was one."""
    mine = WritePlan.crm_id == crm.describe().crm_id
    with core.db.write("plan.claim") as session:
        claimed = claim(session, WritePlan, core.db.clock.now(), mine, seconds=core.settings.lease_seconds)
    if not claimed:
        return False
    plan = claimed[0]
    try:
        if plan.crash_count >= MOST_CRASHES:
            _give_up(core, plan)
        elif plan.state == PlanState.MAKING:
            make_portion(core, crm, plan)
        elif plan.state == PlanState.DISCARDED:
            let_go(core, plan, batch_of(crm.describe()))
        else:
            _give_plan_back(core, plan, got_on=_carry_out(core, crm, plan))
    except (CrmRetryLaterError, CrmAuthError) as why:
        hold_back(core, plan.crm_id, [], why)
        _give_plan_back(core, plan, got_on=False)
    return True


def _give_up(core: Core, plan: WritePlan) -> None:
    """It stops whoever works at it: what is left of it waits for another plan."""
    log.warning("plan_given_up", plan_id=plan.id)
    with core.db.write("plan.give_up") as session:
        values = {"state": PlanState.DISCARDED.value, "due_at": None, "lease_until": None}
        session.execute(
            update(WritePlan)
            .where(WritePlan.id == plan.id, still_mine(plan))
            .values(**values, ended_at=core.db.clock.now())
        )


def _carry_out(core: Core, crm: Crm, plan: WritePlan) -> bool:
    """Do the next steps of one kind; False when nothing can be done now."""
    about = crm.describe()
    with core.db.read() as session:
        now = core.db.clock.now()
        batches = (_next_steps(session, plan, turn, now, batch_of(about)) for turn in TURNS)
        steps: Sequence[PlanStep] = next(filter(None, batches), ())
    if not steps or not may_write(core, about.crm_id):
        return False
    allowance = ask_budget(core, crm, about)
    if allowance is None:
        return False
    if allowance.is_spent:
        hold_back(core, plan.crm_id, [], CrmBudgetSpentError("", retry_after=allowance.seconds_left))
        return False
    by_entry = {step.entry_id: step for step in steps}
    with core.db.write("plan.take") as session:
        # a profile that is not as planned is not written now: what was said does not wait for it
        rows = ready(session, _take(session, core, steps), core.db.clock.now(), profiles_first=False)
    same, changed = _compare(core, crm, about, rows, by_entry)
    outcomes = send(core, crm, about, same) if same else []
    with core.db.write("plan.note") as session:
        give_back(session, changed)
        _note(session, core, [by_entry[row.entry.id] for row in changed], StepResult.CHANGED)
        for row, outcome in zip(same, outcomes or (), strict=bool(outcomes)):
            _note(session, core, [by_entry[row.entry.id]], _result(outcome))
    return outcomes is not None


def _next_steps(
    session: Session, plan: WritePlan, turn: tuple[Sequence[str], RecordKind], now: datetime, most: int
) -> Sequence[PlanStep]:
    """Steps nothing has become of yet, but for those whose time has not come."""
    actions, kind = turn
    is_free = TimelineEntry.lease_until.is_(None) | (TimelineEntry.lease_until < now)
    can_be_settled = or_(
        TimelineEntry.state != EntryState.TODO.value,
        TimelineEntry.version != PlanStep.version,
        (TimelineEntry.due_at <= now) & is_free,
    )
    query = (
        select(PlanStep)
        .join(TimelineEntry, TimelineEntry.id == PlanStep.entry_id)
        .where(PlanStep.plan_id == plan.id, PlanStep.result.is_(None), can_be_settled)
        .where(PlanStep.action.in_(actions), PlanStep.kind == kind.value)
        .order_by(PlanStep.entry_id)
        .limit(most)
    )
    return session.scalars(query).all()


def _take(session: Session, core: Core, steps: Sequence[PlanStep]) -> list[TimelineEntry]:
    """Claim the entries that are still as planned; note what became of the others."""
    now = core.db.clock.now()
    locked = select(TimelineEntry).where(TimelineEntry.id.in_([step.entry_id for step in steps]))
    entries = {row.id: row for row in session.scalars(locked.order_by(TimelineEntry.id).with_for_update())}
    taken = []
    for step in steps:
        entry = entries[step.entry_id]
        result = _standing(session, entry, step)
        if result is not None:
            _note(session, core, [step], result)
        elif _is_free(entry, now):
            entry.crash_count += entry.lease_until is not None
            entry.lease_until = now + timedelta(seconds=core.settings.lease_seconds)
            entry.generation += 1
            taken.append(entry)
    session.flush()
    return taken


def _standing(session: Session, entry: TimelineEntry, step: PlanStep) -> StepResult | None:
    """What has become of a step already; None: it is still to be done."""
    is_same = entry.version == step.version and entry.contact_id == step.contact_id
    if not is_same or entry.is_wanted is not (step.action in WRITES):
        was_done = select(Journal.id).where(Journal.entry_id == entry.id, Journal.version == step.version)
        return StepResult.CHANGED if session.scalar(was_done.limit(1)) is None else StepResult.DONE
    if entry.state == EntryState.PARKED:
        return StepResult.REFUSED
    if entry.state == EntryState.TODO:
        return None
    return StepResult.DONE if entry.written_version == step.version else StepResult.CHANGED


def _is_free(entry: TimelineEntry, now: datetime) -> bool:
    is_due = entry.due_at is not None and entry.due_at <= now
    return is_due and (entry.lease_until is None or entry.lease_until < now)


def _compare(
    core: Core, crm: Crm, about: Description, rows: Sequence[Sent], steps: Mapping[int, PlanStep]
) -> tuple[list[Sent], list[Sent]]:
    """The claimed entries of which the CRM would now make what was shown, and the others."""
    if not rows or not rows[0].entry.is_wanted:
        return list(rows), []
    try:
        drafts = foresee(crm, about, rows, {})
    except (CrmRetryLaterError, CrmAuthError):
        with core.db.write("plan.give_back") as session:
            give_back(session, rows)
        raise
    same: list[Sent] = []
    changed: list[Sent] = []
    for row, draft in zip(rows, drafts, strict=True):
        (same if draft.digest(row) == steps[row.entry.id].digest else changed).append(row)
    return same, changed


def _result(outcome: Outcome) -> StepResult | None:
    if outcome.result in REFUSALS:
        return StepResult.REFUSED
    return StepResult.DONE if outcome.result in JOURNALED else None


def _note(session: Session, core: Core, steps: Sequence[PlanStep], result: StepResult | None) -> None:
    if steps and result is not None:
        session.execute(
            update(PlanStep)
            .where(PlanStep.id.in_([step.id for step in steps]))
            .values(result=result.value, ended_at=core.db.clock.now())
            .execution_options(synchronize_session=False)
        )


def _give_plan_back(core: Core, plan: WritePlan, *, got_on: bool) -> None:
    """Ended, due at once, or due again when more may be possible."""
    with core.db.write("plan.finish") as session:
        now = core.db.clock.now()
        is_open = PlanStep.result.is_(None) & PlanStep.action.in_((*WITHDRAWALS, *WRITES))
        left = session.scalar(select(PlanStep.id).where(PlanStep.plan_id == plan.id, is_open).limit(1))
        values: dict[str, object] = {"lease_until": None, "crash_count": 0, "due_at": now if got_on else now + WAIT}
        if plan.state == PlanState.APPROVED and left is None:
            values |= {"state": PlanState.DONE.value, "due_at": None, "ended_at": now}
        session.execute(update(WritePlan).where(WritePlan.id == plan.id, still_mine(plan)).values(**values))
