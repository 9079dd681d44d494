"""From the fake network to rows: connecting, reading, renewing, losing the access, on each database."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from scrm.clock import FakeClock
from scrm.errors import InputError
from scrm.ingest.access import place
from scrm.ingest.archives import import_archive
from scrm.ingest.connections import connect, reconnect
from scrm.ingest.run import read_stream
from scrm.models import Connection, ConnectionState, Interaction, Profile, RawRecord, StreamState
from scrm.runtime import Core
from scrm.sandbox.bluesky import Bluesky
from tests.connectors.bluesky.reading import Clock, exported
from tests.connectors.bluesky.scenario import change, minute, play

DAY = 24 * 3600.0


@pytest.fixture
def time() -> FakeClock:
    return FakeClock(datetime(2026, 10, 1, 12, tzinfo=UTC))


@pytest.fixture
def core(core: Core, network: Bluesky, time: FakeClock) -> Core:
    core.db.clock = time
    host = urlsplit(network.base_url).netloc
    return replace(core, settings=replace(core.settings, allowed_hosts=(host,)))


def form(network: Bluesky) -> dict[str, str]:
    return {"base_url": network.base_url, **network.credentials("nordwerk")}


def drain(core: Core, time: FakeClock, *, seconds: float = 60.0) -> None:
    """Let time pass and run whatever is due, until nothing is."""
    time.advance(seconds)
    for _ in range(100):
        with core.db.read() as session:
            due = session.scalars(select(StreamState.id).where(StreamState.due_at <= time.now())).all()
        if not due:
            return
        for state_id in due:
            read_stream(core, state_id)
    raise AssertionError("something stays due for ever")


def live(core: Core) -> dict[str, str]:
    with core.db.read() as session:
        rows = session.execute(
            select(Interaction.native_id, Interaction.kind).where(Interaction.deleted_at.is_(None))
        )
        return {row.native_id: row.kind for row in rows}


def count(core: Core, table: type[Interaction | RawRecord]) -> int:
    with core.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def present(network: Bluesky) -> set[object]:
    return {entry["native_id"] for entry in network.truth() if not entry["deleted"]}


def test_a_connection_reads_everything_once_and_follows_what_changes(
    core: Core, network: Bluesky, time: FakeClock
) -> None:
    uris = play(network)
    connect(core, "bluesky", form(network), None)
    drain(core, time, seconds=0)
    drain(core, time)
    assert present(network) <= live(core).keys()
    assert live(core).keys() - present(network) == {uris["welcome"]}  # below ours in another's thread

    before = (live(core), count(core, RawRecord), len(network.requests()))
    drain(core, time, seconds=900)
    assert (live(core), count(core, RawRecord)) == before[:2]
    assert len(network.requests()) - before[2] == 2

    change(network, uris)
    drain(core, time, seconds=DAY)
    assert present(network) <= live(core).keys()
    assert not {uris[name] for name in ("hello", "like", "repost", "follow")} & live(core).keys()
    with core.db.read() as session:
        question = session.scalars(select(Interaction).where(Interaction.native_id == uris["question"])).one()
        assert question.text == "Which oil do I need, please?"


def test_our_answer_stands_on_the_timeline_of_the_person_answered(
    core: Core, network: Bluesky, time: FakeClock
) -> None:
    uris = play(network)
    connect(core, "bluesky", form(network), None)
    drain(core, time, seconds=0)
    with core.db.read() as session:
        answer = session.scalars(select(Interaction).where(Interaction.native_id == uris["answer"])).one()
        party = session.get_one(Profile, answer.party_id)
        assert (answer.direction, party.native_id) == ("out", uris["question"].split("/")[2])


def test_the_archive_doubles_nothing(core: Core, network: Bluesky, time: FakeClock, tmp_path: Path) -> None:
    play(network)
    connect(core, "bluesky", form(network), None)
    drain(core, time, seconds=0)
    before = live(core)
    report = import_archive(core, exported(network, tmp_path))
    assert (report.kind, report.new, report.quarantined) == ("bluesky-repository", 0, 0)
    assert live(core) == before


def test_the_archive_alone_gives_the_same_keys_and_the_api_then_only_the_rest(
    core: Core, network: Bluesky, time: FakeClock, tmp_path: Path
) -> None:
    play(network)
    assert import_archive(core, exported(network, tmp_path)).new > 3
    first = live(core)
    connect(core, "bluesky", form(network), None)
    drain(core, time, seconds=0)
    assert first.items() <= live(core).items()
    assert present(network) <= live(core).keys()
    assert Counter(live(core).values())["share"] == 2


def test_an_access_that_ran_out_is_renewed_for_all_streams_at_once(
    core: Core, network: Bluesky, time: FakeClock, clock: Clock
) -> None:
    play(network)
    row = connect(core, "bluesky", form(network), None)
    drain(core, time, seconds=0)
    clock.move(hours=3)
    network.post("helene", "Still there?", at=minute(300), mentions=["nordwerk"])
    drain(core, time, seconds=3 * 3600)
    paths = Counter(str(one["path"]) for one in network.requests())
    assert paths["/xrpc/com.atproto.server.refreshSession"] == 1
    assert paths["/xrpc/com.atproto.server.createSession"] == 1
    assert present(network) <= live(core).keys()
    with core.db.read() as session:
        stored = session.get_one(Connection, row.id)
        assert stored.credentials_version == row.credentials_version + 1
        assert core.vault.open(stored.credentials or "", place(stored))["did"] == stored.native_id


def test_a_revoked_password_suspends_and_signing_in_again_goes_on_without_doubling(
    core: Core, network: Bluesky, time: FakeClock
) -> None:
    play(network)
    row = connect(core, "bluesky", form(network), None)
    drain(core, time, seconds=0)
    before = live(core)
    network.revoke("nordwerk")
    drain(core, time, seconds=900)
    with core.db.read() as session:
        assert session.get_one(Connection, row.id).state == ConnectionState.SUSPENDED
    newer = network.post("helene", "Anybody?", at=minute(300), mentions=["nordwerk"])
    reconnect(core, row.public_id, form(network), None)
    drain(core, time)
    assert live(core).keys() == before.keys() | {newer}


def test_being_throttled_pauses_the_connection_until_the_network_allows_more(
    core: Core, network: Bluesky, time: FakeClock
) -> None:
    play(network)
    row = connect(core, "bluesky", form(network), None)
    network.fail(status=429, times=1, retry_after="120")
    with core.db.read() as session:
        states = session.scalars(select(StreamState.id).where(StreamState.connection_id == row.id)).all()
    read_stream(core, states[0])
    asked = len(network.requests())
    for state_id in states:
        read_stream(core, state_id)
    assert len(network.requests()) == asked
    with core.db.read() as session:
        wait = session.get_one(Connection, row.id).wait_until
    assert wait == time.now() + timedelta(seconds=120)
    drain(core, time, seconds=121)
    assert present(network) <= live(core).keys()


def test_a_wrong_password_is_the_admins_to_correct_and_leaves_nothing(core: Core, network: Bluesky) -> None:
    with pytest.raises(InputError):
        connect(core, "bluesky", {**form(network), "app_password": "aaaa-bbbb-cccc-dddd"}, None)
    with core.db.read() as session:
        assert session.scalars(select(Connection)).all() == []
