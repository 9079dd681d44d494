"""The errors of LinkedIn's API by their code, and the bodies made from them.

Shapes as on "Error handling" and "Rate limits" (learn.microsoft.com/linkedin, read 2026-11-23); 426 as in
n8n-io/n8n#28590, 65601 as in decioferreira/omniauth-linkedin-oauth2#81, 403 with 100 as answered to /rest/me
(example-a.com/answer/77847104); the other service codes and sentences from memory, 2026-11-24.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Response, json

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class Sort:
    """What the API answers for one code."""

    status: int
    message: str
    service: int | None = None


TABLE: Mapping[str, Sort] = {
    "ILLEGAL_ARGUMENT": Sort(status=400, message="Syntax exception in path variables"),
    "INVALID_REQUEST": Sort(status=400, message="Invalid request"),
    "QUERY_PARAM_NOT_ALLOWED": Sort(
        status=400,
        message="Query parameters contain unpermitted fields. Please see errorDetails for more information.",
    ),
    "VERSION_MISSING": Sort(
        status=400,
        message="A version must be present. Please specify a version by adding the LinkedIn-Version header.",
    ),
    "PROTOCOL_VERSION_MISSING": Sort(status=400, message="Header X-RestLi-Protocol-Version must be 2.0.0"),
    "MEMBER_AS_AUTHOR": Sort(status=400, message="Member permissions must be used when using member as author"),
    "WEBHOOK_NOT_VALIDATED": Sort(status=400, message="This URL did not pass the security challenge check"),
    "EMPTY_ACCESS_TOKEN": Sort(status=401, message="Empty oauth2 access token", service=65604),
    "INVALID_ACCESS_TOKEN": Sort(status=401, message="Invalid access token", service=65600),
    "REVOKED_ACCESS_TOKEN": Sort(
        status=401, message="The token used in the request has been revoked by the user", service=65601
    ),
    "EXPIRED_ACCESS_TOKEN": Sort(status=401, message="The token used in the request has expired", service=65602),
    "ACCESS_DENIED": Sort(status=403, message="Not enough permissions to access: the resource", service=100),
    "NOT_FOUND": Sort(status=404, message="Could not find entity"),
    "RESOURCE_NOT_FOUND": Sort(status=404, message="No virtual resource found", service=0),
    "METHOD_NOT_ALLOWED": Sort(status=405, message="This method is not supported by the resource"),
    "NONEXISTENT_VERSION": Sort(status=426, message="Requested version is not active"),
    "TOO_MANY_REQUESTS": Sort(
        status=429,
        message="Resource level throttle limit for calls to this resource is reached.",
        service=101,
    ),
    "INTERNAL_SERVER_ERROR": Sort(status=500, message="Internal Server Error"),
    "SERVICE_UNAVAILABLE": Sort(status=503, message="Service Unavailable"),
    "GATEWAY_TIMEOUT": Sort(status=504, message="Gateway Timeout"),
}
# of several codes with one status, the one that the status alone means is named last
BY_STATUS = {sort.status: code for code, sort in TABLE.items()} | {
    400: "INVALID_REQUEST",
    401: "INVALID_ACCESS_TOKEN",
    404: "NOT_FOUND",
}


def error(code: str, message: str | None = None, details: Mapping[str, Any] | None = None) -> dict[str, Any]:
    sort = TABLE[code]
    body: dict[str, Any] = {"status": sort.status, "code": code, "message": message or sort.message}
    if sort.service is not None:
        body["serviceErrorCode"] = sort.service
    if details:
        body["errorDetails"] = dict(details)
    return body


def error_body(code: str, message: str | None = None) -> bytes:
    """Return the body that the API answers for one of the documented codes."""
    return json.dumps(error(code, message)).encode()


def body_of_status(status: int) -> tuple[bytes, str]:
    """Return what a bare status comes with; the ledger asks when a failure is ordered without a body."""
    return error_body(BY_STATUS.get(status, "INTERNAL_SERVER_ERROR")), JSON


class RefusedError(Exception):
    """A request that the API refuses with one of its errors."""

    def __init__(self, code: str, message: str | None = None, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message or TABLE[code].message)
        self.code = code
        self.message = message
        self.details = details

    def answer(self) -> Response:
        body = json.dumps(error(self.code, self.message, self.details))
        return Response(body, status=TABLE[self.code].status, content_type=JSON)


class OutOfSpecError(RefusedError):
    """A request that the spec does not know; it is recorded as invalid."""


def parameter_fault(name: str) -> OutOfSpecError:
    return OutOfSpecError("INVALID_REQUEST", f"Parameter '{name}' is invalid")


def unknown_parameter(name: str) -> OutOfSpecError:
    inputs = [{"code": "QUERY_PARAM_NOT_ALLOWED", "input": {"inputPath": {"fieldPath": name}}}]
    return OutOfSpecError("QUERY_PARAM_NOT_ALLOWED", details={"inputErrors": inputs})
