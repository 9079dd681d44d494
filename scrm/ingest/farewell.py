"""Before an access is forgotten the network is told, as well as it can be: do not call us, this access is over."""

from collections.abc import Iterator
from contextlib import contextmanager

from scrm import logs
from scrm.connectors.base import Api, Connector
from scrm.connectors.registry import connector_for
from scrm.errors import NetworkError, SealError
from scrm.failpoints import outside
from scrm.ingest.access import open_api
from scrm.ingest.apps import webhook_address
from scrm.models import Connection
from scrm.runtime import Core

log = logs.get(__name__)


def say_farewell(core: Core, row: Connection) -> None:
    """Tell the network; what it does not want to hear stands in the log and stops nobody."""
    connector = connector_for(row.network)
    if connector.push is None and connector.oauth is None:
        return
    with _best_effort(row):
        api = open_api(core, row, connector)
        _unsubscribe(core, row, connector, api)
        _revoke(row, connector, api)


def _unsubscribe(core: Core, row: Connection, connector: Connector, api: Api) -> None:
    if connector.push is None:
        return
    with _best_effort(row), outside("farewell.unsubscribe"):
        connector.push.unsubscribe(api, webhook_address(core.settings, row.network))


def _revoke(row: Connection, connector: Connector, api: Api) -> None:
    if connector.oauth is None:
        return
    with _best_effort(row), outside("farewell.revoke"):
        connector.oauth.revoke(api)


@contextmanager
def _best_effort(row: Connection) -> Iterator[None]:
    try:
        yield
    except (NetworkError, SealError) as why:
        log.warning("farewell_not_heard", connection_id=row.id, error=type(why).__name__)
