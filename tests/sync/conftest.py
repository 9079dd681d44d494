import pytest

from scrm.runtime import Core
from tests.sync.town import Town


@pytest.fixture
def town(core: Core) -> Town:
    """Nobody in it yet; on each engine."""
    return Town(core)
