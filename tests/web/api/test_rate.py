"""Calls are counted together by all web processes, and by each alone while Redis is away."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from scrm.web.api import rate
from scrm.web.api.rate import Rate
from tests.redis_server import RedisServer

AWAY = "unix:///tmp/nobody-listens-here"


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with TemporaryDirectory(prefix="scrm-") as folder:
        made = RedisServer(Path(folder))
        made.start()
        yield made
        made.stop()


@pytest.fixture(autouse=True)
def _three_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "PER_MINUTE", 3)
    monkeypatch.setattr(rate, "PATIENCE", 5.0)  # a busy machine is not an outage
    monkeypatch.setattr("scrm.web.api.rate.time.time", lambda: 1_000_000.0)


def test_two_processes_share_one_count(server: RedisServer) -> None:
    one, two = Rate(server.settings.redis), Rate(server.settings.redis)
    assert [one.allows(7), two.allows(7), one.allows(7)] == [True, True, True]
    assert [one.allows(7), two.allows(7)] == [False, False]
    assert one.allows(8)


def test_a_new_minute_begins_anew(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Rate(server.settings.redis)
    assert [one.allows(7) for _ in range(4)] == [True, True, True, False]
    monkeypatch.setattr("scrm.web.api.rate.time.time", lambda: 1_000_060.0)
    assert one.allows(7)


def test_without_redis_each_counts_for_itself_and_asks_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = Rate(AWAY), Rate(AWAY)
    asked = []
    monkeypatch.setattr(one._redis, "pipeline", lambda **_: asked.append(1) or Rate(AWAY)._redis.pipeline())
    assert [one.allows(7) for _ in range(4)] == [True, True, True, False]
    assert two.allows(7)
    assert len(asked) == 1


def test_an_outage_forgives_nothing(server: RedisServer) -> None:
    one = Rate(server.settings.redis)
    assert [one.allows(7) for _ in range(3)] == [True, True, True]
    server.stop()
    assert not one.allows(7)
