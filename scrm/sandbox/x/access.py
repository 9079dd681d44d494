"""Tokens of the X API: of users, for two hours, and of the app, until they are revoked.

Lifetimes: docs.x.com read 2026-11-23. A refresh token is used once and replaced by the next
(from memory). One lock guards everything here.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from scrm.sandbox.x.errors import XError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from scrm.sandbox.x.calls import Call
    from scrm.sandbox.x.state import User

ACCESS_LIFE = timedelta(hours=2)


@dataclass(frozen=True, kw_only=True)
class Token:
    """One access or refresh token; an app's own has no user and never expires."""

    text: str
    user: User | None
    scopes: frozenset[str]
    expires_at: datetime | None

    @property
    def holder(self) -> str:
        """Who is counted when it is used."""
        return f"user {self.user.id}" if self.user else "app"


class Access:
    """Every token of one app."""

    def __init__(self, *, seed: int, clock: Callable[[], datetime], life: timedelta = ACCESS_LIFE) -> None:
        self.now = clock
        self.life = life
        self._seed = seed
        self._count = 0
        self._lock = threading.Lock()
        self._access: dict[str, Token] = {}
        self._refresh: dict[str, Token] = {}
        self.app_token = self.issue(None, frozenset())[0]

    def secret(self, name: str) -> str:
        """Return a value of its own for everything that is secret, the same under the same seed."""
        return hashlib.sha256(f"{self._seed} {name}".encode()).hexdigest()

    def issue(self, user: User | None, scopes: frozenset[str]) -> tuple[str, str | None]:
        """Return a new access token, and a refresh token if the scopes ask for one."""
        with self._lock:
            self._count += 1
            text = self.secret(f"access {self._count}")
            ends = self.now() + self.life if user else None
            self._access[text] = Token(text=text, user=user, scopes=scopes, expires_at=ends)
            if user is None or "offline.access" not in scopes:
                return text, None
            again = self.secret(f"refresh {self._count}")
            self._refresh[again] = Token(text=again, user=user, scopes=scopes, expires_at=None)
            return text, again

    def take_refresh(self, text: str) -> Token | None:
        """Use up a refresh token."""
        with self._lock:
            return self._refresh.pop(text, None)

    def revoke(self, text: str) -> None:
        with self._lock:
            self._access.pop(text, None)
            self._refresh.pop(text, None)

    def revoke_user(self, user: User) -> None:
        with self._lock:
            for tokens in (self._access, self._refresh):
                for text in [text for text, token in tokens.items() if token.user is user]:
                    del tokens[text]

    def authenticate(self, header: str) -> Token:
        """Return the token of an Authorization header; expired, revoked and unknown ones look the same."""
        scheme, _, text = header.partition(" ")
        with self._lock:
            token = self._access.get(text.strip()) if scheme.lower() == "bearer" else None
        if token is None or (token.expires_at is not None and self.now() >= token.expires_at):
            raise XError("unauthorized")
        if token.user is not None and token.user.is_gone:
            raise XError("unauthorized")
        return token


def check_scopes(call: Call, token: Token) -> None:
    """Refuse a kind of token the call does not take, or one without its scopes."""
    if token.user is None and not call.takes_app:
        kinds = "OAuth 1.0a User Context, OAuth 2.0 User Context"
        raise _unsupported("OAuth 2.0 Application-Only", kinds)
    if token.user is not None and call.scopes is None:
        raise _unsupported("OAuth 2.0 User Context", "OAuth 2.0 Application-Only")
    if token.user is not None and call.scopes is not None and not call.scopes <= token.scopes:
        raise XError("forbidden")


def _unsupported(given: str, wanted: str) -> XError:
    detail = (
        f"Authenticating with {given} is forbidden for this endpoint.  Supported authentication types are [{wanted}]."
    )
    return XError("unsupported-authentication", detail=detail)
