"""An X fake with a few people on it, a clock that can be moved, and a client that reads it over real HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.x import X

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
PEOPLE = ("nordwerk", "femke", "lars", "katharina", "helene", "thomas_mueller_1", "jane_doe")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


class Reader:
    """Reads the fake with one bearer token."""

    def __init__(self, network: X, token: str) -> None:
        self.network = network
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, **sent: Any) -> requests.Response:
        return self.session.request(method, self.network.base_url + path, timeout=10, allow_redirects=False, **sent)

    def answer(self, path: str, **query: Any) -> requests.Response:
        """GET; in the names of parameters `_` stands for a dot where the API has one."""
        sent = {name.replace("_fields", ".fields"): value for name, value in query.items()}
        return self.call("GET", path, params=sent)

    def json(self, path: str, **query: Any) -> Any:
        answer = self.answer(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ids(self, path: str, **query: Any) -> list[str]:
        return [item["id"] for item in self.json(path, **query).get("data", [])]


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


def reader_of(network: X, who: str, **more: Any) -> Reader:
    return Reader(network, network.credentials(who, **more)["access_token"])


def user_id(network: X, key: str) -> str:
    return str(network._state.by_key[key].id)


def populate(network: X) -> None:
    for number, key in enumerate(PEOPLE):
        network.add_account(person(key), at=START - timedelta(days=100 - number))


def walk(reader: Reader, path: str, **query: Any) -> list[dict[str, Any]]:
    """Follow next_token to the end and return the pages."""
    pages = [reader.json(path, **query)]
    while token := pages[-1]["meta"].get("next_token"):
        pages.append(reader.json(path, **query, pagination_token=token))
    return pages


@pytest.fixture
def clock() -> Clock:
    return Clock(START + timedelta(hours=8))


@pytest.fixture
def network(clock: Clock) -> Iterator[X]:
    with X(clock=clock, push=False) as fake:
        populate(fake)
        yield fake


@pytest.fixture
def reader(network: X) -> Iterator[Reader]:
    reader = reader_of(network, "nordwerk")
    yield reader
    reader.session.close()


@pytest.fixture
def app_reader(network: X) -> Iterator[Reader]:
    reader = Reader(network, network.app()["bearer_token"])
    yield reader
    reader.session.close()


@pytest.fixture
def me(network: X) -> str:
    return user_id(network, "nordwerk")
