"""A small life on the LinkedIn fake, with everything that its connector translates."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from scrm.connectors.linkedin import connector
from scrm.sandbox.cast import person
from scrm.sandbox.linkedin import LinkedIn
from tests.connectors.record import Failure, Scene

START = datetime(2026, 10, 20, 8, tzinfo=UTC)
PEOPLE = ("nordwerk", "femke", "lars", "katharina", "helene", "thomas_mueller_1", "jane_doe")
VISIBLE = ("femke", "lars", "katharina", "jane_doe")


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


@contextmanager
def fake(clock: Callable[[], datetime] | None = None, **settings: int) -> Iterator[LinkedIn]:
    """The fake with a few people on it; one has no name there, one is not shown at all."""
    with LinkedIn(clock=clock or (lambda: minute(2000)), **settings) as network:  # type: ignore[arg-type]
        for number, key in enumerate(PEOPLE):
            network.add_account(person(key), at=START - timedelta(days=100 - number))
        for key in VISIBLE:
            network.set_privacy(key, "visible")
        network.set_privacy("helene", "private")
        network.set_privacy("thomas_mueller_1", "closed")
        yield network


def play(network: LinkedIn) -> dict[str, str]:
    """Post, comment, answer, react, share, mention; the URNs by what they are."""
    post, like = network.post, network.like
    urns = {"news": post("nordwerk", "New: NW-40 (quiet) #motors, 5 < 6 & {more}", at=minute(1))}
    urns["question"] = post("katharina", "Which oil do I need?", at=minute(2), reply_to=urns["news"])
    urns["answer"] = post(
        "nordwerk", "The green one.", at=minute(3), reply_to=urns["question"], mentions=("katharina",)
    )
    urns["thanks"] = post("katharina", "Thank you!", at=minute(4), reply_to=urns["answer"])
    urns["aside"] = post("helene", "Same here", at=minute(5), reply_to=urns["news"], mentions=("nordwerk",))
    urns["closed"] = post("thomas_mueller_1", "I doubt it", at=minute(6), reply_to=urns["news"])
    urns["mention"] = post("jane_doe", "Great service of", at=minute(7), mentions=("nordwerk",))
    urns["quiet"] = post("nordwerk", "For members only", at=minute(8), visibility="community")
    urns["inside"] = post("lars", "Good to know", at=minute(9), reply_to=urns["quiet"])
    urns["share"] = network.share("helene", urns["news"], at=minute(10))
    urns["quote"] = post("katharina", "Worth a look", at=minute(11), quote=urns["news"])
    urns["own_share"] = network.share("nordwerk", urns["mention"], at=minute(12))
    urns["like"] = like("katharina", urns["news"], at=minute(13))
    urns["praise"] = like("helene", urns["news"], at=minute(14), reaction="PRAISE")
    urns["comment_like"] = like("jane_doe", urns["question"], at=minute(15))
    urns["answer_like"] = like("lars", urns["answer"], at=minute(16))
    for number in range(24):
        urns[f"tip{number}"] = post("nordwerk", f"Tip of the day {number}", at=minute(20 + 20 * number))
        like("jane_doe", urns[f"tip{number}"], at=minute(21 + 20 * number))
    return urns


def change(network: LinkedIn, urns: dict[str, str]) -> None:
    """Edit, delete and take back."""
    network.edit(urns["answer"], "The green one, always.", at=minute(600))
    network.edit(urns["tip3"], "Tip of the day: rest", at=minute(601))
    network.delete(urns["aside"], at=minute(602))
    network.delete(urns["tip4"], at=minute(603))
    network.unlike("helene", urns["news"], at=minute(604))
    network.delete(urns["quote"], at=minute(605))


def app(network: LinkedIn) -> dict[str, str]:
    """What an admin fills in about the app."""
    names = {field.name for field in connector.manifest.app_fields}
    return {name: value for name, value in network.app().items() if name in names}


def form(network: LinkedIn) -> dict[str, str]:
    """What an admin fills in who pastes an access."""
    page = next(entry for entry in network.truth() if entry["person"] == "nordwerk")
    token = network.credentials("nordwerk")["access_token"]
    return {"access_token": token, "organization": str(page["author"]).rpartition(":")[2]}


@contextmanager
def scene() -> Iterator[Scene]:
    with fake() as network:
        urns = play(network)
        yield Scene(
            base_url=network.base_url,
            form=form(network),
            app=app(network),
            now=lambda: minute(2000),
            later=lambda: change(network, urns),
            failures=(
                Failure(order=lambda: network.fail(status=401, times=1)),
                Failure(order=lambda: network.fail(status=403, times=1)),
                Failure(order=lambda: network.fail(status=426, times=1)),
                Failure(order=lambda: network.fail(status=429, times=1)),
                Failure(order=lambda: network.fail(status=504, times=1)),
            ),
        )
