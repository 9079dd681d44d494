"""A small life on the Mastodon fake, with everything that its connector translates."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from scrm.sandbox.cast import person
from scrm.sandbox.mastodon import Mastodon
from tests.connectors.record import Failure, Scene

START = datetime(2026, 10, 1, 8, tzinfo=UTC)
PEOPLE = ("nordwerk", "femke", "lars", "katharina", "helene", "thomas_mueller_1", "jane_doe")


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


@contextmanager
def fake() -> Iterator[Mastodon]:
    """The fake with a few people on it, its clock standing still."""
    with Mastodon(clock=lambda: minute(10_000)) as network:
        for number, key in enumerate(PEOPLE):
            network.add_account(person(key), at=START - timedelta(days=100 - number))
        yield network


def play(network: Mastodon) -> dict[str, str]:
    """Post, answer, like, boost, follow, quote; the uris by what they are."""
    post = partial(network.post)
    uris = {"news": post("nordwerk", "New catalog: https://nordwerk.example/news #motors", at=minute(1))}
    uris["question"] = post("katharina", "Which oil do I need?", at=minute(2), reply_to=uris["news"])
    uris["answer"] = post("nordwerk", "The green one.", at=minute(3), reply_to=uris["question"])
    uris["aside"] = post("helene", "Same here!", at=minute(4), reply_to=uris["answer"])
    uris["hello"] = post("jane_doe", "Great service, thank you", at=minute(5), mentions=["nordwerk"])
    uris["private"] = post("katharina", "Call me?", at=minute(6), mentions=["nordwerk"], visibility="direct")
    uris["callback"] = post("nordwerk", "Will do.", at=minute(7), reply_to=uris["private"], visibility="direct")
    uris["quote"] = post("thomas_mueller_1", "Worth a look", at=minute(8), quote=uris["news"])
    uris["tip"] = post("jane_doe", "How to align a gearbox", at=minute(9))
    uris["neighbor"] = post("lars", "Ask the customer service", at=minute(10), reply_to=uris["question"])
    uris["thanks"] = post("katharina", "Thank you!", at=minute(10), reply_to=uris["answer"])
    network.like("helene", uris["news"], at=minute(10))
    network.like("jane_doe", uris["news"], at=minute(11))
    network.share("thomas_mueller_1", uris["news"], at=minute(12))
    network.follow("jane_doe", "nordwerk", at=minute(13))
    network.share("nordwerk", uris["tip"], at=minute(14))
    for number in range(10):
        uris[f"tip{number}"] = post("nordwerk", f"Tip of the day {number}", at=minute(20 + number))
    network.notify("poll", "nordwerk", at=minute(15))
    network.notify("a_type_of_tomorrow", "nordwerk", at=minute(16))
    return uris


def change(network: Mastodon, uris: dict[str, str]) -> None:
    """Edit, delete and take back."""
    network.edit(uris["question"], "Which oil do I need, please?", at=minute(60))
    network.delete(uris["hello"], at=minute(61))
    network.unlike("helene", uris["news"], at=minute(62))


@contextmanager
def scene() -> Iterator[Scene]:
    with fake() as network:
        uris = play(network)
        yield Scene(
            base_url=network.base_url,
            form={"base_url": network.base_url, **network.credentials("nordwerk")},
            scrub=lambda text: text.replace("https://github.com/", "https://code.example/"),
            later=lambda: change(network, uris),
            failures=(
                Failure(order=lambda: network.fail(status=401, times=1)),
                Failure(order=lambda: network.fail(status=429, times=1)),
                Failure(order=lambda: network.fail(status=503, times=1)),
                Failure(order=lambda: network.fail(status=403, times=1)),
            ),
        )
