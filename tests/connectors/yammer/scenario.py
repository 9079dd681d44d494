"""A small life on the Viva Engage fake, with everything that its connector translates."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle

from scrm.sandbox.cast import person
from scrm.sandbox.yammer import Yammer
from scrm.sandbox.yammer.errors import error_body
from tests.connectors.record import Failure, Scene

START = datetime(2026, 8, 1, 8, tzinfo=UTC)
US = "nordwerk"
PEOPLE = (US, "femke", "katharina", "helene", "thomas_mueller_1", "jane_doe", "mehmet", "matze")
OTHERS = ("katharina", "helene", "jane_doe", "femke")
UNLIMITED = {name: (100_000, timedelta(seconds=30)) for name in ("messages", "others")}
ONCE = re.compile(r'"(authentication_token|channel_id)": ?"[^"]*"')


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
def fake(clock: Clock, **options: object) -> Iterator[Yammer]:
    """The fake with a few people in it: one of a network of his own, one whose address was made up."""
    with Yammer(clock=clock, **options) as network:  # type: ignore[arg-type]
        for number, key in enumerate(PEOPLE):
            network.add_account(person(key), at=START - timedelta(days=100 - number))
        yield network


def play(network: Yammer) -> dict[str, str]:
    """Begin threads, answer, mention, like, write in private; the ids by what they are."""
    ids = {"news": network.post(US, "Neu: NW-40 <leise> #Antriebstechnik", at=day(55))}
    ids["question"] = network.post("katharina", "Geht das auch größer?", at=day(56), reply_to=ids["news"])
    ids["answer"] = network.post(US, "Ja, bis Baugröße 80.", at=day(56.1), reply_to=ids["question"])
    ids["aside"] = network.post("helene", "Auch für uns?", at=day(56.2), reply_to=ids["question"], mentions=(US,))
    ids["outside"] = network.post("thomas_mueller_1", "Schön leise & stark", at=day(56.3), reply_to=ids["news"])
    ids["closed"] = network.post("jane_doe", "Prices for 2027?", at=day(57), visibility="community")
    ids["told"] = network.post("femke", "In October.", at=day(57.1), reply_to=ids["closed"])
    ids["own"] = network.post("matze", "Zwei Wochen mit der NW-40", at=day(57.2))
    for number, key in enumerate((*OTHERS, "mehmet")):
        network.like(key, ids["news"], at=day(57.3 + number / 100))
    network.like("jane_doe", ids["answer"], at=day(57.4))
    network.like(US, ids["question"], at=day(57.5))
    ids["letter"] = network.message("katharina", "Können wir telefonieren?", at=day(58))
    ids["reply"] = network.message(US, "Gern, morgen um zehn.", at=day(58.1), to="katharina")
    ids["first"] = network.message(US, "Danke für den Besuch!", at=day(58.2), to="helene")
    return ids


def fill(network: Yammer) -> None:
    """So much of everything that each feed has more than one page."""
    above = None
    for number, key in zip(range(24), cycle(OTHERS), strict=False):
        above = network.post(key, f"Seen {number}", at=day(40 + number / 2), reply_to=above)
        network.message("mehmet", f"Letter {number}", at=day(40 + number / 2))


def change(network: Yammer, ids: dict[str, str]) -> None:
    """Edit, delete, take likes back, answer late."""
    network.edit(ids["question"], "Geht das auch größer, bitte?", at=day(59.5))
    network.delete(ids["outside"], at=day(59.6))
    network.delete(ids["own"], at=day(59.7))
    network.unlike("jane_doe", ids["answer"], at=day(59.8))
    network.unlike("mehmet", ids["news"], at=day(59.8))
    network.like("femke", ids["question"], at=day(59.9))
    ids["late"] = network.post("mehmet", "Und im Winter?", at=day(59.95), reply_to=ids["news"])


def app(network: Yammer) -> dict[str, str]:
    """What the admin fills in."""
    known = ("client_id", "client_secret", "tenant", "login_url", "api_url")
    return {name: value for name, value in network.app().items() if name in known}


def form(network: Yammer) -> dict[str, str]:
    """What an admin pastes to connect the company's account."""
    given = network.credentials(US)
    return {name: given[name] for name in ("access_token", "refresh_token")}


def _scrub(text: str) -> str:
    """No address of the real network is recorded, and nothing that differs each time."""
    text = ONCE.sub(r'"\1": "once"', text)
    return text.replace("//www.yammer.com/", "//engage.example/").replace("assets-yammer.com", "assets.example")


@contextmanager
def scene() -> Iterator[Scene]:
    clock = Clock()
    with fake(clock, limits=UNLIMITED) as network:
        ids = play(network)
        fill(network)

        def refuse(status: int, name: str) -> Failure:
            return Failure(order=lambda: network.fail(status=status, times=1, body=error_body(name)))

        yield Scene(
            base_url=network.base_url,
            form=form(network),
            app=app(network),
            now=clock,
            scrub=_scrub,
            later=lambda: change(network, ids),
            failures=(
                refuse(401, "token_not_found"),
                refuse(429, "throttled"),
                refuse(503, "unavailable"),
            ),
        )
