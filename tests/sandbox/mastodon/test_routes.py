"""The fake's route table against the full API description, where that is at hand."""

import json
import os
from pathlib import Path

import pytest

from scrm.sandbox.mastodon import ROUTES

# the specs are no setting of the product
SHARED = Path(os.environ.get("SCRM_SHARED", Path(__file__).parents[4] / "shared"))  # noqa: TID251
SPEC = SHARED / "specs/mastodon/mastodon.openapi.json"


@pytest.fixture(scope="module")
def paths():
    if not SPEC.exists():
        pytest.skip("the Mastodon API description is not at hand; set SCRM_SHARED")
    return json.loads(SPEC.read_text(encoding="utf-8"))["paths"]


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
