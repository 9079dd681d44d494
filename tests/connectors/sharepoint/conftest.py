"""A running fake whose clock a test moves, and an access to one of its sites."""

from collections.abc import Iterator

import pytest

from scrm.clock import FakeClock
from scrm.connectors.base import Api
from scrm.sandbox.sharepoint import SharePoint
from tests.connectors.sharepoint.reading import access
from tests.connectors.sharepoint.scenario import fake, minute


@pytest.fixture
def time() -> FakeClock:
    return FakeClock(minute(2000))


@pytest.fixture
def network(time: FakeClock) -> Iterator[SharePoint]:
    with fake(time.now) as running:
        yield running


@pytest.fixture
def api(network: SharePoint, time: FakeClock) -> Iterator[Api]:
    with access(network, time) as opened:
        yield opened
