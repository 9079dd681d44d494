"""Serve the calls over HTTP: count, read, authenticate, answer, and word every failure as the real servers do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Response, g, jsonify, request

from scrm.sandbox.bluesky.checks import read
from scrm.sandbox.bluesky.limits import LOGINS, Counter, Limit, Standing
from scrm.sandbox.bluesky.methods import METHODS, Auth, Method
from scrm.sandbox.bluesky.sessions import missing
from scrm.sandbox.bluesky.views import Views
from scrm.sandbox.bluesky.xrpc import ERROR_NAMES, Call, Handler, XrpcError, invalid
from scrm.sandbox.ledger import CONTROL

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from flask import Flask

    from scrm.sandbox.bluesky.appview import AppView
    from scrm.sandbox.bluesky.sessions import Sessions
    from scrm.sandbox.bluesky.views import View

BEARER = "Bearer "
BURST = "Rate Limit Exceeded"


def error_body(status: int) -> tuple[bytes, str]:
    """Return the body and type with which a server answers a status."""
    name = ERROR_NAMES.get(status, "InternalServerError")
    message = BURST if status == 429 else "Sandbox failure as ordered"
    return json.dumps({"error": name, "message": message}).encode(), "application/json"


class Api:
    """Every call on one Flask app; the ledger must be attached before."""

    def __init__(
        self, appview: AppView, sessions: Sessions, handlers: Mapping[str, Handler], lock: threading.RLock
    ) -> None:
        self._appview = appview
        self._sessions = sessions
        self._handlers = handlers
        self._lock = lock
        self._counter = Counter()

    def attach(self, app: Flask, *, per_address: Limit, clock: Callable[[], datetime]) -> None:
        def admit() -> None:
            if request.path.startswith(CONTROL):
                return
            with self._lock:
                g.standing = self._counter.take(request.remote_addr or "", per_address, clock())
            self._refuse(g.standing)

        def headers(answer: Response) -> Response:
            if request.path.startswith(CONTROL):
                return answer
            with self._lock:
                standing: Standing = g.get("standing") or self._counter.take(
                    request.remote_addr or "", per_address, clock(), points=0
                )
            for name, value in standing.headers().items():
                # an ordered failure has its own Retry-After, or on purpose none
                answer.headers.setdefault(name, value)
            return answer

        app.before_request(admit)
        app.after_request(headers)
        app.register_error_handler(XrpcError, _failed)
        for method in METHODS:
            app.add_url_rule(
                method.path,
                method.nsid,
                self._view(method, clock),
                methods=["POST" if method.is_procedure else "GET"],
            )

    def _refuse(self, standing: Standing) -> None:
        if standing.is_exceeded:
            raise XrpcError(429, "RateLimitExceeded", BURST)

    def _view(self, method: Method, clock: Callable[[], datetime]) -> Callable[[], Response]:
        def answer() -> Response:
            values = _values(method)
            with self._lock:
                if method.nsid == "com.atproto.server.createSession":
                    self._count_login(str(values["identifier"]), clock())
                call = self._call(method, values)
                try:
                    result = self._handlers[method.nsid](call)
                except ValueError as exc:
                    raise invalid("Malformed cursor") from exc
                return _response(result)

        return answer

    def _count_login(self, identifier: str, at: datetime) -> None:
        key = f"{identifier}-{request.remote_addr}"
        for limit in LOGINS:
            standing = self._counter.take(key, limit, at)
            if standing.remaining < g.standing.remaining:
                g.standing = standing
            self._refuse(standing)

    def _call(self, method: Method, values: Mapping[str, object]) -> Call:
        header = request.headers.get("Authorization", "")
        token = header.removeprefix(BEARER) if header.startswith(BEARER) else ""
        viewer = None
        if method.auth in {Auth.ACCESS, Auth.REFRESH} and not token:
            raise missing()
        if method.auth is Auth.REFRESH:
            viewer = self._appview.accounts[self._sessions.refresh(token)]
        elif method.auth is not Auth.NONE and token:
            viewer = self._appview.accounts[self._sessions.access(token)]
        return Call(values=values, viewer=viewer, views=Views(self._appview, viewer), token=token)


def _values(method: Method) -> dict[str, object]:
    has_body = bool(request.content_length)
    has_input = method.is_procedure and bool(method.parameters)
    if has_body and not has_input:
        raise _wrong("A request body was provided when none was expected")
    if has_input and not request.is_json:
        raise _wrong("Request encoding (Content-Type) required but not provided")
    body: dict[str, object] = request.get_json() if has_input else {}
    try:
        return read(method, request.args.lists(), body)
    except XrpcError as exc:
        raise _wrong(exc.message) from exc


def _wrong(message: str) -> XrpcError:
    """Return the error for a request that no spec allows, marked so in the ledger."""
    g.outcome, g.fault = "invalid", message
    return invalid(message)


def _response(result: View | bytes | None) -> Response:
    if result is None:
        return Response(b"", status=200)
    if isinstance(result, bytes):
        return Response(result, content_type="application/vnd.ipld.car")
    return Response(json.dumps(result, ensure_ascii=False), content_type="application/json; charset=utf-8")


def _failed(error: XrpcError) -> Response:
    answer = jsonify({"error": error.error, "message": error.message})
    answer.status_code = error.status
    return answer
