"""A small life on the Instagram fake, with everything that its connector translates."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from scrm.sandbox.cast import person
from scrm.sandbox.instagram import Instagram, error_body
from tests.connectors.record import Failure, Scene

START = datetime(2026, 10, 1, 8, tzinfo=UTC)
PEOPLE = (
    "nordwerk",
    "femke",
    "katharina",
    "helene",
    "thomas_mueller_1",
    "jane_doe",
    "uwe",
    "steffi",
    "matze",
    "klaus",
)
WRITERS = ("katharina", "helene", "jane_doe", "uwe", "steffi", "matze", "klaus")


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


@contextmanager
def fake(*, clock: Callable[[], datetime] = lambda: minute(10_000), **options: Any) -> Iterator[Instagram]:
    """The fake with a few people on it."""
    with Instagram(clock=clock, **{"is_pushing": False, "retry_after": (0.0,), **options}) as network:
        for number, key in enumerate(PEOPLE):
            network.add_account(person(key), at=START - timedelta(days=100 - number))
        yield network


def play(network: Instagram) -> dict[str, str]:
    """Publish, comment, answer, tag, name, write in private; the ids by what they are."""
    post, message = network.post, network.message
    tag = partial(network.tag, "steffi", mentions=["nordwerk"])
    ids = {"news": post("nordwerk", "New catalog #motors", at=minute(1))}
    ids["question"] = post("katharina", "Which oil do I need?", at=minute(2), reply_to=ids["news"])
    ids["answer"] = post("nordwerk", "The green one.", at=minute(3), reply_to=ids["question"])
    ids["aside"] = post("helene", "Same here!", at=minute(4), reply_to=ids["question"])
    ids["hello"] = post("jane_doe", "Great service", at=minute(5), reply_to=ids["news"], mentions=["nordwerk"])
    ids["own"] = post("nordwerk", "Ask us anything", at=minute(6), reply_to=ids["news"])
    ids["picture"] = post("jane_doe", "A fine motor", at=minute(7), mentions=["nordwerk"])
    ids["elsewhere"] = post("uwe", "Look", at=minute(8), reply_to=ids["picture"], mentions=["nordwerk"])
    for number, key in enumerate(WRITERS):
        ids[f"letter{number}"] = message(key, f"Call me, {key}", at=minute(10 + number))
    ids["callback"] = message("nordwerk", "Will do.", at=minute(20), reply_to=ids["letter0"])
    ids["odd"] = message("katharina", "", at=minute(21), is_unsupported=True)
    for number in range(26):
        ids[f"tip{number}"] = post("nordwerk", f"Tip of the day {number}", at=minute(30 + number))
        ids[f"tag{number}"] = tag(f"At work, day {number}", at=minute(30 + number))
    network.like("helene", ids["news"], at=minute(60))
    return ids


def change(network: Instagram, ids: dict[str, str]) -> None:
    """Edit, delete, take back."""
    network.edit(ids["news"], "New catalog, second edition #motors", at=minute(70))
    network.edit(ids["letter1"], "Call me, please", at=minute(71))
    network.delete(ids["hello"], at=minute(72))
    network.delete(ids["letter2"], at=minute(73))
    network.delete(ids["tag3"], at=minute(74))
    network.delete(ids["tip4"], at=minute(75))


@contextmanager
def scene() -> Iterator[Scene]:
    with fake() as network:
        ids = play(network)
        told = {ids[name]: "any" for name in ("question", "answer", "elsewhere", "hello")}
        told |= {ids["picture"]: "mentioned", ids["letter1"]: f"messages {author(network, ids['letter1'])}"}
        yield Scene(
            base_url=network.base_url,
            form=network.credentials("nordwerk"),
            app=network.app(),
            now=lambda: minute(10_000),
            refs={"told": told},
            later=lambda: change(network, ids),
            failures=(
                Failure(order=lambda: network.fail(status=401, times=1)),
                Failure(order=lambda: network.fail(status=429, times=1)),
                Failure(order=lambda: network.fail(status=503, times=1)),
                Failure(order=lambda: network.fail(status=400, times=1, body=error_body(80002))),
                Failure(order=lambda: network.fail(status=400, times=1, body=error_body(190, 463))),
            ),
        )


def author(network: Instagram, native_id: str) -> str:
    return str(next(one["author"] for one in network.truth() if one["native_id"] == native_id))
