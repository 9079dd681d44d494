"""The calls the Facebook fake allows, with the parameters of the SDK's edges (`facebook-business` 26.0.3).

`since` and `until` of feeds, `summary` and paging are Meta's pages "Paged results" and "Page feed" (read
2026-11-23). OAuth, `debug_token` and PKCE from memory, 2026-11-24. The decision's form is the fake's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.graph.calls import ANYWHERE, PAGED, reads
from scrm.sandbox.ledger import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

SPEC = "facebook-business 26.0.3, read 2026-11-24"
OAUTH = "Facebook Login, manual flow, from memory 2026-11-24"
DATES = {"since": "string", "until": "string"}
FEED = {**PAGED, **DATES, "include_hidden": "boolean", "show_expired": "boolean", "with": "string"}
COMMENTS = {
    **PAGED,
    "filter": "string",
    "live_filter": "string",
    "order": "string",
    "since": "string",
    "summary": "string",
}
CONVERSATIONS = {
    **PAGED,
    "folder": "string",
    "platform": "string",
    "tags": "string",
    "updated_after_ms": "integer",
    "updated_before_ms": "integer",
    "user_id": "string",
}
DIALOG = {
    "auth_type": "string",
    "client_id": "string",
    "code_challenge": "string",
    "code_challenge_method": "string",
    "config_id": "string",
    "display": "string",
    "redirect_uri": "string",
    "response_type": "string",
    "scope": "string",
    "state": "string",
}
TOKEN = {
    "client_id": "string",
    "client_secret": "string",
    "code": "string",
    "code_verifier": "string",
    "fb_exchange_token": "string",
    "grant_type": "string",
    "redirect_uri": "string",
}
SUBSCRIPTION = {
    "callback_url": "string",
    "fields": "string",
    "include_values": "boolean",
    "object": "string",
    "verify_token": "string",
}


def _writes(method: str, path: str, sent: Mapping[str, str], required: tuple[str, ...] = ()) -> Route:
    """Return a route whose parameters may stand in the address or in a form, as Graph takes them."""
    known = {**ANYWHERE, **sent}
    return Route(method=method, path="/{version}" + path, source=SPEC, query=known, body=known, required=required)


ROUTES = (
    reads("/{id}", SPEC),
    reads("/{id}/accounts", SPEC, {**PAGED, "is_place": "boolean", "is_promotable": "boolean"}),
    reads("/{id}/permissions", SPEC, {"permission": "string", "status": "string"}),
    reads("/{id}/feed", SPEC, FEED),
    reads("/{id}/posts", SPEC, {**FEED, "q": "string"}),
    reads("/{id}/published_posts", SPEC, FEED),
    reads("/{id}/visitor_posts", SPEC, FEED),
    reads("/{id}/tagged", SPEC, {**PAGED, **DATES}),
    reads("/{id}/comments", SPEC, COMMENTS),
    reads("/{id}/reactions", SPEC, {**PAGED, "type": "string", "summary": "string"}),
    reads("/{id}/likes", SPEC, {**PAGED, "summary": "string"}),
    reads("/{id}/attachments", SPEC, PAGED),
    reads("/{id}/ratings", SPEC, PAGED),
    reads("/{id}/conversations", SPEC, CONVERSATIONS),
    reads("/{id}/messages", SPEC, {**PAGED, "source": "string"}),
    reads("/{id}/subscribed_apps", SPEC),
    reads("/{id}/subscriptions", SPEC),
    reads("/debug_token", OAUTH, {"input_token": "string"}, ("input_token",)),
    _writes("DELETE", "/{id}/permissions", {"permission": "string"}),
    _writes("POST", "/{id}/subscribed_apps", {"subscribed_fields": "string|array"}, ("subscribed_fields",)),
    _writes("DELETE", "/{id}/subscribed_apps", {}),
    _writes("POST", "/{id}/subscriptions", SUBSCRIPTION, ("object", "callback_url", "verify_token")),
    _writes("DELETE", "/{id}/subscriptions", {"object": "string"}),
    Route(
        method="GET",
        path="/{version}/dialog/oauth",
        source=OAUTH,
        query=DIALOG,
        required=("client_id", "redirect_uri"),
    ),
    Route(
        method="POST",
        path="/{version}/dialog/oauth",
        source="the fake's own consent page",
        query=DIALOG,
        body={**DIALOG, "account": "string", "decision": "string", "pages": "string"},
        required=("account", "decision"),
    ),
    Route(
        method="GET",
        path="/{version}/oauth/access_token",
        source=OAUTH,
        query=TOKEN,
        required=("client_id", "client_secret"),
    ),
    Route(
        method="POST",
        path="/{version}/oauth/access_token",
        source=OAUTH,
        query=TOKEN,
        body=TOKEN,
        required=("client_id", "client_secret"),
    ),
)
