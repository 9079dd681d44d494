"""Who asks: by password, by the LTPA cookie that a sign-in leaves, or by an OAuth token.

A grant ends after six months (HCL Connections 5.5, Application Access, read 2026-11-23); how long an access token,
a code and an LTPA cookie live is the server's configuration, the values here are WebSphere's defaults, from memory.
Renewing gives a new refresh token and uses up the old one, from memory, too.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from scrm.sandbox.connections.state import Account, State

ACCESS_LIFE = timedelta(hours=12)
GRANT_LIFE = timedelta(days=183)
SESSION_LIFE = timedelta(hours=2)


@dataclass(kw_only=True, eq=False)
class Grant:
    """What one person allowed the application, with the token that renews it now."""

    account: Account
    ends_at: datetime
    refresh_token: str


@dataclass(frozen=True, kw_only=True)
class Pass:
    """An access token or a session, good until its end."""

    account: Account
    ends_at: datetime
    grant: Grant | None = None


class Access:
    """Every password, session, grant and token; the caller holds the lock."""

    def __init__(
        self,
        state: State,
        *,
        access_life: timedelta,
        grant_life: timedelta,
        session_life: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self.clock = clock
        self.access_life = access_life
        self._grant_life = grant_life
        self._session_life = session_life
        self._state = state
        self._passwords: dict[str, str] = {}
        self._grants: dict[str, Grant] = {}  # by refresh token
        self._tokens: dict[str, Pass] = {}
        self._sessions: dict[str, Pass] = {}

    def password_of(self, account: Account) -> str:
        """Return the password; a new one if there is none (any more)."""
        return self._passwords.setdefault(account.userid, secrets.token_urlsafe(12))

    def signs_in(self, name: str, password: str) -> Account | None:
        account = self._state.account_named(name)
        known = self._passwords.get(account.userid) if account else None
        if account is None or known is None or not account.is_active:
            return None
        return account if secrets.compare_digest(known.encode(), password.encode()) else None

    def open_session(self, account: Account) -> str:
        """Return the value of a new LTPA cookie."""
        text = secrets.token_urlsafe(96)
        self._sessions[text] = Pass(account=account, ends_at=self.clock() + self._session_life)
        return text

    def by_session(self, text: str) -> Account | None:
        return self._alive(self._sessions.get(text))

    def by_token(self, text: str) -> Account | None:
        return self._alive(self._tokens.get(text))

    def _alive(self, found: Pass | None) -> Account | None:
        if found is None or found.ends_at <= self.clock() or not found.account.is_active:
            return None
        return found.account

    def grant(self, account: Account) -> Grant:
        grant = Grant(
            account=account,
            ends_at=self.clock() + self._grant_life,
            refresh_token=secrets.token_urlsafe(36),
        )
        self._grants[grant.refresh_token] = grant
        return grant

    def issue(self, grant: Grant) -> str:
        """Return a new access token, which never outlives its grant."""
        text = secrets.token_urlsafe(30)
        ends_at = min(self.clock() + self.access_life, grant.ends_at)
        self._tokens[text] = Pass(account=grant.account, ends_at=ends_at, grant=grant)
        return text

    def renew(self, refresh_token: str) -> Grant | None:
        """Use a refresh token up; its grant goes on with a new one."""
        grant = self._grants.pop(refresh_token, None)
        if grant is None or grant.ends_at <= self.clock():
            return None
        grant.refresh_token = secrets.token_urlsafe(36)
        self._grants[grant.refresh_token] = grant
        return grant

    def revoke(self, account: Account) -> None:
        """Let the password, every session, grant and token of this account die."""
        self._passwords.pop(account.userid, None)
        self._grants = {text: one for text, one in self._grants.items() if one.account is not account}
        self._tokens = {text: one for text, one in self._tokens.items() if one.account is not account}
        self._sessions = {text: one for text, one in self._sessions.items() if one.account is not account}
