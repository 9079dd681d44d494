"""A Viva Engage fake with a few people on it, a clock to set, and a client that asks over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.yammer import Yammer

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
PEOPLE = ("nordwerk", "femke", "lars", "katharina", "guenther", "matze", "kenji", "thomas_mueller_1")


@dataclass
class Clock:
    """The fake's time, moved by hand."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Reader:
    """Asks as the given person and lets half a minute pass before the limit is reached."""

    network: Yammer
    clock: Clock
    credentials: dict[str, str]
    is_patient: bool = True
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, **query: Any) -> requests.Response:
        is_graph = path.startswith("/v1.0/")
        token = self.credentials["graph_access_token" if is_graph else "access_token"]
        url = self.network.base_url + (path if is_graph else f"/api/v1/{path}.json")
        if self.is_patient:
            self.clock.forward(seconds=4)
        return requests.get(url, query, headers={"Authorization": f"Bearer {token}"} | self.headers, timeout=10)

    def json(self, path: str, **query: Any) -> Any:
        answer = self.ask(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ids(self, path: str, **query: Any) -> list[str]:
        return [str(one["id"]) for one in self.json(path, **query)["messages"]]


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


def reader_of(network: Yammer, clock: Clock, key: str) -> Reader:
    return Reader(network, clock, network.credentials(key))


def outcomes(network: Yammer) -> list[object]:
    return [entry["outcome"] for entry in network.requests()]


def row(network: Yammer, native_id: str) -> dict[str, Any]:
    return next(entry for entry in network.truth() if entry["native_id"] == native_id)


@pytest.fixture
def clock() -> Clock:
    return Clock(now=minute(60))


@pytest.fixture
def network(clock: Clock) -> Iterator[Yammer]:
    with Yammer(clock=clock) as fake:
        for number, key in enumerate(PEOPLE):
            fake.add_account(person(key), at=START - timedelta(days=100 - number))
            fake.set_external(key, is_external=key == "thomas_mueller_1")
            fake.set_fake_email(key, is_fake=key == "kenji")
            if key not in {"nordwerk", "femke", "lars", "katharina"}:
                fake.leave(key, "vertrieb", at=START)
        yield fake


@pytest.fixture
def reader(network: Yammer, clock: Clock) -> Reader:
    return reader_of(network, clock, "nordwerk")
