"""Sign-in with X: the page that asks, codes for 30 seconds, tokens for two hours, refresh tokens for one use.

docs.x.com, authorization-code and user-access-token, read 2026-11-23; the bodies of errors from memory, 2026-11-24.
Instead of a sign-in the page lets one choose among the company's own accounts.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, redirect, render_template_string, request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import RLock

    from werkzeug.wrappers import Response as AnyResponse

    from scrm.sandbox.x.access import Access
    from scrm.sandbox.x.state import State, User

CODE_LIFE = timedelta(seconds=30)
LONGEST_STATE = 500
SCOPES = frozenset(
    f"{name}.{way}"
    for name in ("block", "bookmark", "broadcast", "dm", "follows", "like", "list", "mute")
    for way in ("read", "write")
) | {
    "media.write",
    "offline.access",
    "space.read",
    "timeline.read",
    "tweet.moderate.write",
    "tweet.read",
    "tweet.write",
    "users.email",
    "users.read",
}
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>X</title></head><body>
{% if error %}<h1>Something went wrong</h1><p>You weren't able to give access to the App. {{ error }}</p>
{% else %}<h1>{{ name }} wants to access your account</h1>
<ul>{% for scope in scopes %}<li>{{ scope }}</li>{% endfor %}</ul>
<form method="post" action="/i/oauth2/authorize">
{% for name, value in kept.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}<label>Account <select name="account">
{% for one in users %}<option value="{{ one.username }}">{{ one.name }} (@{{ one.username }})</option>
{% endfor %}</select></label>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></form>{% endif %}</body></html>"""


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What X knows of the app; no addresses registered means that any is taken."""

    name: str
    client_id: str
    client_secret: str
    consumer_key: str
    consumer_secret: str
    redirect_uris: tuple[str, ...]
    is_confidential: bool


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A code that waits to become a token."""

    user: User
    scopes: frozenset[str]
    redirect_uri: str
    challenge: str
    method: str
    granted_at: datetime


def add_oauth(app: Flask, state: State, access: Access, registration: Registration, lock: RLock) -> None:
    server = _SignIn(state, access, registration, lock)
    app.add_url_rule("/i/oauth2/authorize", "consent", server.consent)
    app.add_url_rule("/i/oauth2/authorize", "decide", server.decide, methods=["POST"])
    app.add_url_rule("/2/oauth2/token", "token", server.token, methods=["POST"])
    app.add_url_rule("/2/oauth2/revoke", "revoke", server.revoke, methods=["POST"])
    app.add_url_rule("/oauth2/token", "app_token", server.app_token, methods=["POST"])


def _page(status: int, **shown: object) -> Response:
    return Response(render_template_string(PAGE, **shown), status=status, content_type="text/html; charset=utf-8")


def _error(status: int, error: str, description: str) -> Response:
    answer = jsonify({"error": error, "error_description": description})
    answer.status_code = status
    return answer


class _SignIn:
    def __init__(self, state: State, access: Access, registration: Registration, lock: RLock) -> None:
        self._state = state
        self._access = access
        self._registration = registration
        self._lock = lock
        self._grants: dict[str, Grant] = {}

    def consent(self) -> Response:
        asked = request.args.to_dict()
        if fault := self._fault(asked):
            return _page(400, error=fault)
        with self._lock:
            users = [user for user in self._state.users.values() if _is_ours(user)]
        scopes = asked["scope"].split()
        return _page(200, name=self._registration.name, scopes=scopes, kept=asked, users=users)

    def decide(self) -> AnyResponse:
        sent = request.form.to_dict()
        if fault := self._fault(sent):
            return _page(400, error=fault)
        with self._lock:
            user = self._state.by_username.get(sent.get("account", "").lower())
        if user is None or not _is_ours(user):
            return _page(400, error="This account cannot sign in here.")
        target, state = sent["redirect_uri"], sent["state"]
        if sent.get("decision") != "allow":
            return redirect(_with_query(target, {"error": "access_denied", "state": state}))
        grant = Grant(
            user=user,
            scopes=frozenset(sent["scope"].split()),
            redirect_uri=target,
            challenge=sent["code_challenge"],
            method=sent.get("code_challenge_method", "plain"),
            granted_at=self._access.now(),
        )
        with self._lock:
            code = self._access.secret(f"code {len(self._grants)} {sent['code_challenge']}")
            self._grants[code] = grant
        return redirect(_with_query(target, {"state": state, "code": code}))

    def _fault(self, asked: Mapping[str, str]) -> str | None:
        registered = self._registration.redirect_uris
        redirect_uri = asked.get("redirect_uri", "")
        faults = {
            "The client id is not known.": asked.get("client_id") != self._registration.client_id,
            "The redirect uri is not registered.": registered and redirect_uri not in registered,
            "A redirect uri is needed.": "://" not in redirect_uri,
            "The response type must be code.": asked.get("response_type") != "code",
            "A scope is not known.": not self._knows(asked.get("scope", "")),
            "A state of at most 500 signs is needed.": not 0 < len(asked.get("state", "")) <= LONGEST_STATE,
            "A code challenge is needed.": not asked.get("code_challenge"),
            "The challenge method is not known.": asked.get("code_challenge_method", "plain")
            not in {"S256", "plain"},
        }
        return next((sentence for sentence, is_so in faults.items() if is_so), None)

    def _knows(self, scope: str) -> bool:
        return bool(scope) and set(scope.split()) <= SCOPES

    def token(self) -> Response:
        sent = request.form.to_dict()
        if refused := self._unknown_client(sent):
            return refused
        if sent.get("grant_type") == "refresh_token":
            return self._refreshed(sent)
        if sent.get("grant_type") != "authorization_code":
            return _error(400, "unsupported_grant_type", "Value passed for the grant type was invalid.")
        return self._redeemed(sent)

    def _redeemed(self, sent: Mapping[str, str]) -> Response:
        with self._lock:
            grant = self._grants.pop(sent.get("code", ""), None)
        if grant is None or self._access.now() - grant.granted_at > CODE_LIFE or grant.user.is_gone:
            return _error(400, "invalid_request", "Value passed for the authorization code was invalid.")
        if sent.get("redirect_uri") != grant.redirect_uri:
            said = "Value passed for the redirect uri did not match the uri of the authorization code."
            return _error(400, "invalid_request", said)
        if not _proves(grant, sent.get("code_verifier", "")):
            said = "Value passed for the code verifier did not match the code challenge."
            return _error(400, "invalid_request", said)
        return self._tokens(grant.user, grant.scopes)

    def _refreshed(self, sent: Mapping[str, str]) -> Response:
        token = self._access.take_refresh(sent.get("refresh_token", ""))
        if token is None or token.user is None or token.user.is_gone:
            return _error(400, "invalid_request", "Value passed for the token was invalid.")
        return self._tokens(token.user, token.scopes)

    def _tokens(self, user: User, scopes: frozenset[str]) -> Response:
        text, again = self._access.issue(user, scopes)
        body: dict[str, object] = {
            "token_type": "bearer",
            "expires_in": int(self._access.life.total_seconds()),
            "access_token": text,
            "scope": " ".join(sorted(scopes)),
        }
        return jsonify(body | ({"refresh_token": again} if again else {}))

    def revoke(self) -> Response:
        sent = request.form.to_dict()
        if refused := self._unknown_client(sent):
            return refused
        self._access.revoke(sent.get("token", ""))
        return jsonify({"revoked": True})

    def app_token(self) -> Response:
        """Give the app's own bearer for its API key and secret."""
        known = (self._registration.consumer_key, self._registration.consumer_secret)
        if _basic() != known or request.form.get("grant_type") != "client_credentials":
            errors = [
                {"code": 99, "message": "Unable to verify your credentials", "label": "authenticity_token_error"}
            ]
            answer = jsonify({"errors": errors})
            answer.status_code = 403
            return answer
        return jsonify({"token_type": "bearer", "access_token": self._access.app_token})

    def _unknown_client(self, sent: Mapping[str, str]) -> Response | None:
        registration = self._registration
        if registration.is_confidential:
            if _basic() != (registration.client_id, registration.client_secret):
                return _error(401, "unauthorized_client", "Missing valid authorization header")
        elif sent.get("client_id") != registration.client_id:
            return _error(400, "invalid_request", "Missing required parameter [client_id].")
        return None


def _basic() -> tuple[str, str] | None:
    """Return name and secret of an HTTP Basic header."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, secret


def _proves(grant: Grant, verifier: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    hashed = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(hashed if grant.method == "S256" else verifier, grant.challenge)


def _is_ours(user: User) -> bool:
    return user.person.role in {"company", "staff"} and not user.is_gone


def _with_query(address: str, query: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
