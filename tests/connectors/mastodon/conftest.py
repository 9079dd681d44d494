"""A running fake and an access to it."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from scrm.connectors.base import Api
from scrm.connectors.mastodon import connector
from scrm.http import GuardedSession
from scrm.sandbox.mastodon import Mastodon
from tests.connectors.mastodon.scenario import fake


@pytest.fixture
def network() -> Iterator[Mastodon]:
    with fake() as running:
        yield running


@pytest.fixture
def api(network: Mastodon) -> Iterator[Api]:
    with GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session:
        api = Api(
            network="mastodon",
            base_url=network.base_url,
            session=session,
            credentials=network.credentials("nordwerk"),
        )
        api.account, _ = connector.sign_in(api)
        yield api
