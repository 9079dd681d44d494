"""An OpenID Connect server as companies run one: discovery, keys, the code flow with PKCE, signed tokens.

After OpenID Connect Core 1.0 and Discovery 1.0, RFC 6749, RFC 7636 and RP-Initiated Logout 1.0 (read 2026-11). Like
every fake it refuses what the documents do not know, makes its own ids, and lets nobody have a code twice. Its people
are invented; instead of a password one chooses who one is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote_plus, urlencode

from flask import Flask, Response, jsonify, redirect, render_template_string, request
from joserfc import jwt
from joserfc.jwk import RSAKey

from scrm.sandbox.server import Server

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response as AnyResponse

CODE_SECONDS = 60
TOKEN_SECONDS = 300
ASKED = frozenset(
    {
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
    }
)
EXCHANGED = frozenset({"grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret"})
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Nordwerk accounts</title></head><body>
<h1>{{ title }}</h1>{% if people %}<form method="post" action="/authorize">
{% for name, value in kept.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}<label>Account <select name="account">{% for one in people %}
<option value="{{ one.subject }}">{{ one.name }}</option>{% endfor %}</select></label>
<button name="decision" value="yes">Sign in</button>
<button name="decision" value="no">Cancel</button></form>{% endif %}
</body></html>"""


def new_key(name: str) -> RSAKey:
    """A key that signs."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"})


@dataclass(frozen=True, kw_only=True)
class Employee:
    """One account of the invented company."""

    subject: str
    name: str
    email: str
    groups: tuple[str, ...] = ()
    email_verified: bool = True


@dataclass(kw_only=True)
class Grant:
    """A code that waits to become tokens."""

    who: Employee
    asked: dict[str, str]
    made_at: float


@dataclass(kw_only=True)
class IdentityServer:
    """The server with its people, one client, and what it was asked. `thin` gives the groups by user info alone."""

    people: Sequence[Employee]
    redirect_uri: str = ""
    left_uri: str = ""
    client_id: str = "scrm-at-nordwerk"
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    methods: tuple[str, ...] = ("client_secret_basic", "client_secret_post")
    thin: bool = False
    key: RSAKey = field(
        default_factory=lambda: RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig"})
    )
    asked: list[str] = field(default_factory=list)  # paths, in their order

    def __post_init__(self) -> None:
        self._grants: dict[str, Grant] = {}
        self._tokens: dict[str, Employee] = {}
        app = Flask("scrm.sandbox.identity")
        app.before_request(lambda: self.asked.append(request.path))
        app.add_url_rule("/.well-known/openid-configuration", "about", self._about)
        app.add_url_rule("/jwks", "keys", self._keys)
        app.add_url_rule("/authorize", "choose", self._choose)
        app.add_url_rule("/authorize", "decide", self._decide, methods=["POST"])
        app.add_url_rule("/token", "token", self._token, methods=["POST"])
        app.add_url_rule("/userinfo", "userinfo", self._userinfo)
        app.add_url_rule("/logout", "logout", self._logout)
        self._server = Server(app)
        self.issuer = self._server.base_url

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.stop()

    @property
    def host(self) -> str:
        """host:port, for the allow-list."""
        return self.issuer.removeprefix("http://")

    def claims(self, grant: Grant) -> dict[str, Any]:
        """What the ID token says."""
        now = int(time.time())
        found = {
            "iss": self.issuer,
            "sub": grant.who.subject,
            "aud": self.client_id,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "nonce": grant.asked["nonce"],
        }
        return found if self.thin else found | self._facts(grant.who)

    def sign(self, claims: dict[str, Any]) -> str:
        """The ID token in its compact form."""
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key, algorithms=["RS256"])

    def _facts(self, who: Employee) -> dict[str, Any]:
        return {
            "name": who.name,
            "email": who.email,
            "email_verified": who.email_verified,
            "groups": list(who.groups),
        }

    def _about(self) -> Response:
        return jsonify(
            issuer=self.issuer,
            authorization_endpoint=f"{self.issuer}/authorize",
            token_endpoint=f"{self.issuer}/token",
            userinfo_endpoint=f"{self.issuer}/userinfo",
            end_session_endpoint=f"{self.issuer}/logout",
            jwks_uri=f"{self.issuer}/jwks",
            response_types_supported=["code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256"],
            token_endpoint_auth_methods_supported=list(self.methods),
            code_challenge_methods_supported=["S256"],
            scopes_supported=["openid", "profile", "email", "groups"],
        )

    def _keys(self) -> Response:
        return jsonify(keys=[self.key.as_dict(private=False)])

    def _choose(self) -> AnyResponse:
        kept = request.args.to_dict()
        fault = self._fault(kept)
        if fault:
            return _page(400, title=fault)
        return _page(200, title="Sign in", people=self.people, kept=kept)

    def _decide(self) -> AnyResponse:
        sent = request.form.to_dict()
        account, decision = sent.pop("account", ""), sent.pop("decision", "")
        fault = self._fault(sent)
        if fault:
            return _page(400, title=fault)
        answer = {"state": sent["state"]}
        if decision != "yes":
            return redirect(f"{sent['redirect_uri']}?{urlencode(answer | {'error': 'access_denied'})}")
        who = next(one for one in self.people if one.subject == account)
        code = secrets.token_urlsafe(32)
        self._grants[code] = Grant(who=who, asked=sent, made_at=time.monotonic())
        return redirect(f"{sent['redirect_uri']}?{urlencode(answer | {'code': code})}")

    def _fault(self, asked: dict[str, str]) -> str:
        if set(asked) != ASKED:
            return "invalid_request"
        if asked["client_id"] != self.client_id or asked["redirect_uri"] != self.redirect_uri:
            return "unauthorized_client"
        if asked["response_type"] != "code" or asked["code_challenge_method"] != "S256":
            return "unsupported_response_type"
        return "" if "openid" in asked["scope"].split() else "invalid_scope"

    def _token(self) -> Response:
        sent = request.form.to_dict()
        if not set(sent) <= EXCHANGED or sent.get("grant_type") != "authorization_code":
            return _error(400, "invalid_request")
        if not self._is_client(sent):
            return _error(401, "invalid_client")
        grant = self._grants.pop(sent.get("code", ""), None)
        if grant is None or not _is_good(grant, sent):
            return _error(400, "invalid_grant")
        access = secrets.token_urlsafe(32)
        self._tokens[access] = grant.who
        token = self.sign(self.claims(grant))
        answer = jsonify(access_token=access, token_type="Bearer", expires_in=TOKEN_SECONDS, id_token=token)  # noqa: S106
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _is_client(self, sent: dict[str, str]) -> bool:
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic" and "client_secret_basic" in self.methods:
            try:
                name, _, secret = base64.b64decode(rest, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return False
            name, secret = unquote_plus(name), unquote_plus(secret)
        elif not scheme and "client_secret_post" in self.methods:
            name, secret = sent.get("client_id", ""), sent.get("client_secret", "")
        else:
            return False
        return name == self.client_id and hmac.compare_digest(secret, self.client_secret)

    def _userinfo(self) -> Response:
        who = self._tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        return jsonify(sub=who.subject, **self._facts(who)) if who else _error(401, "invalid_token")

    def _logout(self) -> AnyResponse:
        asked = request.args.to_dict()
        if asked != {"client_id": self.client_id, "post_logout_redirect_uri": self.left_uri}:
            return _page(400, title="invalid_request")
        return redirect(self.left_uri)


def _is_good(grant: Grant, sent: dict[str, str]) -> bool:
    digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    is_fresh = time.monotonic() - grant.made_at <= CODE_SECONDS
    is_same = sent.get("redirect_uri") == grant.asked["redirect_uri"]
    return is_fresh and is_same and hmac.compare_digest(challenge, grant.asked["code_challenge"])


def _page(status: int, **shown: object) -> Response:
    return Response(render_template_string(PAGE, **shown), status=status, content_type="text/html; charset=utf-8")


def _error(status: int, error: str) -> Response:
    answer = jsonify(error=error)
    answer.status_code = status
    return answer
