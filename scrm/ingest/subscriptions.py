"""Subscriptions: asking a network to call us, at once after connecting and again so often that it does not forget.

A connection whose network can call us has a row named `push` among its streams. Only `subscribe` makes it due again;
its failure concerns nobody but itself: lists are read as before.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from scrm import logs
from scrm.config import Settings
from scrm.connectors.base import Connector
from scrm.connectors.push import STREAM
from scrm.connectors.registry import connectors
from scrm.db import upsert
from scrm.errors import NetworkError, SealError
from scrm.failpoints import outside
from scrm.ingest.access import open_api
from scrm.ingest.apps import webhook_address
from scrm.ingest.run import next_try
from scrm.models import Connection, ConnectionState, NetworkApp, StreamState, claim, still_mine
from scrm.runtime import Core

log = logs.get(__name__)


@dataclass(frozen=True, kw_only=True)
class PushHealth:
    """Whether a network calls us about a connection, and what stands in the way."""

    is_on: bool
    has_address: bool
    problem: str | None
    due_at: datetime | None
    subscribed_at: datetime | None
    heard_at: datetime | None  # from this network, about any connection
    refused: int
    items: int
    quarantined: int


def callback_address(settings: Settings, network: str) -> str | None:
    """Where the network may call us; None when nobody outside reaches this installation safely."""
    if not settings.public_url:
        return None
    address = webhook_address(settings, network)
    parts = urlsplit(address)
    is_safe = parts.scheme == "https" or parts.netloc in settings.allowed_hosts
    return address if is_safe else None


def subscribe(core: Core, state_id: int) -> None:
    """Make sure that the network calls us about one connection, if that is due."""
    claimed = _begin(core, state_id)
    if claimed is None:
        return
    state, connection, connector = claimed
    callback = callback_address(core.settings, connection.network)
    if callback is None or connector.push is None:
        _finish(core, state, due_at=None, read_at=None)
        return
    try:
        api = open_api(core, connection, connector)
        with outside("push.subscribe"):
            connector.push.subscribe(api, callback)
    except (NetworkError, SealError) as why:
        _postpone(core, state, why)
        return
    now = core.db.clock.now()
    _finish(core, state, due_at=now + timedelta(seconds=connector.push.keep_every_seconds), read_at=now)


def plan_subscriptions(core: Core) -> None:
    """After a start: have those subscribe that could not before, because there was no address, or no push yet."""
    now = core.db.clock.now()
    callable_ = {key for key, connector in connectors().items() if connector.push is not None}
    networks = [key for key in callable_ if callback_address(core.settings, key) is not None]
    with core.db.read() as session:
        ids = session.scalars(
            select(Connection.id).where(
                Connection.network.in_(networks), Connection.state == ConnectionState.ACTIVE.value
            )
        ).all()
    if not ids:
        return
    with core.db.write("push.plan") as session:
        session.execute(
            upsert(session, StreamState).on_conflict_do_update(
                index_elements=["connection_id", "stream"], set_={"due_at": func.coalesce(StreamState.due_at, now)}
            ),
            [
                {
                    "connection_id": number,
                    "stream": STREAM,
                    "due_at": now,
                    "items": 0,
                    "quarantined": 0,
                    "failures": 0,
                    "generation": 0,
                    "crash_count": 0,
                }
                for number in ids
            ],
        )


def push_health(session: Session, settings: Settings, connection: Connection) -> PushHealth | None:
    """The facts shown on the connection's page; None where a network cannot call."""
    state = session.scalars(
        select(StreamState).where(StreamState.connection_id == connection.id, StreamState.stream == STREAM)
    ).one_or_none()
    connector = connectors().get(connection.network)
    if connector is None or connector.push is None:
        return None
    app = session.get(NetworkApp, connection.network)
    has_address = callback_address(settings, connection.network) is not None
    is_active = connection.state == ConnectionState.ACTIVE.value
    return PushHealth(
        is_on=bool(state and is_active and has_address and state.read_at and not state.problem),
        has_address=has_address,
        problem=state.problem if state else None,
        due_at=state.due_at if state else None,
        subscribed_at=state.read_at if state else None,
        heard_at=app.heard_at if app else None,
        refused=app.refused if app else 0,
        items=state.items if state else 0,
        quarantined=state.quarantined if state else 0,
    )


def _begin(core: Core, state_id: int) -> tuple[StreamState, Connection, Connector] | None:
    now = core.db.clock.now()
    with core.db.write("push.begin") as session:
        mine = (StreamState.id == state_id) & (StreamState.stream == STREAM)
        claimed = claim(session, StreamState, now, mine, seconds=core.settings.lease_seconds)
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
        return state, connection, connectors()[connection.network]


def _postpone(core: Core, state: StreamState, why: NetworkError | SealError) -> None:
    """Come back later. Whether the access is gone is for the lists to find out."""
    now = core.db.clock.now()
    problem = type(why).__name__
    if state.problem != problem:
        log.warning("subscription_waits", connection_id=state.connection_id, error=str(why))
    with core.db.write("push.postpone") as session:
        session.execute(
            update(StreamState)
            .where(StreamState.id == state.id, still_mine(state))
            .values(
                lease_until=None,
                due_at=next_try(why, state.failures, now),
                failures=StreamState.failures + 1,
                problem=problem,
                problem_since=state.problem_since or now,
            )
        )


def _finish(core: Core, state: StreamState, *, due_at: datetime | None, read_at: datetime | None) -> None:
    with core.db.write("push.subscribed") as session:
        session.execute(
            update(StreamState)
            .where(StreamState.id == state.id, still_mine(state))
            .values(
                lease_until=None,
                due_at=due_at,
                read_at=read_at,
                crash_count=0,
                failures=0,
                problem=None,
                problem_since=None,
            )
        )
