"""A connection's access: opened for one run, renewed once however many workers wake, never kept in the clear."""

from datetime import timedelta
from functools import partial

from sqlalchemy import select, update

from scrm.connectors.base import Account, Api, Connector
from scrm.errors import RetryLaterError
from scrm.failpoints import outside
from scrm.http import GuardedSession
from scrm.models import Connection
from scrm.records import Key
from scrm.runtime import Core


def place(connection: Connection) -> str:
    """Where the credentials are sealed for; a copy in another row does not open."""
    return f"connection/{connection.public_id}/credentials"


def session_for(core: Core) -> GuardedSession:
    """An HTTP session with this installation's allow-list and name."""
    contact = f" (+{core.settings.contact})" if core.settings.contact else ""
    return GuardedSession(allowed=core.settings.allowed_hosts, user_agent=f"scrm/0.1{contact}")


def open_api(core: Core, connection: Connection, connector: Connector) -> Api:
    """The connection's HTTP with its access; raises SealError."""
    api = Api(
        network=connection.network,
        base_url=connection.base_url,
        session=session_for(core),
        account=account_of(connection),
        credentials=core.vault.open(connection.credentials or "", place(connection)),
    )
    api.renew = partial(_renew, core, connector, connection.id, connection.credentials_version)
    return api


def account_of(connection: Connection) -> Account:
    """Who "we" are on this connection."""
    return Account(
        key=Key(network=connection.network, scope=connection.scope, native_id=connection.native_id),
        handle=connection.label.removeprefix("@"),
        base_url=connection.base_url,
    )


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
    with outside("access.renew"):
        connector.renew(api)
    with core.db.write("access.store") as session:
        session.execute(
            update(Connection)
            .where(Connection.id == connection_id, Connection.credentials_version == version)
            .values(
                credentials=core.vault.seal(api.credentials, sealed_for),
                credentials_version=version + 1,
                refresh_lease_until=None,
            )
        )
    api.renew = partial(_renew, core, connector, connection_id, version + 1)
