"""The ledger of the Instagram fake: a faulty call of the token endpoint is refused in that endpoint's shape."""

from __future__ import annotations

from flask import Response, g, request

from scrm.sandbox.graph.calls import GraphLedger
from scrm.sandbox.instagram.errors import token_error


class InstagramLedger(GraphLedger):
    """A ledger whose refusals look as Instagram's own."""

    def _gate(self) -> Response | None:
        answer = super()._gate()
        if answer is not None and g.get("outcome") == "invalid" and request.path == "/oauth/access_token":
            return token_error(str(g.fault))
        return answer
