"""One run: read a stream of a connection page by page, each page and its cursor in one transaction.

A run ends when nothing is waiting, when its seconds are up (the rest is due at once), or with an error whose class
says what happens next. Only the claim that holds the lease may store.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import case, delete, select, update
from sqlalchemy.orm import Session

from scrm import logs
from scrm.connectors.base import Account, Api, Connector, ObjectRef, ObjectStream, Page, Stream
from scrm.connectors.registry import connector_for
from scrm.errors import (
    AccessExpiredError,
    AccessRevokedError,
    BudgetSpentError,
    GoneError,
    HostRefusedError,
    LostLeaseError,
    NetworkError,
    PayloadError,
    RetryLaterError,
    SealError,
    UnavailableError,
    VersionDeadError,
)
from scrm.failpoints import outside
from scrm.ingest.access import account_of, open_api
from scrm.ingest.coverage import note_gaps
from scrm.ingest.internal import internal_check
from scrm.ingest.store import RECHECK, Context, Stored, store
from scrm.ingest.translate import Batch, translate
from scrm.ingest.watches import settle_watches, wants_more
from scrm.models import (
    Connection,
    ConnectionState,
    HookEvent,
    Run,
    StreamState,
    Watch,
    claim,
    still_mine,
)
from scrm.models.hooks import announce
from scrm.records import DeletedKind, DeletionRecord, Key
from scrm.runtime import Core

log = logs.get(__name__)

RUN_SECONDS = 5.0
RAW_HOURS = 30 * 24
RETRY_FIRST, RETRY_LONGEST = 5.0, 3600.0
LASTING = (
    UnavailableError,
    VersionDeadError,
    GoneError,
    PayloadError,
    HostRefusedError,
)  # nothing that a few seconds would mend
RESERVE = 5  # calls of a network's limit left untouched


@dataclass(kw_only=True)
class _Run:
    """A run under way."""

    core: Core
    connection: Connection
    connector: Connector
    account: Account
    state: StreamState
    run_id: int


def read_stream(core: Core, state_id: int, *, seconds: float = RUN_SECONDS) -> bool:
    """Read what is due of one stream; True when more is waiting. Does nothing when it is not due or taken."""
    run = _begin(core, state_id)
    if run is None:
        return False
    try:
        api = open_api(core, run.connection, run.connector)
        stream = _stream(run)
        ends = monotonic() + seconds
        more = True
        while more and monotonic() < ends and not _is_nearly_used_up(run, api):
            more = _page(run, api, stream) if isinstance(stream, Stream) else _objects(run, api, stream)
        _finish(run, stream, more=more, wait_until=api.resets_at if _is_nearly_used_up(run, api) else None)
    except LostLeaseError:
        log.warning("lease_lost", run_id=run.run_id, connection_id=run.connection.id)
        return False
    except (AccessRevokedError, AccessExpiredError, SealError) as why:
        _doubt_access(run, why)
        return False
    except NetworkError as why:
        _postpone(run, why)
        return False
    return more


def _begin(core: Core, state_id: int) -> _Run | None:
    now = core.db.clock.now()
    with core.db.write("ingest.begin") as session:
        claimed = claim(session, StreamState, now, StreamState.id == state_id, seconds=core.settings.lease_seconds)
        if not claimed:
            return None
        state = claimed[0]
        connection = session.get_one(Connection, state.connection_id)
        if connection.state != ConnectionState.ACTIVE:
            state.lease_until = state.due_at = None
            return None
        if connection.wait_until is not None and connection.wait_until > now:
            state.lease_until, state.due_at = None, connection.wait_until
            return None
        row = Run(connection_id=connection.id, stream=state.stream, started_at=now)
        session.add(row)
        session.flush()
        return _Run(
            core=core,
            connection=connection,
            connector=connector_for(connection.network),
            account=account_of(connection),
            state=state,
            run_id=row.id,
        )


def _stream(run: _Run) -> Stream | ObjectStream:
    streams: tuple[Stream | ObjectStream, ...] = (*run.connector.streams, *run.connector.object_streams)
    for stream in streams:
        if stream.name == run.state.stream:
            return stream
    raise LostLeaseError(f"{run.connection.network} has no stream {run.state.stream} any more")


def _page(run: _Run, api: Api, stream: Stream) -> bool:
    with outside("ingest.read_page"):
        page = stream.read(api, run.state.cursor)
    batch = translate(page.items, run.account, stream.translate, stream.watch)
    if page.has_more and page.cursor == run.state.cursor:
        raise RetryLaterError("the cursor does not move", network=run.connection.network, stream=stream.name)
    with run.core.db.write("ingest.store_page") as session:
        now = run.core.db.clock.now()
        stored = store(session, context_for(session, run.core, run.connection, stream.name), batch)
        _advance(session, run, page, batch, now)
        note_gaps(session, run.connection.id, stream.name, page.gaps, now)
        _count(session, run, batch, stored)
    run.state.cursor = page.cursor
    if batch.is_mostly_bad:
        raise RetryLaterError("most items are not as documented", network=run.connection.network, retry_after=3600)
    return page.has_more


def _advance(session: Session, run: _Run, page: Page, batch: Batch, now: datetime) -> None:
    """Move the cursor, if the lease is still ours."""
    oldest = min((record.occurred_at for record in batch.interactions.values()), default=None)
    reached = min(filter(None, (oldest, run.state.reached_at)), default=None)
    moved = session.execute(
        update(StreamState)
        .where(StreamState.id == run.state.id, still_mine(run.state))
        .values(
            cursor=page.cursor,
            reached_at=reached,
            items=StreamState.items + len(page.items),
            quarantined=StreamState.quarantined + batch.quarantined,
            lease_until=now + timedelta(seconds=run.core.settings.lease_seconds),
        )
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise LostLeaseError("another process reads this stream now")
    run.state.reached_at = reached


def _objects(run: _Run, api: Api, stream: ObjectStream) -> bool:
    """Read one batch of watched objects; True when more are due."""
    now = run.core.db.clock.now()
    with run.core.db.read() as session:
        due = session.scalars(
            select(Watch)
            .where(Watch.connection_id == run.connection.id, Watch.stream == stream.name, Watch.due_at <= now)
            .order_by(Watch.due_at)
            .limit(stream.batch)
        ).all()
    if not due:
        return False
    refs = [ObjectRef(native_id=row.native_id, fetch_ref=row.fetch_ref, cursor=row.cursor) for row in due]
    with outside("ingest.read_objects"):
        page = stream.read(api, refs)
    batch = translate(page.items, run.account, stream.translate)
    for native_id in page.gone:
        key = Key(network=run.connection.network, scope=run.connection.scope, native_id=native_id)
        batch.deletions[key] = DeletionRecord(key=key, kind=DeletedKind.INTERACTION)
    with run.core.db.write("ingest.store_objects") as session:
        now = run.core.db.clock.now()
        stored = store(session, context_for(session, run.core, run.connection, stream.name), batch)
        settle_watches(session, run.connection, due, page, now, recheck_after(run.core))
        _advance(session, run, Page(items=page.items, cursor=run.state.cursor, has_more=False), batch, now)
        _count(session, run, batch, stored)
    return len(due) == stream.batch or wants_more(due, page)


def _count(session: Session, run: _Run, batch: Batch, stored: Stored) -> None:
    session.execute(
        update(Run)
        .where(Run.id == run.run_id)
        .values(
            pages=Run.pages + 1,
            items=Run.items + len(batch.raw),
            stored=Run.stored + stored.new + stored.changed + stored.deleted,
            quarantined=Run.quarantined + batch.quarantined,
        )
    )


def context_for(session: Session, core: Core, connection: Connection, stream: str) -> Context:
    """Whose page it is: retention from the network's terms, and who counts as one of us."""
    terms = connector_for(connection.network).manifest.terms
    return Context(
        connection_id=connection.id,
        network=connection.network,
        stream=stream,
        now=core.db.clock.now(),
        raw_hours=min(RAW_HOURS, terms.keep_hours or RAW_HOURS),
        keep_hours=terms.keep_hours,
        keep_profile_hours=terms.keep_profile_hours,
        is_kept_by_refresh=terms.is_kept_by_refresh,
        is_internal=internal_check(session),
        recheck_after=recheck_after(core),
    )


def recheck_after(core: Core) -> timedelta:
    """How soon an item is read again to see whether it was edited or deleted."""
    return timedelta(seconds=10) if core.settings.fast_intervals else RECHECK


def _is_nearly_used_up(run: _Run, api: Api) -> bool:
    return (
        api.remaining is not None
        and api.remaining <= RESERVE
        and api.resets_at is not None
        and api.resets_at > run.core.db.clock.now()
    )


def _finish(run: _Run, stream: Stream | ObjectStream, *, more: bool, wait_until: datetime | None) -> None:
    now = run.core.db.clock.now()
    with run.core.db.write("ingest.finish") as session:
        done = not more
        due_at = _next_due(session, run, stream, now) if done else now
        was_woken = StreamState.due_at > run.state.due_at  # meanwhile, by a push or an admin
        session.execute(
            update(StreamState)
            .where(StreamState.id == run.state.id, still_mine(run.state))
            .values(
                lease_until=None,
                crash_count=0,
                failures=0,
                problem=None,
                problem_since=None,
                due_at=case((was_woken, StreamState.due_at), else_=max(due_at, wait_until) if wait_until else due_at),
                read_at=now if done else StreamState.read_at,
                backfilled_at=StreamState.backfilled_at if run.state.backfilled_at or not done else now,
            )
        )
        session.execute(
            update(Connection)
            .where(Connection.id == run.connection.id, Connection.state == ConnectionState.ACTIVE)
            .values(problem=None, problem_since=None, wait_until=wait_until)
        )
        _end_run(session, run, "done" if done else "more", now)


def _next_due(session: Session, run: _Run, stream: Stream | ObjectStream, now: datetime) -> datetime:
    if isinstance(stream, Stream):
        seconds = 5 if run.core.settings.fast_intervals else stream.every_seconds
        return now + timedelta(seconds=seconds * random.uniform(0.9, 1.1))  # noqa: S311 - spreads load, guards nothing
    first = session.scalar(
        select(Watch.due_at)
        .where(Watch.connection_id == run.connection.id, Watch.stream == stream.name)
        .order_by(Watch.due_at)
        .limit(1)
    )
    return first or now + timedelta(hours=1)


def _end_run(session: Session, run: _Run, outcome: str, now: datetime) -> None:
    ended = session.execute(
        update(Run).where(Run.id == run.run_id).values(ended_at=now, outcome=outcome).returning(Run.stored)
    ).scalar_one()
    if not ended and outcome == "done":
        session.execute(delete(Run).where(Run.id == run.run_id))  # nothing new leaves no trace


def _postpone(run: _Run, why: NetworkError) -> None:
    """Come back later; an outage is logged when it starts, not at every try."""
    now = run.core.db.clock.now()
    throttled = isinstance(why, RetryLaterError) and why.throttled
    problem = type(why).__name__
    if run.state.problem != problem:
        log.warning("stream_waits", connection_id=run.connection.id, stream=run.state.stream, error=str(why))
    due_at = next_try(why, run.state.failures, now)
    with run.core.db.write("ingest.postpone") as session:
        session.execute(
            update(StreamState)
            .where(StreamState.id == run.state.id, still_mine(run.state))
            .values(
                lease_until=None,
                due_at=due_at,
                failures=StreamState.failures + 1,
                problem=problem,
                problem_since=run.state.problem_since or now,
            )
        )
        values = {"wait_until": due_at} if throttled else {}
        if isinstance(why, (RetryLaterError, HostRefusedError)) and not isinstance(why, BudgetSpentError):
            values |= {"problem": problem, "problem_since": run.connection.problem_since or now}  # type: ignore[dict-item]
        if values:
            session.execute(update(Connection).where(Connection.id == run.connection.id).values(**values))
        _end_run(session, run, problem, now)


def next_try(why: NetworkError | SealError, failures: int, now: datetime) -> datetime:
    """When to come back: as the network says, else at growing intervals; in an hour for what seconds do not mend."""
    if isinstance(why, BudgetSpentError):
        return max(why.resets_at, now + timedelta(seconds=1))
    wait = why.retry_after if isinstance(why, RetryLaterError) else None
    if wait is None:
        longest = min(RETRY_FIRST * 2**failures, RETRY_LONGEST)
        wait = RETRY_LONGEST if isinstance(why, LASTING) else random.uniform(longest / 2, longest)  # noqa: S311
    return now + timedelta(seconds=min(max(wait, 1.0), RETRY_LONGEST))


def _doubt_access(run: _Run, why: Exception) -> None:
    """The access seems dead: believe it only when a second, cheap call says so too."""
    if not isinstance(why, SealError):
        try:
            with outside("ingest.confirm_access"):
                run.connector.sign_in(open_api(run.core, run.connection, run.connector))
        except AccessRevokedError:
            pass
        except NetworkError as other:
            _postpone(run, other)
            return
        else:
            _postpone(run, RetryLaterError("refused once though the access works", network=run.connection.network))
            return
    now = run.core.db.clock.now()
    problem = type(why).__name__
    log.error(
        "connection_suspended", connection_id=run.connection.id, owner_id=run.connection.owner_id, error=problem
    )
    with run.core.db.write("ingest.suspend") as session:
        suspended = session.execute(
            update(Connection)
            .where(Connection.id == run.connection.id, Connection.state == ConnectionState.ACTIVE)
            .values(state=ConnectionState.SUSPENDED.value, problem=problem, problem_since=now)
        )
        if suspended.rowcount:  # type: ignore[attr-defined]
            network = run.connection.network
            announce(session, HookEvent.BROKEN, now, network=network, connection_id=run.connection.id)
        session.execute(
            update(StreamState)
            .where(StreamState.connection_id == run.connection.id)
            .values(lease_until=None, due_at=None, problem=problem, problem_since=now)
        )
        _end_run(session, run, problem, now)
