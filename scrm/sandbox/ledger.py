"""What a fake network was asked: every request checked against a route table, recorded, or failed on order.

Both fakes attach one `Ledger` to their Flask app. A request outside the table is answered 400 with a body
naming the fault and recorded as invalid, so that a connector's invented parameter cannot pass a test.
Under `/_sandbox/` the same ledger lets other processes drive and judge the network; the product never
calls it. Neither bodies nor header values are ever recorded, for they carry tokens.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Flask, Response, g, jsonify, request

from scrm.sandbox.network import Person

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scrm.sandbox.network import FakeNetwork

CONTROL = "/_sandbox/"
KEPT_REQUESTS = 20_000
SECRET_PARAMETERS = frozenset(
    {"access_token", "client_secret", "code", "code_verifier", "key", "refresh_token", "state", "token"}
)


@dataclass(frozen=True, kw_only=True)
class Route:
    """One allowed call; names and types as in the spec that `source` names with the date it was read.

    Types are "string", "integer", "boolean", "number", "array", "object", or several joined by "|".
    """

    method: str
    path: str
    source: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()

    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(self.path)))


@dataclass(kw_only=True)
class Failure:
    """An answer ordered by a test in place of the true one."""

    status: int
    times: int
    path: str | None
    retry_after: str | None
    body: bytes | None


def is_typed(value: object, words: str) -> bool:
    """Whether a value from a query string or a JSON body is of one of the spec's types."""
    return any(_is_of_type(value, word) for word in words.split("|"))


def _is_of_type(value: object, word: str) -> bool:
    if word == "integer":
        return (isinstance(value, int) and not isinstance(value, bool)) or (
            isinstance(value, str) and re.fullmatch(r"-?\d+", value) is not None
        )
    if word == "boolean":
        return isinstance(value, bool) or value in {"true", "false", "1", "0"}
    if word == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, {"string": str, "array": list, "object": dict}[word])


class Ledger:
    """The requests of one fake network, its route table and the failures ordered from it."""

    def __init__(
        self,
        routes: Sequence[Route],
        *,
        array_suffix: str = "",
        error_body: Callable[[int], tuple[bytes, str]] | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.routes = tuple(routes)
        self._patterns = [(route, route.pattern()) for route in routes]
        self._array_suffix = array_suffix
        self._error_body = error_body or (lambda status: (b'{"error":"%d"}' % status, "application/json"))
        self._clock = clock or (lambda: datetime.now(UTC))
        self._lock = threading.Lock()
        self._requests: deque[dict[str, object]] = deque(maxlen=KEPT_REQUESTS)
        self._failures: list[Failure] = []

    def attach(self, app: Flask, network: FakeNetwork) -> None:
        """Check and record every request of the app; must be attached before the app's own checks."""
        app.before_request(self._gate)
        app.after_request(self._record)
        _add_control(app, network)

    def order_failure(self, failure: Failure) -> None:
        with self._lock:
            self._failures.append(failure)

    def requests(self) -> list[dict[str, object]]:
        with self._lock:
            return [dict(entry) for entry in self._requests]

    def fault(self) -> str | None:
        """Name what is wrong with the current request by the route table, or return None."""
        at_path = [route for route, pattern in self._patterns if pattern.fullmatch(request.path)]
        # a literal path stands before a template: /accounts/lookup is not the account "lookup"
        at_path.sort(key=lambda route: route.path.count("{"))
        if not at_path:
            return f"unknown path {request.path}"
        method = "GET" if request.method == "HEAD" else request.method
        route = next((route for route in at_path if route.method == method), None)
        if route is None:
            return f"unknown method {request.method} for {at_path[0].path}"
        return self._query_fault(route) or self._body_fault(route) or self._missing(route)

    def _query_fault(self, route: Route) -> str | None:
        for name, values in request.args.lists():
            bare = name.removesuffix(self._array_suffix) if self._array_suffix else name
            expected = route.query.get(bare)
            if expected is None:
                return f"unknown parameter {name} for {route.method} {route.path}"
            if expected == "array":
                if self._array_suffix and bare == name:
                    return f"parameter {name} must be sent as {name}{self._array_suffix}"
            elif bare != name or len(values) != 1 or not is_typed(values[0], expected):
                return f"parameter {name} of {route.method} {route.path} must be one {expected}"
        return None

    def _body_fault(self, route: Route) -> str | None:
        if request.is_json:
            body = request.get_json(silent=True)
            if not isinstance(body, dict):
                return f"body of {route.method} {route.path} must be a JSON object"
            fields = list(body.items())
        else:
            fields = [(name, values[0]) for name, values in request.form.lists()]
        for name, value in fields:
            expected = route.body.get(name)
            if expected is None:
                return f"unknown field {name} for {route.method} {route.path}"
            if not is_typed(value, expected):
                return f"field {name} of {route.method} {route.path} must be {expected}"
        return None

    def _missing(self, route: Route) -> str | None:
        body = request.get_json(silent=True) if request.is_json else request.form
        sent = {name.removesuffix(self._array_suffix) for name in request.args} | set(body or ())
        lacking = [name for name in route.required if name not in sent]
        return f"missing {lacking[0]} for {route.method} {route.path}" if lacking else None

    def _gate(self) -> Response | None:
        if request.path.startswith(CONTROL):
            return None
        if failure := self._next_failure():
            g.outcome = "failed"
            return self._failed(failure)
        if fault := self.fault():
            g.outcome = "invalid"
            g.fault = fault
            answer = jsonify({"error": "InvalidRequest", "message": fault})
            answer.status_code = 400
            return answer
        return None

    def _next_failure(self) -> Failure | None:
        with self._lock:
            for failure in self._failures:
                if failure.path is None or self._concerns(failure.path):
                    failure.times -= 1
                    if failure.times <= 0:
                        self._failures.remove(failure)
                    return failure
        return None

    def _concerns(self, path: str) -> bool:
        if request.path == path:
            return True
        return any(route.path == path and pattern.fullmatch(request.path) for route, pattern in self._patterns)

    def _failed(self, failure: Failure) -> Response:
        body, content_type = self._error_body(failure.status)
        if failure.body is not None:
            body = failure.body
            is_json = body.lstrip()[:1] in {b"{", b"["}
            content_type = "application/json" if is_json else "text/html; charset=utf-8"
        answer = Response(body, status=failure.status, content_type=content_type)
        if failure.retry_after is not None:
            answer.headers["Retry-After"] = failure.retry_after
        return answer

    def _record(self, answer: Response) -> Response:
        if request.path.startswith(CONTROL):
            return answer
        query = {name: ["…"] if name in SECRET_PARAMETERS else values for name, values in request.args.lists()}
        entry: dict[str, object] = {
            "method": request.method,
            "path": request.path,
            "query": query,
            "status": answer.status_code,
            "outcome": g.get("outcome", "served"),
            "at": self._clock().isoformat(),
        }
        if "fault" in g:
            entry["fault"] = g.fault
        with self._lock:
            self._requests.append(entry)
        return answer


def act(network: FakeNetwork, verb: str, args: Mapping[str, object]) -> object:
    """Call one verb with arguments as JSON carries them."""
    if verb not in network.verbs:
        raise ValueError(f"unknown verb; known are {', '.join(sorted(network.verbs))}")
    given = dict(args)
    if isinstance(at := given.get("at"), str):
        given["at"] = datetime.fromisoformat(at)
    if isinstance(person := given.get("person"), dict):
        given["person"] = Person(**{**person, "networks": tuple(person["networks"])})
    return getattr(network, verb)(**given)


def _add_control(app: Flask, network: FakeNetwork) -> None:
    def do() -> tuple[Response, int]:
        order = request.get_json()
        try:
            return jsonify({"result": act(network, order["verb"], order.get("args", {}))}), 200
        except (KeyError, TypeError, ValueError) as exc:
            return jsonify({"error": type(exc).__name__, "message": str(exc)}), 400

    def fail() -> tuple[Response, int]:
        order = request.get_json()
        if isinstance(order.get("body"), str):
            order["body"] = order["body"].encode()
        network.fail(**order)
        return jsonify({}), 200

    app.add_url_rule(CONTROL + "act", "sandbox_act", do, methods=["POST"])
    app.add_url_rule(CONTROL + "fail", "sandbox_fail", fail, methods=["POST"])
    app.add_url_rule(CONTROL + "truth", "sandbox_truth", lambda: jsonify(network.truth()))
    app.add_url_rule(CONTROL + "requests", "sandbox_requests", lambda: jsonify(network.requests()))
