"""Webhooks: X's own test vectors, one registration whatever happens, and the same records as on the lists."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from scrm.connectors.base import Account, Api
from scrm.connectors.payload import Payload
from scrm.connectors.push import Pushed
from scrm.connectors.x import connector
from scrm.connectors.x.people import key
from scrm.connectors.x.push import EVENTS
from scrm.errors import PayloadError, UnavailableError, WebhookRefusedError
from scrm.records import DeletionRecord, InteractionRecord, ProfileRecord, Record
from scrm.sandbox.x import X
from tests.connectors.shape import as_json
from tests.connectors.x.reading import Clock, Reading, access, read_list, read_objects
from tests.connectors.x.receiver import Receiver, receiving
from tests.connectors.x.scenario import minute

PUSH = connector.push
BODY = b'{"object":"page","entry":[]}'
CONSUMER = {"consumer_secret": "consumer_secret"}
SIGNED = "x-twitter-webhooks-signature"


def test_a_challenge_is_answered_with_the_secret_of_the_api_key() -> None:
    answer = PUSH.handshake(CONSUMER, {"crc_token": "challenge_string"}, frozenset())
    assert answer is not None
    assert json.loads(answer.body) == {"response_token": "sha256=v1WdiCVwy17uGTMWveHGlqQXN/qW1bQraNXXByRO2YA="}
    assert answer.content_type == "application/json"


@pytest.mark.parametrize(("app", "query"), [(CONSUMER, {}), ({}, {"crc_token": "x"}), (CONSUMER, {"crc_token": ""})])
def test_what_is_no_challenge_is_not_answered(app: dict[str, str], query: dict[str, str]) -> None:
    assert PUSH.handshake(app, query, frozenset({"1"})) is None


def test_only_what_x_signed_is_taken() -> None:
    # computed with openssl dgst -sha256 -hmac consumer_secret -binary | base64
    PUSH.verify(CONSUMER, {SIGNED: "sha256=4ZP2gJ710/EcGf1Q6ArmFpwvodKmKmfov7OFgdtLqfk="}, BODY)
    for headers in ({}, {SIGNED: "sha256=AAAA"}, {SIGNED: "ü"}):
        with pytest.raises(WebhookRefusedError):
            PUSH.verify(CONSUMER, headers, BODY)
    with pytest.raises(WebhookRefusedError):
        PUSH.verify({}, {SIGNED: "sha256="}, BODY)


@pytest.fixture
def receiver(network: X) -> Iterator[Receiver]:
    with receiving(network) as running:
        yield running


def asked(network: X, method: str) -> list[str]:
    return [str(one["path"]) for one in network.requests() if one["method"] == method]


def records(api: Api, events: list[Pushed]) -> list[Record]:
    assert api.account is not None
    return [one for event in events for one in PUSH.translate(Payload(event.item), api.account)]


def test_subscribing_again_changes_nothing(network: X, api: Api, receiver: Receiver) -> None:
    PUSH.subscribe(api, receiver.url)
    first = asked(network, "POST")
    assert first.count("/2/webhooks") == 1
    assert first.count("/2/activity/subscriptions") == len(EVENTS)
    PUSH.subscribe(api, receiver.url)
    assert asked(network, "POST") == first
    assert asked(network, "PUT") == []


def test_an_address_that_x_holds_for_broken_is_challenged_again(network: X, api: Api, receiver: Receiver) -> None:
    PUSH.subscribe(api, receiver.url)
    receiver.is_down = True
    network.check_webhooks()
    receiver.is_down = False
    PUSH.subscribe(api, receiver.url)
    assert len(asked(network, "PUT")) == 1
    PUSH.subscribe(api, receiver.url)
    assert len(asked(network, "PUT")) == 1


def test_subscriptions_move_to_a_new_address(network: X, api: Api, receiver: Receiver) -> None:
    PUSH.subscribe(api, receiver.url)
    with receiving(network) as elsewhere:
        PUSH.subscribe(api, elsewhere.url)
        network.post("helene", "Hello", at=minute(40), mentions=["nordwerk"])
        network.deliver()
        assert (len(receiver.take()), len(elsewhere.take())) == (0, 1)


def test_unsubscribing_leaves_nothing_but_what_others_need(
    network: X, clock: Clock, api: Api, receiver: Receiver
) -> None:
    PUSH.subscribe(api, receiver.url)
    with access(network, clock, person="femke") as other:
        PUSH.subscribe(other, receiver.url)
        PUSH.unsubscribe(api, receiver.url)
        assert not [one for one in asked(network, "DELETE") if one.startswith("/2/webhooks")]
        PUSH.unsubscribe(other, receiver.url)
    assert len([one for one in asked(network, "DELETE") if one.startswith("/2/webhooks")]) == 1
    assert len(asked(network, "DELETE")) == 2 * len(EVENTS) + 1


def test_a_right_that_is_missing_does_not_take_the_other_events_along(
    network: X, api: Api, receiver: Receiver
) -> None:
    api.credentials = network.credentials("nordwerk", scopes=("tweet.read", "users.read"))
    with pytest.raises(UnavailableError):
        PUSH.subscribe(api, receiver.url)
    network.post("helene", "Hello", at=minute(40), mentions=["nordwerk"])
    network.deliver()
    assert len(receiver.take()) == 1


def test_messages_are_subscribed_only_when_wanted(network: X, clock: Clock, receiver: Receiver) -> None:
    with access(network, clock, direct_messages="no") as api:
        PUSH.subscribe(api, receiver.url)
    network.message("helene", "Hello", at=minute(40))
    network.deliver()
    assert receiver.take() == []


def test_events_and_lists_give_the_same_records(network: X, api: Api, receiver: Receiver) -> None:
    PUSH.subscribe(api, receiver.url)
    news = network.post("nordwerk", "New catalog: https://nordwerk.example/news", at=minute(1))
    for text, more in (
        ("Hello & welcome https://helene.example", {"mentions": ["nordwerk"]}),
        ("An answer", {"reply_to": news}),
        ("A quote", {"quote": news}),
    ):
        network.post("helene", text, at=minute(2), **more)
    network.share("helene", news, at=minute(3))
    network.like("helene", news, at=minute(50))
    network.message("helene", "In private & short", at=minute(5))
    network.deliver()
    told = [one for one in records(api, receiver.take()) if isinstance(one, InteractionRecord)]
    reading = Reading()
    for name in ("mentions", "posts", "messages"):
        read_list(api, reading, name)
    for name in ("replies", "reactions"):
        read_objects(api, reading, name)
    assert len(told) == 6
    for record in told:
        known, pushed = as_json(reading.interactions[record.key.native_id]), as_json(record)
        for part in ("fetch_ref", "occurred_at"):  # lists of people say neither
            if known["kind"] == "share":
                known.pop(part), pushed.pop(part)
        assert pushed == known


def test_a_profile_that_came_with_an_event_is_whole(network: X, api: Api, receiver: Receiver) -> None:
    PUSH.subscribe(api, receiver.url)
    network.follow("helene", "nordwerk", at=minute(2))
    network.deliver()
    person, follow = records(api, receiver.take())
    assert isinstance(person, ProfileRecord)
    assert isinstance(follow, InteractionRecord)
    assert person.full
    assert api.account is not None
    assert follow.key.native_id == f"follow:{person.key.native_id}:{api.account.key.native_id}"


def test_deletions_and_changes_of_our_own_are_told(network: X, api: Api, receiver: Receiver) -> None:
    PUSH.subscribe(api, receiver.url)
    news = network.post("nordwerk", "News", at=minute(1))
    network.delete(news, at=minute(2))
    network.edit_profile("nordwerk", at=minute(3), bio="We turn", handle="nordwerk2", location="Kiel")
    network.edit_profile("nordwerk", at=minute(4), display_name="Nordwerk", website="https://new.nordwerk.example")
    network.deliver()
    found = records(api, receiver.take())
    assert [one.key.native_id for one in found if isinstance(one, DeletionRecord)] == [news]
    changes = [one for one in found if isinstance(one, ProfileRecord)]
    assert {one.key for one in changes} == {api.account.key if api.account else None}
    assert not [one for one in changes if one.full]
    assert {one.handle or one.display_name or one.bio or one.location or one.links[0].url for one in changes} == {
        "nordwerk2",
        "Nordwerk",
        "We turn",
        "Kiel",
        "https://new.nordwerk.example",
    }


def test_an_event_that_is_told_again_has_the_same_id_which_may_be_negative(
    network: X, api: Api, receiver: Receiver
) -> None:
    PUSH.subscribe(api, receiver.url)
    for number in range(8):
        network.post("helene", "Hello", at=minute(number), mentions=["nordwerk"])
    network.deliver()
    first = [event.id for event in receiver.take()]
    network.redeliver()
    assert [event.id for event in receiver.take()] == first
    assert len(set(first)) == 8
    assert [one for one in first if one.startswith("-")]


def test_a_new_post_may_be_edited_and_is_watched(network: X, api: Api, receiver: Receiver) -> None:
    PUSH.subscribe(api, receiver.url)
    hello = network.post("helene", "Hello", at=minute(40), mentions=["nordwerk"])
    network.deliver()
    (event,) = receiver.take()
    assert api.account is not None
    (order,) = PUSH.watch(Payload(event.item), api.account)
    assert (order.stream, order.native_id, order.after_seconds) == ("edits", hello, 3660)


def item(event_type: str, **payload: Any) -> Payload:
    return Payload({"event_type": event_type, "payload": payload, "received_at": "2026-11-18T08:00:00Z"})


@pytest.mark.parametrize("body", [b"{}", b"[]", b"x", b'{"data": {"event_uuid": "1", "filter": {}}}'])
def test_a_delivery_that_makes_no_sense_is_no_event(body: bytes) -> None:
    with pytest.raises(PayloadError):
        list(PUSH.events(body))


@pytest.mark.parametrize(
    "event",
    [
        item("like.create", liked_tweet_id="1", liked_tweet_author_id="2", created_at="2026-11-18T08:00:00Z"),
        item("post.mention.create"),
        item("follow.follow", source={}, target={}),
        item("post.delete"),
        item(
            "dm.received", direct_message_events=[{"type": "message_create", "id": "1", "created_timestamp": "soon"}]
        ),
    ],
    ids=lambda one: one.text("event_type"),
)
def test_an_event_that_makes_no_sense_says_where(event: Payload) -> None:
    with pytest.raises(PayloadError):
        list(PUSH.translate(event, Account(key=key("9"), handle="nordwerk", base_url="")))


def test_a_type_we_did_not_ask_for_is_nothing() -> None:
    account = Account(key=key("9"), handle="nordwerk", base_url="")
    assert list(PUSH.translate(item("profile.update.banner_picture", before="a", after="b"), account)) == []
    assert list(PUSH.translate(item("spaces.start"), account)) == []
