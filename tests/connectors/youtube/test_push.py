"""The hub's calls: its question, its signature, what it tells; and real deliveries of the fake's hub."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from scrm.connectors.base import RECHECK, Api, WatchOrder
from scrm.connectors.payload import Payload
from scrm.connectors.push import hex_hmac
from scrm.connectors.youtube import connector, feed
from scrm.connectors.youtube.push import TOPIC
from scrm.errors import PayloadError, RetryLaterError, WebhookRefusedError
from scrm.records import DeletedKind, DeletionRecord
from tests.connectors.youtube.reading import account_of
from tests.connectors.youtube.scenario import US, day

PUSH = connector.push
assert PUSH is not None
APP = {"hub_secret": "hub_secret"}
OURS = "UCHczP187O3SNWmJBwAkCNyw"
SIGNED = "sha1=aa36cfb482c1cf260c96ec682de0bc8842d1cdd6"  # of <feed/>, reckoned apart from this code
FEED = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns="http://www.w3.org/2005/Atom"><title>x</title>
<entry><yt:videoId>{video}</yt:videoId><yt:channelId>{channel}</yt:channelId><title>A &amp; B</title>
<published>2026-09-01T00:00:00+00:00</published><updated>2026-09-01T00:00:01+00:00</updated></entry></feed>"""


class Callback:
    """Our address as the hub sees it: asks the connector what to answer."""

    def __init__(self, account_id: str) -> None:
        self.told: list[dict[str, object]] = []
        self.statuses: list[int] = []
        callback = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = dict(parse_qsl(urlsplit(self.path).query))
                try:
                    found = PUSH.handshake(APP, query, frozenset({account_id}))
                except WebhookRefusedError:
                    found = None
                self._answer(200 if found else 404, found.body if found else "")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                try:
                    PUSH.verify(APP, headers, body)
                except WebhookRefusedError:
                    self._answer(401, "")
                    return
                callback.told += [{"id": one.id, "account": one.account_id, **one.item} for one in PUSH.events(body)]
                self._answer(200, "")

            def _answer(self, status: int, body: str) -> None:
                callback.statuses.append(status)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                pass

        self._http = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/webhooks/youtube"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@contextmanager
def listening(account_id: str) -> Iterator[Callback]:
    callback = Callback(account_id)
    try:
        yield callback
    finally:
        callback.stop()


def test_a_delivery_with_the_right_signature_is_taken():
    PUSH.verify(APP, {"x-hub-signature": SIGNED}, b"<feed/>")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b"<feed/>"),
        ({"x-hub-signature": ""}, b"<feed/>"),
        ({"x-hub-signature": SIGNED}, b"<feed />"),
        ({"x-hub-signature": SIGNED.removeprefix("sha1=")}, b"<feed/>"),
        ({"x-hub-signature": SIGNED.replace("sha1", "sha256")}, b"<feed/>"),
        ({"x-hub-signature": "sha1=" + hex_hmac("another", b"<feed/>", "sha1")}, b"<feed/>"),
        ({"x-hub-signature": "sha1=\udcff"}, b"<feed/>"),
    ],
)
def test_a_forged_delivery_is_refused(headers, body):
    with pytest.raises(WebhookRefusedError):
        PUSH.verify(APP, headers, body)


def test_without_a_secret_of_ours_nothing_is_taken():
    with pytest.raises(WebhookRefusedError):
        PUSH.verify({"hub_secret": ""}, {"x-hub-signature": "sha1=" + "0" * 40}, b"<feed/>")


def query(mode: str, channel: str = OURS, **more: str) -> dict[str, str]:
    return {"hub.mode": mode, "hub.topic": TOPIC + channel, "hub.challenge": "c-1", **more}


def test_the_hub_hears_its_challenge_for_a_channel_of_ours_alone():
    answer = PUSH.handshake(APP, query("subscribe"), frozenset({OURS}))
    assert answer is not None
    assert (answer.body, answer.content_type) == ("c-1", "text/plain")
    for refused in (
        query("subscribe", "UCsomebodyelse0123456789"),
        query("denied"),
        {**query("subscribe"), "hub.topic": f"https://elsewhere.example/?channel_id={OURS}"},
        {"hub.mode": "subscribe", "hub.topic": TOPIC + OURS},
        {},
    ):
        assert PUSH.handshake(APP, refused, frozenset({OURS})) is None


def test_nobody_else_can_end_what_tells_us_of_a_channel():
    token = {"hub.verify_token": hex_hmac("hub_secret", (TOPIC + OURS).encode())}
    for given in ({}, {"hub.verify_token": "guessed"}):
        with pytest.raises(WebhookRefusedError):
            PUSH.handshake(APP, query("unsubscribe", **given), frozenset({OURS}))
    assert PUSH.handshake(APP, query("unsubscribe", **token), frozenset({OURS})) is not None
    assert PUSH.handshake(APP, query("unsubscribe"), frozenset()) is not None


def test_an_upload_orders_the_video_to_be_read(api: Api) -> None:
    (told,) = PUSH.events(FEED.format(video="abcdefghijk", channel=OURS).encode())
    assert (told.account_id, told.id) == (OURS, "abcdefghijk 2026-09-01T00:00:01+00:00")
    item = Payload(told.item)
    assert list(PUSH.translate(item, account_of(api))) == []
    assert list(PUSH.watch(item, account_of(api))) == [
        WatchOrder(stream=RECHECK, native_id="abcdefghijk", fetch_ref="video", after_seconds=0)
    ]
    assert "A & B" not in str(told.item)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe<",
        b"not a feed",
        b"<feed>",
        "<?xml version='1.0' encoding='UTF-16'?><feed/>".encode("utf-16"),
        b"<?xml version='1.0'?><!DOCTYPE feed [<!ENTITY a 'aaaa'>]><feed>&a;</feed>",
        FEED.format(video="", channel=OURS).encode(),
        FEED.format(video="abcdefghijk", channel=" ").encode(),
        b"""<feed xmlns:at="http://purl.org/atompub/tombstones/1.0" xmlns="http://www.w3.org/2005/Atom">
        <at:deleted-entry ref="yt:playlist:1" when="2026-09-01T00:00:00Z"/></feed>""",
    ],
)
def test_what_makes_no_sense_is_said_so_without_its_values(body):
    with pytest.raises(PayloadError) as why:
        list(PUSH.events(body))
    assert OURS not in str(why.value)


def test_entities_are_never_unfolded():
    nested = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 20))
    body = f"<?xml version='1.0'?><!DOCTYPE f [<!ENTITY a0 'ha'>{nested}]><f>&a19;</f>".encode()
    with pytest.raises(PayloadError, match="document type"):
        list(feed.read(body))
    with pytest.raises(PayloadError):
        list(feed.read(b"<feed>&undeclared;</feed>"))


def test_a_feed_without_entries_tells_nothing():
    assert list(PUSH.events(b"<feed xmlns='http://www.w3.org/2005/Atom'/>")) == []


def test_the_hub_tells_of_uploads_edits_and_deletions(network, api):
    account = account_of(api)
    with listening(account.key.native_id) as callback:
        PUSH.subscribe(api, callback.url)
        PUSH.subscribe(api, callback.url)  # every day anew
        network.deliver()
        video = network.post(US, "Fresh\nfrom the works", at=day(59))
        network.edit(video, "Fresh again", at=day(59.1))
        network.post(US, "For nobody", at=day(59.2), visibility="private")
        network.delete(video, at=day(59.3))
        network.deliver()
        assert callback.statuses == [200] * 5
        assert [(one["video"], one["account"], "deleted" in one) for one in callback.told] == [
            (video, account.key.native_id, False),
            (video, account.key.native_id, False),
            (video, account.key.native_id, True),
        ]
        assert len({one["id"] for one in callback.told}) == 3
        (record,) = PUSH.translate(Payload(callback.told[-1]), account)
        assert isinstance(record, DeletionRecord)
        assert (record.key.native_id, record.kind) == (video, DeletedKind.INTERACTION)
        assert record.deleted_at == day(59.3)


def test_after_unsubscribing_nothing_comes_any_more(network, api):
    with listening(account_of(api).key.native_id) as callback:
        PUSH.subscribe(api, callback.url)
        network.deliver()
        PUSH.unsubscribe(api, callback.url)
        network.deliver()
        network.post(US, "Unheard", at=day(59))
        network.deliver()
        assert (callback.statuses, callback.told) == ([200, 200], [])


def test_our_access_is_none_of_the_hubs_business(api, monkeypatch):
    sent: list[dict[str, object]] = []
    call = api.session.call

    def listening_in(method: str, url: str, **given: object) -> object:
        sent.append(given)
        return call(method, url, **given)

    monkeypatch.setattr(api.session, "call", listening_in)
    PUSH.subscribe(api, "http://127.0.0.1:9/webhooks/youtube")
    assert [list(given) for given in sent] == [["data"]]
    assert not [secret for secret in api.credentials.values() if secret in str(sent[0])]


def test_a_hub_that_is_down_is_asked_again_later(network, api):
    network.fail(status=503, times=1, path="/subscribe")
    with pytest.raises(RetryLaterError):
        PUSH.subscribe(api, "http://127.0.0.1:9/webhooks/youtube")
