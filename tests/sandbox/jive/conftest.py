"""A Jive fake with a few people in it, a clock to set, and a client that reads it over real HTTP."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.jive import Jive

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
PEOPLE = ("nordwerk", "femke", "lars", "sabine", "andreas", "ayse", "noemie")
PREFIX = "throw 'allowIllegalResourceCall is false.';\n"
API = "/api/core/v3"


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
    """Asks as the given person, with a token of the add-on."""

    network: Jive
    who: str = "nordwerk"

    def __post_init__(self) -> None:
        self.headers = {"Authorization": f"Bearer {self.network.credentials(self.who)['access_token']}"}

    def ask(self, path: str, method: str = "GET", **kwargs: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.network.base_url}{API}{path}"
        return requests.request(method, url, headers=self.headers, timeout=10, **kwargs)

    def json(self, path: str, **query: Any) -> Any:
        answer = self.ask(path, params=query)
        assert answer.status_code == 200, answer.text
        assert answer.text.startswith(PREFIX)
        return json.loads(answer.text.removeprefix(PREFIX))

    def items(self, path: str, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json(path, **query)["list"]
        return found

    def walk(self, path: str, **query: Any) -> list[list[dict[str, Any]]]:
        """Every page, as `links.next` leads."""
        pages, page = [], self.json(path, **query)
        while True:
            pages.append(page["list"])
            following = page.get("links", {}).get("next")
            if not following:
                return pages
            page = self.json(following)

    def uris(self, path: str, **query: Any) -> list[str]:
        """The partial addresses of what a list holds."""
        base = self.network.base_url + API
        return [one["resources"]["self"]["ref"].removeprefix(base) for one in self.items(path, **query)]


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def stamp(number: int) -> str:
    return minute(number).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def message_of(answer: requests.Response) -> str:
    error = json.loads(answer.text.removeprefix(PREFIX))["error"]
    assert error["status"] == answer.status_code
    return str(error["message"])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network(clock: Clock) -> Iterator[Jive]:
    with Jive(clock=clock) as fake:
        for number, key in enumerate(PEOPLE):
            fake.add_account(person(key), at=START - timedelta(days=100 - number))
        yield fake


@pytest.fixture
def reader(network: Jive) -> Reader:
    return Reader(network)
