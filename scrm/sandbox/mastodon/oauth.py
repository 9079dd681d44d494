"""Registration of apps, consent, and tokens, as Mastodon 4.7 does them through Doorkeeper.

Codes live ten minutes and once; PKCE is S256 alone; tokens never expire and there are no refresh tokens
(docs.joinmastodon.org/methods/oauth, 2026-11-24; sentences of Doorkeeper from memory). Instead of a sign-in
the consent page lets one choose among the accounts of our own people.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, redirect, render_template_string, request

from scrm.sandbox.mastodon.access import Access, json_error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import RLock

    from werkzeug.wrappers import Response as AnyResponse

    from scrm.sandbox.mastodon.state import Account, State

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
CODE_LIFE = timedelta(minutes=10)
READABLE = "accounts blocks bookmarks collections favourites filters follows lists mutes notifications search"
SCOPES = frozenset(
    {"profile", "read", "read:statuses", "write", "follow", "push", "admin:read", "admin:read:accounts"}
    | {f"read:{name}" for name in READABLE.split()}
)
INVALID_GRANT = (
    "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used "
    "in the authorization request, or was issued to another client."
)
INVALID_CLIENT = (
    "Client authentication failed due to unknown client, no client authentication included, or unsupported "
    "authentication method."
)
INVALID_SCOPE = "The requested scope is invalid, unknown, or malformed."
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Authorization required</title></head>
<body><h1>Authorization required</h1>
{% if error %}<p>{{ error }}</p>
{% elif code %}<p>Copy this code: <code>{{ code }}</code></p>
{% else %}<p>{{ app.name }} would like permission to access your account: {{ scope }}</p>
<form method="post" action="/oauth/authorize">
{% for name, value in kept.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}<label>Account <select name="account">
{% for one in accounts %}<option value="{{ one.username }}">{{ one.display_name }} (@{{ one.username }})</option>
{% endfor %}</select></label>
<button name="decision" value="authorize">Authorize</button>
<button name="decision" value="deny">Deny</button></form>{% endif %}</body></html>"""


@dataclass(frozen=True, kw_only=True)
class Client:
    """An app registered on this server."""

    number: int
    name: str
    website: str | None
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str]
    client_id: str
    client_secret: str


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A code that waits to become a token."""

    client: Client
    account: Account
    scope: str
    redirect_uri: str
    challenge: str | None
    granted_at: datetime


def add_oauth(app: Flask, state: State, access: Access, lock: RLock) -> None:
    server = _AuthorizationServer(state, access, lock)
    app.add_url_rule("/.well-known/oauth-authorization-server", "metadata", server.metadata)
    app.add_url_rule("/api/v1/apps", "register", server.register, methods=["POST"])
    app.add_url_rule("/oauth/authorize", "consent", server.consent)
    app.add_url_rule("/oauth/authorize", "decide", server.decide, methods=["POST"])
    app.add_url_rule("/oauth/token", "token", server.token, methods=["POST"])
    app.add_url_rule("/oauth/revoke", "revoke", server.revoke, methods=["POST"])


def _sent() -> Mapping[str, Any]:
    return request.get_json() if request.is_json else request.form.to_dict()


def _page(status: int, **shown: object) -> Response:
    return Response(render_template_string(PAGE, **shown), status=status, content_type="text/html; charset=utf-8")


class _AuthorizationServer:
    def __init__(self, state: State, access: Access, lock: RLock) -> None:
        self._state = state
        self._access = access
        self._lock = lock
        self._clients: dict[str, Client] = {}
        self._grants: dict[str, Grant] = {}
        self._issued: dict[str, str] = {}  # token -> client id

    def metadata(self) -> Response:
        base = request.host_url.rstrip("/")
        return jsonify(
            {
                "issuer": f"{base}/",
                "service_documentation": "https://docs.joinmastodon.org/",
                "authorization_endpoint": f"{base}/oauth/authorize",
                "token_endpoint": f"{base}/oauth/token",
                "app_registration_endpoint": f"{base}/api/v1/apps",
                "revocation_endpoint": f"{base}/oauth/revoke",
                "userinfo_endpoint": f"{base}/oauth/userinfo",
                "scopes_supported": sorted(SCOPES),
                "response_types_supported": ["code"],
                "response_modes_supported": ["query", "fragment", "form_post"],
                "code_challenge_methods_supported": ["S256"],
                "grant_types_supported": ["authorization_code", "client_credentials"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            }
        )

    def register(self) -> Response:
        sent = _sent()
        addresses = sent["redirect_uris"]
        uris = tuple(addresses.split() if isinstance(addresses, str) else addresses)
        scopes = frozenset(str(sent.get("scopes") or "read").split())
        if not uris or not all(uri == OUT_OF_BAND or "://" in uri for uri in uris):
            return json_error(422, "Validation failed: Redirect URI must be an absolute URI.")
        if not scopes <= SCOPES:
            return json_error(422, "Validation failed: Scopes doesn't match configured on the server.")
        with self._lock:
            client = Client(
                number=self._state.row_id(),
                name=str(sent["client_name"]),
                website=sent.get("website"),
                redirect_uris=uris,
                scopes=scopes,
                client_id=secrets.token_urlsafe(32),
                client_secret=secrets.token_urlsafe(32),
            )
            self._clients[client.client_id] = client
        return jsonify(
            {
                "id": str(client.number),
                "name": client.name,
                "website": client.website,
                "scopes": sorted(client.scopes),
                "redirect_uri": "\n".join(client.redirect_uris),
                "redirect_uris": list(client.redirect_uris),
                "vapid_key": "",
                "client_id": client.client_id,
                "client_secret": client.client_secret,
                "client_secret_expires_at": 0,
            }
        )

    def consent(self) -> AnyResponse:
        kept = request.args.to_dict()
        fault = self._fault(kept)
        if fault:
            return _page(400, error=fault)
        with self._lock:
            accounts = [one for one in self._state.accounts.values() if _is_ours(one)]
        client = self._clients[kept["client_id"]]
        return _page(200, app=client, scope=kept.get("scope", "read"), kept=kept, accounts=accounts)

    def decide(self) -> AnyResponse:
        sent = request.form.to_dict()
        fault = self._fault(sent)
        if fault:
            return _page(400, error=fault)
        with self._lock:
            account = self._state.by_acct.get(sent["account"].lower())
        if account is None or not _is_ours(account):
            return _page(400, error="This account cannot sign in here.")
        target, state = sent["redirect_uri"], {name: sent[name] for name in ("state",) if sent.get(name)}
        if sent["decision"] != "authorize":
            denied = "The resource owner or authorization server denied the request."
            return redirect(_with_query(target, {"error": "access_denied", "error_description": denied, **state}))
        code = secrets.token_urlsafe(32)
        self._grants[code] = Grant(
            client=self._clients[sent["client_id"]],
            account=account,
            scope=sent.get("scope") or "read",
            redirect_uri=target,
            challenge=sent.get("code_challenge"),
            granted_at=self._access.now(),
        )
        if target == OUT_OF_BAND:
            return _page(200, code=code)
        return redirect(_with_query(target, {"code": code, **state}))

    def _fault(self, asked: Mapping[str, str]) -> str | None:
        client = self._clients.get(asked["client_id"])
        if client is None:
            return INVALID_CLIENT
        if asked["redirect_uri"] not in client.redirect_uris:
            return "The redirect uri included is not valid."
        if asked.get("response_type", "code") != "code":
            return "The authorization server does not support this response type."
        scopes = frozenset(asked.get("scope", "read").split())
        if not _covers(client.scopes, scopes):
            return INVALID_SCOPE
        if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
            return "The code challenge method must be S256."
        return None

    def token(self) -> Response:
        sent = _sent()
        client = self._authenticated(sent)
        if client is None:
            return json_error(401, "invalid_client", INVALID_CLIENT)
        if sent["grant_type"] == "client_credentials":
            scope = str(sent.get("scope") or "read")
            if not _covers(client.scopes, frozenset(scope.split())):
                return json_error(400, "invalid_scope", INVALID_SCOPE)
            return self._token(None, scope, client)
        if sent["grant_type"] != "authorization_code":
            unsupported = "The authorization grant type is not supported by the authorization server."
            return json_error(400, "unsupported_grant_type", unsupported)
        grant = self._grants.pop(str(sent.get("code", "")), None)
        if grant is None or not self._is_good(grant, client, sent):
            return json_error(400, "invalid_grant", INVALID_GRANT)
        return self._token(grant.account, grant.scope, client)

    def _is_good(self, grant: Grant, client: Client, sent: Mapping[str, Any]) -> bool:
        if grant.client is not client or grant.redirect_uri != sent["redirect_uri"]:
            return False
        if self._access.now() - grant.granted_at > CODE_LIFE:
            return False
        if grant.challenge is None:
            return True
        digest = hashlib.sha256(str(sent.get("code_verifier", "")).encode()).digest()
        answer = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return hmac.compare_digest(answer, grant.challenge)

    def _token(self, account: Account | None, scope: str, client: Client) -> Response:
        text = self._access.issue(account, scope)
        self._issued[text] = client.client_id
        made_at = int(self._access.now().timestamp())
        return jsonify({"access_token": text, "token_type": "Bearer", "scope": scope, "created_at": made_at})

    def revoke(self) -> Response:
        sent = _sent()
        client = self._authenticated(sent)
        token = str(sent["token"])
        if client is None or self._issued.get(token, client.client_id) != client.client_id:
            return json_error(403, "unauthorized_client", "You are not authorized to revoke this token")
        if token in self._issued:
            self._access.revoke(token)
        return jsonify({})

    def _authenticated(self, sent: Mapping[str, Any]) -> Client | None:
        client = self._clients.get(str(sent["client_id"]))
        secret = str(sent["client_secret"])
        return client if client and hmac.compare_digest(client.client_secret, secret) else None


def _covers(granted: frozenset[str], asked: frozenset[str]) -> bool:
    return all(scope in granted or scope.rpartition(":")[0] in granted for scope in asked)


def _is_ours(account: Account) -> bool:
    return account.is_local and account.person.role in {"company", "staff"}


def _with_query(address: str, query: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
