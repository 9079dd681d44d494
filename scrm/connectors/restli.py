"""What LinkedIn's products share: the versioned API, Rest.li's way of writing addresses, lists by index, signing in.

Sources (learn.microsoft.com/linkedin, read 2026-11-23): "Versioning", "Error handling", "Rate limits", "Pagination",
authorization-code-flow, programmatic-refresh-tokens, webhook-validation; linkedin.github.io/rest.li/spec/protocol.
The meaning of single service codes under 401, and the address at which a token is revoked, are from memory.

Three things shape this module. `List(…)` and `(name:value)` must stand in an address as they are while every text in
them is percent-encoded, so addresses are written by hand. And no answer tells what is left of a day's calls: refusals
are counted by the meter, which begins anew at 00:00 UTC as LinkedIn does. What proves that an address is ours is
signed with the key that signs deliveries, so only a UUID, which is what LinkedIn sends, is ever signed: else anybody
could have us sign a delivery of their own.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

from scrm.connectors.base import Api, Client, asked_to_wait, raise_for_status
from scrm.connectors.manifest import ApiVersion, CredentialField
from scrm.connectors.oauth import OAuth, ask_for_token, lifetime
from scrm.connectors.payload import EARLIEST, LATEST, Payload, parse_json
from scrm.connectors.push import Handshake, Push, check_signature, hex_hmac
from scrm.errors import (
    AccessExpiredError,
    AccessRevokedError,
    BudgetSpentError,
    PayloadError,
    RetryLaterError,
    VersionDeadError,
)
from scrm.http import Answer
from scrm.i18n import N_

PROTOCOL = "2.0.0"
# 202508 ended on 2026-08-17; that the others end in the same manner a year after they came is a guess
VERSIONS = (
    ApiVersion(name="202606", ends_on=date(2027, 6, 17)),
    ApiVersion(name="202607", ends_on=date(2027, 7, 17)),
    ApiVersion(name="202608", ends_on=date(2027, 8, 17)),
)
REVOKED = frozenset({65600, 65601, 65604})  # invalid, revoked, empty; from memory
REFUSALS, FIRST_WAIT, LONGEST_WAIT = 8, 15.0, 900.0  # after so many in a day a resource rests until 00:00 UTC
RENEW_BEFORE = timedelta(days=10)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_IN_A_PAGE = 100  # from memory
OVERLAP = 10 * 60 * 1000  # milliseconds by which something may appear late

Item = dict[str, Any]

APP_FIELDS = (
    CredentialField(
        name="client_id",
        label=N_("Client ID"),
        help=N_("From the page Auth of your app in LinkedIn's developer portal."),
        example="77abcdefghijkl",
    ),
    CredentialField(
        name="client_secret",
        label=N_("Primary client secret"),
        help=N_("From the same page. LinkedIn also signs its deliveries with it."),
        is_secret=True,
    ),
    CredentialField(
        name="version",
        label=N_("Version of the API"),
        help=N_("LinkedIn serves a version for about a year."),
        default=VERSIONS[-1].name,
        is_advanced=True,
    ),
    CredentialField(
        name="api_url", label=N_("Address of the API"), default="https://api.linkedin.com", is_advanced=True
    ),
    CredentialField(
        name="authorize_url",
        label=N_("Address for signing in"),
        default="https://www.linkedin.com/oauth/v2/authorization",
        is_advanced=True,
    ),
    CredentialField(
        name="token_url",
        label=N_("Address for tokens"),
        default="https://www.linkedin.com/oauth/v2/accessToken",
        is_advanced=True,
    ),
    CredentialField(
        name="revoke_url",
        label=N_("Address for giving tokens back"),
        default="https://www.linkedin.com/oauth/v2/revoke",
        is_advanced=True,
    ),
)


class RestliClient(Client):
    """Bearer token and version in headers; every call costs one of the day's."""

    def headers(self, api: Api) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {api.credentials['access_token']}",
            "Linkedin-Version": api.app["version"],
            "X-Restli-Protocol-Version": PROTOCOL,
        }

    def most_cost(self, api: Api, method: str, path: str, params: Any) -> int:
        del api, method, path, params
        return 1

    def cost(self, api: Api, answer: Answer) -> int:
        del api, answer
        return 1

    def check(self, api: Api, answer: Answer) -> None:
        if answer.status == 401:
            if _service_code(answer) in REVOKED:
                raise AccessRevokedError("the access was withdrawn", network=api.network)
            raise AccessExpiredError("the access ran out", network=api.network)
        if answer.status == 426:
            raise VersionDeadError("this version of the API is not served any more", network=api.network)
        if answer.status == 429 and asked_to_wait(answer) is None:
            _throttle(api, answer)
        raise_for_status(api, answer)


CLIENT = RestliClient()


def _service_code(answer: Answer) -> int | None:
    try:
        return Payload(parse_json(answer.body), "error").number("serviceErrorCode")
    except PayloadError:
        return None


def _throttle(api: Api, answer: Answer) -> None:
    """Wait twice as long after each refusal of a resource on a day, up to a quarter of an hour; then let it rest."""
    if api.meter is None:
        return
    resource = "/".join(part for part in urlsplit(answer.url).path.split("/") if part.isalpha())
    for number in range(REFUSALS):
        if api.meter.unpaid("refused", [f"{resource} {number}"]):
            wait = min(FIRST_WAIT * 2**number, LONGEST_WAIT)
            raise RetryLaterError("too many calls", network=api.network, retry_after=wait, throttled=True)
    tomorrow = api.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    raise BudgetSpentError("LinkedIn allows no more calls today", network=api.network, resets_at=tomorrow)


def encoded(text: str) -> str:
    """A text as it stands in an address, inside or outside of a structure."""
    return quote(text, safe="")


def listed(values: Iterable[str]) -> str:
    """`List(…)` of texts."""
    return f"List({','.join(map(encoded, values))})"


def record(fields: Mapping[str, str]) -> str:
    """`(name:value,…)` of texts."""
    return f"({','.join(f'{name}:{encoded(value)}' for name, value in fields.items())})"


def tail(urn: str) -> str:
    """What stands behind the last colon of a simple URN."""
    return urn.rpartition(":")[2]


def milliseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def moment(holder: Payload, name: str) -> datetime:
    """A time given as milliseconds since 1970."""
    value = holder.number(name)
    try:
        found = None if value is None else EPOCH + timedelta(milliseconds=value)
    except OverflowError:
        found = None
    if found is None or not EARLIEST <= found.year < LATEST:
        raise PayloadError(f"{holder.path}.{name}: expected a time in milliseconds")
    return found


def stamp(raw: Item, *path: str) -> int | None:
    """The milliseconds in a field, inside of others; None where there is no time."""
    try:
        holder = Payload(raw)
        for name in path[:-1]:
            holder = holder.child(name)
        return milliseconds(moment(holder, path[-1]))
    except PayloadError:
        return None


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a list, and where the next one begins; `total` where LinkedIn counts."""

    items: tuple[Item, ...]
    next: int | None
    total: int | None


def part_of(api: Api, path: str, query: str = "", *, start: int = 0, count: int = MOST_IN_A_PAGE) -> Part:
    """Read a part of a list; path and query as they stand in the address."""
    place = f"start={start}&count={count}"
    answer = Payload(CLIENT.json(api, f"{path}?{query}&{place}" if query else f"{path}?{place}"), "answer")
    if not answer.has("elements"):
        raise PayloadError("answer.elements: expected a list", network=api.network)
    items = tuple(one.raw() for one in answer.children("elements"))
    paging = answer.optional_child("paging") or Payload({})
    if (paging.number("start") or 0) != start:
        raise RetryLaterError("the list does not move", network=api.network)
    total = paging.number("total")
    following = start + (paging.number("count") or count)
    has_link = any(link.optional_text("rel") == "next" for link in paging.children("links"))
    has_more = bool(items) and (has_link or (total is not None and following < total))
    return Part(items=items, next=following if has_more else None, total=total)


def walk(api: Api, path: str, query: str = "", *, most: int) -> tuple[list[Item], bool]:
    """A whole list, at most so many pages of it; False when it is longer."""
    found: list[Item] = []
    start: int | None = 0
    for _ in range(most):
        part = part_of(api, path, query, start=start or 0)
        found += part.items
        start = part.next
        if start is None:
            return found, True
    return found, False


@dataclass(kw_only=True)
class Window:
    """What is known of a list whose order cannot be relied on.

    Everything up to `mark` is; of what is younger, what stands in `recent` with the time it was last changed. While a
    list is walked the mark stays; afterwards it follows the newest item at a distance, for what appears late.
    """

    mark: int  # milliseconds
    recent: dict[str, int]

    @classmethod
    def parse(cls, fields: Payload, *, since: datetime) -> "Window":
        """Read it from a cursor's fields; without a cursor nothing is known that is younger than `since`."""
        mark = whole_number(fields, "mark")
        named = [entry.rpartition("=") for entry in (fields.optional_text("recent") or "").split()]
        try:
            recent = {name: int(at) for name, _, at in named}
        except ValueError:
            raise PayloadError("cursor.recent: expected names with times") from None
        return cls(mark=milliseconds(since) if mark is None else mark, recent=recent)

    @property
    def head(self) -> int | None:
        """The time of the newest item known."""
        return max(self.recent.values(), default=None)

    def takes(self, name: str, at: int) -> bool:
        """Whether this is new, or changed since; from now on it is known."""
        if at <= self.mark or at <= self.recent.get(name, self.mark):
            return False
        self.recent[name] = at
        return True

    def takes_item(self, raw: Item, name: str, *at: str) -> bool:
        """The same of an item by the fields that name it and its time; one without them goes on to be quarantined."""
        named, changed = Payload(raw).raw().get(name), stamp(raw, *at)
        return not isinstance(named, str | int) or changed is None or self.takes(str(named), changed)

    def close(self) -> None:
        """The list was walked to its end."""
        if self.head is not None:
            self.mark = max(self.mark, self.head - OVERLAP)

    def fields(self) -> dict[str, str | None]:
        """As fields of a cursor."""
        least = self.mark if self.head is None else self.head - OVERLAP
        recent = " ".join(f"{name}={at}" for name, at in self.recent.items() if at > least)
        return {"mark": str(self.mark), "recent": recent or None}


def whole_number(fields: Payload, name: str) -> int | None:
    """A number in a cursor's field."""
    text = fields.optional_text(name)
    if text is not None and not text.lstrip("-").isdecimal():
        raise PayloadError(f"cursor.{name}: expected a whole number")
    return None if text is None else int(text)


def pages(api: Api, roles: Iterable[str]) -> dict[str, str]:
    """The pages on which whoever signed in has one of these roles, each with the member's URN."""
    rows, _ = walk(api, "/rest/organizationAcls", "q=roleAssignee&state=APPROVED", most=5)
    wanted = frozenset(roles)
    return {
        row.text("organization"): row.text("roleAssignee") for row in map(Payload, rows) if row.text("role") in wanted
    }


def page_of(api: Api, urn: str) -> Payload:
    """A page as it is shown to whoever signed in."""
    return Payload(CLIENT.json(api, f"/rest/organizations/{encoded(tail(urn))}"), "organization")


class RestliOAuth(OAuth):
    """Access for 60 days; the right to renew it ends a year after the consent, however often it is used."""

    def redeem(self, api: Api, *, code: str, redirect_uri: str, verifier: str) -> dict[str, str]:
        del verifier  # LinkedIn offers no PKCE to web applications
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return _asked(api, form)

    def revoke(self, api: Api) -> None:
        ask_for_token(api, api.app["revoke_url"], _app(api) | {"token": api.credentials["access_token"]})


def renew(api: Api) -> None:
    """Exchange the refresh token; without one somebody has to sign in again."""
    refresh_token = api.credentials.get("refresh_token")
    if not refresh_token:
        raise AccessRevokedError("access ran out and cannot be renewed", network=api.network)
    api.credentials |= _asked(api, {"grant_type": "refresh_token", "refresh_token": refresh_token})


def _app(api: Api) -> dict[str, str]:
    return {"client_id": api.app["client_id"], "client_secret": api.app["client_secret"]}


def _asked(api: Api, form: Mapping[str, str]) -> dict[str, str]:
    token = ask_for_token(api, api.app["token_url"], {**form, **_app(api)})
    found = {"access_token": token.text("access_token")}
    if not token.has("refresh_token"):
        return found | lifetime(api, token)
    seconds = token.number("expires_in") or 0
    found |= {"refresh_token": token.text("refresh_token")}
    found |= lifetime(api, token, renew_before=min(RENEW_BEFORE, timedelta(seconds=seconds) / 2))
    ends_in = token.number("refresh_token_expires_in")
    if ends_in is not None:
        found["ends_at"] = (api.now() + timedelta(seconds=ends_in)).isoformat()
    return found


class RestliPush(Push):
    """The address proves every two hours, within three seconds, that it knows the app's secret."""

    def handshake(
        self, app: Mapping[str, str], query: Mapping[str, str], accounts: frozenset[str]
    ) -> Handshake | None:
        del accounts  # the address is tried before anything is connected
        code = query.get("challengeCode", "")
        try:
            is_code = str(UUID(code)) == code.lower()
        except ValueError:
            is_code = False
        if not is_code:
            return None
        answer = {"challengeCode": code, "challengeResponse": hex_hmac(app["client_secret"], code.encode())}
        return Handshake(body=json.dumps(answer), content_type="application/json")

    def verify(self, app: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> None:
        wanted = hex_hmac(app["client_secret"], b"hmacsha256=" + body)  # the prefix is signed, not sent
        check_signature(headers.get("x-li-signature"), wanted)
