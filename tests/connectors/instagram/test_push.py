"""What Instagram tells by itself, in every form it is met in."""

import json
from typing import Any

import pytest

from scrm.connectors.base import Api
from scrm.connectors.instagram import connector
from scrm.connectors.payload import Payload
from scrm.connectors.push import Push, Pushed
from scrm.errors import WebhookRefusedError
from scrm.records import DeletionRecord, InteractionRecord, Record
from scrm.sandbox.instagram import Instagram
from tests.connectors.instagram.reading import Reading, access, account_of, follow, read
from tests.connectors.instagram.scenario import author, fake, minute

FIELDS = {"comments", "live_comments", "mentions", "messages", "message_edit", "standby"}
assert connector.push is not None
PUSH: Push = connector.push


def listen(network: Instagram, api: Api) -> None:
    """Subscribe, with an address that nobody answers: what was sent is read from the fake's own list."""
    network.webhooks._callback = "http://127.0.0.1:9/"
    PUSH.subscribe(api, "https://scrm.example/webhooks/instagram")


def told(network: Instagram, api: Api) -> list[Pushed]:
    found = []
    for delivery in network.deliver():
        signed = {"x-hub-signature-256": delivery.signature}
        PUSH.verify(api.app, signed, delivery.body)
        with pytest.raises(WebhookRefusedError):
            PUSH.verify(api.app, signed, delivery.body.replace(b"instagram", b"Instagram"))
        events = list(PUSH.events(delivery.body))
        assert [one.id for one in events] == [one.id for one in PUSH.events(delivery.body)]
        found += events
    return found


def records(api: Api, events: list[Pushed]) -> list[Record]:
    return [record for one in events for record in PUSH.translate(Payload(one.item), account_of(api))]


def orders(api: Api, events: list[Pushed]) -> dict[str, dict[str, str | None]]:
    found: dict[str, dict[str, str | None]] = {}
    for event in events:
        for one in PUSH.watch(Payload(event.item), account_of(api)):
            assert one.after_seconds == 0
            found.setdefault(one.stream, {})[one.native_id] = one.fetch_ref
    return found


def followed(api: Api, events: list[Pushed]) -> dict[str, InteractionRecord]:
    """All that comes of it: what is told at once, then what is read because of it."""
    reading = Reading()
    reading.note(records(api, events))
    for name, refs in orders(api, events).items():
        follow(api, reading, name, refs)
    return reading.interactions


@pytest.mark.parametrize("form", ["entry", "changes"])
def test_comments_become_what_polling_makes_of_them(form: str) -> None:
    with fake(webhook_form=form) as network, access(network) as api:
        listen(network, api)
        post = network.post("nordwerk", "Hello", at=minute(1))
        question = network.post("uwe", "How?", at=minute(2), reply_to=post)
        network.post("nordwerk", "Like this", at=minute(3), reply_to=question)
        network.post("helene", "Dear", at=minute(4), reply_to=post, mentions=["nordwerk"])
        events = told(network, api)
        assert {one.account_id for one in events} == {account_of(api).key.native_id}
        found, polled = followed(api, events), read(api).interactions
        assert len(found) == 3
        assert all(polled[native_id] == one for native_id, one in found.items())


@pytest.mark.parametrize("has_fields", [True, False])
@pytest.mark.parametrize("told_as", ["comments", "mentions"])
def test_a_comment_elsewhere_that_names_us_is_kept_however_it_is_told(told_as: str, has_fields: bool) -> None:
    with fake(mentions_as=told_as, has_mention_fields=has_fields) as network, access(network) as api:
        listen(network, api)
        picture = network.post("jane_doe", "A motor", at=minute(1))
        native_id = network.post("uwe", "Look", at=minute(2), reply_to=picture, mentions=["nordwerk"])
        found = followed(api, told(network, api))
        if told_as == "mentions" and not has_fields:
            assert found == {}  # ids are all that is ever told of it
            return
        assert found[native_id].author.native_id == author(network, native_id)
        assert found[native_id].thread_key == picture
        assert found[native_id].occurred_at == (minute(2) if has_fields else minute(10_000))
        assert found[native_id].mentions == (account_of(api).key,)


def test_a_caption_that_names_us_is_read(network: Instagram, api: Api) -> None:
    listen(network, api)
    native_id = network.post("jane_doe", "A motor", at=minute(1), mentions=["nordwerk"])
    (found,) = followed(api, told(network, api)).values()
    assert (found.key.native_id, found.kind, found.occurred_at) == (native_id, "mention", minute(1))
    assert found.author.native_id.startswith("@")


@pytest.mark.parametrize("is_standby", [False, True])
def test_messages_become_what_polling_makes_of_them(network: Instagram, api: Api, is_standby: bool) -> None:
    network.webhooks.is_standby = is_standby
    listen(network, api)
    letter = network.message("uwe", "Call me", at=minute(1))
    network.message("nordwerk", "Will do", at=minute(2), reply_to=letter)
    network.message("uwe", "", at=minute(3), is_unsupported=True)
    events = told(network, api)
    found = {one.key.native_id: one for one in records(api, events) if isinstance(one, InteractionRecord)}
    assert found == read(api).interactions
    assert orders(api, events) == {"people": {author(network, letter): None}}


def test_a_message_taken_back_is_deleted_and_an_edited_one_is_read_again(network: Instagram, api: Api) -> None:
    listen(network, api)
    first, second = (network.message("uwe", f"Letter {number}", at=minute(number)) for number in (1, 2))
    told(network, api)
    network.delete(first, at=minute(3))
    network.edit(second, "Letter two", at=minute(4))
    events = told(network, api)
    (gone,) = records(api, events)
    assert isinstance(gone, DeletionRecord)
    assert gone.key.native_id == first
    edited = followed(api, events)[second]
    assert (edited.text, edited.occurred_at) == ("Letter two", minute(2))


def test_what_is_no_message_is_nothing(network: Instagram, api: Api) -> None:
    account = account_of(api).key.native_id
    event = {"sender": {"id": "1"}, "recipient": {"id": account}, "timestamp": 1767225600000, "read": {"mid": "x"}}
    delivery: dict[str, Any] = {"object": "instagram", "entry": [{"id": account, "time": 1, "messaging": [event]}]}
    events = list(PUSH.events(json.dumps(delivery).encode()))
    assert (len(events), records(api, events), orders(api, events)) == (1, [], {})


def test_the_dashboards_test_is_for_nobodys_account(network: Instagram, api: Api) -> None:
    listen(network, api)
    network.webhooks.send_test("comments", {"id": "17865799348089039", "text": "This is an example."})
    assert [one.account_id for one in told(network, api)] == ["0"]


def test_a_comment_on_an_album_names_no_medium_and_is_read_all_the_same(network: Instagram, api: Api) -> None:
    post = network.post("nordwerk", "Hello", at=minute(1))
    native_id = network.post("uwe", "Fine", at=minute(2), reply_to=post, mentions=["nordwerk"])
    value = {"id": native_id, "text": "@nordwerk Fine", "from": {"id": "1", "username": "uwe"}}
    item = {"field": "comments", "value": value, "sent_at": 1767225600}
    event = Pushed(account_id=account_of(api).key.native_id, id="x", item=item)
    assert records(api, [event]) == []
    assert followed(api, [event])[native_id].thread_key == post


def test_an_account_is_told_of_what_it_allows_and_no_longer_when_it_is_removed(network: Instagram, api: Api) -> None:
    number = account_of(api).key.native_id
    for permissions, fields in (
        (None, FIELDS),
        ("instagram_business_basic,instagram_business_manage_messages", {"messages", "message_edit", "standby"}),
    ):
        if permissions:
            api.credentials["permissions"] = permissions
        for _ in range(2):
            PUSH.subscribe(api, "https://scrm.example/webhooks/instagram")
            assert network.webhooks.subscribed(number) == fields
    PUSH.unsubscribe(api, "https://scrm.example/webhooks/instagram")
    assert network.webhooks.subscribed(number) is None
