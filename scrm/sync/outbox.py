"""Deliver timeline entries to the CRM: in batches, by external key, as often as it takes and never twice.

The only writer to a CRM. A batch is claimed in one transaction, sent outside of any, and its outcomes recorded in
another, each only if the claim still holds and nothing newer is wanted. An outcome nobody heard of is sent again: the
external key makes that harmless. An outage costs the rows no attempt. Rows whose sender vanished are sent one by one,
so that a row that stops its worker takes no neighbor along.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import TypeVar

from sqlalchemy import Update, case, null, or_, select, update
from sqlalchemy.orm import Session

from scrm import logs
from scrm.connectors.registry import connectors
from scrm.db import upsert
from scrm.errors import CrmAuthError, CrmRetryLaterError
from scrm.failpoints import outside
from scrm.i18n import N_
from scrm.models import (
    Contact,
    CrmState,
    Delivery,
    EntryState,
    Interaction,
    Journal,
    Profile,
    TimelineEntry,
    claim,
    still_mine,
)
from scrm.runtime import Core
from scrm.sync.contacts import mark_pull_due
from scrm.sync.crm.base import Crm, Description, EntryWrite, Outcome, Result
from scrm.sync.recheck import is_suspended, must_be_checked, read_again
from scrm.sync.timeline import fields_of

log = logs.get(__name__)

Found = TypeVar("Found", Interaction, Profile, Contact)

DELIVER_SECONDS = 5.0
MOST_ROWS = 100
MOST_ATTEMPTS = 8
MOST_CRASHES = 2
OUTAGE_SECONDS = 30.0
LONGEST_WAIT = 3600.0

SUSPENDED = N_("Waiting: it cannot be checked at the network until somebody signs in again.")
CRASHED = N_("Set aside: writing it stopped a worker twice.")
NO_CONTACT = N_("Set aside: the contact no longer exists in the CRM.")

# "unchanged" too: it may be the echo of a write whose outcome nobody heard of
JOURNALED = frozenset({Result.CREATED, Result.UPDATED, Result.UNCHANGED, Result.WITHDRAWN})


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A claimed entry with what is needed to send it."""

    entry: TimelineEntry
    interaction: Interaction
    author: Profile
    contact: Contact


def deliver(core: Core, crm: Crm, *, seconds: float = DELIVER_SECONDS) -> bool:
    """Deliver what is due until nothing is left or the seconds are up; True when more is waiting."""
    about = crm.describe()
    ends = monotonic() + seconds
    more = True
    while more and monotonic() < ends:
        if not may_write(core, about.crm_id):
            return False
        more = _deliver_batch(core, crm, about)
    return more


def may_write(core: Core, crm_id: str) -> bool:
    """False while the CRM asked to wait or no longer knows us."""
    with core.db.read() as session:
        state = session.get(CrmState, crm_id)
        if state is None:
            return True
        waiting = state.wait_until is not None and state.wait_until > core.db.clock.now()
        return not waiting and state.problem != CrmAuthError.__name__


def _deliver_batch(core: Core, crm: Crm, about: Description) -> bool:
    with core.db.write("outbox.claim") as session:
        now = core.db.clock.now()
        entries = _claim(session, core, about)
        rows = _ready(session, entries, now)
    if not entries:
        return False
    withdrawn = [row for row in rows if not row.entry.is_wanted]
    written = [row for row in rows if row.entry.is_wanted]
    for part, rest in ((withdrawn, written), (written, [])):
        if part and not _send(core, crm, about, part):
            _give_back(core, rest)
            return False
    return True


def _claim(session: Session, core: Core, about: Description) -> Sequence[TimelineEntry]:
    """A batch of rows nobody has tried, else a single one whose last sender vanished."""
    for condition, most in (
        (TimelineEntry.lease_until.is_(None), min(about.batch_size, MOST_ROWS)),
        (TimelineEntry.lease_until.is_not(None), 1),
    ):
        entries = claim(
            session,
            TimelineEntry,
            core.db.clock.now(),
            TimelineEntry.crm_id == about.crm_id,
            TimelineEntry.state == EntryState.TODO.value,
            condition,
            limit=most,
            seconds=core.settings.lease_seconds,
        )
        if entries:
            break
    return sorted(entries, key=lambda entry: entry.id)  # whoever locks several does so in the order of their ids


def _ready(session: Session, entries: Sequence[TimelineEntry], now: datetime) -> list[_Row]:
    """What may be sent now; the rest is parked, or waits until the network confirmed it."""
    rows = []
    recheck: list[Interaction] = []
    interactions = _by_id(session, Interaction, [entry.interaction_id for entry in entries])
    authors = _by_id(session, Profile, [interaction.profile_id for interaction in interactions.values()])
    contacts = _by_id(session, Contact, [entry.contact_id for entry in entries])
    for entry in entries:
        if entry.crash_count >= MOST_CRASHES:
            entry.state, entry.reason, entry.lease_until = EntryState.PARKED.value, CRASHED, None
            entry.crash_count = 0  # whoever takes it up again tries it anew
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
        rows.append(_Row(entry=entry, interaction=interaction, author=author, contact=contact))
    if recheck:
        read_again(session, recheck, now)
    return rows


def _by_id(session: Session, model: type[Found], ids: Iterable[int]) -> dict[int, Found]:
    return {row.id: row for row in session.scalars(select(model).where(model.id.in_(set(ids))))}


def _send(core: Core, crm: Crm, about: Description, rows: Sequence[_Row]) -> bool:
    """Send one batch and record its outcomes; False when the CRM cannot be written to now."""
    batch = [_write(row, about) for row in rows]
    started = core.db.clock.now()
    try:
        if rows[0].entry.is_wanted:
            with outside("crm.write"):
                outcomes = crm.write(batch)
        else:
            with outside("crm.withdraw"):
                outcomes = crm.withdraw(batch)
    except (CrmRetryLaterError, CrmAuthError) as why:
        _hold_back(core, about.crm_id, rows, why)
        return False
    with core.db.write("outbox.finish") as session, session.no_autoflush:  # new rows go in together, at the end
        for row, write, outcome in zip(rows, batch, outcomes, strict=True):
            _record(session, core, row, write, outcome, started)
        session.execute(
            update(CrmState)
            .where(CrmState.crm_id == about.crm_id)
            .values(problem=None, problem_since=None, wait_until=None)
        )
    return True


def _write(row: _Row, about: Description) -> EntryWrite:
    label = connectors()[row.interaction.network].manifest.label
    fields = fields_of(row.interaction, row.author, label, about.text_limit) if row.entry.is_wanted else {}
    return EntryWrite(
        external_key=row.entry.external_key,
        contact_native_id=row.contact.native_id,
        version=row.entry.version,
        occurred_at=row.interaction.occurred_at,
        fields=fields,
        record_id=row.entry.record_id,
    )


def _record(session: Session, core: Core, row: _Row, write: EntryWrite, outcome: Outcome, started: datetime) -> None:
    """Write down what became of one entry, if the claim is still ours."""
    now, sent = core.db.clock.now(), row.entry
    values = _finish(outcome, sent, now)
    mine = (TimelineEntry.id == sent.id) & still_mine(sent)
    # when something newer is wanted already: note what was written, and leave the newer version due
    kept = {name: values[name] for name in ("lease_until", "crash_count", "record_id") if name in values}
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
    if outcome.result is Result.WITHDRAWN and row.interaction.deleted_at is not None:
        _forget_text(session, sent.id)


def _forget_text(session: Session, entry_id: int) -> None:
    """What its network deleted is not kept in the journal either; that it was written and withdrawn stays."""
    session.flush()
    session.execute(update(Journal).where(Journal.entry_id == entry_id).values(before=null(), after=null()))


def _touched(session: Session, statement: Update) -> bool:
    unsynchronized = statement.execution_options(synchronize_session=False)  # the session holds none of these rows
    count: int = session.execute(unsynchronized).rowcount  # type: ignore[attr-defined]
    return count > 0


def _finish(outcome: Outcome, sent: TimelineEntry, now: datetime) -> dict[str, object]:
    done: dict[str, object] = {"lease_until": None, "crash_count": 0, "due_at": None, "reason": None}
    held = None if sent.is_wanted else sent.reason  # withdrawn because the network's terms hold it back
    match outcome.result:
        case Result.CREATED | Result.UPDATED | Result.UNCHANGED | Result.WITHDRAWN | Result.STALE:
            record_id = None if outcome.result is Result.WITHDRAWN else outcome.record_id
            state = EntryState.HELD if held else EntryState.DONE
            written = {"written_version": sent.version, "record_id": record_id}
            return done | {"state": state.value, "reason": held} | written
        case Result.REJECTED:
            return done | {"state": EntryState.PARKED.value, "reason": outcome.error}
        case Result.RETRY | Result.CONTACT_GONE:
            attempts = sent.attempts + 1
            if attempts >= MOST_ATTEMPTS:
                reason = NO_CONTACT if outcome.result is Result.CONTACT_GONE else outcome.error
                return done | {"state": EntryState.PARKED.value, "reason": reason, "attempts": attempts}
            wait = random.uniform(0, min(3600.0, 2.0 * 2**attempts))  # noqa: S311 - jitter
            return done | {"due_at": now + timedelta(seconds=wait), "attempts": attempts, "reason": held}


def _hold_back(core: Core, crm_id: str, rows: Sequence[_Row], why: Exception) -> None:
    """The CRM is out of reach: give the rows back without charging them an attempt."""
    now = core.db.clock.now()
    wait = why.retry_after if isinstance(why, CrmRetryLaterError) and why.retry_after else OUTAGE_SECONDS
    until = now + timedelta(seconds=min(max(wait, 1.0), LONGEST_WAIT))
    problem = type(why).__name__
    log.warning("crm_waits", crm_id=crm_id, error=problem)
    with core.db.write("outbox.hold_back") as session:
        _unclaim(session, rows, until)
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
                }
            ],
        )


def _give_back(core: Core, rows: Sequence[_Row]) -> None:
    """Nothing was sent of these: they are due as before."""
    with core.db.write("outbox.give_back") as session:
        _unclaim(session, rows, core.db.clock.now())


def _unclaim(session: Session, rows: Sequence[_Row], due_at: datetime) -> None:
    for row in rows:
        session.execute(
            update(TimelineEntry)
            .where(TimelineEntry.id == row.entry.id, still_mine(row.entry))
            .values(lease_until=None, crash_count=0, due_at=due_at)
        )


def has_due(session: Session, now: datetime) -> Sequence[str]:
    """CRMs that entries are waiting for."""
    return session.scalars(
        select(TimelineEntry.crm_id)
        .where(
            TimelineEntry.state == EntryState.TODO.value,
            TimelineEntry.due_at <= now,
            or_(TimelineEntry.lease_until.is_(None), TimelineEntry.lease_until < now),
        )
        .distinct()
    ).all()
