"""The calls the Mastodon fake allows, with names and types as in the Mastodon 4.7.0 OpenAPI description.

Form fields of `POST /oauth/authorize` are the consent page's own and stand in no description.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.ledger import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

SPEC = "abraham/mastodon-openapi 4.7.0, read 2026-11-24"
PAGE = {"limit": "integer", "max_id": "string", "since_id": "string"}
PAGE_BOTH_WAYS = {**PAGE, "min_id": "string"}
AUTHORIZE = {
    "client_id": "string",
    "redirect_uri": "string",
    "response_type": "string",
    "code_challenge": "string",
    "code_challenge_method": "string",
    "force_login": "boolean",
    "lang": "string",
    "scope": "string",
    "state": "string",
}


def _get(path: str, query: Mapping[str, str] | None = None, required: tuple[str, ...] = ()) -> Route:
    return Route(method="GET", path=path, source=SPEC, query=query or {}, required=required)


def _post(path: str, body: Mapping[str, str], required: tuple[str, ...], source: str = SPEC) -> Route:
    return Route(method="POST", path=path, source=source, body=body, required=required)


ROUTES = (
    _get("/api/v2/instance"),
    _get("/.well-known/oauth-authorization-server"),
    _post(
        "/api/v1/apps",
        # the server also takes one string with a line per address
        {"client_name": "string", "redirect_uris": "array|string", "scopes": "string", "website": "string"},
        ("client_name", "redirect_uris"),
    ),
    _get("/oauth/authorize", AUTHORIZE, ("client_id", "redirect_uri", "response_type")),
    _post(
        "/oauth/authorize",
        {**AUTHORIZE, "account": "string", "decision": "string"},
        ("client_id", "redirect_uri", "account", "decision"),
        "the fake's own consent page",
    ),
    _post(
        "/oauth/token",
        {
            "client_id": "string",
            "client_secret": "string",
            "code": "string",
            "code_verifier": "string",
            "grant_type": "string",
            "redirect_uri": "string",
            "scope": "string",
        },
        ("client_id", "client_secret", "grant_type", "redirect_uri"),
    ),
    _post(
        "/oauth/revoke",
        {"client_id": "string", "client_secret": "string", "token": "string"},
        ("client_id", "client_secret", "token"),
    ),
    _get("/api/v1/accounts/verify_credentials"),
    _get("/api/v1/accounts/lookup", {"acct": "string"}, ("acct",)),
    _get("/api/v1/accounts", {"id": "array"}),
    _get("/api/v1/accounts/{id}"),
    _get(
        "/api/v1/accounts/{id}/statuses",
        {
            **PAGE_BOTH_WAYS,
            "exclude_reblogs": "boolean",
            "exclude_replies": "boolean",
            "only_media": "boolean",
            "pinned": "boolean",
            "tagged": "string",
        },
    ),
    _get("/api/v1/accounts/{id}/followers", PAGE_BOTH_WAYS),
    _get(
        "/api/v1/notifications",
        {
            **PAGE_BOTH_WAYS,
            "account_id": "string",
            "exclude_types": "array",
            "include_filtered": "boolean",
            "supported_types": "array",
            "types": "array",
        },
    ),
    _get("/api/v1/statuses", {"id": "array"}),
    _get("/api/v1/statuses/{id}"),
    _get("/api/v1/statuses/{id}/context"),
    _get("/api/v1/statuses/{id}/favourited_by", PAGE),
    _get("/api/v1/statuses/{id}/reblogged_by", PAGE),
    _get(
        "/api/v1/timelines/tag/{hashtag}",
        {
            **PAGE_BOTH_WAYS,
            "all": "array",
            "any": "array",
            "local": "boolean",
            "none": "array",
            "only_media": "boolean",
            "remote": "boolean",
        },
    ),
    _get(
        "/api/v2/search",
        {
            "q": "string",
            "account_id": "string",
            "exclude_unreviewed": "boolean",
            "following": "boolean",
            "limit": "integer",
            "max_id": "string",
            "min_id": "string",
            "offset": "integer",
            "resolve": "boolean",
            "type": "string",
        },
        ("q",),
    ),
)
