"""A running fake whose clock a test moves, and an access to it."""

from collections.abc import Iterator

import pytest

from scrm.connectors.base import Api
from scrm.sandbox.bluesky import Bluesky
from tests.connectors.bluesky.reading import Clock, access
from tests.connectors.bluesky.scenario import fake


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network(clock: Clock) -> Iterator[Bluesky]:
    with fake(clock=clock) as running:
        yield running


@pytest.fixture
def api(network: Bluesky) -> Iterator[Api]:
    with access(network) as opened:
        yield opened
