"""A SharePoint fake with a few people in it, a clock to set, and a client for both of its APIs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.sharepoint import SharePoint

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
PEOPLE = ("nordwerk", "femke", "lars", "katharina", "helene", "steffi", "stranger_maria")


@dataclass
class Clock:
    """The fake's time, moved by hand."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Client:
    """Asks Graph and SharePoint's own REST as one person."""

    network: SharePoint
    graph_token: str
    rest_token: str = ""

    def ask(self, path: str, method: str = "GET", headers: Any = None, **kwargs: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.network.base_url}/v1.0{path}"
        sent = {"Authorization": f"Bearer {self.graph_token}", **(headers or {})}
        return requests.request(method, url, headers=sent, timeout=10, **kwargs)

    def json(self, path: str, **params: Any) -> Any:
        answer = self.ask(path, params={name.replace("_", "$", 1): value for name, value in params.items()})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def walk(self, path: str, **params: Any) -> tuple[list[Any], str]:
        """Every entry by the links to the next page, and the mark of changes at the end if there is one."""
        found, page = [], self.json(path, **params)
        while True:
            found += page["value"]
            if "@odata.nextLink" not in page:
                return found, page.get("@odata.deltaLink", "")
            assert page["value"]
            page = self.json(page["@odata.nextLink"])

    def rest(self, path: str, site: str = "partner", **headers: str) -> requests.Response:
        sent = {"Authorization": f"Bearer {self.rest_token}", "Accept": "application/json;odata=nometadata"}
        url = path if path.startswith("http") else f"{self.network.base_url}/sites/{site}/_api/web/{path}"
        return requests.get(url, headers=sent | headers, timeout=10)


def client_of(network: SharePoint, key: str) -> Client:
    given = network.credentials(key)
    return Client(network, given["access_token"], given["sharepoint_access_token"])


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


def row(network: SharePoint, native_id: str) -> dict[str, Any]:
    return next(entry for entry in network.truth() if entry["native_id"] == native_id)


def rest_path(network: SharePoint, native_id: str, rest: str) -> str:
    found = row(network, native_id)
    return f"lists(guid'{found['list_id']}')/items({found['item_id']})/{rest}"


@pytest.fixture
def clock() -> Clock:
    return Clock(now=minute(60))


@pytest.fixture
def network(clock: Clock) -> Iterator[SharePoint]:
    with SharePoint(clock=clock) as fake:
        for key in PEOPLE:
            fake.add_account(person(key), at=START - timedelta(days=100))
        yield fake


@pytest.fixture
def client(network: SharePoint) -> Client:
    return client_of(network, "nordwerk")


@pytest.fixture
def site(network: SharePoint) -> str:
    return f"/sites/{network.site_id()}"


@pytest.fixture
def pages(client: Client, site: str) -> str:
    """The address of the open site's list of pages."""
    found = client.json(f"{site}/lists", _filter="displayName eq 'Site Pages'")["value"]
    return f"{site}/lists/{found[0]['id']}"


@pytest.fixture
def forum(client: Client, site: str) -> str:
    found = client.json(f"{site}/lists", _filter="displayName eq 'Forum'")["value"]
    return f"{site}/lists/{found[0]['id']}"
