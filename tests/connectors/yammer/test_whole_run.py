"""From the fake network to rows: connecting, reading, renewing, resting, on each database."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select, update

from scrm.clock import FakeClock
from scrm.connectors.push import STREAM as PUSH
from scrm.ingest.apps import save
from scrm.ingest.connections import connect
from scrm.ingest.replay import replay
from scrm.ingest.run import read_stream
from scrm.ingest.subscriptions import subscribe
from scrm.models import Connection, ConnectionState, Interaction, Profile, RawRecord, StreamState
from scrm.policy import Use, permit
from scrm.runtime import Core
from scrm.sandbox.yammer import Yammer
from tests.connectors.yammer.reading import there
from tests.connectors.yammer.scenario import US, Clock, app, change, fill, form, play

HOUR = 3600.0
KINDS = {"post": "post", "reply": "reply", "mention": "mention", "like": "reaction", "message": "message"}


@pytest.fixture
def time(clock: Clock) -> FakeClock:
    return FakeClock(clock.now)


@pytest.fixture
def core(core: Core, network: Yammer, time: FakeClock) -> Core:
    core.db.clock = time
    host = urlsplit(network.base_url).netloc
    core = replace(core, settings=replace(core.settings, allowed_hosts=(host,)))
    save(core, "yammer", app(network), None)
    return core


def pass_time(core: Core, time: FakeClock, clock: Clock, *, seconds: float) -> None:
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


def days_pass(core: Core, time: FakeClock, clock: Clock, *, days: float) -> None:
    """Some hours at a time, and half a minute where the connection rests."""
    until = time.now() + timedelta(days=days)
    while time.now() < until:
        pass_time(core, time, clock, seconds=4 * HOUR)
        for _ in range(60):
            with core.db.read() as session:
                wait = session.scalars(select(Connection.wait_until)).one()
            if wait is None or wait <= time.now():
                break
            pass_time(core, time, clock, seconds=31)


def rows(core: Core) -> dict[str, Interaction]:
    with core.db.read() as session:
        found = session.scalars(select(Interaction).where(Interaction.deleted_at.is_(None)))
        return {row.native_id: row for row in found}


def count(core: Core, table: type[Interaction | RawRecord | Profile]) -> int:
    with core.db.read() as session:
        query = select(func.count()).select_from(table)
        if table is RawRecord:  # a whole list of members leaves a row each time
            query = query.where(RawRecord.stream != "communities")
        return session.scalar(query) or 0


def check(core: Core, network: Yammer) -> None:
    """Our rows are the network's truth: what, who, when, how and in which thread."""
    known, truth = rows(core), there(network)
    assert known.keys() == truth.keys()
    with core.db.read() as session:
        people = {one.id: one.native_id for one in session.scalars(select(Profile))}
    for native_id, entry in truth.items():
        row = known[native_id]
        assert row.kind == KINDS[str(entry["kind"])], native_id
        assert people[row.profile_id] == entry["author"]
        assert row.thread_key == entry["thread"]
        assert (row.target if row.kind == "reaction" else row.in_reply_to) == entry["object"]
        assert (row.audience == "private") == (entry["audience"] == "private")
        if row.kind != "reaction":
            assert row.occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z") == entry["at"]


def test_a_connection_reads_everything_once_and_follows_what_changes(
    core: Core, network: Yammer, time: FakeClock, clock: Clock
) -> None:
    ids = play(network)
    fill(network)
    connect(core, "yammer", form(network), None)
    days_pass(core, time, clock, days=4)  # by then each thread was looked at
    check(core, network)

    before = (rows(core).keys(), count(core, RawRecord))
    days_pass(core, time, clock, days=2)
    assert (rows(core).keys(), count(core, RawRecord)) == before

    change(network, ids)
    days_pass(core, time, clock, days=3)
    check(core, network)
    assert rows(core)[ids["question"]].text == "Geht das auch größer, bitte?"
    assert rows(core)[ids["question"]].version == 2
    assert {entry["status"] for entry in network.requests()} <= {200, 401, 404, 429}
    assert not [entry for entry in network.requests() if entry.get("invalid")]


def test_people_carry_the_directorys_address_and_nothing_goes_to_the_crm(
    core: Core, network: Yammer, time: FakeClock, clock: Clock
) -> None:
    play(network)
    connect(core, "yammer", form(network), None)
    days_pass(core, time, clock, days=1)
    with core.db.read() as session:
        people = {one.handle: one for one in session.scalars(select(Profile))}
    assert people["kgross"].email == "katharina.gross@foerdertechnik-leine.example"
    assert people["kgross"].email_verified
    assert people["tmueller"].display_name == "Thomas Müller"
    assert people["tmueller"].email is None
    assert people["matze-brandt"].email is None
    audiences = {row.audience for row in rows(core).values()}
    assert audiences == {"community", "private"}  # for whom a community is, is asked when something is written
    assert not any(permit("yammer", Use.WRITE, audience=one).allowed for one in audiences)
    assert permit("yammer", Use.MATCH).allowed


def test_our_answer_stands_on_the_timeline_of_the_person_answered(
    core: Core, network: Yammer, time: FakeClock, clock: Clock
) -> None:
    ids = play(network)
    connect(core, "yammer", form(network), None)
    days_pass(core, time, clock, days=1)
    with core.db.read() as session:
        known = rows(core)
        named = ("answer", "reply", "first", "question")
        parties = {name: session.get_one(Profile, known[ids[name]].party_id).handle for name in named}
        like = known[f"{ids['question']}#like-{own_id(core)}"]
        assert session.get_one(Profile, like.party_id).handle == "kgross"
        assert known[ids["news"]].party_id is None
    assert parties == {"answer": "kgross", "reply": "kgross", "first": "hlefevre", "question": "kgross"}


def own_id(core: Core) -> str:
    with core.db.read() as session:
        return session.scalars(select(Connection.native_id)).one()


def test_the_limit_is_kept_and_what_waits_is_read_afterwards(
    core: Core, network: Yammer, time: FakeClock, clock: Clock
) -> None:
    ids = play(network)
    above = ids["news"]
    for number in range(300):
        above = network.post("helene", f"Seen {number}", at=clock() - timedelta(minutes=301 - number), reply_to=above)
    row = connect(core, "yammer", form(network), None)
    pass_time(core, time, clock, seconds=31)
    with core.db.read() as session:
        wait = session.get_one(Connection, row.id).wait_until
    assert wait is not None
    assert timedelta(0) < wait - time.now() <= timedelta(seconds=30)
    assert len(rows(core)) < 300
    for _ in range(30):
        pass_time(core, time, clock, seconds=31)
    assert len(rows(core)) > 300
    refused = [entry for entry in network.requests() if entry["status"] == 429]
    assert len(refused) < 12


def test_the_access_renews_itself_and_its_end_suspends_the_connection(
    core: Core, network: Yammer, time: FakeClock, clock: Clock
) -> None:
    play(network)
    row = connect(core, "yammer", form(network), None)
    days_pass(core, time, clock, days=0.25)
    with core.db.read() as session:
        assert session.get_one(Connection, row.id).state == ConnectionState.ACTIVE
        assert session.get_one(Connection, row.id).credentials_version > 1
    network.revoke(US)
    days_pass(core, time, clock, days=0.1)
    with core.db.read() as session:
        assert session.get_one(Connection, row.id).state == ConnectionState.SUSPENDED


def test_what_was_read_translates_the_same_again(core: Core, network: Yammer, time: FakeClock, clock: Clock) -> None:
    play(network)
    row = connect(core, "yammer", form(network), None)
    days_pass(core, time, clock, days=1)
    before = {native_id: one.text for native_id, one in rows(core).items()}
    with core.db.write("test.blank") as session:
        session.execute(update(Interaction).values(text=None))
    replay(core, row.id)
    assert {native_id: one.text for native_id, one in rows(core).items()} == before
