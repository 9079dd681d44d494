"""A network's facts as data: what it is, what its terms allow, what it needs from an admin, what it costs."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from scrm.connectors.budget import Budget


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
    keep_hours: int | None  # what was said; None: as long as the admin wants
    keep_profile_hours: int | None = None  # who said it; None: as long as what they said
    is_kept_by_refresh: bool = False  # reading it again lets it stay for as long once more
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
    default: str = ""
    choices: tuple[str, ...] = ()  # nothing else may be filled in
    is_advanced: bool = False  # an address, a version: right as it is for nearly everybody
    is_generated: bool = False  # made by us when the app is saved, and shown for the network's own form


@dataclass(frozen=True, kw_only=True)
class Scope:
    """One right that is asked for, and in plain words (English, translated) what it is needed for."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ApiVersion:
    """A version of the network's API and the last day on which it is served; None: not announced."""

    name: str
    ends_on: date | None


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Facts about a network as data."""

    key: str  # = folder name
    label: str
    mark: str  # two letters shown instead of a brand picture
    status: Status
    terms: Terms
    scopes: tuple[Scope, ...] = ()
    rate_limit: RateLimit | None = None  # None: only files are read, nothing is called
    credential_fields: tuple[CredentialField, ...] = ()  # for those who paste an access
    app_fields: tuple[CredentialField, ...] = ()  # of the app registered with the network, once per installation
    versions: tuple[ApiVersion, ...] = ()  # of the API; which one is spoken stands in the app's field `version`
    budget: Budget | None = None
    default_base_url: str = ""  # empty: the admin names the host
    reads: tuple[str, ...] = ()  # what is read, in words, shown before connecting
