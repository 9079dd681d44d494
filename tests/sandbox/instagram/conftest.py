"""An Instagram fake with a few people on it, a client over real HTTP, and a callback that listens."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.instagram import Instagram

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
PEOPLE = ("nordwerk", "femke", "katharina", "helene", "thomas_mueller_1", "jane_doe")
VERSION = "v26.0"


class Clock:
    """A clock that goes on only when told."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class Reader:
    """Reads the fake with a token of the company."""

    def __init__(self, network: Instagram, token: str | None = None) -> None:
        self.network = network
        self.token = token or network.credentials("nordwerk")["access_token"]

    def answer(self, path: str, method: str = "GET", **query: Any) -> requests.Response:
        url = f"{self.network.base_url}/{VERSION}/{path}"
        return requests.request(method, url, params={"access_token": self.token, **query}, timeout=10)

    def json(self, path: str, method: str = "GET", **query: Any) -> Any:
        answer = self.answer(path, method, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, path: str, method: str = "GET", **query: Any) -> dict[str, Any]:
        answer = self.answer(path, method, **query)
        assert answer.status_code >= 400, answer.text
        error = answer.json()["error"]
        assert error["fbtrace_id"]
        return dict(error)

    def code(self, path: str, **query: Any) -> tuple[int, int]:
        error = self.error(path, **query)
        return error["code"], error.get("error_subcode", 0)

    def walk(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Follow `next` to the end."""
        page = self.json(path, **query)
        rows = list(page["data"])
        while "next" in page.get("paging", {}):
            page = requests.get(page["paging"]["next"], timeout=10).json()
            rows += page["data"]
        return rows


class Callback:
    """An app's webhook: echoes the challenge, checks every signature, keeps what came."""

    def __init__(self, secret: str, verify_token: str) -> None:
        self.payloads: list[dict[str, Any]] = []
        self.refusals = 0
        self._secret, self._verify_token = secret, verify_token
        callback = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                is_ours = query["hub.verify_token"] == callback._verify_token and query["hub.mode"] == "subscribe"
                self._say(200 if is_ours else 403, query["hub.challenge"].encode())

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                digest = hmac.new(callback._secret.encode(), body, hashlib.sha256).hexdigest()
                assert self.headers["X-Hub-Signature-256"] == f"sha256={digest}"
                if callback.refusals:
                    callback.refusals -= 1
                    return self._say(500, b"")
                callback.payloads.append(json.loads(body))
                return self._say(200, b"EVENT_RECEIVED")

            def _say(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def entries(self) -> list[dict[str, Any]]:
        return [entry for payload in self.payloads for entry in payload["entry"]]


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def settle(network: Instagram) -> Instagram:
    for number, key in enumerate(PEOPLE):
        network.add_account(person(key), at=START - timedelta(days=100 - number))
    return network


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network(clock: Clock) -> Iterator[Instagram]:
    with Instagram(clock=clock, is_pushing=False, retry_after=(0.0,)) as fake:
        yield settle(fake)


@pytest.fixture
def reader(network: Instagram) -> Reader:
    return Reader(network)


@pytest.fixture
def callback(network: Instagram) -> Iterator[Callback]:
    app = network.app()
    listening = Callback(app["client_secret"], app["verify_token"])
    assert network.set_callback(listening.url, app["verify_token"])
    yield listening
    listening.stop()
