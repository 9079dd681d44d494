"""From the fake network to rows: connecting, reading, being told, losing the access, on each database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select
from werkzeug.serving import make_server

from scrm.clock import FakeClock
from scrm.connectors.push import STREAM as PUSH
from scrm.ingest.apps import save, values_of
from scrm.ingest.connections import connect, remove
from scrm.ingest.push import apply_due
from scrm.ingest.run import read_stream
from scrm.ingest.subscriptions import subscribe
from scrm.models import Connection, ConnectionState, InboxItem, Interaction, Profile, RawRecord, StreamState
from scrm.runtime import Core
from scrm.sandbox.sharepoint import SharePoint
from scrm.web import create_app
from tests.connectors.sharepoint.scenario import app, change, form, play

DAY = 24 * 3600.0


@pytest.fixture
def core(core: Core, network: SharePoint, time: FakeClock) -> Core:
    core.db.clock = time
    host = urlsplit(network.base_url).netloc
    core = replace(core, settings=replace(core.settings, allowed_hosts=(host,)))
    save(core, "sharepoint", {name: text for name, text in app(network).items() if name != "client_state"}, None)
    return core


def drain(core: Core, time: FakeClock, *, seconds: float = 60.0) -> None:
    """Let time pass and run whatever is due, until nothing is."""
    time.advance(seconds)
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


def there(network: SharePoint) -> dict[str, str]:
    return {str(one["native_id"]): str(one["author"]) for one in network.truth() if not one["deleted"]}


def authors(core: Core) -> dict[str, str]:
    with core.db.read() as session:
        rows = session.execute(
            select(Interaction.native_id, Profile.native_id)
            .join(Profile, Profile.id == Interaction.profile_id)
            .where(Interaction.deleted_at.is_(None))
        ).all()
        return {row[0]: row[1] for row in rows}


def count(core: Core, table: type[Interaction | RawRecord | InboxItem]) -> int:
    with core.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def quarantined(core: Core) -> int:
    with core.db.read() as session:
        wrong = RawRecord.quarantine.is_not(None)
        return session.scalar(select(func.count()).select_from(RawRecord).where(wrong)) or 0


def test_a_site_is_read_once_and_everything_that_changes_is_followed(
    core: Core, network: SharePoint, time: FakeClock
) -> None:
    ids = play(network)
    connect(core, "sharepoint", form(network), None)
    drain(core, time, seconds=0)
    drain(core, time)
    assert authors(core) == there(network)
    assert quarantined(core) == 0
    assert {row.audience for row in live(core).values()} == {"community"}

    before = (set(live(core)), count(core, RawRecord))
    drain(core, time, seconds=900)
    assert (set(live(core)), count(core, RawRecord)) == before

    change(network, ids)
    drain(core, time, seconds=DAY)
    drain(core, time, seconds=DAY)
    assert authors(core) == there(network)
    assert live(core)[ids["news"]].text == "New: NW-41. It runs well."
    assert live(core)[ids["thread"]].text == "Who has run it on ice?"
    assert [one for one in network.requests() if one["outcome"] == "invalid"] == []


def test_an_answer_of_ours_stands_on_the_timeline_of_whoever_was_answered(
    core: Core, network: SharePoint, time: FakeClock
) -> None:
    ids = play(network)
    connect(core, "sharepoint", form(network), None)
    drain(core, time, seconds=0)
    drain(core, time)
    with core.db.read() as session:
        katharina = session.scalars(select(Profile).where(Profile.display_name == "Katharina Groß")).one()
        assert (katharina.email_verified, katharina.company) == (True, "Fördertechnik Leine GmbH")
    assert live(core)[ids["answer"]].in_reply_to == ids["question"]


def test_a_revoked_access_suspends_the_connection(core: Core, network: SharePoint, time: FakeClock) -> None:
    play(network)
    row = connect(core, "sharepoint", form(network), None)
    drain(core, time, seconds=0)
    network.revoke("nordwerk")
    drain(core, time, seconds=1000)
    with core.db.read() as session:
        assert session.get_one(Connection, row.id).state == ConnectionState.SUSPENDED


@contextmanager
def reachable(core: Core) -> Iterator[Core]:
    """Our own web pages on an address that the network can call."""
    server = make_server("127.0.0.1", 0, create_app(core), threaded=True)
    host = f"127.0.0.1:{server.server_port}"
    settings = replace(
        core.settings,
        public_url=f"http://{host}",
        allowed_hosts=(*core.settings.allowed_hosts, host),
    )
    core = replace(core, settings=settings)
    server.app = create_app(core)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield core
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_graph_asks_our_address_and_tells_of_every_change_of_a_list(
    core: Core, network: SharePoint, time: FakeClock
) -> None:
    ids = play(network)
    with reachable(core) as called:
        row = connect(called, "sharepoint", form(network), None)
        drain(called, time, seconds=0)
        told = [one for one in network.requests() if one["method"] == "POST" and one["path"] == "/v1.0/subscriptions"]
        assert [one["status"] for one in told] == [201, 201]
        drain(called, time)
        for words in ("Once more. It runs.", "And again. It runs."):
            network.edit(ids["news"], words, at=time.now())
            assert network.deliver() == 1
            assert apply_due(called, 10) == 1
            with called.db.read() as session:
                woken = select(StreamState.id).where(
                    StreamState.stream.in_(("pages", "items")), StreamState.due_at <= time.now()
                )
                due = session.scalars(woken).all()
            assert len(due) == 2
            for state_id in due:
                read_stream(called, state_id)
            assert live(called)[ids["news"]].text == words
        assert count(called, InboxItem) == 2
        drain(called, time, seconds=1000)
        renewed = [one for one in network.requests() if one["method"] == "PATCH"]
        assert [one["status"] for one in renewed] == [200, 200]
        remove(called, row.public_id, None)
        ended = [one for one in network.requests() if one["method"] == "DELETE"]
        assert [one["status"] for one in ended] == [204, 204]


def test_a_notice_without_our_word_is_refused(core: Core, network: SharePoint) -> None:
    play(network)
    connect(core, "sharepoint", form(network), None)
    with reachable(core) as called:
        client = create_app(called).test_client()
        forged = {"value": [{"clientState": "guess", "resource": f"sites/{network.site_id()}/lists/1"}]}
        assert client.post("/webhooks/sharepoint", json=forged).status_code == 401
        known = values_of(called, "sharepoint")["client_state"]
        forged["value"][0]["clientState"] = known
        assert client.post("/webhooks/sharepoint", json=forged).status_code == 200
        asked = client.post("/webhooks/sharepoint?validationToken=Is%20it%20you%3F")
        assert (asked.status_code, asked.get_data(as_text=True)) == (200, "Is it you?")
        assert asked.mimetype == "text/plain"
        assert client.post("/webhooks/sharepoint").status_code == 401
