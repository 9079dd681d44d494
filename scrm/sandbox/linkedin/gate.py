"""What every request of the API passes before it is answered: version, token, limits, scopes, and Rest.li's form.

`Linkedin-Version` is YYYYMM and has no default; a version lives until the 17th of its month a year later (202508
ended on 2026-08-17, learn.microsoft.com/linkedin, read 2026-11-23). The address is read undecoded, since what is
structure and what is text can be told apart only there.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, Response, g, json, request

from scrm.sandbox.linkedin.address import keep_addresses, raw_path, raw_query
from scrm.sandbox.linkedin.errors import JSON, OutOfSpecError, RefusedError, parameter_fault, unknown_parameter
from scrm.sandbox.linkedin.restli import Projection, Shape, SyntaxFault, Value, parse
from scrm.sandbox.linkedin.routes import CALLS, Call, names_in

if TYPE_CHECKING:
    from scrm.sandbox.linkedin.access import Access, Token
    from scrm.sandbox.linkedin.limits import Limits
    from scrm.sandbox.linkedin.state import Member

PROTOCOL = "2.0.0"
SUNSET_DAY = 17
API = ("/rest/", "/v2/")


def is_active(version: str, now: datetime) -> bool:
    """Whether a version is served at this time."""
    if not re.fullmatch(r"20\d{2}(0[1-9]|1[0-2])", version):
        return False
    year, month = int(version[:4]), int(version[4:])
    return datetime(year, month, 1, tzinfo=UTC) <= now < datetime(year + 1, month, SUNSET_DAY, tzinfo=UTC)


def asked(name: str) -> Value | None:
    """Return a parameter of the current request, parsed."""
    return cast("dict[str, Value]", g.asked).get(name)


def asked_text(name: str, default: str = "") -> str:
    value = asked(name)
    return value if isinstance(value, str) else default


def asked_number(name: str, default: int) -> int:
    return int(asked_text(name, str(default)))


def key(name: str) -> str:
    """Return a key from the current request's path."""
    return cast("dict[str, str]", g.keys)[name]


def member() -> Member:
    """Return whose token the current request came with."""
    return cast("Token", g.token).grant.member


def granted_until() -> datetime:
    """Return when the consent behind the current request ends."""
    return cast("Token", g.token).grant.ends_at


def refuse() -> RefusedError:
    """Return the refusal of the current call: a scope is missing or a role was lost, the answer is the same."""
    call: Call = g.call
    version = f".{request.headers.get('Linkedin-Version', '')}01" if call.is_versioned else ""
    return RefusedError("ACCESS_DENIED", f"Not enough permissions to access: {call.resource}{version}")


class Gate:
    """Lets a request through to its view, with `g.call`, `g.keys`, `g.asked` and `g.token` set, or refuses it."""

    def __init__(self, access: Access, limits: Limits) -> None:
        self._access = access
        self._limits = limits

    def attach(self, app: Flask) -> None:
        keep_addresses(app)
        app.before_request(self._check)
        app.after_request(_finish)
        app.register_error_handler(RefusedError, _refused)

    def _check(self) -> None:
        if not request.path.startswith(API):
            return
        g.token = self._access.token_of(request.headers.get("Authorization", ""))
        g.call, raw_keys = _call()
        if g.call.is_versioned:
            _check_version(self._access.now())
        if not self._limits.spend(g.call.resource, member()):
            raise RefusedError("TOO_MANY_REQUESTS")
        g.keys = _keys(g.call, raw_keys)
        g.asked = _query(g.call)
        if not g.call.scopes & g.token.grant.scopes:
            raise refuse()


def _check_version(now: datetime) -> None:
    version = request.headers.get("Linkedin-Version")
    if not version:
        raise OutOfSpecError("VERSION_MISSING")
    if not is_active(version, now):
        raise RefusedError("NONEXISTENT_VERSION", f"Requested version {version}01 is not active")
    if request.headers.get("X-Restli-Protocol-Version") != PROTOCOL:
        raise OutOfSpecError("PROTOCOL_VERSION_MISSING")


def _asked() -> dict[str, str]:
    raw: dict[str, str] = {}
    for name, value in raw_query():
        if name in raw:
            raise parameter_fault(name)
        raw[name] = value
    return raw


def _call() -> tuple[Call, list[tuple[str, str]]]:
    path, finder = raw_path(), _asked().get("q")
    is_known = False
    for call in CALLS:
        raw_keys = call.raw_keys(path)
        if raw_keys is None or call.method != request.method:
            continue
        is_known = True
        if call.finder == finder:
            return call, raw_keys
    raise parameter_fault("q") if is_known else OutOfSpecError("RESOURCE_NOT_FOUND")


def _keys(call: Call, raw_keys: list[tuple[str, str]]) -> dict[str, str]:
    keys: dict[str, Value] = {}
    for template, text in raw_keys:
        names = names_in(template)
        value = _parsed(text, OutOfSpecError("ILLEGAL_ARGUMENT"))
        if template[0] == "(":
            if not isinstance(value, dict) or set(value) != set(names):
                raise OutOfSpecError("ILLEGAL_ARGUMENT")
            keys |= value
        else:
            keys[names[0]] = value
    for name, value in keys.items():
        if not call.keys[name].fits(value):
            raise OutOfSpecError("ILLEGAL_ARGUMENT")
    return {name: str(value) for name, value in keys.items()}


def _query(call: Call) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name, raw in _asked().items():
        if name == "q":
            continue
        shape: Shape | None = call.query.get(name)
        if shape is None:
            raise unknown_parameter(name)
        values[name] = raw if isinstance(shape, Projection) else _parsed(raw, parameter_fault(name))
        if not shape.fits(values[name]):
            raise parameter_fault(name)
    for name in call.required:
        if name not in values and name not in call.body:
            raise parameter_fault(name)
    return values


def _parsed(raw: str, fault: RefusedError) -> Value:
    try:
        return parse(raw)
    except SyntaxFault:
        raise fault from None


def _refused(why: RefusedError) -> Response:
    if isinstance(why, OutOfSpecError):
        g.outcome = "invalid"
        g.fault = f"{why} at {request.method} {request.path}"
    return why.answer()


def _finish(answer: Response) -> Response:
    """Give the ledger's refusals LinkedIn's form, and every answer the headers that support asks for."""
    if g.get("outcome") == "invalid" and answer.mimetype == JSON:
        answer = _in_own_words(answer)
    if not request.path.startswith(API):
        return answer
    answer.headers["X-RestLi-Protocol-Version"] = PROTOCOL
    answer.headers["X-LI-Fabric"] = "prod-sandbox"
    answer.headers["X-LI-UUID"] = secrets.token_urlsafe(16)
    answer.headers["x-li-request-id"] = secrets.token_hex(8)
    return answer


def _in_own_words(answer: Response) -> Response:
    body: dict[str, Any] = json.loads(answer.get_data())
    if body.get("error") != "InvalidRequest":
        return answer
    fault = str(body["message"])
    if not request.path.startswith(API):
        told = {"error": "invalid_request", "error_description": fault}
        return Response(json.dumps(told), status=answer.status_code, content_type=JSON)
    if fault.startswith("unknown path"):
        return RefusedError("RESOURCE_NOT_FOUND").answer()
    if fault.startswith("unknown method"):
        return RefusedError("METHOD_NOT_ALLOWED").answer()
    if named := re.match(r"unknown parameter (\S+)", fault):
        return unknown_parameter(named[1]).answer()
    return RefusedError("INVALID_REQUEST", fault).answer()
