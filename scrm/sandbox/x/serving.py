"""How every call is served: who asks, how often, with what parameters, whether it is paid for, then the answer."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, json, request
from werkzeug.exceptions import MethodNotAllowed, NotFound

from scrm.sandbox.x import errors
from scrm.sandbox.x.access import Access, Token, check_scopes
from scrm.sandbox.x.calls import Call, calls
from scrm.sandbox.x.document import Document
from scrm.sandbox.x.errors import XError
from scrm.sandbox.x.limits import LimitReachedError, Limits
from scrm.sandbox.x.money import Money
from scrm.sandbox.x.parameters import read
from scrm.sandbox.x.views import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta
    from threading import RLock

    from scrm.sandbox.x.state import State, User
    from scrm.sandbox.x.vocabulary import Vocabulary


@dataclass(frozen=True, kw_only=True)
class Core:
    """What all calls need."""

    state: State
    vocabulary: Vocabulary
    access: Access
    money: Money
    limits: Limits
    lock: RLock
    query_length: int
    search_delay: timedelta


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request, checked."""

    token: Token
    values: Mapping[str, Any]
    parts: Mapping[str, str]
    body: Mapping[str, Any]
    now: datetime
    document: Document

    @property
    def viewer(self) -> User | None:
        return self.token.user

    def is_owned(self, user: User) -> bool:
        """Whether the app's owner reads about itself, which is cheaper."""
        return self.viewer is user and user.person.role == "company"


def add_calls(app: Flask, core: Core, handlers: Mapping[tuple[str, str], Callable[[Ask], dict[str, Any]]]) -> None:
    """Add every call of the API with what answers it."""
    for call in calls(core.vocabulary):
        handler = handlers[call.method, call.path]
        name = f"{call.method} {call.path}"
        app.add_url_rule(call.rule, name, _served(core, call, handler), methods=[call.method])


def attach(app: Flask, vocabulary: Vocabulary) -> None:
    """Answer errors as X words them, also those that the ledger found, and tell limits on every answer."""
    app.register_error_handler(XError, functools.partial(_refused, vocabulary))
    app.register_error_handler(NotFound, lambda _: Response(status=404))
    app.register_error_handler(MethodNotAllowed, lambda _: Response(status=405))
    app.after_request(functools.partial(_finish, vocabulary))


def _refused(vocabulary: Vocabulary, error: XError) -> Response:
    body = errors.error_body(error.code, vocabulary, **error.more)
    return Response(body, status=error.status, content_type=errors.PROBLEM)


def _finish(vocabulary: Vocabulary, answer: Response) -> Response:
    if "fault" in g and "x_fault" not in g:
        if isinstance(request.routing_exception, NotFound):
            answer = Response(status=404)
        elif isinstance(request.routing_exception, MethodNotAllowed):
            answer = Response(status=405)
        else:
            fault = {"parameters": {name: request.args.getlist(name) for name in request.args}, "message": g.fault}
            answer = _refused(vocabulary, XError("invalid-request", errors=[fault]))
    answer.headers.update(g.get("limit_headers", {}))
    answer.headers["api-version"] = vocabulary.version
    return answer


def _served(core: Core, call: Call, handler: Callable[[Ask], dict[str, Any]]) -> Callable[..., Response]:
    def view(**parts: str) -> Response:
        now = core.access.now()
        token = core.access.authenticate(request.headers.get("Authorization", ""))
        check_scopes(call, token)
        _count(core, call, token, now)
        values = _values(call, parts)
        core.money.check(now)
        core.money.count_call(f"{call.method} {call.path}")
        with core.lock:
            asked = Selection.of(core.vocabulary, values).for_scopes(token.scopes)
            document = Document(core.state, asked, token.user)
            ask = Ask(
                token=token,
                values=values,
                parts=parts,
                body=request.get_json(silent=True) or {},
                now=now,
                document=document,
            )
            body = handler(ask)
            core.money.charge(document.bill, now)
        return Response(json.dumps(body), content_type=errors.JSON)

    return view


def _count(core: Core, call: Call, token: Token, now: datetime) -> None:
    try:
        g.limit_headers = core.limits.take(call, token, now)
    except LimitReachedError as reached:
        g.limit_headers = reached.headers
        raise


def _values(call: Call, parts: Mapping[str, str]) -> dict[str, Any]:
    try:
        read(call.parts, parts)
        return read(call.query, request.args)
    except XError as error:
        g.outcome = "invalid"
        g.x_fault = g.fault = error.more["errors"][0]["message"]
        raise
