"""Who may ask a Mastodon server what, and how often.

Tokens never expire and die only by revocation. The limit is 300 requests in each five minutes of the clock,
per account or else per address; `X-RateLimit-Reset` is an ISO time, and a 429 has no `Retry-After`
(docs.joinmastodon.org/api/rate-limits and config/initializers/rack_attack.rb, from memory, 2026-11-24).
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Flask, Response, g, json, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrm.sandbox.mastodon.state import Account

RATE_LIMIT = 300
PERIOD_SECONDS = 300
REALM = 'Bearer realm="Doorkeeper", error="invalid_token", error_description='
INVALID = "The access token is invalid"
REVOKED = "The access token was revoked"
USER_NEEDED = "This method requires an authenticated user"
OUT_OF_SCOPE = "This action is outside the authorized scopes"
NOT_FOUND = "Record not found"
SENTENCES = {
    401: INVALID,
    403: OUT_OF_SCOPE,
    404: NOT_FOUND,
    422: "Validation failed",
    429: "Too many requests",
}


@dataclass(frozen=True, kw_only=True)
class Token:
    """One access token; an app's own has no account."""

    account: Account | None
    scopes: frozenset[str]

    def allows(self, scope: str) -> bool:
        return scope in self.scopes or scope.split(":", maxsplit=1)[0] in self.scopes


def json_error(status: int, sentence: str, description: str | None = None) -> Response:
    body = {"error": sentence} | ({"error_description": description} if description else {})
    return Response(json.dumps(body), status=status, content_type="application/json; charset=utf-8")


def error_body(status: int) -> tuple[bytes, str]:
    """Return what the real server sends with a status: JSON from the app, a page from the proxy."""
    if sentence := SENTENCES.get(status):
        return json.dumps({"error": sentence}).encode(), "application/json; charset=utf-8"
    page = f"<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>"
    return page.encode(), "text/html; charset=utf-8"


class Access:
    """The tokens of one server and the requests each has left."""

    def __init__(self, *, rate_limit: int, clock: Callable[[], datetime]) -> None:
        self._rate_limit = rate_limit
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[str, Token] = {}
        self._revoked: set[str] = set()
        self._used: Counter[str] = Counter()
        self._period = 0

    def attach(self, app: Flask) -> None:
        app.before_request(self._check)
        app.after_request(self._tell_limit)

    def now(self) -> datetime:
        return self._clock()

    def issue(self, account: Account | None, scopes: str) -> str:
        text = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[text] = Token(account=account, scopes=frozenset(scopes.split()))
        return text

    def revoke(self, text: str) -> None:
        with self._lock:
            self._revoked.add(text)

    def revoke_account(self, account: Account) -> None:
        with self._lock:
            self._revoked.update(text for text, token in self._tokens.items() if token.account is account)

    def viewer(self, scope: str, *also: str) -> Account | None:
        """Return the account behind the request; anonymous is allowed, a token without the scope not."""
        token: Token | None = g.get("token")
        if token is None:
            return None
        if not any(token.allows(one) for one in (scope, *also)):
            raise RefusedError(403, OUT_OF_SCOPE)
        return token.account

    def user(self, scope: str, *also: str) -> Account:
        """Return the account behind the request, which must be one."""
        if g.get("token") is None:
            raise RefusedError(401, INVALID)
        account = self.viewer(scope, *also)
        if account is None:
            raise RefusedError(422, USER_NEEDED)
        return account

    def _check(self) -> Response | None:
        if not request.path.startswith("/api/"):
            return None
        text = _bearer()
        with self._lock:
            token = self._tokens.get(text) if text else None
            is_revoked = text in self._revoked
            g.limited = _who(token, is_revoked=is_revoked)
            is_over = self._count(g.limited)
        if is_over:
            return json_error(429, SENTENCES[429])
        if text and (token is None or is_revoked):
            sentence = REVOKED if is_revoked else INVALID
            answer = json_error(401, sentence)
            answer.headers["WWW-Authenticate"] = f'{REALM}"{sentence}"'
            return answer
        g.token = token
        return None

    def _count(self, who: str) -> bool:
        period = int(self._clock().timestamp()) // PERIOD_SECONDS
        if period != self._period:
            self._period = period
            self._used.clear()
        self._used[who] += 1
        return self._used[who] > self._rate_limit

    def _tell_limit(self, answer: Response) -> Response:
        if request.path.startswith("/api/"):
            with self._lock:
                left = max(0, self._rate_limit - self._used[g.get("limited", f"ip {request.remote_addr}")])
            now = self._clock().timestamp()
            reset = datetime.fromtimestamp(now - int(now) % PERIOD_SECONDS + PERIOD_SECONDS, UTC)
            answer.headers["X-RateLimit-Limit"] = str(self._rate_limit)
            answer.headers["X-RateLimit-Remaining"] = str(left)
            answer.headers["X-RateLimit-Reset"] = reset.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return answer


class RefusedError(Exception):
    """A request the server refuses with an error of its own."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def _who(token: Token | None, *, is_revoked: bool) -> str:
    if token and token.account and not is_revoked:
        return f"account {token.account.id}"
    return f"ip {request.remote_addr}"


def _bearer() -> str | None:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None
