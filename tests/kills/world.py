"""Sandbox networks with a small cast, a browser for each role, and the judge that reads only ledgers.

Every person of the small cast is in the CRM with the handle they use, so whom an interaction belongs to is certain.
"""

import re
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any, Self

import requests
from sqlalchemy import select

from scrm.db import Database
from scrm.models import LocalContact, LocalRecord, RecordKind
from scrm.sandbox import cast
from scrm.sandbox.bluesky import Bluesky, Lifetimes, Terms
from scrm.sandbox.mastodon import Mastodon
from scrm.sandbox.receiver import Receiver
from tests.kills.fleet import token

US = "nordwerk"
WRITTEN = {"mention", "reply", "quote", "post"}
Address = tuple[str, ...]
KINDS = {"like": "reaction", "share": "share", "follow": "follow"}


class World:
    """Both fake networks, and what happens on them."""

    def __init__(self) -> None:
        self.mastodon = Mastodon(rate_limit=100_000)
        lifetimes = Lifetimes(access=timedelta(seconds=4))
        self.bluesky = Bluesky(rate_limit=100_000, terms=Terms(lifetimes=lifetimes, empty_page_every=5))
        self.networks = (self.mastodon, self.bluesky)
        self.receiver = Receiver()  # is told what happens
        everybody = [p for p in cast.cast() if set(p.networks) >= {"mastodon", "bluesky"}]
        self.people = [p for p in everybody if p.role == "contact"][:6]
        self.stranger = next(p for p in everybody if p.role == "stranger")
        self.staff = next(p for p in everybody if p.role == "staff")
        self.company = cast.person(US)
        self._turn = cycle(self.people)
        self.posts: dict[str, list[str]] = {"mastodon": [], "bluesky": []}

    def __enter__(self) -> Self:
        self.receiver.start()
        for network in self.networks:
            network.start()
            for person in (self.company, self.stranger, self.staff, *self.people):
                network.add_account(person, at=now() - timedelta(days=100))
        return self

    def __exit__(self, *_: object) -> None:
        for network in self.networks:
            network.stop()
        self.receiver.stop()

    @property
    def hosts(self) -> str:
        return ",".join([self.receiver.host, *(n.base_url.removeprefix("http://") for n in self.networks)])

    def contacts_csv(self) -> str:
        """The people as a CRM exports them, each with the handles they use."""
        lines = ["Id,FirstName,LastName,Email,Mastodon,Bluesky"]
        lines += [
            f"{p.key},{p.first_name},{p.last_name},{p.email},@{cast.mastodon_address(p)},{cast.bluesky_address(p)}"
            for p in self.people
        ]
        return "\n".join(lines) + "\n"

    def talk(self) -> None:
        """Somebody mentions us on each network, likes it and is answered."""
        person = next(self._turn)
        for network in self.networks:
            said = network.post(person.key, f"Wann kommt Teil {token()}?", at=now(), mentions=[US])
            answer = network.post(US, f"Morgen, {token()}.", at=now(), reply_to=said)
            network.like(person.key, answer, at=now())
            self.posts[network.key].append(said)

    def interrupt(self) -> None:
        """Somebody who is nobody's contact has a word too."""
        for network in self.networks:
            network.post(self.stranger.key, f"Hallo, {token()}?", at=now(), mentions=[US])

    def edit(self) -> None:
        """Mastodon posts can be edited."""
        self.mastodon.edit(self.posts["mastodon"][-1], f"Geändert: {token()}", at=now())

    def delete(self) -> None:
        """The oldest of the posts disappears on each network."""
        for network in self.networks:
            if len(self.posts[network.key]) > 2:
                network.delete(self.posts[network.key].pop(0), at=now())

    def expected(self) -> tuple[set[Address], set[Address]]:
        """What the CRM must hold, by the networks' own ledgers, and what it may hold besides.

        It must hold what contacts said and what we answered them. Our answer to something that was deleted stays at
        the network; it is on the timeline if it was read while one could still tell whom it answers.
        """
        keys = {person.key for person in self.people}
        truth = [entry for network in self.networks for entry in network.truth()]
        said = {str(e["native_id"]): e for e in truth if e["person"] in keys and e["kind"] in WRITTEN}
        must = {_at(e, str(e["person"])) for e in said.values() if not e["deleted"]}
        may: set[Address] = set()
        for entry in truth:
            answered = said.get(str(entry["object"]))
            if entry["person"] == US and answered is not None and not entry["deleted"]:
                (may if answered["deleted"] else must).add(_at(entry, str(answered["person"])))
        must |= {
            (str(e["network"]), str(e["person"]), KINDS[str(e["kind"])], str(e["object"]))
            for e in truth
            if e["person"] in keys and e["kind"] in KINDS and not e["deleted"] and not e.get("is_orphaned")
        }
        must |= {(network, person, "profile") for network, person, *_what in must}  # who said it stands there, too
        may |= {(network.key, person, "profile") for network in self.networks for person in keys}
        return must, may


def _at(entry: dict[str, Any], contact: str) -> Address:
    return (str(entry["network"]), contact, str(entry["native_id"]))


def now() -> datetime:
    return datetime.now(UTC)


def held(db: Database) -> list[Address]:
    """What the CRM holds, by the CRM's own tables; doubles show."""
    with db.read() as session:
        names = {str(row.id): row.source_id for row in session.scalars(select(LocalContact))}
        rows = session.scalars(select(LocalRecord)).all()
    return [_address(row, names[row.contact_native_id]) for row in rows]


def _address(row: LocalRecord, contact: str) -> Address:
    fields = row.fields
    if row.kind == RecordKind.PROFILE:
        return (str(fields["network"]), contact, "profile")
    network, kind = str(fields["network"]), str(fields["kind"])
    if kind in KINDS.values():
        target = fields["target"] if kind != "follow" else None
        return (network, contact, kind, str(target))
    return (network, contact, str(fields["native_id"]))


class Browser:
    """Somebody signed in, by HTTP alone."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.http = requests.Session()

    def sign_in(self, link: str) -> None:
        self.post(link, {}, page=link)

    def get(self, path: str) -> requests.Response:
        return self.http.get(self.base + path, timeout=10)

    def token(self, page: str) -> str:
        """The form token of a page."""
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(page).text)
        return found.group(1) if found else ""

    def post(self, path: str, form: dict[str, str], *, page: str = "/") -> requests.Response:
        """Send a form with the token of a page that was read before."""
        fields = {**form, "csrf_token": self.token(page)}
        return self.http.post(self.base + path, data=fields, timeout=10)
