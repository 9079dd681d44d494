"""A small Bluesky network over real HTTP, and callers with and without a token."""

from collections.abc import Iterator

import pytest

from scrm.sandbox.bluesky import Bluesky, Terms
from tests.sandbox.bluesky.calling import Caller, Clock, people


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network(clock: Clock) -> Iterator[Bluesky]:
    with Bluesky(clock=clock, terms=Terms(empty_page_every=0)) as fake:
        people(fake, "firm", "anna", "bilal", "chloe")
        yield fake


@pytest.fixture
def anybody(network: Bluesky) -> Caller:
    return Caller(network)


@pytest.fixture
def firm(network: Bluesky) -> Caller:
    caller = Caller(network)
    caller.log_in("firm")
    return caller
