"""A connection's access: opened for one run, renewed once however many workers wake, never kept in the clear."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select, update

from scrm import logs
from scrm.connectors.base import Account, Api, Connector
from scrm.errors import AccessRevokedError, NetworkError, RetryLaterError
from scrm.failpoints import outside
from scrm.http import GuardedSession
from scrm.ingest.apps import values_of
from scrm.ingest.meter import DurableMeter
from scrm.models import Connection
from scrm.records import Key
from scrm.runtime import Core

log = logs.get(__name__)


def place(connection: Connection) -> str:
    """Where the credentials are sealed for; a copy in another row does not open."""
    return f"connection/{connection.public_id}/credentials"


def session_for(core: Core) -> GuardedSession:
    """An HTTP session with this installation's allow-list and name."""
    contact = f" (+{core.settings.contact})" if core.settings.contact else ""
    return GuardedSession(allowed=core.settings.allowed_hosts, user_agent=f"scrm/0.1{contact}")


def open_api(core: Core, connection: Connection, connector: Connector) -> Api:
    """The connection's HTTP with its access, renewed before it ends; raises SealError, NetworkError."""
    api = Api(
        network=connection.network,
        base_url=connection.base_url,
        session=session_for(core),
        account=account_of(connection),
        credentials=core.vault.open(connection.credentials or "", place(connection)),
        app=values_of(core, connection.network),
        now=core.db.clock.now,
        meter=DurableMeter(core.db, connection, connector.manifest.budget),
    )
    api.renew = partial(_renew, core, connector, connection.id, connection.credentials_version)
    _renew_in_time(core, connection, api)
    return api


def access_until(credentials: Mapping[str, str]) -> datetime | None:
    """When somebody has to sign in again: the end of an access that does not renew itself; None: not known."""
    renews = "refresh_token" in credentials or "renew_at" in credentials
    return _time(credentials, "ends_at") or (None if renews else _time(credentials, "expires_at"))


def account_of(connection: Connection) -> Account:
    """Who "we" are on this connection."""
    return Account(
        key=Key(network=connection.network, scope=connection.scope, native_id=connection.native_id),
        handle=connection.label.removeprefix("@"),
        base_url=connection.base_url,
    )


def _time(credentials: Mapping[str, str], name: str) -> datetime | None:
    text = credentials.get(name)
    return datetime.fromisoformat(text) if text else None


def _renew_in_time(core: Core, connection: Connection, api: Api) -> None:
    """Renew what its connector wants renewed by now. While the access still works, a failure costs nothing."""
    due, ends = _time(api.credentials, "renew_at"), _time(api.credentials, "expires_at")
    if due is None or due > api.now() or api.renew is None:
        return
    try:
        api.renew(api)
    except NetworkError as why:
        if ends is None or ends <= api.now():
            raise
        log.warning("access_not_renewed", connection_id=connection.id, error=type(why).__name__)
        if isinstance(why, AccessRevokedError) and connection.access_until != ends:
            _note_end(core, connection.id, ends)


def _note_end(core: Core, connection_id: int, ends: datetime) -> None:
    """The access will end after all: its owner can sign in again before."""
    with core.db.write("access.note_end") as session:
        session.execute(update(Connection).where(Connection.id == connection_id).values(access_until=ends))


def _renew(core: Core, connector: Connector, connection_id: int, version: int, api: Api) -> None:
    """Renew the access under a database lease; whoever comes second takes what the first one stored."""
    now = core.db.clock.now()
    with core.db.write("access.lease") as session:
        row = session.scalars(select(Connection).where(Connection.id == connection_id).with_for_update()).one()
        if row.credentials_version != version:
            api.credentials = core.vault.open(row.credentials or "", place(row))
            api.renew = partial(_renew, core, connector, connection_id, row.credentials_version)
            return
        if row.refresh_lease_until is not None and row.refresh_lease_until > now:
            raise RetryLaterError("another process is renewing the access", network=api.network, retry_after=2)
        row.refresh_lease_until = now + timedelta(seconds=core.settings.lease_seconds)
        sealed_for = place(row)
    try:
        with outside("access.renew"):
            connector.renew(api)
    except NetworkError:
        _give_back_lease(core, connection_id, version)
        raise
    with core.db.write("access.store") as session:
        session.execute(
            update(Connection)
            .where(Connection.id == connection_id, Connection.credentials_version == version)
            .values(
                credentials=core.vault.seal(api.credentials, sealed_for),
                credentials_version=version + 1,
                refresh_lease_until=None,
                access_until=access_until(api.credentials),
            )
        )
    api.renew = partial(_renew, core, connector, connection_id, version + 1)


def _give_back_lease(core: Core, connection_id: int, version: int) -> None:
    """Else the second opinion on a dead access would be told to wait for a renewal that nobody makes."""
    with core.db.write("access.give_back") as session:
        session.execute(
            update(Connection)
            .where(Connection.id == connection_id, Connection.credentials_version == version)
            .values(refresh_lease_until=None)
        )
