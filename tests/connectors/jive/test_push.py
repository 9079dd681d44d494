"""Being called: the public test vector, what is refused, webhooks at places, lists woken by a delivery."""

import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import pytest
from sqlalchemy import select

from scrm.clock import FakeClock
from scrm.connectors.base import Api
from scrm.connectors.jive import connector
from scrm.connectors.jive.push import EVENTS, signature
from scrm.errors import PayloadError, UnavailableError, WebhookRefusedError
from scrm.ingest.apps import save
from scrm.ingest.connections import connect
from scrm.ingest.push import apply_due, receive
from scrm.ingest.run import read_stream
from scrm.models import Interaction, StreamState
from scrm.runtime import Core
from scrm.sandbox.jive import Jive
from tests.connectors.jive.scenario import US, Clock, app, form, play

# of the README of a public gem that checks these signatures
SECRET = "8bd2952b851747e8f2c937b340fed6e1.s"
VECTOR = (
    "algorithm=HmacSHA256&client_id=682a638ba74a4ff5fa6afa344b163e03.i"
    "&jive_url=https%3A%2F%2Fsandbox.jiveon.com%3A8443&tenant_id=b22e3911-28ef-480c-ae3b-ca791ba86952"
    "&timestamp=1436646990000"
)
APP = {"client_id": "682a638ba74a4ff5fa6afa344b163e03.i", "client_secret": SECRET}


@dataclass
class Ear:
    """An address that takes everything, and what it heard."""

    address: str = ""
    status: int = 204
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def ear() -> Iterator[Ear]:
    ear = Ear()

    class Answering(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            ear.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(ear.status)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    ear.address = f"http://127.0.0.1:{server.server_address[1]}/webhooks/jive"
    try:
        yield ear
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def clock() -> Clock:
    return Clock(now=datetime.now(UTC))  # signatures are good for five minutes of the real time


@pytest.fixture
def by_add_on(api: Api, network: Jive) -> Api:
    given = network.credentials(US)
    api.credentials = {name: given[name] for name in ("access_token", "refresh_token")}
    return api


def header(parameters: str, secret: str = SECRET) -> dict[str, str]:
    return {"authorization": f"JiveEXTN {parameters}&signature={quote(signature(secret, parameters), safe='')}"}


def parameters(at: datetime, **changed: str) -> str:
    said = {"algorithm": "HmacSHA256", "client_id": APP["client_id"], "timestamp": str(int(at.timestamp() * 1000))}
    return "&".join(f"{name}={value}" for name, value in (said | changed).items())


def test_the_public_vector_is_signed_as_it_says():
    assert signature(SECRET, VECTOR) == "GjQpEvBUoqUldgUk5bkUUrfwwUYIOcnh4IvQaDEQ4p8="


def test_a_fresh_signature_is_taken_wherever_it_stands_in_the_header():
    said = parameters(datetime.now(UTC))
    connector.push.verify(APP, header(said), b"")
    first, rest = said.split("&", 1)
    moved = f"JiveEXTN {first}&signature={quote(signature(SECRET, said), safe='')}&{rest}"
    connector.push.verify(APP, {"authorization": moved}, b"anything")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer x"},
        {"authorization": f"JiveEXTN {parameters(datetime.now(UTC))}"},
        {"authorization": f"JiveEXTN {parameters(datetime.now(UTC))}&signature=&signature=x"},
        header(VECTOR),
        header(parameters(datetime.now(UTC) - timedelta(minutes=6))),
        header(parameters(datetime.now(UTC) + timedelta(hours=6))),  # made long before the test runs
        header(parameters(datetime.now(UTC), timestamp="soon")),
        header(parameters(datetime.now(UTC), client_id="another.i")),
        header(parameters(datetime.now(UTC), algorithm="none")),
        header(parameters(datetime.now(UTC)), secret="AAAA.s"),
    ],
)
def test_what_is_not_signed_for_us_just_now_is_refused(headers):
    with pytest.raises(WebhookRefusedError):
        connector.push.verify(APP, headers, b"[]")


@pytest.mark.parametrize("secret", ["", ".s", "no base64!"])
def test_without_a_usable_secret_everything_is_refused(secret):
    with pytest.raises(WebhookRefusedError):
        connector.push.verify({**APP, "client_secret": secret}, header(parameters(datetime.now(UTC))), b"[]")


def test_there_is_no_handshake():
    assert connector.push.handshake(APP, {"challenge": "x"}, frozenset({"/people/2001"})) is None


@pytest.mark.parametrize("body", [b"", b"7", b"[7]", b"{}", b'[{"id": "x"}]'])
def test_a_delivery_that_makes_no_sense_is_set_aside(body):
    with pytest.raises(PayloadError):
        list(connector.push.events(body))


def webhooks(network: Jive, api: Api) -> list[dict[str, object]]:
    found = connector.client.json(api, "/api/core/v3/webhooks")
    return list(found["list"])


def test_every_place_has_one_webhook_and_repeating_changes_nothing(by_add_on, network, ear):
    connector.push.subscribe(by_add_on, ear.address)
    made = webhooks(network, by_add_on)
    assert len(made) == 3  # a space and two groups; their blogs are heard with them
    assert {one["callback"] for one in made} == {ear.address}
    assert {str(one["events"]) for one in made} == {EVENTS}
    connector.push.subscribe(by_add_on, ear.address)
    assert webhooks(network, by_add_on) == made
    connector.push.unsubscribe(by_add_on, ear.address)
    assert webhooks(network, by_add_on) == []


def test_a_webhook_that_is_flagged_is_made_good(by_add_on, network, ear):
    connector.push.subscribe(by_add_on, ear.address)
    ear.status = 500
    network.post("katharina", "Hello", at=by_add_on.now(), content_type="discussion")
    network.deliver()
    assert [one["buggy"] for one in webhooks(network, by_add_on)].count(True) == 1
    connector.push.subscribe(by_add_on, ear.address)
    assert not [one for one in webhooks(network, by_add_on) if one["buggy"]]


def test_an_account_with_a_password_is_not_called(api, ear):
    with pytest.raises(UnavailableError):
        connector.push.subscribe(api, ear.address)


@pytest.mark.parametrize("is_listed", [True, False])
def test_one_activity_or_a_list_of_them(is_listed):
    body = b'{"id": "https://c.example/api/core/v3/activities/1", "verb": "jive:liked", "content": "x"}'
    (told,) = connector.push.events(b"[" + body + b"]" if is_listed else body)
    assert (told.account_id, set(told.item)) == ("", {"id", "verb", "published"})


def test_a_delivery_has_the_lists_read_at_once(
    core: Core, network: Jive, by_add_on: Api, ear: Ear, clock: Clock
) -> None:
    play(network)
    core.db.clock = FakeClock(clock.now)
    core = replace(core, settings=replace(core.settings, allowed_hosts=(urlsplit(network.base_url).netloc,)))
    save(core, "jive", app(network), None)
    connect(core, "jive", form(network), None)
    for _ in range(3):
        read_due(core)
    connector.push.subscribe(by_add_on, ear.address)
    fresh = network.post("jane_doe", "Just now", at=clock.now, content_type="discussion")
    liked = network.like("helene", fresh, at=clock.now)
    assert network.deliver() == 2
    for headers, body in [*ear.heard, *ear.heard]:
        receive(core, "jive", headers, body)
    assert apply_due(core, 10) == 2
    assert set(read_due(core)) == {"contents", "likes"}
    with core.db.read() as session:
        names = set(session.scalars(select(Interaction.native_id)))
    assert {fresh, liked} <= names


def read_due(core: Core) -> list[str]:
    """Read the lists that are due now."""
    with core.db.read() as session:
        due = session.execute(
            select(StreamState.id, StreamState.stream).where(StreamState.due_at <= core.db.clock.now())
        ).all()
    for state_id, _ in due:
        read_stream(core, state_id)
    return [name for _, name in due if name in {"contents", "likes", "messages"}]
