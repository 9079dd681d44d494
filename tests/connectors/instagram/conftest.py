"""A running fake whose clock a test moves, and an access to it."""

from collections.abc import Iterator

import pytest

from scrm.connectors.base import Api
from scrm.sandbox.instagram import Instagram
from tests.connectors.instagram.reading import Clock, access
from tests.connectors.instagram.scenario import fake


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network(clock: Clock) -> Iterator[Instagram]:
    with fake(clock=clock) as running:
        yield running


@pytest.fixture
def api(network: Instagram) -> Iterator[Api]:
    with access(network) as opened:
        yield opened
