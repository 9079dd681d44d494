import pytest

from scrm.runtime import Core
from tests.matching.workshop import Workshop


@pytest.fixture
def shop(core: Core) -> Workshop:
    """Empty; on each engine."""
    return Workshop(core)
