"""The add-on's OAuth 2: consent page, codes, tokens.

Authorization code, password and refresh grants only; the client signs in with Basic and names its id in the body
too; `expires_in` is a string (community.jivesoftware.com/docs/DOC-97348 and DOC-175308, read 2026-11-24). Refresh
tokens are not said to rotate, nor is there a call to revoke. That a code is good for ten minutes is from memory.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, json, redirect, render_template_string, request

from scrm.sandbox.jive.problems import JSON, error_body

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import RLock

    from werkzeug.wrappers import Response as AnyResponse

    from scrm.sandbox.jive.access import Access, Grant
    from scrm.sandbox.jive.state import Account, State

CODE_LIFE = timedelta(minutes=10)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Jive</title></head>
<body>{% if error %}<h1>This did not work</h1><p>{{ error }}</p>
{% else %}<h1>{{ app }} asks for access to Jive</h1><p>It may do what you may do{% if kept.scope %}:
{{ kept.scope }}{% endif %}.</p>
<form method="post" action="/oauth2/authorize">
{% for name, value in kept.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}<label>Signed in as <select name="account">
{% for one in accounts %}<option value="{{ one.username }}">{{ one.display_name }}</option>
{% endfor %}</select></label>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></form>{% endif %}</body></html>"""


@dataclass(frozen=True, kw_only=True)
class AddOn:
    """The installed add-on; without addresses of its own it takes any on loopback."""

    name: str
    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]
    tenant_id: str

    def returns_to(self, asked: str | None) -> str | None:
        """Return where a decision goes: what was asked if allowed, or the only one registered."""
        if asked is None:
            return self.redirect_uris[0] if len(self.redirect_uris) == 1 else None
        if self.redirect_uris:
            return asked if asked in self.redirect_uris else None
        parts = urlsplit(asked)
        return asked if parts.hostname in LOOPBACK and not parts.fragment else None


@dataclass(frozen=True, kw_only=True)
class Code:
    """Who said yes, and where the browser was sent back to."""

    account: Account
    redirect_uri: str
    until: datetime


class AuthorizationServer:
    """Asks people, and gives the add-on its tokens."""

    def __init__(self, add_on: AddOn, state: State, access: Access, lock: RLock) -> None:
        self._add_on = add_on
        self._state = state
        self._access = access
        self._lock = lock
        self._codes: dict[str, Code] = {}

    def attach(self, app: Flask) -> None:
        app.add_url_rule("/oauth2/authorize", "consent", self._consent)
        app.add_url_rule("/oauth2/authorize", "decide", self._decide, methods=["POST"])
        app.add_url_rule("/oauth2/token", "token", self._token, methods=["POST"])

    def _consent(self) -> AnyResponse:
        asked = request.args.to_dict()
        if stopped := self._stopped(asked):
            return stopped
        with self._lock:
            ours = [one for one in self._state.accounts.values() if not one.is_partner]
            ours.sort(key=lambda one: one.person.role != "company")
            return _page(200, app=self._add_on.name, kept=asked, accounts=ours)

    def _decide(self) -> AnyResponse:
        sent = request.form.to_dict()
        if stopped := self._stopped(sent):
            return stopped
        back = self._add_on.returns_to(sent.get("redirect_uri")) or ""
        state = {"state": sent["state"]} if "state" in sent else {}
        with self._lock:
            account = self._state.by_login(sent["account"])
            if account is None or account.is_partner:
                return _page(403, error="This account may not let an add-on in.")
            if sent["decision"] != "allow":
                return _sent_back(back, {"error": "access_denied", **state})
            code = f"{secrets.token_hex(20)}.c"
            self._codes[code] = Code(account=account, redirect_uri=back, until=self._access.now() + CODE_LIFE)
        return _sent_back(back, {"code": code, **state})

    def _stopped(self, asked: Mapping[str, str]) -> AnyResponse | None:
        if asked.get("client_id") != self._add_on.client_id:
            return _page(400, error="invalid_client: there is no such add-on.")
        back = self._add_on.returns_to(asked.get("redirect_uri"))
        if back is None:
            return _page(400, error="invalid_request: the address to return to is not the add-on's.")
        if asked.get("response_type") != "code":
            state = {"state": asked["state"]} if "state" in asked else {}
            return _sent_back(back, {"error": "unsupported_response_type", **state})
        return None

    def _token(self) -> Response:
        if not self._is_client():
            answer = _refusal(401, "invalid_client", "The client could not be authenticated")
            answer.headers["WWW-Authenticate"] = 'Basic realm="Jive"'
            return answer
        sent = request.form.to_dict()
        grants = {"authorization_code": self._by_code, "refresh_token": self._renewed, "password": self._by_password}
        kind = sent.get("grant_type", "")
        if not kind:
            return _refusal(400, "invalid_request", "grant_type is missing")
        if kind not in grants:
            return _refusal(400, "unsupported_grant_type", "This grant type is not supported")
        if sent.get("client_id", self._add_on.client_id) != self._add_on.client_id:
            return _refusal(400, "invalid_request", "client_id is another than the client's that signed in")
        with self._lock:
            grant = grants[kind](sent)
            if grant is None:
                return _refusal(400, "invalid_grant", "The grant is invalid, expired or revoked")
            return self._issued(grant)

    def _is_client(self) -> bool:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            sent = base64.b64decode(text, validate=True)
        except binascii.Error:
            return False
        return hmac.compare_digest(sent, f"{self._add_on.client_id}:{self._add_on.client_secret}".encode())

    def _by_code(self, sent: Mapping[str, str]) -> Grant | None:
        code = self._codes.pop(sent.get("code", ""), None)
        if code is None or self._access.now() >= code.until:
            return None
        if sent.get("redirect_uri", code.redirect_uri) != code.redirect_uri:
            return None
        return self._access.grant(code.account)

    def _renewed(self, sent: Mapping[str, str]) -> Grant | None:
        return self._access.by_refresh_token(sent.get("refresh_token", ""))

    def _by_password(self, sent: Mapping[str, str]) -> Grant | None:
        account = self._access.by_password(sent.get("username", ""), sent.get("password", ""))
        return self._access.grant(account) if account else None

    def _issued(self, grant: Grant) -> Response:
        told = {
            "access_token": self._access.issue(grant),
            "refresh_token": grant.refresh_token,
            "token_type": "bearer",
            "expires_in": str(int(self._access.access_life.total_seconds())),
        }
        return Response(json.dumps(told), content_type=JSON)


def _page(status: int, **shown: object) -> Response:
    return Response(render_template_string(PAGE, **shown), status=status, content_type="text/html; charset=utf-8")


def _refusal(status: int, error: str, description: str) -> Response:
    return Response(error_body(error, description), status=status, content_type=JSON)


def _sent_back(address: str, query: Mapping[str, str]) -> AnyResponse:
    return redirect(f"{address}{'&' if '?' in address else '?'}{urlencode(query)}")
