"""The calls this fake answers: their options, and the permissions of which a token needs one.

Paths and query options: URL templates of msgraph-sdk 1.65.0 (read 2026-11-23); delta's options: listItem: delta
(learn.microsoft.com/graph/api/listitem-delta, read 2026-11-24); comments and likes: @pnp/sp 4.21.0 and
estruyf/blog-content, "Getting likes and comments from modern pages" (read 2026-11-24). Permissions from memory but
those of pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scrm.sandbox.ledger import Route

GRAPH_SOURCE = "msgraph-sdk 1.65.0, URL templates, 2026-11-23"
REST_SOURCE = "@pnp/sp 4.21.0, comments and likes, 2026-11-23"
ENTRA_SOURCE = "learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow, from memory, 2026-11-24"

SITES = frozenset({"Sites.Read.All", "Sites.ReadWrite.All", "Sites.Manage.All", "Sites.FullControl.All"})
PEOPLE = frozenset({"User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All"})
ALL_PEOPLE = PEOPLE - {"User.ReadBasic.All"}
MYSELF = PEOPLE | {"User.Read"}
REST = frozenset({"AllSites.Read", "AllSites.Write", "AllSites.Manage", "AllSites.FullControl"})

ONE = {"$select": "string", "$expand": "string"}
COUNTED = {"$count": "boolean", "$filter": "string", "$orderby": "string", "$top": "integer", "$skiptoken": "string"}
# without $search: what it finds is documented for none of these collections but people
MANY = {**ONE, **COUNTED, "$skip": "integer"}
DELTA = {**ONE, "$top": "integer", "$skiptoken": "string", "token": "string"}
USER_DELTA = {"$select": "string", "$filter": "string", "$skiptoken": "string", "$deltatoken": "string"}
COMMENTS = {
    "$expand": "string",
    "$select": "string",
    "$top": "integer",
    "$skip": "integer",
    "$inlineCount": "string",
    "$orderby": "string",
}
SUBSCRIPTION = {
    "changeType": "string",
    "notificationUrl": "string",
    "lifecycleNotificationUrl": "string",
    "resource": "string",
    "expirationDateTime": "string",
    "clientState": "string",
    "latestSupportedTlsVersion": "string",
}


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of the API. `units` is what it costs of the budget, `bucket` whose budget that is."""

    name: str
    path: str
    method: str = "GET"
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    scopes: frozenset[str] = SITES
    bucket: str = "sharepoint"
    units: int = 2
    source: str = GRAPH_SOURCE

    @property
    def is_graph(self) -> bool:
        return self.path.startswith("/v1.0/")

    def route(self) -> Route:
        return Route(
            method=self.method,
            path=self.path,
            source=self.source,
            query=self.query,
            body=self.body,
            required=self.required,
        )

    def rule(self) -> str:
        """Return the path as Flask writes it."""
        return self.path.replace("{", "<").replace("}", ">")


def _graph(name: str, path: str, query: Mapping[str, str], **more: object) -> Call:
    return Call(name=name, path=f"/v1.0{path}", query=query, **more)  # type: ignore[arg-type]


def _people(name: str, path: str, query: Mapping[str, str], scopes: frozenset[str], units: int) -> Call:
    return _graph(name, path, query, scopes=scopes, bucket="identity", units=units)


def _subscription(name: str, path: str, method: str, **more: object) -> Call:
    return _graph(name, path, {}, method=method, scopes=SITES | ALL_PEOPLE, bucket="subscriptions", **more)


def _rest(name: str, path: str, query: Mapping[str, str], item: str) -> Call:
    return Call(
        name=name,
        path=f"/sites/{{site}}/_api/web/lists(guid'{{list_id}}')/{item}({{number}}){path}",
        query=query,
        scopes=REST,
        source=REST_SOURCE,
    )


_LIST = "/sites/{site}/lists/{list_id}"
_PAGE = "/sites/{site}/pages"
CALLS = (
    _graph("sites", "/sites", {**MANY, "search": "string"}),
    _graph("root_site", "/sites/root", ONE, units=1),
    _graph("all_sites", "/sites/getAllSites", MANY),
    _graph("all_sites", "/sites/getAllSites()", MANY),
    _graph("site", "/sites/{site}", ONE, units=1),
    _graph("site_by_path", "/sites/{host}:/sites/{name}", ONE, units=1),
    _graph("pages", _PAGE, MANY),
    _graph("typed_pages", f"{_PAGE}/microsoft.graph.sitePage", MANY),
    _graph("typed_pages", f"{_PAGE}/graph.sitePage", MANY),
    _graph("page", f"{_PAGE}/{{page}}", ONE, units=1),
    _graph("typed_page", f"{_PAGE}/{{page}}/microsoft.graph.sitePage", ONE, units=1),
    _graph("typed_page", f"{_PAGE}/{{page}}/graph.sitePage", ONE, units=1),
    _graph("lists", "/sites/{site}/lists", MANY),
    _graph("list", _LIST, ONE, units=1),
    _graph("items", f"{_LIST}/items", MANY),
    _graph("items_delta", f"{_LIST}/items/delta", DELTA, units=1),
    _graph("items_delta", f"{_LIST}/items/delta()", DELTA, units=1),
    _graph("items_delta_from", f"{_LIST}/items/delta(token='{{token}}')", DELTA, units=1),
    _graph("item", f"{_LIST}/items/{{number}}", ONE, units=1),
    _people("me", "/me", ONE, MYSELF, 1),
    _people("users", "/users", {**ONE, **COUNTED}, PEOPLE, 2),
    _people("users_delta", "/users/delta", USER_DELTA, ALL_PEOPLE, 1),
    _people("users_delta", "/users/delta()", USER_DELTA, ALL_PEOPLE, 1),
    _people("user", "/users/{user}", ONE, MYSELF, 1),
    _people("photo", "/users/{user}/photo/$value", {}, MYSELF, 1),
    _graph("search", "/search/query", {}, method="POST", body={"requests": "array"}, required=("requests",)),
    _subscription("subscriptions", "/subscriptions", "GET"),
    _subscription(
        "subscribe",
        "/subscriptions",
        "POST",
        body=SUBSCRIPTION,
        required=("changeType", "notificationUrl", "resource", "expirationDateTime"),
    ),
    _subscription("subscription", "/subscriptions/{subscription_id}", "GET"),
    _subscription(
        "renew",
        "/subscriptions/{subscription_id}",
        "PATCH",
        body={"expirationDateTime": "string", "notificationUrl": "string"},
    ),
    _subscription("unsubscribe", "/subscriptions/{subscription_id}", "DELETE"),
    _subscription("reauthorize", "/subscriptions/{subscription_id}/reauthorize", "POST"),
    *(
        call
        for item in ("items", "GetItemById")
        for call in (
            *(_rest("comments", f"/{word}", COMMENTS, item) for word in ("comments", "Comments")),
            *(_rest("comment", f"/{word}({{comment}})", ONE, item) for word in ("comments", "Comments")),
            *(_rest("replies", f"/{word}({{comment}})/replies", COMMENTS, item) for word in ("comments", "Comments")),
            _rest("liked_by", "/likedByInformation", ONE, item),
        )
    ),
)
AUTHORIZE = {
    "client_id": "string",
    "response_type": "string",
    "redirect_uri": "string",
    "scope": "string",
    "state": "string",
    "response_mode": "string",
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
ROUTES = (
    *(call.route() for call in CALLS),
    Route(method="GET", path="/{directory}/oauth2/v2.0/authorize", source=ENTRA_SOURCE, query=AUTHORIZE),
    Route(
        method="POST",
        path="/{directory}/oauth2/v2.0/authorize",
        source="the consent page's own form",
        body={**AUTHORIZE, "user": "string", "decision": "string"},
    ),
    Route(method="POST", path="/{directory}/oauth2/v2.0/token", source=ENTRA_SOURCE, body=TOKEN),
)
