"""What LinkedIn sends by itself: handshake, signatures, batches, repeats, and when it falls silent."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask, request

from scrm.sandbox.cast import person
from scrm.sandbox.linkedin import LinkedIn
from scrm.sandbox.linkedin.webhooks import CHALLENGE_SECONDS, challenge_response, signature
from scrm.sandbox.server import Server
from tests.sandbox.linkedin.conftest import Reader, encoded, minute

EVENTS = "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS"


@dataclass
class Receiver:
    """An address of ours that LinkedIn calls."""

    secret: str
    url: str = ""
    challenges: int = 0
    bodies: list[dict] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)  # statuses to give first; 200 afterwards
    is_proving: bool = True
    slow_for: float = 0.0

    def app(self):
        app = Flask("receiver")

        @app.get("/hook")
        def prove():
            self.challenges += 1
            time.sleep(self.slow_for)
            code = request.args["challengeCode"]
            response = hmac.new(self.secret.encode(), code.encode(), hashlib.sha256).hexdigest()
            return {"challengeCode": code, "challengeResponse": response if self.is_proving else "0"}

        @app.post("/hook")
        def take():
            signed = b"hmacsha256=" + request.get_data()
            wanted = hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
            assert request.headers["X-LI-Signature"] == wanted
            self.bodies.append(json.loads(request.get_data()))
            return "", self.answers.pop(0) if self.answers else 200

        return app

    def notices(self):
        return [one["notificationId"] for body in self.bodies for one in body["notifications"]]


@pytest.fixture
def receiver(network):
    receiver = Receiver(secret=network.app()["client_secret"])
    with Server(receiver.app()) as server:
        receiver.url = f"{server.base_url}/hook"
        yield receiver


@pytest.fixture
def key(network, reader, page):
    me = f"urn:li:person:{reader.json('/rest/me')['id']}"
    application = network.app()["application"]
    return (
        f"/rest/eventSubscriptions/(developerApplication:{encoded(application)},user:{encoded(me)},"
        f"entity:{encoded(page)},eventType:{EVENTS})"
    )


def subscribe(reader, key, url):
    return reader.ask(key, method="PUT", json={"webhook": url})


@pytest.fixture
def subscribed(reader, key, receiver):
    assert subscribe(reader, key, receiver.url).status_code == 204
    return receiver


@pytest.fixture
def news(network):
    return network.post("nordwerk", "Neu", at=minute(0))


def comment(network, news, number=1):
    return [network.post("katharina", str(one), at=minute(one), reply_to=news) for one in range(number)]


def test_signatures_are_those_of_the_vectors():
    code = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
    assert (
        challenge_response("client_secret", code)
        == "901fd732a92f8eec45c5310f5a009e61b3a270759eb22f5ba7090b5b12c07437"
    )
    body = b'{"object":"page","entry":[]}'
    assert signature("client_secret", body) == "3148da6712634cf2bac545eff075b105b1486214dd8f4255d5aec1a0c1281cd6"


def test_nothing_is_sent_unless_somebody_subscribed(network, reader, key, receiver, news):
    comment(network, news)
    assert network.deliver() == 0
    assert reader.ask(key).status_code == 404
    assert subscribe(reader, key, receiver.url).status_code == 204
    assert receiver.challenges == 1
    assert network.deliver() == 0, "what was before the subscription is found by asking only"


def test_a_subscription_is_kept_by_its_key(network, reader, key, subscribed):
    found = reader.json(key)
    assert (found["webhook"], found["eventType"]) == (subscribed.url, EVENTS)
    assert found["expiresAt"] == int(minute(60 + 365 * 24 * 60).timestamp() * 1000)
    assert reader.elements("/rest/eventSubscriptions", f"q=subscriberAndEventType&eventType={EVENTS}") == [found]
    assert subscribe(reader, key, subscribed.url).status_code == 204
    assert subscribed.challenges == 1, "an address just found good is not asked again"
    assert reader.ask(key, method="DELETE").status_code == 204
    assert reader.ask(key, method="DELETE").status_code == 404
    lars = Reader(network, network.credentials("lars")["access_token"])
    assert subscribe(lars, key, subscribed.url).status_code == 403, "nobody subscribes for another"


@pytest.mark.parametrize("url", ["http://example.com/hook", "https://x.ngrok.io/hook", "ftp://127.0.0.1/", "hook"])
def test_an_impossible_address_is_refused(reader, key, url):
    answer = subscribe(reader, key, url)
    assert (answer.status_code, answer.json()["message"]) == (400, "Parameter 'webhook' is invalid")
    assert reader.ask(key, method="PUT", json={"callback": url}).status_code == 400


def test_an_address_that_does_not_prove_itself_is_refused(reader, key, receiver):
    receiver.is_proving = False
    answer = subscribe(reader, key, receiver.url)
    assert answer.status_code == 400
    assert answer.json()["message"] == "This URL did not pass the security challenge check"
    assert subscribe(reader, key, "https://example.com/hook").status_code == 400, "the sandbox calls nobody outside"
    receiver.is_proving = True
    assert subscribe(reader, key, receiver.url).status_code == 204


def test_ten_notices_go_in_one_delivery_and_name_the_comment_the_short_way(network, page, subscribed, news):
    written = comment(network, news, 12)
    assert network.deliver() == 2
    assert [len(body["notifications"]) for body in subscribed.bodies] == [10, 2]
    assert {body["type"] for body in subscribed.bodies} == {EVENTS}
    first = subscribed.bodies[0]["notifications"][0]
    assert (first["action"], first["organizationalEntity"]) == ("COMMENT", page)
    assert first["decoratedGeneratedActivity"]["comment"]["entity"] == written[0]
    assert first["generatedActivity"] == written[0].replace("(urn:li:", "(")
    assert len(set(subscribed.notices())) == 12
    assert network.deliver() == 0


def test_some_deliveries_come_twice(clock, network, reader, key, subscribed, news):
    for number in range(4):
        network.post("katharina", str(number), at=minute(number), reply_to=news)
        assert network.deliver() == 1
    assert network.deliver() == 1, "every fourth is sent once more"
    assert network.deliver() == 0
    assert subscribed.bodies[3] == subscribed.bodies[4]
    assert network.redeliver([1]) == 1
    assert subscribed.bodies[0] == subscribed.bodies[5]


def test_a_failed_delivery_comes_again_every_five_minutes_for_eight_hours(network, subscribed, news, clock):
    comment(network, news)
    subscribed.answers = [500, 403]
    assert [network.deliver(), network.deliver()] == [1, 0]
    clock.forward(minutes=4)
    assert network.deliver() == 0
    clock.forward(minutes=1)
    assert network.deliver() == 1
    clock.forward(minutes=5)
    assert network.deliver() == 1
    delivery = network.deliveries()[0]
    assert (delivery["answers"], delivery["taken"]) == ([500, 403, 200], True)
    comment(network, news)
    subscribed.answers = [503] * 500
    for _ in range(120):
        network.deliver()
        clock.forward(minutes=5)
    delivery = network.deliveries()[1]
    assert (len(delivery["answers"]), delivery["given_up"]) == (97, True)
    assert network.deliver() == 0


def test_an_address_is_asked_again_every_two_hours_and_blocked_after_three_failures(network, subscribed, news, clock):
    subscribed.is_proving = False
    for sent in (1, 1, 0, 0):
        clock.forward(hours=2)
        comment(network, news)
        assert network.deliver() == sent
    assert subscribed.challenges == 4, "a blocked address is left alone"
    assert network.restart_validation(subscribed.url) is False
    subscribed.is_proving = True
    assert network.restart_validation(subscribed.url) is True
    clock.forward(minutes=5)
    assert network.deliver() == 2


@pytest.mark.parametrize("end", ["consent", "role", "subscription"])
def test_a_subscription_dies_silently_with_consent_or_role(network, reader, key, subscribed, news, end):
    comment(network, news)
    if end == "consent":
        network.revoke("nordwerk")
    elif end == "role":
        network.set_role("nordwerk", None, at=minute(2))
    else:
        reader.ask(key, method="DELETE")
    assert network.deliver() == 0
    network.set_role("nordwerk", "ADMINISTRATOR", at=minute(3))
    again = Reader(network, network.credentials("nordwerk")["access_token"])
    assert again.ask(key).status_code == 404


def test_leads_are_told_one_by_one_without_what_they_say(network, reader, page, receiver):
    wanted = {"webhook": receiver.url, "owner": {"organization": page}, "leadType": "COMPANY"}
    made = reader.ask("/rest/leadNotifications", method="POST", json=wanted)
    assert made.status_code == 201
    path = f"/rest/leadNotifications/{made.headers['x-restli-id']}"
    assert reader.json(path) == {"id": int(made.headers["x-restli-id"]), **wanted}
    query = f"q=criteria&owner=(value:(organization:{encoded(page)}))&leadType=(leadType:COMPANY)"
    assert len(reader.elements("/rest/leadNotifications", query)) == 1
    number = network.lead("katharina", at=minute(1))
    network.lead("helene", at=minute(2), lead_type="EVENT")
    network.delete(number, at=minute(3))
    assert network.deliver() == 2
    created, deleted = receiver.bodies
    assert (created["type"], created["leadAction"], deleted["leadAction"]) == ("LEAD_ACTION", "CREATED", "DELETED")
    assert created["leadGenFormResponse"] == f"urn:li:leadGenFormResponse:{number}"
    assert created["owner"] == {"organization": page}
    assert "katharina" not in json.dumps(created).lower()
    assert reader.ask(path, method="DELETE").status_code == 204
    network.lead("katharina", at=minute(4))
    assert network.deliver() == 0
    assert reader.ask(path).status_code == 404
    for wrong in ({"leadType": "SPONSORED"}, {"leadType": "OTHER"}, {"owner": {"page": page}}):
        assert reader.ask("/rest/leadNotifications", method="POST", json=wanted | wrong).status_code == 400


def lead_wish(network, receiver):
    for name in ("nordwerk", "katharina"):
        network.add_account(person(name), at=minute(0))
    reader = Reader(network, network.credentials("nordwerk")["access_token"])
    page = reader.elements("/rest/organizationAcls", "q=roleAssignee")[0]["organization"]
    wanted = {"webhook": receiver.url, "owner": {"organization": page}, "leadType": "COMPANY"}
    return reader.ask("/rest/leadNotifications", method="POST", json=wanted)


def test_a_slow_proof_is_none(clock, receiver):
    assert CHALLENGE_SECONDS == 3
    receiver.slow_for = 0.3
    with LinkedIn(clock=clock, challenge_seconds=0.1) as network:
        assert lead_wish(network, receiver).status_code == 400


def test_a_thread_of_its_own_can_send(clock, receiver):
    with LinkedIn(clock=clock, deliver_every=0.02) as network:
        assert lead_wish(network, receiver).status_code == 201
        network.lead("katharina", at=minute(1))
        until = time.monotonic() + 5
        while not receiver.bodies and time.monotonic() < until:
            time.sleep(0.02)
    assert len(receiver.bodies) == 1


def test_a_challenge_is_added_to_what_the_address_asks(reader, key, receiver):
    asked = f"{receiver.url}?tenant=1"
    assert subscribe(reader, key, asked).status_code == 204
    assert parse_qs(urlsplit(reader.json(key)["webhook"]).query) == {"tenant": ["1"]}
