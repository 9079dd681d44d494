"""The invented network beside a core: on each engine, with a clock that moves when it is told to."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from scrm.clock import FakeClock
from scrm.ingest.connections import connect
from scrm.models import Connection
from scrm.runtime import Core
from scrm.sandbox.server import Server
from tests.ingest import lighthouse


@pytest.fixture
def sea() -> lighthouse.Sea:
    return lighthouse.Sea()


@pytest.fixture
def server(sea: lighthouse.Sea) -> Iterator[Server]:
    lighthouse.register()
    with lighthouse.serve(sea) as running:
        yield running
    lighthouse.unregister()


@pytest.fixture
def time() -> FakeClock:
    return FakeClock(datetime(2026, 1, 31, 12, tzinfo=UTC))


@pytest.fixture
def core(core: Core, server: Server, time: FakeClock) -> Core:
    core.db.clock = time
    host = urlsplit(server.base_url).netloc
    return replace(core, settings=replace(core.settings, allowed_hosts=(host,)))


@pytest.fixture
def connection(core: Core, server: Server) -> Connection:
    return connect(core, lighthouse.KEY, {"base_url": server.base_url, "token": "right"}, None)
