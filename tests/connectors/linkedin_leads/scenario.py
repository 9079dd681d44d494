"""People fill in the forms of a page on the LinkedIn fake."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from scrm.connectors.linkedin_leads import connector
from scrm.sandbox.cast import person
from scrm.sandbox.linkedin import LinkedIn
from scrm.sandbox.linkedin.leads import account_urn
from tests.connectors.record import Failure, Scene

START = datetime(2026, 10, 20, 8, tzinfo=UTC)
PEOPLE = ("nordwerk", "femke", "lars", "katharina", "helene", "thomas_mueller_1", "jane_doe")


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


@contextmanager
def fake(clock: Callable[[], datetime] | None = None) -> Iterator[LinkedIn]:
    """The fake with a page and a few people."""
    with LinkedIn(clock=clock or (lambda: minute(2000))) as network:
        for number, key in enumerate(PEOPLE):
            network.add_account(person(key), at=START - timedelta(days=100 - number))
        yield network


def play(network: LinkedIn) -> dict[str, str]:
    """Leads of every sort; their ids by what they are."""
    leads = {
        "katharina": network.lead("katharina", at=minute(1), lead_type="SPONSORED"),
        "again": network.lead("katharina", at=minute(2), lead_type="SPONSORED", email="office@leine.example"),
        "refusing": network.lead("helene", at=minute(3), lead_type="SPONSORED", is_consenting=False),
        "test": network.lead("femke", at=minute(4), lead_type="SPONSORED", is_test=True),
        "event": network.lead("jane_doe", at=minute(5), lead_type="EVENT"),
        "product": network.lead("thomas_mueller_1", at=minute(6), lead_type="ORGANIZATION_PRODUCT"),
        "page": network.lead("lars", at=minute(7)),
    }
    for number in range(20):
        leads[f"more{number}"] = network.lead("jane_doe", at=minute(20 + number), lead_type="SPONSORED")
    return leads


def change(network: LinkedIn, leads: dict[str, str]) -> None:
    network.delete(leads["again"], at=minute(600))


def app(network: LinkedIn) -> dict[str, str]:
    """What an admin fills in about the app."""
    names = {field.name for field in connector.manifest.app_fields}
    return {name: value for name, value in network.app().items() if name in names}


def page(network: LinkedIn) -> str:
    """The page's URN."""
    return network._accounts.page().urn


def ad_account(network: LinkedIn) -> str:
    """The URN of the page's ad account."""
    return account_urn(network._accounts.page())


def form(network: LinkedIn, owner: str) -> dict[str, str]:
    """What an admin fills in who pastes an access."""
    return {"access_token": network.credentials("nordwerk")["access_token"], "owner": owner}


@contextmanager
def scene() -> Iterator[Scene]:
    with fake() as network:
        leads = play(network)
        yield Scene(
            base_url=network.base_url,
            form=form(network, ad_account(network)),
            app=app(network),
            now=lambda: minute(2000),
            later=lambda: change(network, leads),
            failures=(
                Failure(order=lambda: network.fail(status=401, times=1)),
                Failure(order=lambda: network.fail(status=403, times=1)),
                Failure(order=lambda: network.fail(status=426, times=1)),
                Failure(order=lambda: network.fail(status=429, times=1)),
                Failure(order=lambda: network.fail(status=504, times=1)),
            ),
        )
