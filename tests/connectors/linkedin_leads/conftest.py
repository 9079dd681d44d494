"""A running fake whose clock a test moves, and accesses to what has leads there."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from scrm.clock import FakeClock
from scrm.connectors.base import Api
from scrm.connectors.linkedin_leads import connector
from scrm.http import GuardedSession
from scrm.sandbox.linkedin import LinkedIn
from tests.connectors.linkedin_leads.scenario import ad_account, app, fake, form, minute, page

Open = Callable[[str], Api]


@pytest.fixture
def time() -> FakeClock:
    return FakeClock(minute(2000))


@pytest.fixture
def network(time: FakeClock) -> Iterator[LinkedIn]:
    with fake(time.now) as running:
        yield running


@pytest.fixture
def opened(network: LinkedIn, time: FakeClock) -> Iterator[Open]:
    """Opens an access to an owner of leads."""
    with ExitStack() as stack:

        def signed_in(owner: str) -> Api:
            allowed = [urlsplit(network.base_url).netloc]
            defaults = {one.name: one.default for one in connector.manifest.app_fields}
            api = Api(
                network="linkedin_leads",
                base_url=network.base_url,
                session=stack.enter_context(GuardedSession(allowed=allowed)),
                credentials=form(network, owner),
                app=defaults | app(network),
                now=time.now,
            )
            api.account, _ = connector.sign_in(api)
            return api

        yield signed_in


@pytest.fixture
def of_page(opened: Open, network: LinkedIn) -> Api:
    return opened(page(network))


@pytest.fixture
def of_ads(opened: Open, network: LinkedIn) -> Api:
    return opened(ad_account(network))
