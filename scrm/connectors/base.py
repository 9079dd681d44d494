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
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

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


class Status(StrEnum):
    """How a network can be used today."""

    LIVE = "live"
    LIMITED = "limited"
    ARCHIVE = "archive"  # only files can be read
    RETIRED = "retired"  # nothing can be read; what was stored stays readable


class Rule(StrEnum):
    """What a network's terms say about one use of its data."""

    ALLOWED = "allowed"
    CONSENT = "consent"  # only with the person's consent or a handle they gave us themselves
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the network's terms allow, where that is written, and when somebody last read it."""

    match: Rule
    store: Rule
    show: Rule
    write_to_crm: Rule
    keep_days: int | None  # None: as long as the admin wants
    recheck_hours: int = 24  # edits and deletions must be followed within this time
    source: str
    read_on: date
    note: str = ""  # English; translated through the catalogue


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """Calls allowed in a span of seconds when the network's headers say nothing."""

    calls: int
    seconds: int


@dataclass(frozen=True, kw_only=True)
class CredentialField:
    """One thing an admin fills in to connect. Labels are English, translated through the catalogue."""

    name: str
    label: str
    help: str = ""
    is_secret: bool = False
    example: str = ""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Facts about a network as data."""

    key: str  # = folder name
    label: str
    mark: str  # two letters shown instead of a brand picture
    status: Status
    terms: Terms
    scopes: tuple[str, ...] = ()
    rate_limit: RateLimit
    credential_fields: tuple[CredentialField, ...] = ()
    default_base_url: str = ""  # empty: the admin names the host
    reads: tuple[str, ...] = ()  # what is read, in words, shown before connecting


@dataclass(frozen=True, kw_only=True)
class Account:
    """The account that is connected: who "we" are in what we read."""

    key: Key
    handle: str
    base_url: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """One answer: items, the cursor to store with them, and whether more is waiting right now."""

    items: tuple[Mapping[str, Any], ...]
    cursor: str | None
    has_more: bool


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


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A file export of this network: tells its own kind, and gives items that `translate` understands."""

    kind: str  # e.g. "mastodon-archive"
    label: str
    recognizes: Callable[[Path], bool]  # by content, never by file name
    owner: Callable[[Path], Account]  # whose archive it is
    items: Callable[[Path, str | None], Iterator[tuple[Mapping[str, Any], str]]]  # (item, cursor after it)
    translate: Callable[[Payload, Account], Iterator[Record]]


@dataclass(kw_only=True)
class Api:
    """One connection's HTTP: base address, credentials, the shared error mapping. Tokens go to its own host only.

    `credentials` are plain here and nowhere else; `renew` stores renewed ones and is given by ingest, which holds
    the database lease that makes the renewal happen once.
    """

    network: str
    base_url: str
    session: GuardedSession
    account: Account | None = None
    credentials: dict[str, str] = field(default_factory=dict, repr=False)
    renew: Callable[["Api"], None] | None = None
    requests: int = 0
    remaining: int | None = None  # calls left in the network's own count, from its headers
    resets_at: datetime | None = None

    def url(self, path: str) -> str:
        """An address on this connection's own host; one that leads elsewhere is refused."""
        if path.startswith("/"):
            return self.base_url + path
        own, other = urlsplit(self.base_url), urlsplit(path)
        if (own.scheme, own.netloc) != (other.scheme, other.netloc):
            raise PayloadError("a link leads to another host", network=self.network)
        return path


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

    def call(self, api: Api, method: str, path: str, *, params: Any = None, json: Any = None) -> Answer:
        """One request; on AccessExpiredError the access is renewed once and the request made again."""
        try:
            return self._once(api, method, path, params, json)
        except AccessExpiredError:
            if api.renew is None:
                raise
            api.renew(api)
            return self._once(api, method, path, params, json)

    def _once(self, api: Api, method: str, path: str, params: Any, json: Any) -> Answer:
        url = api.url(path)
        api.requests += 1
        try:
            answer = api.session.call(method, url, headers=self.headers(api), params=params, json=json)
        except NetworkError as why:
            why.network = api.network  # the session does not know for whom it calls
            raise
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
    archives: ClassVar[tuple[Archive, ...]] = ()
    client: ClassVar[Client]

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
