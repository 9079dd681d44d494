"""Subscriptions: the question to an address, notices, repeats, lifecycle."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from scrm.sandbox.sharepoint.ids import stamp
from tests.sandbox.sharepoint.conftest import minute


class Callback:
    """An address of ours: answers the question as told, and keeps the notices."""

    def __init__(self):
        self.status = 202
        self.content_type = "text/plain"
        self.spoils = False
        self.bodies = []
        outer = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = parse_qs(urlsplit(self.path).query).get("validationToken")
                if asked:
                    self.reply(200, outer.content_type, asked[0] + ("!" if outer.spoils else ""))
                else:
                    outer.bodies.append(json.loads(body))
                    self.reply(outer.status, "text/plain", "")

            def reply(self, status, content_type, text):
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?n=1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def callback():
    made = Callback()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def order(callback, clock, pages):
    return {
        "changeType": "updated",
        "notificationUrl": callback.url,
        "lifecycleNotificationUrl": callback.url,
        "resource": pages.strip("/"),
        "expirationDateTime": stamp(clock.now + timedelta(days=2)),
        "clientState": "secret word",
    }


def subscribe(client, order, **changed):
    return client.ask("/subscriptions", method="POST", json={**order, **changed})


def notices(callback):
    return [notice for body in callback.bodies for notice in body["value"]]


def test_a_change_of_the_list_is_told_without_data(network, client, callback, order):
    made = subscribe(client, order)
    assert made.status_code == 201
    news = network.post("nordwerk", "Eins", at=minute(0))
    network.post("nordwerk", "Zwei", at=minute(1))
    network.post("katharina", "Schön", at=minute(2), reply_to=news)
    network.post("katharina", "Im Forum", at=minute(2))
    assert callback.bodies == []
    assert network.deliver() == 1
    assert notices(callback) == [
        {
            "subscriptionId": made.json()["id"],
            "subscriptionExpirationDateTime": order["expirationDateTime"],
            "tenantId": network.app()["tenant"],
            "clientState": "secret word",
            "changeType": "updated",
            "resource": order["resource"],
            "resourceData": None,
        }
    ]
    assert network.deliver() == 0
    network.redeliver([1])
    assert len(callback.bodies) == 2
    assert network.deliveries()[0]["answers"] == [202, 202]


def test_an_address_must_answer_with_the_word(network, client, callback, order):
    callback.spoils = True
    assert subscribe(client, order).json()["error"]["code"] == "ValidationError"
    callback.spoils, callback.content_type = False, "text/html"
    assert subscribe(client, order).status_code == 400
    callback.content_type = "text/plain; charset=utf-8"
    assert subscribe(client, order).status_code == 201
    assert subscribe(client, order, notificationUrl="https://nowhere.example/hook").status_code == 400


@pytest.mark.parametrize(
    "changed",
    [
        {"changeType": "created"},
        {"changeType": "updated,deleted"},
        {"resource": "me/messages"},
        {"notificationUrl": "http://nowhere.example/hook"},
        {"clientState": "x" * 129},
        {"expirationDateTime": "2026-11-01T08:00:00Z"},
        {"expirationDateTime": "soon"},
        {"expirationDateTime": stamp(minute(60) + timedelta(minutes=42_301))},
        {"includeResourceData": True},
    ],
)
def test_orders_outside_the_spec_are_refused(network, client, order, changed):
    answer = subscribe(client, order, **changed)
    assert (answer.status_code, network.requests()[-1]["outcome"]) == (400, "invalid")


def test_a_subscription_is_renewed_read_and_ended(network, client, clock, callback, order):
    soon = stamp(clock.now + timedelta(minutes=5))
    made = subscribe(client, order, expirationDateTime=soon).json()
    assert made["expirationDateTime"] == stamp(clock.now + timedelta(minutes=45))
    address = f"/subscriptions/{made['id']}"
    later = stamp(clock.now + timedelta(minutes=42_300))
    renewed = client.ask(address, method="PATCH", json={"expirationDateTime": later})
    assert renewed.json()["expirationDateTime"] == later
    assert client.json("/subscriptions")["value"] == [renewed.json()]
    assert client.ask(address, method="DELETE").status_code == 204
    assert client.ask(address).json()["error"]["code"] == "ResourceNotFound"
    network.post("nordwerk", "Eins", at=minute(0))
    assert network.deliver() == 0


def test_a_failed_notice_comes_again_for_four_hours(network, client, clock, callback, order):
    subscribe(client, order)
    callback.status = 500
    network.post("nordwerk", "Eins", at=minute(0))
    assert (network.deliver(), network.deliver()) == (1, 0)
    clock.forward(seconds=31)
    callback.status = 200
    assert network.deliver() == 1
    assert network.deliveries()[0]["taken"]
    callback.status = 500
    network.post("nordwerk", "Zwei", at=minute(0))
    for _ in range(30):
        network.deliver()
        clock.forward(minutes=30)
    last = network.deliveries()[1]
    assert (last["taken"], last["given_up"]) == (False, True)
    assert 3 < len(last["answers"]) < 12
    assert network.deliver() == 0


def test_people_are_told_with_their_id(network, client, callback, order):
    made = subscribe(client, order, resource="users", changeType="updated,deleted")
    assert made.status_code == 201
    network.edit_profile("katharina", at=minute(1), bio="Neu")
    network.deliver()
    told = notices(callback)[0]
    assert told["resourceData"]["@odata.type"] == "#Microsoft.Graph.User"
    assert client.json(f"/users/{told['resourceData']['id']}")["displayName"] == "Katharina Groß"


def test_an_ended_access_is_told_and_silences_until_renewed(network, client, clock, callback, order):
    made = subscribe(client, order).json()
    clock.forward(seconds=4800)
    network.post("nordwerk", "Eins", at=minute(0))
    network.deliver()
    network.deliver()
    assert [one["lifecycleEvent"] for one in notices(callback)] == ["reauthorizationRequired"]
    client.graph_token = network.credentials("nordwerk")["access_token"]
    assert client.ask(f"/subscriptions/{made['id']}/reauthorize", method="POST").status_code == 204
    network.post("nordwerk", "Zwei", at=minute(1))
    network.deliver()
    assert notices(callback)[-1]["changeType"] == "updated"
    network.tell(made["id"], "missed")
    network.deliver()
    assert notices(callback)[-1]["lifecycleEvent"] == "missed"
    network.revoke("nordwerk")
    network.deliver()
    assert notices(callback)[-1]["lifecycleEvent"] == "subscriptionRemoved"
    client.graph_token = network.credentials("nordwerk")["access_token"]
    assert client.json("/subscriptions")["value"] == []
