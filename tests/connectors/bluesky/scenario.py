"""A small life on the Bluesky fake, with everything that its connector translates."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from scrm.sandbox.bluesky import Bluesky, Terms
from scrm.sandbox.cast import on_network, person
from tests.connectors.record import Failure, Scene

START = datetime(2026, 10, 1, 8, tzinfo=UTC)
TOKEN = re.compile(r"[\w-]{20,}\.[\w-]{20,}\.[\w-]{20,}")
NAMED = ("nordwerk", "femke", "lars", "katharina", "helene", "thomas_mueller_1", "jane_doe")
LIKERS = tuple(one.key for one in on_network("bluesky") if one.key not in NAMED)[:26]


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


@contextmanager
def fake(
    *, page: int = 100, empty_page_every: int = 0, clock: Callable[[], datetime] = lambda: minute(10_000)
) -> Iterator[Bluesky]:
    """The fake with a few people on it, its clock standing still; a page may hold less than what was asked for."""
    with Bluesky(clock=clock, terms=Terms(empty_page_every=empty_page_every)) as network:
        network.web.wsgi_app = _short_pages(network.web.wsgi_app, page)  # type: ignore[method-assign]
        for number, key in enumerate([*NAMED, *LIKERS]):
            network.add_account(person(key), at=START - timedelta(days=100 - number))
            network.set_clock(key, timedelta(0))
        yield network


def _short_pages(app: Callable[..., Iterable[bytes]], page: int) -> Callable[..., Iterable[bytes]]:
    def shortened(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["QUERY_STRING"] = environ["QUERY_STRING"].replace("limit=100", f"limit={page}")
        return app(environ, start_response)

    return shortened


def play(network: Bluesky) -> dict[str, str]:
    """Post, answer, like, repost, follow, quote; the uris by what they are."""
    post = network.post
    uris = {"news": post("nordwerk", "New catalog: https://nordwerk.example/news #motors", at=minute(1))}
    uris["question"] = post("katharina", "Which oil do I need? 🛢️", at=minute(2), reply_to=uris["news"])
    uris["answer"] = post("nordwerk", "The green one.", at=minute(3), reply_to=uris["question"])
    uris["aside"] = post("helene", "Same here!", at=minute(4), reply_to=uris["question"])
    uris["hello"] = post("jane_doe", "Great 🎉 service, thank you", at=minute(5), mentions=["nordwerk"])
    uris["quote"] = post("thomas_mueller_1", "Worth a look", at=minute(6), quote=uris["news"])
    uris["tip"] = post("jane_doe", "How to align a gearbox", at=minute(7))
    uris["comment"] = post("nordwerk", "We do it the same way.", at=minute(8), quote=uris["tip"])
    uris["thanks"] = post("katharina", "Thank you!", at=minute(9), reply_to=uris["answer"])
    uris["joined"] = post("nordwerk", "May we answer here?", at=minute(10), reply_to=uris["tip"])
    uris["welcome"] = post("jane_doe", "Of course", at=minute(11), reply_to=uris["joined"])
    uris["share"] = network.share("nordwerk", uris["tip"], at=minute(12))
    uris["like"] = network.like("helene", uris["news"], at=minute(13))
    uris["repost"] = network.share("thomas_mueller_1", uris["news"], at=minute(14))
    uris["follow"] = network.follow("jane_doe", "nordwerk", at=minute(15))
    for number, key in enumerate(LIKERS):
        network.like(key, uris["news"], at=minute(20 + number))
    return uris


def change(network: Bluesky, uris: dict[str, str]) -> None:
    """Edit, delete and take back."""
    network.edit(uris["question"], "Which oil do I need, please?", at=minute(60))
    network.delete(uris["hello"], at=minute(61))
    network.unlike("helene", uris["news"], at=minute(62))
    network.delete(uris["repost"], at=minute(63))
    network.delete(uris["follow"], at=minute(64))


def _scrub(text: str) -> str:
    return TOKEN.sub("recorded-token", text)


@contextmanager
def scene() -> Iterator[Scene]:
    with fake(page=12) as network:
        uris = play(network)
        yield Scene(
            base_url=network.base_url,
            form={"base_url": network.base_url, **network.credentials("nordwerk")},
            scrub=_scrub,
            later=lambda: change(network, uris),
            failures=(
                Failure(order=lambda: network.fail(status=401, times=1)),
                Failure(order=lambda: network.fail(status=429, times=1, retry_after="17")),
                Failure(order=lambda: network.fail(status=502, times=1)),
                Failure(order=lambda: network.fail(status=403, times=1)),
                Failure(order=lambda: network.fail(status=400, times=1)),
            ),
        )
