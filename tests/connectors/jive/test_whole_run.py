"""From the fake community to rows: connecting, reading, following changes, being told to wait, losing the access."""

from collections import Counter
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from scrm.clock import FakeClock
from scrm.connectors.push import STREAM as PUSH
from scrm.ingest.apps import save
from scrm.ingest.connections import connect
from scrm.ingest.run import read_stream
from scrm.ingest.subscriptions import subscribe
from scrm.models import Connection, ConnectionState, Interaction, Profile, RawRecord, StreamState
from scrm.runtime import Core
from scrm.sandbox.jive import Jive
from tests.connectors.jive.scenario import US, Clock, app, change, day, fill, form, play

HOUR, DAY = 3600.0, 24 * 3600.0


@pytest.fixture
def time(clock: Clock) -> FakeClock:
    return FakeClock(clock.now)


@pytest.fixture
def bare(core: Core, network: Jive, time: FakeClock) -> Core:
    """An installation that knows no add-on."""
    core.db.clock = time
    host = urlsplit(network.base_url).netloc
    return replace(core, settings=replace(core.settings, allowed_hosts=(host,)))


@pytest.fixture
def installed(bare: Core, network: Jive) -> Core:
    save(bare, "jive", app(network), None)
    return bare


def pass_time(core: Core, time: FakeClock, clock: Clock, *, seconds: float = 60.0) -> None:
    """Let time pass here and there, and run whatever is due, until nothing is."""
    time.advance(seconds)
    clock.now = time.now()
    for _ in range(300):
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


def raw_count(core: Core) -> int:
    with core.db.read() as session:
        return session.scalar(select(func.count()).select_from(RawRecord)) or 0


def reachable(network: Jive) -> dict[str, dict[str, object]]:
    """What the community tells of what the company may read; who follows whom is not read."""
    return {
        str(entry["native_id"]): entry
        for entry in network.truth()
        if not entry["deleted"] and entry["kind"] != "follow"
    }


def read_all(core: Core, network: Jive, time: FakeClock, clock: Clock) -> Connection:
    row = connect(core, "jive", form(network), None)
    pass_time(core, time, clock, seconds=0)
    pass_time(core, time, clock)
    return row


KINDS = {"post": "post", "mention": "mention", "reply": "reply", "like": "reaction", "message": "message"}


def test_a_connection_reads_everything_once_and_follows_what_changes(
    installed: Core, network: Jive, time: FakeClock, clock: Clock
) -> None:
    ids = play(network)
    fill(network, ids)
    read_all(installed, network, time, clock)
    truth, rows = reachable(network), live(installed)
    assert rows.keys() == truth.keys()
    assert {name: row.kind for name, row in rows.items()} == {
        name: KINDS[str(entry["kind"])] for name, entry in truth.items()
    }
    for name, entry in truth.items():
        assert rows[name].occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z") == entry["at"], name
        assert (rows[name].audience == "private") == (entry["audience"] == "private")
        assert (rows[name].in_reply_to or rows[name].target) == entry["object"]

    before = (live(installed).keys(), raw_count(installed))
    pass_time(installed, time, clock, seconds=1100)
    assert (live(installed).keys(), raw_count(installed)) == before

    change(network, ids)
    for _ in range(4):
        pass_time(installed, time, clock, seconds=DAY / 2)
    assert live(installed).keys() == reachable(network).keys()
    assert live(installed)[ids["question"]].text == "Which oil do I need, please?"
    assert live(installed)[ids["aside"]].text == "@Nordwerk Antriebstechnik And in a cold winter?"
    assert live(installed)[ids["aside"]].edited_at is not None
    assert not [entry for entry in network.requests() if entry.get("outcome") == "invalid"]


def test_our_answer_stands_on_the_timeline_of_the_person_answered(
    installed: Core, network: Jive, time: FakeClock, clock: Clock
) -> None:
    ids = play(network)
    read_all(installed, network, time, clock)
    names = ("answer", "to_helene", "question", "told", "secret", "letter")
    with installed.db.read() as session:
        parties = {name: session.get_one(Profile, live(installed)[ids[name]].party_id).handle for name in names}
    assert parties == {
        "answer": "kgross",
        "to_helene": "hlefevre",
        "question": "kgross",
        "told": "kgross",
        "secret": "kgross",
        "letter": parties["letter"],
    }
    assert parties["letter"] not in {"kgross", US}


def test_an_answer_to_an_old_content_is_found_at_the_next_reading_without_reading_the_rest_again(
    installed: Core, network: Jive, time: FakeClock, clock: Clock
) -> None:
    ids = play(network)
    fill(network, ids)
    read_all(installed, network, time, clock)
    asked = len(network.requests())
    late = network.post("mehmet", "I have the same question", at=clock.now, reply_to=ids["question"])
    pass_time(installed, time, clock, seconds=400)
    pass_time(installed, time, clock)
    assert live(installed)[late].in_reply_to == ids["question"]
    counted = Counter(str(entry["path"]) for entry in network.requests()[asked:])
    assert counted[f"/api/core/v3/messages{ids['question']}"] == 1


def test_a_throttled_reading_waits_as_long_as_it_is_told(
    installed: Core, network: Jive, time: FakeClock, clock: Clock
) -> None:
    play(network)
    row = connect(installed, "jive", form(network), None)
    network.fail(status=503, times=1, retry_after="120")
    pass_time(installed, time, clock, seconds=0)
    with installed.db.read() as session:
        wait = session.get_one(Connection, row.id).wait_until
    assert wait is not None
    assert (wait - time.now()).total_seconds() == 120
    pass_time(installed, time, clock, seconds=121)
    pass_time(installed, time, clock)
    assert live(installed).keys() == reachable(network).keys()


def test_a_changed_password_suspends_the_connection(
    installed: Core, network: Jive, time: FakeClock, clock: Clock
) -> None:
    play(network)
    row = read_all(installed, network, time, clock)
    network.revoke(US)
    pass_time(installed, time, clock, seconds=HOUR)
    with installed.db.read() as session:
        assert session.get_one(Connection, row.id).state == ConnectionState.SUSPENDED


def test_with_a_password_no_add_on_is_needed(bare: Core, network: Jive, time: FakeClock, clock: Clock) -> None:
    ids = play(network)
    read_all(bare, network, time, clock)
    assert live(bare)[ids["answer"]].direction == "out"
    assert ids["secret"] not in live(bare)


def test_private_messages_are_read_only_on_wish(
    installed: Core, network: Jive, time: FakeClock, clock: Clock
) -> None:
    save(installed, "jive", app(network, direct_messages="no"), None)
    ids = play(network)
    read_all(installed, network, time, clock)
    assert ids["secret"] not in live(installed)
    assert ids["question"] in live(installed)
    assert not [entry for entry in network.requests() if "/dms" in str(entry["path"])]


def test_what_a_group_we_left_says_counts_as_gone(
    installed: Core, network: Jive, time: FakeClock, clock: Clock
) -> None:
    ids = play(network)
    read_all(installed, network, time, clock)
    assert ids["closed"] in live(installed)
    network.leave(US, "Nordwerk Vertrieb", at=day(60))
    pass_time(installed, time, clock, seconds=DAY)
    assert ids["closed"] not in live(installed)
    assert ids["question"] in live(installed)


def test_people_come_with_what_they_show(installed: Core, network: Jive, time: FakeClock, clock: Clock) -> None:
    play(network)
    read_all(installed, network, time, clock)
    with installed.db.read() as session:
        people = {row.handle: row for row in session.scalars(select(Profile))}
    assert (people["kgross"].company, people["kgross"].title) == ("Fördertechnik Leine GmbH", "Leiterin Einkauf")
    assert people["kgross"].email == "katharina.gross@foerdertechnik-leine.example"
    assert (people["kgross"].email_verified, people[US].email_verified) == (False, True)
    hidden = [row for row in people.values() if row.display_name and row.display_name.startswith("Mehmet")]
    assert [row.email for row in hidden] == [None]
