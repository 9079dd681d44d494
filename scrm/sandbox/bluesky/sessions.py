"""App passwords and sessions: an access token for two hours, a refresh token for ninety days, used once.

Read from packages/pds/src/account-manager and auth-verifier.ts of bluesky-social/atproto (2026-11-23). The
real server lets a used refresh token live two hours more; `grace` is zero here, so that a client which does
not keep the new one is found out.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scrm.sandbox.bluesky.xrpc import XrpcError, invalid

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

ACCESS_SCOPE = "com.atproto.appPass"
REFRESH_SCOPE = "com.atproto.refresh"
PASSWORD_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"  # noqa: S105 - the letters of app passwords


@dataclass(frozen=True, kw_only=True)
class Lifetimes:
    """How long tokens live."""

    access: timedelta = timedelta(minutes=120)
    refresh: timedelta = timedelta(days=90)
    grace: timedelta = timedelta(0)


class Sessions:
    """Who may come in, and with which tokens."""

    def __init__(self, lifetimes: Lifetimes, clock: Callable[[], datetime]) -> None:
        self._lifetimes = lifetimes
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._passwords: dict[str, str] = {}
        self._refreshable: dict[str, float] = {}
        self._generation: dict[str, int] = {}

    def app_password(self, did: str) -> str:
        """Return the account's app password, making one if it has none."""
        if did not in self._passwords:
            letters = "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(16))
            self._passwords[did] = "-".join(letters[start : start + 4] for start in range(0, 16, 4))
        return self._passwords[did]

    def is_password(self, did: str, password: str) -> bool:
        return hmac.compare_digest(self._passwords.get(did, "").encode(), password.encode())

    def issue(self, did: str) -> tuple[str, str]:
        """Return a new pair of access and refresh token."""
        generation = self._generation.get(did, 0)
        token_id = secrets.token_urlsafe(24)
        now = self._clock()
        claims = {"sub": did, "aud": "did:web:bsky.example", "iat": int(now.timestamp()), "gen": generation}
        refresh_ends = int((now + self._lifetimes.refresh).timestamp())
        self._refreshable[token_id] = refresh_ends
        access = {"scope": ACCESS_SCOPE, "exp": int((now + self._lifetimes.access).timestamp()), **claims}
        refresh = {"scope": REFRESH_SCOPE, "exp": refresh_ends, "jti": token_id, **claims}
        return self._sign(access, "at+jwt"), self._sign(refresh, "refresh+jwt")

    def access(self, token: str) -> str:
        """Return the did an access token speaks for."""
        return str(self._claims(token, ACCESS_SCOPE)["sub"])

    def refresh(self, token: str) -> str:
        """Return the did of a refresh token that is still good."""
        claims = self._claims(token, REFRESH_SCOPE)
        if self._refreshable.get(claims["jti"], 0.0) <= self._clock().timestamp():
            raise invalid("Token has been revoked", "ExpiredToken")
        return str(claims["sub"])

    def rotate(self, token: str) -> tuple[str, str]:
        """Exchange a refresh token for a new pair; the old one dies."""
        did = self.refresh(token)
        ends = (self._clock() + self._lifetimes.grace).timestamp()
        token_id = self._claims(token, REFRESH_SCOPE)["jti"]
        self._refreshable[token_id] = min(self._refreshable[token_id], ends)
        return self.issue(did)

    def end(self, token: str) -> None:
        """Let a refresh token die; the access token lives out its two hours, as on the real server."""
        self.refresh(token)
        del self._refreshable[self._claims(token, REFRESH_SCOPE)["jti"]]

    def revoke(self, did: str) -> None:
        """Let the app password and all tokens of an account die at once."""
        self._passwords.pop(did, None)
        self._generation[did] = self._generation.get(did, 0) + 1

    def _sign(self, claims: dict[str, Any], kind: str) -> str:
        parts = ".".join(_segment(json.dumps(part).encode()) for part in ({"typ": kind, "alg": "HS256"}, claims))
        return f"{parts}.{_segment(hmac.digest(self._secret, parts.encode(), hashlib.sha256))}"

    def _claims(self, token: str, scope: str) -> dict[str, Any]:
        parts, _, signature = token.rpartition(".")
        expected = _segment(hmac.digest(self._secret, parts.encode(), hashlib.sha256))
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise invalid("Token could not be verified", "InvalidToken")
        payload = parts.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        if claims["exp"] <= self._clock().timestamp():
            raise invalid("Token has expired", "ExpiredToken")
        if claims["scope"] != scope:
            raise invalid("Bad token scope", "InvalidToken")
        if claims["gen"] != self._generation.get(claims["sub"], 0):
            if scope == REFRESH_SCOPE:
                raise invalid("Token has been revoked", "ExpiredToken")
            raise invalid("Token could not be verified", "InvalidToken")
        return claims


def _segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def missing() -> XrpcError:
    return XrpcError(401, "AuthMissing", "Authentication Required")
