"""What became of what was sent: the entry's next state, the attempt, the journal; each only while the claim holds."""

import random
from datetime import datetime, timedelta

from sqlalchemy import Update, null, update
from sqlalchemy.orm import Session

from scrm import logs
from scrm.i18n import N_
from scrm.models import Delivery, EntryState, Journal, PlanStep, TimelineEntry, still_mine
from scrm.runtime import Core
from scrm.sync.contacts import mark_pull_due
from scrm.sync.crm.base import EntryWrite, Fault, Outcome, Result
from scrm.sync.rows import Sent

log = logs.get(__name__)

MOST_ATTEMPTS = 8
NO_CONTACT = N_("Set aside: the contact no longer exists in the CRM.")
EDITED = N_("Somebody edited this record in the CRM, so it was left there.")
NEWER = N_("Set aside: the CRM always holds something newer.")

# "unchanged" too: it may be the echo of a write whose outcome nobody heard of
JOURNALED = frozenset({Result.CREATED, Result.UPDATED, Result.UNCHANGED, Result.WITHDRAWN, Result.EDITED})

# of what becomes of an entry, that which holds whatever is wanted by now
KEPT = ("lease_until", "crash_count", "record_id", "below_record_id")


def park(entry: TimelineEntry, fault: Fault, reason: str | None) -> None:
    """Set an entry aside for a person to look at."""
    entry.state, entry.fault, entry.reason, entry.due_at = EntryState.PARKED.value, fault.value, reason, None


def record(session: Session, core: Core, row: Sent, write: EntryWrite, outcome: Outcome, started: datetime) -> None:
    """Write down what became of one entry, if the claim is still ours."""
    now, sent = core.db.clock.now(), row.entry
    values = _next(outcome, sent, now)
    if "record_id" in values and write.profile_record_id is not None:
        values["below_record_id"] = write.profile_record_id
    mine = (TimelineEntry.id == sent.id) & still_mine(sent)
    # when something newer is wanted already: note what was written, and leave the newer version due
    kept = {name: values[name] for name in KEPT if name in values}
    done = update(TimelineEntry).where(mine, TimelineEntry.version == sent.version).values(**values)
    if not _touched(session, done) and not _touched(session, update(TimelineEntry).where(mine).values(**kept)):
        log.warning("lease_lost", entry_id=sent.id)  # whoever has it now sends it again and writes that down
        return
    session.add(
        Delivery(
            entry_id=sent.id,
            version=sent.version,
            started_at=started,
            ended_at=now,
            outcome=outcome.result.value,
            error=outcome.error,
        )
    )
    if outcome.result is Result.CONTACT_GONE:
        mark_pull_due(session, sent.crm_id, now)
    if outcome.result in JOURNALED:
        session.add(
            Journal(
                crm_id=sent.crm_id,
                entry_id=sent.id,
                contact_id=sent.contact_id,
                record_id=outcome.record_id or "",
                version=sent.version,
                operation=outcome.result.value,
                before=dict(outcome.before) if outcome.before is not None else None,
                after=dict(write.fields) if sent.is_wanted else None,
                changed_by_others=outcome.changed_by_others,
                at=now,
            )
        )
    if write.must_go and outcome.result in {Result.WITHDRAWN, Result.EDITED}:
        _forget_text(session, sent.id)


def _forget_text(session: Session, entry_id: int) -> None:
    """What its network deleted is not kept in journal and plans either; that it was written and withdrawn stays."""
    session.flush()
    for model in (Journal, PlanStep):
        session.execute(update(model).where(model.entry_id == entry_id).values(before=null(), after=null()))


def _touched(session: Session, statement: Update) -> bool:
    unsynchronized = statement.execution_options(synchronize_session=False)  # the session holds none of these rows
    count: int = session.execute(unsynchronized).rowcount  # type: ignore[attr-defined]
    return count > 0


def _next(outcome: Outcome, sent: TimelineEntry, now: datetime) -> dict[str, object]:
    """Where the entry stands after this outcome."""
    done: dict[str, object] = {"lease_until": None, "crash_count": 0, "due_at": None, "reason": None, "fault": None}
    waits = {"waits_for_plan": sent.waits_for_plan}
    done["waits_for_plan"] = False
    held = None if sent.is_wanted else sent.reason  # withdrawn because the network's terms hold it back
    match outcome.result:
        case Result.CREATED | Result.UPDATED | Result.UNCHANGED | Result.WITHDRAWN:
            record_id = None if outcome.result is Result.WITHDRAWN else outcome.record_id
            state = EntryState.HELD if held else EntryState.DONE
            written = {"written_version": sent.version, "record_id": record_id, "attempts": 0, "is_forced": False}
            return done | {"state": state.value, "reason": held} | written
        case Result.EDITED:
            return done | _parked(Fault.EDITED, EDITED) | {"record_id": outcome.record_id}
        case Result.REJECTED:
            return done | _parked(outcome.fault or Fault.OTHER, outcome.error)
        case Result.STALE:
            return done | waits | {"reason": held} | _go_above(outcome, sent, now)
        case Result.RETRY | Result.CONTACT_GONE:
            attempts = sent.attempts + 1
            if attempts >= MOST_ATTEMPTS:
                is_gone = outcome.result is Result.CONTACT_GONE
                fault, reason = (Fault.CONTACT_GONE, NO_CONTACT) if is_gone else (Fault.LOCKED, outcome.error)
                return done | _parked(fault, reason) | {"attempts": attempts}
            wait = random.uniform(0, min(3600.0, 2.0 * 2**attempts))  # noqa: S311 - jitter
            return done | waits | {"due_at": now + timedelta(seconds=wait), "attempts": attempts, "reason": held}


def _parked(fault: Fault, reason: str | None) -> dict[str, object]:
    return {"state": EntryState.PARKED.value, "fault": fault.value, "reason": reason}


def _go_above(outcome: Outcome, sent: TimelineEntry, now: datetime) -> dict[str, object]:
    """The CRM knows a newer version than we do: our database was put back from a backup. What we know now counts.

    A CRM that does not tell its version is overtaken in growing steps.
    """
    attempts = sent.attempts + 1
    if attempts >= MOST_ATTEMPTS:
        return _parked(Fault.OTHER, NEWER) | {"attempts": attempts}
    above = outcome.version + 1 if outcome.version is not None else sent.version + 4**attempts
    return {"version": max(above, sent.version + 1), "attempts": attempts, "due_at": now}
