"""The fake's route table against the full API description, where that is at hand."""

import json
import os
from pathlib import Path

import pytest

from scrm.sandbox.mastodon import ROUTES
from tests.sandbox.mastodon.conftest import minute

# the specs are no setting of the product
SHARED = Path(os.environ.get("SCRM_SHARED", Path(__file__).parents[4] / "shared"))
SPEC = SHARED / "specs/mastodon/mastodon.openapi.json"


@pytest.fixture(scope="module")
def spec():
    if not SPEC.exists():
        pytest.skip("the Mastodon API description is not at hand; set SCRM_SHARED")
    return json.loads(SPEC.read_text(encoding="utf-8"))


@pytest.fixture
def paths(spec):
    return spec["paths"]


DESCRIBED = [route for route in ROUTES if (route.method, route.path) != ("POST", "/oauth/authorize")]


@pytest.mark.parametrize("route", DESCRIBED, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_takes_exactly_the_parameters_described(paths, route):
    operation = paths[route.path][route.method.lower()]
    described = {
        one["name"]: one["schema"]["type"] for one in operation.get("parameters", []) if one["in"] == "query"
    }
    assert dict(route.query) == described
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = {name: schema["type"] for name, schema in content.get("schema", {}).get("properties", {}).items()}
    assert set(route.body) == set(body)
    assert all(body[name] in words.split("|") for name, words in route.body.items())


def test_every_route_names_its_source():
    assert all(route.source for route in ROUTES)


def lacking(spec, name, entity):
    """The names in which an entity differs from its schema: fields it must have, fields nobody knows."""
    schema = spec["components"]["schemas"][name]
    return set(schema["required"]) - set(entity), set(entity) - set(schema["properties"])


def test_entities_have_every_required_field_and_none_of_our_own(spec, network, reader):
    news = network.post("nordwerk", "Neu 📷 #Nordwerk", at=minute(0))
    network.post("katharina", "Merken", at=minute(1), quote=news, mentions=("nordwerk",))
    network.share("nordwerk", news, at=minute(2))
    me = reader.json("/api/v1/accounts/verify_credentials")
    assert lacking(spec, "CredentialAccount", me) == (set(), set())
    notification = reader.json("/api/v1/notifications")[0]
    assert lacking(spec, "Notification", notification) == (set(), set())
    assert lacking(spec, "Account", notification["account"]) == (set(), set())
    boost, post = reader.json(f"/api/v1/accounts/{me['id']}/statuses")
    for status in (boost, boost["reblog"], post, notification["status"]):
        assert lacking(spec, "Status", status) == (set(), set())
    assert lacking(spec, "MediaAttachment", post["media_attachments"][0])[1] == set()
    assert lacking(spec, "Quote", notification["status"]["quote"]) == (set(), set())
    assert lacking(spec, "Search", reader.json("/api/v2/search", q="x")) == (set(), set())
    assert lacking(spec, "Instance", reader.json("/api/v2/instance")) == (set(), set())
