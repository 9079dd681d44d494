"""Who asks, with which key or token, and whether that suffices.

Access tokens live an hour; a refresh token dies unused after six months, after a week while the app is in testing,
and when the account has more than a hundred of them for the app (developers.google.com/identity/protocols/oauth2,
quoted by third parties, read 2026-11-24). A grant dies as a whole.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import g, request

from scrm.sandbox.youtube.problems import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrm.sandbox.youtube.routes import Call
    from scrm.sandbox.youtube.state import Channel

ACCESS_LIFE = timedelta(seconds=3600)
IDLE_LIFE = timedelta(days=180)
TESTING_LIFE = timedelta(days=7)
MOST_GRANTS = 100
REALM = 'Bearer realm="https://accounts.google.com/", error="invalid_token"'


@dataclass(kw_only=True, eq=False)
class Grant:
    """What one channel's owner allowed the app; its refresh token lives as long as it."""

    channel: Channel
    scopes: frozenset[str]
    granted_at: datetime
    used_at: datetime
    refresh_token: str | None = None
    is_alive: bool = True


@dataclass(frozen=True, kw_only=True)
class Token:
    """One access token."""

    grant: Grant
    expires_at: datetime


@dataclass(kw_only=True)
class Access:
    """The keys and tokens of one project; the caller holds the lock."""

    clock: Callable[[], datetime]
    access_life: timedelta = ACCESS_LIFE
    is_testing: bool = False
    api_key: str = field(default_factory=lambda: f"AIzaSy{secrets.token_urlsafe(32)[:33]}")
    _grants: list[Grant] = field(default_factory=list)
    _tokens: dict[str, Token] = field(default_factory=dict)

    def grant(self, channel: Channel, scopes: frozenset[str], *, is_offline: bool) -> Grant:
        """Open a grant; offline ones get a refresh token, and the oldest too many dies without a word."""
        now = self.clock()
        grant = Grant(channel=channel, scopes=scopes, granted_at=now, used_at=now)
        if is_offline:
            grant.refresh_token = f"1//0{secrets.token_urlsafe(64)}"
            alive = [one for one in self._grants if one.channel is channel and self.is_refreshable(one)]
            for one in alive[: max(0, len(alive) + 1 - MOST_GRANTS)]:
                one.is_alive = False
        self._grants.append(grant)
        return grant

    def is_refreshable(self, grant: Grant) -> bool:
        now = self.clock()
        is_young = not self.is_testing or now - grant.granted_at < TESTING_LIFE
        return grant.is_alive and grant.refresh_token is not None and is_young and now - grant.used_at < IDLE_LIFE

    def has_granted(self, channel: Channel) -> bool:
        return any(one.channel is channel and self.is_refreshable(one) for one in self._grants)

    def granted_scopes(self, channel: Channel) -> frozenset[str]:
        """Return everything the channel's owner allows now, over all living grants."""
        return frozenset().union(*(one.scopes for one in self._grants if one.channel is channel and one.is_alive))

    def by_refresh_token(self, text: str) -> Grant | None:
        return next((one for one in self._grants if one.refresh_token == text and self.is_refreshable(one)), None)

    def issue(self, grant: Grant) -> str:
        """Issue an access token of the grant."""
        grant.used_at = self.clock()
        text = f"ya29.{secrets.token_urlsafe(96)}"
        self._tokens[text] = Token(grant=grant, expires_at=grant.used_at + self.access_life)
        return text

    def token(self, text: str) -> Token | None:
        token = self._tokens.get(text)
        return token if token and token.grant.is_alive and self.clock() < token.expires_at else None

    def revoke(self, text: str) -> bool:
        """Let a token die, and with it its grant; say whether it was alive."""
        token = self._tokens.get(text)
        grant = token.grant if token else self.by_refresh_token(text)
        if grant is None or not grant.is_alive:
            return False
        grant.is_alive = False
        return True

    def revoke_channel(self, channel: Channel) -> None:
        for grant in self._grants:
            grant.is_alive = grant.is_alive and grant.channel is not channel

    def is_known(self) -> bool:
        """Whether the request shows a living key or token, so that its project can be charged."""
        text = _bearer()
        return self.token(text) is not None if text else _key() == self.api_key

    def identify(self, call: Call) -> None:
        """Note the request's token, or refuse what has none that suffices."""
        text, key = _bearer(), _key()
        if text is None and key is None:
            raise ApiError("forbidden")
        if key is not None and key != self.api_key:
            raise ApiError("badRequest")
        if text is None:
            return
        token = self.token(text)
        if token is None:
            raise ApiError("authError")
        if not token.grant.scopes & call.scopes:
            raise ApiError("insufficientPermissions")
        g.channel = token.grant.channel

    def owner(self, parameter: str) -> Channel:
        """Return the channel that asks, for what only an owner may ask."""
        channel = viewer()
        if channel is None:
            sentence = f"The request uses the <code>{parameter}</code> parameter but is not properly authorized."
            raise ApiError("authorizationRequired", sentence, location=parameter)
        return channel


def viewer() -> Channel | None:
    """Return the channel that asks, or None where only an API key was shown."""
    channel: Channel | None = g.get("channel")
    return channel


def _bearer() -> str | None:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return text.strip()
    return request.args.get("access_token") or request.args.get("oauth_token")


def _key() -> str | None:
    return request.args.get("key") or request.headers.get("X-Goog-Api-Key")
