"""A running fake whose clock a test moves, and an access to it."""

from collections.abc import Iterator

import pytest

from scrm.connectors.base import Api
from scrm.sandbox.facebook import Facebook
from tests.connectors.facebook.reading import Clock, access
from tests.connectors.facebook.scenario import fake


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network(clock: Clock) -> Iterator[Facebook]:
    with fake(clock=clock, is_proof_required=True, retry_after=()) as running:
        yield running


@pytest.fixture
def api(network: Facebook, clock: Clock) -> Iterator[Api]:
    with access(network, clock) as opened:
        yield opened
