"""Tokens of Entra: what people consented to, access for one resource at a time, and how both end.

An access token lives 60 to 90 minutes, a refresh token 90 days from its issue; each renewal gives a new refresh
token, and the one before is not taken back, it ends at its own time (learn.microsoft.com/entra/identity-platform,
"access tokens" and "refresh tokens", from memory, 2026-11-24).
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from scrm.sandbox.yammer.state import User

ACCESS_LIFE = timedelta(minutes=75)
REFRESH_LIFE = timedelta(days=90)


@dataclass(kw_only=True, eq=False)
class Grant:
    """What one person consented to."""

    user: User
    sign_in: frozenset[str]
    permissions: Mapping[str, frozenset[str]]  # by resource
    is_revoked: bool = False


@dataclass(frozen=True, kw_only=True)
class Token:
    """One token: for a resource, or without one for renewal."""

    text: str = field(repr=False)
    grant: Grant
    ends_at: datetime
    resource: str = ""

    @property
    def permissions(self) -> frozenset[str]:
        return self.grant.permissions[self.resource]


class Access:
    """Every grant and token of one app."""

    def __init__(self, *, access_life: timedelta, refresh_life: timedelta, clock: Callable[[], datetime]) -> None:
        self.access_life = access_life
        self._refresh_life = refresh_life
        self._clock = clock
        self._lock = threading.Lock()
        self._access_tokens: dict[str, Token] = {}
        self._refresh_tokens: dict[str, Token] = {}
        self._grants: list[Grant] = []

    def now(self) -> datetime:
        return self._clock()

    def grant(self, user: User, sign_in: frozenset[str], permissions: Mapping[str, frozenset[str]]) -> Grant:
        grant = Grant(user=user, sign_in=sign_in, permissions=permissions)
        with self._lock:
            self._grants.append(grant)
        return grant

    def issue(self, grant: Grant, resource: str) -> Token:
        text = f"eyJ0eXAiOiJKV1QiLCJub25jZSI6{secrets.token_urlsafe(240)}"
        token = Token(text=text, grant=grant, ends_at=self.now() + self.access_life, resource=resource)
        with self._lock:
            self._access_tokens[text] = token
        return token

    def refresh_token(self, grant: Grant) -> str:
        text = f"1.{secrets.token_urlsafe(300)}"
        token = Token(text=text, grant=grant, ends_at=self.now() + self._refresh_life)
        with self._lock:
            self._refresh_tokens[text] = token
        return text

    def find_refresh_token(self, text: str) -> Token | None:
        with self._lock:
            return self._refresh_tokens.get(text)

    def of_header(self, header: str, resource: str) -> Token | None:
        """Return the living token of an Authorization header if it is for this resource."""
        scheme, _, text = header.partition(" ")
        with self._lock:
            token = self._access_tokens.get(text.strip()) if scheme.lower() == "bearer" else None
        if token is None or token.resource != resource or token.grant.is_revoked or self.now() >= token.ends_at:
            return None
        return token

    def revoke(self, user: User) -> None:
        with self._lock:
            for grant in self._grants:
                if grant.user is user:
                    grant.is_revoked = True
