"""A small life on the YouTube fake, with everything that its connector translates."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle

from scrm.sandbox.cast import person
from scrm.sandbox.youtube import YouTube, error_body
from tests.connectors.record import Failure, Scene

START = datetime(2026, 8, 1, 8, tzinfo=UTC)
US = "nordwerk"
PEOPLE = (US, "femke", "katharina", "helene", "thomas_mueller_1", "jane_doe", "mehmet")
OTHERS = ("katharina", "helene", "thomas_mueller_1", "jane_doe")
WORDS = "gearbox|getriebe"


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
def fake(clock: Clock, **options: object) -> Iterator[YouTube]:
    """The fake with a few people on it."""
    with YouTube(clock=clock, retry_seconds=60, **options) as network:  # type: ignore[arg-type]
        for number, key in enumerate(PEOPLE):
            network.add_account(person(key), at=START - timedelta(days=100 - number))
        yield network


def play(network: YouTube) -> dict[str, str]:
    """Upload, comment, answer, subscribe; the ids by what they are."""
    ids = {"news": network.post(US, "Our new catalog\nhttps://nordwerk.example/news", at=day(55))}
    ids["secret"] = network.post(US, "Not yet for everybody", at=day(55.1), visibility="private")
    ids["link"] = network.post(US, "Who has the link", at=day(55.2), visibility="unlisted")
    ids["closed"] = network.post(US, "No comments, please", at=day(55.3))
    network.close_comments(ids["closed"], at=day(55.4))
    ids["question"] = network.post("katharina", "Which oil do I need?", at=day(56), reply_to=ids["news"])
    ids["answer"] = network.post(US, "The green one.", at=day(56.1), reply_to=ids["question"])
    ids["aside"] = network.post("helene", "Same here, @nordwerk!", at=day(56.2), reply_to=ids["answer"])
    ids["to_helene"] = network.post(US, "Then the green one, too.", at=day(56.3), reply_to=ids["aside"])
    for number in range(5):
        ids[f"more{number}"] = network.post("jane_doe", f"And I {number}", at=day(57), reply_to=ids["question"])
    ids["listener"] = network.post("mehmet", "Nice sound", at=day(57.1), reply_to=ids["link"])
    ids["praise"] = network.post("jane_doe", "Great service", at=day(57.2), reply_to=ids["news"])
    ids["test"] = network.post("femke", "One of us says so", at=day(57.3), reply_to=ids["news"])
    for key in ("katharina", "jane_doe", "helene"):
        network.follow(key, US, at=day(58))
    network.follow("mehmet", US, at=day(58.5), is_public=False)
    network.like("helene", ids["news"], at=day(58))
    ids["found"] = network.post("thomas_mueller_1", "A gearbox from @nordwerk, unpacked", at=day(59))
    return ids


def fill(network: YouTube, ids: dict[str, str]) -> None:
    """So much of everything that each list has more than one page."""
    for number in range(50):
        network.post(US, f"Tip of the day {number}", at=day(number))
        network.post("thomas_mueller_1", f"Gearbox of the day {number}", at=day(50 - number / 3))
    for number, key in zip(range(52), cycle(OTHERS), strict=False):
        ids["old"] = network.post(key, f"Seen {number}", at=day(55.5 - number / 10), reply_to=ids["news"])


def change(network: YouTube, ids: dict[str, str]) -> None:
    """Edit, delete and answer late."""
    network.edit(ids["question"], "Which oil do I need, please?", at=day(59.5))
    network.edit(ids["news"], "Our new catalog, second edition", at=day(59.6))
    network.delete(ids["praise"], at=day(59.7))
    network.delete(ids["found"], at=day(59.8))
    ids["late"] = network.post("thomas_mueller_1", "And in winter?", at=day(59.9), reply_to=ids["listener"])


def app(network: YouTube, words: str = WORDS) -> dict[str, str]:
    """What the admin fills in and we make."""
    given = {name: value for name, value in network.app().items() if name != "tokeninfo_url"}
    return {**given, "search_words": words, "hub_secret": "hub_secret"}


def form(network: YouTube) -> dict[str, str]:
    """What an admin pastes to connect the company's channel."""
    return {name: value for name, value in network.credentials(US).items() if name != "api_key"}


def _scrub(text: str) -> str:
    """No address of the real network is recorded, but for that of its pages."""
    for real in ("i.ytimg.com", "yt3.ggpht.com", "developers.google.com", "accounts.google.com"):
        text = text.replace(f"//{real}/", "//shown.example/")
    return text


@contextmanager
def scene() -> Iterator[Scene]:
    clock = Clock()
    with fake(clock) as network:
        ids = play(network)
        fill(network, ids)

        def refuse(status: int, reason: str) -> Failure:
            return Failure(order=lambda: network.fail(status=status, times=1, body=error_body(reason)))

        yield Scene(
            base_url=network.base_url,
            form=form(network),
            app=app(network),
            now=clock,
            scrub=_scrub,
            later=lambda: change(network, ids),
            failures=(
                refuse(401, "authError"),
                refuse(403, "quotaExceeded"),
                refuse(403, "rateLimitExceeded"),
                refuse(403, "insufficientPermissions"),
                Failure(order=lambda: network.fail(status=429, times=1)),
                Failure(order=lambda: network.fail(status=503, times=1)),
            ),
        )
