"""Tokens: whose, for which resource, with which permissions, and how long they live.

An access token is good for Graph or for SharePoint's own REST, never for both. A renewal gives a new refresh token;
the old one stays good until its own end (learn.microsoft.com/entra/identity-platform/refresh-tokens, from memory,
2026-11-24): clients are asked to throw it away, the server does not. Lives: access 60 to 90 minutes, refresh 90 days.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from scrm.sandbox.sharepoint.errors import RefusedError
from scrm.sandbox.sharepoint.ids import CLIENT_ID, DIRECTORY_ID, HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from scrm.sandbox.sharepoint.state import User

GRAPH = "https://graph.microsoft.com"
SHAREPOINT = f"https://{HOST}"
ACCESS_LIFE = timedelta(seconds=4799)
REFRESH_LIFE = timedelta(days=90)


@dataclass(kw_only=True, eq=False)
class Consent:
    """What somebody (None: the directory's administrator, for the application itself) granted at one time."""

    user: User | None
    scopes: dict[str, frozenset[str]]  # resource -> permissions
    is_offline: bool = False
    is_revoked: bool = False


@dataclass(frozen=True, kw_only=True)
class Token:
    """One access token."""

    text: str
    consent: Consent
    resource: str
    scopes: frozenset[str]
    ends_at: datetime

    @property
    def user(self) -> User | None:
        return self.consent.user


@dataclass(frozen=True, kw_only=True)
class RefreshToken:
    """What renews an access, for each resource that was consented to."""

    text: str
    consent: Consent
    ends_at: datetime


class Access:
    """Every consent and token of one application."""

    def __init__(self, *, access_life: timedelta, refresh_life: timedelta, clock: Callable[[], datetime]) -> None:
        self._access_life = access_life
        self._refresh_life = refresh_life
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[str, Token] = {}
        self._refresh_tokens: dict[str, RefreshToken] = {}
        self._consents: list[Consent] = []

    def now(self) -> datetime:
        return self._clock()

    def consent(self, user: User | None, scopes: dict[str, frozenset[str]], *, is_offline: bool = False) -> Consent:
        consent = Consent(user=user, scopes=scopes, is_offline=is_offline)
        with self._lock:
            self._consents.append(consent)
        return consent

    def issue(self, consent: Consent, resource: str, scopes: frozenset[str]) -> Token:
        ends_at = self.now() + self._access_life
        told = {
            "aud": resource,
            "tid": DIRECTORY_ID,
            "appid": CLIENT_ID,
            "exp": int(ends_at.timestamp()),
            "scp" if consent.user else "roles": " ".join(sorted(scopes)) if consent.user else sorted(scopes),
            **({"oid": consent.user.id, "upn": consent.user.upn} if consent.user else {}),
        }
        token = Token(text=jwt(told), consent=consent, resource=resource, scopes=scopes, ends_at=ends_at)
        with self._lock:
            self._tokens[token.text] = token
        return token

    def issue_refresh_token(self, consent: Consent) -> str:
        text = f"1.AX{secrets.token_urlsafe(120)}"
        with self._lock:
            self._refresh_tokens[text] = RefreshToken(
                text=text, consent=consent, ends_at=self.now() + self._refresh_life
            )
        return text

    def refresh_token(self, text: str) -> RefreshToken | None:
        with self._lock:
            return self._refresh_tokens.get(text)

    def token_of(self, header: str, resource: str) -> Token:
        """Return the token of an Authorization header, or refuse it in the resource's words."""
        challenge = {
            "WWW-Authenticate": f'Bearer realm="{DIRECTORY_ID}", client_id="00000003-0000-0000-c000-000000000000", '
            f'authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
        }
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise RefusedError("emptyToken", headers=challenge)
        with self._lock:
            token = self._tokens.get(text.strip())
        if token is None or token.consent.is_revoked:
            raise RefusedError("invalidToken", headers=challenge)
        if self.now() >= token.ends_at:
            raise RefusedError("expiredToken", headers=challenge)
        if token.resource != resource:
            raise RefusedError("wrongAudience", headers=challenge)
        return token

    def is_granted(self, consent: Consent) -> bool:
        with self._lock:
            return not consent.is_revoked

    def revoke_user(self, user: User) -> None:
        with self._lock:
            for consent in self._consents:
                if consent.user is user:
                    consent.is_revoked = True


def jwt(told: Mapping[str, object]) -> str:
    """Return a token of three parts; the last one is no signature, for nobody but the resource may check it."""
    parts = [{"typ": "JWT", "alg": "RS256"}, told]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, secrets.token_urlsafe(48)])
