"""An access is renewed before it ends: once, whoever asks; and only its real end stops the reading."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from scrm.clock import FakeClock
from scrm.connectors.base import Api
from scrm.connectors.registry import connector_for
from scrm.db import Database
from scrm.ingest import sign_in
from scrm.ingest.access import access_until, open_api
from scrm.ingest.apps import save
from scrm.ingest.run import read_stream
from scrm.models import Connection, ConnectionState, StreamState, User, uuid7
from scrm.runtime import Core
from scrm.sandbox.server import Server
from tests import lagoon
from tests.lagoon import KEY, Water, say_yes

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def water() -> Water:
    return Water()


@pytest.fixture
def server(water: Water) -> Iterator[Server]:
    lagoon.register()
    with lagoon.serve(water) as running:
        yield running
    lagoon.unregister()


@pytest.fixture
def time() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def core(core: Core, server: Server, time: FakeClock) -> Core:
    core.db.clock = time
    core = replace(core, settings=replace(core.settings, allowed_hosts=(lagoon.host(server),)))
    save(core, KEY, lagoon.app_form(server), None)
    return core


@pytest.fixture
def connection(core: Core) -> Connection:
    """Connected at noon; the access ends at one o'clock and is to be renewed ten minutes before."""
    with core.db.write("test.person") as session:
        row = User(public_id=uuid7(), name="Mei", email="mei@nordwerk.example", role="admin", created_at=NOON)
        session.add(row)
        session.flush()
    told = say_yes(sign_in.begin(core, KEY, row.id, None, "http://127.0.0.1:8000/back"))
    flow = sign_in.redeem(core, KEY, told["state"], told["code"], row.id)
    return sign_in.finish(core, flow, "page-1", None, row.id)


def stored(core: Core) -> Connection:
    with core.db.read() as session:
        return session.scalars(select(Connection)).one()


def read(core: Core) -> None:
    with core.db.read() as session:
        states = session.scalars(select(StreamState.id).where(StreamState.due_at <= core.db.clock.now())).all()
    for state_id in states:
        read_stream(core, state_id)


def opened(core: Core) -> Api:
    return open_api(core, stored(core), connector_for(KEY))


def test_an_open_access_knows_the_app_and_the_time(core: Core, connection: Connection, water: Water) -> None:
    api = opened(core)
    assert (api.app["client_secret"], api.app["version"], api.now()) == (lagoon.CLIENT_SECRET, "v2", NOON)
    assert water.calls["/oauth/token"] == 1  # the code alone: nothing is renewed before its time


def test_what_is_to_be_renewed_is_renewed_once_by_two_at_the_same_time(
    core: Core, connection: Connection, water: Water, time: FakeClock
) -> None:
    time.advance(50 * 60)
    water.slow_seconds = 0.3
    before, start = stored(core), threading.Barrier(2)
    found: list[dict[str, str]] = []

    def one() -> None:
        db = Database(core.settings.database)  # as another process has it
        db.clock = time
        start.wait()
        api = open_api(replace(core, db=db), before, connector_for(KEY))
        found.append(api.credentials)
        db.close()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert water.calls["/oauth/token"] == 2  # the code, and one renewal
    after = stored(core)
    assert after.credentials_version == before.credentials_version + 1
    assert after.refresh_lease_until is None
    assert len(found) == 2
    assert all(one["access_token"] in water.tokens for one in found)
    assert opened(core).credentials["renew_at"] > time.now().isoformat()
    assert water.calls["/oauth/token"] == 2


def test_an_access_that_still_works_outlives_a_renewal_that_fails(
    core: Core, connection: Connection, water: Water, time: FakeClock
) -> None:
    read(core)
    time.advance(50 * 60)
    water.answers["/oauth/token"] = 503
    calls = water.calls["/me"]
    read(core)
    assert water.calls["/me"] == calls + 1
    assert (stored(core).state, stored(core).problem) == ("active", None)
    water.answers.clear()
    water.refresh.clear()  # now the network refuses for good
    time.advance(6 * 60)
    read(core)
    assert stored(core).state == ConnectionState.ACTIVE
    assert stored(core).refresh_lease_until is None
    assert stored(core).access_until == NOON + timedelta(hours=1)  # its owner is told in time


def test_an_access_that_ended_and_cannot_be_renewed_suspends(
    core: Core, connection: Connection, water: Water, time: FakeClock
) -> None:
    water.refresh.clear()
    water.tokens.clear()
    time.advance(61 * 60)
    read(core)
    assert (stored(core).state, stored(core).problem) == ("suspended", "AccessRevokedError")


@pytest.mark.parametrize(
    ("credentials", "day"),
    [
        ({"access_token": "x"}, None),
        ({"expires_at": "2026-03-01T00:00:00+00:00"}, 1),
        ({"expires_at": "2026-03-01T00:00:00+00:00", "refresh_token": "x"}, None),
        ({"expires_at": "2026-03-01T00:00:00+00:00", "renew_at": "2026-02-20T00:00:00+00:00"}, None),
        ({"expires_at": "2026-03-01T00:00:00+00:00", "refresh_token": "x", "ends_at": "2026-03-09T00:00:00Z"}, 9),
    ],
)
def test_somebody_has_to_sign_in_again_when_nothing_renews_the_access(
    credentials: dict[str, str], day: int | None
) -> None:
    assert access_until(credentials) == (datetime(2026, 3, day, tzinfo=UTC) if day else None)


def test_the_end_of_an_access_is_kept_with_the_connection_and_follows_its_renewal(
    core: Core, connection: Connection, water: Water, time: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = iter((NOON + timedelta(days=60), NOON + timedelta(days=90)))
    connector = connector_for(KEY)
    renew = type(connector).renew

    def renew_until(api: Api) -> None:
        renew(connector, api)
        api.credentials["ends_at"] = next(ends).isoformat()

    monkeypatch.setattr(connector, "renew", renew_until)
    for days in (60, 90):
        time.advance(50 * 60)
        opened(core)
        assert stored(core).access_until == NOON + timedelta(days=days)
