"""Connect a network, pause, resume, reconnect and remove; what a connection is doing, as plain facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from scrm.connectors.base import Account, Api, Connector
from scrm.connectors.push import STREAM as PUSH
from scrm.connectors.registry import connector_for
from scrm.db import take_turns
from scrm.errors import AccessRevokedError, ConflictError, InputError
from scrm.failpoints import outside
from scrm.http import check_url
from scrm.i18n import N_
from scrm.ingest.access import access_until, place, session_for
from scrm.ingest.apps import default_base_url, values_of
from scrm.ingest.farewell import say_farewell
from scrm.ingest.profiles import store_profiles
from scrm.ingest.run import context_for
from scrm.ingest.translate import Batch
from scrm.models import (
    AuditEntry,
    Connection,
    ConnectionState,
    Profile,
    Run,
    StreamState,
    Watch,
    uuid7,
)
from scrm.records import ProfileRecord
from scrm.runtime import Core

LOCK = 7_265_379  # any number of our own: one account must not be connected twice


@dataclass(frozen=True, kw_only=True)
class Tested:
    """An access that works: the HTTP that carries it, and whose it is."""

    api: Api
    account: Account
    profile: ProfileRecord


def connect(core: Core, network: str, form: Mapping[str, str], owner_id: int | None) -> Connection:
    """Test an access that was filled in, then store the connection and begin to read.

    Raises InputError for what the admin can correct (also an account that is connected already), NetworkError when
    the network cannot be asked now.
    """
    connector = connector_for(network)
    return add(core, connector, _try(core, connector, form), owner_id)


def add(
    core: Core, connector: Connector, tested: Tested, owner_id: int | None, budget_cap: int | None = None
) -> Connection:
    """Store a connection whose access was tested, and begin to read."""
    api, account = tested.api, tested.account
    now = core.db.clock.now()
    row = Connection(
        public_id=uuid7(),
        network=connector.manifest.key,
        scope=account.key.scope,
        base_url=api.base_url,
        native_id=account.key.native_id,
        label="@" + account.handle.removeprefix("@"),
        owner_id=owner_id,
        created_at=now,
        budget_cap=budget_cap,
        access_until=access_until(api.credentials),
    )
    row.credentials = core.vault.seal(api.credentials, place(row))
    with core.db.write("connection.add") as session:
        take_turns(session, LOCK)
        if _same_identity(session, row):
            raise InputError(N_("This account is connected already."))
        session.add(row)
        session.flush()
        _begin_streams(session, row, connector, now)
        store_profiles(session, context_for(session, core, row, "own"), _own(tested.profile))
        _make_internal(session, account, now)
        _audit(session, now, owner_id, "connection.added", row)
    _wake_streams(core, row.id)
    return row


def reconnect(core: Core, public_id: UUID, form: Mapping[str, str], user_id: int | None) -> Connection:
    """Sign in again with an access that was filled in."""
    with core.db.read() as session:
        row = _get(session, public_id)
    tested = _try(core, connector_for(row.network), {**form, "base_url": row.base_url})
    return take_access(core, public_id, tested, user_id)


def take_access(core: Core, public_id: UUID, tested: Tested, user_id: int | None) -> Connection:
    """A new access for the same account: keys, cursors and everything read stay as they are."""
    now = core.db.clock.now()
    with core.db.write("connection.reconnect") as session:
        row = _get(session, public_id)
        before = row.state
        if tested.account.key.native_id != row.native_id:
            raise InputError(N_("This access belongs to another account."))
        row.credentials = core.vault.seal(tested.api.credentials, place(row))
        row.credentials_version += 1
        row.access_until = access_until(tested.api.credentials)
        _set_state(session, row, ConnectionState.ACTIVE, now)
        _audit(session, now, user_id, "connection.reconnected", row, before)
    _wake_streams(core, row.id)
    return row


def pause(core: Core, public_id: UUID, user_id: int | None) -> None:
    """Stop reading until resumed; nothing is lost, cursors stay."""
    now = core.db.clock.now()
    with core.db.write("connection.pause") as session:
        row = _get(session, public_id)
        if row.state != ConnectionState.ACTIVE:
            raise ConflictError("the connection is not active")
        _set_state(session, row, ConnectionState.PAUSED, now)
        _audit(session, now, user_id, "connection.paused", row, ConnectionState.ACTIVE.value)


def resume(core: Core, public_id: UUID, user_id: int | None) -> None:
    """Read again from where it stopped."""
    now = core.db.clock.now()
    with core.db.write("connection.resume") as session:
        row = _get(session, public_id)
        if row.state != ConnectionState.PAUSED:
            raise ConflictError("the connection is not paused")
        _set_state(session, row, ConnectionState.ACTIVE, now)
        _audit(session, now, user_id, "connection.resumed", row, ConnectionState.PAUSED.value)
    _wake_streams(core, row.id)


def remove(core: Core, public_id: UUID, user_id: int | None) -> None:
    """Tell the network, forget the access and stop for good; what was read stays until its retention ends."""
    with core.db.read() as session:
        row = _get(session, public_id)
    say_farewell(core, row)
    now = core.db.clock.now()
    with core.db.write("connection.remove") as session:
        row = _get(session, public_id)
        before = row.state
        _set_state(session, row, ConnectionState.REMOVED, now)
        row.credentials, row.access_until, row.removed_at = None, None, now
        row.credentials_version += 1  # a renewal that is under way must not bring the access back
        session.execute(delete(Watch).where(Watch.connection_id == row.id))
        _audit(session, now, user_id, "connection.removed", row, before)


def read_now(core: Core, public_id: UUID, user_id: int | None) -> None:
    """Do not wait for the next regular reading."""
    now = core.db.clock.now()
    with core.db.write("connection.read_now") as session:
        row = _get(session, public_id)
        if row.state != ConnectionState.ACTIVE:
            raise ConflictError("the connection is not active")
        names = [stream.name for stream in connector_for(row.network).streams]
        mine = (StreamState.connection_id == row.id) & StreamState.stream.in_(names)
        session.execute(update(StreamState).where(mine).values(due_at=now))
        _audit(session, now, user_id, "connection.read_now", row)
    _wake_streams(core, row.id)


@dataclass(frozen=True, kw_only=True)
class StreamHealth:
    """How one stream is doing."""

    name: str
    label: str
    is_on: bool  # the admin asks for it
    items: int
    quarantined: int
    is_backfilling: bool
    is_reading: bool
    read_at: datetime | None
    reached_at: datetime | None
    due_at: datetime | None
    problem: str | None
    problem_since: datetime | None


@dataclass(frozen=True, kw_only=True)
class Health:
    """How a connection is doing; words are the web's business."""

    state: ConnectionState
    problem: str | None
    problem_since: datetime | None
    wait_until: datetime | None
    streams: Sequence[StreamHealth]
    last_runs: Sequence[Run]


def health(session: Session, connection: Connection, now: datetime, off: frozenset[str] = frozenset()) -> Health:
    """The facts shown on the connections page; `off` names the lists that the admin does not ask for."""
    connector = connector_for(connection.network)
    states = {
        row.stream: row
        for row in session.scalars(select(StreamState).where(StreamState.connection_id == connection.id))
    }
    named = [(s.name, s.label) for s in connector.streams] + [(s.name, s.label) for s in connector.object_streams]
    lists = {stream.name for stream in connector.streams}
    streams = [
        StreamHealth(
            name=name,
            label=label,
            is_on=name not in off,
            items=row.items,
            quarantined=row.quarantined,
            is_backfilling=name in lists - off and row.backfilled_at is None,
            is_reading=row.lease_until is not None and row.lease_until > now,
            read_at=row.read_at,
            reached_at=row.reached_at,
            due_at=row.due_at,
            problem=row.problem,
            problem_since=row.problem_since,
        )
        for name, label in named
        if (row := states.get(name)) is not None
    ]
    runs = session.scalars(
        select(Run).where(Run.connection_id == connection.id).order_by(Run.started_at.desc()).limit(10)
    ).all()
    return Health(
        state=ConnectionState(connection.state),
        problem=connection.problem,
        problem_since=connection.problem_since,
        wait_until=connection.wait_until if connection.wait_until and connection.wait_until > now else None,
        streams=streams,
        last_runs=runs,
    )


def _try(core: Core, connector: Connector, form: Mapping[str, str]) -> Tested:
    """Check the address and the access before anything is stored."""
    app = values_of(core, connector.manifest.key)
    base_url = default_base_url(connector, form, app)
    fields = connector.manifest.credential_fields
    credentials = {field.name: form.get(field.name, "").strip() for field in fields if field.name != "base_url"}
    if not all(credentials.values()):
        raise InputError(N_("Something is missing: fill in every field."))
    api = new_api(core, connector, base_url, credentials, app)
    with outside("connection.sign_in"):
        return check_access(connector, api)


def new_api(
    core: Core, connector: Connector, base_url: str, credentials: Mapping[str, str], app: Mapping[str, str]
) -> Api:
    """HTTP to a network before there is a connection; raises HostRefusedError."""
    return Api(
        network=connector.manifest.key,
        base_url=check_url(base_url, core.settings.allowed_hosts),
        session=session_for(core),
        credentials=dict(credentials),
        app=app,
        now=core.db.clock.now,
    )


def check_access(connector: Connector, api: Api) -> Tested:
    """Ask the network whose access it is; raises InputError when it is nobody's."""
    try:
        account, profile = connector.sign_in(api)
    except AccessRevokedError as why:
        raise InputError(N_("The network does not accept this access.")) from why
    return Tested(api=api, account=account, profile=profile)


def _same_identity(session: Session, row: Connection) -> bool:
    """One connection per identity: two would read, and pay for, everything twice."""
    same = select(Connection.id).where(
        Connection.network == row.network,
        Connection.scope == row.scope,
        Connection.native_id == row.native_id,
        Connection.state != ConnectionState.REMOVED,
    )
    return session.execute(same).first() is not None


def _begin_streams(session: Session, row: Connection, connector: Connector, now: datetime) -> None:
    for stream in connector.streams:
        session.add(StreamState(connection_id=row.id, stream=stream.name, due_at=now))
    for watched in connector.object_streams:
        session.add(StreamState(connection_id=row.id, stream=watched.name, due_at=None))
    if connector.push is not None:
        session.add(StreamState(connection_id=row.id, stream=PUSH, due_at=now))


def _make_internal(session: Session, account: Account, now: datetime) -> None:
    """Whoever we connect is one of us, also when they were read, and perhaps linked, as somebody outside before."""
    session.execute(
        update(Profile)
        .where(
            Profile.network == account.key.network,
            Profile.scope == account.key.scope,
            Profile.native_id == account.key.native_id,
        )
        .values(
            is_internal=True, match_state="internal", match_due_at=now, match_generation=Profile.match_generation + 1
        )
    )


def _own(profile: ProfileRecord) -> Batch:
    batch = Batch()
    batch.profiles[profile.key] = profile
    return batch


def _set_state(session: Session, row: Connection, state: ConnectionState, now: datetime) -> None:
    row.state = state.value
    row.problem = row.problem_since = row.wait_until = row.refresh_lease_until = None
    due = now if state is ConnectionState.ACTIVE else None
    session.execute(
        update(StreamState)
        .where(StreamState.connection_id == row.id)
        .values(due_at=due, lease_until=None, generation=StreamState.generation + 1, problem=None, problem_since=None)
    )


def _get(session: Session, public_id: UUID) -> Connection:
    row = session.scalars(select(Connection).where(Connection.public_id == public_id)).one_or_none()
    if row is None or row.state == ConnectionState.REMOVED:
        raise InputError(N_("There is no such connection."))
    return row


def _wake_streams(core: Core, connection_id: int) -> None:
    with core.db.read() as session:
        due = session.execute(
            select(StreamState.id, StreamState.stream).where(
                StreamState.connection_id == connection_id, StreamState.due_at.is_not(None)
            )
        ).all()
    for state_id, name in due:
        core.wake("subscribe" if name == PUSH else "read", state_id)


def _audit(
    session: Session, now: datetime, user_id: int | None, action: str, row: Connection, before: str | None = None
) -> None:
    session.add(
        AuditEntry(
            at=now,
            user_id=user_id,
            action=action,
            object=f"connection/{row.public_id}",
            before={"network": row.network, "state": before} if before else None,
            after={"network": row.network, "state": row.state},
        )
    )
