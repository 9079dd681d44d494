"""A running fake whose clock a test turns, and an access to it."""

from collections.abc import Iterator

import pytest

from scrm.connectors.base import Api
from scrm.sandbox.yammer import Yammer
from tests.connectors.yammer.reading import access
from tests.connectors.yammer.scenario import Clock, fake


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network(clock: Clock) -> Iterator[Yammer]:
    with fake(clock) as running:
        yield running


@pytest.fixture
def api(network: Yammer, clock: Clock) -> Iterator[Api]:
    with access(network, clock) as opened:
        yield opened
