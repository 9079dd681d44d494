"""Instagram Login: consent, code, short-lived token, long-lived token, and its refreshing.

A code lives an hour and once, comes back with `#_` behind it, and becomes a token of an hour; that is exchanged
for one of 60 days, which may be refreshed while it lives, once it is a day old and only with
`instagram_business_basic` (Meta's page "Business Login for Instagram", read 2026-11-23; the hour of the first
token and all sentences but the one of a used code from memory). Refreshing gives a new token and leaves the old
one alive until its own end, from memory too. Instead of a sign-in the page lets one choose a professional account.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import timedelta
from threading import RLock

from flask import Flask, Response, json, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from scrm.sandbox.graph import consent
from scrm.sandbox.graph.errors import BadRequestError, GraphError
from scrm.sandbox.graph.tokens import Token
from scrm.sandbox.instagram import ids
from scrm.sandbox.instagram.access import BASIC, SCOPES, Access
from scrm.sandbox.instagram.errors import InstagramError, token_error
from scrm.sandbox.instagram.state import Account, State

CODE_LIFE = timedelta(hours=1)
SHORT_LIFE = timedelta(hours=1)
LONG_LIFE = timedelta(days=60)
YOUNGEST = timedelta(hours=24)
SHORT, LONG = "SHORT_LIVED", "LONG_LIVED"
TITLE = "Log in with Instagram"
NO_CODE = "Matching code was not found or was already used"
OTHER_ADDRESS = (
    "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in "
    "the OAuth dialog request"
)
DENIED = {
    "error": "access_denied",
    "error_reason": "user_denied",
    "error_description": "The user denied your request",
}


class Login:
    """The authorization server; `redirect_uris` are those of the app's settings, none means any."""

    def __init__(
        self,
        *,
        state: State,
        access: Access,
        lock: RLock,
        redirect_uris: Sequence[str] = (),
        is_wrapped: bool = True,
    ) -> None:
        self.redirect_uris = list(redirect_uris)
        self._is_wrapped = is_wrapped
        self._state = state
        self._access = access
        self._lock = lock
        self._codes = consent.Codes(clock=access.now, lifetime=CODE_LIFE)

    def attach(self, app: Flask) -> None:
        app.add_url_rule("/oauth/authorize", "consent", self.show)
        app.add_url_rule("/oauth/authorize", "decide", self.decide, methods=["POST"])
        app.add_url_rule("/oauth/access_token", "code", self.exchange_code, methods=["POST"])
        app.add_url_rule("/<version>/access_token", "exchange", self.exchange)
        app.add_url_rule("/<version>/refresh_access_token", "refresh", self.refresh)

    def issue(self, account: Account, scopes: Sequence[str], kind: str) -> Token:
        lifetime = LONG_LIFE if kind == LONG else SHORT_LIFE
        return self._access.tokens.issue(kind, account.user_id, scopes, lifetime=lifetime)

    def show(self) -> Response:
        asked = request.args.to_dict()
        if fault := self._fault(asked):
            return consent.page(400, TITLE, error=fault)
        with self._lock:
            accounts = [(one.username, one.name) for one in self._state.by_key.values() if one.is_professional]
        scopes = ", ".join(consent.split_scopes(asked["scope"]))
        return consent.page(200, TITLE, app="Sandbox", scopes=scopes, kept=asked, accounts=accounts)

    def decide(self) -> AnyResponse:
        sent = {**request.args.to_dict(), **request.form.to_dict()}
        if fault := self._fault(sent):
            return consent.page(400, TITLE, error=fault)
        state = {"state": sent["state"]} if "state" in sent else {}
        if sent["decision"] != "allow":
            return redirect(consent.with_query(sent["redirect_uri"], {**DENIED, **state}))
        with self._lock:
            account = self._state.by_username.get(sent["account"])
        if account is None or not account.is_professional:
            return consent.page(400, TITLE, error="Only professional accounts can log in here.")
        scopes = consent.split_scopes(sent["scope"])
        code = self._codes.give(account.key, scopes, sent["redirect_uri"])
        return redirect(consent.with_query(sent["redirect_uri"], {"code": code, **state}, "#_"))

    def _fault(self, asked: Mapping[str, str]) -> str | None:
        if asked["client_id"] != self._access.tokens.app_id:
            return "Invalid platform app"
        if self.redirect_uris and asked["redirect_uri"] not in self.redirect_uris:
            return "Invalid redirect_uri"
        if asked.get("response_type") != "code":
            return "Invalid response_type"
        scopes = consent.split_scopes(asked.get("scope", ""))
        return None if BASIC in scopes and set(scopes) <= set(SCOPES) else "Invalid scope"

    def exchange_code(self) -> Response:
        sent = request.form
        if not self._is_client(sent["client_id"], sent["client_secret"]):
            return token_error("Error validating client secret.")
        if sent["grant_type"] != "authorization_code":
            return token_error("Invalid grant_type")
        try:
            grant = self._codes.take(sent["code"], sent["redirect_uri"])
        except GraphError as exc:
            return token_error(OTHER_ADDRESS if exc.subcode == 36008 else NO_CODE)
        with self._lock:
            account = self._state.by_key[grant.person_key]
        user_id = int(ids.app_scoped_id(account.key, self._access.tokens.app_id))
        answer = {
            "access_token": self.issue(account, grant.scopes, SHORT).text,
            "user_id": str(user_id) if self._is_wrapped else user_id,
            "permissions": ",".join(grant.scopes) if self._is_wrapped else list(grant.scopes),
        }
        return _json({"data": [answer]} if self._is_wrapped else answer)

    def exchange(self, version: str) -> Response:  # noqa: ARG002 - every version answers alike
        sent = request.args
        _expect(sent["grant_type"], "ig_exchange_token")
        tokens = self._access.tokens
        if not hmac.compare_digest(sent["client_secret"], tokens.app_secret):
            raise GraphError(101, message="Error validating client secret.")
        token = tokens.check(sent["access_token"])
        if token.type != SHORT:
            raise InstagramError(452)
        return self._long_lived(token)

    def refresh(self, version: str) -> Response:  # noqa: ARG002
        sent = request.args
        _expect(sent["grant_type"], "ig_refresh_token")
        token = self._access.tokens.check(sent["access_token"])
        if token.type != LONG:
            raise InstagramError(452)
        if not token.may(BASIC):
            raise GraphError(10)
        if self._access.now() - token.issued_at < YOUNGEST:
            raise GraphError(10, message="(#10) The access token is not yet 24 hours old and cannot be refreshed")
        return self._long_lived(token, {"permissions": ",".join(sorted(token.scopes))})

    def _long_lived(self, token: Token, more: Mapping[str, str] | None = None) -> Response:
        account = self._state.professional(token.user_id)
        if account is None:
            raise GraphError(190)
        text = self.issue(account, sorted(token.scopes), LONG).text
        seconds = int(LONG_LIFE.total_seconds())
        return _json({"access_token": text, "token_type": "bearer", "expires_in": seconds, **(more or {})})

    def _is_client(self, client_id: str, client_secret: str) -> bool:
        tokens = self._access.tokens
        return client_id == tokens.app_id and hmac.compare_digest(client_secret, tokens.app_secret)


def _expect(grant_type: str, known: str) -> None:
    if grant_type != known:
        raise BadRequestError(100, message=f"(#100) Param grant_type must be one of {{{known}}}")


def _json(body: object) -> Response:
    return Response(json.dumps(body), content_type="application/json; charset=utf-8")
