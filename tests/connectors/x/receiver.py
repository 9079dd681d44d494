"""Our address, as X sees it: answers challenges, verifies what is delivered and keeps it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from scrm.connectors.push import Pushed
from scrm.connectors.x import connector
from scrm.sandbox.x import X
from tests.connectors.x.scenario import settings

PUSH = connector.push


class Receiver:
    """Our address: answers challenges, keeps what was delivered and verified."""

    def __init__(self, app: dict[str, str]) -> None:
        self.app = app
        self.got: list[bytes] = []
        self.is_down = False
        handler = type("Handler", (_Handler,), {"receiver": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/webhooks/x"

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def take(self) -> list[Pushed]:
        """What came since the last time."""
        events = [event for body in self.got for event in PUSH.events(body)]
        self.got.clear()
        return events


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_GET(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        answer = PUSH.handshake(self.receiver.app, query, frozenset())
        self._send(302 if self.receiver.is_down or answer is None else 200, answer.body.encode() if answer else b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        PUSH.verify(self.receiver.app, {name.lower(): value for name, value in self.headers.items()}, body)
        self.receiver.got.append(body)
        self._send(200, b"")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's signature
        pass


@contextmanager
def receiving(network: X) -> Iterator[Receiver]:
    receiver = Receiver(settings(network))
    try:
        yield receiver
    finally:
        receiver.stop()
