"""Microsoft's sign-in as far as a web app meets it: consent, code, tokens and their renewal.

Parameters, answers and the form of errors as in "Microsoft identity platform and OAuth 2.0 authorization code flow"
(MicrosoftDocs/azure-docs, read 2026-11-24); numbers and sentences of errors from "Microsoft Entra authentication
and authorization error codes" (from memory, 2026-11-24). Entra has no address to revoke a token at. Instead of a
sign-in the page lets one choose among the company's own people.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, json, jsonify, redirect, render_template_string, request

from scrm.sandbox.yammer.accounts import OURS
from scrm.sandbox.yammer.entra_errors import failed, failure
from scrm.sandbox.yammer.scopes import GRAPH, ScopeError, asked

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from threading import RLock

    from werkzeug.wrappers import Response as AnyResponse

    from scrm.sandbox.yammer.access import Access, Grant
    from scrm.sandbox.yammer.state import State, User

CODE_LIFE = timedelta(minutes=10)
VALUES = {
    "response_mode": ("query", "fragment"),
    "prompt": ("login", "none", "consent", "select_account"),
    "code_challenge_method": ("S256", "plain"),
}
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in to your account</title></head>
<body>{% if error %}<h1>Sorry, but we’re having trouble signing you in.</h1><p>{{ error }}</p>
{% else %}<h1>{{ app }}: permissions requested</h1>
<ul>{% for scope in scopes %}<li>{{ scope }}</li>{% endfor %}</ul>
<form method="post" action="{{ action }}">
{% for name, value in kept.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}<label>Account <select name="account">
{% for one in people %}<option value="{{ one.guid }}">{{ one.full_name }} ({{ one.email }})</option>
{% endfor %}</select></label>
<button name="decision" value="allow">Accept</button>
<button name="decision" value="deny">Cancel</button></form>{% endif %}</body></html>"""


@dataclass(frozen=True, kw_only=True)
class App:
    """The registered application. Without addresses of its own every absolute one is taken as registered."""

    name: str
    client_id: str
    client_secret: str
    directory: str
    directory_names: frozenset[str]
    redirect_uris: Collection[str] | None


@dataclass(frozen=True, kw_only=True)
class Code:
    """What a code will be exchanged for."""

    grant: Grant
    redirect_uri: str
    challenge: str | None
    method: str
    given_at: datetime


class SignIn:
    """The pages and endpoints under /{directory}/oauth2/v2.0."""

    def __init__(self, app: App, state: State, access: Access, lock: RLock) -> None:
        self._app = app
        self._state = state
        self._access = access
        self._lock = lock
        self._codes: dict[str, Code] = {}
        self._used: set[str] = set()

    def attach(self, app: Flask) -> None:
        base = "/<directory>/oauth2/v2.0"
        app.add_url_rule(f"{base}/authorize", "consent", self.consent)
        app.add_url_rule(f"{base}/authorize", "decide", self.decide, methods=["POST"])
        app.add_url_rule(f"{base}/token", "token", self.token, methods=["POST"])

    def consent(self, directory: str) -> AnyResponse:
        kept = request.args.to_dict()
        if number := self._fault(directory, kept):
            return self._page(400, error=failed(number))
        wanted = self._wanted(kept)
        if not isinstance(wanted, list):
            return wanted
        with self._lock:
            people = self._people()
        return self._page(
            200,
            app=self._app.name,
            scopes=wanted,
            kept=kept,
            people=people,
            action=f"/{directory}/oauth2/v2.0/authorize",
        )

    def decide(self, directory: str) -> AnyResponse:
        sent = request.form.to_dict()
        if number := self._fault(directory, sent):
            return self._page(400, error=failed(number))
        wanted = self._wanted(sent)
        if not isinstance(wanted, list):
            return wanted
        with self._lock:
            user = next((one for one in self._people() if one.guid == sent.get("account")), None)
        if user is None:
            return self._page(400, error=failed(50020))
        if sent.get("decision") != "allow":
            return self._back(sent, error="access_denied", error_description=failed(65004))
        return self._back(sent, code=self._code(user, sent))

    def _code(self, user: User, sent: Mapping[str, str]) -> str:
        wanted = asked(sent["scope"])
        code = f"1.{secrets.token_urlsafe(200)}"
        self._codes[code] = Code(
            grant=self._access.grant(user, wanted.sign_in, wanted.granted()),
            redirect_uri=sent["redirect_uri"],
            challenge=sent.get("code_challenge"),
            method=sent.get("code_challenge_method", "plain"),
            given_at=self._access.now(),
        )
        return code

    def _people(self) -> list[User]:
        ours = [one for one in self._state.users.values() if one.person.role in OURS]
        return sorted(ours, key=lambda one: one.person.role != "company")

    def _fault(self, directory: str, sent: Mapping[str, str]) -> int | None:
        """Return the number of what forbids to send the browser back at all."""
        if directory not in self._app.directory_names:
            return 90002
        if sent.get("client_id") != self._app.client_id:
            return 700016
        address = urlsplit(sent.get("redirect_uri", ""))
        allowed = self._app.redirect_uris
        if not (address.scheme and address.netloc) or (allowed is not None and sent["redirect_uri"] not in allowed):
            return 50011
        return None

    def _wanted(self, sent: Mapping[str, str]) -> list[str] | AnyResponse:
        """Return the scopes a page may ask for, or the way back with what is wrong."""
        if sent.get("response_type") != "code":
            return self._back(sent, error="unsupported_response_type", error_description=failed(700054))
        if any(sent.get(name, known[0]) not in known for name, known in VALUES.items()):
            return self._back(sent, error="invalid_request", error_description=failed(90014))
        try:
            wanted = asked(sent.get("scope", ""))
        except ScopeError as exc:
            return self._back(sent, error="invalid_scope", error_description=failed(exc.number))
        if sent.get("prompt") == "none":
            return self._back(sent, error="interaction_required", error_description=failed(50058))
        names = [f"{resource}/{name}" for resource, given in wanted.granted().items() for name in sorted(given)]
        return [*sorted(wanted.sign_in), *names]

    def _back(self, sent: Mapping[str, str], **told: str) -> AnyResponse:
        state = {"state": sent["state"]} if sent.get("state") else {}
        sign = "#" if sent.get("response_mode") == "fragment" else "&" if "?" in sent["redirect_uri"] else "?"
        return redirect(f"{sent['redirect_uri']}{sign}{urlencode({**told, **state})}")

    def _page(self, status: int, **shown: object) -> Response:
        html = render_template_string(PAGE, **shown)
        return Response(html, status=status, content_type="text/html; charset=utf-8")

    def token(self, directory: str) -> Response:
        sent = request.form.to_dict()
        if number := self._client_fault(directory, sent):
            return failure(number)
        if sent["grant_type"] == "authorization_code":
            return self._redeem(sent)
        if sent["grant_type"] == "refresh_token":
            return self._renew(sent)
        return failure(70003)

    def _client_fault(self, directory: str, sent: dict[str, str]) -> int | None:
        if directory not in self._app.directory_names:
            return 90002
        basic = request.authorization
        if basic is not None and basic.type == "basic":
            sent |= {"client_id": basic.username or "", "client_secret": basic.password or ""}
        if not sent.get("grant_type") or not sent.get("client_id"):
            return 900144
        if sent["client_id"] != self._app.client_id:
            return 700016
        if not sent.get("client_secret"):
            return 7000218
        if not hmac.compare_digest(sent["client_secret"].encode(), self._app.client_secret.encode()):
            return 7000215
        return None

    def _redeem(self, sent: Mapping[str, str]) -> Response:
        text = sent.get("code", "")
        if text in self._used:
            return failure(54005)
        code = self._codes.pop(text, None)
        if code is None:
            return failure(9002313)
        self._used.add(text)
        if number := self._code_fault(code, sent):
            return failure(number)
        return self._issued(code.grant, sent)

    def _code_fault(self, code: Code, sent: Mapping[str, str]) -> int | None:
        if self._access.now() - code.given_at > CODE_LIFE:
            return 70008
        if sent.get("redirect_uri") != code.redirect_uri:
            return 500112
        verifier = sent.get("code_verifier", "")
        if code.challenge is not None and not hmac.compare_digest(_challenge(verifier, code.method), code.challenge):
            return 501481
        return None

    def _renew(self, sent: Mapping[str, str]) -> Response:
        token = self._access.find_refresh_token(sent.get("refresh_token", ""))
        if token is None:
            return failure(9002313)
        if token.grant.is_revoked:
            return failure(50173)
        if self._access.now() >= token.ends_at:
            return failure(700082)
        return self._issued(token.grant, sent)

    def _issued(self, grant: Grant, sent: Mapping[str, str]) -> Response:
        try:
            named = asked(sent["scope"]).resource() if sent.get("scope") else None
        except ScopeError as exc:
            return failure(exc.number)
        resource = named or next(iter(grant.permissions), GRAPH)
        if resource not in grant.permissions:
            return failure(65001)
        token = self._access.issue(grant, resource)
        seconds = int(self._access.access_life.total_seconds()) - 1
        body: dict[str, object] = {
            "token_type": "Bearer",
            "scope": " ".join(f"{resource}/{name}" for name in sorted(token.permissions)),
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": token.text,
        }
        if "offline_access" in grant.sign_in:
            body["refresh_token"] = self._access.refresh_token(grant)
        if "openid" in grant.sign_in:
            body["id_token"] = self._id_token(grant.user)
        answer = jsonify(body)
        answer.headers["Cache-Control"] = "no-store, no-cache"
        return answer

    def _id_token(self, user: User) -> str:
        """Return the claims unsigned, as in the page's sample."""
        claims = {
            "aud": self._app.client_id,
            "iss": f"https://login.microsoftonline.com/{self._app.directory}/v2.0",
            "oid": user.guid,
            "tid": self._app.directory,
            "name": user.full_name,
            "preferred_username": user.email,
        }
        return f"{_encoded({'typ': 'JWT', 'alg': 'none'})}.{_encoded(claims)}."


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _challenge(verifier: str, method: str) -> str:
    if method == "plain":
        return verifier
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
