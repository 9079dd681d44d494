"""The errors of Microsoft's sign-in: number, HTTP status, OAuth's word and sentence.

Form from "Microsoft identity platform and OAuth 2.0 authorization code flow" (MicrosoftDocs/azure-docs, read
2026-11-24), numbers and sentences from "Microsoft Entra authentication and authorization error codes", from memory,
2026-11-24; apps are told to rely on the word alone.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from flask import Response, g, jsonify

ERRORS = {
    28000: (400, "invalid_request", "The scope contains more than one resource."),
    50011: (
        400,
        "invalid_request",
        "The redirect URI does not match the redirect URIs configured for the application.",
    ),
    50020: (
        400,
        "invalid_request",
        "User account does not exist in the directory and cannot access the application.",
    ),
    50058: (400, "interaction_required", "A silent sign-in request was sent but no user is signed in."),
    50173: (400, "invalid_grant", "The provided grant has expired due to it being revoked, a fresh token is needed."),
    500112: (400, "invalid_grant", "The reply address does not match the one used when requesting the code."),
    501481: (
        400,
        "invalid_grant",
        "The Code_Verifier does not match the code_challenge of the authorization request.",
    ),
    54005: (
        400,
        "invalid_grant",
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code.",
    ),
    65001: (400, "invalid_grant", "The user or administrator has not consented to use the application."),
    65004: (400, "access_denied", "User declined to consent to access the app."),
    650053: (400, "invalid_scope", "The application asked for a scope that doesn't exist on the resource."),
    70003: (400, "unsupported_grant_type", "The app requested an unsupported grant type."),
    700016: (400, "unauthorized_client", "Application with this identifier was not found in the directory."),
    700054: (400, "unsupported_response_type", "The response type is not enabled for the application."),
    70008: (400, "invalid_grant", "The provided authorization code or refresh token has expired due to inactivity."),
    70011: (400, "invalid_scope", "The provided value for the input parameter 'scope' is not valid."),
    700082: (400, "invalid_grant", "The refresh token has expired due to inactivity."),
    7000215: (401, "invalid_client", "Invalid client secret provided."),
    7000218: (401, "invalid_client", "The request body must contain 'client_assertion' or 'client_secret'."),
    90002: (
        400,
        "invalid_request",
        "The directory was not found. Check to make sure you have the correct identifier.",
    ),
    90014: (400, "invalid_request", "A required field is missing from the request or its value is not valid."),
    900144: (400, "invalid_request", "The request body must contain the parameters 'grant_type' and 'client_id'."),
    9002313: (400, "invalid_grant", "Invalid request. Request is malformed or invalid."),
}
# a request that no app should send
MALFORMED = frozenset({70003, 700054, 90014, 900144})


def failed(number: int) -> str:
    """Return an error as people see it; a malformed request is counted as such."""
    if number in MALFORMED:
        g.outcome, g.fault = "invalid", ERRORS[number][2]
    return f"AADSTS{number}: {ERRORS[number][2]}"


def failure(number: int, sentence: str = "") -> Response:
    """Return an error of the token endpoint."""
    status, word, _ = ERRORS[number]
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    told = f"{failed(number)} {sentence}".rstrip()
    answer = jsonify(
        {
            "error": word,
            "error_description": f"{told} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}",
            "error_codes": [number],
            "timestamp": at,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={number}",
        }
    )
    answer.status_code = status
    return answer
