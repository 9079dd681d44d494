"""Signatures against known values, the handshake, deliveries, their retries and their end."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from scrm.sandbox.graph.tokens import Tokens
from scrm.sandbox.graph.webhooks import Webhooks, escaped, sign
from tests.sandbox.graph.callback import listening


class Clock:
    now = datetime(2026, 11, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def webhooks(clock):
    return Webhooks(object="page", secret="app_secret", clock=clock, retry_after=(0.0, 0.0))


@pytest.fixture
def callback():
    with listening() as one:
        yield one


def test_signatures_and_proofs_are_those_published(clock):
    expected = "sha256=22d3988d1017c437ea81a89d41e2d3266c00a508cffdb23f8ad8746d232d77e9"
    assert sign("app_secret", b'{"object":"page","entry":[]}') == expected
    tokens = Tokens(app_id="1", app_secret="app_secret", clock=clock)
    assert tokens.proof("token") == "059a4ea9403818b051f7309a311095ac009e10fdbaeafbc3ea4d066fab212e18"


def test_bodies_are_signed_with_escaped_characters():
    assert escaped({"text": "Größe 🙂"}) == b'{"text":"Gr\\u00f6\\u00dfe \\ud83d\\ude42"}'


def test_an_address_must_echo_the_challenge(webhooks, callback):
    assert not webhooks.set_callback(callback.url, "wrong")
    webhooks.subscribe("7", ["feed"])
    webhooks.changed("7", "feed", {"n": 1})
    assert webhooks.deliver() == [], "an address that does not echo gets nothing"
    assert webhooks.set_callback(callback.url + "?tenant=1", callback.verify_token)
    assert not webhooks.set_callback("http://127.0.0.1:1/closed", callback.verify_token)
    with pytest.raises(ValueError, match="loopback"):
        webhooks.set_callback("https://app.example/hook", callback.verify_token)


def test_only_what_is_subscribed_is_sent_and_signed(webhooks, callback):
    webhooks.set_callback(callback.url, callback.verify_token)
    webhooks.changed("7", "feed", {"n": 1})
    webhooks.subscribe("7", ["feed", "messages"])
    webhooks.changed("7", "ratings", {"n": 2})
    webhooks.changed("8", "feed", {"n": 3})
    webhooks.changed("7", "feed", {"text": "ä"})
    webhooks.messaged("7", "messages", {"message": {"mid": "m"}})
    assert [one.statuses for one in webhooks.deliver()] == [[200], [200]]
    assert all(signature == sign("app_secret", body) for body, signature in callback.got)
    entries = [json.loads(body)["entry"][0] for body, _ in callback.got]
    assert entries[0]["changes"] == [{"field": "feed", "value": {"text": "ä"}}]
    assert entries[1]["messaging"] == [{"message": {"mid": "m"}}]
    assert entries[0]["time"] == int(Clock.now.timestamp())
    webhooks.unsubscribe("7")
    webhooks.changed("7", "feed", {"n": 4})
    assert webhooks.deliver() == []


def test_failures_are_tried_again_but_not_for_ever(webhooks, callback):
    webhooks.set_callback(callback.url, callback.verify_token)
    webhooks.subscribe("7", ["feed"])
    callback.statuses = [500, 200, 500, 500, 500]
    webhooks.changed("7", "feed", {"n": 1})
    webhooks.changed("7", "feed", {"n": 2})
    webhooks.deliver()
    assert [one["statuses"] for one in webhooks.deliveries()] == [[500, 200], [500, 500, 500]]
    assert [one["is_accepted"] for one in webhooks.deliveries()] == [True, False]
    again = webhooks.redeliver(1)
    assert [one.statuses for one in again] == [[500, 200, 200]]
    assert callback.got[-1] == callback.got[0], "the same bytes under the same signature"


def test_events_can_come_together(clock, callback):
    webhooks = Webhooks(object="page", secret="app_secret", clock=clock, batch=2)
    webhooks.set_callback(callback.url, callback.verify_token)
    webhooks.subscribe("7", ["feed"])
    for number in range(3):
        webhooks.changed("7", "feed", {"n": number})
    assert [len(json.loads(one.body)["entry"]) for one in webhooks.deliver()] == [2, 1]


def test_an_hour_of_failing_messages_ends_the_subscription(webhooks, callback, clock):
    webhooks.set_callback(callback.url, callback.verify_token)
    webhooks.subscribe("7", ["messages"])
    for minutes, is_subscribed in ((0, True), (59, True), (61, False)):
        clock.now = Clock.now + timedelta(minutes=minutes)
        callback.statuses = [500] * 3
        webhooks.messaged("7", "messages", {"message": {"mid": "m"}})
        webhooks.deliver()
        assert (webhooks.subscribed("7") is not None) == is_subscribed


def test_in_the_background_it_needs_no_word(webhooks, callback):
    webhooks.set_callback(callback.url, callback.verify_token)
    webhooks.subscribe("7", ["feed"])
    webhooks.start()
    webhooks.changed("7", "feed", {"n": 1})
    assert callback.arrived.wait(10)
    webhooks.stop()
    assert json.loads(callback.got[0][0])["entry"][0]["changes"][0]["value"] == {"n": 1}
