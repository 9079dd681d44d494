"""From the fake network to rows: connecting, reading, renewing, forgetting, on each database."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select, update

from scrm.clock import FakeClock
from scrm.connectors.push import STREAM as PUSH
from scrm.connectors.youtube import connector
from scrm.ingest.apps import save, values_of
from scrm.ingest.connections import connect
from scrm.ingest.push import apply_due, receive
from scrm.ingest.replay import replay
from scrm.ingest.run import read_stream
from scrm.ingest.subscriptions import subscribe
from scrm.models import Connection, ConnectionState, Interaction, Profile, RawRecord, StreamState
from scrm.runtime import Core
from scrm.sandbox.youtube import YouTube, feed
from scrm.sandbox.youtube.hub import signature
from tests.connectors.youtube.reading import reachable
from tests.connectors.youtube.scenario import US, Clock, app, change, fill, form, play

DAY, HOUR = 24 * 3600.0, 3600.0


@pytest.fixture
def time(clock: Clock) -> FakeClock:
    return FakeClock(clock.now)


@pytest.fixture
def core(core: Core, network: YouTube, time: FakeClock) -> Core:
    core.db.clock = time
    host = urlsplit(network.base_url).netloc
    core = replace(core, settings=replace(core.settings, allowed_hosts=(host,)))
    save(core, "youtube", {name: text for name, text in app(network).items() if name != "hub_secret"}, None)
    return core


def pass_time(core: Core, time: FakeClock, clock: Clock, *, seconds: float = 60.0) -> None:
    """Let time pass here and there, and run whatever is due, until nothing is."""
    time.advance(seconds)
    clock.now = time.now()
    for _ in range(200):
        with core.db.read() as session:
            due = session.execute(
                select(StreamState.id, StreamState.stream).where(StreamState.due_at <= time.now())
            ).all()
        if not due:
            return
        for state_id, stream in due:
            (subscribe if stream == PUSH else read_stream)(core, state_id)
    raise AssertionError("something stays due for ever")


def live(core: Core) -> dict[str, Interaction]:
    with core.db.read() as session:
        rows = session.scalars(select(Interaction).where(Interaction.deleted_at.is_(None)))
        return {row.native_id: row for row in rows}


def count(core: Core, table: type[Interaction | RawRecord | Profile]) -> int:
    with core.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def state_of(core: Core, stream: str) -> StreamState:
    with core.db.read() as session:
        return session.scalars(select(StreamState).where(StreamState.stream == stream)).one()


def test_a_connection_reads_everything_once_and_follows_what_changes(
    core: Core, network: YouTube, time: FakeClock, clock: Clock
) -> None:
    ids = play(network)
    connect(core, "youtube", form(network), None)
    pass_time(core, time, clock, seconds=0)
    pass_time(core, time, clock)
    assert live(core).keys() == reachable(network).keys()
    assert {row.direction for row in live(core).values() if row.kind == "post"} == {"out"}

    before = (live(core).keys(), count(core, RawRecord))
    pass_time(core, time, clock, seconds=1100)
    assert (live(core).keys(), count(core, RawRecord)) == before

    change(network, ids)
    for _ in range(4):
        pass_time(core, time, clock, seconds=DAY / 2)
    assert live(core).keys() == reachable(network).keys()
    assert live(core)[ids["question"]].text == "Which oil do I need, please?"
    assert live(core)[ids["news"]].text == "Our new catalog, second edition"
    assert {entry["status"] for entry in network.requests()} <= {200, 202, 401}
    assert not [entry for entry in network.requests() if entry.get("invalid")]


def test_our_answer_stands_on_the_timeline_of_the_person_answered(
    core: Core, network: YouTube, time: FakeClock, clock: Clock
) -> None:
    ids = play(network)
    connect(core, "youtube", form(network), None)
    pass_time(core, time, clock, seconds=0)
    pass_time(core, time, clock)
    with core.db.read() as session:
        parties = {
            name: session.get_one(Profile, live(core)[ids[name]].party_id).handle
            for name in ("answer", "to_helene", "question")
        }
    assert parties == {"answer": "kgross", "to_helene": "hlefevre", "question": "kgross"}


def test_a_busy_channel_is_read_whole_and_then_costs_little(
    core: Core, network: YouTube, time: FakeClock, clock: Clock
) -> None:
    ids = play(network)
    fill(network, ids)
    connect(core, "youtube", form(network), None)
    pass_time(core, time, clock, seconds=0)
    pass_time(core, time, clock)
    assert live(core).keys() >= reachable(network).keys()
    first = Counter(str(entry["path"]).rpartition("/")[2] for entry in network.requests())
    assert sum(first.values()) < 40
    for _ in range(24):
        pass_time(core, time, clock, seconds=HOUR)
    day_after = Counter(str(entry["path"]).rpartition("/")[2] for entry in network.requests()) - first
    assert day_after["search"] <= 28
    assert day_after["commentThreads"] <= 24 + 24  # the list each hour, as far as time passes here, and threads
    assert sum(day_after.values()) < 200


def test_what_is_checked_stays_and_what_is_not_goes_after_30_days(
    core: Core, network: YouTube, time: FakeClock, clock: Clock
) -> None:
    ids = play(network)
    connect(core, "youtube", form(network), None)
    pass_time(core, time, clock, seconds=0)
    began = time.now()
    for _ in range(25):
        pass_time(core, time, clock, seconds=DAY)
    rows = live(core)
    assert rows.keys() == reachable(network).keys()
    latest = [row.expires_at for row in rows.values()]
    assert min(filter(None, latest)) > began + timedelta(days=30)
    assert rows[ids["question"]].expires_at is not None
    assert rows[ids["question"]].expires_at > began + timedelta(days=50)  # type: ignore[operator]
    follows = [row.expires_at for row in rows.values() if row.kind == "follow"]
    assert min(filter(None, follows)) > began + timedelta(days=45)
    with core.db.read() as session:
        person = session.scalars(select(Profile).where(Profile.handle == "kgross")).one()
        assert person.expires_at is not None
        assert person.expires_at > began + timedelta(days=50)


def test_a_spent_quota_waits_for_the_next_day_and_loses_nothing(
    core: Core, network: YouTube, time: FakeClock, clock: Clock
) -> None:
    play(network)
    row = connect(core, "youtube", form(network), None)
    network._quota.limits["units"] = 3
    pass_time(core, time, clock, seconds=0)
    midnight = datetime.fromtimestamp(float(str(network.usage()["resets_at"])), tz=time.now().tzinfo)
    assert state_of(core, "comments").problem == "BudgetSpentError"
    assert state_of(core, "comments").due_at == midnight
    with core.db.read() as session:
        assert session.get_one(Connection, row.id).state == ConnectionState.ACTIVE
    network._quota.limits["units"] = 10_000
    pass_time(core, time, clock, seconds=DAY)
    pass_time(core, time, clock)
    assert live(core).keys() == reachable(network).keys()


def test_a_revoked_access_suspends_the_connection(
    core: Core, network: YouTube, time: FakeClock, clock: Clock
) -> None:
    play(network)
    row = connect(core, "youtube", form(network), None)
    pass_time(core, time, clock, seconds=0)
    network.revoke(US)
    pass_time(core, time, clock, seconds=HOUR)
    with core.db.read() as session:
        assert session.get_one(Connection, row.id).state == ConnectionState.SUSPENDED


def test_a_delivery_of_the_hub_has_the_video_read_at_once_and_a_deletion_applied(
    core: Core, network: YouTube, time: FakeClock, clock: Clock
) -> None:
    play(network)
    connect(core, "youtube", form(network), None)
    pass_time(core, time, clock, seconds=0)
    fresh = network.post(US, "Fresh from the works\nwith every detail", at=clock())
    deliver(core, feed.upload(network._state.videos[fresh]))
    asked = len(network.requests())
    pass_time(core, time, clock, seconds=1)
    assert len(network.requests()) - asked == 2
    assert live(core)[fresh].text == "Fresh from the works\nwith every detail"
    assert live(core)[fresh].direction == "out"
    tombstone = feed.tombstone(network._state.videos[fresh], clock())
    network.delete(fresh, at=clock())
    deliver(core, tombstone)
    assert fresh not in live(core)


def deliver(core: Core, body: bytes) -> None:
    signed = signature(values_of(core, "youtube")["hub_secret"], body)
    assert receive(core, "youtube", {"X-Hub-Signature": signed}, body)
    assert apply_due(core, 10) == 1


def test_what_was_read_translates_the_same_again(core: Core, network: YouTube, time: FakeClock, clock: Clock) -> None:
    play(network)
    connect(core, "youtube", form(network), None)
    pass_time(core, time, clock, seconds=0)
    with core.db.write("test.blank") as session:
        session.execute(update(Interaction).values(text=None))
    replay(core, live(core).popitem()[1].connection_id)
    assert {row.text for row in live(core).values()} != {None}
    assert connector.manifest.terms.keep_hours == 720
