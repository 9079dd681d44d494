"""The calls of Viva Engage's REST API, of Graph and of the sign-in that the fake answers.

Paths and parameters from learn.microsoft.com/rest/api/yammer (read 2026-11-23 and 2026-11-24); where no page names
a parameter, from the clients `yampy2` and pnp/cli-microsoft365, and from memory: `/networks/current`, `/groups`,
`/users/liked_message`. Graph's from the URL templates of msgraph-sdk 1.65.0 and the pages of its calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.ledger import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

YAMMER_SOURCE = "learn.microsoft.com/rest/api/yammer, read 2026-11-24"
MEMORY_SOURCE = "yampy2 2.8.0 and pnp/cli-microsoft365, read 2026-11-24; parameters from memory"
GRAPH_SOURCE = "msgraph-sdk 1.65.0 (v1.0) and learn.microsoft.com/graph, read 2026-11-23"
ENTRA_SOURCE = "v2-oauth2-auth-code-flow, MicrosoftDocs/azure-docs, read 2026-11-24"
FEED = {"older_than": "integer", "newer_than": "integer", "threaded": "string", "limit": "integer"}
LIST = {"page": "integer", "letter": "string", "sort_by": "string", "reverse": "string"}
ONE = {"$select": "string", "$expand": "string"}
MANY = {
    **ONE,
    "$top": "integer",
    "$orderby": "string",
    "$filter": "string",
    "$count": "boolean",
    "$skiptoken": "string",
}
AUTHORIZE = {
    "client_id": "string",
    "response_type": "string",
    "redirect_uri": "string",
    "scope": "string",
    "response_mode": "string",
    "state": "string",
    "prompt": "string",
    "login_hint": "string",
    "domain_hint": "string",
    "nonce": "string",
    "code_challenge": "string",
    "code_challenge_method": "string",
}
TOKEN = {
    "client_id": "string",
    "client_secret": "string",
    "grant_type": "string",
    "code": "string",
    "redirect_uri": "string",
    "code_verifier": "string",
    "refresh_token": "string",
    "scope": "string",
}
# what a value must be, whatever call it stands in
BOUNDS: Mapping[str, tuple[int, int | None]] = {
    "older_than": (1, None),
    "newer_than": (0, None),
    "limit": (1, None),
    "page": (1, None),
    "num_per_page": (1, 50),
    "$top": (1, 999),
}
CHOICES: Mapping[str, frozenset[str]] = {
    "threaded": frozenset({"true", "extended"}),
    "sort_by": frozenset({"messages", "followers", "members", "privacy", "created_at", "creator"}),
    "reverse": frozenset({"true", "false", "TRUE", "FALSE"}),
    "$orderby": frozenset({"displayName", "displayName asc", "displayName desc"}),
}
MODEL_TYPES = frozenset({"MESSAGETHREAD", "USER", "GROUP", "TOPIC", "UPLOADEDFILE"})
MOST_FOUND_A_PAGE = 20


def _get(
    path: str, query: Mapping[str, str] | None = None, *, required: tuple[str, ...] = (), source: str = YAMMER_SOURCE
) -> Route:
    return Route(method="GET", path=f"/api/v1/{path}.json", source=source, query=query or {}, required=required)


def _graph(path: str, query: Mapping[str, str]) -> Route:
    return Route(method="GET", path=f"/v1.0/{path}", source=GRAPH_SOURCE, query=query)


ROUTES = (
    *(
        _get(f"messages{feed}", FEED)
        for feed in (
            *("", "/my_feed", "/algo", "/following", "/sent", "/private", "/received", "/in_group/{id}"),
            *("/from_user/{id}", "/about_topic/{id}"),
        )
    ),
    _get("messages/in_thread/{id}", {**FEED, "include_topics": "boolean"}),
    _get("messages/{id}"),
    _get("threads/{id}"),
    _get("topics/{id}"),
    _get("users", {**LIST, "num_per_page": "integer", "show_pending": "boolean"}),
    _get("users/current", {"include_group_memberships": "boolean", "include_followed_users": "boolean"}),
    _get("users/by_email", {"email": "string"}, required=("email",)),
    _get("users/in_group/{id}", LIST),
    _get("users/liked_message/{id}", {"page": "integer"}, source=MEMORY_SOURCE),
    _get("users/{id}"),
    _get("groups", {**LIST, "mine": "boolean"}, source=MEMORY_SOURCE),
    _get("groups/for_user/{id}"),
    _get("groups/{id}"),
    _get("networks/current", {"include_suspended": "string"}, source=MEMORY_SOURCE),
    _get("relationships", {"user_id": "integer"}),
    _get(
        "search",
        {
            "search": "string",
            "model_types": "string",
            "page": "integer",
            "num_per_page": "integer",
            "search_group": "integer",
        },
        required=("search",),
    ),
    _graph("me", ONE),
    _graph("users", MANY),
    _graph("users/{id}", ONE),
    _graph("groups/{id}/members", MANY),
    _graph("employeeExperience/communities", MANY),
    _graph("employeeExperience/communities/{id}", ONE),
    _graph("employeeExperience/communities/{id}/owners", MANY),
    Route(method="GET", path="/{directory}/oauth2/v2.0/authorize", source=ENTRA_SOURCE, query=AUTHORIZE),
    Route(
        method="POST",
        path="/{directory}/oauth2/v2.0/authorize",
        source="the fake's own consent form",
        body={**AUTHORIZE, "account": "string", "decision": "string"},
    ),
    Route(method="POST", path="/{directory}/oauth2/v2.0/token", source=ENTRA_SOURCE, body=TOKEN),
)
