"""Fields, edges and parameters of the fake against Meta's own description, where that is at hand."""

import json
import os
from pathlib import Path

import pytest

from scrm.sandbox.graph.calls import ANYWHERE
from scrm.sandbox.instagram.api import SUBSCRIBABLE
from scrm.sandbox.instagram.nodes import graph
from scrm.sandbox.instagram.routes import ROUTES

# the specs are no setting of the product
SHARED = Path(os.environ.get("SCRM_SHARED", Path(__file__).parents[4] / "shared"))
SPEC = SHARED / "specs/meta-graph-v26.objects.json"
NAMES = {
    "User": "iguserforigonlyapi",
    "Media": "igmediaforigonlyapi",
    "Comment": "igcomment",
    "UnifiedThread": "unifiedthread",
}
EDGES = {
    "media": "User",
    "stories": "User",
    "tags": "User",
    "conversations": "User",
    "comments": "Media",
    "replies": "Comment",
    "messages": "UnifiedThread",
}
UNDOCUMENTED = {"folder", "tags", "source"}  # whose values are described nowhere


@pytest.fixture(scope="module")
def spec():
    if not SPEC.exists():
        pytest.skip("Meta's description is not at hand; set SCRM_SHARED")
    return json.loads(SPEC.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_a_type_has_exactly_the_fields_described(spec, name):
    assert graph(has_mention_fields=False).type(name).fields == set(spec[NAMES[name]]["fields"])


@pytest.mark.parametrize("edge", EDGES)
def test_an_edge_takes_exactly_the_parameters_described(spec, edge):
    described = spec[NAMES[EDGES[edge]]]["edges"][f"get_{edge}"]
    types = graph(has_mention_fields=False)
    assert types.type(EDGES[edge]).edges[edge].parameters == set(described["params"]) - UNDOCUMENTED
    route = next(one for one in ROUTES if one.path.endswith(f"}}/{edge}"))
    own = set(route.query) - set(ANYWHERE) - {"limit", "after", "before"}
    assert own == types.type(EDGES[edge]).edges[edge].parameters


def test_the_author_of_a_comment_and_the_fields_to_subscribe_are_those_described(spec):
    assert set(spec["igcommentfromuser"]["fields"]) == {"id", "username", "self_ig_scoped_id"}
    assert set(spec["iguser"]["enums"]["SubscribedFields"]) == SUBSCRIBABLE


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/access_token", "igaccesstokenforigonlyapi"),
        ("/refresh_access_token", "igrefreshaccesstokenforigonlyapi"),
    ],
)
def test_the_token_calls_take_what_is_described(spec, path, name):
    route = next(one for one in ROUTES if one.path == "/{version}" + path)
    assert set(route.required) == set(spec[name]["edges"]["api_get"]["params"])
