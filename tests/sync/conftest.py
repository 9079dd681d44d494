import pytest

from scrm.runtime import Core
from tests.sync.town import Town


@pytest.fixture
def town(core: Core) -> Town:
    """Nobody in it yet; on each engine."""
    return Town(core)


@pytest.fixture
def linked(town: Town) -> int:
    """A profile with a contact, and nothing said yet."""
    profile = town.profile()
    town.link(profile, town.contact())
    town.expand()
    return profile
