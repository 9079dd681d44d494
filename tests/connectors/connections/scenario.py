"""A small life on the Connections fake, with everything that its connector translates."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from uuid import NAMESPACE_URL, uuid5

from scrm.sandbox.cast import person
from scrm.sandbox.connections import Connections
from scrm.sandbox.connections.errors import body_of_status
from scrm.sandbox.connections.state import Community
from tests.connectors.record import Failure, Scene
from tests.connectors.replay import BASE

START = datetime(2026, 8, 1, 8, tzinfo=UTC)
US = "nordwerk"
STRANGER = "jane_doe"
PEOPLE = (US, "femke", "katharina", "helene", "thomas_mueller_1", STRANGER, "mehmet")
ELSEWHERE = "https://connections.example"  # what the server believes to be its address
OTHERS = ("katharina", "helene", "thomas_mueller_1", STRANGER)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


@dataclass(kw_only=True)
class Clock:
    """The fake's clock: stands until it is turned."""

    now: datetime = field(default_factory=lambda: day(60))

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **span: float) -> None:
        self.now += timedelta(**span)


@contextmanager
def fake(clock: Clock, **options: object) -> Iterator[Connections]:
    """The fake with a few people on it."""
    with Connections(clock=clock, **options) as network:  # type: ignore[arg-type]
        for number, key in enumerate(PEOPLE):
            network.add_account(person(key), at=START - timedelta(days=100 - number))
        yield network


def play(network: Connections) -> dict[str, str]:
    """Ask, answer, announce, like; the ids by what they are."""
    ids = {"topic": network.post("katharina", "Which oil do I need?\nFor the old gearbox.", at=day(10))}
    ids["reply"] = network.post(US, "The green one.", at=day(10.1), reply_to=ids["topic"])
    ids["aside"] = network.post("helene", "Same here!", at=day(10.2), reply_to=ids["reply"])
    ids["closed"] = network.post("femke", "For partners alone", at=day(41), visibility="community")
    ids["entry"] = network.post(US, "Our new catalog\nis out & about <soon>.", at=day(20), form="entry")
    ids["comment"] = network.post("helene", "Nice!", at=day(50.5), reply_to=ids["entry"])
    ids["thanks"] = network.post(US, "Thank you, Hélène.", at=day(50.6), reply_to=ids["entry"])
    ids["note"] = network.post("mehmet", "Anybody at the fair?", at=day(55), form="note")
    ids["here"] = network.post(US, "We are, hall 7.", at=day(55.1), reply_to=ids["note"])
    ids["named"] = network.post(STRANGER, "Good service", at=day(56), form="note", mentions=[US])
    ids["status"] = network.post(US, "Closed on Monday", at=day(57), form="status")
    ids["asked"] = network.post("katharina", "All day?", at=day(57.1), reply_to=ids["status"])
    ids["wall"] = network.write_on_board("helene", "Happy anniversary", at=day(57.5), target_key=US)
    ids["elsewhere"] = network.post("thomas_mueller_1", "Lunch with", at=day(58), form="status", mentions=[US])
    for name in ("topic", "aside", "entry", "comment", "note", "status"):
        network.like(STRANGER, ids[name], at=day(58.5))
    network.like(US, ids["aside"], at=day(58.6))
    network.hide_email(STRANGER, at=day(1))
    return ids


def fill(network: Connections, ids: dict[str, str]) -> None:
    """So much of everything that each list has more than one page."""
    for number, key in zip(range(52), cycle(OTHERS), strict=False):
        network.post(key, f"Seen {number}", at=day(10.3 + number / 10), reply_to=ids["topic"])
    for number in range(22):
        network.post(US, f"Tip of the day {number}", at=day(1 + number), form="entry")
        network.post("helene", f"Read it {number}", at=day(20.7 + number / 10), reply_to=ids["entry"])
        network.post(US, f"Open today {number}", at=day(1 + number), form="status")
        network.post("mehmet", f"Note {number}", at=day(1 + number), form="note")
    for number in range(11):
        network.post("helene", f"Topic {number}", at=day(1 + number))
    communities(network)


def communities(network: Connections) -> None:
    """More communities, in which nothing is said."""
    us = network._state.by_key[US]
    for number in range(21):
        uuid, forum, blog = (str(uuid5(NAMESPACE_URL, f"{kind} {number}")) for kind in ("c", "f", "b"))
        network._state.communities[uuid] = Community(
            uuid=uuid,
            title=f"Project {number}",
            text="Plans",
            type="private",
            forum=forum,
            blog=blog,
            owner=us,
            created=day(number),
            changed=day(number),
            members={us.userid: day(number)},
        )


def change(network: Connections, ids: dict[str, str]) -> None:
    """Edit, delete, take back."""
    network.edit(ids["aside"], "Same here, please!", at=day(59.5))
    network.edit(ids["note"], "Anybody at the fair in May?", at=day(59.6))
    network.delete(ids["comment"], at=day(59.7))
    network.delete(ids["closed"], at=day(59.8))
    network.unlike(STRANGER, ids["entry"], at=day(59.9))
    network.unlike(STRANGER, ids["status"], at=day(59.9))


def app(network: Connections) -> dict[str, str]:
    """What the admin fills in."""
    return {name: value for name, value in network.app().items() if name != "login_url"}


def form(network: Connections) -> dict[str, str]:
    """What an admin fills in to connect the company's account by its password."""
    known = network.credentials(US)
    return {"base_url": network.base_url, "username": known["username"], "password": known["password"]}


@contextmanager
def scene() -> Iterator[Scene]:
    clock = Clock()
    with fake(clock) as network:
        ids = play(network)
        fill(network, ids)

        def refuse(status: int) -> Failure:
            return Failure(order=lambda: network.fail(status=status, times=1, body=body_of_status(status)[0]))

        yield Scene(
            base_url=network.base_url,
            form=form(network),
            app=app(network),
            now=clock,
            scrub=lambda text: text.replace(BASE, ELSEWHERE).replace("//communities.ibm.com:2006/", "//ids.example/"),
            later=lambda: change(network, ids),
            failures=(
                refuse(401),
                refuse(503),
                Failure(order=lambda: network.fail(status=503, times=1, retry_after="30")),
                Failure(order=lambda: network.fail(status=200, times=1, body=network.error_body(200)[1])),
            ),
        )
