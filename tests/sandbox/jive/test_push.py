"""Webhooks: what may be registered, what is sent, how it is signed, and what happens when it fails."""

import base64
import hashlib
import hmac
import threading
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

import pytest
from flask import Flask, request

from scrm.sandbox.cast import person
from scrm.sandbox.jive import Jive
from scrm.sandbox.jive.webhooks import signature
from scrm.sandbox.server import Server
from tests.sandbox.jive.conftest import API, Reader, minute, stamp


@dataclass
class Receiver:
    """An address of ours that Jive calls."""

    secret: str
    url: str = ""
    bodies: list = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)  # statuses to give first; 200 afterwards
    arrived: threading.Event = field(default_factory=threading.Event)

    def app(self):
        app = Flask("receiver")

        @app.post("/hook")
        def take():
            scheme, _, told = request.headers["Authorization"].partition(" ")
            parameters, _, sent = told.partition("&signature=")
            key = base64.b64decode(self.secret.removesuffix(".s"))
            wanted = base64.b64encode(hmac.new(key, parameters.encode(), hashlib.sha256).digest()).decode()
            assert (scheme, unquote(sent)) == ("JiveEXTN", wanted)
            self.headers.append({"tenant": request.headers["X-Tenant-ID"], "told": parameters})
            self.bodies.append(request.get_json())
            self.arrived.set()
            return "", self.answers.pop(0) if self.answers else 200

        return app


@pytest.fixture
def receiver(network):
    receiver = Receiver(secret=network.app()["client_secret"])
    with Server(receiver.app()) as server:
        receiver.url = f"{server.base_url}/hook"
        yield receiver


def address(reader, name="Nordwerk Partner"):
    return next(one["resources"]["self"]["ref"] for one in reader.items("/places") if one["name"] == name)


def register(reader, callback, about=None, **more):
    sent = {"callback": callback, **({"object": about} if about else {}), **more}
    return reader.ask("/webhooks", "POST", json=sent)


def test_the_signature_is_that_of_the_vector():
    parameters = (
        "algorithm=HmacSHA256&client_id=682a638ba74a4ff5fa6afa344b163e03.i"
        "&jive_url=https%3A%2F%2Fsandbox.jiveon.com%3A8443&tenant_id=b22e3911-28ef-480c-ae3b-ca791ba86952"
        "&timestamp=1436646990000"
    )
    assert (
        signature("8bd2952b851747e8f2c937b340fed6e1.s", parameters) == "GjQpEvBUoqUldgUk5bkUUrfwwUYIOcnh4IvQaDEQ4p8="
    )


def test_a_webhook_is_kept_changed_and_removed_by_who_made_it(network, reader, receiver):
    made = register(reader, receiver.url, address(reader), events="discussion,idea")
    assert made.status_code == 201
    kept = reader.json(f"/webhooks/{made.json()['id']}")
    assert kept == made.json()
    assert (kept["events"], kept["enabled"], kept["buggy"], kept["buggyDate"]) == (
        "discussion,idea",
        True,
        False,
        None,
    )
    assert reader.items("/webhooks") == [kept]
    assert Reader(network, "lars").ask(f"/webhooks/{kept['id']}").status_code == 404
    own = f"/webhooks/{kept['id']}"
    changed = reader.ask(own, "PUT", json={"callback": receiver.url, "object": kept["object"]})
    assert changed.json()["events"] == ""
    assert reader.ask(own, "DELETE").status_code == 204
    assert reader.ask(own, "DELETE").status_code == 404


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 400),
        ({"callback": "http://example.com/hook"}, 400),
        ({"callback": "hook"}, 400),
        ({"callback": "https://example.com/hook"}, 400),
        ({"callback": "https://example.com/hook", "events": "discussion"}, 400),
        ({"callback": "https://example.com/hook", "events": "user_account"}, 201),
        ({"callback": "https://example.com/hook", "object": "/places/1002"}, 400),
        ({"callback": "https://example.com/hook", "object": "{api}/places/9999"}, 404),
        ({"callback": "https://example.com/hook", "object": "{api}/places/1002", "events": "tweet"}, 400),
        ({"callback": "https://example.com/hook", "object": "{api}/places/1002", "events": "idea,user_account"}, 400),
        ({"callback": "https://example.com/hook", "object": "{api}/contents/9999"}, 404),
        ({"callback": "https://example.com/hook", "object": "{api}/people/2003"}, 403),
        ({"callback": "https://example.com/hook", "object": "{api}/people/2001"}, 201),
        ({"callback": "https://example.com/hook", "object": "{api}/places/1002", "secret": "x"}, 400),
    ],
)
def test_only_what_fits_is_registered(network, reader, sent, status):
    sent = {name: value.replace("{api}", network.base_url + API) for name, value in sent.items()}
    assert reader.ask("/webhooks", "POST", json=sent).status_code == status


def test_nobody_listens_to_a_place_that_is_closed_to_them(network, reader, receiver):
    closed = address(reader, "Nordwerk Vertrieb")
    assert register(Reader(network, "andreas"), receiver.url, closed).status_code == 403
    assert register(reader, receiver.url, closed).status_code == 201


def test_what_happens_in_a_place_is_sent_signed_as_activities(network, reader, receiver, clock):
    before = network.post("sabine", "Vorher.", at=minute(0), content_type="idea")
    assert network.deliver() == 0
    register(reader, receiver.url, address(reader))
    clock.forward(minutes=30)
    idea = network.post("sabine", "Leiser!", at=minute(1), content_type="idea")
    said = network.post("lars", "Gern.", at=minute(2), reply_to=idea)
    network.like("femke", said, at=minute(3))
    network.edit(said, "Sehr gern.", at=minute(4))
    asked = network.post("sabine", "Wann?", at=minute(5), content_type="discussion")
    network.post("lars", "Bald.", at=minute(6), reply_to=asked)
    network.post("nordwerk", "Neu.", at=minute(7))
    network.post("femke", "Intern.", at=minute(8), visibility="community")
    network.delete(before, at=minute(9))
    assert network.deliver() == 7
    activities = [body[0] for body in receiver.bodies]
    assert [one["verb"].removeprefix("jive:") for one in activities] == [
        "created",
        "commented",
        "liked",
        "modified",
        "created",
        "replied",
        "created",
    ]
    first = activities[1]
    assert first["object"]["id"].endswith(said)
    assert (first["jive"]["parent"]["id"].endswith(idea), first["published"]) == (True, stamp(2))
    assert first["actor"]["displayName"] == "Lars Petersen"
    header = {name: values[0] for name, values in parse_qs(receiver.headers[0]["told"]).items()}
    app = network.app()
    assert header == {
        "algorithm": "HmacSHA256",
        "client_id": app["client_id"],
        "jive_url": network.base_url,
        "tenant_id": app["tenant_id"],
        "timestamp": str(int(minute(30).timestamp() * 1000)),
    }
    assert receiver.headers[0]["tenant"] == app["tenant_id"]
    assert network.deliver() == 0


def test_events_content_and_people_choose_what_is_sent(network, reader, receiver):
    watched = network.post("sabine", "Eins", at=minute(0), content_type="idea")
    api = network.base_url + API
    register(reader, receiver.url, api + watched)
    register(reader, receiver.url, f"{api}/people/2001", events="discussion (visibility:people)")
    register(reader, receiver.url, address(reader), events="discussion")
    network.post("lars", "Zwei", at=minute(1), content_type="document")
    network.post("lars", "Drei", at=minute(2), reply_to=watched)
    network.message("sabine", "Vier", at=minute(3))
    network.post("lars", "Fünf", at=minute(4), content_type="discussion")
    network.deliver()
    assert [body[0]["object"]["objectType"] for body in receiver.bodies] == [
        "jive:comment",
        "jive:dm",
        "jive:discussion",
    ]


def test_a_failing_callback_is_flagged_and_nothing_comes_again_by_itself(network, reader, receiver):
    own = f"/webhooks/{register(reader, receiver.url, address(reader)).json()['id']}"
    receiver.answers = [500]
    network.post("sabine", "Eins", at=minute(1), content_type="idea")
    network.deliver()
    assert (reader.json(own)["buggy"], reader.json(own)["buggyDate"]) == (True, stamp(0))
    assert network.deliver() == 0
    assert network.redeliver([1]) == 1
    assert network.deliveries()[0]["answers"] == [500, 200]
    assert receiver.bodies[0] == receiver.bodies[1]
    reader.ask(own, "PUT", json={"callback": receiver.url, "object": address(reader)})
    assert not reader.json(own)["buggy"]


def test_addresses_outside_are_never_called(network, reader):
    register(reader, "https://example.com/hook", address(reader))
    network.post("sabine", "Eins", at=minute(1), content_type="idea")
    assert network.deliver() == 1
    assert network.deliveries()[0]["answers"] == [0]


def test_a_thread_sends_when_wished_and_bodies_may_be_single(clock):
    with Jive(clock=clock, deliver_every=0.01, is_listed=False) as network:
        network.add_account(person("nordwerk"), at=minute(0))
        receiver = Receiver(secret=network.app()["client_secret"])
        with Server(receiver.app()) as server:
            reader = Reader(network)
            register(reader, f"{server.base_url}/hook", address(reader))
            network.post("nordwerk", "Neu.", at=minute(1))
            assert receiver.arrived.wait(10)
            assert receiver.bodies[0]["verb"] == "jive:created"
