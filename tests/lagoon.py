"""Lagoon, an invented network that is signed in at: OAuth with PKCE, pages to choose from, a budget. Real HTTP."""

import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from flask import Flask, jsonify, redirect, request

from scrm.connectors.base import Account, Api, Client, Connector, Page, Stream, raise_for_status
from scrm.connectors.budget import Budget, Forecast, Period, Unit
from scrm.connectors.manifest import CredentialField, Manifest, RateLimit, Rule, Scope, Status, Terms
from scrm.connectors.oauth import Choice, OAuth, ask_for_token, challenge, lifetime
from scrm.connectors.payload import Payload
from scrm.connectors.registry import connectors
from scrm.records import Key, ProfileRecord
from scrm.sandbox.server import Server

KEY, PLAIN = "lagoon", "pond"  # the latter has nothing to choose and no budget
CLIENT_ID, CLIENT_SECRET = "app-7", "canary-client-secret"
PAGES = {"page-1": "nordwerk", "page-2": "nordwerk-service"}
TERMS = Terms(
    match=Rule.ALLOWED,
    store=Rule.ALLOWED,
    show=Rule.ALLOWED,
    write_to_crm=Rule.ALLOWED,
    keep_hours=None,
    source="https://lagoon.example/terms",
    read_on=date(2026, 1, 5),
)


@dataclass
class Water:
    """What the network knows, and what it was asked."""

    pages: dict[str, str] = field(default_factory=lambda: dict(PAGES))
    says_no: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)  # to the page they are for; "" is whoever signed in
    refresh: dict[str, str] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    answers: dict[str, int] = field(default_factory=dict)  # path to the status it is refused with
    slow_seconds: float = 0.0
    bodies: list[str] = field(default_factory=list)

    def token(self, page: str) -> dict[str, Any]:
        access, again = f"canary-{secrets.token_hex(8)}", f"canary-{secrets.token_hex(8)}"
        self.tokens[access], self.refresh[again] = page, page
        return {"access_token": access, "refresh_token": again, "expires_in": 3600}


def app_over(water: Water) -> Flask:
    app = Flask("lagoon")

    @app.before_request
    def refuse() -> tuple[str, int] | None:
        water.calls[request.path] += 1
        status = water.answers.get(request.path)
        return ("", status) if status else None

    _add_sign_in(app, water)
    _add_api(app, water)
    return app


def _add_sign_in(app: Flask, water: Water) -> None:
    @app.get("/oauth/authorize")
    def authorize() -> Any:
        asked = request.args
        assert asked["client_id"] == CLIENT_ID
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        if water.says_no:
            told = {"error": "access_denied", "error_description": "<b>no</b>"}
        else:
            told = {"code": f"canary-{secrets.token_hex(8)}"}
            water.codes[told["code"]] = dict(asked)
        return redirect(f"{asked['redirect_uri']}?{urlencode(told | {'state': asked['state']})}")

    @app.post("/oauth/token")
    def token() -> Any:
        form = request.form
        if (form["client_id"], form["client_secret"]) != (CLIENT_ID, CLIENT_SECRET):
            return jsonify(error="invalid_client"), 401
        time.sleep(water.slow_seconds)
        if form["grant_type"] == "refresh_token":
            page = water.refresh.pop(form["refresh_token"], None)
            return (jsonify(error="invalid_grant"), 400) if page is None else jsonify(water.token(page))
        asked = water.codes.pop(form["code"], None)
        if (
            asked is None
            or asked["redirect_uri"] != form["redirect_uri"]
            or asked["code_challenge"] != challenge(form["code_verifier"])
        ):
            return jsonify(error="invalid_grant"), 400
        return jsonify(water.token(""))

    @app.post("/oauth/revoke")
    def revoke() -> Any:
        water.bodies.append(request.form["token"])
        water.tokens.pop(request.form["token"], None)
        return ""


def _add_api(app: Flask, water: Water) -> None:
    def bearer() -> str | None:
        return water.tokens.get(request.headers["Authorization"].removeprefix("Bearer "))

    @app.get("/pages")
    def pages() -> Any:
        if bearer() != "":
            return "", 401
        return jsonify(pages=[{"id": page, "name": name, **water.token(page)} for page, name in water.pages.items()])

    @app.get("/me")
    def me() -> Any:
        page = bearer()
        if page is None:
            return "", 401
        return jsonify(id=page or "person-1", handle=water.pages.get(page, "helene"))

    @app.get("/count")
    def count() -> Any:
        return jsonify(items=1200)


class _Client(Client):
    def headers(self, api):
        return {"Authorization": f"Bearer {api.credentials['access_token']}"}

    def check(self, api, answer):
        raise_for_status(api, answer)


CLIENT = _Client()


def _credentials(api: Api, token: Payload) -> dict[str, str]:
    return {
        "access_token": token.text("access_token"),
        "refresh_token": token.text("refresh_token"),
        **lifetime(api, token, renew_before=timedelta(minutes=10)),
    }


def _app(api: Api) -> dict[str, str]:
    return {"client_id": api.app["client_id"], "client_secret": api.app["client_secret"]}


class _OAuth(OAuth):
    uses_pkce = True

    def redeem(self, api, *, code, redirect_uri, verifier):
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        sent = form | {"code_verifier": verifier} | _app(api)
        return _credentials(api, ask_for_token(api, api.app["token_url"], sent))

    def revoke(self, api):
        api.session.call("POST", api.url("/oauth/revoke"), data={"token": api.credentials["access_token"]})


class _OAuthWithPages(_OAuth):
    def choices(self, api):
        found = Payload(CLIENT.json(api, "/pages")).children("pages")
        return tuple(
            Choice(native_id=page.text("id"), label=page.text("name"), credentials=_credentials(api, page))
            for page in found
        )


class _Notes(Stream):
    name = "notes"
    label = "Mentions"

    def read(self, api, cursor):
        del cursor
        CLIENT.json(api, "/me")
        return Page(items=(), cursor=None, has_more=False)

    def translate(self, item, account):
        raise NotImplementedError


APP_FIELDS = (
    CredentialField(name="client_id", label="Client id", example="app-1"),
    CredentialField(name="client_secret", label="Client secret", is_secret=True),
    CredentialField(name="verify_token", label="Verify token", is_generated=True),
    CredentialField(
        name="api_url", label="Address of the API", default="https://api.lagoon.example", is_advanced=True
    ),
    CredentialField(
        name="authorize_url", label="Consent", default="https://lagoon.example/consent", is_advanced=True
    ),
    CredentialField(
        name="token_url", label="Tokens", default="https://api.lagoon.example/oauth/token", is_advanced=True
    ),
    CredentialField(name="version", label="Version", default="v2", choices=("v2", "v1"), is_advanced=True),
)


class _Lagoon(Connector):
    streams = (_Notes(),)
    client = CLIENT

    def __init__(self, key: str, oauth: OAuth, budget: Budget | None) -> None:
        self.oauth = oauth
        self.manifest = Manifest(
            key=key,
            label=key.title(),
            mark="Lg",
            status=Status.LIVE,
            terms=TERMS,
            scopes=(
                Scope(name="notes.read", reason="To read what people say to you."),
                Scope(name="pages.list", reason="To let you choose the page to connect."),
            ),
            rate_limit=RateLimit(calls=10, seconds=60),
            credential_fields=(CredentialField(name="access_token", label="Access token", is_secret=True),),
            app_fields=APP_FIELDS,
            budget=budget,
            default_base_url="https://lagoon.example",
            reads=("Mentions", "Comments"),
        )

    def sign_in(self, api: Api) -> tuple[Account, ProfileRecord]:
        me = Payload(CLIENT.json(api, "/me"))
        key = Key(network=self.manifest.key, native_id=me.text("id"))
        handle = me.text("handle")
        return Account(key=key, handle=handle, base_url=api.base_url), ProfileRecord(key=key, handle=handle)

    def renew(self, api: Api) -> None:
        form = {"grant_type": "refresh_token", "refresh_token": api.credentials["refresh_token"]}
        api.credentials = _credentials(api, ask_for_token(api, api.app["token_url"], form | _app(api)))

    def forecast(self, api: Api) -> tuple[Forecast, ...]:
        items = Payload(CLIENT.json(api, "/count")).number("items") or 0
        assert api.account is not None
        return (Forecast(stream="notes", items=int(items), cost=int(items) * 5_000),)


BUDGET = Budget(unit=Unit.MICRO_USD, period=Period.MONTH, cap=25_000_000, source="https://lagoon.example/prices")


def register() -> None:
    connectors()[KEY] = _Lagoon(KEY, _OAuthWithPages(), BUDGET)
    connectors()[PLAIN] = _Lagoon(PLAIN, _OAuth(), None)


def unregister() -> None:
    for key in (KEY, PLAIN):
        connectors().pop(key, None)


def serve(water: Water) -> Server:
    return Server(app_over(water))


def host(server: Server) -> str:
    return urlsplit(server.base_url).netloc


def app_form(server: Server) -> dict[str, str]:
    """What an admin fills in for the app."""
    return {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "api_url": server.base_url,
        "authorize_url": f"{server.base_url}/oauth/authorize",
        "token_url": f"{server.base_url}/oauth/token",
        "version": "v2",
    }


def say_yes(address: str) -> dict[str, str]:
    """The person's browser goes to the network and is sent back: what our address is told."""
    answer = requests.get(address, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.status_code
    back = answer.headers["Location"]
    return {name: value for name, _, value in (pair.partition("=") for pair in urlsplit(back).query.split("&"))}
