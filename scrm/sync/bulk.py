"""Many new records at once: a bulk job of the CRM's own in place of hundreds of calls, resumed wherever it stopped.

Entries are set aside for a job by their `bulk_id` and a long lease, so that nobody else sends them. Every step is
written down before the next begins, and each can be repeated: a job that was opened but not noted is found again,
rows that were uploaded are not uploaded twice, and what a job made of a row is noted once, by key and version. What a
job never came to, or what it refused because the key is taken, goes to the outbox as if there had been no job.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from scrm import logs
from scrm.errors import CrmAuthError, CrmBudgetSpentError, CrmError, CrmRetryLaterError
from scrm.failpoints import outside
from scrm.models import (
    BulkStage,
    BulkWrite,
    CrmState,
    EntryState,
    RecordKind,
    TimelineEntry,
    claim,
    mark_timelines_due,
    still_mine,
)
from scrm.runtime import Core
from scrm.sync.crm.base import Bulk, BulkRow, Crm, Description
from scrm.sync.outbox import ask_budget, hold_back, may_write, ready
from scrm.sync.outcomes import record
from scrm.sync.rows import as_written, load

log = logs.get(__name__)

PORTION = 200
MOST_ROWS = 10_000  # of one job; memory and the CRM's limit of 100 MB
HELD = timedelta(days=8)  # a CRM keeps the results of a job for a week
POLL = timedelta(seconds=10)
OUTAGE = timedelta(seconds=60)
DAY = timedelta(days=1)
MOST_CRASHES = 5


def start(core: Core, about: Description) -> frozenset[str]:
    """Have a job made when enough new records wait; the kinds that are left to jobs for now."""
    if about.bulk_from is None:
        return frozenset()
    with core.db.read() as session:
        now = core.db.clock.now()
        mine = BulkWrite.crm_id == about.crm_id
        running = session.scalars(select(BulkWrite.kind).where(mine, BulkWrite.stage != BulkStage.DONE.value)).all()
        broke = select(BulkWrite.id).where(mine, BulkWrite.problem.is_not(None), BulkWrite.ended_at > now - DAY)
        if running or session.scalar(broke.limit(1)) is not None:
            return frozenset(running)
        state = session.get(CrmState, about.crm_id)
        if state is not None and state.is_planned:
            return frozenset()
        counts = {kind: _waiting(session, about, kind, now) for kind in RecordKind}
    first = RecordKind.PROFILE if counts[RecordKind.PROFILE] else RecordKind.INTERACTION
    if counts[first] < about.bulk_from:
        return frozenset()
    with core.db.write("bulk.order") as session:
        session.add(
            BulkWrite(
                crm_id=about.crm_id,
                kind=first.value,
                stage=BulkStage.FILLING.value,
                created_at=now,
                due_at=now,
                generation=0,
                crash_count=0,
            )
        )
    core.wake("bulk", None)
    return frozenset({first.value})


def advance(core: Core, crm: Crm) -> bool:
    """Do the next step of a job that is due; True when more can be done at once."""
    about, bulk = crm.describe(), crm.bulk()
    if bulk is None or not may_write(core, about.crm_id):
        return False
    with core.db.write("bulk.claim") as session:
        mine = BulkWrite.crm_id == about.crm_id
        claimed = claim(session, BulkWrite, core.db.clock.now(), mine, seconds=core.settings.lease_seconds)
    if not claimed:
        return False
    job = claimed[0]
    try:
        if job.crash_count >= MOST_CRASHES:
            _give_up(core, job, "crashed")
        elif _may_spend(core, crm, about, job):
            return _step(core, bulk, about, job)
        else:
            _go_on(core, job, job.stage, after=OUTAGE)
            return False
    except (CrmRetryLaterError, CrmAuthError) as why:
        hold_back(core, about.crm_id, [], why)
        _go_on(core, job, job.stage, after=OUTAGE)
        return False
    except CrmError as why:
        _give_up(core, job, type(why).__name__)
    return True


def _step(core: Core, bulk: Bulk, about: Description, job: BulkWrite) -> bool:
    native_id = job.native_id or ""
    match job.stage:
        case BulkStage.FILLING:
            _fill(core, job)
        case BulkStage.FULL if _is_planned(core, about.crm_id):
            _go_on(core, job, BulkStage.NOTED)
        case BulkStage.FULL:
            with outside("crm.bulk_open"):
                native_id = bulk.open(RecordKind(job.kind))
            _go_on(core, job, BulkStage.OPEN, native_id=native_id)
        case BulkStage.OPEN:
            _upload(core, bulk, about, job)
        case BulkStage.UPLOADED:
            with outside("crm.bulk_close"):
                bulk.close(native_id)
            _go_on(core, job, BulkStage.CLOSED)
        case BulkStage.CLOSED:
            return _settle(core, bulk, about, job)
        case _:
            _end(core, bulk, job)
    return True


def _is_planned(core: Core, crm_id: str) -> bool:
    """Whether only approved plans are written by now."""
    with core.db.read() as session:
        state = session.get(CrmState, crm_id)
        return state is not None and state.is_planned


def _may_spend(core: Core, crm: Crm, about: Description, job: BulkWrite) -> bool:
    """Whether calls are left to begin with; a job that has begun is brought to its end."""
    if job.stage != BulkStage.FULL:
        return True
    allowance = ask_budget(core, crm, about)
    if allowance is not None and allowance.is_spent:
        hold_back(core, about.crm_id, [], CrmBudgetSpentError("", retry_after=allowance.seconds_left))
    return allowance is not None and not allowance.is_spent


def _waiting(session: Session, about: Description, kind: RecordKind, now: datetime) -> int:
    """How many new records of a kind wait, counted as far as it matters."""
    some = select(TimelineEntry.id).where(_new(about.crm_id, kind), TimelineEntry.due_at <= now)
    return session.scalar(select(func.count()).select_from(some.limit(about.bulk_from).subquery())) or 0


def _new(crm_id: str, kind: str) -> ColumnElement[bool]:
    """Entries that were never sent, and that nobody holds."""
    return and_(
        TimelineEntry.crm_id == crm_id,
        TimelineEntry.state == EntryState.TODO.value,
        TimelineEntry.is_wanted.is_(True),
        TimelineEntry.kind == kind,
        TimelineEntry.record_id.is_(None),
        TimelineEntry.lease_until.is_(None),
    )


def _fill(core: Core, job: BulkWrite) -> None:
    """Set entries aside for it, until it is full or none are left."""
    rows = job.rows
    while rows < MOST_ROWS:
        with core.db.write("bulk.fill") as session:
            now = core.db.clock.now()
            if session.scalar(select(BulkWrite.id).where(BulkWrite.id == job.id, still_mine(job))) is None:
                return
            entries = claim(
                session,
                TimelineEntry,
                now,
                _new(job.crm_id, job.kind),
                limit=PORTION,
                seconds=HELD.total_seconds(),
            )
            if not entries:
                break
            taken = ready(session, sorted(entries, key=lambda entry: entry.id), now)
            for row in taken:
                row.entry.bulk_id = job.id
            rows += len(taken)
            session.execute(update(BulkWrite).where(BulkWrite.id == job.id).values(rows=rows))
    _go_on(core, job, BulkStage.FULL if rows else BulkStage.DONE)


def _upload(core: Core, bulk: Bulk, about: Description, job: BulkWrite) -> None:
    with core.db.read() as session:
        held = select(TimelineEntry).where(TimelineEntry.bulk_id == job.id, TimelineEntry.is_wanted.is_(True))
        rows = load(session, session.scalars(held.order_by(TimelineEntry.id)).all())
        batch = [as_written(row, about) for row in rows]
    with outside("crm.bulk_upload"):
        bulk.upload(job.native_id or "", batch)
    _go_on(core, job, BulkStage.UPLOADED)


def _settle(core: Core, bulk: Bulk, about: Description, job: BulkWrite) -> bool:
    """When the CRM is done: note what became of each row, then let go of the rest."""
    native_id = job.native_id or ""
    with outside("crm.bulk_look"):
        is_ended = bulk.ended(native_id)
    if not is_ended:
        _go_on(core, job, BulkStage.CLOSED, after=POLL)
        return False
    with outside("crm.bulk_results"):
        results = bulk.results(native_id)
    for at in range(0, len(results), PORTION):
        _note(core, about, job, results[at : at + PORTION])
    _go_on(core, job, BulkStage.NOTED)
    return True


def _end(core: Core, bulk: Bulk, job: BulkWrite) -> None:
    """Nothing of it stays in the CRM, and what it still holds goes to the outbox."""
    if job.native_id is not None:
        with outside("crm.bulk_forget"):
            bulk.forget(job.native_id)
    _let_go(core, job)
    _go_on(core, job, BulkStage.DONE)


def _note(core: Core, about: Description, job: BulkWrite, results: Sequence[BulkRow]) -> None:
    """Write down what became of these, each once: an entry that this job no longer holds is settled."""
    by_key = {one.outcome.external_key: one for one in results}
    with core.db.write("bulk.note") as session, session.no_autoflush:
        held = select(TimelineEntry).where(
            TimelineEntry.bulk_id == job.id,
            TimelineEntry.external_key.in_(by_key),
            TimelineEntry.crm_id == job.crm_id,
        )
        rows = load(session, session.scalars(held.order_by(TimelineEntry.id).with_for_update()).all())
        found: set[int] = set()
        for row in rows:
            result = by_key[row.entry.external_key]
            write = as_written(row, about)
            session.expunge(row.entry)  # as it was when it was sent; what is stored is changed by statements alone
            row.entry.version, row.entry.is_wanted = result.version, True
            record(session, core, row, write, result.outcome, job.created_at)
            if row.entry.profile_id is not None and result.outcome.record_id:
                found.add(row.entry.profile_id)
        session.flush()
        settled = TimelineEntry.id.in_([row.entry.id for row in rows])
        session.execute(update(TimelineEntry).where(settled).values(bulk_id=None))
        session.execute(
            update(CrmState)
            .where(CrmState.crm_id == job.crm_id, CrmState.problem.is_not(None))
            .values(problem=None, problem_since=None, wait_until=None)
        )
        mark_timelines_due(session, found, core.db.clock.now())


def _let_go(core: Core, job: BulkWrite) -> None:
    """What it still holds is due as if there had been no job."""
    ids: Sequence[int] = [0]
    while ids:
        with core.db.write("bulk.let_go") as session:
            held = select(TimelineEntry.id).where(TimelineEntry.bulk_id == job.id).order_by(TimelineEntry.id)
            ids = session.scalars(held.limit(PORTION)).all()
            values = {"bulk_id": None, "lease_until": None, "crash_count": 0}
            session.execute(update(TimelineEntry).where(TimelineEntry.id.in_(ids)).values(**values))


def _give_up(core: Core, job: BulkWrite, problem: str) -> None:
    """For a day this CRM is written to without jobs; one that cannot even be forgotten is left to the CRM."""
    log.warning("bulk_given_up", bulk_id=job.id, problem=problem)
    if job.stage == BulkStage.NOTED:
        _let_go(core, job)
        _go_on(core, job, BulkStage.DONE, problem=problem)
    else:
        _go_on(core, job, BulkStage.NOTED, problem=problem)


def _go_on(
    core: Core,
    job: BulkWrite,
    stage: str,
    *,
    after: timedelta = timedelta(),
    native_id: str | None = None,
    problem: str | None = None,
) -> None:
    """Note how far it is, and when to go on."""
    with core.db.write("bulk.go_on") as session:
        now = core.db.clock.now()
        is_done = stage == BulkStage.DONE
        session.execute(
            update(BulkWrite)
            .where(BulkWrite.id == job.id, still_mine(job))
            .values(
                stage=str(stage),
                native_id=native_id or BulkWrite.native_id,
                problem=problem or BulkWrite.problem,
                lease_until=None,
                crash_count=0,
                due_at=None if is_done else now + after,
                ended_at=now if is_done else None,
            )
        )
