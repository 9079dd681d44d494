"""Tokens of members: how long they live, what they may do, and how they die.

An access token lives 60 days, the right to renew it 365 days from the consent and not from the renewal; asking a
member for other scopes kills what the member granted before (authorization-code-flow and
programmatic-refresh-tokens on learn.microsoft.com/linkedin, read 2026-11-23; a live probe of June 2026).
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from scrm.sandbox.linkedin.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from scrm.sandbox.linkedin.state import Member

ACCESS_LIFE = timedelta(days=60)
REFRESH_LIFE = timedelta(days=365)


@dataclass(kw_only=True, eq=False)
class Grant:
    """What one member consented to at one time, with the token that renews the access."""

    client_id: str
    member: Member
    scopes: frozenset[str]
    granted_at: datetime
    ends_at: datetime
    refresh_token: str
    is_revoked: bool = False


@dataclass(frozen=True, kw_only=True)
class Token:
    """One access token."""

    text: str
    grant: Grant
    issued_at: datetime
    ends_at: datetime


class Access:
    """Every grant and token of one app."""

    def __init__(self, *, access_life: timedelta, refresh_life: timedelta, clock: Callable[[], datetime]) -> None:
        self._access_life = access_life
        self._refresh_life = refresh_life
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[str, Token] = {}
        self._grants: list[Grant] = []

    def now(self) -> datetime:
        return self._clock()

    def grant(self, member: Member, scopes: frozenset[str], client_id: str) -> Token:
        """Note a consent; what the member granted the same app with other scopes dies."""
        now = self.now()
        with self._lock:
            for earlier in self._grants:
                is_same = earlier.member is member and earlier.client_id == client_id
                if is_same and earlier.scopes != scopes:
                    earlier.is_revoked = True
            grant = Grant(
                client_id=client_id,
                member=member,
                scopes=scopes,
                granted_at=now,
                ends_at=now + self._refresh_life,
                refresh_token=f"AQ{secrets.token_urlsafe(64)}",
            )
            self._grants.append(grant)
            return self._issue(grant)

    def renew(self, refresh_token: str) -> Token | None:
        """Return a new token; the refresh token stays the same, and so does its end."""
        with self._lock:
            grant = self._of_refresh_token(refresh_token)
            if grant is None or grant.is_revoked or self.now() >= grant.ends_at:
                return None
            return self._issue(grant)

    def _issue(self, grant: Grant) -> Token:
        now = self.now()
        token = Token(
            text=f"AQ{secrets.token_urlsafe(96)}", grant=grant, issued_at=now, ends_at=now + self._access_life
        )
        self._tokens[token.text] = token
        return token

    def _of_refresh_token(self, text: str) -> Grant | None:
        return next((one for one in self._grants if one.refresh_token == text), None)

    def find(self, text: str) -> Token | None:
        with self._lock:
            return self._tokens.get(text)

    def state_of(self, token: Token) -> str:
        if token.grant.is_revoked:
            return "revoked"
        return "expired" if self.now() >= token.ends_at else "active"

    def token_of(self, header: str) -> Token:
        """Return the token of an Authorization header, or refuse it in LinkedIn's words."""
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise RefusedError("EMPTY_ACCESS_TOKEN")
        token = self.find(text.strip())
        if token is None:
            raise RefusedError("INVALID_ACCESS_TOKEN")
        state = self.state_of(token)
        if state != "active":
            raise RefusedError(f"{state.upper()}_ACCESS_TOKEN")
        return token

    def revoke(self, text: str) -> None:
        """Take back the grant of a token of either kind; an unknown one is no fault."""
        with self._lock:
            token = self._tokens.get(text)
            grant = token.grant if token else self._of_refresh_token(text)
            if grant:
                grant.is_revoked = True

    def revoke_member(self, member: Member) -> None:
        with self._lock:
            for grant in self._grants:
                if grant.member is member:
                    grant.is_revoked = True

    def is_granted(self, member: Member, scope: str) -> bool:
        """Whether the member's consent to a scope still stands."""
        with self._lock:
            return any(
                one.member is member and scope in one.scopes and not one.is_revoked and self.now() < one.ends_at
                for one in self._grants
            )
