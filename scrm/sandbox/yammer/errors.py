"""How Viva Engage and Graph refuse.

Documented are 401 with code 16 (learn.microsoft.com/rest/api/yammer, "API requests", read 2026-11-24) and 429,
whose body stands in the tests of a public client (the gem `yammer`, read 2026-11-24). The sentences of 400, 403
and 404 are from memory and have that form. Graph's form is that of learn.microsoft.com/graph/errors, 2026-11-23.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from flask import Response, g, json, request

JSON = "application/json; charset=utf-8"
YAMMER_API, GRAPH_API = "/api/v1/", "/v1.0/"
YAMMER = {
    "bad_request": (400, "Invalid parameter.", 400),
    "token_not_found": (401, "Token not found.", 16),
    "forbidden": (403, "You do not have permission to perform this action.", 403),
    "not_found": (404, "Not found.", 404),
    "throttled": (429, "Rate limited due to excessive requests.", 33),
    "unavailable": (503, "Service unavailable.", 503),
}
GRAPH = {
    "BadRequest": (400, "Invalid request."),
    "InvalidAuthenticationToken": (401, "Access token is empty or has expired."),
    "Authorization_RequestDenied": (403, "Insufficient privileges to complete the operation."),
    "Request_ResourceNotFound": (404, "Resource does not exist or one of its queried references is not present."),
    "TooManyRequests": (429, "Too many requests."),
    "serviceNotAvailable": (503, "The service is temporarily unavailable."),
}


class RefusedError(Exception):
    """A refusal in the network's own words."""

    def __init__(self, name: str, sentence: str | None = None, *, fault: str | None = None) -> None:
        super().__init__(name)
        self.name = name
        self.sentence = sentence
        self.fault = fault

    def answer(self) -> Response:
        if self.fault is not None:
            g.outcome, g.fault = "invalid", self.fault
        return Response(error_body(self.name, self.sentence), status=status_of(self.name), content_type=JSON)


def status_of(name: str) -> int:
    return YAMMER[name][0] if name in YAMMER else GRAPH[name][0]


def error_body(name: str, sentence: str | None = None) -> bytes:
    """Return the body of a refusal: a name of `YAMMER` or a code of `GRAPH`."""
    if name in YAMMER:
        _, told, code = YAMMER[name]
        return json.dumps({"response": {"message": sentence or told, "code": code, "stat": "fail"}}).encode()
    told = GRAPH[name][1]
    number = str(uuid.uuid4())
    inner = {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": number,
        "client-request-id": number,
    }
    return json.dumps({"error": {"code": name, "message": sentence or told, "innerError": inner}}).encode()


def bad_request(fault: str) -> RefusedError:
    """Return the refusal of a request outside the description, to be counted as one."""
    return RefusedError("BadRequest" if request.path.startswith(GRAPH_API) else "bad_request", fault, fault=fault)


def not_found() -> RefusedError:
    return RefusedError("Request_ResourceNotFound" if request.path.startswith(GRAPH_API) else "not_found")


def body_of_status(status: int) -> tuple[bytes, str]:
    """Return what stands in an ordered failure of this status on the current path."""
    table: dict[str, int] = {name: entry[0] for name, entry in YAMMER.items()}
    if request.path.startswith(GRAPH_API):
        table = {name: entry[0] for name, entry in GRAPH.items()}
    name = next((name for name, known in table.items() if known == status), None)
    return (error_body(name), JSON) if name else (b"", "text/html; charset=utf-8")
