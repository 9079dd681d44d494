"""A small life on the Facebook fake, with everything that its connector translates."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from scrm.connectors.facebook.translation import reaction_id
from scrm.sandbox.cast import on_network, person
from scrm.sandbox.facebook import Facebook
from tests.connectors.record import Failure, Scene

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
NAMED = ("nordwerk", "femke", "katharina", "helene", "thomas_mueller_1", "jane_doe")
WRITERS = tuple(one.key for one in on_network("facebook") if one.key not in NAMED)[:28]
NOW = START + timedelta(days=6)
RANDOM = re.compile(r'EAA[0-9a-f]{96}|(?<="fbtrace_id": ")[^"]*')


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


@contextmanager
def fake(*, clock: Callable[[], datetime] = lambda: NOW, **settings: Any) -> Iterator[Facebook]:
    """The fake with a few people on it; deliveries are sent only when a test says so."""
    with Facebook(clock=clock, is_pushing=False, **settings) as network:
        for number, key in enumerate((*NAMED, *WRITERS)):
            network.add_account(person(key), at=START - timedelta(days=100 - number))
        yield network


def play(network: Facebook) -> dict[str, str]:
    """Post, comment, answer, react, recommend, write in private; the ids by what they are."""
    post = network.post
    ids = {"news": post("nordwerk", "New catalog: https://nordwerk.example/news", at=minute(1))}
    ids["question"] = post("katharina", "Which oil do I need? 🛢️", at=minute(2), reply_to=ids["news"])
    ids["answer"] = post("nordwerk", "The green one.", at=minute(3), reply_to=ids["question"])
    ids["aside"] = post("helene", "Same here, Nordwerk!", at=minute(4), reply_to=ids["answer"], mentions=["nordwerk"])
    ids["visitor"] = post("jane_doe", "Great service, thank you", at=minute(5))
    ids["thanks"] = post("nordwerk", "You are welcome.", at=minute(6), reply_to=ids["visitor"])
    ids["tagging"] = post("thomas_mueller_1", "Worth a look", at=minute(7), mentions=["nordwerk"])
    ids["share"] = network.share("nordwerk", ids["visitor"], at=minute(8))
    ids["quote"] = post("nordwerk", "Read this!", at=minute(9), quote=ids["visitor"])
    ids["like"] = network.like("helene", ids["news"], at=minute(10))
    ids["love"] = network.react("jane_doe", ids["news"], at=minute(11), type="LOVE")
    ids["own_like"] = network.like("nordwerk", ids["visitor"], at=minute(12))
    ids["call"] = network.message("katharina", "Call me?", at=minute(13))
    ids["callback"] = network.message("nordwerk", "Will do.", at=minute(14), to="katharina", reply_to=ids["call"])
    ids["praise"] = network.review("helene", "Fast and friendly", at=minute(15))
    ids["warning"] = network.review("jane_doe", "Too slow", at=minute(16), is_positive=False)
    for number, key in enumerate(WRITERS):
        at = minute(20 + 240 * number)
        ids[f"tip{number}"] = post("nordwerk", f"Tip of the day {number}", at=at)
        network.message(key, f"Question {number}", at=at)
        network.review(key, f"Review {number}", at=at)
    return ids


def change(network: Facebook, ids: dict[str, str]) -> None:
    """Edit, delete, hide and take back."""
    network.edit(ids["question"], "Which oil do I need, please?", at=minute(8060))
    network.edit(ids["praise"], "Fast, friendly and cheap", at=minute(8061))
    network.delete(ids["thanks"], at=minute(8062))
    network.delete(ids["warning"], at=minute(8063))
    network.delete(ids["call"], at=minute(8064))
    network.unlike("helene", ids["news"], at=minute(8065))
    network.hide(ids["aside"], at=minute(8066))


def below(network: Facebook, ids: dict[str, str]) -> dict[str, str | None]:
    """Comments and reactions as they are rechecked."""
    comments = {ids[name]: f"comment {ids['news']}" for name in ("question", "answer", "aside")}
    authors = {one["native_id"]: str(one["author"]) for one in network.truth()}
    reactions = {
        reaction_id(ids["news"], authors[ids[name]]): f"reaction {ids['news']} {authors[ids[name]]}"
        for name in ("like", "love")
    }
    return {**comments, **reactions}


def form(network: Facebook) -> dict[str, str]:
    """What an admin pastes."""
    return {"access_token": network.credentials("nordwerk")["access_token"]}


def app(network: Facebook) -> dict[str, str]:
    """What an admin fills in of the app; the rest stands at its default."""
    known = network.app()
    names = ("client_id", "client_secret", "verify_token", "api_url", "authorize_url")
    return {name: known[name] for name in names}


@contextmanager
def scene() -> Iterator[Scene]:
    with fake() as network:
        ids = play(network)
        yield Scene(
            base_url=network.base_url,
            form=form(network),
            app=app(network),
            now=lambda: NOW,
            scrub=lambda text: RANDOM.sub("recorded", text).replace("www.facebook.com", "facebook.example"),
            refs={"recheck": below(network, ids)},
            later=lambda: change(network, ids),
            failures=(
                Failure(order=lambda: network.fail_with(190, 460, times=1)),
                Failure(order=lambda: network.fail_with(10, times=1)),
                Failure(order=lambda: network.fail_with(80001, times=1)),
                Failure(order=lambda: network.fail_with(2, times=1)),
                Failure(order=lambda: network.fail(status=503, times=1)),
            ),
        )
