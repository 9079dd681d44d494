"""The hub: subscribing, its handshake, signed notifications, leases and what is tried again."""

import hashlib
import hmac
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest
import requests

from scrm.sandbox.youtube.hub import signature
from tests.sandbox.youtube.conftest import minute

ATOM = "{http://www.w3.org/2005/Atom}"
TUBE = "{http://www.youtube.com/xml/schemas/2015}"
TOMB = "{http://purl.org/atompub/tombstones/1.0}"
TOPIC = "https://www.youtube.com/xml/feeds/videos.xml?channel_id="


class Callback:
    """A subscriber's web server that answers as told and keeps what it got."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.echo, self.status = True, 204
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                outer.asked.append(query)
                self.answer(200 if outer.echo else 404, query["hub.challenge"].encode())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((dict(self.headers), body))
                self.answer(outer.status, b"")

            def answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/youtube"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def callback() -> Iterator[Callback]:
    callback = Callback()
    yield callback
    callback.server.shutdown()
    callback.server.server_close()


def subscribe(network, callback, channel, **changes):
    form = {
        "hub.mode": "subscribe",
        "hub.topic": TOPIC + channel,
        "hub.callback": callback.url,
        "hub.verify": "async",
        "hub.secret": "hub_secret",
    }
    answer = requests.post(network.app()["hub_url"], data=form | changes, timeout=10)
    network.deliver()
    return answer


def test_the_signature_fits_the_known_vector():
    assert signature("hub_secret", b"<feed/>") == "sha1=aa36cfb482c1cf260c96ec682de0bc8842d1cdd6"


def test_nothing_is_sent_to_whoever_has_not_subscribed(network, callback):
    network.post("nordwerk", "Neu", at=minute(0))
    network.deliver()
    assert network.deliveries() == []


def test_a_subscription_is_verified_by_a_challenge(network, callback, channel):
    assert subscribe(network, callback, channel).status_code == 202
    [asked] = callback.asked
    assert (asked["hub.mode"], asked["hub.topic"], asked["hub.lease_seconds"]) == (
        "subscribe",
        TOPIC + channel,
        "432000",
    )
    [living] = network.hub.subscriptions()
    assert living["expires_at"] == "2026-11-06T08:00:00+00:00"
    assert "hub_secret" not in str([living, network.deliveries(), network.requests()])


def test_a_callback_keeps_a_query_of_its_own(network, callback, channel):
    subscribe(network, callback, channel, **{"hub.callback": f"{callback.url}?connection=7"})
    assert callback.asked[0]["connection"] == "7"
    assert len(network.hub.subscriptions()) == 1


def test_who_does_not_answer_at_all_is_asked_again(network, channel):
    gone = Callback()
    gone.server.shutdown()
    gone.server.server_close()
    subscribe(network, gone, channel)
    assert [(one["attempt"], one["status"]) for one in network.deliveries()] == [(n, None) for n in (1, 2, 3, 4)]


def test_who_does_not_know_of_it_refuses(network, callback, channel):
    callback.echo = False
    assert subscribe(network, callback, channel).status_code == 202
    assert network.hub.subscriptions() == []
    [tried] = network.deliveries()
    assert (tried["kind"], tried["status"], tried["is_accepted"]) == ("verification", 404, False)


@pytest.mark.parametrize(
    "change",
    [
        {"hub.mode": "publish"},
        {"hub.topic": "https://www.youtube.com/channel/UC1"},
        {"hub.callback": "http://127.0.0.1/x#here"},
        {"hub.callback": "ftp://127.0.0.1/x"},
        {"hub.callback": "http://127.0.0.1:99999/x"},
        {"hub.callback": "https://elsewhere.example/x"},
        {"hub.verify": "sync"},
        {"hub.lease_seconds": "0"},
        {"hub.lease_seconds": "long"},
        {"hub.secret": "x" * 200},
        {"hub.invented": "1"},
    ],
)
def test_a_wrong_wish_is_refused_and_recorded(network, callback, channel, change):
    answer = subscribe(network, callback, channel, **change)
    assert answer.status_code == 400
    assert network.requests()[-1]["outcome"] == "invalid"
    assert callback.asked == []


def parsed(body):
    return ET.fromstring(body)  # noqa: S314 - our own fake wrote it


def entry_of(body):
    return parsed(body).find(f"{ATOM}entry")


def test_an_upload_and_its_edit_are_told_and_signed(network, callback, channel):
    subscribe(network, callback, channel)
    video = network.post("nordwerk", "Neu: A & <B>\nmehr", at=minute(1))
    network.edit(video, "Neuer", at=minute(2))
    network.deliver()
    (headers, first), (_, second) = callback.got
    assert headers["X-Hub-Signature"] == "sha1=" + hmac.new(b"hub_secret", first, hashlib.sha1).hexdigest()
    assert headers["Content-Type"] == "application/atom+xml"
    entry = entry_of(first)
    assert (entry.findtext(f"{TUBE}videoId"), entry.findtext(f"{TUBE}channelId")) == (video, channel)
    assert entry.findtext(f"{ATOM}title") == "Neu: A & B"
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Nordwerk Antriebstechnik"
    assert entry.findtext(f"{ATOM}published") == "2026-11-01T08:01:00+00:00"
    assert entry_of(second).findtext(f"{ATOM}title") == "Neuer"
    assert entry_of(second).findtext(f"{ATOM}updated") == "2026-11-01T08:02:00+00:00"


def test_a_deletion_is_a_tombstone(network, callback, channel):
    subscribe(network, callback, channel)
    video = network.post("nordwerk", "Neu", at=minute(1))
    network.delete(video, at=minute(2))
    network.deliver()
    dead = parsed(callback.got[-1][1]).find(f"{TOMB}deleted-entry")
    assert dead.attrib == {"ref": f"yt:video:{video}", "when": "2026-11-01T08:02:00+00:00"}


def test_comments_hidden_videos_and_other_channels_are_not_told(network, callback, channel):
    subscribe(network, callback, channel)
    network.post("nordwerk", "Geheim", at=minute(1), visibility="private")
    network.post("nordwerk", "Nur mit Link", at=minute(1), visibility="unlisted")
    network.post("helene", "Meins", at=minute(2))
    video = network.post("nordwerk", "Neu", at=minute(3))
    network.post("helene", "Schön", at=minute(4), reply_to=video)
    network.deliver()
    assert [entry_of(body).findtext(f"{TUBE}videoId") for _, body in callback.got] == [video]


def test_without_a_secret_nothing_is_signed(network, callback, channel):
    form = {"hub.mode": "subscribe", "hub.topic": TOPIC + channel, "hub.callback": callback.url}
    requests.post(network.app()["hub_url"], data=form, timeout=10)
    network.deliver()
    network.post("nordwerk", "Neu", at=minute(1))
    network.deliver()
    assert "X-Hub-Signature" not in callback.got[0][0]


def test_a_lease_ends_and_can_be_renewed(network, clock, callback, channel):
    subscribe(network, callback, channel, **{"hub.lease_seconds": "9999999"})
    assert callback.asked[0]["hub.lease_seconds"] == "432000"
    clock.turn(days=4)
    subscribe(network, callback, channel)
    clock.turn(days=4)
    network.post("nordwerk", "Neu", at=minute(1))
    network.deliver()
    assert len(callback.got) == 1
    clock.turn(days=1)
    network.post("nordwerk", "Zu spät", at=minute(2))
    network.deliver()
    assert len(callback.got) == 1
    assert network.hub.subscriptions() == []


def test_leaving_is_verified_too(network, callback, channel):
    subscribe(network, callback, channel)
    subscribe(network, callback, channel, **{"hub.mode": "unsubscribe"})
    assert callback.asked[-1]["hub.mode"] == "unsubscribe"
    network.post("nordwerk", "Neu", at=minute(1))
    network.deliver()
    assert callback.got == []


def test_what_fails_is_tried_four_times_and_can_be_sent_again(network, callback, channel):
    subscribe(network, callback, channel)
    callback.status = 500
    network.post("nordwerk", "Neu", at=minute(1))
    network.deliver()
    tries = [one for one in network.deliveries() if one["kind"] == "notification"]
    assert [(one["attempt"], one["status"], one["is_accepted"]) for one in tries] == [
        (number, 500, False) for number in (1, 2, 3, 4)
    ]
    callback.status = 204
    network.redeliver()
    network.deliver()
    assert network.deliveries()[-1]["is_accepted"] is True
    assert callback.got[-1][1] == callback.got[0][1]


def test_the_hub_sends_without_being_told_to(network, callback, channel):
    subscribe(network, callback, channel)
    arrived = threading.Event()
    callback.got = Noticed(arrived)
    network.post("nordwerk", "Neu", at=minute(1))
    assert arrived.wait(10)


class Noticed(list):
    def __init__(self, event):
        self.event = event

    def append(self, item):
        super().append(item)
        self.event.set()
