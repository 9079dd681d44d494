"""From the fake network to rows: signing in, reading, being called, renewing, losing the access, on each database."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from sqlalchemy import select

from scrm.clock import FakeClock
from scrm.connectors.x import connector
from scrm.ingest import push, sign_in
from scrm.ingest.access import open_api, place
from scrm.ingest.apps import redirect_address, save
from scrm.ingest.connections import connect
from scrm.ingest.run import read_stream
from scrm.models import Connection, ConnectionState, CoverageGap, Interaction, Profile, StreamState, Usage
from scrm.runtime import Core
from scrm.sandbox.x import X
from scrm.sandbox.x.state import Standing
from scrm.sandbox.x.webhooks import SIGNATURE, signature
from tests.connectors.x.reading import paths
from tests.connectors.x.receiver import receiving
from tests.connectors.x.scenario import LIKERS, NOW, fake, minute, play, settings
from tests.factories import make_user

DAY = 24 * 3600.0
READ = {"post", "mention", "quote", "reply", "like", "share", "message"}  # follows come by deliveries alone


@pytest.fixture
def time() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def network(time: FakeClock) -> Iterator[X]:
    with fake(clock=time.now) as running:
        yield running


@pytest.fixture
def core(core: Core, network: X, time: FakeClock) -> Core:
    core.db.clock = time
    host = urlsplit(network.base_url).netloc
    core = replace(core, settings=replace(core.settings, allowed_hosts=(host,)))
    save(core, "x", settings(network), None)
    return core


def signed_in(core: Core, network: X) -> Connection:
    """Sign in on X's own page, as an admin would."""
    with core.db.write("test.user") as session:
        user_id = make_user(session, role="admin").id
    address = sign_in.begin(core, "x", user_id, None, redirect_address(core.settings, "x"))
    form = dict(parse_qsl(urlsplit(address).query)) | {"account": "nordwerk", "decision": "allow"}
    answer = requests.post(address.split("?")[0], data=form, timeout=10, allow_redirects=False)
    back = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
    flow = sign_in.redeem(core, "x", back["state"], back["code"], user_id)
    return sign_in.finish(core, flow, "", None, user_id)


def drain(core: Core, time: FakeClock, *, seconds: float = 0.0) -> None:
    """Let time pass and run whatever is due, until nothing is."""
    time.advance(seconds)
    for _ in range(400):
        with core.db.read() as session:
            names = {"push"}
            due = session.scalars(
                select(StreamState.id).where(StreamState.due_at <= time.now(), StreamState.stream.not_in(names))
            ).all()
        if not due:
            return
        for state_id in due:
            read_stream(core, state_id)
    raise AssertionError("something stays due for ever")


def live(core: Core) -> set[tuple[str, str]]:
    """What stands in the database: who did it, and what or to what."""
    with core.db.read() as session:
        rows = session.execute(
            select(Interaction.native_id, Interaction.kind, Interaction.target, Profile.native_id.label("author"))
            .join(Profile, Profile.id == Interaction.profile_id)
            .where(Interaction.deleted_at.is_(None))
        ).all()
    return {
        (row.author, f"{row.kind} {row.target}" if row.kind in {"reaction", "share", "follow"} else row.native_id)
        for row in rows
    }


def true(network: X, *kinds: str) -> set[tuple[str, str]]:
    """The same as the fake itself knows it; what people hide does not count."""
    names = {"like": "reaction", "share": "share", "follow": "follow"}
    return {
        (
            str(one["author"]),
            f"{names[one['kind']]} {one['object'] or _company(network)}"
            if one["kind"] in names
            else one["native_id"],
        )
        for one in network.truth()
        if not one["deleted"] and one["standing"] == "active" and one["kind"] in (kinds or READ)
    }


def _company(network: X) -> str:
    return next(str(one["author"]) for one in network.truth() if one["kind"] == "post")


def test_a_connection_reads_everything_once_and_follows_what_changes(core: Core, network: X, time: FakeClock) -> None:
    ids = play(network)
    signed_in(core, network)
    drain(core, time)
    drain(core, time, seconds=600)
    assert true(network) <= live(core)
    spent = len(network.charges())

    drain(core, time, seconds=600)
    assert len(network.charges()) == spent

    network.edit(ids["news"], "New catalog, second edition", at=minute(58))
    network.delete(ids["hello"], at=minute(59))
    network.set_standing("helene", Standing.SUSPENDED, at=minute(59))
    network.set_standing(LIKERS[0], Standing.DELETED, at=minute(59))
    drain(core, time, seconds=3600)
    drain(core, time, seconds=DAY)
    drain(core, time, seconds=120)
    standing = live(core)
    assert true(network) <= standing
    gone = {one["native_id"] for one in network.truth() if one["deleted"] or one["standing"] != "active"}
    assert not gone & {native_id for _, native_id in standing}
    with core.db.read() as session:
        news = session.scalars(select(Interaction).where(Interaction.native_id == ids["news"])).one()
        closed = set(session.scalars(select(Profile.native_id).where(Profile.deleted_at.is_not(None))))
    assert (news.text, news.edited_at) == ("New catalog, second edition", minute(58))
    assert {str(one["author"]) for one in network.truth() if one["standing"] != "active"} <= closed
    assert {entry["outcome"] for entry in network.requests()} == {"served"}


def test_what_it_costs_is_counted_as_x_bills_it(core: Core, network: X, time: FakeClock) -> None:
    play(network)
    save(core, "x", {**settings(network), "owner_handle": "nordwerk"}, None)
    connection = signed_in(core, network)
    signing_in = 10_000  # before there is a connection to count for
    drain(core, time)
    drain(core, time, seconds=600)
    with core.db.read() as session:
        usage = session.scalars(select(Usage).where(Usage.connection_id == connection.id)).one()
    billed = round(sum(one["price"] for one in network.charges()) * 1_000_000)
    assert usage.spent in {billed, billed - signing_in}


def test_what_cannot_be_read_is_shown_as_a_gap(core: Core, network: X, time: FakeClock) -> None:
    play(network)
    connection = signed_in(core, network)
    drain(core, time)
    with core.db.read() as session:
        gaps = session.scalars(select(CoverageGap).where(CoverageGap.connection_id == connection.id)).all()
    assert {gap.stream: gap.until for gap in gaps} == {
        "keywords": NOW - timedelta(days=7) + timedelta(minutes=1),
        "messages": NOW - timedelta(days=30),
    }


def test_an_access_that_ran_out_is_renewed_for_all_streams_at_once(core: Core, network: X, time: FakeClock) -> None:
    play(network)
    row = signed_in(core, network)
    drain(core, time)
    network.post("helene", "Still there?", at=minute(55), mentions=["nordwerk"])
    before = paths(network, "POST").count("/2/oauth2/token")
    drain(core, time, seconds=3 * 3600)
    assert paths(network, "POST").count("/2/oauth2/token") == before + 1
    assert true(network) <= live(core)
    with core.db.read() as session:
        stored = session.get_one(Connection, row.id)
        assert stored.credentials_version == row.credentials_version + 1
        assert core.vault.open(stored.credentials or "", place(stored))["refresh_token"]


def test_an_access_that_was_revoked_suspends_the_connection(core: Core, network: X, time: FakeClock) -> None:
    play(network)
    row = signed_in(core, network)
    drain(core, time)
    network.revoke("nordwerk")
    drain(core, time, seconds=900)
    with core.db.read() as session:
        assert session.get_one(Connection, row.id).state == ConnectionState.SUSPENDED


def test_a_pasted_access_reads_the_same(core: Core, network: X, time: FakeClock) -> None:
    play(network)
    connect(core, "x", {"access_token": network.credentials("nordwerk")["access_token"]}, None)
    drain(core, time)
    drain(core, time, seconds=600)
    assert true(network) <= live(core)


def test_what_is_delivered_stands_at_once_and_lists_double_nothing(core: Core, network: X, time: FakeClock) -> None:
    row = signed_in(core, network)
    drain(core, time)
    with receiving(network) as receiver:
        connector.push.subscribe(open_api(core, row, connector), receiver.url)
        ids = play(network)
        network.deliver()
        bodies = list(receiver.got)
    for body in [*bodies, *bodies[:3]]:
        push.receive(core, "x", {SIGNATURE: signature(network.app()["consumer_secret"], body)}, body)
    while push.apply_due(core, 100):
        pass
    assert true(network, "mention", "quote", "like", "follow") - live(core) == set()
    assert ids["question"] in {native for _, native in live(core)}
    first = live(core)
    drain(core, time, seconds=900)
    drain(core, time, seconds=600)
    assert first <= live(core)
    assert true(network) <= live(core)
    with core.db.read() as session:
        names = list(session.scalars(select(Interaction.native_id)))
    assert len(names) == len(set(names))
