"""A small life on the X fake, with everything that its connector translates."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from scrm.sandbox.cast import on_network, person
from scrm.sandbox.x import X
from scrm.sandbox.x.state import Standing
from tests.connectors.record import Failure, Scene

START = datetime(2026, 11, 18, 8, tzinfo=UTC)
NOW = START + timedelta(minutes=50)
NAMED = ("nordwerk", "femke", "lars", "katharina", "helene", "thomas_mueller_1", "jane_doe")
LIKERS = tuple(one.key for one in on_network("x") if one.key not in NAMED)[:30]
SHORT_PAGE = 10  # X gives no fewer where it searches


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


@contextmanager
def fake(*, clock: Callable[[], datetime] = lambda: NOW, **settings: Any) -> Iterator[X]:
    """The fake with a few people on it, pages short, deliveries sent only when a test says so."""
    with X(clock=clock, push=False, **settings) as network:
        network.web.wsgi_app = _short_pages(network.web.wsgi_app)  # type: ignore[method-assign]
        for number, key in enumerate([*NAMED, *LIKERS]):
            network.add_account(person(key), at=START - timedelta(days=100 - number))
        yield network


def _short_pages(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    def shortened(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked = dict(parse_qsl(environ["QUERY_STRING"]))
        if int(asked.get("max_results", "0")) > SHORT_PAGE and "/activity/" not in environ["PATH_INFO"]:
            asked["max_results"] = str(SHORT_PAGE)
            environ["QUERY_STRING"] = urlencode(asked)
        return application(environ, start_response)

    return shortened


def play(network: X) -> dict[str, str]:
    """Post, answer, quote, like, repost, write in private; the ids by what they are."""
    post = network.post
    ids = {"news": post("nordwerk", "New catalog: https://nordwerk.example/news #motors", at=minute(1))}
    ids["question"] = post("katharina", "Which oil do I need? 🛢️ A & B?", at=minute(2), reply_to=ids["news"])
    ids["answer"] = post("nordwerk", "The green one.", at=minute(3), reply_to=ids["question"])
    ids["aside"] = post("helene", "Same here!", at=minute(4), reply_to=ids["question"])
    ids["hello"] = post("jane_doe", "Great 🎉 service, thank you", at=minute(5), mentions=["nordwerk"])
    ids["quote"] = post("thomas_mueller_1", "Worth a look", at=minute(6), quote=ids["news"])
    ids["tip"] = post("jane_doe", "How to align a gearbox " + "step by step " * 25, at=minute(7))
    ids["comment"] = post("nordwerk", "We do it the same way.", at=minute(8), quote=ids["tip"])
    ids["share"] = network.share("nordwerk", ids["tip"], at=minute(9))
    ids["repost"] = network.share("thomas_mueller_1", ids["news"], at=minute(10))
    network.like("helene", ids["news"], at=minute(11))
    network.follow("jane_doe", "nordwerk", at=minute(12))
    for number, key in enumerate(LIKERS):
        network.like(key, ids["news"], at=minute(13 + number / 10))
    for number in range(11):
        at = minute(17 + number)
        post(LIKERS[number], f"Nice motors, number {number}", at=at, mentions=["nordwerk"])
        post(LIKERS[number], f"My gearbox has trouble, day {number}", at=at)
        ids[f"tip{number}"] = post("nordwerk", f"Tip of the day {number}", at=at)
        ids[f"message{number}"] = network.message("katharina", f"Call me at {number} & bring oil", at=at)
    ids["callback"] = network.message("nordwerk", "We will.", at=minute(30), to="katharina")
    for number in range(11):
        post(LIKERS[number], f"I agree, point {number}", at=minute(31 + number / 10), reply_to=ids["aside"])
    return ids


def change(network: X, ids: dict[str, str]) -> None:
    """Edit, delete, close accounts."""
    network.edit(ids["news"], "New catalog, second edition: https://nordwerk.example/news #motors", at=minute(45))
    network.delete(ids["hello"], at=minute(46))
    network.delete(ids["repost"], at=minute(46))
    network.set_standing(LIKERS[0], Standing.SUSPENDED, at=minute(47))
    network.set_standing(LIKERS[1], Standing.PROTECTED, at=minute(47))


def settings(network: X) -> dict[str, str]:
    """The app as an admin would fill it in."""
    return {**network.app(), "keywords": "gearbox", "direct_messages": "yes"}


def _scrub(text: str) -> str:
    """No address of the real network is recorded, not even one that is only shown."""
    for real, invented in (("//t.co/", "//short.example/"), ("//api.x.com/", "//api.example/")):
        text = text.replace(real, invented)
    return text


def credit(network: X) -> dict[str, str]:
    return {"access_token": network.credentials("nordwerk")["access_token"]}


@contextmanager
def scene() -> Iterator[Scene]:
    with fake() as network:
        ids = play(network)
        yield Scene(
            base_url=network.base_url,
            form={"base_url": network.base_url, **credit(network)},
            app=settings(network),
            now=lambda: NOW,
            scrub=_scrub,
            later=lambda: change(network, ids),
            failures=(
                Failure(order=lambda: network.fail(status=401, times=1)),
                Failure(order=lambda: network.fail(status=402, times=1)),
                Failure(order=lambda: network.fail(status=403, times=1)),
                Failure(order=lambda: network.fail(status=429, times=1)),
                Failure(order=lambda: network.fail(status=503, times=1)),
            ),
        )
