"""Signing in by the form, consent to an application, its tokens, and their renewal.

Addresses as WebSphere's provider `connectionsProvider` has them (OpenNTF/SocialSDK c9c02d44, read 2026-11-23). A
code lives once and 60 seconds, WebSphere's default, from memory; scopes and PKCE are unknown. Instead of a sign-in
the consent page lets one choose among the company's people.
"""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, redirect, render_template_string, request

from scrm.sandbox.connections.errors import HTML, JSON, oauth_body
from scrm.sandbox.connections.gate import LTPA, login_page
from scrm.sandbox.connections.routes import OAUTH

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from threading import RLock

    from werkzeug.wrappers import Response as AnyResponse

    from scrm.sandbox.connections.access import Access, Grant
    from scrm.sandbox.connections.state import Account, State

CODE_LIFE = timedelta(seconds=60)
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Connections</title></head><body>
{% if error %}<h1>Error</h1><p>{{ error }}</p>
{% else %}<h1>{{ app }} requests access to your Connections account</h1>
<p>It would read all that you can read.</p>
<form method="post" action="{{ action }}">
{% for name, value in kept.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}<label>User <select name="account">
{% for one in accounts %}<option value="{{ one.userid }}">{{ one.name }}</option>
{% endfor %}</select></label>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></form>{% endif %}</body></html>"""


@dataclass(frozen=True, kw_only=True)
class App:
    """The consumer an administrator registered; without addresses of its own it takes every absolute one."""

    name: str
    client_id: str
    client_secret: str
    redirect_uris: Collection[str] | None


@dataclass(frozen=True, kw_only=True)
class Code:
    """A code that waits to become a token."""

    account: Account
    redirect_uri: str
    given_at: datetime


def _page(status: int, **shown: object) -> Response:
    return Response(render_template_string(PAGE, **shown), status=status, content_type=HTML)


def _error(status: int, code: str, description: str) -> Response:
    return Response(oauth_body(code, description), status=status, content_type=JSON)


class AuthorizationServer:
    """The pages and endpoints for people and applications who sign in."""

    def __init__(self, app: App, state: State, access: Access, lock: RLock) -> None:
        self._app = app
        self._state = state
        self._access = access
        self._lock = lock
        self._codes: dict[str, Code] = {}

    def attach(self, app: Flask) -> None:
        app.add_url_rule("/profiles/j_security_check", "sign_in", self.sign_in, methods=["POST"])
        app.add_url_rule(f"{OAUTH}/authorize", "consent", self.consent)
        app.add_url_rule(f"{OAUTH}/authorize", "decide", self.decide, methods=["POST"])
        app.add_url_rule(f"{OAUTH}/token", "token", self.token, methods=["POST"])

    def sign_in(self) -> AnyResponse:
        """Take the form: a cookie and the way on, or the form again."""
        with self._lock:
            account = self._access.signs_in(request.form["j_username"], request.form["j_password"])
            if account is None:
                return login_page(has_failed=True)
            session = self._access.open_session(account)
        answer = redirect("/profiles/atom/profileService.do")
        answer.set_cookie(LTPA, session, path="/", httponly=True)
        return answer

    def consent(self) -> AnyResponse:
        kept = request.args.to_dict()
        if fault := self._fault(kept):
            return _page(400, error=fault)
        if kept.get("response_type") != "code":
            return _back(kept, error="unsupported_response_type")
        with self._lock:
            ours = [one for one in self._state.accounts.values() if not one.is_external]
        return _page(200, app=self._app.name, kept=kept, accounts=ours, action=f"{OAUTH}/authorize")

    def decide(self) -> AnyResponse:
        sent = request.form.to_dict()
        if fault := self._fault(sent):
            return _page(400, error=fault)
        if sent["decision"] != "allow":
            return _back(sent, error="access_denied", error_description="The resource owner denied the request.")
        with self._lock:
            account = self._state.accounts.get(sent["account"])
            if account is None or account.is_external:
                return _page(400, error="This account cannot sign in here.")
            code = secrets.token_urlsafe(22)
            self._codes[code] = Code(
                account=account, redirect_uri=sent["redirect_uri"], given_at=self._access.clock()
            )
        return _back(sent, code=code)

    def _fault(self, asked: Mapping[str, str]) -> str | None:
        """Name what forbids to send the browser back at all."""
        if asked.get("client_id") != self._app.client_id:
            return "The client could not be found."
        address = urlsplit(asked.get("redirect_uri", ""))
        if not (address.scheme and address.netloc) or address.fragment:
            return "The redirect URI must be an absolute URI."
        allowed = self._app.redirect_uris
        if allowed is not None and asked["redirect_uri"] not in allowed:
            return "The redirect URI does not match the registered redirect URI."
        return None

    def token(self) -> Response:
        sent = request.form
        if not self._is_app(sent):
            return _error(401, "invalid_client", "The client could not be verified.")
        with self._lock:
            if sent["grant_type"] == "authorization_code":
                return self._redeem(sent)
            if sent["grant_type"] == "refresh_token":
                grant = self._access.renew(sent.get("refresh_token", ""))
                return self._issued(grant) if grant else _error(400, "invalid_grant", "The refresh token is invalid.")
        return _error(400, "unsupported_grant_type", "The grant type is not supported.")

    def _redeem(self, sent: Mapping[str, str]) -> Response:
        code = self._codes.pop(sent.get("code", ""), None)
        if code is None or self._access.clock() - code.given_at > CODE_LIFE:
            return _error(400, "invalid_grant", "The authorization code is invalid or has expired.")
        if code.redirect_uri != sent.get("redirect_uri"):
            return _error(400, "invalid_grant", "The redirect URI is not that of the authorization.")
        return self._issued(self._access.grant(code.account))

    def _issued(self, grant: Grant) -> Response:
        body = {
            "access_token": self._access.issue(grant),
            "token_type": "Bearer",
            "expires_in": int(self._access.access_life.total_seconds()),
            "scope": "",
            "refresh_token": grant.refresh_token,
        }
        answer = Response(json.dumps(body), content_type=JSON)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _is_app(self, sent: Mapping[str, str]) -> bool:
        basic = request.authorization
        name, secret = sent.get("client_id", ""), sent.get("client_secret", "")
        if basic is not None and basic.type == "basic":
            name, secret = basic.username or "", basic.password or ""
        is_secret = hmac.compare_digest(secret.encode(), self._app.client_secret.encode())
        return name == self._app.client_id and is_secret


def _back(asked: Mapping[str, str], **told: str) -> AnyResponse:
    state = {"state": asked["state"]} if asked.get("state") else {}
    address = asked["redirect_uri"]
    return redirect(f"{address}{'&' if '?' in address else '?'}{urlencode({**told, **state})}")
