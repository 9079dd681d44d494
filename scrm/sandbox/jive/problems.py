"""How Jive says no: `{"error": {"status", "message"}}`, and OAuth's own bodies at the token endpoint.

The codes are documented per call (developers.jivesoftware.com/api/v3/cloud/rest, read 2026-11-24), the body and its
sentences are from memory.
"""

from __future__ import annotations

from typing import Any

from flask import Response, g, json, request

JSON = "application/json;charset=UTF-8"
MESSAGES = {
    400: "An input field is missing or malformed",
    401: "Authentication is required to access this resource",
    403: "You are not allowed to perform this operation",
    404: "The specified object does not exist",
    405: "Method Not Allowed",
    409: "The request would cause business rules to be violated",
    410: "The specified object or feature is no longer available",
    500: "Internal server error",
    501: "The specified content object is of a type that does not support this operation",
    503: "Service Unavailable",
}
OAUTH_ERRORS = frozenset(
    {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"}
)


class RefusedError(Exception):
    """A request that the network refuses; `is_outside_spec` when no client should have sent it."""

    def __init__(self, status: int, message: str | None = None, *, is_outside_spec: bool = False) -> None:
        self.status = status
        self.message = message or MESSAGES[status]
        self.is_outside_spec = is_outside_spec
        super().__init__(self.message)


def malformed(what: str) -> RefusedError:
    return RefusedError(400, f"{MESSAGES[400]}: {what}", is_outside_spec=True)


def error_body(code: int | str, message: str | None = None) -> bytes:
    """Return a documented error: by HTTP status as the API sends it, by name as the token endpoint does."""
    if isinstance(code, int):
        return json.dumps({"error": {"status": code, "message": message or MESSAGES[code]}}).encode()
    if code not in OAUTH_ERRORS:
        raise ValueError(f"Jive documents no error {code}")
    return json.dumps({"error": code, "error_description": message or code.replace("_", " ")}).encode()


def body_of_status(status: int) -> tuple[bytes, str]:
    """Return what comes with a status: JSON, or a page where something stands before Jive."""
    if status in MESSAGES:
        return error_body(status), JSON
    page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
    return page.encode(), "text/html; charset=utf-8"


def answer_of(why: RefusedError) -> Response:
    if why.is_outside_spec:
        g.outcome = "invalid"
        g.fault = f"{why.message} at {request.method} {request.path}"
    return Response(error_body(why.status, why.message), status=why.status, content_type=JSON)


def in_own_words(answer: Response) -> Response:
    """Give the ledger's refusal of a request outside the route table Jive's form."""
    if g.get("outcome") != "invalid" or answer.mimetype != "application/json":
        return answer
    body: dict[str, Any] = json.loads(answer.get_data())
    if body.get("error") != "InvalidRequest":
        return answer
    fault = str(body["message"])
    if request.path == "/oauth2/token":
        return Response(error_body("invalid_request", fault), status=400, content_type=JSON)
    status = 404 if fault.startswith("unknown path") else 405 if fault.startswith("unknown method") else 400
    return Response(error_body(status, f"{MESSAGES[status]}: {fault}"), status=status, content_type=JSON)
