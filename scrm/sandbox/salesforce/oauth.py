"""How programs sign in: JWT bearer and client credentials; who a token is; and its end.

https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_jwt_flow.htm and
...remoteaccess_oauth_client_credentials_flow.htm, read 2026-11-24; sentences as reported on
salesforce.stackexchange.com (184363, 282513) and github.com/pozil/pub-sub-api-node-client/issues/58, read the same
day; the others, and that a JWT may live five minutes at most, are from memory.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scrm.sandbox.salesforce.users import User

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SESSION = timedelta(hours=2)
LONGEST_ASSERTION = timedelta(minutes=5)
SCOPE = "api"


class OAuthError(Exception):
    """`error` and `error_description` of the answer."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.status = status
        self.body = {"error": error, "error_description": description}


@dataclass(kw_only=True)
class App:
    """One connected app: `public_key` checks its assertions, `run_as` is the user of client credentials."""

    consumer_key: str
    consumer_secret: str
    public_key: str
    run_as: str | None
    approved: set[str] = field(default_factory=set)
    is_ip_restricted: bool = False


@dataclass(kw_only=True)
class LiveSession:
    """Whose token it is, and until when."""

    user: User
    expires_at: datetime


@dataclass(kw_only=True)
class Sessions:
    """Apps, tokens and how they come to be."""

    organization_id: str
    users: dict[str, User]
    clock: Callable[[], datetime]
    audiences: Callable[[], list[str]]
    apps: dict[str, App] = field(default_factory=dict)
    by_token: dict[str, LiveSession] = field(default_factory=dict)
    issued: int = 0

    def user_of(self, token: str) -> User | None:
        """Return whose token this is, or None for one that is unknown, ended or of a user that may no longer come."""
        session = self.by_token.get(token)
        if session is None or session.expires_at <= self.clock() or not session.user.is_active:
            return None
        # a session that is used lives on
        session.expires_at = self.clock() + SESSION
        return session.user

    def expire_all(self) -> None:
        self.by_token.clear()

    def open(self, user: User) -> str:
        """Return a new token of this user."""
        token = f"{self.organization_id[:15]}!AQ{secrets.token_urlsafe(48)}"
        self.by_token[token] = LiveSession(user=user, expires_at=self.clock() + SESSION)
        self.issued += 1
        return token

    def token(
        self, form: Mapping[str, str], basic: tuple[str, str] | None, instance_url: str, *, is_login_host: bool
    ) -> dict[str, Any]:
        """Answer one request for a token; raises OAuthError."""
        grant = form.get("grant_type", "")
        if grant == JWT_BEARER:
            app, user = self._by_assertion(form.get("assertion", ""))
        elif grant == "client_credentials":
            if is_login_host:
                raise OAuthError("invalid_grant", "request not supported on this domain")
            app, user = self._by_secret(form, basic)
        elif grant == "password":
            raise OAuthError("invalid_grant", "authentication failure")
        else:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        if app.is_ip_restricted:
            raise OAuthError("invalid_grant", "ip restricted")
        if not user.is_active:
            raise OAuthError("inactive_user", "user is inactive")
        identity = f"https://login.salesforce.com/id/{self.organization_id}/{user.id}"
        issued_at = str(int(self.clock().timestamp() * 1000))
        signature = hmac.new(app.consumer_secret.encode(), (identity + issued_at).encode(), hashlib.sha256).digest()
        return {
            "access_token": self.open(user),
            "scope": SCOPE,
            "instance_url": instance_url,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
            "signature": base64.b64encode(signature).decode(),
        }

    def _by_assertion(self, assertion: str) -> tuple[App, User]:
        try:
            claims = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.PyJWTError:
            raise OAuthError("invalid_grant", "invalid assertion") from None
        app = self.apps.get(str(claims.get("iss")))
        if app is None:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        try:
            # the org's clock decides below, not that of this machine
            options: Any = {"require": ["iss", "sub", "aud", "exp"], "verify_exp": False}
            audiences = self.audiences()
            jwt.decode(assertion, app.public_key, algorithms=["RS256"], audience=audiences, options=options)
        except jwt.InvalidAudienceError:
            raise OAuthError("invalid_grant", "audience is invalid") from None
        except jwt.PyJWTError:
            raise OAuthError("invalid_grant", "invalid assertion") from None
        self._check_expiry(claims["exp"])
        user = self.users.get(str(claims["sub"]).lower())
        if user is None or user.username not in app.approved:
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")
        return app, user

    def _check_expiry(self, exp: object) -> None:
        try:
            # simple-salesforce sends a text
            ends = datetime.fromtimestamp(float(str(exp)), UTC)
        except (ValueError, OverflowError, OSError):
            raise OAuthError("invalid_grant", "invalid assertion") from None
        if not self.clock() < ends <= self.clock() + LONGEST_ASSERTION:
            raise OAuthError("invalid_grant", "expired authorization code")

    def _by_secret(self, form: Mapping[str, str], basic: tuple[str, str] | None) -> tuple[App, User]:
        key, secret = basic or (form.get("client_id", ""), form.get("client_secret", ""))
        app = self.apps.get(key)
        if app is None:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if not hmac.compare_digest(app.consumer_secret.encode(), secret.encode()):
            raise OAuthError("invalid_client", "invalid client credentials")
        user = self.users.get((app.run_as or "").lower())
        if user is None:
            raise OAuthError("invalid_grant", "no client credentials user enabled")
        return app, user
