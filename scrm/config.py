"""Settings: read once from the environment, frozen, checked as a whole; the only reader of the environment.

Every setting is a field with its help text; `.env.example` and the table in docs/how-to/settings.md are made from
this class (`scrm settings`).
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

from scrm.errors import ConfigError

PREFIX = "SCRM_"
# a name, then an origin: no path, no query, and a star only for what is below a domain of two parts
ORIGIN = re.compile(
    r"[a-z][a-z0-9-]{0,39}="
    r"(https://(\*\.[a-z0-9-]+\.)?[a-z0-9-]+(\.[a-z0-9-]+)*|http://(localhost|127\.0\.0\.1))(:[0-9]{1,5})?"
)
ROLES = frozenset({"admin", "steward", "rep"})
MAILBOX = re.compile(r"[^@\s<>,]+@[^@\s<>,]+")
BARE = {"database_url": "DATABASE_URL", "redis_url": "REDIS_URL"}  # what platforms set by themselves


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything an installation can be told; defaults make a complete small one."""

    state_dir: Path = field(
        default=Path("var"), metadata={"help": "folder for the embedded database, Valkey and keys"}
    )
    database_url: str = field(
        default="", repr=False, metadata={"help": "PostgreSQL address; empty: SQLite in the state folder"}
    )
    redis_url: str = field(
        default="", repr=False, metadata={"help": "Redis or Valkey address; empty: the embedded Valkey"}
    )
    public_url: str = field(
        default="", metadata={"help": "address under which people and webhooks reach the web process"}
    )
    host: str = field(default="127.0.0.1", metadata={"help": "address the web process listens on"})
    port: int = field(
        default=8000, metadata={"help": "port the web process listens on; the next free one when taken"}
    )
    workers: int = field(default=1, metadata={"help": "worker processes started by `scrm up`"})
    keys: str = field(
        default="",
        repr=False,
        metadata={"help": "key ring `id:base64,id:base64`, newest first; empty: var/keys"},
    )
    allowed_hosts: tuple[str, ...] = field(
        default=(),
        metadata={"help": "private hosts connectors may reach, as exact host:port, comma-separated"},
    )
    metrics_token: str = field(
        default="",
        repr=False,
        metadata={"help": "bearer token with which a Prometheus elsewhere may read /metrics; empty: none may"},
    )
    contact: str = field(
        default="",
        metadata={"help": "address or page named in the User-Agent so that networks can reach the operator"},
    )
    locale: str = field(default="en", metadata={"help": "language of pages for people who have not chosen: en or de"})
    log_level: str = field(default="info", metadata={"help": "debug, info, warning or error"})
    behind_proxy: int = field(
        default=0, metadata={"help": "number of trusted reverse proxies in front of the web process"}
    )
    sandbox: bool = field(
        default=False,
        metadata={"help": "demo: show that the people are invented and where the sandbox networks are"},
    )
    sandbox_urls: tuple[str, ...] = field(
        default=(),
        metadata={"help": "demo: addresses of the sandbox networks, as network=url, comma-separated"},
    )
    embed_origins: tuple[str, ...] = field(
        default=(),
        metadata={
            "help": "who may show timelines in a frame, as name=https://host, comma-separated; * for subdomains"
        },
    )
    canvas_secrets: tuple[str, ...] = field(
        default=(),
        repr=False,
        metadata={
            "help": "consumer secret of the Canvas app in Salesforce; while it changes, the new and the old one"
        },
    )
    canvas_organization: str = field(
        default="", metadata={"help": "id of the Salesforce organization whose Canvas requests are answered"}
    )
    oidc_issuer: str = field(
        default="", metadata={"help": "address of the company's directory (OpenID Connect); empty: no single sign-on"}
    )
    oidc_client_id: str = field(default="", metadata={"help": "what the directory calls this installation"})
    oidc_client_secret: str = field(
        default="", repr=False, metadata={"help": "secret with which this installation asks the directory"}
    )
    oidc_scopes: str = field(
        default="openid profile email", metadata={"help": "what the directory is asked for, separated by spaces"}
    )
    oidc_groups_claim: str = field(
        default="groups", metadata={"help": "name under which the directory tells somebody's groups"}
    )
    oidc_roles: tuple[str, ...] = field(
        default=(),
        metadata={"help": "which group has which role, as group=admin|steward|rep, comma-separated; * for everybody"},
    )
    oidc_domains: tuple[str, ...] = field(
        default=(), metadata={"help": "mail domains from which somebody may come in, comma-separated; empty: all"}
    )
    local_passwords: bool = field(
        default=True,
        metadata={
            "help": "whether people may sign in with a password kept here; links of `scrm user link` work always"
        },
    )
    smtp_host: str = field(default="", metadata={"help": "mail server that takes our mail; empty: none is sent"})
    smtp_port: int = field(default=587, metadata={"help": "port of the mail server"})
    smtp_security: str = field(
        default="starttls", metadata={"help": "starttls, tls, or none (only within a machine or a network of yours)"}
    )
    smtp_user: str = field(
        default="", metadata={"help": "name to sign in with at the mail server; empty: nobody does"}
    )
    smtp_password: str = field(default="", repr=False, metadata={"help": "password for it"})
    mail_from: str = field(default="", metadata={"help": "address that our mail comes from"})
    lease_seconds: int = field(
        default=120, metadata={"help": "how long claimed work stays with a process that stopped answering"}
    )
    crm_reserve_percent: int = field(
        default=20, metadata={"help": "share of the CRM's budget of calls, in percent, that is left to others"}
    )
    tombstone_file: str = field(
        default="",
        metadata={
            "help": "file, best on another disk, that keeps who was forgotten for a restore; empty: var/tombstones"
        },
    )
    failpoint_file: str = field(
        default="", metadata={"help": "tests only: file naming the point at which a process kills itself"}
    )
    fast_intervals: bool = field(
        default=False, metadata={"help": "demo and tests: read networks every few seconds instead of minutes"}
    )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read and check the environment; raises ConfigError with every fault at once, never with a value."""
        source = os.environ if environ is None else environ  # noqa: TID251 - the one reader
        values: dict[str, object] = {}
        faults: list[str] = []
        names = {setting_name(f.name): f for f in fields(cls)}
        for name, f in names.items():
            raw = source.get(name, "").strip()
            if raw:
                try:
                    values[f.name] = _parse(raw, f.type)
                except ValueError as why:
                    faults.append(f"{name}: {why}")
        faults += [
            f"{name}: there is no such setting"
            for name in source
            if name.startswith(PREFIX) and name not in names and not name.startswith("SCRM_TEST_")
        ]
        settings = cls(**values)  # type: ignore[arg-type]
        faults += _faults(settings)
        if faults:
            raise ConfigError(faults)
        return settings

    @property
    def sends_mail(self) -> bool:
        """Whether mail is set up."""
        return bool(self.smtp_host and self.mail_from)

    @property
    def database(self) -> str:
        """SQLAlchemy address of the database, driver included."""
        if not self.database_url:
            return f"sqlite:///{self.state_dir.resolve() / 'scrm.db'}"
        scheme, _, rest = self.database_url.partition("://")
        return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else self.database_url

    @property
    def redis(self) -> str:
        """redis-py address; the embedded server listens on a socket in the state folder."""
        return self.redis_url or f"unix://{embedded_socket(self.state_dir)}"

    @property
    def base_url(self) -> str:
        """Where people reach us, without a trailing slash."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"


def embedded_socket(state_dir: Path) -> Path:
    """Socket of the embedded Valkey; short, because Unix socket paths end at 107 bytes."""
    return state_dir.resolve() / "valkey" / "s"


def setting_name(field_name: str) -> str:
    """The environment variable of a field."""
    return BARE.get(field_name, PREFIX + field_name.upper())


def _parse(raw: str, kind: object) -> object:
    name = getattr(kind, "__name__", str(kind))
    if name.startswith("tuple"):
        return tuple(part.strip() for part in raw.split(",") if part.strip())
    if name == "bool":
        if raw.lower() not in {"1", "0", "true", "false", "yes", "no"}:
            raise ValueError("expected 1 or 0")
        return raw.lower() in {"1", "true", "yes"}
    if name == "int":
        if not raw.isascii() or not raw.isdigit():
            raise ValueError("expected a whole number")
        return int(raw)
    return Path(raw) if name == "Path" else raw


def _faults(settings: Settings) -> list[str]:
    faults = []
    if settings.locale not in {"en", "de"}:
        faults.append("SCRM_LOCALE: expected en or de")
    if settings.log_level not in {"debug", "info", "warning", "error"}:
        faults.append("SCRM_LOG_LEVEL: expected debug, info, warning or error")
    if settings.database_url and not settings.database.startswith(("postgresql+psycopg://", "sqlite:///")):
        faults.append("DATABASE_URL: expected postgresql://… or sqlite:///…")
    if settings.redis_url and not settings.redis_url.startswith(("redis://", "rediss://", "unix://")):
        faults.append("REDIS_URL: expected redis://…, rediss://… or unix://…")
    if settings.public_url and not _is_web_address(settings.public_url):
        faults.append("SCRM_PUBLIC_URL: expected http://… or https://…")
    if not settings.redis_url and len(str(embedded_socket(settings.state_dir))) > 100:
        faults.append("SCRM_STATE_DIR: the path is too long for a socket in it (at most 90 characters)")
    if not all(host and port.isdigit() for host, _, port in (p.rpartition(":") for p in settings.allowed_hosts)):
        faults.append("SCRM_ALLOWED_HOSTS: expected host:port, comma-separated")
    if not all(ORIGIN.fullmatch(pair) for pair in settings.embed_origins):
        faults.append("SCRM_EMBED_ORIGINS: expected name=https://host, comma-separated")
    if settings.canvas_secrets and not settings.canvas_organization:
        faults.append("SCRM_CANVAS_ORGANIZATION: expected with SCRM_CANVAS_SECRETS")
    faults += _number_faults(settings)
    faults += _sign_in_faults(settings)
    faults += _mail_faults(settings)
    return faults


def _mail_faults(settings: Settings) -> list[str]:
    faults = []
    if settings.smtp_security not in {"starttls", "tls", "none"}:
        faults.append("SCRM_SMTP_SECURITY: expected starttls, tls or none")
    if settings.smtp_host and not MAILBOX.fullmatch(settings.mail_from):
        faults.append("SCRM_MAIL_FROM: expected an address with SCRM_SMTP_HOST")
    if settings.smtp_port > 65535:
        faults.append("SCRM_SMTP_PORT: expected at most 65535")
    return faults


def _number_faults(settings: Settings) -> list[str]:
    faults = []
    if settings.port > 65535:
        faults.append("SCRM_PORT: expected at most 65535")
    if settings.lease_seconds < 1:
        faults.append("SCRM_LEASE_SECONDS: expected at least 1")
    if settings.crm_reserve_percent > 100:
        faults.append("SCRM_CRM_RESERVE_PERCENT: expected at most 100")
    return faults


def _sign_in_faults(settings: Settings) -> list[str]:
    faults = []
    if settings.oidc_issuer and not _is_web_address(settings.oidc_issuer):
        faults.append("SCRM_OIDC_ISSUER: expected http://… or https://…")
    if settings.oidc_issuer:
        needed = ("oidc_client_id", "oidc_client_secret", "oidc_roles")
        faults += [
            f"{setting_name(name)}: expected with SCRM_OIDC_ISSUER" for name in needed if not getattr(settings, name)
        ]
    if any(pair.rpartition("=")[2] not in ROLES or not pair.rpartition("=")[0] for pair in settings.oidc_roles):
        faults.append("SCRM_OIDC_ROLES: expected group=admin, group=steward or group=rep, comma-separated")
    if "openid" not in settings.oidc_scopes.split():
        faults.append("SCRM_OIDC_SCOPES: expected openid among them")
    if not settings.local_passwords and not settings.oidc_issuer:
        faults.append("SCRM_LOCAL_PASSWORDS: expected 1 without SCRM_OIDC_ISSUER, or nobody could sign in")
    return faults


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def as_environment(settings: Settings) -> dict[str, str]:
    """The environment of a child process: ours, with every setting spelled out (empty: the default)."""
    environment = dict(os.environ)  # noqa: TID251 - the one reader
    for f in fields(settings):
        value = getattr(settings, f.name)
        if value == f.default:
            text = ""
        elif isinstance(value, tuple):
            text = ",".join(value)
        else:
            text = str(int(value)) if isinstance(value, bool) else str(value)
        environment[setting_name(f.name)] = text
    return environment
