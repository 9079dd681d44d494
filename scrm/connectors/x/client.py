"""How X's HTTP behaves: two kinds of bearer tokens, windows of 15 minutes, problems told by their type.

docs.x.com: authentication, rate-limits, error types (openapi.json 2.167), read 2026-11-23; 402 and its title as
public clients have seen it. A 200 may tell errors beside or instead of its data. Two bodies are known for a 429.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from scrm.connectors.base import Account, Api, Client, asked_to_wait, raise_for_status
from scrm.connectors.oauth import ask_for_token
from scrm.connectors.payload import Payload, parse_json
from scrm.connectors.x.basic import basic
from scrm.connectors.x.ids import order
from scrm.connectors.x.prices import most, spent
from scrm.connectors.x.vocabulary import Query, included_posts
from scrm.errors import (
    AccessExpiredError,
    AccessRevokedError,
    BudgetSpentError,
    GoneError,
    PayloadError,
    RetryLaterError,
    UnavailableError,
)
from scrm.http import Answer

Item = dict[str, Any]
TOKENS = frozenset({"pagination_token", "next_token"})
NO_CREDITS_WAIT = timedelta(hours=1)
BUSY_SECONDS = 60.0


class PlaceLostError(UnavailableError):
    """The token of a page is no longer taken: begin the list again."""


class XClient(Client):
    """The access of the account that signed in."""

    def headers(self, api: Api) -> dict[str, str]:
        return {"Authorization": f"Bearer {api.credentials['access_token']}"}

    def most_cost(self, api: Api, method: str, path: str, params: Any) -> int:
        return most(api, path, params) if method == "GET" else 0

    def cost(self, api: Api, answer: Answer) -> int:
        return spent(api, answer)

    def check(self, api: Api, answer: Answer) -> None:
        _note_limits(api, answer)
        if answer.status == 401:
            raise self.refused(api)
        _raise_problem(api, answer)

    def refused(self, api: Api) -> AccessExpiredError | AccessRevokedError:
        """What a 401 means: an access token lives two hours, and a refresh token brings the next one."""
        if api.credentials.get("refresh_token"):
            return AccessExpiredError("the access ran out", network=api.network)
        return AccessRevokedError("the network does not accept the access", network=api.network)


class AppClient(XClient):
    """The app's own access: for compliance jobs and webhooks, which concern no single account."""

    def __init__(self, bearer: str) -> None:
        self._bearer = bearer

    def headers(self, api: Api) -> dict[str, str]:
        del api
        return {"Authorization": f"Bearer {self._bearer}"}

    def refused(self, api: Api) -> AccessRevokedError:
        return AccessRevokedError("the network does not accept the app's own access", network=api.network)


CLIENT = XClient()


def own_account(api: Api) -> Account:
    """Who we are on this connection; known since the sign-in."""
    if api.account is None:
        raise PayloadError("sign in before reading", network=api.network)
    return api.account


def is_granted(api: Api, scope: str) -> bool:
    """Whether whoever signed in allowed this; an access that was pasted does not say what it may."""
    granted = api.credentials.get("scope")
    return granted is None or scope in granted.split()


def client_of_app(api: Api) -> AppClient:
    """The app's bearer token as filled in, else made from its key and secret (docs.x.com, application-only)."""
    bearer = api.app.get("bearer_token")
    if not bearer:
        key, secret = api.app.get("consumer_key", ""), api.app.get("consumer_secret", "")
        form = {"grant_type": "client_credentials"}
        api.requests += 1
        bearer = ask_for_token(api, "/oauth2/token", form, headers=basic(key, secret)).text("access_token")
    return AppClient(bearer)


def _note_limits(api: Api, answer: Answer) -> None:
    remaining = answer.headers.get("x-rate-limit-remaining", "")
    api.remaining = int(remaining) if remaining.isascii() and remaining.isdigit() else None
    api.resets_at = _reset(answer)


def _reset(answer: Answer) -> datetime | None:
    reset = answer.headers.get("x-rate-limit-reset", "")
    if not (reset.isascii() and reset.isdigit()):
        return None
    try:
        return datetime.fromtimestamp(int(reset), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _raise_problem(api: Api, answer: Answer) -> None:
    """What an answer means by its status and the type of its problem, never by its words."""
    if answer.status < 300:
        return
    problem = _problem(answer)
    kind = kind_of(problem) if problem else ""
    if answer.status == 402 or kind == "credits":
        # money can be added at any time, and asking costs nothing
        raise BudgetSpentError(
            "no credits are left at the network", network=api.network, resets_at=api.now() + NO_CREDITS_WAIT
        )
    if kind == "usage-capped":
        # the cap's month begins on a day of its own, so ask once a day
        raise BudgetSpentError(
            "the network's monthly cap is reached", network=api.network, resets_at=_next_midnight(api)
        )
    if answer.status == 409:
        raise RetryLaterError("the network is busy with another job", network=api.network, retry_after=BUSY_SECONDS)
    if answer.status == 400 and problem and _refused(problem) & TOKENS:
        raise PlaceLostError("the token of the page is not taken any more", network=api.network)
    raise_for_status(api, answer, retry_after=_wait(api, answer))


def _problem(answer: Answer) -> Payload | None:
    try:
        return Payload(parse_json(answer.body), "problem")
    except PayloadError:
        return None


def kind_of(problem: Payload) -> str:
    """The last part of a problem's type, whatever host it names."""
    try:
        return (problem.optional_text("type") or "").rpartition("/")[2]
    except PayloadError:
        return ""


def _refused(problem: Payload) -> set[str]:
    """The names of the parameters that a request was refused for."""
    try:
        told = [one.optional_child("parameters") for one in problem.children("errors")]
    except PayloadError:
        return set()
    return {name for one in told if one for name in one.raw()}


def _wait(api: Api, answer: Answer) -> float | None:
    asked = asked_to_wait(answer)
    if asked is not None or answer.status != 429 or (reset := _reset(answer)) is None:
        return asked
    return (reset - api.now()).total_seconds()


def _next_midnight(api: Api) -> datetime:
    return api.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One answer taken apart: its objects, what expansions brought, and the errors told beside them."""

    data: list[Item] = field(default_factory=list)
    users: Mapping[str, Item] = field(default_factory=dict)
    posts: Mapping[str, Item] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)  # kind of problem by id
    next_token: str | None = None

    @property
    def ids(self) -> list[str]:
        """The ids of the objects, as far as they are ids."""
        texts = [one["id"] for one in self.data if isinstance(one.get("id"), str)]
        return [native for native in texts if order(native) >= 0]


def listing(api: Api, path: str, query: Query) -> Listing:
    """One page of a list. Raises GoneError or UnavailableError when whose list it is cannot be read."""
    body = Payload(CLIENT.json(api, path, query), "answer")
    meta = body.optional_child("meta")
    if meta is None and not body.has("data"):
        raise _nothing(api, body)
    return _taken_apart(body, meta)


def found(api: Api, path: str, query: Query) -> Listing:
    """Named objects; those that are not there are told in `missing`."""
    body = Payload(CLIENT.json(api, path, query), "answer")
    if not body.has("data") and not body.has("errors"):
        raise RetryLaterError("expected data or errors from the network", network=api.network)
    return _taken_apart(body, None)


def _nothing(api: Api, body: Payload) -> Exception:
    kinds = {kind_of(one) for one in body.children("errors")}
    if "resource-not-found" in kinds:
        return GoneError("the network has no such object", network=api.network)
    if kinds & {
        "not-authorized-for-resource",
        "not-authorized-for-field",
        "field-unauthorized",
        "disallowed-resource",
    }:
        return UnavailableError("the network does not show this to us", network=api.network)
    return RetryLaterError("expected data from the network", network=api.network)


def _taken_apart(body: Payload, meta: Payload | None) -> Listing:
    includes = body.optional_child("includes") or Payload({})
    return Listing(
        data=[one.raw() for one in body.children("data")],
        users={one.text("id"): one.raw() for one in includes.children("users")},
        posts={one.text("id"): one.raw() for one in included_posts(includes)},
        missing={
            native: kind_of(one) for one in body.children("errors") if (native := one.optional_text("resource_id"))
        },
        next_token=meta.optional_text("next_token") if meta else None,
    )
