"""Asking a network to call us: where anybody may reach us, again and again, and without harm to the lists."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from scrm.clock import FakeClock
from scrm.connectors.push import STREAM
from scrm.ingest.connections import connect, pause
from scrm.ingest.subscriptions import callback_address, plan_subscriptions, push_health, subscribe
from scrm.models import Connection, ConnectionState, StreamState
from scrm.runtime import Core
from scrm.sandbox.server import Server
from scrm.schedule import find_due
from tests.ingest.lighthouse import KEY, US, Sea

PUBLIC = "https://crm.nordwerk.example"
CALLBACK = f"{PUBLIC}/webhooks/lighthouse"


@pytest.fixture
def reachable(core: Core) -> Core:
    return replace(core, settings=replace(core.settings, public_url=PUBLIC))


def row(core: Core) -> StreamState:
    with core.db.read() as session:
        return session.scalars(select(StreamState).where(StreamState.stream == STREAM)).one()


def due(core: Core) -> set[tuple[str, int | None]]:
    with core.db.read() as session:
        return {(kind, subject) for kind, subject in find_due(session, core.db.clock.now()) if subject is not None}


def connected(core: Core) -> Connection:
    with core.db.read() as session:
        return session.scalars(select(Connection)).one()


def test_it_subscribes_after_connecting_and_again_in_time(
    reachable: Core, connection: Connection, sea: Sea, time: FakeClock
) -> None:
    state_id = row(reachable).id
    assert ("subscribe", state_id) in due(reachable)
    assert ("read", state_id) not in due(reachable)
    subscribe(reachable, state_id)
    assert sea.subscribed == [{"callback": CALLBACK, "account": US}]
    assert row(reachable).due_at == time.now() + timedelta(hours=1)
    subscribe(reachable, state_id)
    assert len(sea.subscribed) == 1, "it is not due yet"
    time.advance(3600)
    subscribe(reachable, state_id)
    assert len(sea.subscribed) == 2


def test_connecting_wakes_the_subscription(reachable: Core, server: Server) -> None:
    woken: list[tuple[str, int | None]] = []
    core = replace(reachable, wake=lambda kind, subject=None: woken.append((kind, subject)))
    connect(core, KEY, {"base_url": server.base_url, "token": "right"}, None)
    assert ("subscribe", row(core).id) in woken
    assert ("read", row(core).id) not in woken


def test_where_nobody_reaches_us_nothing_is_asked_until_there_is_an_address(
    core: Core, reachable: Core, connection: Connection, sea: Sea
) -> None:
    subscribe(core, row(core).id)
    assert sea.subscribed == []
    assert row(core).due_at is None
    plan_subscriptions(core)
    assert row(core).due_at is None
    plan_subscriptions(reachable)
    subscribe(reachable, row(core).id)
    assert len(sea.subscribed) == 1


def test_a_connection_from_before_its_network_could_call_is_planned_too(
    reachable: Core, connection: Connection, time: FakeClock
) -> None:
    with reachable.db.write("test.old") as session:
        session.execute(delete(StreamState).where(StreamState.stream == STREAM))
    plan_subscriptions(reachable)
    assert row(reachable).due_at == time.now()
    later = time.now() + timedelta(hours=1)
    with reachable.db.write("test.later") as session:
        session.execute(update(StreamState).values(due_at=later))
    plan_subscriptions(reachable)
    assert row(reachable).due_at == later


@pytest.mark.parametrize(
    ("public", "expected"),
    [
        ("", None),
        (PUBLIC + "/", CALLBACK),
        ("https://crm.nordwerk.example:8443", "https://crm.nordwerk.example:8443/webhooks/lighthouse"),
        ("http://crm.nordwerk.example", None),
        ("http://127.0.0.1:9", None),
        ("http://127.0.0.1:7", "http://127.0.0.1:7/webhooks/lighthouse"),
    ],
)
def test_only_a_safe_address_is_given_away(core: Core, public: str, expected: str | None) -> None:
    settings = replace(core.settings, public_url=public, allowed_hosts=("127.0.0.1:7",))
    assert callback_address(settings, KEY) == expected


@pytest.mark.parametrize(
    ("status", "problem"), [(503, "RetryLaterError"), (403, "UnavailableError"), (401, "AccessRevokedError")]
)
def test_a_refusal_concerns_nobody_else(
    reachable: Core, connection: Connection, sea: Sea, time: FakeClock, status: int, problem: str
) -> None:
    sea.answers["/subscriptions"] = status
    subscribe(reachable, row(reachable).id)
    state = row(reachable)
    assert (state.problem, state.failures, state.lease_until) == (problem, 1, None)
    assert state.due_at is not None
    assert state.due_at > time.now()
    now = connected(reachable)
    assert (now.state, now.problem) == (ConnectionState.ACTIVE, None)
    with reachable.db.read() as session:
        health = push_health(session, reachable.settings, now)
    assert health is not None
    assert (health.is_on, health.problem) == (False, problem)
    sea.answers.clear()
    time.advance(2 * 3600)
    subscribe(reachable, state.id)
    with reachable.db.read() as session:
        health = push_health(session, reachable.settings, connected(reachable))
    assert health is not None
    assert (health.is_on, health.problem) == (True, None)


def test_a_paused_connection_does_not_subscribe(reachable: Core, connection: Connection, sea: Sea) -> None:
    state_id = row(reachable).id
    pause(reachable, connection.public_id, None)
    with reachable.db.write("test.late") as session:
        session.execute(update(StreamState).values(due_at=reachable.db.clock.now()))
    subscribe(reachable, state_id)
    assert sea.subscribed == []
    assert row(reachable).due_at is None


def test_a_network_that_asked_to_be_left_alone_is(
    reachable: Core, connection: Connection, sea: Sea, time: FakeClock
) -> None:
    until = time.now() + timedelta(minutes=5)
    with reachable.db.write("test.wait") as session:
        session.execute(update(Connection).values(wait_until=until))
    subscribe(reachable, row(reachable).id)
    assert sea.subscribed == []
    assert row(reachable).due_at == until


def test_of_a_network_that_cannot_call_there_is_nothing_to_show(core: Core) -> None:
    with core.db.read() as session:
        assert push_health(session, core.settings, Connection(id=1, network="mastodon")) is None
