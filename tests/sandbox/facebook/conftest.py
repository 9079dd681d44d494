"""A Facebook fake with a page, its staff and a few people, and a client that reads it over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.facebook import Facebook

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
PEOPLE = ("nordwerk", "femke", "lars", "katharina", "helene", "thomas_mueller_1", "jane_doe")


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = field(default_factory=lambda: START + timedelta(hours=1))

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **parts: float) -> None:
        self.now += timedelta(**parts)


class Reader:
    """Reads the fake with one token."""

    def __init__(self, network: Facebook, token: str) -> None:
        self.network = network
        self.token = token
        self.session = requests.Session()

    def call(self, method: str, path: str, *, version: str = "/v26.0", **query: Any) -> requests.Response:
        url = f"{self.network.base_url}{version}/{path}"
        return self.session.request(method, url, params={"access_token": self.token, **query}, timeout=10)

    def json(self, path: str, **query: Any) -> Any:
        answer = self.call("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, path: str, *, method: str = "GET", **query: Any) -> tuple[int, int, str]:
        """The code, subcode and sentence of the error that a call is answered with."""
        answer = self.call(method, path, **query)
        error = answer.json()["error"]
        assert answer.status_code >= 400
        return error["code"], error.get("error_subcode", 0), error["message"]

    def ids(self, path: str, **query: Any) -> list[str]:
        return [row["id"] for row in self.json(path, **query)["data"]]


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


def opened(**options: Any) -> Facebook:
    """A fake with everybody on it, not yet started."""
    fake = Facebook(**{"is_pushing": False, **options})
    for number, key in enumerate(PEOPLE):
        fake.add_account(person(key), at=START - timedelta(days=100 - number))
    return fake


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network(clock: Clock) -> Iterator[Facebook]:
    with opened(clock=clock) as fake:
        yield fake


@pytest.fixture
def page_id(network: Facebook) -> str:
    return network.credentials("nordwerk")["page_id"]


@pytest.fixture
def reader(network: Facebook) -> Iterator[Reader]:
    reader = Reader(network, network.credentials("nordwerk")["access_token"])
    yield reader
    reader.session.close()
