"""The org over HTTP: signing in, the REST API behind its gate, and the sandbox's own controls.

What Salesforce does not have (a path, a method, a parameter) is answered 400 or 404 and noted as invalid, so that a
client's invention cannot pass a test.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from scrm.sandbox.salesforce.calls import NO_RESOURCE, Answer, Call, Table, UnknownError
from scrm.sandbox.salesforce.faults import Fault, Faults
from scrm.sandbox.salesforce.oauth import OAuthError, Sessions
from scrm.sandbox.salesforce.refusals import RefusedError
from scrm.sandbox.salesforce.users import Actor

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrm.sandbox.salesforce.journal import Journal
    from scrm.sandbox.salesforce.users import User

LONGEST_ADDRESS = 16_384
OLDEST_VERSION, NEWEST_VERSION = 31, 68
LOGIN_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})
JSON_TYPE = "application/json;charset=UTF-8"
EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
NO_SESSION_XML = """<?xml version="1.0" encoding="UTF-8"?>
<response>
<faultcode>LOGIN_OAUTH_INVALID_TOKEN(db=1703,api=LOGIN_OAUTH_INVALID_TOKEN)</faultcode>
<error>Failed: Invalid Token</error>
</response>
"""
RESOURCES = ("sobjects", "query", "queryAll", "limits", "composite", "jobs")
CSV_BODY = re.compile(r"jobs/ingest/[^/]+/batches/?")


@dataclass(kw_only=True)
class Web:
    """Puts one org's parts behind a Flask app. `base_url` is asked for late: the port is not known before."""

    table: Table
    sessions: Sessions
    faults: Faults
    journal: Journal
    lock: threading.RLock
    base_url: Callable[[], str]

    def add_to(self, app: Flask) -> None:
        app.before_request(self._begin)
        app.after_request(self._end)
        app.add_url_rule("/services/oauth2/token", "token", self._token, methods=["POST"])
        app.add_url_rule("/services/oauth2/revoke", "revoke", self._revoke, methods=["POST"])
        app.add_url_rule("/services/oauth2/userinfo", "userinfo", self._userinfo)
        app.add_url_rule("/id/<organization>/<user>", "identity", self._identity)
        app.add_url_rule("/services/data", "versions", self._versions, strict_slashes=False)
        methods = ["GET", "POST", "PATCH", "PUT", "DELETE"]
        rule = "/services/data/v<version>/<path:rest>"
        app.add_url_rule(rule, "data", self._data, methods=methods)
        app.add_url_rule("/services/data/v<version>", "resources", self._resources, strict_slashes=False)
        app.register_error_handler(404, self._unknown)
        app.register_error_handler(405, self._unknown)

    def _begin(self) -> Response | None:
        if request.path.startswith("/_sandbox/"):
            return None
        g.number = self.journal.next_number()
        g.fault = self.faults.take(request.method, request.path)
        fault: Fault | None = g.fault
        if fault is None:
            return None
        if fault.seconds:
            # a server that is slow, not a test that waits
            threading.Event().wait(fault.seconds)
        if fault.cut == "before":
            g.outcome = "cut before"
            return Response(status=500)
        if fault.status is not None:
            g.outcome = "failed"
            body, content_type = fault.answer()
            return Response(body, status=fault.status, content_type=content_type)
        return None

    def _end(self, answer: Response) -> Response:
        if request.path.startswith("/_sandbox/"):
            return answer
        fault: Fault | None = g.get("fault")
        is_lost = fault is not None and fault.cut == "after"
        if is_lost:
            g.outcome = "cut after"
        elif request.path.startswith("/services/data/v"):
            answer.headers["Sforce-Limit-Info"] = self.journal.limit_info()
        entry = {"fault": g.reason} if "reason" in g else {}
        self.journal.note(
            number=g.number,
            method=request.method,
            path=request.path,
            parameters=sorted(request.args),
            status=answer.status_code,
            outcome=g.get("outcome", "served"),
            client=g.get("client"),
            **entry,
        )
        if is_lost or g.get("outcome") == "cut before":
            # only now: who misses the answer finds the request noted
            _hang_up()
        return answer

    def _unknown(self, _error: object) -> Response:
        g.outcome, g.reason = "invalid", f"unknown path {request.path}"
        return _json(404, [{"errorCode": "NOT_FOUND", "message": NO_RESOURCE}])

    def _token(self) -> Response:
        form = {name: values[0] for name, values in request.form.lists()}
        given = request.authorization
        basic = (str(given.username), str(given.password)) if given and given.type == "basic" else None
        host = request.headers.get("X-Forwarded-Host", request.host).partition(":")[0]
        with self.lock:
            try:
                body = self.sessions.token(form, basic, self.base_url(), is_login_host=host in LOGIN_HOSTS)
            except OAuthError as exc:
                return _json(exc.status, exc.body)
        return _json(200, body)

    def _revoke(self) -> Response:
        with self.lock:
            if self.sessions.by_token.pop(request.form.get("token", ""), None) is None:
                return _json(400, {"error": "invalid_token", "error_description": "invalid token"})
        return Response(status=200)

    def _user(self) -> User | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return self.sessions.user_of(token) if scheme.lower() in {"bearer", "oauth"} else None

    def _userinfo(self) -> Response:
        with self.lock:
            user = self._user()
        if user is None:
            return Response("Bad_OAuth_Token", status=403, content_type="text/html;charset=UTF-8")
        return _json(
            200, {**self._who(user), "sub": f"{self.base_url()}/id/{self.sessions.organization_id}/{user.id}"}
        )

    def _identity(self, organization: str, user: str) -> Response:
        with self.lock:
            known = self._user()
        if known is None or organization != self.sessions.organization_id or user != known.id:
            return Response("Bad_OAuth_Token", status=403, content_type="text/html;charset=UTF-8")
        return _json(200, {**self._who(known), "id": f"{self.base_url()}{request.path}"})

    def _who(self, user: User) -> dict[str, Any]:
        base = self.base_url()
        rest = f"{base}/services/data/v{{version}}/"
        return {
            "user_id": user.id,
            "organization_id": self.sessions.organization_id,
            "preferred_username": user.username,
            "username": user.username,
            "active": user.is_active,
            "urls": {"rest": rest, "sobjects": f"{rest}sobjects/", "query": f"{rest}query/", "custom_domain": base},
        }

    def _versions(self) -> Response:
        numbers = range(OLDEST_VERSION, NEWEST_VERSION + 1)
        return _json(200, [{"label": "", "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in numbers])

    def _resources(self, version: str) -> Response:
        body = {name: f"/services/data/v{version}/{name}" for name in RESOURCES}
        return self._guarded(version, lambda _: Answer(body=body))

    def _data(self, version: str, rest: str) -> Response:
        del rest  # decoded already, which would lose the slashes inside of a key

        def answer(user: User) -> Answer:
            return self.table.call(self._call(version, user))

        return self._guarded(version, answer)

    def _guarded(self, version: str, do: Callable[[User], Answer]) -> Response:
        try:
            with self.lock:
                _check_version(version)
                user = self._user()
                if user is None:
                    return self._expired()
                self.journal.use()
                done = do(user)
        except RefusedError as exc:
            return _json(exc.status, exc.rest())
        except UnknownError as exc:
            g.outcome, g.reason = "invalid", str(exc)
            is_path = str(exc).startswith("unknown path")
            error = {"errorCode": "NOT_FOUND" if is_path else "INVALID_PARAMETER", "message": str(exc)}
            return _json(404 if is_path else 400, [error])
        if done.body is None:
            answer = Response(status=done.status)
        elif isinstance(done.body, str):
            answer = Response(done.body, status=done.status, content_type="text/csv")
        else:
            answer = _json(done.status, done.body)
        answer.headers.extend(done.headers)
        return answer

    def _expired(self) -> Response:
        g.outcome = "expired"
        is_write = request.method in {"POST", "PATCH", "PUT"}
        if is_write and not request.is_json:
            answer = Response(NO_SESSION_XML, status=401, content_type="application/xml;charset=UTF-8")
            answer.headers["Sfdc-OAuth-Error"] = "1703"
            return answer
        return _json(401, EXPIRED)

    def _call(self, version: str, user: User) -> Call:
        base = f"/services/data/v{version}"
        address = str(request.environ.get("REQUEST_URI", request.path))
        if len(address) > LONGEST_ADDRESS:
            raise RefusedError("URI_TOO_LONG", "URI Too Long")
        raw = urlsplit(address).path
        g.client = _option(request.headers.get("Sforce-Call-Options", ""), "client")
        allows = _option(request.headers.get("Sforce-Duplicate-Rule-Header", ""), "allowSave") == "true"
        actor = Actor(user=user, client=g.client, request=g.number, allows_duplicates=allows)
        repeated = next((name for name, values in request.args.lists() if len(values) > 1), None)
        if repeated:
            raise UnknownError(f"parameter {repeated} is there more than once")
        return Call(
            method=request.method,
            path=raw.removeprefix(base),
            base=base,
            actor=actor,
            query=request.args.to_dict(),
            body=_body(raw),
            headers={name.lower(): value for name, value in request.headers.items()},
        )


def _check_version(version: str) -> None:
    if not re.fullmatch(r"\d+\.0", version) or float(version) > NEWEST_VERSION:
        raise RefusedError("NOT_FOUND", NO_RESOURCE)
    if float(version) < OLDEST_VERSION:
        raise RefusedError("UNSUPPORTED_API_VERSION", "GONE")


def _body(path: str) -> Any:
    data = request.get_data()
    if request.method not in {"POST", "PATCH", "PUT"} or not data:
        return None
    if CSV_BODY.search(path):
        return data.decode("utf-8")
    if not request.is_json:
        raise RefusedError("UNSUPPORTED_MEDIA_TYPE", f"Content type {request.mimetype} not supported")
    try:
        return json.loads(data)
    except ValueError:
        raise RefusedError("JSON_PARSER_ERROR", "Unexpected character at [line:1, column:1]") from None


def _option(header: str, wanted: str) -> str | None:
    for part in re.split(r"[,;]", header):
        name, _, value = part.strip().partition("=")
        if name.lower() == wanted.lower():
            return value.strip()
    return None


def _json(status: int, body: object) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status=status, content_type=JSON_TYPE)


def _hang_up() -> None:
    """Cut the connection under the server: the client gets no answer."""
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    if connection:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
