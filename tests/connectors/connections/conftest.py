"""A running fake whose clock a test turns, and an access to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from scrm.connectors.base import Api
from scrm.connectors.connections import connector
from scrm.http import GuardedSession
from scrm.sandbox.connections import Connections
from tests.connectors.connections.scenario import Clock, app, fake, form


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network(clock: Clock) -> Iterator[Connections]:
    with fake(clock) as running:
        yield running


@contextmanager
def opened(network: Connections, clock: Clock, credentials: dict[str, str]) -> Iterator[Api]:
    """An access that has signed in and renews itself."""
    with GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session:
        api = Api(
            network="connections",
            base_url=network.base_url,
            session=session,
            credentials=credentials,
            app=app(network),
            renew=connector.renew,
            now=clock,
        )
        api.account, _ = connector.sign_in(api)
        api.requests = 0
        yield api


@pytest.fixture
def api(network: Connections, clock: Clock) -> Iterator[Api]:
    with opened(network, clock, form(network)) as api:
        yield api
