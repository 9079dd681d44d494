"""The errors of Graph, of SharePoint's own REST and of Entra by their code, and the bodies made from them.

Shapes: learn.microsoft.com/graph/errors and /graph/api/listitem-delta, read 2026-11-23/24; `syncStateNotFound`:
devblogs.microsoft.com/microsoft365dev, "Duration of change tracking tokens", 2020-07-03. Sentences, SharePoint's
numbers and Entra's AADSTS numbers from memory, 2026-11-24.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import Response, json, request

from scrm.sandbox.sharepoint.ids import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

JSON = "application/json"
GRAPH_JSON = "application/json; odata.metadata=minimal; odata.streaming=true; IEEE754Compatible=false; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class Sort:
    """What is answered for one code; `rest` is the code under which SharePoint's own REST knows it."""

    status: int
    code: str
    message: str
    inner: str = ""
    rest: str = ""


UNAUTHENTICATED = "InvalidAuthenticationToken"
NO_CLIENT_QUERY = "-1, Microsoft.SharePoint.Client.InvalidClientQueryException"
NO_ACCESS = "-2147024891, System.UnauthorizedAccessException"
NO_ITEM = "-2130575338, Microsoft.SharePoint.SPException"
NO_LIST = "-2130575322, Microsoft.SharePoint.SPException"
TOO_MANY = "-2147429894, Microsoft.SharePoint.SPException"
FAILED = "-1, Microsoft.SharePoint.Client.UnknownError"
TABLE: Mapping[str, Sort] = {
    "badRequest": Sort(status=400, code="BadRequest", message="Invalid request.", rest=NO_CLIENT_QUERY),
    "invalidRequest": Sort(status=400, code="invalidRequest", message="Invalid request", rest=NO_CLIENT_QUERY),
    "validation": Sort(
        status=400,
        code="ValidationError",
        message="Subscription validation request failed. Notification endpoint must respond with 200 OK to "
        "validation request.",
    ),
    "syncStateNotFound": Sort(
        status=400,
        code="syncStateNotFound",
        message="The sync state generation is not found. The delta token is expired and data must be "
        "synchronized again.",
    ),
    "emptyToken": Sort(status=401, code=UNAUTHENTICATED, message="Access token is empty."),
    "invalidToken": Sort(status=401, code=UNAUTHENTICATED, message="Access token validation failure."),
    "expiredToken": Sort(
        status=401, code=UNAUTHENTICATED, message="Lifetime validation failed, the token is expired."
    ),
    "wrongAudience": Sort(
        status=401, code=UNAUTHENTICATED, message="Access token validation failure. Invalid audience."
    ),
    "unauthenticated": Sort(status=401, code="unauthenticated", message="The caller isn't authenticated."),
    "accessDenied": Sort(
        status=403,
        code="accessDenied",
        message="The caller does not have permission to perform the action.",
        rest=NO_ACCESS,
    ),
    "denied": Sort(
        status=403,
        code="Authorization_RequestDenied",
        message="Insufficient privileges to complete the operation.",
    ),
    "itemNotFound": Sort(status=404, code="itemNotFound", message="The resource could not be found.", rest=NO_ITEM),
    "listNotFound": Sort(status=404, code="itemNotFound", message="List does not exist.", rest=NO_LIST),
    "userNotFound": Sort(
        status=404,
        code="Request_ResourceNotFound",
        message="Resource does not exist or one of its queried reference-property objects are not present.",
    ),
    "photoNotFound": Sort(status=404, code="ImageNotFound", message="The photo wasn't found."),
    "subscriptionNotFound": Sort(status=404, code="ResourceNotFound", message="The object was not found."),
    "methodNotAllowed": Sort(
        status=405, code="methodNotAllowed", message="Method not allowed.", rest=NO_CLIENT_QUERY
    ),
    "notAcceptable": Sort(
        status=406,
        code="notAcceptable",
        message="The HTTP header ACCEPT is missing or invalid.",
        rest=NO_CLIENT_QUERY,
    ),
    "resyncChangesApplyDifferences": Sort(
        status=410,
        code="resyncRequired",
        message="Resync required. Replace any local items with the server's version.",
        inner="resyncChangesApplyDifferences",
    ),
    "resyncChangesUploadDifferences": Sort(
        status=410,
        code="resyncRequired",
        message="Resync required. Upload any local items that the service did not return.",
        inner="resyncChangesUploadDifferences",
    ),
    "locked": Sort(status=423, code="notAllowed", message="Access to this site has been blocked.", inner="locked"),
    "tooManyRequests": Sort(
        status=429, code="TooManyRequests", message="Too many requests from Identifier.", inner="tooManyRequests"
    ),
    "activityLimitReached": Sort(
        status=429,
        code="activityLimitReached",
        message="The app or user has been throttled.",
        inner="throttledRequest",
        rest=TOO_MANY,
    ),
    "generalException": Sort(
        status=500, code="generalException", message="General exception while processing.", rest=FAILED
    ),
    "serviceNotAvailable": Sort(
        status=503, code="serviceNotAvailable", message="The service is not available.", rest=TOO_MANY
    ),
    "bandwidthLimitExceeded": Sort(
        status=509,
        code="activityLimitReached",
        message="The bandwidth limit has been exceeded.",
        inner="bandwidthLimitExceeded",
    ),
}
BY_STATUS = {
    400: "invalidRequest",
    401: "invalidToken",
    403: "accessDenied",
    404: "itemNotFound",
    405: "methodNotAllowed",
    410: "resyncChangesApplyDifferences",
    423: "locked",
    429: "activityLimitReached",
    503: "serviceNotAvailable",
    509: "bandwidthLimitExceeded",
}


def error(code: str, message: str | None = None, at: datetime | None = None) -> dict[str, Any]:
    """Return Graph's body; what is finer than the code stands in the inner error."""
    sort = TABLE[code]
    inner: dict[str, Any] = {"code": sort.inner} if sort.inner else {}
    if at:
        inner["date"] = stamp(at).removesuffix("Z")
    request_id = str(uuid.uuid4())
    inner |= {"request-id": request_id, "client-request-id": request_id}
    return {"error": {"code": sort.code, "message": message or sort.message, "innerError": inner}}


def rest_error(code: str, message: str | None = None, *, is_new_form: bool = False) -> dict[str, Any]:
    """Return the body of SharePoint's own REST; its name differs by the form of OData asked for."""
    sort = TABLE[code]
    told = {"code": sort.rest or FAILED, "message": {"lang": "en-US", "value": message or sort.message}}
    if is_new_form:
        return {"error": {"code": told["code"], "message": message or sort.message}}
    return {"odata.error": told}


def is_rest() -> bool:
    """Whether the current request goes to SharePoint's own REST."""
    return "/_api/" in request.path


def is_new_form() -> bool:
    """Whether the current request asks for OData 4 of SharePoint's own REST."""
    return "odata.metadata=" in request.headers.get("Accept", "")


def error_body(code: str, message: str | None = None, *, is_rest: bool = False) -> bytes:
    """Return the body that is answered for one of the documented codes."""
    return json.dumps(rest_error(code, message) if is_rest else error(code, message)).encode()


def body_of_status(status: int) -> tuple[bytes, str]:
    """Return what a bare status comes with; the ledger asks when a failure is ordered without a body."""
    return error_body(BY_STATUS.get(status, "generalException"), is_rest=is_rest()), JSON


@dataclass(eq=False)
class RefusedError(Exception):
    """A request that is refused with one of the documented errors."""

    code: str
    message: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def answer(self, at: datetime) -> Response:
        sort = TABLE[self.code]
        if not is_rest():
            body, content_type = error(self.code, self.message, at), JSON
        elif sort.status == 401:
            body, content_type = {"error_description": self.message or sort.message}, JSON
        else:
            body = rest_error(self.code, self.message, is_new_form=is_new_form())
            content_type = "application/json;odata=nometadata;streaming=true;charset=utf-8"
        answer = Response(json.dumps(body), status=sort.status, content_type=content_type)
        answer.headers.extend(dict(self.headers))
        return answer


class OutOfSpecError(RefusedError):
    """A request that the spec does not know; it is recorded as invalid."""


def entra_error(status: int, code: str, number: int, message: str, at: datetime) -> Response:
    """Return an error of the token endpoint."""
    trace, correlation, time = str(uuid.uuid4()), str(uuid.uuid4()), at.strftime("%Y-%m-%d %H:%M:%SZ")
    body = {
        "error": code,
        "error_description": f"AADSTS{number}: {message} Trace ID: {trace} Correlation ID: {correlation} "
        f"Timestamp: {time}",
        "error_codes": [number],
        "timestamp": time,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }
    return Response(json.dumps(body), status=status, content_type="application/json; charset=utf-8")
