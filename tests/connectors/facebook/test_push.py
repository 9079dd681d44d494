"""What Facebook tells by itself: the same objects under the same ids as the lists have."""

from typing import Any

import pytest

from scrm.connectors.base import Api, WatchOrder
from scrm.connectors.facebook import connector
from scrm.connectors.payload import Payload
from scrm.connectors.push import Push, Pushed
from scrm.errors import PayloadError, WebhookRefusedError
from scrm.records import DeletionRecord, InteractionRecord, Record
from scrm.sandbox.facebook import Facebook
from tests.connectors.facebook.reading import account_of, asked, interactions, listed, looked_at, our_key
from tests.connectors.facebook.scenario import change, minute, play

FIELDS = frozenset({"feed", "mention", "ratings", "messages", "message_echoes"})
assert connector.push is not None
PUSH: Push = connector.push
SIGNED = "sha256=22d3988d1017c437ea81a89d41e2d3266c00a508cffdb23f8ad8746d232d77e9"


def listen(network: Facebook, api: Api) -> None:
    """Subscribe, with an address that nobody answers: what was sent is read from the fake's own list."""
    network.webhooks._callback = "http://127.0.0.1:9/"
    PUSH.subscribe(api, "https://scrm.example/webhooks/facebook")


def told(network: Facebook, api: Api) -> list[Pushed]:
    found: list[Pushed] = []
    for delivery in network.webhooks.deliver():
        PUSH.verify(api.app, {"x-hub-signature-256": delivery.signature}, delivery.body)
        with pytest.raises(WebhookRefusedError):
            PUSH.verify(api.app, {"x-hub-signature-256": delivery.signature}, delivery.body + b" ")
        found += PUSH.events(delivery.body)
    assert {one.account_id for one in found} <= {account_of(api).key.native_id}
    return found


def records(api: Api, events: list[Pushed]) -> list[Record]:
    return [record for one in events for record in PUSH.translate(Payload(one.item), account_of(api))]


def orders(api: Api, events: list[Pushed]) -> list[WatchOrder]:
    return [order for one in events for order in PUSH.watch(Payload(one.item), account_of(api))]


def wakes(events: list[Pushed]) -> set[str]:
    return {name for one in events for name in PUSH.wakes(Payload(one.item))}


def feed(api: Api, value: dict[str, Any], field: str = "feed") -> list[Record]:
    return list(PUSH.translate(Payload({"field": field, "value": value}), account_of(api)))


def test_the_handshake_echoes_the_challenge_to_whoever_knows_our_word(api: Api) -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": api.app["verify_token"]}
    answer = PUSH.handshake(api.app, query, frozenset())
    assert answer is not None
    assert (answer.body, answer.content_type) == ("1158201444", "text/plain")
    assert PUSH.handshake(api.app, {**query, "hub.verify_token": "guess"}, frozenset()) is None


def test_the_signature_is_that_of_the_published_vector() -> None:
    body = b'{"object":"page","entry":[]}'
    PUSH.verify({"client_secret": "app_secret"}, {"x-hub-signature-256": SIGNED}, body)
    for secret, headers in (("other", {"x-hub-signature-256": SIGNED}), ("app_secret", {}), ("", {})):
        with pytest.raises(WebhookRefusedError):
            PUSH.verify({"client_secret": secret}, headers, body)


def test_a_page_is_subscribed_to_what_it_allows_and_unsubscribed(network: Facebook, api: Api) -> None:
    page = account_of(api).key.native_id
    for _ in range(2):
        PUSH.subscribe(api, "https://scrm.example/webhooks/facebook")
        assert network.webhooks.subscribed(page) == FIELDS
    token = network.credentials("nordwerk", scopes=["pages_show_list", "pages_manage_metadata"])["access_token"]
    api.credentials["access_token"] = token
    connector.sign_in(api)
    PUSH.subscribe(api, "https://scrm.example/webhooks/facebook")
    assert network.webhooks.subscribed(page) == frozenset({"feed", "mention", "ratings"})
    PUSH.unsubscribe(api, "https://scrm.example/webhooks/facebook")
    assert network.webhooks.subscribed(page) is None
    assert asked(network, "/subscribed_apps")[0]["outcome"] == "served"


def test_what_is_told_is_what_lists_have_only_sooner(network: Facebook, api: Api) -> None:
    listen(network, api)
    ids = play(network)
    events = told(network, api)
    pushed = interactions(records(api, events))
    read = {name: listed(api, name)[0] for name in ("feed", "conversations", "ratings")}
    polled = {native: one for found in read.values() for native, one in found.items()}
    for order in orders(api, events):
        polled |= looked_at(api, order.stream, order.native_id, order.fetch_ref)[0]
    assert pushed.keys() == {
        our_key(one)
        for one in network.truth()
        if not (one["kind"] in {"comment", "reply", "reaction", "share"} and one["person"] == "nordwerk")
    }
    for native, one in pushed.items():
        if one.kind != "reaction":  # the list knows no times
            same = polled[native]
            assert (one.kind, one.author, one.occurred_at, one.text, one.audience, one.thread_key) == (
                same.kind,
                same.author,
                same.occurred_at,
                same.text,
                same.audience,
                same.thread_key,
            )
            assert (one.in_reply_to, one.counterpart, one.fetch_ref) == (
                same.in_reply_to,
                same.counterpart,
                same.fetch_ref,
            )
    assert polled[ids["answer"]].counterpart == polled[ids["question"]].author
    assert wakes(events) == {"feed", "conversations"}
    assert {order.native_id for order in orders(api, events) if order.stream == "reactions"} == {ids["visitor"]}


def test_edits_and_deletions_are_told(network: Facebook, api: Api) -> None:
    ids = play(network)
    listen(network, api)
    change(network, ids)
    network.edit(ids["news"], "Newer catalog", at=minute(8010))
    network.delete(ids["visitor"], at=minute(8011))
    events = told(network, api)
    found = records(api, events)
    changed = interactions(found)
    assert changed[ids["question"]].text == "Which oil do I need, please?"
    assert changed[ids["praise"]].text == "Fast, friendly and cheap"
    gone = {one.key.native_id for one in found if isinstance(one, DeletionRecord)}
    assert {ids["thanks"], ids["warning"], ids["visitor"]} < gone
    assert len([native for native in gone if native.startswith("reaction:")]) == 1
    assert {(one.native_id, one.fetch_ref) for one in orders(api, events) if one.stream == "recheck"} == {
        (ids["aside"], f"comment {ids['news']}"),
        (ids["news"], "post"),
    }


def test_a_reaction_to_a_comment_is_told_though_no_list_is_read_for_it(network: Facebook, api: Api) -> None:
    ids = play(network)
    listen(network, api)
    network.react("helene", ids["question"], at=minute(8000), type="HAHA")
    (record,) = interactions(records(api, told(network, api))).values()
    assert (record.target, record.thread_key, record.occurred_at) == (ids["question"], ids["news"], minute(8000))


def test_a_comment_elsewhere_that_names_the_page_is_told_alone(network: Facebook, api: Api) -> None:
    listen(network, api)
    elsewhere = network.post(
        "helene", "Who knows motors?", at=minute(1), quote=network.post("nordwerk", "N", at=minute(0))
    )
    told(network, api)
    comment = network.post("jane_doe", "They do", at=minute(2), reply_to=elsewhere, mentions=["nordwerk"])
    events = told(network, api)
    (record,) = interactions(records(api, events)).values()
    assert (record.key.native_id, record.mentions) == (comment, (account_of(api).key,))
    assert orders(api, events) == []


def test_what_lists_tell_better_is_read_not_told(api: Api) -> None:
    own = {"id": account_of(api).key.native_id, "name": "Nordwerk"}
    value = {"verb": "add", "post_id": "1_2", "from": {"id": "7", "name": "Jane"}, "created_time": 1793520000}
    for item in ("photo", "video", "share", "a_kind_of_tomorrow"):
        assert feed(api, {**value, "item": item}) == []
    photo = Payload({"field": "feed", "value": {**value, "item": "photo"}})
    assert PUSH.wakes(photo) == ("feed",)
    assert list(PUSH.watch(photo, account_of(api))) == []
    answer = {**value, "item": "comment", "comment_id": "2_3", "from": own}
    assert feed(api, answer) == []
    (order,) = PUSH.watch(Payload({"field": "feed", "value": answer}), account_of(api))
    assert (order.stream, order.native_id, order.after_seconds) == ("comments", "1_2", 0)
    for unsigned in ({**value, "item": "status"}, {**value, "item": "comment", "comment_id": "2_3"}):
        assert feed(api, {name: one for name, one in unsigned.items() if name != "from"}) == []
    assert feed(api, {"item": "page_name", "verb": "update"}, "name") == []


def test_receipts_are_no_messages_and_attachments_no_text(api: Api) -> None:
    page = account_of(api).key.native_id
    event = {"sender": {"id": "7"}, "recipient": {"id": page}, "timestamp": 1793520000123}
    read = Payload({"messaging": {**event, "read": {"watermark": 1793520000000}}})
    assert list(PUSH.translate(read, account_of(api))) == []
    assert PUSH.wakes(read) == ()
    picture = {"mid": "m_1", "attachments": [{"type": "image", "payload": {"url": "https://pictures.example/1"}}]}
    _, said = PUSH.translate(Payload({"messaging": {**event, "message": picture}}), account_of(api))
    assert isinstance(said, InteractionRecord)
    assert (said.text, said.occurred_at.microsecond) == (None, 0)


def test_nonsense_is_put_aside(api: Api) -> None:
    for item in (
        {"field": "feed", "value": 7},
        {"field": "feed", "value": {"item": "comment", "verb": "add", "from": {"id": "7"}, "comment_id": "1"}},
        {"field": "feed", "value": {"item": "status", "verb": "add", "from": {"id": "7"}, "post_id": "1_2"}},
        {"messaging": {"message": {"mid": "m_1"}}},
    ):
        with pytest.raises(PayloadError):
            list(PUSH.translate(Payload(item), account_of(api)))
