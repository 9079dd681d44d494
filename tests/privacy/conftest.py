"""A core with a clock of its own, on each engine."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from scrm.clock import FakeClock
from scrm.db import Database
from scrm.runtime import Core
from scrm.vault import Vault

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def core(core: Core, clock: FakeClock) -> Iterator[Core]:
    db = Database(core.settings.database, clock=clock)
    yield Core(settings=core.settings, db=db, vault=Vault.load("", core.settings.state_dir))
    db.close()
