"""What Meta's Graph APIs have in common: errors by code, usage in percent, versions, pages, and calls to us.

Meta's pages "Handling errors", "Rate limits", "Versioning", "Paged results", "Secure Graph API calls" and "Webhooks,
getting started" (v18 to v25, read 2026-11-23), versions from its "Changelog" (updated 2026-10-29, read 2026-11-23).
Throttles and dead accesses come with status 400 like any other error, so the code decides, never status or sentence.
A missing usage header means that next to nothing was used (restfb/restfb#548).

From memory, 2026-11-24: 100 with subcode 33 is told of what is gone and of what we may not see alike; code 1 is also
told when one page would hold too much; the access is taken from the Authorization header on every host.
"""

import hmac
import json
import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from scrm.connectors.base import Api, Client, asked_to_wait, clamp_retry_after, raise_for_status
from scrm.connectors.manifest import ApiVersion
from scrm.connectors.payload import Payload, parse_json
from scrm.connectors.push import Handshake, Push, Pushed, check_signature, hex_hmac, open_signed_request
from scrm.errors import (
    AccessRevokedError,
    GoneError,
    NetworkError,
    PayloadError,
    RetryLaterError,
    UnavailableError,
    VersionDeadError,
    WebhookRefusedError,
)
from scrm.http import Answer

VERSION = "v26.0"
VERSIONS = (
    ApiVersion(name="v26.0", ends_on=None),
    ApiVersion(name="v25.0", ends_on=date(2028, 7, 29)),
    ApiVersion(name="v24.0", ends_on=date(2028, 2, 18)),
    ApiVersion(name="v23.0", ends_on=date(2027, 10, 8)),
    ApiVersion(name="v22.0", ends_on=date(2027, 5, 20)),
    ApiVersion(name="v21.0", ends_on=date(2027, 1, 21)),
)
VERSIONED = re.compile(r"/(v\d+\.\d+)(?=/|$)")
SECRET = frozenset({"access_token", "appsecret_proof"})  # stand in the addresses of next pages

DEAD = frozenset({102, 104, 190})
THROTTLED = frozenset({4, 17, 32, 341, 613, *range(80000, 80007), 80008, 80009, 80014})
BURST = 613  # too many in a moment, not in an hour or a day
MISSING = frozenset({3, 10, *range(200, 300)})
POLICY = frozenset({368, 506})
TRANSIENT = frozenset({1, 2})
MEANINGS: Mapping[int, tuple[type[NetworkError], str]] = {
    **dict.fromkeys(DEAD, (AccessRevokedError, "the network does not accept the access")),
    **dict.fromkeys(MISSING, (UnavailableError, "a permission is missing for this call")),
    **dict.fromkeys(POLICY, (UnavailableError, "the network has blocked this for a while")),
    101: (UnavailableError, "the network does not accept the app"),
}
GRANTS = frozenset({100, 452})  # of a token endpoint: a code or token that is late, used or not meant for it
GONE = (100, 33)
THROTTLE_SECONDS = 600.0  # when the network does not say how long
PAUSE = timedelta(minutes=15)
EARLIEST, LATEST = 2004, 4000  # years in which something can have happened here
LONGEST_CHALLENGE = 200

Params = Sequence[tuple[str, str]]


class TooMuchAskedError(RetryLaterError):
    """Perhaps the page was too large: ask for less."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An error as the network numbers it; no subcode is 0."""

    code: int
    subcode: int = 0
    is_transient: bool = False

    @classmethod
    def of(cls, answer: Answer) -> "Fault | None":
        """The error of an answer; None when it names none."""
        try:
            error = Payload(parse_json(answer.body)).child("error")
            code = error.number("code")
            subcode, is_transient = error.number("error_subcode") or 0, error.flag("is_transient")
        except PayloadError:
            return None
        return None if code is None else cls(code=code, subcode=subcode, is_transient=is_transient)


class GraphClient(Client):
    """A bearer token, a version before every path, errors by their codes."""

    has_proof: ClassVar[bool] = False  # whether every call proves that we know the app's secret
    own_errors: ClassVar[Mapping[tuple[int, int], type[NetworkError]]] = {}  # by code and subcode; these come first

    def headers(self, api: Api) -> dict[str, str]:
        return {"Authorization": f"Bearer {api.credentials['access_token']}"}

    def _once(self, api: Api, method: str, path: str, **sent: Any) -> Answer:
        if self.has_proof and api.app.get("client_secret"):
            given = sent["params"] or ()
            pairs = list(given.items()) if isinstance(given, Mapping) else list(given)
            token = api.credentials["access_token"]
            sent["params"] = [*pairs, ("appsecret_proof", hex_hmac(api.app["client_secret"], token.encode()))]
        return super()._once(api, method, versioned(api, path), **sent)

    def check(self, api: Api, answer: Answer) -> None:
        note_usage(api, answer)
        check_version(api, answer)
        if answer.status >= 400 and (fault := Fault.of(answer)) is not None:
            raise self.meaning(api, answer, fault)
        raise_for_status(api, answer)

    def meaning(self, api: Api, answer: Answer, fault: Fault) -> NetworkError:
        """The error of ours that an error of the network means."""
        code, pair = fault.code, (fault.code, fault.subcode)
        if pair in self.own_errors:
            return self.own_errors[pair](f"the network answers error {code}/{fault.subcode}", network=api.network)
        if code in THROTTLED:
            wait = _wait(answer) or (None if code == BURST else THROTTLE_SECONDS)
            return RetryLaterError("too many calls", network=api.network, retry_after=wait, throttled=True)
        if code not in MEANINGS and (code in TRANSIENT or fault.is_transient or answer.status >= 500):
            error = TooMuchAskedError if code == 1 and not fault.is_transient else RetryLaterError
            return error(f"the network answers error {code}", network=api.network, retry_after=_wait(answer))
        if pair == GONE:
            return GoneError("the network has no such object", network=api.network)
        refused = (UnavailableError, f"the network refuses the call with error {code}/{fault.subcode}")
        sort, message = MEANINGS.get(code, refused)
        return sort(message, network=api.network)

    def token(self, api: Api, path: str, params: Mapping[str, str]) -> Payload:
        """A token from a GET that carries secrets in place of an access.

        Raises AccessRevokedError for a grant that is not (or no longer) good, UnavailableError for a wrong app.
        """
        try:
            answer = api.session.call("GET", api.url(versioned(api, path)), params=dict(params))
        except NetworkError as why:
            why.network = api.network
            raise
        fault = Fault.of(answer) if answer.status >= 400 else None
        if fault is not None and fault.code in GRANTS:
            raise AccessRevokedError("the network does not accept the grant", network=api.network)
        self.check(api, answer)
        return Payload(self.decoded(api, answer), "token")


def versioned(api: Api, path: str) -> str:
    """The path below the version that this installation speaks; one that names a version stays as it is."""
    if not path.startswith("/") or VERSIONED.match(path):
        return path
    return f"/{api.app.get('version') or VERSION}{path}"


def check_version(api: Api, answer: Answer) -> None:
    """A version whose time is over is silently answered by another: that is an error of ours."""
    asked, served = VERSIONED.match(urlsplit(answer.url).path), answer.headers.get("facebook-api-version")
    if asked and served and served != asked[1]:
        raise VersionDeadError("the network answers with another version of its API", network=api.network)


def note_usage(api: Api, answer: Answer) -> None:
    """Percent that are left, and when calling makes sense again; without a header nothing is known."""
    used = [percent for percent, _ in _usages(answer)]
    wait = max((minutes for _, minutes in _usages(answer)), default=0)
    api.remaining = max(0, 100 - max(used)) if used else None
    api.resets_at = api.now() + (timedelta(minutes=wait) if wait > 0 else PAUSE) if used else None


def _usages(answer: Answer) -> Iterator[tuple[int, int]]:
    """Percent used, and minutes until calls are let through again, for every limit that the headers name."""
    with suppress(PayloadError):
        if header := answer.headers.get("X-App-Usage"):
            yield _percent(Payload(parse_json(header))), 0
    with suppress(PayloadError):
        if header := answer.headers.get("X-Business-Use-Case-Usage"):
            told = Payload(parse_json(header))
            for name in told.raw():
                for one in told.children(name):
                    yield _percent(one), min(one.number("estimated_time_to_regain_access") or 0, 24 * 60)


def _percent(usage: Payload) -> int:
    return max(usage.number(name) or 0 for name in ("call_count", "total_time", "total_cputime"))


def _wait(answer: Answer) -> float | None:
    minutes = max((minutes for _, minutes in _usages(answer)), default=0)
    return clamp_retry_after(minutes * 60.0) if minutes > 0 else asked_to_wait(answer)


@dataclass(frozen=True, kw_only=True)
class GraphPage:
    """One page of an edge. `next` is asked for as it is; None at the end, however full or empty the page."""

    rows: tuple[Payload, ...]
    next: str | None


def read_edge(client: GraphClient, api: Api, path: str, params: Params = ()) -> GraphPage:
    """A page of an edge, or where `next` of another led; asks for fewer rows when the network cannot give so many."""
    parts = urlsplit(path)
    place, asked = parts.path, [*parse_qsl(parts.query), *params]
    while True:
        try:
            page = Payload(client.json(api, place, asked), "list")
            break
        except TooMuchAskedError:
            limit = int(dict(asked).get("limit", "0"))
            if limit < 2:
                raise
            asked = [(name, str(limit // 2) if name == "limit" else value) for name, value in asked]
    if not page.has("data"):
        raise PayloadError("list.data: expected a list", network=api.network)
    following = next_of(api, page)
    if following is not None and following == path:
        raise RetryLaterError("the next page leads to itself", network=api.network)
    return GraphPage(rows=tuple(page.children("data")), next=following)


def next_of(api: Api, page: Payload) -> str | None:
    """Where the next page is, without the secrets in its address; one on another host is refused."""
    paging = page.optional_child("paging")
    address = paging.optional_text("next") if paging else None
    if address is None:
        return None
    parts = urlsplit(api.url(address))
    query = [(name, value) for name, value in parse_qsl(parts.query) if name not in SECRET]
    return f"{parts.path}?{urlencode(query)}"


def seconds_at(payload: Payload, name: str) -> datetime:
    """A time in Unix seconds. Raises PayloadError."""
    return _moment(payload, name, 1)


def milliseconds_at(payload: Payload, name: str) -> datetime:
    """A time in Unix milliseconds. Raises PayloadError."""
    return _moment(payload, name, 1000)


def _moment(payload: Payload, name: str, parts: int) -> datetime:
    found = None
    with suppress(ValueError, OverflowError, OSError):
        found = datetime.fromtimestamp((payload.number(name) or 0) / parts, UTC)
    if found is None or not EARLIEST <= found.year < LATEST:
        raise PayloadError(f"{payload.path}.{name}: expected a Unix time")
    return found


class GraphPush(Push):
    """Webhooks of one kind of object.

    The address and the verify token are entered in the app's dashboard; every account is subscribed by a call. After
    an hour of failing messages an account's subscription ends without a word, so it is made again a few times a day.
    An item is `{"field", "value", "sent_at"}` for a change, `{"messaging", "sent_at", "is_standby"}` for a message;
    `sent_at` (Unix seconds) is when it was told, not when it happened.
    """

    keep_every_seconds: ClassVar[int] = 4 * 3600
    object: ClassVar[str]
    client: ClassVar[GraphClient]

    @abstractmethod
    def fields(self, api: Api) -> tuple[str, ...]:
        """What to be told of this account, as far as it has allowed that."""

    def handshake(
        self, app: Mapping[str, str], query: Mapping[str, str], accounts: frozenset[str]
    ) -> Handshake | None:
        del accounts
        wanted, given = app.get("verify_token", ""), query.get("hub.verify_token", "")
        challenge = query.get("hub.challenge", "")
        is_known = bool(wanted) and hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted.encode())
        if query.get("hub.mode") != "subscribe" or not is_known or not 0 < len(challenge) <= LONGEST_CHALLENGE:
            return None
        return Handshake(body=challenge)

    def verify(self, app: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> None:
        secret = app.get("client_secret")
        if not secret:
            raise WebhookRefusedError("without the app's secret nothing can be verified")
        check_signature(headers.get("x-hub-signature-256"), "sha256=" + hex_hmac(secret, body))

    def deletion_asked(self, app: Mapping[str, str], form: Mapping[str, str]) -> str:
        told = open_signed_request(app.get("client_secret", ""), form.get("signed_request", ""))
        user_id = told.get("user_id")
        if not isinstance(user_id, (str, int)) or not str(user_id):
            raise WebhookRefusedError("expected a user_id")
        return str(user_id)

    def events(self, body: bytes) -> Iterator[Pushed]:
        told = Payload(parse_json(body), "delivery")
        if told.text("object") != self.object:
            raise PayloadError("delivery.object: expected another kind of object")
        for entry in told.children("entry"):
            account, sent = entry.text("id"), {"sent_at": entry.number("time")}
            for change in (entry, *entry.children("changes")):
                if change.has("field") and change.has("value"):
                    yield _pushed(account, {"field": change.text("field"), "value": change.raw()["value"], **sent})
            for name in ("messaging", "standby"):
                for event in entry.children(name):
                    item = {"messaging": event.raw(), "is_standby": name == "standby", **sent}
                    yield _pushed(account, item)

    def subscribe(self, api: Api, callback: str) -> None:
        del callback  # one for the whole app, in its dashboard
        fields = self.fields(api)
        if not fields:
            raise UnavailableError("the account allows nothing to be told of", network=api.network)
        self.client.call(api, "POST", _subscription(api), params=[("subscribed_fields", ",".join(fields))])

    def unsubscribe(self, api: Api, callback: str) -> None:
        del callback
        self.client.call(api, "DELETE", _subscription(api))


def _subscription(api: Api) -> str:
    if api.account is None:
        raise PayloadError("sign in before subscribing", network=api.network)
    return f"/{api.account.key.native_id}/subscribed_apps"


def _pushed(account: str, item: dict[str, Any]) -> Pushed:
    """The time of sending belongs to the id, for the same may happen twice; what is told twice does no harm."""
    body = json.dumps([account, item], sort_keys=True, separators=(",", ":"))
    return Pushed(account_id=account, id=sha256(body.encode()).hexdigest(), item=item)
