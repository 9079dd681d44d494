"""A callback over real HTTP that answers as it is told and keeps what it got."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask, Response, request

from scrm.sandbox.server import Server


@dataclass
class Callback:
    """What the callback got, and how it answers next: 200 unless told otherwise."""

    url: str = ""
    verify_token: str = "sandbox-verify-token"
    statuses: list[int] = field(default_factory=list)
    got: list[tuple[bytes, str]] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)

    def verify(self) -> Response:
        is_right = request.args["hub.verify_token"] == self.verify_token
        return Response(request.args["hub.challenge"] if is_right else "no", 200 if is_right else 403)

    def receive(self) -> Response:
        self.got.append((request.get_data(), request.headers["X-Hub-Signature-256"]))
        self.arrived.set()
        return Response("", self.statuses.pop(0) if self.statuses else 200)


@contextmanager
def listening() -> Iterator[Callback]:
    callback = Callback()
    app = Flask("callback", static_folder=None)
    app.add_url_rule("/hook", "verify", callback.verify)
    app.add_url_rule("/hook", "receive", callback.receive, methods=["POST"])
    with Server(app) as server:
        callback.url = f"{server.base_url}/hook"
        yield callback
