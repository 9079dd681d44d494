"""The errors of the X API, each with the body it comes with.

Problem types: openapi.json of xdevplatform/docs, 2.166 (host api.twitter.com) and 2.167 (host api.x.com), read
2026-11-24. Titles and sentences as public clients show them (402, stale `since_id`), else from memory, 2026-11-24.
"""

from __future__ import annotations

from typing import Any

from flask import json

from scrm.sandbox.x.vocabulary import POST, Vocabulary

INVALID_DETAIL = "One or more parameters to your request was invalid."
JSON = "application/json; charset=utf-8"
PROBLEM = "application/problem+json"
_BLANK = "about:blank"
# code -> status, type (a suffix unless it is blank), the rest of the body
ERRORS: dict[str, tuple[int, str, dict[str, Any]]] = {
    "invalid-request": (400, "invalid-request", {"title": "Invalid Request", "detail": INVALID_DETAIL, "errors": []}),
    "unauthorized": (401, _BLANK, {"title": "Unauthorized", "detail": "Unauthorized", "status": 401}),
    "credits-depleted": (
        402,
        "credits",
        {
            "title": "CreditsDepleted",
            "detail": "Your enrolled account does not have any credits to fulfill this request.",
        },
    ),
    "forbidden": (403, _BLANK, {"title": "Forbidden", "detail": "Forbidden", "status": 403}),
    "client-forbidden": (
        403,
        "client-forbidden",
        {
            "title": "Client Forbidden",
            "detail": "Your client app is not enrolled to make this request.",
            "reason": "client-not-enrolled",
            "registration_url": "https://developer.x.com",
        },
    ),
    "unsupported-authentication": (
        403,
        "unsupported-authentication",
        {
            "title": "Unsupported Authentication",
            "detail": "Authenticating with this kind of token is forbidden for this endpoint.",
            "status": 403,
        },
    ),
    "oauth1-permissions": (
        403,
        "oauth1-permissions",
        {"title": "Forbidden", "detail": "Your client app is not configured with the permissions.", "status": 403},
    ),
    "disallowed-resource": (
        403,
        "disallowed-resource",
        {"title": "Disallowed Resource", "detail": "The requested resource violates the terms of this API."},
    ),
    "not-authorized-for-resource": (
        403,
        "not-authorized-for-resource",
        {"title": "Authorization Error", "detail": "Sorry, you are not authorized to see this resource."},
    ),
    "not-authorized-for-field": (
        403,
        "not-authorized-for-field",
        {"title": "Field Authorization Error", "detail": "Sorry, you are not authorized to access this field."},
    ),
    "resource-not-found": (
        404,
        "resource-not-found",
        {"title": "Not Found Error", "detail": "Could not find the resource."},
    ),
    "conflict": (
        409,
        "conflict",
        {"title": "Conflict", "detail": "You cannot create a new job if one is already in progress."},
    ),
    "rate-limit": (429, _BLANK, {"title": "Too Many Requests", "detail": "Too Many Requests", "status": 429}),
    "usage-capped": (
        429,
        "usage-capped",
        {
            "title": "UsageCapExceeded",
            "detail": "Usage cap exceeded: Monthly product cap",
            "period": "Monthly",
            "scope": "Product",
        },
    ),
    "streaming-connection": (
        429,
        "streaming-connection",
        {
            "title": "ConnectionException",
            "detail": "This stream is currently at the maximum allowed connection limit.",
            "connection_issue": "TooManyConnections",
        },
    ),
    "internal-error": (500, "internal-error", {"title": "Internal Error", "detail": "Something is broken."}),
    "field-hydration-failure": (
        500,
        "field-hydration-failure",
        {"title": "Field Hydration Failure", "detail": "A field could not be read."},
    ),
    "bad-gateway": (502, _BLANK, {"title": "Bad Gateway", "detail": "Bad Gateway", "status": 502}),
    "resource-unavailable": (
        503,
        "resource-unavailable",
        {"title": "Resource Unavailable", "detail": "The resource is not available at this time."},
    ),
    "unavailable": (503, _BLANK, {"title": "Service Unavailable", "detail": "Service Unavailable", "status": 503}),
    "gateway-timeout": (504, _BLANK, {"title": "Gateway Timeout", "detail": "Gateway Timeout", "status": 504}),
}
OF_STATUS = {
    400: "invalid-request",
    401: "unauthorized",
    402: "credits-depleted",
    403: "forbidden",
    404: "resource-not-found",
    409: "conflict",
    429: "rate-limit",
    500: "internal-error",
    502: "bad-gateway",
    503: "unavailable",
    504: "gateway-timeout",
}
# the documentation shows this body for a rate limit, the servers the one above
DOCUMENTED_RATE_LIMIT = {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}


class XError(Exception):
    """A request the API refuses with a problem of its own."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.status = ERRORS[code][0]
        self.more = more


def invalid(parameter: str, value: object, message: str) -> XError:
    """Refuse one parameter, in the form in which all faults of parameters are told."""
    return XError("invalid-request", errors=[{"parameters": {parameter: [str(value)]}, "message": message}])


def problem(code: str, vocabulary: Vocabulary = POST, **more: Any) -> dict[str, Any]:
    """Return the problem as it stands in `errors` of a 200, or as the whole body."""
    _, kind, rest = ERRORS[code]
    address = kind if kind == _BLANK else f"{vocabulary.host}/2/problems/{kind}"
    return {**rest, "type": address, **more}


def error_body(code: str, vocabulary: Vocabulary = POST, **more: Any) -> bytes:
    """Return the body of a documented error, to order it by `fail`."""
    if code == "rate-limit-documented":
        return json.dumps(DOCUMENTED_RATE_LIMIT).encode()
    return json.dumps(problem(code, vocabulary, **more)).encode()


def body_of_status(status: int, vocabulary: Vocabulary = POST) -> tuple[bytes, str]:
    """Return what the real servers send with a status alone."""
    code = OF_STATUS.get(status)
    if code is None:
        return b"", "text/html; charset=utf-8"
    return error_body(code, vocabulary), PROBLEM


def missing(vocabulary: Vocabulary, resource: str, parameter: str, value: object) -> dict[str, Any]:
    """Return the partial error of something that is not there."""
    return problem(
        "resource-not-found",
        vocabulary,
        detail=f"Could not find {resource} with {parameter}: [{value}].",
        parameter=parameter,
        value=str(value),
        resource_id=str(value),
        resource_type=resource,
    )


def hidden(vocabulary: Vocabulary, resource: str, parameter: str, value: object, section: str) -> dict[str, Any]:
    """Return the partial error of something the viewer may not see."""
    return problem(
        "not-authorized-for-resource",
        vocabulary,
        detail=f"Sorry, you are not authorized to see the {resource} with {parameter}: [{value}].",
        parameter=parameter,
        value=str(value),
        resource_id=str(value),
        resource_type=resource,
        section=section,
    )


def suspended(vocabulary: Vocabulary, parameter: str, value: object) -> dict[str, Any]:
    """Return the partial error of a suspended user; its title differs, its type does not."""
    return missing(vocabulary, "user", parameter, value) | {
        "title": "Forbidden",
        "detail": f"User has been suspended: [{value}].",
    }
