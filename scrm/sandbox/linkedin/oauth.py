"""Consent, tokens, renewal, introspection and revocation, as LinkedIn does them.

A code lives 30 minutes and once. PKCE is not offered to web applications. Bodies as on
authorization-code-flow, programmatic-refresh-tokens and token-introspection (learn.microsoft.com/linkedin,
2026-11-23), sentences from memory. Instead of a sign-in the consent page lets one choose among the page's people.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, jsonify, redirect, render_template_string, request

from scrm.sandbox.linkedin.routes import SCOPES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from threading import RLock

    from werkzeug.wrappers import Response as AnyResponse

    from scrm.sandbox.linkedin.access import Access, Token
    from scrm.sandbox.linkedin.state import Member, State

CODE_LIFE = timedelta(minutes=30)
BAD_CODE = (
    "Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. "
    "Or authorization code expired. Or external member binding exists"
)
BAD_REFRESH = "The provided authorization grant or refresh token is invalid, expired or revoked."
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>LinkedIn</title></head><body>
{% if error %}<h1>Bummer, something went wrong.</h1><p>{{ error }}</p>
{% else %}<h1>{{ app }} would like to:</h1>
<ul>{% for scope in scopes %}<li>{{ scope }}</li>{% endfor %}</ul>
<form method="post" action="/oauth/v2/authorization">
{% for name, value in kept.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}<label>Member <select name="member">
{% for one in members %}<option value="{{ one.id }}">{{ one.name }}</option>
{% endfor %}</select></label>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="cancel">Deny</button></form>{% endif %}</body></html>"""


@dataclass(frozen=True, kw_only=True)
class App:
    """The registered application. Without addresses of its own every absolute one is taken as registered."""

    name: str
    number: int
    client_id: str
    leads_client_id: str  # of the app for Lead Sync: Community Management must be an app's only product
    client_secret: str
    redirect_uris: Collection[str] | None


@dataclass(frozen=True, kw_only=True)
class Code:
    """A code that waits to become a token."""

    client_id: str
    member: Member
    scopes: frozenset[str]
    redirect_uri: str
    given_at: datetime


def _error(status: int, code: str, description: str) -> Response:
    answer = jsonify({"error": code, "error_description": description})
    answer.status_code = status
    return answer


def _page(status: int, **shown: object) -> Response:
    return Response(render_template_string(PAGE, **shown), status=status, content_type="text/html; charset=utf-8")


def _with_query(address: str, query: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


class AuthorizationServer:
    """The pages and endpoints under /oauth/v2."""

    def __init__(self, app: App, state: State, access: Access, lock: RLock) -> None:
        self._app = app
        self._clients = {app.client_id, app.leads_client_id}
        self._state = state
        self._access = access
        self._lock = lock
        self._codes: dict[str, Code] = {}

    def attach(self, app: Flask) -> None:
        app.add_url_rule("/oauth/v2/authorization", "consent", self.consent)
        app.add_url_rule("/oauth/v2/authorization", "decide", self.decide, methods=["POST"])
        app.add_url_rule("/oauth/v2/accessToken", "token", self.token, methods=["POST"])
        app.add_url_rule("/oauth/v2/introspectToken", "introspect", self.introspect, methods=["POST"])
        app.add_url_rule("/oauth/v2/revoke", "revoke", self.revoke, methods=["POST"])

    def consent(self) -> AnyResponse:
        kept = request.args.to_dict()
        if fault := self._fault(kept):
            return _page(400, error=fault)
        if refused := self._refused(kept):
            return refused
        with self._lock:
            members = [one for one in self._state.members.values() if self._has_role(one)]
        return _page(200, app=self._app.name, scopes=kept["scope"].split(), kept=kept, members=members)

    def decide(self) -> AnyResponse:
        sent = request.form.to_dict()
        if fault := self._fault(sent):
            return _page(400, error=fault)
        if refused := self._refused(sent):
            return refused
        if sent["decision"] != "allow":
            return self._back(
                sent, error="user_cancelled_authorize", error_description="The user denied your request"
            )
        with self._lock:
            member = self._state.members.get(sent.get("member", ""))
        if member is None:
            return _page(400, error="This member cannot sign in here.")
        code = f"AQ{secrets.token_urlsafe(64)}"
        self._codes[code] = Code(
            client_id=sent["client_id"],
            member=member,
            scopes=frozenset(sent["scope"].split()),
            redirect_uri=sent["redirect_uri"],
            given_at=self._access.now(),
        )
        return self._back(sent, code=code)

    def _fault(self, asked: Mapping[str, str]) -> str | None:
        """Name what forbids to send the browser back at all."""
        if asked.get("client_id") not in self._clients:
            return "The passed in client_id is invalid."
        address = urlsplit(asked.get("redirect_uri", ""))
        allowed = self._app.redirect_uris
        if not (address.scheme and address.netloc) or address.fragment:
            return "The redirect_uri must be an absolute URL."
        if allowed is not None and asked["redirect_uri"] not in allowed:
            return "The redirect_uri does not match the registered value."
        return None

    def _refused(self, asked: Mapping[str, str]) -> AnyResponse | None:
        if asked.get("response_type") != "code":
            return self._back(
                asked, error="unsupported_response_type", error_description="response_type must be code"
            )
        scopes = asked.get("scope", "").split()
        unknown = [scope for scope in scopes if scope not in SCOPES]
        if unknown or not scopes:
            name = unknown[0] if unknown else ""
            description = f'Scope "{name}" is not authorized for your application'
            return self._back(asked, error="unauthorized_scope_error", error_description=description)
        return None

    def _back(self, asked: Mapping[str, str], **told: str) -> AnyResponse:
        state = {"state": asked["state"]} if asked.get("state") else {}
        return redirect(_with_query(asked["redirect_uri"], {**told, **state}))

    def _has_role(self, member: Member) -> bool:
        return any(one.role_of(member) for one in self._state.organizations.values())

    def token(self) -> Response:
        sent = request.form
        if not self._is_app(sent):
            return _error(401, "invalid_client", "Client authentication failed")
        match sent["grant_type"]:
            case "authorization_code":
                return self._redeem(sent)
            case "refresh_token":
                token = self._access.renew(sent.get("refresh_token", ""))
                return self._token(token) if token else _error(400, "invalid_grant", BAD_REFRESH)
            case "client_credentials":
                description = "This application is not allowed to create application tokens"
                return _error(401, "access_denied", description)
            case _:
                return _error(400, "unsupported_grant_type", "The grant type is not supported")

    def _redeem(self, sent: Mapping[str, str]) -> Response:
        code = self._codes.pop(sent.get("code", ""), None)
        if code is None or (code.client_id, code.redirect_uri) != (sent["client_id"], sent.get("redirect_uri")):
            return _error(400, "invalid_request", BAD_CODE)
        if self._access.now() - code.given_at > CODE_LIFE:
            return _error(400, "invalid_request", BAD_CODE)
        return self._token(self._access.grant(code.member, code.scopes, code.client_id))

    def _token(self, token: Token) -> Response:
        now = self._access.now()
        return jsonify(
            {
                "access_token": token.text,
                "expires_in": int((token.ends_at - now).total_seconds()),
                "refresh_token": token.grant.refresh_token,
                "refresh_token_expires_in": int((token.grant.ends_at - now).total_seconds()),
                "scope": ",".join(sorted(token.grant.scopes)),
                "token_type": "Bearer",
            }
        )

    def introspect(self) -> Response:
        if not self._is_app(request.form):
            return _error(401, "invalid_client", "Client authentication failed")
        token = self._access.find(request.form["token"])
        if token is None:
            return jsonify({"active": False})
        state = self._access.state_of(token)
        return jsonify(
            {
                "active": state == "active",
                "status": state,
                "client_id": token.grant.client_id,
                "auth_type": "3L",
                "scope": ",".join(sorted(token.grant.scopes)),
                "authorized_at": int(token.grant.granted_at.timestamp()),
                "created_at": int(token.issued_at.timestamp()),
                "expires_at": int(token.ends_at.timestamp()),
            }
        )

    def revoke(self) -> Response:
        if not self._is_app(request.form):
            return _error(401, "invalid_client", "Client authentication failed")
        self._access.revoke(request.form["token"])
        return jsonify({})

    def _is_app(self, sent: Mapping[str, str]) -> bool:
        is_secret = hmac.compare_digest(sent.get("client_secret", "").encode(), self._app.client_secret.encode())
        return sent.get("client_id") in self._clients and is_secret
