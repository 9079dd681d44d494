"""A Mastodon fake with a few people on it, and a client that reads it over real HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.mastodon import Mastodon

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
PEOPLE = ("nordwerk", "femke", "lars", "katharina", "helene", "thomas_mueller_1", "jane_doe")


class Reader:
    """Reads the fake as the given person, or as nobody."""

    def __init__(self, network: Mastodon, who: str | None = "nordwerk") -> None:
        self.network = network
        self.session = requests.Session()
        if who:
            self.session.headers["Authorization"] = f"Bearer {network.credentials(who)['access_token']}"

    def answer(self, path: str, **query: Any) -> requests.Response:
        arrays = {f"{name}[]" if isinstance(value, list) else name: value for name, value in query.items()}
        return self.session.get(self.network.base_url + path, params=arrays, timeout=10)

    def json(self, path: str, **query: Any) -> Any:
        answer = self.answer(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ids(self, path: str, **query: Any) -> list[str]:
        return [item["id"] for item in self.json(path, **query)]


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def api_id(network: Mastodon, uri: str) -> str:
    """The id under which the API knows the status of this uri."""
    found = [entry["api_id"] for entry in network.truth() if entry["native_id"] == uri]
    return str(found[0])


@pytest.fixture
def network() -> Iterator[Mastodon]:
    with Mastodon() as fake:
        for number, key in enumerate(PEOPLE):
            fake.add_account(person(key), at=START - timedelta(days=100 - number))
        yield fake


@pytest.fixture
def reader(network: Mastodon) -> Iterator[Reader]:
    reader = Reader(network)
    yield reader
    reader.session.close()
