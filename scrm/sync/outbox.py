"""Deliver timeline entries to the CRM: in batches, by external key, as often as it takes and never twice.

The only writer to a CRM. A batch of one kind, withdrawals before writes, is claimed in one transaction, sent outside
of any, and its outcomes recorded in another (`outcomes.py`), each only if the claim still holds and nothing newer is
wanted. An outcome nobody heard of is sent again: the external key makes that harmless. An outage costs the rows no
attempt and is probed by a single row. Rows whose sender vanished are sent one by one, so that a row that stops its
worker takes no neighbor along.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import TypeVar

from sqlalchemy import ColumnElement, case, or_, select, update
from sqlalchemy.orm import Session

from scrm import logs
from scrm.connectors.registry import connectors
from scrm.db import upsert
from scrm.errors import CrmAuthError, CrmBudgetSpentError, CrmRetryLaterError
from scrm.failpoints import outside
from scrm.i18n import N_
from scrm.models import Contact, CrmState, EntryState, Interaction, Profile, TimelineEntry, claim, still_mine
from scrm.runtime import Core
from scrm.sync import calls
from scrm.sync.calls import Allowance
from scrm.sync.crm.base import Crm, Description, EntryWrite, Fault, Outcome
from scrm.sync.outcomes import Sent, park, record
from scrm.sync.recheck import is_suspended, must_be_checked, read_again
from scrm.sync.timeline import fields_of

log = logs.get(__name__)

Found = TypeVar("Found", Interaction, Profile, Contact)

DELIVER_SECONDS = 5.0
MOST_ROWS = 200  # what one transaction may hold
MOST_CRASHES = 5  # a stop for another reason must not set aside what is sound
OUTAGE_SECONDS = 60.0
LONGEST_WAIT = 3600.0

SUSPENDED = N_("Waiting: it cannot be checked at the network until somebody signs in again.")
CRASHED = N_("Set aside: writing it stopped one worker after another.")


def deliver(core: Core, crm: Crm, *, seconds: float = DELIVER_SECONDS) -> bool:
    """Deliver what is due until nothing is left or the seconds are up; True when more is waiting."""
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
        if not _deliver_batch(core, crm, about, allowance, most):
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


def _deliver_batch(core: Core, crm: Crm, about: Description, allowance: Allowance, most: int) -> bool:
    """Send the next batch; False when nothing can be sent now."""
    best = calls.most_valuable(core, about.crm_id, allowance, most)
    with core.db.write("outbox.claim") as session:
        now = core.db.clock.now()
        entries = _claim(session, core, about, allowance, best, most)
        rows = ready(session, entries, now)
    if not entries:
        if allowance.is_spent:
            hold_back(core, about.crm_id, [], CrmBudgetSpentError("", retry_after=allowance.seconds_left))
        return False
    for is_wanted in (False, True):
        part = [row for row in rows if row.entry.is_wanted is is_wanted]
        if part:
            allowance.spend(1)
            if send(core, crm, about, part) is None:
                return False
    return True


def _claim(
    session: Session,
    core: Core,
    about: Description,
    allowance: Allowance,
    best: Sequence[int] | None,
    most: int,
) -> Sequence[TimelineEntry]:
    """A batch of rows of one kind that nobody has tried, else a single one whose last sender vanished.

    What is to be withdrawn goes first, and also when no call is left but those kept free for others.
    """
    fresh, withdrawn = TimelineEntry.lease_until.is_(None), TimelineEntry.is_wanted.is_(False)
    choices: list[tuple[tuple[ColumnElement[bool], ...], int]] = []
    if allowance.may_withdraw:
        choices.append(((fresh, withdrawn), most))
    if not allowance.is_spent:
        chosen = () if best is None else (TimelineEntry.id.in_(best),)
        choices.append(((fresh, TimelineEntry.is_wanted.is_(True), *chosen), most))
        choices.append(((TimelineEntry.lease_until.is_not(None),), 1))
    entries: Sequence[TimelineEntry] = []
    for conditions, limit in choices:
        entries = claim(
            session,
            TimelineEntry,
            core.db.clock.now(),
            TimelineEntry.crm_id == about.crm_id,
            TimelineEntry.state == EntryState.TODO.value,
            *conditions,
            limit=limit,
            seconds=core.settings.lease_seconds,
        )
        if entries:
            break
    return sorted(entries, key=lambda entry: entry.id)  # whoever locks several does so in the order of their ids


def ready(session: Session, entries: Sequence[TimelineEntry], now: datetime) -> list[Sent]:
    """Of claimed entries those that may be sent now; the rest is parked, or waits until the network confirmed it."""
    rows = []
    recheck: list[Interaction] = []
    interactions = _by_id(session, Interaction, [entry.interaction_id for entry in entries])
    authors = _by_id(session, Profile, [interaction.profile_id for interaction in interactions.values()])
    contacts = _by_id(session, Contact, [entry.contact_id for entry in entries])
    for entry in entries:
        if entry.crash_count >= MOST_CRASHES:
            park(entry, Fault.CRASHED, CRASHED)
            entry.lease_until, entry.crash_count = None, 0  # whoever takes it up again tries it anew
            continue
        interaction = interactions[entry.interaction_id]
        if entry.is_wanted and must_be_checked(session, interaction, now):
            suspended = is_suspended(session, interaction)
            entry.lease_until, entry.crash_count = None, 0
            entry.reason = SUSPENDED if suspended else None
            entry.due_at = now + (timedelta(hours=1) if suspended else timedelta(seconds=15))
            recheck.append(interaction)
            continue
        author, contact = authors[interaction.profile_id], contacts[entry.contact_id]
        rows.append(Sent(entry=entry, interaction=interaction, author=author, contact=contact))
    if recheck:
        read_again(session, recheck, now)
    return rows


def _by_id(session: Session, model: type[Found], ids: Iterable[int]) -> dict[int, Found]:
    return {row.id: row for row in session.scalars(select(model).where(model.id.in_(set(ids))))}


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
        session.execute(
            update(CrmState)
            .where(CrmState.crm_id == about.crm_id, CrmState.problem.is_not(None))
            .values(problem=None, problem_since=None, wait_until=None)
        )
    return outcomes


def as_written(row: Sent, about: Description) -> EntryWrite:
    """What goes to the CRM for one claimed entry."""
    label = connectors()[row.interaction.network].manifest.label
    fields = fields_of(row.interaction, row.author, label, about.text_limit) if row.entry.is_wanted else {}
    return EntryWrite(
        external_key=row.entry.external_key,
        contact_native_id=row.contact.native_id,
        version=row.entry.version,
        occurred_at=row.interaction.occurred_at,
        fields=fields,
        record_id=row.entry.record_id,
        is_forced=row.entry.is_forced,
        must_go=not row.entry.is_wanted and row.interaction.deleted_at is not None,
    )


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


def has_due(session: Session, crm_id: str, now: datetime) -> bool:
    """Whether an entry can be delivered to this CRM now."""
    state = session.get(CrmState, crm_id)
    if _is_stopped(state, now) or (state is not None and state.is_planned):
        return False
    free = or_(TimelineEntry.lease_until.is_(None), TimelineEntry.lease_until < now)
    return session.scalar(calls.due(crm_id, now).where(free).limit(1)) is not None
