from collections.abc import Iterator

import pytest

from scrm.runtime import Core
from tests.sync.crm.salesforce.world import SalesforceWorld


@pytest.fixture
def world(core: Core) -> Iterator[SalesforceWorld]:
    """An org that is connected, empty at first."""
    with SalesforceWorld(core) as world:
        yield world
