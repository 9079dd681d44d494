"""What every request passes before it is answered: the token, the limits, and values as they are described."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from flask import Flask, Response, g, json, request

from scrm.sandbox.yammer.entra_errors import failure
from scrm.sandbox.yammer.errors import GRAPH_API, YAMMER_API, RefusedError, bad_request, not_found
from scrm.sandbox.yammer.limits import kind_of
from scrm.sandbox.yammer.routes import BOUNDS, CHOICES, MODEL_TYPES, MOST_FOUND_A_PAGE
from scrm.sandbox.yammer.scopes import GRAPH, YAMMER

if TYPE_CHECKING:
    from threading import RLock

    from scrm.sandbox.yammer.access import Access, Token
    from scrm.sandbox.yammer.limits import Limits
    from scrm.sandbox.yammer.state import User


def current_user() -> User:
    """Return whose token the current request came with."""
    return cast("Token", g.token).grant.user


def need(*permissions: str) -> None:
    """Refuse unless the current token has one of these permissions of Graph."""
    if not cast("Token", g.token).permissions & set(permissions):
        raise RefusedError("Authorization_RequestDenied")


def asked_number(name: str) -> int | None:
    value = request.args.get(name)
    return None if value is None else int(value)


class Gate:
    """Lets a request through to its view with `g.token` set, or refuses it."""

    def __init__(self, access: Access, limits: Limits, lock: RLock) -> None:
        self._access = access
        self._limits = limits
        self._lock = lock

    def attach(self, app: Flask) -> None:
        app.before_request(self._check)
        app.after_request(_in_own_words)
        app.register_error_handler(RefusedError, lambda refused: refused.answer())
        app.register_error_handler(404, lambda _: not_found().answer())

    def _check(self) -> None:
        header = request.headers.get("Authorization", "")
        if request.path.startswith(YAMMER_API):
            token = self._access.of_header(header, YAMMER)
            if token is None:
                raise RefusedError("token_not_found")
            with self._lock:
                is_free = self._limits.spend(token.grant.user, kind_of(request.path))
            if not is_free:
                raise RefusedError("throttled")
        elif request.path.startswith(GRAPH_API):
            token = self._access.of_header(header, GRAPH)
            if token is None:
                raise RefusedError("InvalidAuthenticationToken")
        else:
            return
        g.token = token
        _check_values()


def _check_values() -> None:
    for name, value in request.args.items():
        if name in CHOICES and value not in CHOICES[name]:
            raise bad_request(f"parameter {name} cannot be {value}")
        if name in BOUNDS:
            least, most = BOUNDS[name]
            if int(value) < least or (most is not None and int(value) > most):
                raise bad_request(f"parameter {name} is out of bounds")
    if request.path == "/api/v1/search.json":
        if int(request.args.get("num_per_page", MOST_FOUND_A_PAGE)) > MOST_FOUND_A_PAGE:
            raise bad_request("parameter num_per_page is out of bounds")
        types = request.args.get("model_types")
        if types is not None and not set(re.split(r"[,|]", types)) <= MODEL_TYPES:
            raise bad_request("parameter model_types has an unknown type")


def _in_own_words(answer: Response) -> Response:
    """Say in the network's words what the route table refused in its own."""
    if answer.status_code != 400 or not answer.is_json:
        return answer
    body = json.loads(answer.get_data())
    if body.get("error") != "InvalidRequest":
        return answer
    fault = str(body["message"])
    if not request.path.startswith((YAMMER_API, GRAPH_API)):
        return failure(90014, fault)
    if fault.startswith("unknown path"):
        return not_found().answer()
    return bad_request(fault).answer()
