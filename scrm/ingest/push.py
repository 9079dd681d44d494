"""What networks tell us by themselves: verified, stored, answered, and applied afterwards like a page of a list.

A delivery is known by the ids of its events, so a repeat has one effect. Applying it twice is harmless: everything is
an upsert by key. Events of a connection that is not active are left out; its lists catch up when it is again.
"""

import hashlib
from collections.abc import Mapping, Sequence
from itertools import groupby

from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from scrm.connectors.payload import Payload, clean
from scrm.connectors.push import STREAM, Handshake, Push, Pushed
from scrm.connectors.registry import connectors
from scrm.errors import EndpointUnknownError, PayloadError, WebhookRefusedError
from scrm.ingest.access import account_of
from scrm.ingest.apps import values_of
from scrm.ingest.run import context_for
from scrm.ingest.store import store
from scrm.ingest.translate import Batch, translate
from scrm.models import Connection, ConnectionState, InboxItem, NetworkApp, StreamState
from scrm.models.inbox import (
    CRASHED,
    MOST_CRASHES,
    NETWORKS,
    claim_deliveries,
    finish_delivery,
    is_from_network,
    keep_delivery,
)
from scrm.runtime import Core
from scrm.tombstones import spare_body

PORTION = 50  # events stored in one transaction


def shake_hands(core: Core, network: str, query: Mapping[str, str]) -> Handshake:
    """What the network wants to hear before it calls; raises EndpointUnknownError, SealError."""
    push, app = _listener(core, network)
    with core.db.read() as session:
        connected = session.scalars(
            select(Connection.native_id).where(
                Connection.network == network, Connection.state != ConnectionState.REMOVED.value
            )
        ).all()
    try:
        answer = push.handshake(app, query, frozenset(connected))
    except WebhookRefusedError:
        answer = None
    if answer is None:
        raise EndpointUnknownError("the handshake is not for us")
    return answer


def deletion_asked(core: Core, network: str, form: Mapping[str, str]) -> str:
    """Whose data a network asks us to delete; raises EndpointUnknownError (404), WebhookRefusedError (401)."""
    push, app = _listener(core, network)
    return push.deletion_asked(app, form)


def receive(core: Core, network: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Verify a delivery and store it; True when it is new. Whatever this returns may be answered 2xx.

    Raises EndpointUnknownError (404) and WebhookRefusedError (401). Anything else (SealError, a database error) means
    that we cannot verify or store now: 503, never 4xx.
    """
    push, app = _listener(core, network)
    now = core.db.clock.now()
    mine = update(NetworkApp).where(NetworkApp.network == network)
    try:
        push.verify(app, {name.lower(): value for name, value in headers.items()}, body)
    except WebhookRefusedError:
        with core.db.write("push.refuse") as session:
            session.execute(mine.values(refused=NetworkApp.refused + 1))
        raise
    delivery_key = _key(push, body)
    with core.db.write("push.store") as session:
        is_new = keep_delivery(session, NETWORKS + network, delivery_key, body, now)
        session.execute(mine.values(heard_at=now))
    return is_new


def apply_due(core: Core, limit: int) -> int:
    """Apply what is due, up to `limit` deliveries; returns how many were dealt with."""
    done = 0
    for is_suspect in (False, True):
        while done < limit:
            items = _claim(core, limit - done, is_suspect=is_suspect)
            if not items:
                break
            for item in items:
                _deal_with(core, item)
            done += len(items)
    return done


def _listener(core: Core, network: str) -> tuple[Push, dict[str, str]]:
    """Who understands the network's calls, and the app's values. Without its secret anybody could sign."""
    connector = connectors().get(network)
    if connector is None or connector.push is None:
        raise EndpointUnknownError("no such network calls us")
    with core.db.read() as session:
        is_registered = session.get(NetworkApp, network) is not None
    if connector.manifest.app_fields and not is_registered:
        raise EndpointUnknownError("no app is registered with this network")
    return connector.push, values_of(core, network)


def _key(push: Push, body: bytes) -> str:
    """By the ids of its events, which stay when it is told again in other words; by its bytes when it has none."""
    try:
        told = [f"{event.account_id} {event.id}" for event in push.events(body)]
    except Exception:  # noqa: BLE001 - whatever it is, it is kept first, and set aside with the reason afterwards
        told = []
    known_by = "\n".join(told).encode("utf-8", "surrogatepass") if told else body
    return hashlib.sha256(known_by).hexdigest()


def _claim(core: Core, limit: int, *, is_suspect: bool) -> Sequence[InboxItem]:
    with core.db.write("push.claim") as session:
        return claim_deliveries(
            session,
            is_from_network(),
            core.db.clock.now(),
            limit=limit,
            seconds=core.settings.lease_seconds,
            is_suspect=is_suspect,
        )


def _deal_with(core: Core, item: InboxItem) -> None:
    fault = error = None
    if item.crash_count >= MOST_CRASHES:
        fault = CRASHED
    else:
        try:
            error = _apply(core, item)
        except PayloadError as why:
            fault = clean(str(why))
        except OperationalError:
            raise  # the database is out of reach: no fault of the delivery
        except Exception as why:  # noqa: BLE001 - whatever one delivery does, the others go on
            error = type(why).__name__
    with core.db.write("push.finish") as session:
        finish_delivery(session, item, core.db.clock.now(), fault=fault, error=error)
        if fault is not None:
            spare_body(session, item, item.endpoint.removeprefix(NETWORKS))


def _apply(core: Core, item: InboxItem) -> str | None:
    """Store what a delivery tells; returns the class of an error that some event met, once the others are stored."""
    network = item.endpoint.removeprefix(NETWORKS)
    connector = connectors().get(network)
    if connector is None or connector.push is None:
        raise PayloadError("there is no connector that understands it any more")
    told = list(connector.push.events(item.body or b""))
    errors = [
        _store(core, connection, connector.push, events[first : first + PORTION])
        for account_id, group in groupby(told, key=lambda event: event.account_id)
        for events in [list(group)]
        for connection in _active(core, network, account_id)
        for first in range(0, len(events), PORTION)
    ]
    return next(filter(None, errors), None)


def _active(core: Core, network: str, account_id: str) -> Sequence[Connection]:
    """Whom an event is for; one that does not say so is for every connection of its network."""
    mine = Connection.network == network
    if account_id:
        mine &= Connection.native_id == account_id
    with core.db.read() as session:
        return session.scalars(select(Connection).where(mine, Connection.state == ConnectionState.ACTIVE.value)).all()


def _store(core: Core, connection: Connection, push: Push, events: Sequence[Pushed]) -> str | None:
    """Store events together; if that fails, one by one."""
    try:
        _store_together(core, connection, push, events)
    except OperationalError:
        raise
    except Exception as why:  # noqa: BLE001 - one event must not take its neighbors with it
        if len(events) == 1:
            return type(why).__name__
        return next(filter(None, [_store(core, connection, push, [event]) for event in events]), None)
    return None


def _store_together(core: Core, connection: Connection, push: Push, events: Sequence[Pushed]) -> None:
    items = [event.item for event in events]
    batch = translate(items, account_of(connection), push.translate, push.watch)
    wakes = _wakes(push, items, batch)
    with core.db.write("push.apply") as session:
        store(session, context_for(session, core, connection, STREAM), batch)
        session.execute(
            update(StreamState)
            .where(StreamState.connection_id == connection.id, StreamState.stream == STREAM)
            .values(items=StreamState.items + len(items), quarantined=StreamState.quarantined + batch.quarantined)
        )
        due = _wake(session, connection, wakes, core)
    for state_id in due:
        core.wake("read", state_id)


def _wakes(push: Push, items: Sequence[Mapping[str, object]], batch: Batch) -> set[str]:
    """Lists to be read because of what could be understood."""
    names: set[str] = set()
    for item, raw in zip(items, batch.raw, strict=True):
        if raw.quarantine is None:
            names.update(push.wakes(Payload(item)))
    return names


def _wake(session: Session, connection: Connection, names: set[str], core: Core) -> Sequence[int]:
    """Have lists read now; those that fail keep to their own next try."""
    return session.scalars(
        update(StreamState)
        .where(
            StreamState.connection_id == connection.id,
            StreamState.stream.in_(names),
            StreamState.problem.is_(None),
        )
        .values(due_at=core.db.clock.now())
        .returning(StreamState.id)
    ).all()
