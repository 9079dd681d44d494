"""The route table of the ledger: the calls of the API, sign-in, and the store of compliance files."""

from __future__ import annotations

from scrm.sandbox.ledger import Route
from scrm.sandbox.x.calls import calls
from scrm.sandbox.x.vocabulary import POST, Vocabulary

OAUTH = "docs.x.com, authorization-code and user-access-token, read 2026-11-23"
STORE = "docs.x.com, batch compliance quickstart, read 2026-11-24"
AUTHORIZE = {
    "response_type": "string",
    "client_id": "string",
    "redirect_uri": "string",
    "scope": "string",
    "state": "string",
    "code_challenge": "string",
    "code_challenge_method": "string",
}
TOKEN = {
    "grant_type": "string",
    "code": "string",
    "redirect_uri": "string",
    "code_verifier": "string",
    "client_id": "string",
    "refresh_token": "string",
}
REVOKE = {"token": "string", "token_type_hint": "string", "client_id": "string"}


def routes(vocabulary: Vocabulary) -> tuple[Route, ...]:
    consent = {**AUTHORIZE, "account": "string", "decision": "string"}
    return (
        *(call.route(vocabulary.version) for call in calls(vocabulary)),
        Route(method="GET", path="/i/oauth2/authorize", source=OAUTH, query=AUTHORIZE),
        Route(method="POST", path="/i/oauth2/authorize", source="the fake's own page", body=consent),
        Route(method="POST", path="/2/oauth2/token", source=OAUTH, body=TOKEN),
        Route(method="POST", path="/2/oauth2/revoke", source=OAUTH, body=REVOKE),
        Route(method="POST", path="/oauth2/token", source=OAUTH, body={"grant_type": "string"}),
        Route(method="PUT", path="/storage/compliance/{id}/upload", source=STORE, query={"signature": "string"}),
        Route(method="GET", path="/storage/compliance/{id}/download", source=STORE, query={"signature": "string"}),
    )


ROUTES = routes(POST)
