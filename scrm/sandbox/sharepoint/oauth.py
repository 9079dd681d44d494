"""Entra: consent, tokens and renewal.

A code lives ten minutes and once; a wrong address never sends the browser back; PKCE is checked where it was begun.
The consent may name permissions of several resources, a token may not (AADSTS28000). AADSTS numbers: "Microsoft Entra
authentication & authorization error codes", from memory, 2026-11-24. Instead of a sign-in the consent page lets one
choose among the directory's people, the company's service account first.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, jsonify, redirect, render_template_string, request

from scrm.sandbox.sharepoint.access import GRAPH, SHAREPOINT, jwt
from scrm.sandbox.sharepoint.errors import entra_error
from scrm.sandbox.sharepoint.ids import DIRECTORY_DOMAIN, DIRECTORY_ID
from scrm.sandbox.sharepoint.routes import ALL_PEOPLE, MYSELF, PEOPLE, REST, SITES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from threading import RLock

    from werkzeug.wrappers import Response as AnyResponse

    from scrm.sandbox.sharepoint.access import Access, Consent
    from scrm.sandbox.sharepoint.state import State, User

CODE_LIFE = timedelta(minutes=10)
OPENID = frozenset({"openid", "profile", "email", "offline_access"})
KNOWN = {
    GRAPH: SITES | PEOPLE | MYSELF | {"Sites.Selected", "GroupMember.Read.All"},
    SHAREPOINT: REST,
}
REGISTERED = {
    GRAPH: frozenset({"User.Read", "User.Read.All", "Sites.Read.All"}),
    SHAREPOINT: frozenset({"AllSites.Read"}),
}
APPLICATION = {GRAPH: frozenset({"Sites.Read.All"}) | ALL_PEOPLE, SHAREPOINT: frozenset({"Sites.Read.All"})}
DEFAULT = frozenset({".default"})
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head><body>
{% if error %}<h1>Sign in</h1><p>Sorry, but we’re having trouble signing you in.</p><p>{{ error }}</p>
{% else %}<h1>Permissions requested</h1><p>{{ app }} would like to:</p>
<ul>{% for scope in scopes %}<li>{{ scope }}</li>{% endfor %}</ul>
<form method="post" action="{{ path }}">
{% for name, value in kept.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}<label>Account <select name="user">
{% for one in users %}<option value="{{ one.id }}">{{ one.upn }}</option>
{% endfor %}</select></label>
<button name="decision" value="accept">Allow</button>
<button name="decision" value="cancel">Deny</button></form>{% endif %}</body></html>"""


@dataclass(frozen=True, kw_only=True)
class App:
    """The registered application. Without addresses of its own every absolute one is taken as registered."""

    name: str
    client_id: str
    client_secret: str
    redirect_uris: Collection[str] | None
    is_admin_consented: bool  # to what the app is registered for, for everybody of the directory


@dataclass(frozen=True, kw_only=True)
class Code:
    """A code that waits to become tokens."""

    user: User
    scope: str
    redirect_uri: str
    challenge: str
    method: str
    nonce: str
    given_at: datetime


class ScopeError(ValueError):
    """A scope that cannot be granted: AADSTS number and sentence."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


def permissions(scope: str, own_base: str) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """Return the permissions by resource, and those of OpenID Connect; raises ScopeError."""
    found: dict[str, set[str]] = {}
    openid = frozenset(scope.split()) & OPENID
    for name in scope.split():
        if name in OPENID:
            continue
        resource, slash, short = name.rpartition("/")
        address = {own_base: SHAREPOINT}.get(resource.rstrip("/"), resource.rstrip("/")) if slash else GRAPH
        if address not in KNOWN:
            raise ScopeError(500011, f"The resource principal named {resource} was not found in the tenant.")
        if short != ".default" and short not in KNOWN[address]:
            raise ScopeError(65005, f"The application asked for scope '{short}' that doesn't exist on the resource.")
        found.setdefault(address, set()).add(short)
    if any(".default" in names and len(names) > 1 for names in found.values()):
        raise ScopeError(70011, "The scope is not valid. .default scope can't be combined with others.")
    return {resource: frozenset(names) for resource, names in found.items()}, openid


class AuthorizationServer:
    """The pages and endpoints under /{directory}/oauth2/v2.0."""

    def __init__(self, app: App, state: State, access: Access, lock: RLock) -> None:
        self._app = app
        self._state = state
        self._access = access
        self._lock = lock
        self._codes: dict[str, Code] = {}
        self._spent: set[str] = set()

    def attach(self, app: Flask) -> None:
        base = "/<directory>/oauth2/v2.0"
        app.add_url_rule(f"{base}/authorize", "consent", self.consent)
        app.add_url_rule(f"{base}/authorize", "decide", self.decide, methods=["POST"])
        app.add_url_rule(f"{base}/token", "token", self.token, methods=["POST"])

    def _base(self) -> str:
        return request.url_root.rstrip("/")

    def consent(self, directory: str) -> AnyResponse:
        kept = request.args.to_dict()
        if fault := self._fault(kept, directory):
            return _page(400, error=fault)
        if refused := self._refused(kept):
            return refused
        with self._lock:
            users = list(self._state.users.values())
        scopes = kept["scope"].split()
        return _page(200, app=self._app.name, path=request.path, scopes=scopes, kept=kept, users=users)

    def decide(self, directory: str) -> AnyResponse:
        sent = request.form.to_dict()
        if fault := self._fault(sent, directory):
            return _page(400, error=fault)
        if refused := self._refused(sent):
            return refused
        if sent.get("decision") != "accept":
            description = "AADSTS65004: User declined to consent to access the app."
            return _back(sent, error="access_denied", error_subcode="cancel", error_description=description)
        with self._lock:
            user = self._state.users.get(sent.get("user", ""))
        if user is None:
            return _page(400, error="AADSTS50034: The user account does not exist in the directory.")
        code = f"1.AX{secrets.token_urlsafe(90)}"
        self._codes[code] = Code(
            user=user,
            scope=sent["scope"],
            redirect_uri=sent["redirect_uri"],
            challenge=sent.get("code_challenge", ""),
            method=sent.get("code_challenge_method", "plain"),
            nonce=sent.get("nonce", ""),
            given_at=self._access.now(),
        )
        return _back(sent, code=code, session_state=secrets.token_hex(16))

    def _fault(self, asked: Mapping[str, str], directory: str) -> str | None:
        """Name what forbids to send the browser back at all."""
        if not _is_directory(directory):
            return f"AADSTS90002: Tenant '{directory}' not found."
        if asked.get("client_id") != self._app.client_id:
            return "AADSTS700016: Application with this identifier was not found in the directory."
        address = urlsplit(asked.get("redirect_uri", ""))
        allowed = self._app.redirect_uris
        is_known = allowed is None or asked.get("redirect_uri") in allowed
        if not (address.scheme and address.netloc) or address.fragment or not is_known:
            return "AADSTS50011: The redirect URI specified in the request does not match those configured."
        return None

    def _refused(self, asked: Mapping[str, str]) -> AnyResponse | None:
        if asked.get("response_type") != "code":
            description = "AADSTS700054: response_type is not enabled for the application."
            return _back(asked, error="unsupported_response_type", error_description=description)
        if asked.get("response_mode", "query") != "query":
            description = "AADSTS90014: The sandbox sends back by query only."
            return _back(asked, error="invalid_request", error_description=description)
        if "code_challenge" in asked and not re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", asked["code_challenge"]):
            description = "AADSTS501491: Invalid size of Code_Challenge parameter."
            return _back(asked, error="invalid_request", error_description=description)
        try:
            found, openid = permissions(asked.get("scope", ""), self._base())
        except ScopeError as fault:
            return _back(asked, error="invalid_scope", error_description=f"AADSTS{fault.number}: {fault}")
        if not (found or openid):
            description = "AADSTS900144: The request must contain the following parameter: 'scope'."
            return _back(asked, error="invalid_request", error_description=description)
        return None

    def token(self, directory: str) -> Response:
        sent = request.form.to_dict()
        if not _is_directory(directory):
            return self._error(400, "invalid_request", 90002, f"Tenant '{directory}' not found.")
        if refused := self._wrong_client(sent):
            return refused
        grant_type = sent.get("grant_type", "")
        granting = {
            "authorization_code": self._redeem,
            "refresh_token": self._renew,
            "client_credentials": self._application,
        }
        if grant_type not in granting:
            message = f"The app requested an unsupported grant type '{grant_type}'."
            return self._error(400, "unsupported_grant_type", 70003, message)
        return granting[grant_type](sent)

    def _wrong_client(self, sent: dict[str, str]) -> Response | None:
        basic = request.authorization
        if basic and basic.type == "basic":
            sent |= {"client_id": basic.username or "", "client_secret": basic.password or ""}
        if sent.get("client_id") != self._app.client_id:
            message = "Application with this identifier was not found in the directory."
            return self._error(400, "unauthorized_client", 700016, message)
        if "client_secret" not in sent:
            message = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            return self._error(401, "invalid_client", 7000218, message)
        if not hmac.compare_digest(sent["client_secret"].encode(), self._app.client_secret.encode()):
            return self._error(401, "invalid_client", 7000215, "Invalid client secret provided.")
        return None

    def _redeem(self, sent: Mapping[str, str]) -> Response:
        text = sent.get("code", "")
        if text in self._spent:
            return self._error(400, "invalid_grant", 54005, "OAuth2 Authorization code was already redeemed.")
        code = self._codes.get(text)
        if code is None:
            return self._error(400, "invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")
        if code.redirect_uri != sent.get("redirect_uri"):
            message = "The reply address does not match the one that was given when the code was asked for."
            return self._error(400, "invalid_client", 500112, message)
        if not _is_verified(code, sent.get("code_verifier", "")):
            message = "The Code_Verifier does not match the code_challenge supplied in the authorization request."
            return self._error(400, "invalid_grant", 501481, message)
        self._spent.add(text)
        if self._access.now() - code.given_at > CODE_LIFE:
            return self._error(400, "invalid_grant", 70008, "The provided authorization code has expired.")
        granted, openid = permissions(code.scope, self._base())
        consent = self._access.consent(code.user, granted, is_offline="offline_access" in openid)
        return self._answer(consent, sent.get("scope") or _first(granted, code.scope), code.nonce)

    def _renew(self, sent: Mapping[str, str]) -> Response:
        token = self._access.refresh_token(sent.get("refresh_token", ""))
        if token is None:
            return self._error(400, "invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")
        if not self._access.is_granted(token.consent):
            message = "The provided grant has expired due to it being revoked, a fresh auth token is needed."
            return self._error(400, "invalid_grant", 50173, message)
        if self._access.now() >= token.ends_at:
            return self._error(400, "invalid_grant", 700082, "The refresh token has expired due to inactivity.")
        return self._answer(token.consent, sent.get("scope") or _first(token.consent.scopes, ""), "")

    def _application(self, sent: Mapping[str, str]) -> Response:
        """Give the application a token of its own; SharePoint's REST takes such tokens by certificate only."""
        try:
            wanted, _ = permissions(sent.get("scope", ""), self._base())
        except ScopeError as fault:
            return self._error(400, "invalid_scope", fault.number, str(fault))
        if len(wanted) != 1 or next(iter(wanted.values())) != DEFAULT:
            message = "The provided value for scope is not valid. Client credential flows must have /.default."
            return self._error(400, "invalid_scope", 1002012, message)
        resource = next(iter(wanted))
        consent = self._access.consent(None, {resource: APPLICATION[resource]})
        token = self._access.issue(consent, resource, APPLICATION[resource])
        seconds = int((token.ends_at - self._access.now()).total_seconds())
        return jsonify(
            {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token.text}
        )

    def _answer(self, consent: Consent, scope: str, nonce: str) -> Response:
        try:
            wanted, openid = permissions(scope, self._base())
        except ScopeError as fault:
            return self._error(400, "invalid_scope", fault.number, str(fault))
        if len(wanted) > 1:
            message = "The provided value for scope is not valid because it contains more than one resource."
            return self._error(400, "invalid_scope", 28000, message)
        resource, names = next(iter(wanted.items()), (GRAPH, frozenset({"User.Read"})))
        granted = self._granted(consent, resource, names)
        if granted is None:
            message = "The user or administrator has not consented to use the application."
            return self._error(400, "invalid_grant", 65001, message)
        token = self._access.issue(consent, resource, granted)
        seconds = int((token.ends_at - self._access.now()).total_seconds())
        body: dict[str, object] = {
            "token_type": "Bearer",
            "scope": " ".join(f"{resource}/{name}" for name in sorted(granted)),
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": token.text,
        }
        if consent.is_offline:
            body["refresh_token"] = self._access.issue_refresh_token(consent)
        if "openid" in openid and consent.user:
            body["id_token"] = jwt({"aud": self._app.client_id, "oid": consent.user.id, "nonce": nonce})
        return jsonify(body)

    def _granted(self, consent: Consent, resource: str, names: frozenset[str]) -> frozenset[str] | None:
        """Return what a token may do, or None without a consent; .default means what the app is registered for."""
        own = consent.scopes.get(resource, frozenset())
        is_registered = self._app.is_admin_consented or any(one >= DEFAULT for one in consent.scopes.values())
        agreed = (own - DEFAULT) | (REGISTERED[resource] if is_registered else frozenset())
        wanted = agreed if names == DEFAULT else names
        return wanted if agreed and wanted <= agreed else None

    def _error(self, status: int, code: str, number: int, message: str) -> Response:
        return entra_error(status, code, number, message, self._access.now())


def _is_directory(name: str) -> bool:
    return name in {DIRECTORY_ID, DIRECTORY_DOMAIN, "common", "organizations"}


def _is_verified(code: Code, verifier: str) -> bool:
    if not code.challenge:
        return not verifier
    digest = hashlib.sha256(verifier.encode()).digest()
    hashed = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return hmac.compare_digest(hashed if code.method == "S256" else verifier, code.challenge)


def _first(granted: Mapping[str, frozenset[str]], asked: str) -> str:
    """Return the scope meant when none is named: that of Graph, or of the only resource there is."""
    resource = GRAPH if GRAPH in granted else next(iter(granted), "")
    openid = [name for name in asked.split() if name in OPENID]
    return " ".join([*(f"{resource}/{name}" for name in sorted(granted.get(resource, ()))), *openid])


def _page(status: int, **shown: object) -> Response:
    return Response(render_template_string(PAGE, **shown), status=status, content_type="text/html; charset=utf-8")


def _back(asked: Mapping[str, str], **told: str) -> AnyResponse:
    state = {"state": asked["state"]} if asked.get("state") else {}
    address = asked["redirect_uri"]
    return redirect(f"{address}{'&' if '?' in address else '?'}{urlencode({**told, **state})}")
