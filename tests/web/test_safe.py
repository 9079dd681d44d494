"""What holds for every route of the url map: headers, nothing kept, form tokens, roles, keys that change."""

import base64
import dataclasses
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from scrm.models import Role
from scrm.runtime import Core
from scrm.vault import Vault
from scrm.web import create_app, frame, roles
from tests.web import pages
from tests.web.conftest import TOKEN, Browser
from tests.web.seed import Seeded
from tests.web.test_roles import CHANGING, WITHOUT_TOKEN, address, rules

Browse = Callable[[str], Browser]
POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
}
FRAMED = frozenset({"embed"})  # blueprints whose pages others may frame, by a list of their own; all else stays


def policy_of(header: str) -> dict[str, list[str]]:
    return {part.split()[0]: part.split()[1:] for part in header.split(";") if part.strip()}


def everything(app: Flask) -> list[tuple[Rule, str]]:
    """Each route with each of its methods."""
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def test_every_answer_of_every_route_has_the_policy_and_the_headers(app: Flask, browse: Browse) -> None:
    for who in (browse("admin").client, app.test_client()):
        seen = 0
        for rule, method in everything(app):
            with who.open(address(app, rule), method=method) as answer:
                sent = answer.headers
                status = answer.status_code
            policy = policy_of(sent["Content-Security-Policy"])
            if rule.endpoint.split(".")[0] in FRAMED:
                policy["frame-ancestors"] = ["'none'"]
            assert {name: policy.get(name) for name in POLICY} == POLICY, rule
            assert "unsafe" not in sent["Content-Security-Policy"], rule
            for name, value in frame.HEADERS.items():
                if name not in {"Content-Security-Policy", "X-Frame-Options"} or rule.endpoint == "home.show":
                    assert sent[name] == value, (rule, name)
            if rule.endpoint != "static":
                assert sent["Cache-Control"] == "no-store", (rule, status)
            assert status < 500, (rule, method)
            assert "Server" not in sent
            seen += 1
        assert seen > 60


def test_every_answer_over_https_demands_it_for_a_year(core: Core, seeded: Seeded) -> None:
    settings = dataclasses.replace(core.settings, public_url="https://scrm.example")
    app = create_app(dataclasses.replace(core, settings=settings))
    client = app.test_client()
    for rule, method in everything(app):
        with client.open(address(app, rule), method=method, base_url="https://scrm.example") as answer:
            assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000"), rule
            for cookie in answer.headers.getlist("Set-Cookie"):
                assert cookie.startswith("__Host-"), rule
                assert "Secure" in cookie
                assert "SameSite=Lax" in cookie


@pytest.mark.parametrize("who", [*Role, None])
def test_every_role_gets_exactly_what_it_may_with_every_method(
    app: Flask, browse: Browse, seeded: Seeded, who: Role | None
) -> None:
    """With a good form token, so that the role alone decides; a refusal comes before anything is done."""
    browser = browse(who.value) if who else Browser(app, None)
    token = TOKEN.search(browser.client.get("/" if who else "/sign-in").get_data(as_text=True))[1]
    tried = 0
    for rule in rules(app):
        allowed = roles.roles_of(app, rule.endpoint)
        if allowed is None or rule.endpoint == "auth.sign_out":
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            if method == "GET" or (who is not None and who in allowed):
                continue  # GET: test_roles.py; what is allowed would be done, which other tests do one by one
            answer = browser.client.open(address(app, rule), method=method, data={"csrf_token": token})
            assert answer.status_code == (401 if who is None else 403), (rule, method)
            tried += 1
    assert tried > 10 or who is Role.ADMIN


def test_a_form_token_of_somebody_else_is_none(app: Flask, browse: Browse) -> None:
    foreign = TOKEN.search(browse("rep").get("/"))[1]
    admin = browse("admin")
    admin.get("/")
    for rule in rules(app):
        for method in (rule.methods or set()) & CHANGING:
            if rule.endpoint not in WITHOUT_TOKEN:
                answer = admin.client.open(address(app, rule), method=method, data={"csrf_token": foreign})
                assert answer.status_code == 400, rule


def ring(*names: str) -> Vault:
    keys = {"k1": b"1" * 32, "k2": b"2" * 32}
    return Vault({name: keys[name] for name in names})


def test_a_new_key_signs_nobody_out_and_refuses_no_form_that_was_open(core: Core, seeded: Seeded) -> None:
    def app_with(*names: str) -> Flask:
        return create_app(dataclasses.replace(core, vault=ring(*names)))

    browser = Browser(app_with("k1"), seeded.rep.id)
    token = TOKEN.search(browser.get("/"))[1]

    def send(app: Flask, form: str) -> int:
        other: Any = app.test_client()
        for name in ("scrm", "scrm-form"):
            found = browser.client.get_cookie(name)
            other.set_cookie(name, found.value)
        return other.post("/me/keys", data={"csrf_token": form, "keys": "on"}).status_code

    assert send(app_with("k1"), token) == 302
    assert send(app_with("k2", "k1"), token) == 302
    assert send(app_with("k2"), token) == 400, "a key that is gone must not sign any more"


def test_a_session_cannot_be_made_up(app: Flask, seeded: Seeded) -> None:
    for guess in ("", "0", str(seeded.admin.id), base64.b64encode(b"admin").decode(), secrets.token_urlsafe(32)):
        client = app.test_client()
        client.set_cookie("scrm", guess)
        assert client.get("/").status_code == 302


def test_every_page_answers_an_admin(app: Flask, core: Core, seeded: Seeded, browse: Browse) -> None:
    admin = browse("admin")
    found = pages.addresses(app, core, seeded)
    lost = {
        endpoint: path
        for endpoint, path in found.items()
        if admin.client.get(path).status_code not in {200, 302, 400, 404, 410}
    }
    assert lost == {}
    assert sum(admin.client.get(path).status_code == 200 for path in found.values()) > 20
