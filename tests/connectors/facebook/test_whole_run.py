"""From the fake network to rows: connecting, reading, being told, losing the access, on each database."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from scrm.clock import FakeClock
from scrm.ingest import push
from scrm.ingest.apps import save
from scrm.ingest.connections import connect, reconnect
from scrm.ingest.run import read_stream
from scrm.models import Connection, ConnectionState, Interaction, Profile, RawRecord, StreamState
from scrm.runtime import Core
from scrm.sandbox.facebook import Facebook
from tests.connectors.facebook.reading import our_key
from tests.connectors.facebook.scenario import NOW, app, change, fake, form, minute, play

DAY = 24 * 3600.0
FIELDS = ("feed", "mention", "ratings", "messages", "message_echoes")


@pytest.fixture
def time() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def network(time: FakeClock) -> Iterator[Facebook]:
    with fake(clock=time.now, is_proof_required=True, retry_after=()) as running:
        yield running
        assert not [one for one in running.requests() if one["outcome"] == "invalid"]


@pytest.fixture
def core(core: Core, network: Facebook, time: FakeClock) -> Core:
    core.db.clock = time
    host = urlsplit(network.base_url).netloc
    core = replace(core, settings=replace(core.settings, allowed_hosts=(host,)))
    save(core, "facebook", app(network), None)
    return core


def drain(core: Core, time: FakeClock, *, seconds: float = 0.0) -> None:
    """Let time pass and run whatever is due, until nothing is."""
    time.advance(seconds)
    for _ in range(200):
        with core.db.read() as session:
            due = session.scalars(
                select(StreamState.id).where(StreamState.due_at <= time.now(), StreamState.stream != "push")
            ).all()
        if not due:
            return
        for state_id in due:
            read_stream(core, state_id)
    raise AssertionError("something stays due for ever")


def deliver(core: Core, network: Facebook) -> None:
    """Have everything told that happened, all of it twice."""
    for delivery in network.webhooks.deliver():
        for _ in range(2):
            push.receive(core, "facebook", {"X-Hub-Signature-256": delivery.signature}, delivery.body)
    while push.apply_due(core, 100):
        pass


def subscribe(network: Facebook) -> None:
    network.webhooks._callback = "http://127.0.0.1:9/"
    for page in network._pages():
        network.webhooks.subscribe(page.id, FIELDS)


def live(core: Core) -> dict[str, str]:
    with core.db.read() as session:
        rows = session.execute(
            select(Interaction.native_id, Interaction.kind).where(Interaction.deleted_at.is_(None))
        )
        return {row.native_id: row.kind for row in rows}


def raws(core: Core) -> int:
    with core.db.read() as session:
        return session.scalar(select(func.count()).select_from(RawRecord)) or 0


def readable(network: Facebook) -> set[str]:
    """What happened, is still there and is shown by lists."""
    posts = {
        one["native_id"] for one in network.truth() if one["kind"] in {"post", "visitor_post", "mention", "share"}
    }
    return {
        our_key(one)
        for one in network.truth()
        if one["readable"] and not one["deleted"] and (one["kind"] != "reaction" or one["object"] in posts)
    }


def row(core: Core, native_id: str) -> tuple[Interaction, Profile | None]:
    with core.db.read() as session:
        found = session.scalars(select(Interaction).where(Interaction.native_id == native_id)).one()
        return found, session.get(Profile, found.party_id) if found.party_id else None


def test_a_connection_reads_everything_once_and_follows_what_changes(
    core: Core, network: Facebook, time: FakeClock
) -> None:
    ids = play(network)
    connect(core, "facebook", form(network), None)
    drain(core, time)
    assert live(core).keys() == readable(network)
    assert Counter(live(core).values())["mention"] == 31  # recommendations, and a post elsewhere

    before, asked = (live(core), raws(core)), len(network.requests())
    drain(core, time, seconds=800)
    assert (live(core), raws(core)) == before
    lists = Counter(str(one["path"]).rpartition("/")[2] for one in network.requests()[asked:])
    assert (lists["feed"], lists["conversations"]) == (1, 1)

    change(network, ids)
    drain(core, time, seconds=DAY)
    drain(core, time, seconds=601)  # what was missed once is asked for again
    assert live(core).keys() == readable(network)
    assert {ids[name] for name in ("thanks", "warning", "call")}.isdisjoint(live(core))
    assert row(core, ids["question"])[0].text == "Which oil do I need, please?"
    assert row(core, ids["praise"])[0].text == "Fast, friendly and cheap"
    assert row(core, ids["aside"])[0].audience == "followers"


@pytest.mark.parametrize("is_told", [True, False])
def test_our_answers_stand_on_the_timelines_of_those_answered(
    core: Core, network: Facebook, time: FakeClock, *, is_told: bool
) -> None:
    connect(core, "facebook", form(network), None)
    drain(core, time)
    if is_told:
        subscribe(network)
    ids = play(network)
    deliver(core, network)
    drain(core, time, seconds=0 if is_told else 700)
    authors = {one["native_id"]: one["author"] for one in network.truth()}
    for ours, theirs in (("answer", "question"), ("thanks", "visitor"), ("callback", "call")):
        found, party = row(core, ids[ours])
        assert party is not None
        assert (found.direction, party.native_id) == ("out", authors[ids[theirs]])


def test_what_is_told_is_there_before_any_list_is_due(core: Core, network: Facebook, time: FakeClock) -> None:
    connect(core, "facebook", form(network), None)
    drain(core, time)
    subscribe(network)
    ids = play(network)
    reaction = network.react("helene", ids["question"], at=minute(8000), type="LOVE")
    deliver(core, network)
    drain(core, time)
    told = {our_key(one) for one in network.truth() if one["native_id"] == reaction}
    # a reaction of ours waits a moment for others
    assert readable(network) | told == live(core).keys() | {
        key for key in readable(network) if _is_ours(network, key)
    }
    drain(core, time, seconds=31)
    assert live(core).keys() == readable(network) | told
    with core.db.read() as session:
        names = session.scalars(select(Profile.display_name).where(Profile.native_id.in_(_writers(network)))).all()
    assert names
    assert None not in names

    change(network, ids)
    network.delete(ids["visitor"], at=minute(8010))
    deliver(core, network)
    drain(core, time)
    gone = {ids[name] for name in ("thanks", "warning", "visitor")}
    assert gone.isdisjoint(live(core))
    assert row(core, ids["aside"])[0].audience == "followers"


def _is_ours(network: Facebook, key: str) -> bool:
    return any(our_key(one) == key and one["person"] == "nordwerk" for one in network.truth())


def _writers(network: Facebook) -> set[str]:
    return {str(one["author"]) for one in network.truth() if one["kind"] == "message"}


def test_a_revoked_access_suspends_and_signing_in_again_goes_on_without_doubling(
    core: Core, network: Facebook, time: FakeClock
) -> None:
    play(network)
    connected = connect(core, "facebook", form(network), None)
    drain(core, time)
    before = live(core)
    network.revoke("nordwerk")
    drain(core, time, seconds=700)
    with core.db.read() as session:
        assert session.get_one(Connection, connected.id).state == ConnectionState.SUSPENDED
    newer = network.post("helene", "Anybody?", at=time.now())
    reconnect(core, connected.public_id, form(network), None)
    drain(core, time)
    assert live(core).keys() == before.keys() | {newer}


def test_being_throttled_pauses_the_connection(core: Core, network: Facebook, time: FakeClock) -> None:
    play(network)
    connected = connect(core, "facebook", form(network), None)
    network.fail_with(80001, times=1)
    with core.db.read() as session:
        states = session.scalars(
            select(StreamState.id).where(StreamState.connection_id == connected.id, StreamState.stream == "feed")
        ).all()
    read_stream(core, states[0])
    asked = len(network.requests())
    drain(core, time)
    assert len(network.requests()) == asked
    drain(core, time, seconds=601)
    assert live(core).keys() == readable(network)
