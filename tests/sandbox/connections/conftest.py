"""A Connections fake with a few people in it, a clock to set, and a client that reads it over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.connections import Connections

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
PEOPLE = ("nordwerk", "femke", "lars", "katharina", "maria_schmidt_1", "uwe")
OPEN, CLOSED = "Nordwerk Partner", "Nordwerk Vertrieb"
REST = "/connections/opensocial/basic/rest"
SPACES = {
    "a": "http://www.w3.org/2005/Atom",
    "app": "http://www.w3.org/2007/app",
    "snx": "http://www.ibm.com/xmlns/prod/sn",
    "thr": "http://purl.org/syndication/thread/1.0",
    "opensearch": "http://a9.com/-/spec/opensearch/1.1/",
    "h": "http://www.w3.org/1999/xhtml",
}


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
    """Asks as the given person, by password."""

    network: Connections
    who: str = "nordwerk"
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        known = self.network.credentials(self.who)
        self.session.auth = (known["username"], known["password"])

    def ask(self, path: str, **query: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.network.base_url}{path}"
        return self.session.get(url, params=query, timeout=10, allow_redirects=False)

    def json(self, path: str, **query: Any) -> Any:
        answer = self.ask(f"{REST}{path}", **query)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "application/json"
        return answer.json()

    def xml(self, path: str, **query: Any) -> ET.Element:
        answer = self.ask(path, **query)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"].startswith("application/atom")
        return ET.fromstring(answer.content)  # noqa: S314 - our own fake wrote it

    def entries(self, path: str, **query: Any) -> list[ET.Element]:
        return self.xml(path, **query).findall("a:entry", SPACES)

    def ids(self, path: str, **query: Any) -> list[str]:
        return [str(text(entry, "a:id")) for entry in self.entries(path, **query)]

    def walk(self, path: str, **query: Any) -> list[list[str]]:
        """The ids of every page, as the links to the next one lead."""
        pages, feed = [], self.xml(path, **query)
        while True:
            pages.append([str(text(entry, "a:id")) for entry in feed.findall("a:entry", SPACES)])
            following = link(feed, "next")
            if following is None:
                return pages
            feed = self.xml(following)

    def all_ids(self, path: str, **query: Any) -> list[str]:
        return [native_id for page in self.walk(path, **query) for native_id in page]

    @property
    def faults(self) -> list[object]:
        return [entry["fault"] for entry in self.network.requests() if entry["outcome"] == "invalid"]


def text(element: ET.Element, path: str) -> str | None:
    found = element.find(path, SPACES)
    return None if found is None or found.text is None else found.text.strip()


def link(element: ET.Element, rel: str) -> str | None:
    return next((one.get("href") for one in element.findall("a:link", SPACES) if one.get("rel") == rel), None)


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


def millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def uuid(native_id: str) -> str:
    return native_id[-36:]


def row(network: Connections, native_id: str) -> dict[str, Any]:
    return next(entry for entry in network.truth() if entry["native_id"] == native_id)


def peopled(fake: Connections) -> Connections:
    for number, key in enumerate(PEOPLE):
        fake.add_account(person(key), at=START - timedelta(days=100 - number))
    return fake


@pytest.fixture
def clock() -> Clock:
    return Clock(now=minute(60))


@pytest.fixture
def network(clock: Clock) -> Iterator[Connections]:
    with Connections(clock=clock) as fake:
        yield peopled(fake)


@pytest.fixture
def reader(network: Connections) -> Reader:
    return Reader(network)
