"""The errors of the Data API: every documented reason with its status, domain and sentence.

Reasons from developers.google.com/youtube/v3/docs/errors (read 2026-11-24); sentences and the general ones of
Google's front end from error bodies quoted in public issue threads, else from memory, 2026-11-24. A client keys
on `errors[0].reason`; `status` and `details` come only from the front end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import json

JSON_TYPE = "application/json; charset=UTF-8"
PARAMETER = "youtube.parameter"
THREAD = "youtube.commentThread"
FORBIDDEN = "The request might not be properly authorized."


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One documented error."""

    status: int
    domain: str
    sentence: str
    rpc_status: str | None = None
    info: str | None = None  # the reason of google.rpc.ErrorInfo
    location: str | None = None
    location_type: str = "parameter"


REASONS = {
    "authError": Reason(
        status=401,
        domain="global",
        sentence=(
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
            "valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
        ),
        rpc_status="UNAUTHENTICATED",
        location="Authorization",
        location_type="header",
    ),
    "authorizationRequired": Reason(
        status=401, domain="youtube.common", sentence="The request is not properly authorized.", location="mine"
    ),
    "badRequest": Reason(
        status=400,
        domain="global",
        sentence="API key not valid. Please pass a valid API key.",
        rpc_status="INVALID_ARGUMENT",
        info="API_KEY_INVALID",
    ),
    "forbidden": Reason(
        status=403,
        domain="global",
        sentence=(
            "Method doesn't allow unregistered callers (callers without established identity). Please use API Key "
            "or other form of API consumer identity to call this API."
        ),
        rpc_status="PERMISSION_DENIED",
    ),
    "insufficientPermissions": Reason(
        status=403,
        domain="global",
        sentence="Request had insufficient authentication scopes.",
        rpc_status="PERMISSION_DENIED",
        info="ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    ),
    "authenticatedUserAccountClosed": Reason(
        status=403, domain="youtube.common", sentence="The authenticated user's YouTube account is closed."
    ),
    "authenticatedUserAccountSuspended": Reason(
        status=403, domain="youtube.common", sentence="The authenticated user's YouTube account is suspended."
    ),
    "quotaExceeded": Reason(
        status=403,
        domain="youtube.quota",
        sentence=(
            "The request cannot be completed because you have exceeded your "
            '<a href="/youtube/v3/getting-started#quota">quota</a>.'
        ),
    ),
    "rateLimitExceeded": Reason(
        status=403,
        domain="youtube.quota",
        sentence="The request cannot be completed because there have been too many requests lately.",
    ),
    "userRateLimitExceeded": Reason(status=403, domain="usageLimits", sentence="User Rate Limit Exceeded"),
    "commentsDisabled": Reason(
        status=403,
        domain=THREAD,
        sentence=(
            'The video identified by the <code><a href="/youtube/v3/docs/commentThreads/list#videoId">videoId</a>'
            "</code> parameter has disabled comments."
        ),
        location="videoId",
    ),
    "subscriptionForbidden": Reason(
        status=403,
        domain="youtube.subscription",
        sentence="The requester is not allowed to access the requested subscriptions.",
    ),
    "videoNotFound": Reason(
        status=404,
        domain=THREAD,
        sentence="The video identified by the videoId parameter could not be found.",
        location="videoId",
    ),
    "channelNotFound": Reason(
        status=404,
        domain=THREAD,
        sentence="The channel identified by the request could not be found.",
        location="allThreadsRelatedToChannelId",
    ),
    "commentThreadNotFound": Reason(
        status=404, domain=THREAD, sentence="The specified comment threads cannot be found.", location="id"
    ),
    "commentNotFound": Reason(
        status=404,
        domain="youtube.comment",
        sentence="One or more of the specified comments cannot be found.",
        location="parentId",
    ),
    "playlistNotFound": Reason(
        status=404,
        domain="youtube.playlistItem",
        sentence="The playlist identified with the request's <code>playlistId</code> parameter cannot be found.",
        location="playlistId",
    ),
    "processingFailure": Reason(
        status=400,
        domain=THREAD,
        sentence="The API server failed to successfully process the request. Check the structure of the request.",
    ),
    "invalidPageToken": Reason(
        status=400, domain=PARAMETER, sentence="The request specifies an invalid page token.", location="pageToken"
    ),
    "invalidFilters": Reason(
        status=400, domain=PARAMETER, sentence="The request specifies an invalid filter parameter."
    ),
    "incompatibleParameters": Reason(
        status=400, domain=PARAMETER, sentence="Incompatible parameters specified in the request."
    ),
    "unexpectedParameter": Reason(
        status=400, domain=PARAMETER, sentence="The request specifies an unexpected parameter."
    ),
    "missingRequiredParameter": Reason(status=400, domain=PARAMETER, sentence="No filter selected."),
    "unknownPart": Reason(status=400, domain="youtube.part", sentence="unknown", location="part"),
    "invalidParameter": Reason(status=400, domain="global", sentence="Invalid value."),
    "backendError": Reason(status=503, domain="global", sentence="Backend Error", rpc_status="UNAVAILABLE"),
    "internalError": Reason(
        status=500, domain="global", sentence="Internal error encountered.", rpc_status="INTERNAL"
    ),
}
BY_STATUS = {
    400: "processingFailure",
    401: "authError",
    403: "quotaExceeded",
    404: "videoNotFound",
    500: "internalError",
}
RPC_STATUS = {400: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED"}


class ApiError(Exception):
    """A request the API refuses, by one of the documented reasons."""

    def __init__(self, reason: str, sentence: str | None = None, *, location: str | None = None) -> None:
        super().__init__(reason)
        self.status = REASONS[reason].status
        self.body = error_body(reason, sentence, location=location)


def error_body(reason: str, sentence: str | None = None, *, location: str | None = None) -> bytes:
    """Return the body of a documented error."""
    known = REASONS[reason]
    message = sentence or known.sentence
    detail: dict[str, Any] = {"message": message, "domain": known.domain, "reason": reason}
    if place := location or known.location:
        detail |= {"location": place, "locationType": known.location_type}
    error: dict[str, Any] = {"code": known.status, "message": message, "errors": [detail]}
    if known.rpc_status:
        error["status"] = known.rpc_status
    if known.info:
        info = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": known.info,
            "domain": "googleapis.com",
            "metadata": {"service": "youtube.googleapis.com"},
        }
        error["details"] = [info]
    return _json(error)


def malformed_body(sentence: str) -> bytes:
    """Return what the front end says of a request that does not fit the method's description."""
    detail = {"message": sentence, "reason": "invalid"}
    return _json({"code": 400, "message": sentence, "errors": [detail], "status": RPC_STATUS[400]})


def status_body(status: int) -> tuple[bytes, str]:
    """Return what comes with a status of which no more is known: JSON where the API speaks, else a page."""
    if reason := BY_STATUS.get(status):
        return error_body(reason), JSON_TYPE
    if status == 429:
        sentence = "Resource has been exhausted (e.g. check quota)."
        detail = {"message": sentence, "domain": "global", "reason": "rateLimitExceeded"}
        return _json({"code": 429, "message": sentence, "errors": [detail], "status": RPC_STATUS[429]}), JSON_TYPE
    page = f"<!DOCTYPE html><html lang=en><title>Error {status}</title><p><b>{status}.</b></p></html>"
    return page.encode(), "text/html; charset=UTF-8"


def _json(error: dict[str, Any]) -> bytes:
    # Google writes < and > of its sentences as escapes
    text = json.dumps({"error": error}, indent=2, sort_keys=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").encode()
