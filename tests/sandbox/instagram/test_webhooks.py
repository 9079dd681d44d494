"""What the app's webhook is told: handshake, forms, signatures, repetition, and what nobody is told."""

import time

import pytest

from scrm.sandbox.graph.webhooks import sign
from scrm.sandbox.instagram import Instagram
from tests.sandbox.instagram.conftest import Callback, Reader, minute, settle

FIELDS = "comments,mentions,messages,message_edit,message_reactions"
VECTOR = "sha256=22d3988d1017c437ea81a89d41e2d3266c00a508cffdb23f8ad8746d232d77e9"


@pytest.fixture
def subscribed(reader, callback):
    assert reader.json("me/subscribed_apps", "POST", subscribed_fields=FIELDS) == {"success": True}
    return callback


def account_id(reader):
    return reader.json("me", fields="user_id")["user_id"]


def test_the_signature_agrees_with_the_test_vector():
    assert sign("app_secret", b'{"object":"page","entry":[]}') == VECTOR


def test_a_callback_must_know_the_token_and_echo_the_challenge(network, callback):
    assert not network.set_callback(callback.url, "guess")
    assert not network.set_callback("http://127.0.0.1:9/hook")
    with pytest.raises(ValueError, match="loopback"):
        network.set_callback("http://hooks.example/")


def test_subscriptions_are_set_shown_and_removed(network, reader, callback):
    assert reader.json("me/subscribed_apps") == {"data": []}
    assert reader.error("me/subscribed_apps", "POST", subscribed_fields="comments,feed")["code"] == 100
    assert reader.error("me/subscribed_apps", "POST")["code"] == 100
    reader.json("me/subscribed_apps", "POST", subscribed_fields="messages,comments")
    shown = reader.json("me/subscribed_apps")["data"]
    assert shown == [{"app_id": network.app()["client_id"], "subscribed_fields": ["comments", "messages"]}]
    reader.json("me/subscribed_apps", "DELETE")
    assert reader.json("me/subscribed_apps") == {"data": []}
    poor = Reader(network, network.token("nordwerk", ["instagram_business_basic"]))
    for field in ("comments", "messages"):
        assert poor.error("me/subscribed_apps", "POST", subscribed_fields=field)["code"] == 10


def test_nothing_is_sent_unless_subscribed(network, reader, callback):
    media = network.post("nordwerk", "Neu", at=minute(0))
    network.post("helene", "oh", at=minute(1), reply_to=media)
    assert network.deliver() == []
    reader.json("me/subscribed_apps", "POST", subscribed_fields="messages")
    network.post("helene", "ah", at=minute(2), reply_to=media)
    assert network.deliver() == []


@pytest.mark.parametrize("form", ["entry", "changes"])
def test_comments_come_in_the_form_that_was_chosen(network, reader, subscribed, form):
    network.webhooks.form = form
    media = network.post("nordwerk", "Neu", at=minute(0))
    comment = network.post("helene", "Grüße 😀", at=minute(1), reply_to=media)
    reply = network.post("nordwerk", "Danke", at=minute(2), reply_to=comment)
    network.deliver()
    entries = subscribed.entries()
    changes = [entry if form == "entry" else entry["changes"][0] for entry in entries]
    assert [("changes" in entry, entry["id"]) for entry in entries] == [(form == "changes", account_id(reader))] * 2
    assert [change["field"] for change in changes] == ["comments", "comments"]
    first, second = (change["value"] for change in changes)
    author = reader.json(comment, fields="from")["from"]
    product = reader.json(media, fields="media_product_type")["media_product_type"]
    assert first == {
        "id": comment,
        "from": author,
        "text": "Grüße 😀",
        "media": {"id": media, "media_product_type": product},
    }
    assert (second["id"], second["parent_id"]) == (reply, comment)
    assert second["from"]["id"] == account_id(reader)
    assert second["from"]["self_ig_scoped_id"]
    assert all(body.isascii() for body in (delivery.body for delivery in network.redeliver()))


def test_mentions_elsewhere_are_told_as_comments_or_as_ids(network, subscribed):
    elsewhere = network.post("helene", "Ferien", at=minute(0))
    first = network.post("jane_doe", "schaut", at=minute(1), reply_to=elsewhere, mentions=("nordwerk",))
    network.webhooks.mentions_as = "mentions"
    second = network.post("jane_doe", "da", at=minute(2), reply_to=elsewhere, mentions=("nordwerk",))
    media = network.post("helene", "dort", at=minute(3), mentions=("nordwerk",))
    network.set_private("helene", at=minute(4))
    network.post("helene", "privat", at=minute(5), mentions=("nordwerk",))
    network.post("jane_doe", "hier", at=minute(6), reply_to=elsewhere, mentions=("nordwerk",))
    network.deliver()
    values = [(entry["field"], entry["value"]) for entry in subscribed.entries()]
    assert values[0][0] == "comments"
    assert (values[0][1]["id"], values[0][1]["media"]["id"]) == (first, elsewhere)
    assert values[1:] == [
        ("mentions", {"media_id": elsewhere, "comment_id": second}),
        ("mentions", {"media_id": media}),
    ]


def test_messages_come_with_echoes_edits_hearts_and_what_was_taken_back(network, reader, subscribed):
    asked = network.message("helene", "Hallo", at=minute(0))
    answer = network.message("nordwerk", "Ja?", at=minute(1), reply_to=asked)
    network.edit(asked, "Hallo!", at=minute(2))
    network.like("helene", answer, at=minute(3))
    network.unlike("helene", answer, at=minute(4))
    network.delete(asked, at=minute(5))
    strange = network.message("helene", "", at=minute(6), is_unsupported=True)
    network.deliver()
    events = [event for entry in subscribed.entries() for event in entry["messaging"]]
    us = account_id(reader)
    them = reader.json(strange, fields="from")["from"]["id"]
    ways = [(event["sender"]["id"], event["recipient"]["id"]) for event in events]
    assert ways == [(them, us), (us, them), *[(them, us)] * 5]
    assert events[0]["timestamp"] == int(minute(0).timestamp() * 1000)
    assert events[0]["message"] == {"mid": asked, "text": "Hallo"}
    assert events[1]["message"] == {"mid": answer, "text": "Ja?", "reply_to": {"mid": asked}, "is_echo": True}
    assert events[2]["message_edit"] == {"mid": asked, "text": "Hallo!", "num_edit": 1}
    assert [events[number]["reaction"]["action"] for number in (3, 4)] == ["react", "unreact"]
    assert events[5]["message"] == {"mid": asked, "is_deleted": True}
    assert events[6]["message"] == {"mid": strange, "is_unsupported": True}


def test_another_app_may_own_the_thread_and_the_dashboard_may_test(network, reader, callback):
    reader.json("me/subscribed_apps", "POST", subscribed_fields="messages,standby")
    network.webhooks.is_standby = True
    network.message("helene", "Hallo", at=minute(0))
    network.webhooks.send_test("messages", {"message": {"mid": "random_mid", "text": "random_text"}})
    network.deliver()
    standing, test = callback.entries()
    assert standing["standby"][0]["message"]["text"] == "Hallo"
    assert (test["id"], test["changes"][0]["field"]) == ("0", "messages")


def test_a_failed_delivery_is_tried_again_and_can_be_repeated(network, subscribed):
    subscribed.refusals = 1
    network.message("helene", "Hallo", at=minute(0))
    network.deliver()
    assert [entry["statuses"] for entry in network.deliveries()] == [[500, 200]]
    network.redeliver()
    assert subscribed.payloads[0] == subscribed.payloads[1]


def test_an_hour_of_failing_messages_ends_the_subscription(network, reader, subscribed, clock):
    subscribed.refusals = 9
    for number in (0, 61):
        clock.now = minute(number)
        network.message("helene", "Hallo", at=minute(number))
        network.deliver()
    assert reader.json("me/subscribed_apps") == {"data": []}


def test_it_sends_by_itself_in_the_background():
    with Instagram(retry_after=()) as fake:
        settle(fake)
        callback = Callback(fake.app()["client_secret"], fake.app()["verify_token"])
        assert fake.set_callback(callback.url)
        Reader(fake).json("me/subscribed_apps", "POST", subscribed_fields="messages")
        fake.message("helene", "Hallo", at=minute(0))
        deadline = time.monotonic() + 10
        while not callback.payloads and time.monotonic() < deadline:
            time.sleep(0.01)
        callback.stop()
    assert callback.payloads[0]["object"] == "instagram"
