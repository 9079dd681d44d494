"""From the fake network to rows: connecting, reading, following what changes, on each database."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select, update

from scrm.clock import FakeClock
from scrm.connectors.connections import connector
from scrm.ingest.apps import save, values_of
from scrm.ingest.connections import add, check_access, connect, new_api
from scrm.ingest.replay import replay
from scrm.ingest.run import read_stream
from scrm.models import (
    Connection,
    ConnectionState,
    Interaction,
    Profile,
    RawRecord,
    StreamState,
    Watch,
)
from scrm.runtime import Core
from scrm.sandbox.connections import Connections
from tests.connectors.connections.scenario import (
    ELSEWHERE,
    STRANGER,
    US,
    Clock,
    app,
    change,
    day,
    fake,
    fill,
    form,
    play,
)

DAY, HOUR = 24 * 3600.0, 3600.0
KINDS = {"like": "reaction"}


@pytest.fixture
def network(clock: Clock) -> Iterator[Connections]:
    """A server that calls itself by another name, as recorded ones do."""
    with fake(clock, link_origin=ELSEWHERE) as running:
        yield running


@pytest.fixture
def time(clock: Clock) -> FakeClock:
    return FakeClock(clock.now)


@pytest.fixture
def core(core: Core, network: Connections, time: FakeClock) -> Core:
    core.db.clock = time
    host = urlsplit(network.base_url).netloc
    return replace(core, settings=replace(core.settings, allowed_hosts=(host,)))


def pass_time(core: Core, time: FakeClock, clock: Clock, *, seconds: float = 60.0) -> None:
    """Let time pass here and there, and run whatever is due, until nothing is."""
    time.advance(seconds)
    clock.now = time.now()
    for _ in range(200):
        with core.db.read() as session:
            due = session.scalars(select(StreamState.id).where(StreamState.due_at <= time.now())).all()
        if not due:
            return
        for state_id in due:
            read_stream(core, state_id)
    raise AssertionError("something stays due for ever")


def live(core: Core) -> dict[str, Interaction]:
    with core.db.read() as session:
        rows = session.scalars(select(Interaction).where(Interaction.deleted_at.is_(None)))
        return {row.native_id: row for row in rows}


def count(core: Core, table: type[Interaction | RawRecord | Profile]) -> int:
    with core.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def truth(network: Connections) -> dict[str, tuple[str, str, object]]:
    """What really happened: kind, author and time of everything that is still there."""
    return {
        str(entry["native_id"]): (
            KINDS.get(str(entry["kind"]), str(entry["kind"])),
            str(entry["author"]),
            entry["at"],
        )
        for entry in network.truth()
        if not entry["deleted"]
    }


def found(core: Core) -> dict[str, tuple[str, str, object]]:
    """What we hold, in the same words."""
    with core.db.read() as session:
        rows = session.execute(
            select(Interaction, Profile.native_id)
            .join(Profile, Profile.id == Interaction.profile_id)
            .where(Interaction.deleted_at.is_(None))
        )
        return {
            row.native_id: (
                row.kind,
                author,
                row.occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            )
            for row, author in rows
        }


def test_a_connection_reads_everything_once_and_follows_what_changes(
    core: Core, network: Connections, time: FakeClock, clock: Clock
) -> None:
    ids = play(network)
    fill(network, ids)
    connect(core, "connections", form(network), None)
    pass_time(core, time, clock, seconds=0)
    pass_time(core, time, clock)
    assert found(core) == truth(network)

    before = (count(core, Interaction), count(core, RawRecord))
    pass_time(core, time, clock, seconds=1100)
    assert (count(core, Interaction), count(core, RawRecord)) == before

    change(network, ids)
    late = network.post(STRANGER, "A late answer", at=time.now(), reply_to=ids["topic"])
    liked = network.like("mehmet", late, at=time.now())
    said = network.post("katharina", "Below an old entry", at=time.now(), reply_to=ids["entry"])
    for _ in range(4):
        pass_time(core, time, clock, seconds=DAY / 2)
    assert found(core).keys() >= {late, liked, said}
    assert set(truth(network)) - set(found(core)) == set()
    stale = {name: row for name, row in live(core).items() if name not in truth(network)}
    assert all(row.occurred_at < time.now() - 30 * (day(1) - day(0)) for row in stale.values())
    assert live(core)[ids["note"]].text == "Anybody at the fair in May?"
    assert not [entry for entry in network.requests() if entry.get("invalid")]
    assert {entry["status"] for entry in network.requests()} <= {200, 404}


def test_an_hour_without_news_costs_little(core: Core, network: Connections, time: FakeClock, clock: Clock) -> None:
    play(network)
    connect(core, "connections", form(network), None)
    pass_time(core, time, clock, seconds=0)
    pass_time(core, time, clock, seconds=HOUR)
    before = len(network.requests())
    for _ in range(4):
        pass_time(core, time, clock, seconds=HOUR / 4)
    assert len(network.requests()) - before <= 50


def test_who_hides_an_address_has_none_and_the_others_are_verified(
    core: Core, network: Connections, time: FakeClock, clock: Clock
) -> None:
    play(network)
    connect(core, "connections", form(network), None)
    pass_time(core, time, clock, seconds=0)
    with core.db.read() as session:
        known = {row.handle: row for row in session.scalars(select(Profile))}
    assert known["jdoe"].email is None
    assert known["kgross"].email == "katharina.gross@foerdertechnik-leine.example"
    assert known["kgross"].email_verified
    assert {row.scope for row in known.values()} == {"127.0.0.1"}
    assert {row.audience for row in live(core).values()} == {"community", "organization"}


def test_our_answer_stands_on_the_timeline_of_the_person_answered(
    core: Core, network: Connections, time: FakeClock, clock: Clock
) -> None:
    ids = play(network)
    connect(core, "connections", form(network), None)
    pass_time(core, time, clock, seconds=0)
    rows = live(core)
    with core.db.read() as session:
        parties = {
            name: session.get_one(Profile, rows[ids[name]].party_id).handle for name in ("reply", "here", "aside")
        }
    assert parties == {"reply": "kgross", "here": "mcaglar", "aside": "hlefevre"}
    assert {rows[ids[name]].direction for name in ("reply", "here", "entry", "status")} == {"out"}


def test_a_community_that_we_leave_is_read_no_more(
    core: Core, network: Connections, time: FakeClock, clock: Clock
) -> None:
    ids = play(network)
    guest = form(network) | {key: network.credentials("katharina")[key] for key in ("username", "password")}
    connect(core, "connections", guest, None)
    pass_time(core, time, clock, seconds=0)
    assert ids["closed"] in live(core)
    closed = next(uuid for title, uuid in network.communities().items() if "Vertrieb" in title)
    network.leave("katharina", closed, at=time.now())
    pass_time(core, time, clock, seconds=DAY)
    assert ids["closed"] not in live(core)
    assert ids["topic"] in live(core)
    with core.db.read() as session:
        assert not session.scalars(select(Watch.native_id).where(Watch.native_id == closed)).all()
        assert session.scalars(select(Connection.state)).one() == ConnectionState.ACTIVE


def test_a_changed_password_suspends_the_connection_and_signing_in_again_mends_it(
    core: Core, network: Connections, time: FakeClock, clock: Clock
) -> None:
    play(network)
    row = connect(core, "connections", form(network), None)
    pass_time(core, time, clock, seconds=0)
    network.revoke(US)
    pass_time(core, time, clock, seconds=HOUR)
    with core.db.read() as session:
        assert session.get_one(Connection, row.id).state == ConnectionState.SUSPENDED


def test_a_page_to_sign_in_that_is_gone_the_next_time_suspends_nothing(
    core: Core, network: Connections, time: FakeClock, clock: Clock
) -> None:
    play(network)
    row = connect(core, "connections", form(network), None)
    network.fail(
        status=200, times=1, path="/communities/service/atom/communities/my", body=network.error_body(200)[1]
    )
    pass_time(core, time, clock, seconds=0)
    with core.db.read() as session:
        assert session.get_one(Connection, row.id).state == ConnectionState.ACTIVE
        problems = session.scalars(select(StreamState.problem).where(StreamState.problem.is_not(None))).all()
    assert problems == ["RetryLaterError"]
    pass_time(core, time, clock, seconds=HOUR)
    assert found(core) == truth(network)


def test_an_oauth_access_reads_the_same_and_renews_itself(
    core: Core, network: Connections, time: FakeClock, clock: Clock
) -> None:
    save(core, "connections", app(network), None)
    play(network)
    known = network.credentials(US)
    tokens = {name: known[name] for name in ("access_token", "refresh_token")}
    opened = new_api(core, connector, network.base_url, tokens, values_of(core, "connections"))
    add(core, connector, check_access(connector, opened), None)
    pass_time(core, time, clock, seconds=0)
    pass_time(core, time, clock)
    assert found(core) == truth(network)
    pass_time(core, time, clock, seconds=DAY)
    assert any(str(entry["path"]).endswith("/token") for entry in network.requests())
    with core.db.read() as session:
        assert session.scalars(select(Connection.state)).one() == ConnectionState.ACTIVE


def test_what_was_read_translates_the_same_again(
    core: Core, network: Connections, time: FakeClock, clock: Clock
) -> None:
    play(network)
    connect(core, "connections", form(network), None)
    pass_time(core, time, clock, seconds=0)
    before = {name: row.text for name, row in live(core).items()}
    with core.db.write("test.blank") as session:
        session.execute(update(Interaction).values(text=None))
    replay(core, live(core).popitem()[1].connection_id)
    assert {name: row.text for name, row in live(core).items()} == before
