"""Deliver timeline entries to the CRM: in batches, by external key, as often as it takes and never twice.

The only writer to a CRM. A batch is claimed in one transaction, sent outside of any, and its outcomes recorded in
another, each only if the claim still holds and nothing newer is wanted. An outcome nobody heard of is sent again: the
external key makes that harmless. An outage costs the rows no attempt.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from scrm import logs
from scrm.connectors.base import RECHECK
from scrm.connectors.registry import connectors
from scrm.db import upsert
from scrm.errors import CrmAuthError, CrmRetryLaterError
from scrm.failpoints import outside
from scrm.i18n import N_
from scrm.models import (
    Connection,
    ConnectionState,
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
    watch_again,
)
from scrm.runtime import Core
from scrm.sync.crm.base import Crm, Description, EntryWrite, Outcome, Result
from scrm.sync.timeline import fields_of

log = logs.get(__name__)

DELIVER_SECONDS = 5.0
MOST_ATTEMPTS = 8
MOST_CRASHES = 2
FRESH_HOURS = 1  # an interaction confirmed longer ago is read again before it is written
OUTAGE_SECONDS = 30.0

SUSPENDED = N_("Waiting: it cannot be checked at the network until somebody signs in again.")
CRASHED = N_("Set aside: writing it stopped a worker twice.")
NO_CONTACT = N_("Set aside: the contact no longer exists in the CRM.")


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
        entries = claim(
            session,
            TimelineEntry,
            now,
            TimelineEntry.crm_id == about.crm_id,
            TimelineEntry.state == EntryState.TODO.value,
            limit=min(about.batch_size, 100),
            seconds=core.settings.lease_seconds,
        )
        rows = _ready(session, entries, now)
    if not entries:
        return False
    for is_wanted in (False, True):
        part = [row for row in rows if row.entry.is_wanted is is_wanted]
        if part and not _send(core, crm, about, part):
            return False
    return True


def _ready(session: Session, entries: Sequence[TimelineEntry], now: datetime) -> list[_Row]:
    """What may be sent now; the rest is parked, or waits until the network confirmed it."""
    rows = []
    recheck: list[Interaction] = []
    for entry in entries:
        if entry.crash_count >= MOST_CRASHES:
            entry.state, entry.reason, entry.lease_until = EntryState.PARKED.value, CRASHED, None
            continue
        interaction = session.get_one(Interaction, entry.interaction_id)
        if entry.is_wanted and _must_be_checked(session, interaction, now):
            suspended = _is_suspended(session, interaction)
            entry.lease_until, entry.crash_count = None, 0
            entry.reason = SUSPENDED if suspended else None
            entry.due_at = now + (timedelta(hours=1) if suspended else timedelta(seconds=15))
            recheck.append(interaction)
            continue
        author = session.get_one(Profile, interaction.profile_id)
        contact = session.get_one(Contact, entry.contact_id)
        rows.append(_Row(entry=entry, interaction=interaction, author=author, contact=contact))
    if recheck:
        watch_again(
            session,
            [
                {
                    "connection_id": interaction.connection_id,
                    "stream": RECHECK,
                    "native_id": interaction.native_id,
                    "fetch_ref": interaction.fetch_ref,
                    "due_at": now,
                    "until_at": now,
                }
                for interaction in recheck
            ],
        )
    return rows


def _must_be_checked(session: Session, interaction: Interaction, now: datetime) -> bool:
    """Whether it may have been edited or deleted since the network last showed it, and can be asked about."""
    if interaction.connection_id is None:
        return False  # from an archive: nobody can be asked
    if interaction.checked_at is not None and interaction.checked_at > now - timedelta(hours=FRESH_HOURS):
        return False
    connection = session.get_one(Connection, interaction.connection_id)
    connector = connectors().get(connection.network)
    can_ask = connector is not None and any(stream.name == RECHECK for stream in connector.object_streams)
    return can_ask and connection.state != ConnectionState.REMOVED


def _is_suspended(session: Session, interaction: Interaction) -> bool:
    connection = session.get_one(Connection, interaction.connection_id)
    return connection.state != ConnectionState.ACTIVE


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
    with core.db.write("outbox.finish") as session:
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
    values = _finish(outcome, sent, now)
    mine = (TimelineEntry.id == sent.id) & still_mine(sent)
    done = session.execute(update(TimelineEntry).where(mine, TimelineEntry.version == sent.version).values(**values))
    if done.rowcount == 0:  # type: ignore[attr-defined]
        # Something newer is wanted already: note what was written, and leave the newer version due.
        session.execute(
            update(TimelineEntry).where(mine).values(lease_until=None, crash_count=0, record_id=outcome.record_id)
        )
    if outcome.result in {Result.CREATED, Result.UPDATED, Result.WITHDRAWN}:
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


def _finish(outcome: Outcome, sent: TimelineEntry, now: datetime) -> dict[str, object]:
    done = {"lease_until": None, "crash_count": 0, "due_at": None, "reason": None}
    match outcome.result:
        case Result.CREATED | Result.UPDATED | Result.UNCHANGED | Result.WITHDRAWN | Result.STALE:
            record_id = None if outcome.result is Result.WITHDRAWN else outcome.record_id
            return done | {"state": EntryState.DONE.value, "written_version": sent.version, "record_id": record_id}
        case Result.REJECTED:
            return done | {"state": EntryState.PARKED.value, "reason": outcome.error}
        case Result.RETRY | Result.CONTACT_GONE:
            attempts = sent.attempts + 1
            if attempts >= MOST_ATTEMPTS:
                reason = NO_CONTACT if outcome.result is Result.CONTACT_GONE else outcome.error
                return done | {"state": EntryState.PARKED.value, "reason": reason, "attempts": attempts}
            wait = random.uniform(0, min(3600.0, 2.0 * 2**attempts))  # noqa: S311 - jitter
            return done | {"due_at": now + timedelta(seconds=wait), "attempts": attempts}


def _hold_back(core: Core, crm_id: str, rows: Sequence[_Row], why: Exception) -> None:
    """The CRM is out of reach: give the rows back without charging them an attempt."""
    now = core.db.clock.now()
    wait = why.retry_after if isinstance(why, CrmRetryLaterError) and why.retry_after else OUTAGE_SECONDS
    until = now + timedelta(seconds=wait)
    problem = type(why).__name__
    log.warning("crm_waits", crm_id=crm_id, error=problem)
    with core.db.write("outbox.hold_back") as session:
        for row in rows:
            session.execute(
                update(TimelineEntry)
                .where(TimelineEntry.id == row.entry.id, still_mine(row.entry))
                .values(lease_until=None, crash_count=0, due_at=until)
            )
        statement = upsert(session, CrmState)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["crm_id"],
                set_={"wait_until": until, "problem": problem, "problem_since": now},
            ),
            [
                {
                    "crm_id": crm_id,
                    "wait_until": until,
                    "problem": problem,
                    "problem_since": now,
                    "generation": 0,
                    "crash_count": 0,
                }
            ],
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
