"""Every route has its roles, and every form its token."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import IntegerConverter

from scrm.models import Role
from scrm.web import roles
from tests.web.conftest import Browser
from tests.web.seed import Seeded

Browse = Callable[[str], Browser]
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
WITHOUT_TOKEN = {
    "webhooks.receive_from_crm",
    "webhooks.receive_from_network",
    "webhooks.receive_outbound",
    "forgetting.from_network",
    "canvas.receive",
    "digest.stop_digest",
}


def address(app: Flask, rule) -> str:
    values = {name: sample(rule, name) for name in rule.arguments}
    with app.test_request_context():
        return app.url_map.bind("localhost").build(
            rule.endpoint, values, method=next(iter(rule.methods - {"HEAD", "OPTIONS"}))
        )


def sample(rule, name: str) -> object:
    if isinstance(rule._converters[name], IntegerConverter):
        return 1
    return str(uuid4()) if name.endswith("_id") else "harbor"


def rules(app: Flask) -> list:
    """Every route but those of the API, which ask for a token instead: tests/web/api/test_api.py."""
    return [rule for rule in app.url_map.iter_rules() if not hasattr(app.view_functions[rule.endpoint], "scope")]


def test_every_route_declares_a_role_or_is_on_the_short_public_list(app: Flask) -> None:
    bare = {rule.endpoint for rule in rules(app) if roles.roles_of(app, rule.endpoint) is None}
    assert bare == roles.PUBLIC
    assert len(roles.PUBLIC) <= 20


def test_an_application_with_a_route_that_declares_nothing_does_not_start(app: Flask) -> None:
    app.view_functions["bare"] = lambda: ""
    with pytest.raises(RuntimeError, match="bare"):
        roles.check(app)


def test_every_changing_request_without_a_token_is_refused(app: Flask, browse: Browse) -> None:
    admin = browse("admin")
    tried = 0
    for rule in rules(app):
        for method in rule.methods & CHANGING:
            if rule.endpoint in WITHOUT_TOKEN:
                continue
            answer = admin.client.open(address(app, rule), method=method, data={"decision": "link", "act": "pause"})
            assert answer.status_code == 400, rule
            tried += 1
    assert tried >= 14


def test_nobody_gets_in_without_signing_in(app: Flask, seeded: Seeded) -> None:
    client = app.test_client()
    for rule in rules(app):
        if rule.endpoint in roles.PUBLIC or "GET" not in rule.methods:
            continue
        path = address(app, rule)
        answer = client.get(path)
        if path.endswith(".json"):
            assert answer.status_code == 401, rule
        else:
            assert (answer.status_code, answer.location.split("?")[0]) == (302, "/sign-in"), rule


@pytest.mark.parametrize("role", list(Role))
def test_a_role_reaches_exactly_what_it_is_allowed(app: Flask, browse: Browse, role: Role) -> None:
    browser = browse(role.value)
    for rule in rules(app):
        allowed = roles.roles_of(app, rule.endpoint)
        if allowed is None or "GET" not in rule.methods:
            continue
        status = browser.client.get(address(app, rule)).status_code
        assert (status == 403) is (role not in allowed), rule


def test_the_menu_shows_only_what_one_may_open(browse: Browse) -> None:
    assert "/connections" not in browse("rep").get("/")
    assert 'href="/review"' not in browse("rep").get("/")
    assert 'href="/review"' in browse("steward").get("/")
    assert "/connections" in browse("admin").get("/")
