"""A small life on the SharePoint fake, with everything that its connector translates."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from scrm.connectors.sharepoint import connector
from scrm.sandbox.cast import person
from scrm.sandbox.sharepoint import SharePoint
from scrm.sandbox.sharepoint.ids import DIRECTORY_DOMAIN
from tests.connectors.record import Failure, Scene
from tests.connectors.replay import BASE

START = datetime(2026, 10, 20, 8, tzinfo=UTC)
PEOPLE = ("nordwerk", "femke", "lars", "katharina", "helene", "jane_doe")
SHOWN = "https://nordwerk.example/sites/"  # where people open pages; nothing is called there
STATE = "a-word-that-only-we-know"


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


@contextmanager
def fake(clock: Callable[[], datetime] | None = None, **settings: Any) -> Iterator[SharePoint]:
    """The fake with colleagues and guests; one of the guests shows no address."""
    with SharePoint(clock=clock or (lambda: minute(2000)), **settings) as network:
        for number, key in enumerate(PEOPLE):
            network.add_account(person(key), at=START - timedelta(days=100 - number))
        network.hide_email("jane_doe")
        yield network


def play(network: SharePoint) -> dict[str, str]:
    """Publish, ask, comment, answer and like; the ids by what they are."""
    post, like = network.post, network.like
    ids = {"news": post("nordwerk", "New: NW-40 (quiet), 5 < 6 & {more}. It runs.", at=minute(1))}
    ids["question"] = post("katharina", "Which oil do I need?", at=minute(2), reply_to=ids["news"])
    ids["answer"] = post(
        "lars", "The green one: <b>.", at=minute(3), reply_to=ids["question"], mentions=("katharina",)
    )
    ids["thanks"] = post("katharina", "Thank you!", at=minute(4), reply_to=ids["answer"])
    ids["aside"] = post("jane_doe", "Same here", at=minute(5), reply_to=ids["news"])
    ids["own"] = post("nordwerk", "We are glad.", at=minute(6), reply_to=ids["news"])
    ids["like"] = like("helene", ids["news"], at=minute(7))
    ids["comment_like"] = like("jane_doe", ids["question"], at=minute(8))
    ids["answer_like"] = like("femke", ids["answer"], at=minute(9))
    ids["thread"] = post("helene", "Who has run the NW-40 on ice? I want to.", at=minute(10))
    ids["thread_reply"] = post("lars", "We did.", at=minute(11), reply_to=ids["thread"])
    for number in range(23):
        ids[f"tip{number}"] = post("femke", f"Tip of the day {number}. Rest.", at=minute(20 + number))
        ids[f"entry{number}"] = post("katharina", f"Entry {number}", at=minute(50 + number))
    return ids


def change(network: SharePoint, ids: dict[str, str]) -> None:
    """Edit, delete and take back."""
    network.edit(ids["news"], "New: NW-41. It runs well.", at=minute(600))
    network.edit(ids["thread"], "Who has run it on ice?", at=minute(601))
    network.delete(ids["aside"], at=minute(602))
    network.delete(ids["tip4"], at=minute(603))
    network.delete(ids["entry4"], at=minute(604))
    network.unlike("helene", ids["news"], at=minute(605))


def app(network: SharePoint) -> dict[str, str]:
    """What an admin fills in about the app."""
    names = {field.name for field in connector.manifest.app_fields}
    known = {name: value for name, value in network.app().items() if name in names}
    return {**known, "lists": "Forum", "client_state": STATE}


def form(network: SharePoint) -> dict[str, str]:
    """What an admin fills in who pastes an access."""
    names = {field.name for field in connector.manifest.credential_fields}
    given = {name: value for name, value in network.credentials("nordwerk").items() if name in names}
    return {**given, "site": network.site_id()}


@contextmanager
def scene() -> Iterator[Scene]:
    with fake() as network:
        ids = play(network)
        yield Scene(
            base_url=network.base_url,
            form=form(network),
            app=app(network),
            now=lambda: minute(2000),
            later=lambda: change(network, ids),
            scrub=lambda text: text.replace(f"{BASE}/sites/", SHOWN).replace(DIRECTORY_DOMAIN, "nordwerk.example"),
            failures=(
                Failure(order=lambda: network.fail(status=401, times=1)),
                Failure(order=lambda: network.fail(status=403, times=1)),
                Failure(order=lambda: network.fail(status=429, times=1, retry_after="17")),
                Failure(order=lambda: network.fail(status=503, times=1, retry_after="9")),
                Failure(order=lambda: network.fail(status=509, times=1)),
            ),
        )
