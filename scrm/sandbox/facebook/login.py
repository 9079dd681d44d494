"""Facebook Login by hand: dialog, code, tokens, their exchange, and what `debug_token` says of them.

A code becomes a token of an hour or two, that one of sixty days, and pages' tokens derived from the long one
never expire (Meta's pages "Manual flow" and "Long-lived tokens"; lifetimes of code and short token, PKCE and
the codes of errors from memory, 2026-11-24). Instead of a sign-in the page lets one choose among the staff.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify, redirect, request

from scrm.sandbox.facebook import ids
from scrm.sandbox.facebook.access import SCOPES
from scrm.sandbox.graph.consent import Codes, page, split_scopes, with_query
from scrm.sandbox.graph.errors import BadRequestError, GraphError
from scrm.sandbox.graph.tokens import sent_proof, sent_token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from threading import RLock

    from werkzeug.wrappers import Response as AnyResponse

    from scrm.sandbox.facebook.state import Human, Page, State
    from scrm.sandbox.graph.tokens import Token, Tokens

CODE_LIFE = timedelta(minutes=10)
SHORT_LIFE = timedelta(hours=2)
LONG_LIFE = timedelta(days=60)
TITLE = "Log in with Facebook"


class Login:
    """The dialog and the token calls of one app."""

    def __init__(  # noqa: PLR0913 - the parts of a server and the lifetimes that tests change
        self,
        *,
        state: State,
        tokens: Tokens,
        clock: Callable[[], datetime],
        lock: RLock,
        redirect_uris: Sequence[str] = (),
        short_life: timedelta = SHORT_LIFE,
        long_life: timedelta = LONG_LIFE,
    ) -> None:
        self._state = state
        self._tokens = tokens
        self._clock = clock
        self._lock = lock
        self._redirect_uris = tuple(redirect_uris)
        self._short_life = short_life
        self._long_life = long_life
        self._codes = Codes(clock=clock, lifetime=CODE_LIFE)
        self._page_tokens: dict[tuple[str, str], Token] = {}

    def attach(self, app: Flask) -> None:
        app.add_url_rule("/<version>/dialog/oauth", "dialog", self.dialog)
        app.add_url_rule("/<version>/dialog/oauth", "decide", self.decide, methods=["POST"])
        app.add_url_rule("/<version>/oauth/access_token", "token", self.token, methods=["GET", "POST"])
        app.add_url_rule("/<version>/debug_token", "debug", self.debug)

    def long_token(self, human: Human, scopes: Sequence[str]) -> Token:
        return self._tokens.issue("USER", ids.asid(human.key), scopes, lifetime=self._long_life)

    def page_token(self, token: Token, of_page: Page) -> Token:
        """Return the page's token that derives from a person's: the same each time, dying with its parent."""
        known = self._page_tokens.get((token.text, of_page.id))
        if known is not None:
            return known
        is_long = token.expires_at is None or token.expires_at - token.issued_at > self._short_life
        lifetime = None if is_long or token.expires_at is None else token.expires_at - self._clock()
        derived = self._tokens.issue(
            "PAGE", token.user_id, token.scopes, profile_id=of_page.id, lifetime=lifetime, targets=token.targets
        )
        return self._page_tokens.setdefault((token.text, of_page.id), derived)

    def dialog(self, version: str) -> Response:  # noqa: ARG002 - checked by the ledger
        kept = request.args.to_dict()
        if fault := self._fault(kept):
            return page(400, TITLE, error=fault)
        with self._lock:
            accounts = [(one.key, one.name) for one in self._state.humans.values() if one.tasks]
        scopes = ", ".join(split_scopes(kept.get("scope", "public_profile")))
        return page(200, TITLE, app="Sandbox", scopes=scopes, kept=kept, accounts=accounts)

    def decide(self, version: str) -> AnyResponse:  # noqa: ARG002 - checked by the ledger
        sent = {**request.args.to_dict(), **request.form.to_dict()}
        if fault := self._fault(sent):
            return page(400, TITLE, error=fault)
        target, state = sent["redirect_uri"], {name: sent[name] for name in ("state",) if name in sent}
        if sent["decision"] != "allow":
            denied = {"error": "access_denied", "error_code": "200", "error_description": "Permissions error"}
            return redirect(with_query(target, {**denied, "error_reason": "user_denied", **state}))
        with self._lock:
            human = self._state.humans.get(sent["account"])
        if human is None:
            return page(400, TITLE, error="This account cannot log in here.")
        code = self._codes.give(
            human.key,
            {"public_profile", *split_scopes(sent.get("scope", ""))},
            target,
            challenge=sent.get("code_challenge"),
            account_ids=split_scopes(sent.get("pages", "")),
        )
        # the fragment is the real server's habit, and no part of the code
        return redirect(with_query(target, {"code": code, **state}, "#_=_"))

    def _fault(self, asked: Mapping[str, str]) -> str | None:
        if asked.get("client_id") != self._tokens.app_id:
            return "Invalid App ID: The provided app ID does not look like a valid app ID."
        target = asked.get("redirect_uri", "")
        is_known = target in self._redirect_uris if self._redirect_uris else "://" in target
        if not is_known:
            return "URL blocked: the redirect URI is not white-listed in the app's client OAuth settings."
        if asked.get("response_type", "code") != "code":
            return "Invalid parameter: response_type must be code."
        if unknown := sorted(set(split_scopes(asked.get("scope", ""))) - SCOPES):
            return f"Invalid Scopes: {', '.join(unknown)}."
        if "code_challenge" in asked and asked.get("code_challenge_method") != "S256":
            return "Invalid parameter: code_challenge_method must be S256."
        return None

    def token(self, version: str) -> Response:  # noqa: ARG002 - checked by the ledger
        sent = request.values.to_dict()
        if sent["client_id"] != self._tokens.app_id:
            raise GraphError(101)
        if not hmac.compare_digest(sent["client_secret"], self._tokens.app_secret):
            raise GraphError(1, status=400, message="Error validating client secret.")
        match sent.get("grant_type", "authorization_code"):
            case "client_credentials":
                return jsonify({"access_token": self._tokens.app_token, "token_type": "bearer"})
            case "fb_exchange_token":
                return self._exchanged(sent.get("fb_exchange_token"))
            case "authorization_code":
                return self._redeemed(sent)
        raise BadRequestError(100, message="(#100) Invalid grant_type")

    def _redeemed(self, sent: Mapping[str, str]) -> Response:
        for name in ("code", "redirect_uri"):
            if name not in sent:
                raise BadRequestError(100, message=f"Missing {name} parameter.")
        grant = self._codes.take(sent["code"], sent["redirect_uri"], sent.get("code_verifier"))
        chosen = grant.account_ids
        targets = {scope: chosen for scope in grant.scopes if scope.startswith("pages_")} if chosen else {}
        token = self._tokens.issue(
            "USER", ids.asid(grant.person_key), grant.scopes, lifetime=self._short_life, targets=targets
        )
        return self._told(token, self._short_life)

    def _exchanged(self, text: str | None) -> Response:
        # whoever knows the secret needs no proof of it
        short = self._tokens.check(text, self._tokens.proof(text) if text else None)
        if short.type != "USER":
            raise GraphError(100, message="(#100) Only a user access token can be exchanged")
        long = self._tokens.issue(
            "USER", short.user_id, short.scopes, lifetime=self._long_life, targets=short.targets
        )
        return self._told(long, self._long_life)

    def _told(self, token: Token, life: timedelta) -> Response:
        seconds = int(life.total_seconds())
        return jsonify({"access_token": token.text, "token_type": "bearer", "expires_in": seconds})

    def debug(self, version: str) -> Response:  # noqa: ARG002 - checked by the ledger
        asking = self._tokens.check(sent_token(), sent_proof())
        if asking.type == "PAGE":
            message = "(#100) You must provide an app access token, or a user access token of a developer of the app"
            raise GraphError(100, message=message)
        return jsonify({"data": self._tokens.debug(request.args["input_token"])})
