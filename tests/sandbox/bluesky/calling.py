"""Invented people, a clock to move, and a caller that speaks XRPC to the fake."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from scrm.sandbox.bluesky import Bluesky
from scrm.sandbox.network import Person

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def person(key: str, role: str = "stranger", **changes: Any) -> Person:
    fields: dict[str, Any] = {
        "key": key,
        "full_name": f"{key.capitalize()} Muster",
        "first_name": key.capitalize(),
        "last_name": "Muster",
        "language": "de",
        "city": "Bremen",
        "country": "DE",
        "company": "",
        "title": "",
        "email": f"{key}@post.example",
        "handle": key,
        "bio": f"Schreibt über {key}.",
        "website": f"https://{key}.example",
        "networks": ("bluesky",),
        "role": role,
    }
    return Person(**{**fields, **changes})


@dataclass
class Clock:
    """The fake's clock, which a test moves."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Caller:
    """Somebody calling the network, with or without a token."""

    network: Bluesky
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, nsid: str, **query: Any) -> requests.Response:
        return requests.get(f"{self.network.base_url}/xrpc/{nsid}", params=query, headers=self.headers, timeout=10)

    def post(self, nsid: str, **more: Any) -> requests.Response:
        return requests.post(f"{self.network.base_url}/xrpc/{nsid}", headers=self.headers, timeout=10, **more)

    def ok(self, nsid: str, **query: Any) -> dict[str, Any]:
        answer = self.get(nsid, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, nsid: str, **query: Any) -> tuple[int, str, str]:
        answer = self.get(nsid, **query)
        return answer.status_code, answer.json()["error"], answer.json()["message"]

    def pages(self, nsid: str, items: str, **query: Any) -> list[list[dict[str, Any]]]:
        """Read every page until there is no cursor."""
        found = []
        while True:
            page = self.ok(nsid, **query)
            found.append(page[items])
            if "cursor" not in page:
                return found
            query["cursor"] = page["cursor"]
            assert len(found) < 200, "the end never comes"

    def all(self, nsid: str, items: str, **query: Any) -> list[dict[str, Any]]:
        return [item for page in self.pages(nsid, items, **query) for item in page]

    def log_in(self, person_key: str) -> dict[str, Any]:
        known = self.network.credentials(person_key)
        answer = self.post(
            "com.atproto.server.createSession",
            json={"identifier": known["identifier"], "password": known["app_password"]},
        )
        assert answer.status_code == 200, answer.text
        session = answer.json()
        self.headers = {"Authorization": f"Bearer {session['accessJwt']}"}
        return session


def people(network: Bluesky, *keys: str) -> None:
    """Open accounts whose clients keep good time; the firm is the company."""
    for key in keys:
        network.add_account(person(key, "company" if key == "firm" else "stranger"), at=START)
        network.set_clock(key, timedelta(0))


def did_of(network: Bluesky, key: str) -> str:
    return str(Caller(network).ok("com.atproto.identity.resolveHandle", handle=f"{key}.bsky.example")["did"])
