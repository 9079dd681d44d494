"""What a connector is: a manifest (facts about a network as data), streams, and a client; how its HTTP behaves.

A connector turns bytes into records. It knows no database, no queue, no CRM. `ingest.py` drives it:

* `Stream.read(api, cursor)` gives one `Page`: raw items, the next opaque cursor, whether more is waiting. The cursor
  is stored together with the rows of the page, so a killed run resumes after the last page that was stored.
* `Stream.translate(item, account)` turns one stored item into records; pure, so stored items can be translated again.
* An `ObjectStream` reads named objects again: threads that grew, items that may have been edited or deleted.

Errors are classes by what the caller does next (`scrm.errors`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from scrm.connectors.budget import Forecast, Meter
from scrm.connectors.manifest import Manifest
from scrm.connectors.payload import Payload, parse_json
from scrm.errors import (
    AccessExpiredError,
    AccessRevokedError,
    GoneError,
    NetworkError,
    PayloadError,
    RetryLaterError,
    UnavailableError,
)
from scrm.http import Answer, GuardedSession
from scrm.records import Key, ProfileRecord, Record

if TYPE_CHECKING:
    from scrm.connectors.oauth import OAuth
    from scrm.connectors.push import Push


@dataclass(frozen=True, kw_only=True)
class Account:
    """The account that is connected: who "we" are in what we read."""

    key: Key
    handle: str
    base_url: str


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A time that a list cannot be read for, and why (English, translated). `since` None: all that lies before."""

    since: datetime | None
    until: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """One answer: items, the cursor to store with them, and whether more is waiting right now."""

    items: tuple[Mapping[str, Any], ...]
    cursor: str | None
    has_more: bool
    gaps: tuple[Gap, ...] = ()  # what became known to be out of reach


@dataclass(frozen=True, kw_only=True)
class WatchOrder:
    """Asks for an object to be read again later by an object stream."""

    stream: str
    native_id: str
    fetch_ref: str | None
    after_seconds: float


@dataclass(frozen=True, kw_only=True)
class ObjectRef:
    """One object to read again."""

    native_id: str
    fetch_ref: str | None
    cursor: str | None = None  # how far this object was read; opaque, as the last reading left it


@dataclass(frozen=True, kw_only=True)
class Again:
    """An object is read again after these seconds (0: more is waiting now), from this cursor on."""

    after_seconds: float
    cursor: str | None = None


class Stream(ABC):
    """One list a network offers."""

    name: ClassVar[str]
    label: ClassVar[str]  # English, e.g. "Mentions, likes and follows"
    every_seconds: ClassVar[int] = 300

    @abstractmethod
    def read(self, api: "Api", cursor: str | None) -> Page:
        """The next page. `cursor` is None at the very first reading, which reaches back as far as it can."""

    @abstractmethod
    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        """Records of one item, a profile before what it did; raises PayloadError. Pure: no HTTP, no clock."""

    def is_on(self, app: Mapping[str, str]) -> bool:
        """Whether the app's values ask for this list at all; one that is off reads nothing."""
        del app
        return True

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        """Objects that this item says should be read (again) soon, such as a thread that grew."""
        del item, account
        return iter(())


class ObjectStream(ABC):
    """Reads named objects again, several per request where the network allows it."""

    name: ClassVar[str]
    label: ClassVar[str]
    batch: ClassVar[int] = 1  # objects per call of `read`

    @abstractmethod
    def read(self, api: "Api", refs: Sequence[ObjectRef]) -> "ObjectPage":
        """What these objects look like now."""

    @abstractmethod
    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        """Records of one item; raises PayloadError. Pure."""


@dataclass(frozen=True, kw_only=True)
class ObjectPage:
    """What was found of the objects asked for, and which of them no longer exist."""

    items: tuple[Mapping[str, Any], ...]
    gone: tuple[str, ...] = ()  # native ids
    ends: tuple[str, ...] = ()  # native ids not to be watched any longer
    again: Mapping[str, Again] = field(default_factory=dict)  # by native id; others follow the stream's own rhythm


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A file export of this network: tells its own kind, and gives items that `translate` understands."""

    kind: str  # e.g. "mastodon-archive"
    label: str
    recognizes: Callable[[Path], bool]  # by content, never by file name
    owner: Callable[[Path], Account]  # whose archive it is
    items: Callable[[Path, str | None], Iterator[tuple[Mapping[str, Any], str]]]  # (item, cursor after it)
    translate: Callable[[Payload, Account], Iterator[Record]]


@dataclass(frozen=True, kw_only=True)
class RefusedArchive:
    """A file export that is told by what is in it and not read, and why (English, translated)."""

    kind: str
    label: str
    recognizes: Callable[[Path], bool]
    why: str


@dataclass(kw_only=True)
class Api:
    """One connection's HTTP: base address, credentials, the shared error mapping.

    Tokens go to its own hosts only: that of the base address and those that the app's fields named `…_url` give.
    `credentials` are plain here and nowhere else; `renew` stores renewed ones and is given by ingest, which holds
    the database lease that makes the renewal happen once.
    """

    network: str
    base_url: str
    session: GuardedSession
    account: Account | None = None
    credentials: dict[str, str] = field(default_factory=dict, repr=False)
    renew: Callable[["Api"], None] | None = None
    app: Mapping[str, str] = field(default_factory=dict, repr=False)  # values of the manifest's app_fields
    meter: Meter | None = None  # None: nothing is counted
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    requests: int = 0
    remaining: int | None = None  # calls left in the network's own count, from its headers
    resets_at: datetime | None = None

    def url(self, path: str) -> str:
        """An address on one of this connection's own hosts; one that leads elsewhere is refused."""
        if path.startswith("/"):
            return self.base_url + path
        known = [self.base_url, *(value for name, value in self.app.items() if name.endswith("_url"))]
        if origin(path) not in {origin(one) for one in known}:
            raise PayloadError("a link leads to another host", network=self.network)
        return path


def origin(url: str) -> tuple[str, str]:
    """Scheme and host with port of an address."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


class Client(ABC):
    """How one network's HTTP behaves: authentication header, limits, which answer means what."""

    @abstractmethod
    def headers(self, api: Api) -> dict[str, str]:
        """Headers that carry the access."""

    @abstractmethod
    def check(self, api: Api, answer: Answer) -> None:
        """Note the limits that the answer names; raise the error that it means, if any."""

    def get(self, api: Api, path: str, params: Any = None) -> Answer:
        """GET with access, limits noted, errors mapped; renews an access that ran out, once."""
        return self.call(api, "GET", path, params=params)

    def most_cost(self, api: Api, method: str, path: str, params: Any) -> int:
        """What a request may cost at most, in the budget's unit; set aside before it is made."""
        del api, method, path, params
        return 0

    def cost(self, api: Api, answer: Answer) -> int:
        """What an answer cost; what was set aside and not spent is given back."""
        del api, answer
        return 0

    def call(
        self, api: Api, method: str, path: str, *, params: Any = None, json: Any = None, data: Any = None
    ) -> Answer:
        """One request; on AccessExpiredError the access is renewed once and the request made again."""
        try:
            return self._once(api, method, path, params=params, json=json, data=data)
        except AccessExpiredError:
            if api.renew is None:
                raise
            api.renew(api)
            return self._once(api, method, path, params=params, json=json, data=data)

    def _once(self, api: Api, method: str, path: str, **sent: Any) -> Answer:
        url = api.url(path)
        most = self.most_cost(api, method, path, sent["params"])
        if api.meter is not None:
            api.meter.reserve(most)
        api.requests += 1
        try:
            answer = api.session.call(method, url, headers=self.headers(api), **sent)
        except NetworkError as why:
            why.network = api.network  # the session does not know for whom it calls
            raise
        if api.meter is not None:
            api.meter.settle(most, self.cost(api, answer))  # without an answer it counts as spent
        self.check(api, answer)
        return answer

    def json(self, api: Api, path: str, params: Any = None) -> Any:
        """The JSON of a GET."""
        return self.decoded(api, self.get(api, path, params))

    def decoded(self, api: Api, answer: Answer) -> Any:
        """The JSON of an answer; anything else with status 200 (a login page) is no answer: come back later."""
        try:
            return parse_json(answer.body)
        except PayloadError as why:
            raise RetryLaterError("expected JSON from the network", network=api.network) from why


class Connector(ABC):
    """One network: its manifest, its streams, and how to sign in."""

    manifest: ClassVar[Manifest]
    streams: ClassVar[tuple[Stream, ...]]
    object_streams: ClassVar[tuple[ObjectStream, ...]] = ()
    archives: ClassVar[tuple[Archive | RefusedArchive, ...]] = ()
    client: ClassVar[Client]
    oauth: "ClassVar[OAuth | None]" = None  # signing in at the network instead of pasting an access
    push: "ClassVar[Push | None]" = None  # the network calls us when something happens

    @abstractmethod
    def sign_in(self, api: Api) -> tuple[Account, ProfileRecord]:
        """Test the credentials with a cheap call and say whose they are; may complete `api.credentials`.

        Also the second opinion on a token that seems dead. Raises AccessRevokedError when it is.
        """

    def renew(self, api: Api) -> None:
        """Exchange what ran out for a new access in `api.credentials`; raises AccessRevokedError when that fails."""
        raise AccessRevokedError("access ran out and cannot be renewed", network=api.network)

    def base_url(self, form: Mapping[str, str]) -> str:
        """The address to connect to, from what the admin filled in; not yet checked."""
        del form
        return self.manifest.default_base_url

    def forecast(self, api: Api) -> tuple[Forecast, ...]:
        """What reading back will cost, asked before it begins; for networks with a budget."""
        del api
        return ()

    def stream(self, name: str) -> Stream:
        return next(stream for stream in self.streams if stream.name == name)

    def object_stream(self, name: str) -> ObjectStream:
        return next(stream for stream in self.object_streams if stream.name == name)


RECHECK = "recheck"  # the object stream that follows edits and deletions; every live connector has one


def raise_for_status(api: Api, answer: Answer, *, retry_after: float | None = None) -> None:
    """What a status means when the network has no dialect of its own.

    `retry_after` is what the network's own headers say; without it the standard `Retry-After` counts.
    """
    status = answer.status
    retry_after = asked_to_wait(answer) if retry_after is None else clamp_retry_after(retry_after)
    if status < 300:
        return
    if status < 400:
        raise RetryLaterError("the network redirects; its address may have changed", network=api.network)
    if status == 401:
        raise AccessRevokedError("the network does not accept the access", network=api.network)
    if status == 403:
        raise UnavailableError("the network does not allow this call", network=api.network)
    if status in {404, 410}:
        raise GoneError("the network has no such object", network=api.network)
    if status == 429:
        raise RetryLaterError("too many calls", network=api.network, retry_after=retry_after, throttled=True)
    if status >= 500:
        raise RetryLaterError(f"the network answers {status}", network=api.network, retry_after=retry_after)
    raise UnavailableError(f"the network refuses the call with {status}", network=api.network)


def asked_to_wait(answer: Answer) -> float | None:
    """The seconds of `Retry-After`, a number or a date (RFC 9110, 10.2.3), within reason; None without either."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return clamp_retry_after(float(value[:10]))
    try:
        until = parsedate_to_datetime(value)
        now = parsedate_to_datetime(answer.headers["Date"]) if "Date" in answer.headers else datetime.now(UTC)
        return clamp_retry_after((until - now).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


def clamp_retry_after(seconds: float) -> float:
    """What a network asks for, within reason: one second to one hour."""
    return min(max(seconds, 1.0), 3600.0)
