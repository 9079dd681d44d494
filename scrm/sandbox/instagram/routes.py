"""The calls the Instagram fake allows, named and typed as in Meta's own machine-readable description.

`facebook-business` 26.0.3, objects IGUserForIGOnlyAPI, IGMediaForIGOnlyAPI, IGComment, UnifiedThread, and the
two token objects (read 2026-11-23). The values of `folder` and `tags` of conversations are documented
nowhere, so these two are refused. What the description offers for publishing is left out.
"""

from __future__ import annotations

from scrm.sandbox.graph.calls import ANYWHERE, PAGED, reads
from scrm.sandbox.ledger import Route

SPEC = "facebook-business 26.0.3, read 2026-11-23"
LOGIN = 'developers.facebook.com "Business Login for Instagram", read 2026-11-23'
AUTHORIZE = {
    "client_id": "string",
    "redirect_uri": "string",
    "response_type": "string",
    "scope": "string",
    "state": "string",
    "enable_fb_login": "boolean",
    "force_authentication": "boolean",
    "force_reauth": "boolean",
}
TOKEN = {
    "client_id": "string",
    "client_secret": "string",
    "code": "string",
    "grant_type": "string",
    "redirect_uri": "string",
}
MEDIA = {**PAGED, "since": "string", "until": "string"}
TAGS = {**PAGED, "media_type": "string", "posted_after": "string", "posted_before": "string"}
CONVERSATIONS = {
    **PAGED,
    "platform": "string",
    "updated_after_ms": "integer",
    "updated_before_ms": "integer",
    "user_id": "string",
}
SUBSCRIBED = {**ANYWHERE, "subscribed_fields": "string"}

ROUTES = (
    Route(
        method="GET",
        path="/oauth/authorize",
        source=LOGIN,
        query=AUTHORIZE,
        required=("client_id", "redirect_uri", "response_type", "scope"),
    ),
    Route(
        method="POST",
        path="/oauth/authorize",
        source="the fake's own consent page",
        query=AUTHORIZE,
        body={**AUTHORIZE, "account": "string", "decision": "string"},
        required=("client_id", "redirect_uri", "account", "decision"),
    ),
    Route(method="POST", path="/oauth/access_token", source=LOGIN, body=TOKEN, required=tuple(TOKEN)),
    reads(
        "/access_token",
        SPEC,
        {"grant_type": "string", "client_secret": "string"},
        ("access_token", "client_secret", "grant_type"),
    ),
    reads("/refresh_access_token", SPEC, {"grant_type": "string"}, ("access_token", "grant_type")),
    reads("/{node}", SPEC),
    reads("/{node}/media", SPEC, MEDIA),
    reads("/{node}/stories", SPEC, PAGED),
    reads("/{node}/tags", SPEC, TAGS),
    reads("/{node}/comments", SPEC, PAGED),
    reads("/{node}/replies", SPEC, PAGED),
    reads("/{node}/conversations", SPEC, CONVERSATIONS),
    reads("/{node}/messages", SPEC, PAGED),
    reads("/{node}/subscribed_apps", SPEC),
    Route(
        method="POST",
        path="/{version}/{node}/subscribed_apps",
        source=SPEC,
        query=SUBSCRIBED,
        body=SUBSCRIBED,
        required=("subscribed_fields",),
    ),
    Route(
        method="DELETE",
        path="/{version}/{node}/subscribed_apps",
        source=SPEC,
        query=ANYWHERE,
        body=ANYWHERE,
    ),
)
