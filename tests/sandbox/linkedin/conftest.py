"""A LinkedIn fake with a few people on it, a clock to set, and a client that writes addresses as LinkedIn wants."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.linkedin import LinkedIn

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
PEOPLE = ("nordwerk", "femke", "lars", "katharina", "helene", "thomas_mueller_1", "jane_doe")
VERSION = "202608"


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
    """Asks as the given person; queries are given as they stand in the address."""

    network: LinkedIn
    token: str
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, query: str = "", method: str = "GET", **kwargs: Any) -> requests.Response:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Linkedin-Version": VERSION,
            "X-Restli-Protocol-Version": "2.0.0",
        }
        headers = {name: value for name, value in (headers | self.headers).items() if value}
        url = f"{self.network.base_url}{path}{f'?{query}' if query else ''}"
        return requests.request(method, url, headers=headers, timeout=10, **kwargs)

    def json(self, path: str, query: str = "") -> Any:
        answer = self.ask(path, query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def elements(self, path: str, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json(path, query)["elements"]
        return found

    def walk(self, path: str, query: str) -> list[dict[str, Any]]:
        """Every element, by the links to the next page."""
        found, page = [], self.json(path, query)
        while True:
            found += page["elements"]
            links = [link["href"] for link in page["paging"]["links"] if link["rel"] == "next"]
            if not links:
                return found
            page = self.json(links[0])


def encoded(urn: str) -> str:
    return quote(urn, safe="")


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


def outcomes(network: LinkedIn) -> list[object]:
    return [entry["outcome"] for entry in network.requests()]


def row(network: LinkedIn, native_id: str) -> dict[str, Any]:
    return next(entry for entry in network.truth() if entry["native_id"] == native_id)


@pytest.fixture
def clock() -> Clock:
    return Clock(now=minute(60))


@pytest.fixture
def network(clock: Clock) -> Iterator[LinkedIn]:
    with LinkedIn(clock=clock) as fake:
        for number, key in enumerate(PEOPLE):
            fake.add_account(person(key), at=START - timedelta(days=100 - number))
            fake.set_privacy(key, "visible")
        yield fake


@pytest.fixture
def reader(network: LinkedIn) -> Reader:
    return Reader(network, network.credentials("nordwerk")["access_token"])


@pytest.fixture
def page(network: LinkedIn, reader: Reader) -> str:
    """The page's URN, as the choice of pages gives it."""
    found: str = reader.elements("/rest/organizationAcls", "q=roleAssignee&role=ADMINISTRATOR&state=APPROVED")[0][
        "organization"
    ]
    return found
