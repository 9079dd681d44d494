"""Webhooks and activity events of the X fake: challenge, signature, what fires and what does not."""

import time
from datetime import timedelta

import pytest

from scrm.sandbox.x import X
from scrm.sandbox.x.webhooks import signature
from tests.sandbox.x.conftest import Reader, minute, populate, reader_of, user_id
from tests.sandbox.x.receiver import Receiver

WEBHOOKS = "/2/webhooks"
SUBSCRIPTIONS = "/2/activity/subscriptions"


@pytest.fixture
def receiver(network):
    receiver = Receiver(network.app()["consumer_secret"])
    with receiver.server:
        yield receiver


@pytest.fixture
def webhook(app_reader, receiver):
    answer = app_reader.call("POST", WEBHOOKS, json={"url": receiver.url})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


@pytest.fixture
def subscribe(reader, webhook, me):
    def subscribe(event_type, by=reader, **other):
        direction = other.pop("direction", None)
        wanted = {"user_id": other.pop("user_id", me)} | ({"direction": direction} if direction else {})
        body = {"event_type": event_type, "filter": wanted, "webhook_id": webhook["id"], **other}
        answer = by.call("POST", SUBSCRIPTIONS, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["subscription"]

    return subscribe


def types(receiver):
    return [event["event_type"] for event in receiver.events()]


def test_the_signature_is_that_of_the_documented_challenge():
    # computed once by hand from the documented rule
    assert signature("consumer_secret", b"challenge_string") == "sha256=v1WdiCVwy17uGTMWveHGlqQXN/qW1bQraNXXByRO2YA="


def test_a_webhook_is_made_when_its_challenge_is_answered(app_reader, receiver, webhook):
    assert (webhook["url"], webhook["valid"]) == (receiver.url, True)
    assert app_reader.json(WEBHOOKS) == {"data": [webhook], "meta": {"result_count": 1}}
    assert app_reader.call("DELETE", f"{WEBHOOKS}/{webhook['id']}").json() == {"data": {"deleted": True}}
    assert app_reader.json(WEBHOOKS) == {"meta": {"result_count": 0}}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://crm.example/x", "UrlValidationFailed"),
        ("https://crm.example:8443/x", "UrlValidationFailed"),
        ("crm.example", "UrlValidationFailed"),
        ("https://crm.example/x", "CrcValidationFailed"),
        ("http://127.0.0.1:9/x", "CrcValidationFailed"),
    ],
)
def test_a_webhook_at_a_wrong_address_is_refused(app_reader, url, reason):
    answer = app_reader.call("POST", WEBHOOKS, json={"url": url})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"].startswith(reason)


def test_the_same_address_twice_or_a_wrong_answer_is_refused(network, app_reader, receiver, webhook):
    twice = app_reader.call("POST", WEBHOOKS, json={"url": receiver.url})
    assert "DuplicateUrlFailed" in twice.text
    receiver.is_honest = False
    wrong = app_reader.call("POST", WEBHOOKS, json={"url": f"{receiver.url}?b"})
    assert "CrcValidationFailed" in wrong.text


def test_a_wrong_answer_ends_a_webhook_at_once_an_error_after_28_hours(app_reader, network, receiver, webhook, clock):
    def validate():
        return app_reader.call("PUT", f"{WEBHOOKS}/{webhook['id']}").json()["data"]["valid"]

    receiver.challenge_status = 500
    assert validate() is True
    clock.move(hours=27)
    network.check_webhooks()
    assert app_reader.json(WEBHOOKS)["data"][0]["valid"] is True
    clock.move(hours=1)
    assert validate() is False
    receiver.challenge_status = 200
    assert validate() is True
    receiver.challenge_status = 302
    assert validate() is False


def test_every_deed_towards_the_company_is_sent_signed(network, receiver, subscribe):
    secret = network.app()["consumer_secret"]
    for kind in ("post.mention.create", "post.reply.create", "post.quote.create", "post.repost.create"):
        subscribe(kind, tag="the company")
    subscribe("like.create", direction="inbound")
    subscribe("follow.follow", direction="inbound")
    subscribe("dm.received")
    news = network.post("nordwerk", "Neu", at=minute(0))
    network.post("katharina", "Moin", at=minute(1), mentions=("nordwerk",))
    answer = network.post("helene", "Merci", at=minute(2), reply_to=news)
    network.post("jane_doe", "Look", at=minute(3), quote=news)
    network.share("helene", news, at=minute(4))
    network.like("helene", news, at=minute(5))
    network.follow("helene", "nordwerk", at=minute(6))
    network.message("helene", "Bonjour", at=minute(7))
    assert receiver.received == [], "nothing is sent before it is time"
    assert network.deliver() == 7
    assert types(receiver) == [
        "post.mention.create",
        "post.reply.create",
        "post.quote.create",
        "post.repost.create",
        "like.create",
        "follow.follow",
        "dm.received",
    ]
    for body, headers in receiver.received:
        assert headers["X-Twitter-Webhooks-Signature"] == signature(secret, body)
    reply = receiver.events()[1]
    assert (reply["payload"]["id"], reply["tag"]) == (answer, "the company")
    assert reply["payload"]["referenced_tweets"] == [{"type": "replied_to", "id": news}]
    assert reply["includes"]["tweets"][0]["id"] == news
    assert [entry["status"] for entry in network.deliveries()] == [200] * 7


def test_likes_follows_and_messages_carry_both_sides(network, receiver, subscribe, me):
    subscribe("like.create", direction="inbound")
    subscribe("follow.follow")
    subscribe("dm.received")
    news = network.post("nordwerk", "Neu", at=minute(0))
    network.like("helene", news, at=minute(1))
    network.follow("helene", "nordwerk", at=minute(2))
    written = network.message("helene", "Bonjour", at=minute(3))
    network.deliver()
    like, follow, message = (event["payload"] for event in receiver.events())
    helene = user_id(network, "helene")
    assert (like["liked_tweet_id"], like["liked_tweet_author_id"]) == (news, me)
    assert [follow[side]["data"]["id"] for side in ("source", "target")] == [helene, me]
    event = message["direct_message_events"][0]
    assert (event["id"], event["created_timestamp"]) == (written, "1795161780000")
    assert event["message_create"]["message_data"]["text"] == "Bonjour"
    assert event["message_create"]["target"] == {"recipient_id": me}
    assert set(message["users"]) == {helene, me}


def test_what_the_documentation_says_does_not_fire_does_not(network, receiver, subscribe):
    for kind in ("post.mention.create", "post.reply.create", "dm.received"):
        subscribe(kind)
    subscribe("like.create", direction="inbound")
    news = network.post("nordwerk", "Neu", at=minute(0))
    question = network.post("katharina", "Wann?", at=minute(1), mentions=("nordwerk",))
    answer = network.post("nordwerk", "Bald", at=minute(2), reply_to=question)
    network.post("katharina", "Danke", at=minute(3), reply_to=answer)
    network.like("nordwerk", question, at=minute(4))
    network.set_standing("helene", "protected", at=minute(5))
    network.post("helene", "Salut", at=minute(6), mentions=("nordwerk",))
    network.like("helene", news, at=minute(7))
    network.message("nordwerk", "Moin", at=minute(8), to="katharina")
    network.deliver()
    assert types(receiver) == ["post.mention.create"], "the question alone: no implicit mention, no protected account"


def test_changes_of_people_and_deletions_are_told(network, receiver, subscribe, app_reader):
    katharina = user_id(network, "katharina")
    for kind in ("handle", "screenname", "bio", "geo", "url"):
        subscribe(f"profile.update.{kind}", by=app_reader, user_id=katharina)
    subscribe("post.delete", by=app_reader, user_id=katharina)
    network.edit_profile(
        "katharina", at=minute(1), handle="kg", display_name="K. G.", location="Kiel", website="https://kg.example"
    )
    written = network.post("katharina", "Weg", at=minute(2))
    network.delete(written, at=minute(3))
    network.deliver()
    changes = {event["event_type"]: event["payload"] for event in receiver.events()}
    assert changes["profile.update.handle"] == {"before": "kgross", "after": "kg"}
    assert changes["profile.update.screenname"]["after"] == "K. G."
    assert changes["profile.update.geo"]["after"] == "Kiel"
    assert "profile.update.bio" not in changes
    assert changes["post.delete"] == {"id": written, "author_id": katharina}


def test_whoever_revokes_is_told_to_the_app(network, receiver, app_reader, webhook, me):
    body = {"event_type": "oauth.revoke", "filter": {}, "webhook_id": webhook["id"]}
    assert app_reader.call("POST", SUBSCRIPTIONS, json=body).status_code == 200
    network.revoke("nordwerk")
    network.deliver()
    assert receiver.events()[0]["payload"]["user_id"] == me


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"event_type": "post.like", "filter": {"user_id": "1"}}, 400),
        ({"event_type": "post.create", "filter": {}}, 400),
        ({"event_type": "post.create", "filter": {"user": "1"}}, 400),
        ({"event_type": "post.create", "filter": {"user_id": "1", "direction": "up"}}, 400),
        ({"event_type": "post.create", "filter": {"user_id": "1"}, "tag": "t" * 201}, 400),
        ({"event_type": "post.create", "filter": {"user_id": "1"}, "webhook_id": "1"}, 404),
        ({"event_type": "post.create", "filter": {"user_id": "1"}, "secret": "1"}, 400),
        ({"event_type": "post.create"}, 400),
        ({"event_type": "post.mention.create", "filter": {"user_id": "1"}}, 403),
        ({"event_type": "dm.received", "filter": {"user_id": "1"}}, 403),
    ],
)
def test_a_wrong_subscription_is_refused(app_reader, body, status):
    assert app_reader.call("POST", SUBSCRIPTIONS, json=body).status_code == status


def test_private_events_need_the_token_and_scope_of_their_user(network, me):
    body = {"event_type": "dm.received", "filter": {"user_id": me}}
    tokens = {
        "without the scope": reader_of(network, "nordwerk", scopes=("tweet.read", "users.read")),
        "of somebody else": reader_of(network, "femke"),
    }
    for why, reader in tokens.items():
        assert reader.call("POST", SUBSCRIPTIONS, json=body).status_code == 403, why
    assert reader_of(network, "nordwerk").call("POST", SUBSCRIPTIONS, json=body).status_code == 200


def test_subscriptions_are_listed_changed_and_ended(reader, app_reader, subscribe, webhook):
    first, second = subscribe("post.mention.create"), subscribe("dm.received")
    assert [one["subscription_id"] for one in app_reader.json(SUBSCRIPTIONS)["data"]] == [
        second["subscription_id"],
        first["subscription_id"],
    ]
    same = {name: first[name] for name in ("event_type", "filter", "webhook_id")}
    assert "DuplicateSubscriptionFailed" in reader.call("POST", SUBSCRIPTIONS, json=same).text
    place = f"{SUBSCRIPTIONS}/{first['subscription_id']}"
    changed = app_reader.call("PUT", place, json={"tag": "new"}).json()["data"]["subscription"]
    assert (changed["tag"], changed["webhook_id"]) == ("new", webhook["id"])
    assert app_reader.call("DELETE", place).json()["meta"] == {"total_subscriptions": 1}
    several = app_reader.call("DELETE", SUBSCRIPTIONS, params={"ids": f"{second['subscription_id']},1"}).json()
    assert several["data"] == [{"subscription_id": second["subscription_id"], "deleted": True}]
    assert several["errors"][0]["subscription_id"] == "1"


def test_nothing_is_sent_unless_subscribed(network, receiver, webhook):
    network.post("katharina", "Moin", at=minute(1), mentions=("nordwerk",))
    assert network.deliver() == 0
    assert receiver.received == []


def test_a_failed_delivery_is_tried_three_times_and_sent_again_on_demand(network, receiver, subscribe):
    subscribe("post.mention.create")
    receiver.status = 500
    network.post("katharina", "Moin", at=minute(1), mentions=("nordwerk",))
    assert network.deliver() == 0
    assert [(entry["attempt"], entry["status"]) for entry in network.deliveries()] == [(1, 500), (2, 500), (3, 500)]
    assert network.charges() == [], "only what was delivered is billed"
    receiver.status = 200
    assert network.redeliver() == 1
    assert network.redeliver(receiver.events()[0]["event_uuid"]) == 1
    assert len({event["event_uuid"] for event in receiver.events()}) == 1
    assert [(one["kind"], one["price"]) for one in network.charges()] == [("event post.mention.create", 0.005)]


def test_a_replay_sends_the_events_of_the_minutes_asked_for(network, receiver, subscribe, app_reader, webhook):
    subscribe("post.mention.create")
    for number in range(4):
        network.post("katharina", f"Nr. {number}", at=minute(number), mentions=("nordwerk",))
    network.deliver()
    body = {"webhook_id": webhook["id"], "from_date": "202611200801", "to_date": "202611200802"}
    assert app_reader.call("POST", f"{WEBHOOKS}/replay", json=body).json()["data"]["job_id"].isdigit()
    network.deliver()
    texts = [event["payload"]["text"] for event in receiver.events()]
    assert texts[4:] == ["@nordwerk Nr. 1", "@nordwerk Nr. 2"]
    wrong = app_reader.call("POST", f"{WEBHOOKS}/replay", json={**body, "to_date": "2026-11-20"})
    assert wrong.status_code == 400


def test_an_invalid_webhook_gets_nothing(network, receiver, subscribe):
    subscribe("post.mention.create")
    receiver.is_honest = False
    network.check_webhooks()
    network.post("katharina", "Moin", at=minute(1), mentions=("nordwerk",))
    assert network.deliver() == 0
    assert receiver.received == []


def test_events_leave_by_themselves_unless_held_back(clock):
    with X(clock=clock) as network:
        populate(network)
        receiver = Receiver(network.app()["consumer_secret"])
        with receiver.server:
            app_reader = Reader(network, network.app()["bearer_token"])
            webhook = app_reader.call("POST", WEBHOOKS, json={"url": receiver.url}).json()["data"]
            body = {"event_type": "post.mention.create", "filter": {"user_id": user_id(network, "nordwerk")}}
            reader = reader_of(network, "nordwerk")
            reader.call("POST", SUBSCRIPTIONS, json={**body, "webhook_id": webhook["id"]})
            network.post("katharina", "Moin", at=minute(1), mentions=("nordwerk",))
            ends = time.monotonic() + timedelta(seconds=10).total_seconds()
            while not receiver.received and time.monotonic() < ends:
                time.sleep(0.01)
        assert types(receiver) == ["post.mention.create"]
