"""Google's consent page, tokens, their renewal and revocation, as far as a web app meets them.

From developers.google.com/identity/protocols/oauth2/web-server, from memory, 2026-11-24: a code is good once and
for ten minutes, a refresh token comes only with `access_type=offline` and only at the first consent unless
`prompt=consent`; it does not rotate. People may leave scopes out, so the answer's `scope` may be smaller than
what was asked. Instead of a sign-in the page lets one choose among the channels of our own people.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, jsonify, redirect, render_template_string, request

from scrm.sandbox.youtube.access import TESTING_LIFE, Access, Grant
from scrm.sandbox.youtube.routes import SCOPES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from threading import RLock

    from werkzeug.wrappers import Response as AnyResponse

    from scrm.sandbox.youtube.state import Channel, State

CODE_LIFE = timedelta(minutes=10)
VALUES = {
    "response_type": ("code",),
    "access_type": ("online", "offline"),
    "code_challenge_method": ("S256", "plain"),
}
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in - Google Accounts</title></head>
<body>{% if error %}<h1>Access blocked</h1><p>{{ error }}</p>
{% else %}<h1>{{ app }} wants access to your Google Account</h1>
<form method="post" action="/o/oauth2/v2/auth">
{% for name, value in kept.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}<ul>
{% for scope in scopes %}<li>{{ scope }} <label><input type="checkbox" name="withheld" value="{{ scope }}">
leave out</label></li>
{% endfor %}</ul><label>Channel <select name="account">
{% for one in channels %}<option value="{{ one.handle }}">{{ one.title }} (@{{ one.handle }})</option>
{% endfor %}</select></label>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></form>{% endif %}</body></html>"""


@dataclass(frozen=True, kw_only=True)
class Client:
    """The one app this Google project has; without addresses of its own it takes any on loopback."""

    name: str
    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]

    def may_return_to(self, address: str) -> bool:
        if self.redirect_uris:
            return address in self.redirect_uris
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and parts.hostname in LOOPBACK and not parts.fragment


@dataclass(frozen=True, kw_only=True)
class Code:
    """What a code will be exchanged for."""

    channel: Channel
    scopes: frozenset[str]
    redirect_uri: str
    is_offline: bool
    challenge: str | None
    method: str
    granted_at: datetime


def make_client(redirect_uris: Sequence[str]) -> Client:
    return Client(
        name="Timeline",
        client_id=f"{secrets.randbelow(10**12):012d}-{secrets.token_hex(16)}.apps.googleusercontent.com",
        client_secret=f"GOCSPX-{secrets.token_urlsafe(21)}",
        redirect_uris=tuple(redirect_uris),
    )


def add_oauth(app: Flask, state: State, access: Access, client: Client, lock: RLock) -> None:
    server = _AuthorizationServer(state, access, client, lock)
    app.add_url_rule("/o/oauth2/v2/auth", "consent", server.consent)
    app.add_url_rule("/o/oauth2/v2/auth", "decide", server.decide, methods=["POST"])
    app.add_url_rule("/token", "token", server.token, methods=["POST"])
    app.add_url_rule("/revoke", "revoke", server.revoke, methods=["POST"])
    app.add_url_rule("/tokeninfo", "tokeninfo", server.tokeninfo)


def page(status: int, **shown: object) -> Response:
    return Response(render_template_string(PAGE, **shown), status=status, content_type="text/html; charset=utf-8")


def refusal(status: int, error: str, description: str) -> Response:
    """Return an error of the token server."""
    answer = jsonify({"error": error, "error_description": description})
    answer.status_code = status
    return answer


class _AuthorizationServer:
    def __init__(self, state: State, access: Access, client: Client, lock: RLock) -> None:
        self._state = state
        self._access = access
        self._client = client
        self._lock = lock
        self._codes: dict[str, Code] = {}

    def consent(self) -> AnyResponse:
        asked = request.args.to_dict()
        if fault := self._fault(asked):
            return page(fault[0], error=fault[1])
        with self._lock:
            channels = [one for one in self._state.channels.values() if _is_ours(one)]
            scopes = asked["scope"].split()
            return page(200, app=self._client.name, kept=asked, scopes=scopes, channels=channels)

    def decide(self) -> AnyResponse:
        sent = request.form.to_dict()
        if fault := self._fault(sent):
            return page(fault[0], error=fault[1])
        with self._lock:
            channel = self._state.by_handle.get(sent["account"].lower())
            if channel is None or not _is_ours(channel):
                return page(400, error="This account cannot sign in here.")
            state = {"state": sent["state"]} if "state" in sent else {}
            scopes = frozenset(sent["scope"].split()) - set(request.form.getlist("withheld"))
            if sent["decision"] != "allow" or not scopes:
                return redirect(_with_query(sent["redirect_uri"], {"error": "access_denied", **state}))
            code = self._code(channel, scopes, sent)
        answer = {**state, "code": code, "scope": " ".join(sorted(scopes))}
        return redirect(_with_query(sent["redirect_uri"], answer))

    def _code(self, channel: Channel, scopes: frozenset[str], sent: Mapping[str, str]) -> str:
        is_first = not self._access.has_granted(channel) or "consent" in sent.get("prompt", "").split()
        if sent.get("include_granted_scopes") == "true":
            scopes |= self._access.granted_scopes(channel)
        code = f"4/0A{secrets.token_urlsafe(48)}"
        self._codes[code] = Code(
            channel=channel,
            scopes=scopes,
            redirect_uri=sent["redirect_uri"],
            is_offline=sent.get("access_type") == "offline" and is_first,
            challenge=sent.get("code_challenge"),
            method=sent.get("code_challenge_method", "plain"),
            granted_at=self._access.clock(),
        )
        return code

    def _fault(self, asked: Mapping[str, str]) -> tuple[int, str] | None:
        missing = [name for name in ("client_id", "redirect_uri", "response_type", "scope") if not asked.get(name)]
        if missing:
            return 400, f"Error 400: invalid_request. Missing required parameter: {missing[0]}"
        if asked["client_id"] != self._client.client_id:
            return 401, "Error 401: invalid_client. The OAuth client was not found."
        if not self._client.may_return_to(asked["redirect_uri"]):
            return 400, "Error 400: redirect_uri_mismatch"
        if not frozenset(asked["scope"].split()) <= SCOPES:
            return 400, "Error 400: invalid_scope. Some requested scopes were invalid."
        wrong = [name for name, known in VALUES.items() if asked.get(name, known[0]) not in known]
        if wrong:
            return 400, f"Error 400: invalid_request. Invalid parameter value for {wrong[0]}"
        return None

    def token(self) -> Response:
        sent = request.form.to_dict()
        if sent.get("grant_type") not in {"authorization_code", "refresh_token"}:
            return refusal(400, "unsupported_grant_type", f"Invalid grant_type: {sent.get('grant_type', '')}")
        client_id, client_secret = _client_of(sent)
        if not client_id:
            return refusal(400, "invalid_request", "Could not determine client ID from request.")
        if client_id != self._client.client_id:
            return refusal(401, "invalid_client", "The OAuth client was not found.")
        if not hmac.compare_digest(client_secret.encode(), self._client.client_secret.encode()):
            return refusal(401, "invalid_client", "Unauthorized")
        with self._lock:
            return self._exchange(sent) if sent["grant_type"] == "authorization_code" else self._renew(sent)

    def _exchange(self, sent: Mapping[str, str]) -> Response:
        if not sent.get("code"):
            return refusal(400, "invalid_request", "Missing required parameter: code")
        code = self._codes.pop(sent["code"], None)
        if code is None or self._access.clock() - code.granted_at > CODE_LIFE:
            return refusal(400, "invalid_grant", "Bad Request")
        if sent.get("redirect_uri") != code.redirect_uri:
            return refusal(400, "redirect_uri_mismatch", "Bad Request")
        if code.challenge and not sent.get("code_verifier"):
            return refusal(400, "invalid_grant", "Missing code verifier.")
        if code.challenge and not hmac.compare_digest(_challenge(sent["code_verifier"], code.method), code.challenge):
            return refusal(400, "invalid_grant", "Invalid code verifier.")
        grant = self._access.grant(code.channel, code.scopes, is_offline=code.is_offline)
        answer = self._issued(grant)
        if grant.refresh_token:
            answer["refresh_token"] = grant.refresh_token
            if self._access.is_testing:
                answer["refresh_token_expires_in"] = int(TESTING_LIFE.total_seconds())
        return jsonify(answer)

    def _renew(self, sent: Mapping[str, str]) -> Response:
        if not sent.get("refresh_token"):
            return refusal(400, "invalid_request", "Missing required parameter: refresh_token")
        grant = self._access.by_refresh_token(sent["refresh_token"])
        if grant is None:
            return refusal(400, "invalid_grant", "Token has been expired or revoked.")
        return jsonify(self._issued(grant))

    def _issued(self, grant: Grant) -> dict[str, object]:
        return {
            "access_token": self._access.issue(grant),
            "expires_in": int(self._access.access_life.total_seconds()) - 1,
            "scope": " ".join(sorted(grant.scopes)),
            "token_type": "Bearer",
        }

    def revoke(self) -> Response:
        token = request.form.get("token") or request.args.get("token", "")
        with self._lock:
            is_done = self._access.revoke(token)
        return jsonify({}) if is_done else refusal(400, "invalid_token", "Token expired or revoked")

    def tokeninfo(self) -> Response:
        with self._lock:
            token = self._access.token(request.args.get("access_token", ""))
            if token is None:
                return refusal(400, "invalid_token", "Invalid Value")
            left = token.expires_at - self._access.clock()
            return jsonify(
                {
                    "azp": self._client.client_id,
                    "aud": self._client.client_id,
                    "scope": " ".join(sorted(token.grant.scopes)),
                    "exp": str(int(token.expires_at.timestamp())),
                    "expires_in": str(int(left.total_seconds())),
                    "access_type": "offline" if token.grant.refresh_token else "online",
                }
            )


def _client_of(sent: Mapping[str, str]) -> tuple[str, str]:
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        return basic.username or "", basic.password or ""
    return sent.get("client_id", ""), sent.get("client_secret", "")


def _challenge(verifier: str, method: str) -> str:
    if method == "plain":
        return verifier
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _is_ours(channel: Channel) -> bool:
    return channel.person.role in {"company", "staff"}


def _with_query(address: str, query: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
