"""A running fake whose clock a test turns, and an access to it."""

from collections.abc import Iterator

import pytest

from scrm.connectors.base import Api
from scrm.sandbox.youtube import YouTube
from tests.connectors.youtube.reading import access
from tests.connectors.youtube.scenario import Clock, fake


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network(clock: Clock) -> Iterator[YouTube]:
    with fake(clock) as running:
        yield running


@pytest.fixture
def api(network: YouTube, clock: Clock) -> Iterator[Api]:
    with access(network, clock) as opened:
        yield opened
