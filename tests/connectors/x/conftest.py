"""A running fake whose clock a test moves, and an access to it."""

from collections.abc import Iterator

import pytest

from scrm.connectors.base import Api
from scrm.sandbox.x import X
from tests.connectors.x.reading import Clock, access
from tests.connectors.x.scenario import fake


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network(clock: Clock) -> Iterator[X]:
    with fake(clock=clock) as running:
        yield running


@pytest.fixture
def api(network: X, clock: Clock) -> Iterator[Api]:
    with access(network, clock) as opened:
        yield opened
