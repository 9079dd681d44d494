"""The calls the LinkedIn fake allows: their parameters with shapes and bounds, and who may make them.

Paths and parameters as in LinkedIn's public Postman collections "Community Management" and "Lead Sync"
(api-evangelist/linkedin, read 2026-11-24) and the pages of learn.microsoft.com/linkedin named at each group (2026);
a page holds at most 100 (from memory). `POST /oauth/v2/authorization` is the fake's own consent page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrm.sandbox.ledger import Route
from scrm.sandbox.linkedin.restli import (
    BOOLEAN,
    COUNT,
    START,
    TEXT,
    TIME_RANGE,
    Choice,
    ListOf,
    Number,
    Projection,
    Record,
    Shape,
    Urn,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

SPEC = "LinkedIn Postman collections and learn.microsoft.com/linkedin, read 2026-11-24"
OWN_PAGE = "the fake's own consent page"
ADMINISTRATOR = "ADMINISTRATOR"
ROLES = frozenset(
    {
        ADMINISTRATOR,
        "DIRECT_SPONSORED_CONTENT_POSTER",
        "CONTENT_ADMINISTRATOR",
        "CONTENT_ADMIN",
        "RECRUITING_POSTER",
        "LEAD_CAPTURE_ADMINISTRATOR",
        "LEAD_GEN_FORMS_MANAGER",
        "ANALYST",
        "CURATOR",
    }
)
READERS = frozenset({ADMINISTRATOR, "DIRECT_SPONSORED_CONTENT_POSTER", "CONTENT_ADMINISTRATOR", "CONTENT_ADMIN"})
LEAD_READERS = frozenset({ADMINISTRATOR, "LEAD_CAPTURE_ADMINISTRATOR", "LEAD_GEN_FORMS_MANAGER"})
ACTIONS = frozenset({"LIKE", "COMMENT", "SHARE", "SHARE_MENTION", "ADMIN_COMMENT", "COMMENT_EDIT", "COMMENT_DELETE"})
SOCIAL_EVENTS = "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS"
LEAD_TYPES = frozenset({"SPONSORED", "EVENT", "COMPANY", "ORGANIZATION_PRODUCT"})
FEED = frozenset({"r_organization_social_feed"})
POSTS = frozenset({"r_organization_social", "r_organization_social_feed"})
ADMIN = frozenset({"rw_organization_admin"})
LEADS = frozenset({"r_marketing_leadgen_automation"})
SCOPES = frozenset(
    {
        "openid",
        "profile",
        "email",
        "r_basicprofile",
        "r_organization_admin",
        "r_organization_followers",
        "r_organization_social",
        "r_organization_social_feed",
        "rw_organization_admin",
        "r_marketing_leadgen_automation",
        "r_ads",
        "rw_ads",
        "w_organization_social",
        "w_organization_social_feed",
    }
)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of the versioned API. `finder` is the value of `q`; without one `q` is not sent."""

    name: str
    path: str
    scopes: frozenset[str]  # any of them opens the call
    method: str = "GET"
    finder: str | None = None
    keys: Mapping[str, Shape] = field(default_factory=dict)
    query: Mapping[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    body: Mapping[str, str] = field(default_factory=dict)
    is_versioned: bool = True

    @property
    def resource(self) -> str:
        """The name under which the API counts the call and refuses it."""
        parts = [part for part in self.path.split("/")[2:] if part[0] not in "{("]
        verb = f"FINDER-{self.finder}" if self.finder else self.method
        return f"partnerApi{''.join(part[0].upper() + part[1:] for part in parts)}.{verb}"

    def raw_keys(self, path: str) -> list[tuple[str, str]] | None:
        """Return the keys as they stand in an undecoded path: (segment of the template, its text)."""
        wanted, given = self.path.split("/"), path.split("/")
        if len(wanted) != len(given):
            return None
        keys = []
        for template, text in zip(wanted, given, strict=True):
            if template[:1] in {"{", "("}:
                keys.append((template, text))
            elif template != text:
                return None
        return keys


def names_in(template: str) -> list[str]:
    return re.findall(r"(\w+):\{", template) or re.findall(r"\{(\w+)\}", template)


PAGE = {"start": START, "count": COUNT}
OWNER = Record(
    fields={"organization": Urn(kind="organization"), "sponsoredAccount": Urn(kind="account")}, is_union=True
)
SUBSCRIPTION_PATH = (
    "/rest/eventSubscriptions/"
    "(developerApplication:{developerApplication},user:{user},entity:{entity},eventType:{eventType})"
)
SUBSCRIPTION_KEYS = {
    "developerApplication": Urn(kind="application"),
    "user": Urn(kind="person"),
    "entity": Urn(kind="organization"),
    "eventType": Choice(words=frozenset({SOCIAL_EVENTS})),
}
THREAD = {"entity": Urn(kind="thread")}
# a field sent beside others may be a list of ids: posts?ids=List(…) has no finder
IDS = {"ids": ListOf(shape=Urn(kind="post"))}

CALLS = (
    Call(name="me", path="/rest/me", scopes=frozenset({"r_basicprofile"})),
    Call(name="userinfo", path="/v2/userinfo", scopes=frozenset({"openid"}), is_versioned=False),
    Call(
        name="person",
        path="/rest/people/(id:{id})",
        scopes=frozenset({"r_basicprofile"}) | FEED,
        keys={"id": TEXT},
        query={"fields": Projection(), "projection": Projection()},
    ),
    Call(
        name="typeahead",
        path="/rest/peopleTypeahead",
        finder="organizationFollowers",
        scopes=frozenset({"r_organization_followers"}),
        query={"keywords": TEXT, "organization": Urn(kind="organization")},
        required=("keywords", "organization"),
    ),
    # organizations/organization-access-control-by-role
    Call(
        name="acls_of_member",
        path="/rest/organizationAcls",
        finder="roleAssignee",
        scopes=ADMIN | {"r_organization_admin"},
        query={
            **PAGE,
            "role": Choice(words=ROLES),
            "state": Choice(words=frozenset({"APPROVED", "REJECTED", "REQUESTED", "REVOKED"})),
        },
    ),
    Call(
        name="acls_of_organization",
        path="/rest/organizationAcls",
        finder="organization",
        scopes=ADMIN | {"r_organization_admin"},
        query={**PAGE, "organization": Urn(kind="organization"), "role": Choice(words=ROLES)},
        required=("organization",),
    ),
    # organizations/organization-lookup-api
    Call(
        name="organization",
        path="/rest/organizations/{id}",
        scopes=ADMIN | POSTS | {"r_organization_admin"},
        keys={"id": Number(least=1)},
        query={"projection": Projection(), "fields": Projection()},
    ),
    Call(
        name="organization_by_name",
        path="/rest/organizations",
        finder="vanityName",
        scopes=ADMIN | POSTS | {"r_organization_admin"},
        query={"vanityName": TEXT},
        required=("vanityName",),
    ),
    Call(
        name="organizations",
        path="/rest/organizationsLookup",
        scopes=ADMIN | POSTS | {"r_organization_admin"},
        query={"ids": ListOf(shape=Number(least=1))},
        required=("ids",),
    ),
    # shares/posts-api
    Call(
        name="posts",
        path="/rest/posts",
        finder="author",
        scopes=POSTS,
        query={
            **PAGE,
            "author": TEXT,
            "isDsc": BOOLEAN,
            "sortBy": Choice(words=frozenset({"LAST_MODIFIED", "CREATED"})),
            "viewContext": Choice(words=frozenset({"AUTHOR", "READER"})),
        },
        required=("author",),
    ),
    Call(
        name="some_posts",
        path="/rest/posts",
        scopes=POSTS,
        query={**IDS, "viewContext": Choice(words=frozenset({"AUTHOR", "READER"}))},
        required=("ids",),
    ),
    Call(
        name="post",
        path="/rest/posts/{post}",
        scopes=POSTS,
        keys={"post": Urn(kind="post")},
        query={"viewContext": Choice(words=frozenset({"AUTHOR", "READER"}))},
    ),
    # shares/comments-api, shares/reactions-api, shares/social-metadata-api
    Call(name="comments", path="/rest/socialActions/{entity}/comments", scopes=FEED, keys=THREAD, query=PAGE),
    Call(
        name="comment",
        path="/rest/socialActions/{entity}/comments/{comment}",
        scopes=FEED,
        keys={**THREAD, "comment": Number(least=1)},
    ),
    Call(
        name="reactions",
        path="/rest/reactions/(entity:{entity})",
        finder="entity",
        scopes=FEED,
        keys=THREAD,
        query={
            **PAGE,
            "sort": Record(
                fields={"value": Choice(words=frozenset({"REVERSE_CHRONOLOGICAL", "CHRONOLOGICAL", "RELEVANCE"}))}
            ),
        },
    ),
    Call(name="metadata", path="/rest/socialMetadata/{entity}", scopes=FEED, keys=THREAD),
    # organizations/organization-social-action-notifications
    Call(
        name="notifications",
        path="/rest/organizationalEntityNotifications",
        finder="criteria",
        scopes=ADMIN,
        query={
            **PAGE,
            "actions": ListOf(shape=Choice(words=ACTIONS)),
            "organizationalEntity": Urn(kind="organization"),
            "sourcePost": Urn(kind="thread"),
            "timeRange": TIME_RANGE,
        },
        required=("actions", "organizationalEntity"),
    ),
    Call(
        name="subscribe",
        method="PUT",
        path=SUBSCRIPTION_PATH,
        scopes=ADMIN,
        keys=SUBSCRIPTION_KEYS,
        body={"webhook": "string"},
        required=("webhook",),
    ),
    Call(name="subscription", path=SUBSCRIPTION_PATH, scopes=ADMIN, keys=SUBSCRIPTION_KEYS),
    Call(name="unsubscribe", method="DELETE", path=SUBSCRIPTION_PATH, scopes=ADMIN, keys=SUBSCRIPTION_KEYS),
    Call(
        name="subscriptions",
        path="/rest/eventSubscriptions",
        finder="subscriberAndEventType",
        scopes=ADMIN,
        query={**PAGE, "eventType": Choice(words=frozenset({SOCIAL_EVENTS}))},
        required=("eventType",),
    ),
    # lead-sync/leadsync
    Call(
        name="lead_forms",
        path="/rest/leadForms",
        finder="owner",
        scopes=LEADS,
        query={**PAGE, "owner": OWNER},
        required=("owner",),
    ),
    Call(name="lead_form", path="/rest/leadForms/{id}", scopes=LEADS, keys={"id": Number(least=1)}),
    Call(
        name="leads",
        path="/rest/leadFormResponses",
        finder="owner",
        scopes=LEADS,
        query={
            **PAGE,
            "owner": OWNER,
            "leadType": Record(fields={"leadType": Choice(words=LEAD_TYPES)}),
            "limitedToTestLeads": BOOLEAN,
            "submittedAtTimeRange": TIME_RANGE,
            "versionedLeadGenFormUrn": Urn(kind="form"),
            "fields": Projection(),
        },
        required=("owner", "leadType"),
    ),
    Call(
        name="lead",
        path="/rest/leadFormResponses/{id}",
        scopes=LEADS,
        keys={"id": TEXT},
        query={"fields": Projection()},
    ),
    Call(
        name="subscribe_leads",
        method="POST",
        path="/rest/leadNotifications",
        scopes=LEADS,
        body={"webhook": "string", "owner": "object", "leadType": "string"},
        required=("webhook", "owner", "leadType"),
    ),
    Call(
        name="lead_subscriptions",
        path="/rest/leadNotifications",
        finder="criteria",
        scopes=LEADS,
        query={
            **PAGE,
            "owner": Record(fields={"value": OWNER}),
            "leadType": Record(fields={"leadType": Choice(words=LEAD_TYPES)}),
        },
        required=("owner", "leadType"),
    ),
    Call(name="lead_subscription", path="/rest/leadNotifications/{id}", scopes=LEADS, keys={"id": Number(least=1)}),
    Call(
        name="unsubscribe_leads",
        method="DELETE",
        path="/rest/leadNotifications/{id}",
        scopes=LEADS,
        keys={"id": Number(least=1)},
    ),
)
AUTHORIZE = {
    "response_type": "string",
    "client_id": "string",
    "redirect_uri": "string",
    "state": "string",
    "scope": "string",
}
TOKEN = {
    "grant_type": "string",
    "code": "string",
    "client_id": "string",
    "client_secret": "string",
    "redirect_uri": "string",
    "refresh_token": "string",
}
OF_TOKEN = {"client_id": "string", "client_secret": "string", "token": "string"}


def _oauth(method: str, name: str, fields: Mapping[str, str], required: tuple[str, ...], source: str = SPEC) -> Route:
    path = f"/oauth/v2/{name}"
    if method == "GET":
        return Route(method=method, path=path, source=source, query=fields, required=required)
    return Route(method=method, path=path, source=source, body=fields, required=required)


def _routes() -> tuple[Route, ...]:
    """One route a path and method, for the ledger: the shapes of values are checked by `requests`."""
    merged: dict[tuple[str, str], Route] = {}
    for call in CALLS:
        known = merged.get((call.method, call.path))
        query = dict.fromkeys(call.query, "string") | ({"q": "string"} if call.finder else {})
        merged[call.method, call.path] = Route(
            method=call.method,
            path=call.path,
            source=SPEC,
            query={**(known.query if known else {}), **query},
            body=call.body,
            required=call.required if call.body else (),
        )
    return tuple(merged.values())


ROUTES = (
    *_routes(),
    _oauth("GET", "authorization", AUTHORIZE, ("response_type", "client_id", "redirect_uri")),
    _oauth("POST", "authorization", {**AUTHORIZE, "member": "string", "decision": "string"}, ("decision",), OWN_PAGE),
    _oauth("POST", "accessToken", TOKEN, ("grant_type",)),
    _oauth("POST", "introspectToken", OF_TOKEN, tuple(OF_TOKEN)),
    _oauth("POST", "revoke", OF_TOKEN, tuple(OF_TOKEN)),
)
