"""What every request passes before it is answered: its token, its permission, its budget.

The ledger has compared it with the route table before; its refusals are put into the network's own words here.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, Response, g, json, request

from scrm.sandbox.sharepoint.access import GRAPH, SHAREPOINT
from scrm.sandbox.sharepoint.errors import JSON, OutOfSpecError, RefusedError, entra_error
from scrm.sandbox.sharepoint.limits import headers_of

if TYPE_CHECKING:
    from scrm.sandbox.sharepoint.access import Access, Token
    from scrm.sandbox.sharepoint.limits import Limits, Spent
    from scrm.sandbox.sharepoint.routes import Call
    from scrm.sandbox.sharepoint.state import User

REST_ACCEPTED = ("application/json",)


def token() -> Token:
    """Return the token that the current request came with."""
    return cast("Token", g.token)


def reader() -> User | None:
    """Return who reads; None for the application itself."""
    return token().user


class Gate:
    """Lets a request through to its view with `g.token` set, or refuses it."""

    def __init__(self, access: Access, limits: Limits) -> None:
        self._access = access
        self._limits = limits

    def attach(self, app: Flask) -> None:
        app.after_request(self._finish)
        app.register_error_handler(RefusedError, self._refused)

    def check(self, call: Call) -> None:
        """Refuse the current request unless this call may be answered."""
        g.token = self._access.token_of(
            request.headers.get("Authorization", ""), GRAPH if call.is_graph else SHAREPOINT
        )
        if not call.is_graph:
            self._check_rest()
        spent = self._limits.spend(call.bucket, call.units, call.name)
        g.budget = headers_of(call.bucket, spent, is_application=reader() is None)
        if spent.is_refused:
            raise _throttled(call, spent)
        if call.is_graph and not call.scopes & token().scopes:
            raise RefusedError("denied" if call.bucket == "identity" else "accessDenied")
        if not call.is_graph and not call.scopes & token().scopes:
            raise RefusedError("accessDenied", "Access denied. You do not have permission to perform this action.")

    def _check_rest(self) -> None:
        if reader() is None:
            raise RefusedError("unauthenticated", "Unsupported app only token.")
        accepted = request.headers.get("Accept", "")
        if not accepted.startswith(REST_ACCEPTED) or "verbose" in accepted:
            raise OutOfSpecError("notAcceptable")

    def _refused(self, why: RefusedError) -> Response:
        if isinstance(why, OutOfSpecError):
            g.outcome = "invalid"
            g.fault = f"{why.code} at {request.method} {request.path}"
        return why.answer(self._access.now())

    def _finish(self, answer: Response) -> Response:
        """Give the ledger's refusals the network's form, and every answer the headers that support asks for."""
        if g.get("outcome") == "invalid" and answer.mimetype == JSON:
            answer = self._in_own_words(answer)
        answer.headers.extend(g.get("budget", {}))
        if request.path.startswith("/v1.0/"):
            answer.headers["request-id"] = answer.headers["client-request-id"] = str(uuid.uuid4())
        elif "/_api/" in request.path:
            answer.headers["SPRequestGuid"] = str(uuid.uuid4())
        return answer

    def _in_own_words(self, answer: Response) -> Response:
        body: dict[str, Any] = json.loads(answer.get_data())
        if body.get("error") != "InvalidRequest":
            return answer
        fault, at = str(body["message"]), self._access.now()
        if "/oauth2/" in request.path:
            return entra_error(400, "invalid_request", 9002313, fault, at)
        if fault.startswith("unknown path"):
            return RefusedError("itemNotFound").answer(at)
        if fault.startswith("unknown method"):
            return RefusedError("methodNotAllowed").answer(at)
        return RefusedError("badRequest", fault).answer(at)


def _throttled(call: Call, spent: Spent) -> RefusedError:
    wait = {"Retry-After": str(spent.seconds)}
    if call.bucket != "sharepoint":
        scope = {"x-ms-throttle-scope": "Tenant_Application/ReadWrite", "x-ms-throttle-information": "ResourceUnit"}
        return RefusedError("tooManyRequests", headers={**wait, **(scope if call.bucket == "identity" else {})})
    # SharePoint says both; every second time the rarer one, so that nobody waits for 429 alone
    code = "activityLimitReached" if spent.refusals % 2 else "serviceNotAvailable"
    return RefusedError(code, headers=wait)
