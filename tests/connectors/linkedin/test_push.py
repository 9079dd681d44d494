"""Being called: subscribing, what deliveries tell, and that it is the same as in the list."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import pytest

from scrm.connectors.base import Api, ObjectRef
from scrm.connectors.linkedin import connector
from scrm.connectors.payload import Payload
from scrm.connectors.push import Push, Pushed
from scrm.errors import GoneError, PayloadError
from scrm.records import DeletionRecord, InteractionRecord
from tests.connectors.linkedin.reading import Reading, account_of, read_lists
from tests.connectors.linkedin.scenario import minute, play


@dataclass
class Ear:
    """An address that answers as ours does, and what it heard."""

    address: str = ""
    bodies: list[bytes] = field(default_factory=list)

    def pushed(self) -> list[Pushed]:
        return [one for body in self.bodies for one in connector.push.events(body)]


@contextmanager
def hearing(api: Api, push: Push) -> Iterator[Ear]:
    ear = Ear()

    class Answering(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = dict(parse_qsl(urlsplit(self.path).query))
            answer = push.handshake(api.app, query, frozenset())
            self._send(200 if answer else 404, answer.body if answer else "")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            push.verify(api.app, {name.lower(): value for name, value in self.headers.items()}, body)
            ear.bodies.append(body)
            self._send(204, "")

        def _send(self, status: int, body: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    ear.address = f"http://127.0.0.1:{server.server_address[1]}/webhooks/linkedin"
    try:
        yield ear
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def ear(api: Api) -> Iterator[Ear]:
    with hearing(api, connector.push) as heard:
        connector.push.subscribe(api, heard.address)
        yield heard


def told(api: Api, ear: Ear) -> Reading:
    """What the deliveries say, as ingest takes it."""
    reading = Reading()
    for one in ear.pushed():
        assert one.account_id == account_of(api).key.native_id
        reading.note(connector.push.translate(Payload(one.item), account_of(api)))
    return reading


def test_subscribing_again_changes_nothing_and_another_address_takes_over(api, ear, network):
    connector.push.subscribe(api, ear.address)
    written = [one for one in network.requests() if one["method"] == "PUT"]
    assert len(written) == 1
    with hearing(api, connector.push) as other:
        connector.push.subscribe(api, other.address)
        play(network)
        network.deliver()
        assert other.bodies
    assert not ear.bodies
    connector.push.unsubscribe(api, ear.address)
    with pytest.raises(GoneError):
        connector.push.unsubscribe(api, ear.address)


def test_what_is_delivered_is_what_the_list_says(api, ear, network):
    play(network)
    network.deliver()
    network.redeliver()
    pushed, polled = told(api, ear), read_lists(api, Reading())
    from_notices = {name: one for name, one in polled.interactions.items() if one.kind in {"reaction", "mention"}}
    assert from_notices
    assert from_notices.items() <= pushed.interactions.items()
    assert all(pushed.interactions[name] == polled.interactions[name] for name in pushed.interactions)
    assert not any(one.full for one in pushed.profiles.values()), "a delivery names nobody"
    ids = [one.id for one in ear.pushed()]
    assert len(set(ids)) * 2 <= len(ids)


def test_a_comment_is_looked_up_where_it_stands_and_its_words_are_not_kept(api, ear, network):
    urns = play(network)
    network.edit(urns["answer"], "A secret word", at=minute(600))
    network.delete(urns["aside"], at=minute(601))
    network.deliver()
    texts = json.dumps([one.item for one in ear.pushed()])
    assert "secret word" not in texts
    assert "Which oil" not in texts
    account = account_of(api)
    orders = [order for one in ear.pushed() for order in connector.push.watch(Payload(one.item), account)]
    found = {(order.stream, order.native_id): order for order in orders}
    assert ("comments", urns["news"]) in found
    assert ("reactions", urns["news"]) in found
    edited = found["recheck", urns["answer"]]
    ref = ObjectRef(native_id=edited.native_id, fetch_ref=edited.fetch_ref)
    page = connector.object_stream("recheck").read(api, [ref])
    records = list(connector.object_stream("recheck").translate(Payload(page.items[0]), account))
    assert [one.text for one in records if isinstance(one, InteractionRecord)] == ["Katharina Groß A secret word"]
    deleted = [
        record
        for one in ear.pushed()
        for record in connector.push.translate(Payload(one.item), account)
        if isinstance(record, DeletionRecord)
    ]
    assert [one.key.native_id for one in deleted] == [urns["aside"]]


def test_other_deliveries_are_none_of_ours_and_nonsense_is_an_error():
    assert list(connector.push.events(b'{"type": "LEAD_ACTION", "leadAction": "CREATED"}')) == []
    for body in (b"[]", b"{", b'{"type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS", "notifications": [{}]}'):
        with pytest.raises(PayloadError):
            list(connector.push.events(body))
