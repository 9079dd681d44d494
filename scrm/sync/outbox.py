"""Deliver timeline entries to the CRM: in batches, by external key, as often as it takes and never twice.

The only writer to a CRM. A batch of one kind, withdrawals before writes, profiles before what they said, is claimed
in one transaction, sent outside of any, and its outcomes recorded in another (`outcomes.py`), each only if the claim
still holds and nothing newer is wanted. An outcome nobody heard of is sent again: the external key makes that
harmless. An outage costs the rows no attempt and is probed by a single row. Rows whose sender vanished are sent one
by one, so that a row that stops its worker takes no neighbor along.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import Select, case, func, or_, select, update
from sqlalchemy.orm import Session

from scrm import logs
from scrm.db import upsert
from scrm.errors import CrmAuthError, CrmBudgetSpentError, CrmRetryLaterError
from scrm.failpoints import outside
from scrm.i18n import N_
from scrm.models import (
    CrmState,
    EntryState,
    Interaction,
    TimelineEntry,
    claim,
    mark_timelines_due,
    still_mine,
)
from scrm.runtime import Core
from scrm.sync import calls
from scrm.sync.calls import Allowance
from scrm.sync.crm.base import Crm, Description, Fault, Outcome
from scrm.sync.outcomes import park, record
from scrm.sync.recheck import is_suspended, must_be_checked, read_again
from scrm.sync.rows import Sent, as_written, load
from scrm.sync.turns import Choice, Turn, choices_of

log = logs.get(__name__)

DELIVER_SECONDS = 5.0
MOST_ROWS = 200  # what one transaction may hold
MOST_CRASHES = 5  # a stop for another reason must not set aside what is sound
OUTAGE_SECONDS = 60.0
SOON = timedelta(seconds=15)
LONGEST_WAIT = 3600.0

SUSPENDED = N_("Waiting: it cannot be checked at the network until somebody signs in again.")
CRASHED = N_("Set aside: writing it stopped one worker after another.")


def deliver(core: Core, crm: Crm, *, seconds: float = DELIVER_SECONDS, in_bulk: frozenset[str] = frozenset()) -> bool:
    """Deliver what is due until nothing is left or the seconds are up; True when more is waiting.

    `in_bulk`: kinds of which bulk jobs take the new records now.
    """
    about = crm.describe()
    ends = monotonic() + seconds
    allowance: Allowance | None = None
    while True:
        with core.db.read() as session:
            state = session.get(CrmState, about.crm_id)
            if not has_due(session, about.crm_id, core.db.clock.now()):
                return False
        if monotonic() >= ends:
            return True
        if allowance is None and (allowance := ask_budget(core, crm, about)) is None:
            return False
        most = 1 if _is_probe(state) else batch_of(about)
        is_planned = state is not None and state.is_planned
        turn = Turn(most=most, only_urgent=is_planned, in_bulk=in_bulk)
        if not _deliver_batch(core, crm, about, allowance, turn):
            return False


def may_write(core: Core, crm_id: str) -> bool:
    """False while the CRM asked to wait or no longer knows us."""
    with core.db.read() as session:
        return not _is_stopped(session.get(CrmState, crm_id), core.db.clock.now())


def _is_stopped(state: CrmState | None, now: datetime) -> bool:
    waiting = state is not None and state.wait_until is not None and state.wait_until > now
    return waiting or (state is not None and state.problem == CrmAuthError.__name__)


def _is_probe(state: CrmState | None) -> bool:
    """Whether the next call is the first after an outage: one row is enough to see whether it is over."""
    return state is not None and state.problem not in {None, CrmBudgetSpentError.__name__}


def batch_of(about: Description) -> int:
    """How many rows go out in one call."""
    return min(about.batch_size, MOST_ROWS)


def ask_budget(core: Core, crm: Crm, about: Description) -> Allowance | None:
    """What may be spent now; None when the CRM cannot be asked."""
    try:
        with outside("crm.budget"):
            budget = crm.budget()
    except (CrmRetryLaterError, CrmAuthError) as why:
        hold_back(core, about.crm_id, [], why)
        return None
    return calls.allow(core, about.crm_id, budget, batch_of(about))


def _deliver_batch(core: Core, crm: Crm, about: Description, allowance: Allowance, turn: Turn) -> bool:
    """Send the next batch; False when nothing can be sent now."""
    best = calls.most_valuable(core, about.crm_id, allowance, turn.most)
    with core.db.write("outbox.claim") as session:
        now = core.db.clock.now()
        choices = choices_of(allowance, best, turn)
        entries = _claim(session, core, about, choices)
        rows = ready(session, entries, now)
    if not entries:
        if allowance.is_spent:
            hold_back(core, about.crm_id, [], CrmBudgetSpentError("", retry_after=allowance.seconds_left))
        return False
    if rows:
        allowance.spend(1)
        return send(core, crm, about, rows) is not None
    return True


def _claim(session: Session, core: Core, about: Description, choices: Sequence[Choice]) -> Sequence[TimelineEntry]:
    """The first of these that there is anything of."""
    entries: Sequence[TimelineEntry] = []
    for conditions, limit in choices:
        entries = claim(
            session,
            TimelineEntry,
            core.db.clock.now(),
            TimelineEntry.crm_id == about.crm_id,
            TimelineEntry.state == EntryState.TODO.value,
            TimelineEntry.waits_for_plan.is_(False),
            *conditions,
            limit=limit,
            seconds=core.settings.lease_seconds,
        )
        if entries:
            break
    return sorted(entries, key=lambda entry: entry.id)  # whoever locks several does so in the order of their ids


def ready(
    session: Session, entries: Sequence[TimelineEntry], now: datetime, *, profiles_first: bool = True
) -> list[Sent]:
    """Of claimed entries those that may be sent now; the rest is parked, or waits until the network confirmed it.

    `profiles_first`: what was said also waits for the record of its profile, so that it can point at it.
    """
    rows = []
    recheck: list[Interaction] = []
    for row in load(session, entries):
        entry, interaction = row.entry, row.interaction
        if entry.crash_count >= MOST_CRASHES:
            park(entry, Fault.CRASHED, CRASHED)
            entry.lease_until, entry.crash_count = None, 0  # whoever takes it up again tries it anew
        elif entry.is_wanted and interaction is not None and must_be_checked(session, interaction, now):
            suspended = is_suspended(session, interaction)
            wait = timedelta(hours=1) if suspended else SOON
            _put_off(entry, now + wait, SUSPENDED if suspended else None)
            recheck.append(interaction)
        elif profiles_first and entry.is_wanted and row.above is not None and row.is_ahead:
            _put_off(entry, max(now + SOON, row.above.due_at or now), None)
        else:
            rows.append(row)
    if recheck:
        read_again(session, recheck, now)
    return rows


def _put_off(entry: TimelineEntry, until: datetime, reason: str | None) -> None:
    entry.lease_until, entry.crash_count = None, 0
    entry.due_at, entry.reason = until, reason


def send(core: Core, crm: Crm, about: Description, rows: Sequence[Sent]) -> Sequence[Outcome] | None:
    """Send one batch of one kind and record its outcomes; None when the CRM cannot be written to now."""
    batch = [as_written(row, about) for row in rows]
    started = core.db.clock.now()
    try:
        if rows[0].entry.is_wanted:
            with outside("crm.write"):
                outcomes = crm.write(batch)
        else:
            with outside("crm.withdraw"):
                outcomes = crm.withdraw(batch)
    except (CrmRetryLaterError, CrmAuthError) as why:
        hold_back(core, about.crm_id, rows, why)
        return None
    with core.db.write("outbox.finish") as session, session.no_autoflush:  # new rows go in together, at the end
        for row, write, outcome in zip(rows, batch, outcomes, strict=True):
            record(session, core, row, write, outcome, started)
        mark_timelines_due(session, _with_new_record(rows, outcomes), core.db.clock.now())
        session.execute(
            update(CrmState)
            .where(CrmState.crm_id == about.crm_id, CrmState.problem.is_not(None))
            .values(problem=None, problem_since=None, wait_until=None)
        )
    return outcomes


def _with_new_record(rows: Sequence[Sent], outcomes: Sequence[Outcome]) -> set[int]:
    """Profiles that have a record now and had none, or another one: what they said is to point at it."""
    return {
        row.entry.profile_id
        for row, outcome in zip(rows, outcomes, strict=True)
        if row.entry.profile_id is not None and row.entry.is_wanted
        if outcome.record_id not in {None, row.entry.record_id}
    }


def hold_back(core: Core, crm_id: str, rows: Sequence[Sent], why: Exception) -> None:
    """The CRM is out of reach: give the rows back without charging them an attempt."""
    now = core.db.clock.now()
    wait = why.retry_after if isinstance(why, CrmRetryLaterError) and why.retry_after else OUTAGE_SECONDS
    until = now + timedelta(seconds=min(max(wait, 1.0), LONGEST_WAIT))
    problem = type(why).__name__
    with core.db.write("outbox.hold_back") as session:
        give_back(session, rows)
        known = session.scalar(select(CrmState.problem).where(CrmState.crm_id == crm_id))
        since = case((CrmState.problem == problem, CrmState.problem_since), else_=now)
        session.execute(
            upsert(session, CrmState).on_conflict_do_update(
                index_elements=["crm_id"],
                set_={"wait_until": until, "problem": problem, "problem_since": since},
            ),
            [
                {
                    "crm_id": crm_id,
                    "due_at": now,  # its contacts were never read
                    "wait_until": until,
                    "problem": problem,
                    "problem_since": now,
                    "generation": 0,
                    "crash_count": 0,
                    "is_planned": False,
                }
            ],
        )
    if known != problem:  # when it starts, not at every try
        log.warning("crm_waits", crm_id=crm_id, error=problem)


def give_back(session: Session, rows: Sequence[Sent]) -> None:
    """Nothing is known to have come of these: they are due as before."""
    for row in rows:
        session.execute(
            update(TimelineEntry)
            .where(TimelineEntry.id == row.entry.id, still_mine(row.entry))
            .values(lease_until=None, crash_count=0)
        )


def oldest_waiting(session: Session, crm_id: str, now: datetime) -> datetime | None:
    """Since when the oldest that is to be written to this CRM has waited; not what waits for a plan's approval."""
    since: datetime | None = session.scalar(
        _deliverable(session, crm_id, now).with_only_columns(func.min(TimelineEntry.due_at))
    )
    return since


def has_due(session: Session, crm_id: str, now: datetime) -> bool:
    """Whether an entry can be delivered to this CRM now."""
    state = session.get(CrmState, crm_id)
    if _is_stopped(state, now):
        return False
    free = or_(TimelineEntry.lease_until.is_(None), TimelineEntry.lease_until < now)
    return session.scalar(_deliverable(session, crm_id, now).where(free).limit(1)) is not None


def _deliverable(session: Session, crm_id: str, now: datetime) -> Select[int]:
    state, waiting = session.get(CrmState, crm_id), calls.due(crm_id, now)
    if state is not None and state.is_planned:
        waiting = waiting.where(TimelineEntry.is_wanted.is_(False), TimelineEntry.is_urgent.is_(True))
    return waiting
