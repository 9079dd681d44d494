"""Refusals of Instagram's own, beside those every Graph-style server has.

The sentence of the missing consent stands in Meta's page "User Profile API" (v23, read 2026-11-24); its code
230 and code 9010 are as chatwoot/chatwoot meets them (app/services/instagram/message_text.rb, read
2026-11-24), code 452 of a token that cannot be exchanged is from memory. The token endpoint answers in a shape
of its own (Meta's page "Business Login for Instagram").
"""

from __future__ import annotations

from flask import Response, json

from scrm.sandbox.graph import errors
from scrm.sandbox.graph.errors import TABLE, GraphError

OWN = {
    230: "User consent is required to access user profile",
    452: "Session key invalid. This could be because the session key has an incorrect format",
    9010: "No matching Instagram user",
}


class InstagramError(GraphError):
    """A refusal with a code that only Instagram has."""

    def __init__(self, code: int, *, status: int = 400) -> None:
        super().__init__(100, status=status, message=OWN[code], type="IGApiException")
        self.code = code
        self.body["error"]["code"] = code


def error_body(code: int, subcode: int = 0) -> bytes:
    """Return the body of any documented error, as `fail()` takes it."""
    body = errors.error_body(code, subcode) if (code, subcode) in TABLE else InstagramError(code).body
    return json.dumps(body).encode()


def token_error(message: str) -> Response:
    """Refuse a code or a client, as the token endpoint does."""
    body = {"error_type": "OAuthException", "code": 400, "error_message": message}
    return Response(json.dumps(body), status=400, content_type="application/json; charset=utf-8")
