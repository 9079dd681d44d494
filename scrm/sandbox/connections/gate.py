"""What every request meets before its view: whether it can be asked at all, and who asks.

A call with nothing to say who asks gets the form to sign in, with status 200, when the server is configured for
forms; so does one whose cookie has ended. A wrong password and a dead token are told with 401. Tokens count on the
addresses with `oauth` alone (IBM Connections API documentation on authentication; details from memory).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, g, request

from scrm.sandbox.connections import errors
from scrm.sandbox.connections.errors import RefusedError
from scrm.sandbox.connections.routes import find, is_for_tokens
from scrm.sandbox.ledger import CONTROL, Ledger

if TYPE_CHECKING:
    from threading import RLock

    from scrm.sandbox.connections.access import Access
    from scrm.sandbox.connections.routes import Call
    from scrm.sandbox.connections.state import Account

LTPA = "LtpaToken2"
REALM = "Connections"
HTTP_UNAUTHORIZED = 401


class Gate:
    """The checks around the ledger's own."""

    def __init__(self, ledger: Ledger, access: Access, lock: RLock, *, has_form: bool, hides_emails: bool) -> None:
        self._ledger = ledger
        self._access = access
        self._lock = lock
        self._has_form = has_form
        self._hides_emails = hides_emails

    def attach_before_ledger(self, app: Flask) -> None:
        app.before_request(self._check)

    def attach_after_ledger(self, app: Flask) -> None:
        app.before_request(self._admit)
        app.after_request(self._leave_cookie)

    def _check(self) -> Response | None:
        if request.path.startswith(CONTROL):
            return None
        found = find(request.path)
        if found is None or request.method not in {"GET", "HEAD"}:
            fault = self._ledger.fault()
            return _elsewhere(fault) if fault else None
        g.call, g.places = found
        fault = _fault(g.call)
        if fault is None and self._hides_emails and "email" in request.args:
            # no mistake of the caller, who cannot know before having asked
            g.outcome = "refused"
            return refusal(RefusedError(400), g.call.application)
        return _invalid(g.call.application, fault, 400) if fault else None

    def _admit(self) -> Response | None:
        if "call" not in g:
            return None
        with self._lock:
            viewer, answer = self._who()
        g.viewer = viewer
        return answer

    def _who(self) -> tuple[Account | None, Response | None]:
        sent = request.authorization
        if is_for_tokens(request.path):
            token = sent.token if sent is not None and sent.type == "bearer" and sent.token else ""
            account = self._access.by_token(token)
            return account, None if account else _dead_token(is_sent=bool(token))
        if sent is not None and sent.type == "basic":
            account = self._access.signs_in(sent.username or "", sent.password or "")
            g.signed_in = account
            return account, None if account else _wrong_password()
        account = self._access.by_session(request.cookies.get(LTPA, ""))
        if account:
            return account, None
        return None, login_page() if self._has_form else _wrong_password()

    def _leave_cookie(self, answer: Response) -> Response:
        """Let whoever signed in by password keep a cookie, which is as good until it ends."""
        if (account := g.get("signed_in")) and LTPA not in request.cookies:
            with self._lock:
                session = self._access.open_session(account)
            answer.set_cookie(LTPA, session, path="/", httponly=True)
            answer.set_cookie("JSESSIONID", f"0000{session[:23]}:-1", path="/", httponly=True)
            answer.headers["X-LConn-Auth"] = "false"  # also to those who are signed in, as recorded
        return answer


def _fault(call: Call) -> str | None:
    for name, values in request.args.lists():
        parameter = call.query.get(name)
        if parameter is None:
            return f"unknown parameter {name} of {call.name}"
        if len(values) != 1 or not parameter.fits(values[0]):
            return f"parameter {name} of {call.name} cannot be that"
    lacking = [name for name in call.required if name not in request.args]
    if lacking:
        return f"missing {lacking[0]} of {call.name}"
    given = [name for name in call.one_of if name in request.args]
    if len(given) > 1 or (call.one_of and not given and not call.may_lack):
        return f"{call.name} takes one of {', '.join(call.one_of)}"
    return None


def _invalid(application: str, fault: str, status: int) -> Response:
    g.outcome, g.fault = "invalid", fault
    return refusal(RefusedError(status), application)


def _elsewhere(fault: str) -> Response:
    """Answer what is no call for reading: an unknown address, or a form filled in wrongly."""
    if fault.startswith("unknown path"):
        return _invalid("connections", fault, 404)
    if fault.startswith("unknown method"):
        return _invalid("connections", fault, 405)
    g.outcome, g.fault = "invalid", fault
    return Response(errors.oauth_body("invalid_request", fault), status=400, content_type=errors.JSON)


def refusal(error: RefusedError, application: str) -> Response:
    """Answer an error as this application does, and tell the ledger what was asked wrongly."""
    if error.fault:
        g.outcome, g.fault = "invalid", error.fault
    status, body, kind = errors.error_body(error.status, application, error.message)
    return Response(body, status=status, content_type=kind)


def login_page(*, has_failed: bool = False) -> Response:
    g.outcome = "signed out"
    return Response(errors.login_body(has_failed=has_failed), status=200, content_type=errors.HTML)


def _wrong_password() -> Response:
    answer = Response(errors.html_body(HTTP_UNAUTHORIZED), status=HTTP_UNAUTHORIZED, content_type=errors.HTML)
    answer.headers["WWW-Authenticate"] = f'Basic realm="{REALM}"'
    return answer


def _dead_token(*, is_sent: bool) -> Response:
    description = "The access token is invalid or has expired." if is_sent else "The access token is missing."
    body = errors.oauth_body("invalid_token" if is_sent else "invalid_request", description)
    answer = Response(body, status=HTTP_UNAUTHORIZED, content_type=errors.JSON)
    told = ', error="invalid_token"' if is_sent else ""
    answer.headers["WWW-Authenticate"] = f'Bearer realm="{REALM}"{told}'
    return answer
