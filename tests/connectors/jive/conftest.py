"""A running fake whose clock a test turns, and an access to it."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from scrm.connectors.base import Api
from scrm.connectors.jive import connector
from scrm.http import GuardedSession
from scrm.sandbox.jive import Jive
from tests.connectors.jive.scenario import Clock, app, fake, form


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network(clock: Clock) -> Iterator[Jive]:
    with fake(clock) as running:
        yield running


@pytest.fixture
def api(network: Jive, clock: Clock) -> Iterator[Api]:
    """An access of the company by its password that has signed in."""
    with GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session:
        api = Api(
            network="jive",
            base_url=network.base_url,
            session=session,
            credentials=form(network),
            app=app(network),
            renew=connector.renew,
            now=clock,
        )
        api.account, _ = connector.sign_in(api)
        api.requests = 0
        yield api
