"""From the fake network to rows: an app, a connection, lists, calls to us, renewing and losing the access."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import func, select

from scrm.clock import FakeClock
from scrm.connectors.push import STREAM
from scrm.ingest.access import place
from scrm.ingest.apps import save, values_of
from scrm.ingest.connections import connect
from scrm.ingest.push import apply_due, receive, shake_hands
from scrm.ingest.run import read_stream
from scrm.ingest.subscriptions import subscribe
from scrm.models import Connection, ConnectionState, Interaction, Profile, RawRecord, StreamState, Watch
from scrm.runtime import Core
from scrm.sandbox.instagram import Instagram
from tests.connectors.instagram.scenario import change, fake, minute, play

HOUR, DAY = 3600.0, 24 * 3600.0


@pytest.fixture
def time() -> FakeClock:
    return FakeClock(minute(100))


@pytest.fixture
def network(time: FakeClock) -> Iterator[Instagram]:
    with fake(clock=time.now) as running:
        yield running


@pytest.fixture
def core(core: Core, network: Instagram, time: FakeClock) -> Core:
    core.db.clock = time
    hosts = (urlsplit(network.base_url).netloc, "127.0.0.1:9")
    core = replace(core, settings=replace(core.settings, allowed_hosts=hosts, public_url="http://127.0.0.1:9"))
    save(core, "instagram", network.app(), None)
    return core


@pytest.fixture
def callback(core: Core) -> Iterator[str]:
    """An address that does with a call what ours does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = dict(parse_qsl(urlsplit(self.path).query))
            self._say(shake_hands(core, "instagram", query).body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receive(core, "instagram", dict(self.headers), body)
            self._say("")

        def _say(self, text: str) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/webhooks/instagram"
    server.shutdown()
    server.server_close()
    thread.join()


def drain(core: Core, time: FakeClock, *, seconds: float = 60.0) -> None:
    """Let time pass and run whatever is due, until nothing is."""
    time.advance(seconds)
    for _ in range(200):
        apply_due(core, 100)
        with core.db.read() as session:
            due = session.execute(
                select(StreamState.id, StreamState.stream).where(StreamState.due_at <= time.now())
            ).all()
        if not due:
            return
        for state_id, stream in due:
            if stream == STREAM:
                subscribe(core, state_id)
            else:
                read_stream(core, state_id)
    raise AssertionError("something stays due for ever")


def live(core: Core) -> dict[str, str]:
    with core.db.read() as session:
        rows = session.execute(
            select(Interaction.native_id, Interaction.kind).where(Interaction.deleted_at.is_(None))
        )
        return {row.native_id: row.kind for row in rows}


def present(network: Instagram) -> set[object]:
    """What lists and notices tell of."""
    return {one["native_id"] for one in network.truth() if one["shown"] and not one["deleted"]}


def listed(network: Instagram) -> set[object]:
    """What lists alone tell of: not the mentions that are no tags."""
    rows = {one["native_id"]: one for one in network.truth()}
    return {number for number in present(network) if rows[number]["kind"] != "mention" or rows[number].get("tagged")}


def row(core: Core, native_id: str) -> Interaction:
    with core.db.read() as session:
        return session.scalars(select(Interaction).where(Interaction.native_id == native_id)).one()


def raw(core: Core) -> int:
    with core.db.read() as session:
        return session.scalar(select(func.count()).select_from(RawRecord)) or 0


def test_a_connection_reads_everything_once_and_follows_what_changes(
    core: Core, network: Instagram, time: FakeClock
) -> None:
    ids = play(network)
    connect(core, "instagram", network.credentials("nordwerk"), None)
    drain(core, time, seconds=0)
    assert live(core).keys() == listed(network)

    before = (live(core), raw(core))
    drain(core, time, seconds=HOUR)
    assert (live(core), raw(core)) == before

    change(network, ids)
    drain(core, time, seconds=DAY)
    assert live(core).keys() == listed(network)
    assert row(core, ids["news"]).text == "New catalog, second edition #motors"
    assert row(core, ids["letter1"]).text == "Call me, please"
    assert row(core, ids["hello"]).text is None


def test_what_is_told_arrives_at_once_and_only_once(
    core: Core, network: Instagram, time: FakeClock, callback: str
) -> None:
    connect(core, "instagram", network.credentials("nordwerk"), None)
    drain(core, time, seconds=0)
    token = values_of(core, "instagram")["verify_token"]
    assert not network.set_callback(callback, f"{token}x")
    assert network.set_callback(callback, token)
    ids = play(network)
    network.deliver()
    drain(core, time, seconds=1)
    asked = present(network) - {ids[f"t{what}{number}"] for what in ("ip", "ag") for number in range(26)}
    assert live(core).keys() == asked - {ids["news"]}
    assert network.redeliver()
    drain(core, time, seconds=HOUR)
    assert live(core).keys() == present(network)

    network.delete(ids["letter0"], at=time.now())
    network.edit(ids["letter1"], "Call me, please", at=time.now())
    network.deliver()
    drain(core, time, seconds=1)
    assert ids["letter0"] not in live(core)
    assert row(core, ids["letter1"]).text == "Call me, please"


def test_being_told_and_reading_lists_give_the_same_rows(
    core: Core, network: Instagram, time: FakeClock, callback: str
) -> None:
    connect(core, "instagram", network.credentials("nordwerk"), None)
    drain(core, time, seconds=0)
    network.set_callback(callback, values_of(core, "instagram")["verify_token"])
    ids = play(network)
    network.deliver()
    drain(core, time, seconds=1)
    names = ("question", "answer", "aside", "own", "letter0", "callback")
    before = {name: row(core, ids[name]) for name in names}
    drain(core, time, seconds=DAY)
    for name, told in before.items():
        read = row(core, ids[name])
        assert (read.version, read.occurred_at, read.party_id) == (1, told.occurred_at, told.party_id), name
        assert read.party_id is not None or name == "own"


def test_our_answer_stands_on_the_timeline_of_the_person_answered(
    core: Core, network: Instagram, time: FakeClock
) -> None:
    ids = play(network)
    connect(core, "instagram", network.credentials("nordwerk"), None)
    drain(core, time, seconds=0)
    answer, question = row(core, ids["answer"]), row(core, ids["question"])
    assert (answer.direction, answer.party_id) == ("out", question.profile_id)
    with core.db.read() as session:
        writer = session.get_one(Profile, question.profile_id)
        assert writer.display_name == "Katharina Groß"


def test_an_access_is_renewed_before_it_ends(core: Core, network: Instagram, time: FakeClock) -> None:
    connection = connect(core, "instagram", network.credentials("nordwerk"), None)
    drain(core, time, seconds=0)
    for _ in range(9):
        drain(core, time, seconds=10 * DAY)
    newer = network.post("nordwerk", "Still here", at=time.now())
    drain(core, time, seconds=HOUR)
    assert newer in live(core)
    with core.db.read() as session:
        stored = session.get_one(Connection, connection.id)
        assert stored.state == ConnectionState.ACTIVE
        credentials = core.vault.open(stored.credentials or "", place(stored))
    assert credentials["access_token"] != network.credentials("nordwerk")["access_token"]
    renewals = Counter(str(one["path"]) for one in network.requests())["/v26.0/refresh_access_token"]
    assert 2 <= renewals <= 5


def test_a_revoked_access_suspends_the_connection(core: Core, network: Instagram, time: FakeClock) -> None:
    play(network)
    connection = connect(core, "instagram", network.credentials("nordwerk"), None)
    drain(core, time, seconds=0)
    network.revoke("nordwerk")
    drain(core, time, seconds=HOUR)
    with core.db.read() as session:
        assert session.get_one(Connection, connection.id).state == ConnectionState.SUSPENDED


def test_a_quiet_post_is_watched_no_longer(core: Core, network: Instagram, time: FakeClock) -> None:
    network.post("nordwerk", "Hello", at=minute(1))
    connect(core, "instagram", network.credentials("nordwerk"), None)
    drain(core, time, seconds=0)
    watched = select(func.count()).select_from(Watch).where(Watch.stream == "comments")
    with core.db.read() as session:
        assert session.scalar(watched) == 1
    for _ in range(10):
        drain(core, time, seconds=10 * DAY)
    with core.db.read() as session:
        assert session.scalar(watched) == 0
    assert time.now() - minute(1) > timedelta(days=99)
