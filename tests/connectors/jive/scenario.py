"""A small life on the Jive fake, with everything that its connector translates."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle

from scrm.sandbox.cast import person
from scrm.sandbox.jive import Jive
from tests.connectors.record import Failure, Scene
from tests.connectors.replay import BASE

START = datetime(2026, 8, 1, 8, tzinfo=UTC)
US = "nordwerk"
PEOPLE = (US, "femke", "katharina", "helene", "thomas_mueller_1", "jane_doe", "mehmet")
OTHERS = ("katharina", "helene", "thomas_mueller_1", "jane_doe")


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
def fake(clock: Clock, **options: object) -> Iterator[Jive]:
    """The fake with a few people on it."""
    with Jive(clock=clock, **options) as network:  # type: ignore[arg-type]
        for number, key in enumerate(PEOPLE):
            network.add_account(person(key), at=START - timedelta(days=100 - number))
        yield network


def play(network: Jive) -> dict[str, str]:
    """Write, answer each other, like, mention, write privately; the ids by what they are."""
    ids = {"news": network.post(US, "Our new catalog is here. Have a look at page 4.", at=day(55))}
    ids["question"] = network.post(
        "katharina", "Which oil do I need? It is <cold> & wet.", at=day(56), content_type="discussion"
    )
    ids["answer"] = network.post(US, "The green one.", at=day(56.1), reply_to=ids["question"])
    ids["aside"] = network.post("helene", "And in winter?", at=day(56.2), reply_to=ids["answer"], mentions=(US,))
    ids["to_helene"] = network.post(US, "Then the blue one.", at=day(56.3), reply_to=ids["aside"])
    ids["praise"] = network.post("jane_doe", "Great service", at=day(57), reply_to=ids["news"])
    ids["below"] = network.post("mehmet", "I agree", at=day(57.1), reply_to=ids["praise"])
    ids["named"] = network.post("jane_doe", "Thanks to", at=day(57.2), mentions=(US,), content_type="update")
    ids["closed"] = network.post("femke", "For sales only", at=day(57.3), visibility="community")
    ids["document"] = network.post("femke", "How to choose\nOil by oil", at=day(57.4), content_type="document")
    for key in ("katharina", "jane_doe", "helene"):
        network.like(key, ids["news"], at=day(58))
    ids["liked"] = network.like("mehmet", ids["answer"], at=day(58.1))
    ids["secret"] = network.message("katharina", "Between us: the price?", at=day(58.2))
    ids["told"] = network.message(US, "We call you.", at=day(58.3), reply_to=ids["secret"])
    ids["letter"] = network.message(US, "Welcome aboard", to="mehmet", at=day(58.4))
    network.hide_email("mehmet")
    return ids


def fill(network: Jive, ids: dict[str, str]) -> None:
    """So much of everything that each list has more than one page."""
    for number, key in zip(range(48), cycle(OTHERS), strict=False):
        network.post(key, f"Tip of the day {number}", at=day(number), content_type="update")
        if number % 2:
            network.message(key, f"A word {number}", at=day(number + 0.1))
        network.post(key, f"Seen {number}", at=day(57.5 + number / 1000), reply_to=ids["question"])


def change(network: Jive, ids: dict[str, str]) -> None:
    """Edit, delete, take back and answer late."""
    network.edit(ids["question"], "Which oil do I need, please?", at=day(59.5))
    network.edit(ids["aside"], "And in a cold winter?", at=day(59.6))
    network.delete(ids["praise"], at=day(59.7))
    network.delete(ids["document"], at=day(59.8))
    network.unlike("helene", ids["news"], at=day(59.85))
    ids["late"] = network.post("thomas_mueller_1", "Me too", at=day(59.9), reply_to=ids["question"])
    ids["late_like"] = network.like("jane_doe", ids["answer"], at=day(59.95))


def app(network: Jive, **values: str) -> dict[str, str]:
    """What the admin fills in."""
    given = network.app()
    kept = {name: given[name] for name in ("client_id", "client_secret")}
    return {**kept, "api_url": network.base_url, "direct_messages": "yes", **values}


def form(network: Jive) -> dict[str, str]:
    """What an admin fills in to connect the company's account by its password."""
    given = network.credentials(US)
    return {"base_url": network.base_url, "username": given["username"], "password": given["password"]}


def _scrub(text: str) -> str:
    """Pages for people stand at an address that is the same whenever the recording is replayed."""
    return re.sub(re.escape(BASE) + r"/(?!api/)", "https://community.example/", text)


@contextmanager
def scene() -> Iterator[Scene]:
    clock = Clock()
    with fake(clock, is_prefixed=False) as network:
        ids = play(network)
        fill(network, ids)
        yield Scene(
            base_url=network.base_url,
            form=form(network),
            app=app(network),
            now=clock,
            scrub=_scrub,
            later=lambda: change(network, ids),
            failures=(
                Failure(order=lambda: network.fail(status=401, times=1)),
                Failure(order=lambda: network.fail(status=503, times=1, retry_after="12")),
                Failure(order=lambda: network.fail(status=503, times=1)),
                Failure(order=lambda: network.fail(status=500, times=1)),
            ),
        )
