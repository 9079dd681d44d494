"""A YouTube fake with a few people on it, a clock to turn, and a client that reads it over real HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.youtube import YouTube

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
PEOPLE = ("nordwerk", "femke", "lars", "katharina", "helene", "thomas_mueller_1", "jane_doe")


class Clock:
    """A clock that stands until it is turned."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **span: float) -> None:
        self.now += timedelta(**span)


class Reader:
    """Reads the fake with a token, a key, or nothing at all."""

    def __init__(self, network: YouTube, token: str | None = None, key: str | None = None) -> None:
        self.network = network
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.key = {"key": key} if key else {}

    def answer(self, call: str, headers: dict[str, str] | None = None, **query: Any) -> requests.Response:
        url = f"{self.network.app()['api_url']}/youtube/v3/{call}"
        sent = {**self.headers, **(headers or {})}
        return requests.get(url, params={**self.key, **query}, headers=sent, timeout=10)

    def json(self, call: str, **query: Any) -> Any:
        answer = self.answer(call, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ids(self, call: str, **query: Any) -> list[str]:
        return [item["id"] for item in self.json(call, **query)["items"]]

    def reason(self, call: str, **query: Any) -> tuple[int, str]:
        """The status of a refused request, and the reason a client keys on."""
        answer = self.answer(call, **query)
        return answer.status_code, answer.json()["error"]["errors"][0]["reason"]

    def walk(self, call: str, **query: Any) -> list[list[str]]:
        """The ids of every page, until there is no next one."""
        pages, token = [], {}
        while True:
            body = self.json(call, **query, **token)
            pages.append([item["id"] for item in body["items"]])
            if "nextPageToken" not in body:
                return pages
            token = {"pageToken": body["nextPageToken"]}


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def channel_of(network: YouTube, key: str) -> str:
    """The channel's id, as whoever owns it learns it."""
    owner = Reader(network, token=network.credentials(key)["access_token"])
    return str(owner.ids("channels", part="id", mine="true")[0])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network(clock: Clock) -> Iterator[YouTube]:
    with YouTube(clock=clock, retry_seconds=60) as fake:
        for number, key in enumerate(PEOPLE):
            fake.add_account(person(key), at=START - timedelta(days=100 - number))
        yield fake


@pytest.fixture
def owner(network: YouTube) -> Reader:
    return Reader(network, token=network.credentials("nordwerk")["access_token"])


@pytest.fixture
def public(network: YouTube) -> Reader:
    return Reader(network, key=network.app()["api_key"])


@pytest.fixture
def channel(network: YouTube) -> str:
    return channel_of(network, "nordwerk")
