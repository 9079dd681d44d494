"""A running fake whose clock a test moves, and an access to it."""

from collections.abc import Iterator

import pytest

from scrm.clock import FakeClock
from scrm.connectors.base import Api
from scrm.sandbox.linkedin import LinkedIn
from tests.connectors.linkedin.reading import access
from tests.connectors.linkedin.scenario import fake, minute


@pytest.fixture
def time() -> FakeClock:
    return FakeClock(minute(2000))


@pytest.fixture
def network(time: FakeClock) -> Iterator[LinkedIn]:
    with fake(time.now) as running:
        yield running


@pytest.fixture
def api(network: LinkedIn, time: FakeClock) -> Iterator[Api]:
    with access(network, time) as opened:
        yield opened
