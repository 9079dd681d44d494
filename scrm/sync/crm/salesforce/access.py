"""Access to an org: sealed credentials, a token shared by all processes and renewed by one of them at a time.

Two ways to sign in, both without a person: JWT bearer (a certificate's private key signs) and client credentials.
User name with password is not offered: Salesforce ends its SOAP login with Summer '27 (help article 005132110, read
2026-11-24). A token has no end that Salesforce tells; it is renewed when a call is answered with 401.
"""

import re
import time
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta

import requests
from jwt import PyJWTError
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin
from sqlalchemy import update
from sqlalchemy.orm import Session

from scrm.errors import ConfigError, CrmAuthError, CrmError, CrmRetryLaterError, HostRefusedError, RetryLaterError
from scrm.failpoints import outside
from scrm.i18n import N_, gettext
from scrm.models import CrmConnection
from scrm.runtime import Core
from scrm.sync.crm.salesforce.transport import OWN_HOSTS, SalesforceSession

CRM_ID = "salesforce"
CREDENTIALS = f"crm_connection/{CRM_ID}/credentials"
TOKEN = f"crm_connection/{CRM_ID}/token"
RENEWAL_SECONDS = 60
WAIT_SECONDS = 10.0
DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*")

REFUSALS = {
    "invalid_client_id": N_(
        "Salesforce does not know the consumer key. A new app takes about ten minutes to be known."
    ),
    "invalid_client": N_("The consumer secret is wrong, or the app does not allow this way to sign in."),
    "inactive_user": N_("The user is inactive."),
    "inactive_org": N_("The organization is locked or closed."),
    "invalid_app_access": N_("The user may not use this app: assign it by a permission set."),
    "no client credentials user enabled": N_("The app has no user to run as; choose one in its policies."),
    "user hasn't approved this consumer": N_("The user is not pre-authorized for the app: set its policy to admins."),
    "audience is invalid": N_("Sandboxes sign in at `test`, production at `login`, or either at its own domain."),
    "invalid assertion": N_("The signature does not fit the app's certificate, or this machine's clock is wrong."),
    "ip restricted": N_("The app or the profile does not allow this machine's address."),
}
REFUSED = N_("Salesforce refuses the sign-in.")
NO_KEY = N_("The private key cannot be used: expected PEM without a passphrase.")


def domain_of(text: str) -> str:
    """The name of a host as people paste it, without what Salesforce adds to it."""
    host = text.strip().lower().removeprefix("https://").partition("/")[0]
    return host.removesuffix(".salesforce.com")


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """How to sign in. `domain` is the host without `.salesforce.com`: login, test, or the organization's own."""

    domain: str
    consumer_key: str
    username: str = ""
    private_key: str = ""  # with it: JWT bearer
    consumer_secret: str = ""  # with it: client credentials

    def check(self) -> None:
        """Raise ConfigError with all that is missing."""
        faults = []
        if not DOMAIN.fullmatch(self.domain):
            faults.append(N_("domain: expected login, test or a name like mycompany.my"))
        if not self.consumer_key:
            faults.append(N_("consumer key: expected a text"))
        if bool(self.private_key) == bool(self.consumer_secret):
            faults.append(N_("expected either a private key or a consumer secret"))
        if self.private_key and not self.username:
            faults.append(N_("user name: expected one together with a private key"))
        if self.consumer_secret and self.domain in {"login", "test"}:
            faults.append(N_("domain: client credentials need the organization's own, like mycompany.my"))
        if faults:
            raise ConfigError([gettext(fault) for fault in faults])


@dataclass(frozen=True, kw_only=True)
class Token:
    """What a call needs: the token, the host it is for, and which renewal it came from."""

    value: str
    host: str
    version: int

    def __repr__(self) -> str:
        return f"Token(version={self.version})"


def session_for(core: Core) -> SalesforceSession:
    """HTTP to Salesforce, or to the sandbox org that settings name for it."""
    contact = f" (+{core.settings.contact})" if core.settings.contact else ""
    return SalesforceSession(
        allowed=core.settings.allowed_hosts,
        user_agent=f"scrm/0.1{contact}",
        sandbox_url=dict(pair.partition("=")[::2] for pair in core.settings.sandbox_urls).get(CRM_ID, ""),
    )


def seal(core: Core, credentials: Credentials) -> str:
    return core.vault.seal(asdict(credentials), CREDENTIALS)


def current_token(core: Core, session: SalesforceSession, *, worn_out: int | None = None) -> Token:
    """The token that all processes share; renewed when there is none or `worn_out` names the current one.

    Raises CrmAuthError when Salesforce refuses us, CrmRetryLaterError when it cannot be asked now.
    """
    ends = time.monotonic() + WAIT_SECONDS
    while True:
        with core.db.read() as db:
            row = _row(db)
        if row.token is not None and row.token_version != worn_out:
            return _opened(core, row)
        if _take_lease(core, row):
            return _renew(core, session, row)
        if time.monotonic() > ends:
            raise CrmRetryLaterError("Salesforce: another process is signing in", retry_after=2)
        time.sleep(0.1)


def sign_in(credentials: Credentials, session: SalesforceSession) -> tuple[str, str]:
    """Sign in now; gives token and host. Raises CrmAuthError in plain words, CrmRetryLaterError."""
    try:
        with warnings.catch_warnings():  # it would print the consumer key
            warnings.simplefilter("ignore")
            value, host = SalesforceLogin(
                session=session,
                domain=credentials.domain,
                consumer_key=credentials.consumer_key,
                consumer_secret=credentials.consumer_secret or None,
                username=credentials.username or None,
                privatekey=credentials.private_key or None,
            )
    except SalesforceAuthenticationFailed as why:
        raise _refusal(why.code, why.auth_message) from None
    except (requests.RequestException, RetryLaterError):
        raise CrmRetryLaterError("Salesforce: no answer to the sign-in") from None
    except PyJWTError:
        raise CrmAuthError(NO_KEY) from None
    except (HostRefusedError, ValueError, TypeError, AttributeError) as why:
        raise CrmAuthError(f"Salesforce: the sign-in cannot be made ({type(why).__name__})") from None
    host = str(host).rstrip("/")
    if not value or not (host.partition(":")[0].endswith(OWN_HOSTS) or session.is_sandbox):
        raise CrmAuthError("Salesforce: the sign-in named a host that is not Salesforce's")
    return str(value), host


def _refusal(code: object, message: object) -> CrmError:
    said = f"{code} {message}".lower()
    if isinstance(code, int) and (code >= 500 or code == 429):
        return CrmRetryLaterError(f"Salesforce: no answer to the sign-in ({code})")
    if "server_error" in said or "unavailable" in said or "try again" in said or "rate" in said.split():
        return CrmRetryLaterError("Salesforce: sign-in is not available now")
    for known, words in REFUSALS.items():
        if known in said:
            return CrmAuthError(words)
    return CrmAuthError(REFUSED)


def _row(db: Session) -> CrmConnection:
    row = db.get(CrmConnection, CRM_ID)
    if row is None:
        raise ConfigError(["Salesforce is not connected; run `scrm crm connect`"])
    return row


def credentials_of(core: Core, row: CrmConnection) -> Credentials:
    return Credentials(**core.vault.open(row.credentials, CREDENTIALS))


def _opened(core: Core, row: CrmConnection) -> Token:
    held: Mapping[str, str] = core.vault.open(row.token or "", TOKEN)
    return Token(value=held["value"], host=held["host"], version=row.token_version)


def _take_lease(core: Core, row: CrmConnection) -> bool:
    """Whether this process may sign in: nobody else is at it, and the token is still the one that was seen."""
    now = core.db.clock.now()
    with core.db.write("salesforce.lease") as db:
        taken = db.execute(
            update(CrmConnection)
            .where(
                CrmConnection.crm_id == CRM_ID,
                CrmConnection.token_version == row.token_version,
                CrmConnection.refresh_lease_until.is_(None) | (CrmConnection.refresh_lease_until < now),
            )
            .values(refresh_lease_until=now + timedelta(seconds=RENEWAL_SECONDS))
        )
        return taken.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def _renew(core: Core, session: SalesforceSession, row: CrmConnection) -> Token:
    try:
        with outside("salesforce.sign_in"):
            value, host = sign_in(credentials_of(core, row), session)
    except CrmError:
        with core.db.write("salesforce.give_back") as db:
            _store(db, row.token_version, {"refresh_lease_until": None})
        raise
    sealed = core.vault.seal({"value": value, "host": host}, TOKEN)
    version = row.token_version + 1
    with core.db.write("salesforce.token") as db:
        _store(db, row.token_version, {"token": sealed, "token_version": version, "refresh_lease_until": None})
    return Token(value=value, host=host, version=version)


def _store(db: Session, version: int, values: Mapping[str, object]) -> None:
    mine = (CrmConnection.crm_id == CRM_ID) & (CrmConnection.token_version == version)
    db.execute(update(CrmConnection).where(mine).values(**values))
