"""The errors of Graph-style servers: one table by code and subcode, and the bodies made from it.

Codes and their meaning as in Meta's pages "Handling errors" and "Rate limits" (read 2026-11-23) and
`facebook_business/exceptions.py` 26.0.3; sentences, HTTP statuses other than 400 and the codes of the token
endpoint from memory, 2026-11-24. Throttles and dead tokens arrive as HTTP 400 like any other error.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, json

if TYPE_CHECKING:
    from collections.abc import Mapping

INVALIDATED = "Error validating access token: The session has been invalidated because the user "
VALIDATING = "Error validating access token: "
VERIFYING = "Error validating verification code. "


@dataclass(frozen=True, kw_only=True)
class Sort:
    """What the server answers for one code and subcode."""

    message: str
    status: int = 400
    type: str = "OAuthException"
    is_transient: bool | None = None


# by code and subcode; 0 is no subcode
TABLE: Mapping[tuple[int, int], Sort] = {
    (1, 0): Sort(message="An unknown error occurred", status=500, is_transient=False),
    (2, 0): Sort(
        message="An unexpected error has occurred. Please retry your request later.", status=500, is_transient=True
    ),
    (3, 0): Sort(message="(#3) Application does not have the capability to make this API call."),
    (4, 0): Sort(message="(#4) Application request limit reached", status=403, is_transient=True),
    (10, 0): Sort(message="(#10) Application does not have permission for this action"),
    (17, 0): Sort(message="(#17) User request limit reached"),
    (32, 0): Sort(message="(#32) Page request limit reached"),
    (100, 0): Sort(message="(#100) Invalid parameter"),
    (100, 33): Sort(
        message="Unsupported get request. Object does not exist, cannot be loaded due to missing permissions, "
        "or does not support this operation",
        type="GraphMethodException",
    ),
    (100, 36007): Sort(message="This authorization code has expired."),
    (100, 36008): Sort(
        message=VERIFYING + "Please make sure your redirect_uri is identical to the one you used in the OAuth "
        "dialog request"
    ),
    (100, 36009): Sort(message="This authorization code has been used."),
    (100, 2018218): Sort(message="(#100) No profile available for this user."),
    (100, 2108006): Sort(message="(#100) Media posted before business account conversion"),
    (100, 2534014): Sort(message="(#100) The requested user cannot be found."),
    (101, 0): Sort(message="Error validating application. Cannot get application info due to a system error."),
    (102, 0): Sort(message="Session key invalid or no longer valid"),
    (104, 0): Sort(message="An access token is required to request this resource."),
    (190, 0): Sort(message="Invalid OAuth access token - Cannot parse access token"),
    (190, 458): Sort(message=VALIDATING + "The user has not authorized application."),
    (190, 459): Sort(message=VALIDATING + "The user must log in to www.facebook.com to resolve an issue."),
    (190, 460): Sort(message=INVALIDATED + "changed their password or the session changed for security reasons."),
    (190, 463): Sort(message=VALIDATING + "Session has expired."),
    (190, 464): Sort(message=VALIDATING + "Sessions for the user are not allowed because the user is not confirmed."),
    (190, 467): Sort(message=INVALIDATED + "logged out."),
    (190, 492): Sort(message=VALIDATING + "The user does not have the appropriate role on the Page."),
    (200, 0): Sort(message="(#200) Permissions error"),
    (210, 0): Sort(message="(#210) A page access token is required to request this resource."),
    (341, 0): Sort(message="(#341) Feed action request limit reached"),
    (368, 0): Sort(message="The action attempted has been deemed abusive or is otherwise disallowed"),
    (506, 0): Sort(message="Duplicate status message"),
    (613, 0): Sort(message="(#613) Calls to this api have exceeded the rate limit."),
    (803, 0): Sort(message="(#803) Some of the aliases you requested do not exist"),
    (2200, 0): Sort(message="(#2200) Callback verification failed: the callback did not echo the challenge"),
    (2500, 0): Sort(message="Unknown path components"),
    (80001, 0): Sort(
        message="(#80001) There have been too many calls to this Page account. Wait a bit and try again."
    ),
    (80002, 0): Sort(message="(#80002) There have been too many calls to this Instagram account. Wait a bit."),
    (80006, 0): Sort(message="(#80006) There have been too many messages sent from this Page. Wait a bit."),
}
TOO_MUCH = "Please reduce the amount of data you're asking for, then retry your request"


def error_body(code: int, subcode: int = 0, **shown: Any) -> dict[str, Any]:
    """Return the body of a documented error; `shown` overrides message, type, is_transient, or adds error_data."""
    sort = TABLE[code, subcode]
    error: dict[str, Any] = {"message": sort.message, "type": sort.type, "code": code}
    if subcode:
        error["error_subcode"] = subcode
    if sort.is_transient is not None:
        error["is_transient"] = sort.is_transient
    return {"error": {**error, **shown, "fbtrace_id": "A" + secrets.token_urlsafe(16)}}


def status_body(status: int) -> tuple[bytes, str]:
    """Return what the server says with a status ordered by a test that gave no body: JSON, or a bare page."""
    if status in {502, 503, 504}:
        return b"<html><head><title>Error</title></head><body>Sorry, something went wrong.</body></html>", "text/html"
    code = 2 if status >= 500 else 4 if status in {403, 429} else 190 if status == 401 else 100
    return json.dumps(error_body(code)).encode(), "application/json; charset=UTF-8"


class GraphError(Exception):
    """A request the server refuses with an error of its table."""

    def __init__(self, code: int, subcode: int = 0, *, status: int | None = None, **shown: Any) -> None:
        super().__init__(f"{code}/{subcode}")
        self.code = code
        self.subcode = subcode
        self.status = status or TABLE[code, subcode].status
        self.body = error_body(code, subcode, **shown)

    def response(self) -> Response:
        body = json.dumps(self.body)
        answer = Response(body, status=self.status, content_type="application/json; charset=UTF-8")
        if self.status in {400, 401}:
            answer.headers["WWW-Authenticate"] = 'OAuth "Facebook Platform" "invalid_request"'
        return answer


class BadRequestError(GraphError):
    """A request outside the API's description: refused, and recorded as invalid."""


def add_errors(app: Flask) -> None:
    """Let the app answer every `GraphError` as the real server would."""
    app.register_error_handler(GraphError, _answer)


def _answer(exc: GraphError) -> Response:
    if isinstance(exc, BadRequestError):
        g.outcome = "invalid"
        g.fault = exc.body["error"]["message"]
    return exc.response()
