"""Somebody whom scrm calls: takes signed webhooks as Standard Webhooks 1.0.0 has it, each id once.

Checks the signature with code of its own, remembers every request and every effect, and answers as ordered: with a
status, after a while, by redirecting, or not at all.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Self

from flask import Flask, Response, request

from scrm.sandbox.server import Server

if TYPE_CHECKING:
    from collections.abc import Mapping

TOLERANCE = 300
PATH = "/hook"


class Receiver:
    """An endpoint at `address`; `effects` holds what was taken, by id, `requests` every call with its answer."""

    def __init__(self, *, port: int = 0) -> None:
        self.secrets: list[str] = []
        self.effects: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, int]] = []
        self.repeats: Counter[str] = Counter()
        self._orders: list[tuple[int, Mapping[str, str], float]] = []
        self._lock = threading.Lock()
        app = Flask("receiver")
        app.add_url_rule(PATH, view_func=self._take, methods=["POST"])
        app.add_url_rule("/elsewhere", endpoint="elsewhere", view_func=self._take, methods=["POST", "GET"])
        self._server = Server(app, port=port)

    @property
    def address(self) -> str:
        return self._server.base_url + PATH

    @property
    def host(self) -> str:
        return self._server.base_url.removeprefix("http://")

    def answer(
        self, status: int, *, times: int = 1, headers: Mapping[str, str] | None = None, after: float = 0.0
    ) -> None:
        """Give the next requests this answer instead of taking them."""
        with self._lock:
            self._orders += [(status, headers or {}, after)] * times

    def start(self) -> Self:
        self._server.start()
        return self

    def stop(self) -> None:
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def _take(self) -> Response:
        body = request.get_data()
        message = request.headers.get("Webhook-Id", "")
        with self._lock:
            order = self._orders.pop(0) if self._orders else None
        if order is not None:
            time.sleep(order[2])
        status = order[0] if order is not None else self._judge(message, body)
        with self._lock:
            self.requests.append((message, status))
        return Response(status=status, headers=dict(order[1]) if order else None)

    def _judge(self, message: str, body: bytes) -> int:
        if request.mimetype != "application/json":
            return 415
        if not message or "." in message or not self._is_signed(message, body):
            return 401
        with self._lock:
            if message in self.effects:
                self.repeats[message] += 1
                return 200
            self.effects[message] = json.loads(body)
        return 200

    def _is_signed(self, message: str, body: bytes) -> bool:
        timestamp = request.headers.get("Webhook-Timestamp", "")
        if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE:
            return False
        given = request.headers.get("Webhook-Signature", "").split(" ")
        signed = f"{message}.{timestamp}.".encode() + body
        return any(_signature(secret, signed) in given for secret in self.secrets)


def _signature(secret: str, signed: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return ""
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
