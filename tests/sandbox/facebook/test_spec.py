"""The fake's names against Meta's own SDK, where its description is at hand."""

import json
import os
from pathlib import Path

import pytest

from scrm.sandbox.facebook import ROUTES, names
from scrm.sandbox.facebook.nodes import GRAPH

# the specs are no setting of the product
SHARED = Path(os.environ.get("SCRM_SHARED", Path(__file__).parents[4] / "shared"))
SPEC = SHARED / "specs/meta-graph-v26.objects.json"
FIELDS = {
    "page": names.PAGE,
    "pagepost": names.POST,
    "comment": names.COMMENT,
    "profile": names.PROFILE,
    "user": names.USER,
    "unifiedthread": names.THREAD,
    "recommendation": names.RECOMMENDATION,
}
EDGES = {
    "Page": "page",
    "PagePost": "pagepost",
    "Comment": "comment",
    "User": "user",
    "UnifiedThread": "unifiedthread",
}
# documented beside the SDK: dates of feeds, the summary of comments and reactions
BESIDE = {"since", "until", "summary"}


@pytest.fixture(scope="module")
def spec():
    if not SPEC.exists():
        pytest.skip("Meta's description is not at hand; set SCRM_SHARED")
    return json.loads(SPEC.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", FIELDS)
def test_the_fields_of_a_type_are_those_described(spec, name):
    assert FIELDS[name] == set(spec[name]["fields"])


@pytest.mark.parametrize("type_name", EDGES)
def test_edges_and_their_parameters_are_described(spec, type_name):
    described = {
        edge["endpoint"].strip("/"): set(edge["params"])
        for edge in spec[EDGES[type_name]]["edges"].values()
        if edge["http"] == "GET"
    }
    for name, edge in GRAPH.type(type_name).edges.items():
        assert name in described
        assert set(edge.parameters) - BESIDE <= described[name]


def test_every_reader_reads_a_field_of_its_type():
    for type_name in ("Page", "PagePost", "Comment", "Profile", "User", "UnifiedThread", "Recommendation", "Message"):
        node_type = GRAPH.type(type_name)
        assert set(node_type.read) <= node_type.fields
        assert set(node_type.default) <= set(node_type.read)


def test_values_are_those_described(spec):
    assert spec["page"]["enums"]["SubscribedFields"] == sorted(names.SUBSCRIBED_FIELDS)
    assert set(spec["profile"]["enums"]["Type"]) == names.REACTIONS
    assert set(spec["comment"]["enums"]["Filter"]) == names.FILTERS
    assert set(spec["comment"]["enums"]["LiveFilter"]) == names.LIVE_FILTERS
    assert set(spec["comment"]["enums"]["Order"]) == names.ORDERS
    assert set(spec["unifiedthread"]["enums"]["Platform"]) == names.MESSAGING_APPS


def test_every_route_names_its_source():
    assert all(route.source for route in ROUTES)
