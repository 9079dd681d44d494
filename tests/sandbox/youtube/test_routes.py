"""The fake's route table against the discovery document, where that is at hand, and each bound of it."""

import json
import os
from pathlib import Path

import pytest

from scrm.sandbox.youtube import ROUTES
from scrm.sandbox.youtube.routes import CALLS, COMMON
from tests.sandbox.youtube.conftest import minute

# the specs are no setting of the product
SHARED = Path(os.environ.get("SCRM_SHARED", Path(__file__).parents[4] / "shared"))
SPEC = SHARED / "specs/youtube-v3.discovery.json"
FILTER = {
    "id": "x",
    "mine": "true",
    "playlistId": "UUx",
    "allThreadsRelatedToChannelId": "UCx",
    "mySubscribers": "true",
}
SIZED = [call for call in CALLS if "maxResults" in call.parameters]
ENUMERATED = [(call, name) for call in CALLS for name, one in call.parameters.items() if one.enum]


@pytest.fixture(scope="module")
def spec():
    if not SPEC.exists():
        pytest.skip("the discovery document is not at hand; set SCRM_SHARED")
    return json.loads(SPEC.read_text(encoding="utf-8"))


def described(spec, call):
    if call.name == "videos:batchGetStats":
        return spec["resources"]["videos"]["methods"]["batchGetStats"]
    return spec["resources"][call.name]["methods"]["list"]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_a_call_takes_exactly_what_is_described(spec, call):
    method = described(spec, call)
    assert set(method["scopes"]) == set(call.scopes)
    assert set(call.parameters) == set(method["parameters"])
    for name, one in method["parameters"].items():
        ours = call.parameters[name]
        assert ours.type == ("array" if one.get("repeated") else one["type"]), name
        assert [ours.minimum, ours.maximum] == [
            int(one[end]) if end in one else None for end in ("minimum", "maximum")
        ]
        assert list(ours.enum) == one.get("enum", [])
        assert ours.default == one.get("default")


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_a_call_has_parts_of_its_resource_alone(spec, call):
    response = spec["schemas"][described(spec, call)["response"]["$ref"]]
    known = spec["schemas"][response["properties"]["items"]["items"]["$ref"]]["properties"]
    assert call.parts <= set(known)


def test_common_parameters_are_googles(spec):
    assert set(COMMON) <= set(spec["parameters"])


def test_every_route_names_its_source():
    assert all(route.source for route in ROUTES)


def filtered(call):
    name = next((name for name in call.filters if name in FILTER and name not in call.unserved), None)
    return {"part": "id", **({name: FILTER[name]} if name else {})}


@pytest.mark.parametrize("call", SIZED, ids=lambda call: call.name)
def test_a_page_outside_its_bounds_is_refused_and_recorded(network, owner, call):
    bounds = call.parameters["maxResults"]
    for wrong in (bounds.minimum - 1, bounds.maximum + 1):
        answer = owner.answer(call.name, **filtered(call), maxResults=wrong)
        error = answer.json()["error"]
        assert (answer.status_code, error["errors"][0]["location"]) == (400, "maxResults")
        assert f"[{bounds.minimum}, {bounds.maximum}]" in error["message"]
        assert network.requests()[-1]["outcome"] == "invalid"
    for right in (bounds.minimum, bounds.maximum):
        owner.answer(call.name, **filtered(call), maxResults=right)
        assert network.requests()[-1]["outcome"] == "served"


@pytest.mark.parametrize(("call", "name"), ENUMERATED, ids=lambda one: getattr(one, "name", one))
def test_a_word_outside_its_enumeration_is_refused(network, owner, call, name):
    assert owner.answer(call.name, **filtered(call), **{name: "sideways"}).status_code == 400
    assert network.requests()[-1]["outcome"] == "invalid"


@pytest.mark.parametrize(
    ("call", "query", "reason"),
    [
        ("videos", {"id": "x"}, "missingRequiredParameter"),
        ("videos", {"part": "snippet"}, "missingRequiredParameter"),
        ("videos", {"part": "snippet,email", "id": "x"}, "unknownPart"),
        ("videos", {"part": "id", "id": "x", "chart": "mostPopular"}, "unexpectedParameter"),
        ("videos", {"part": "id", "id": ",".join(f"v{number}" for number in range(51))}, "invalidFilters"),
        ("channels", {"part": "id", "id": "x", "mine": "true"}, "incompatibleParameters"),
        ("commentThreads", {"part": "id", "videoId": "x", "id": "y"}, "incompatibleParameters"),
        ("commentThreads", {"part": "id", "id": "y", "moderationStatus": "published"}, "incompatibleParameters"),
        ("comments", {"part": "id", "id": "x", "parentId": "y"}, "incompatibleParameters"),
        ("search", {"part": "id", "forMine": "true"}, "incompatibleParameters"),
        ("search", {"part": "id", "type": "comment"}, "invalidParameter"),
        ("search", {"part": "id", "publishedAfter": "yesterday"}, "invalid"),
        ("videos", {"part": "id", "id": "x", "since": "1"}, "invalid"),
        ("videos", {"part": "id", "id": "x", "maxResults": "many"}, "invalid"),
        ("channels", {"part": "id", "mine": ["true", "true"]}, "invalid"),
    ],
)
def test_what_does_not_fit_has_the_networks_own_reason(network, owner, call, query, reason):
    assert owner.reason(call, **query) == (400, reason)
    assert network.requests()[-1]["outcome"] == "invalid"


def test_a_list_comes_repeated_or_with_commas(network, public):
    videos = [network.post("nordwerk", "Neu", at=minute(number)) for number in range(3)]
    assert public.ids("videos", part="id", id=",".join(videos)) == videos
    assert public.ids("videos", part=["id", "snippet"], id=videos) == videos


def test_an_unknown_path_is_no_part_of_the_api(network, owner):
    assert owner.answer("captions", part="id").status_code == 404
    assert network.requests()[-1]["outcome"] == "invalid"


def test_resources_have_no_field_of_our_own(spec, network, owner, channel):
    video = network.post("nordwerk", "Neu", at=minute(0))
    thread = network.post("katharina", "Wie teuer?", at=minute(1), reply_to=video)
    network.post("nordwerk", "Sehr.", at=minute(2), reply_to=thread)
    network.follow("katharina", "nordwerk", at=minute(3))
    asked = {
        "channels": {"mine": "true"},
        "playlistItems": {"playlistId": f"UU{channel[2:]}"},
        "videos": {"id": video},
        "videos:batchGetStats": {"id": video},
        "commentThreads": {"videoId": video},
        "comments": {"parentId": thread},
        "search": {"q": "neu"},
        "subscriptions": {"mySubscribers": "true"},
    }
    for call in CALLS:
        body = owner.json(call.name, part=",".join(sorted(call.parts)), **asked[call.name])
        assert body["items"], call.name
        assert list(unknown(spec, described(spec, call)["response"]["$ref"], body)) == []


def unknown(spec, name, value):
    """The fields of a body, at any depth, that its schema does not have."""
    properties = spec["schemas"][name].get("properties")
    if properties is None:
        return
    for field, inner in value.items():
        if field not in properties:
            yield f"{name}.{field}"
            continue
        schema = properties[field]
        is_list = schema.get("type") == "array"
        reference = schema["items"].get("$ref") if is_list else schema.get("$ref")
        for one in inner if is_list else [inner]:
            if reference:
                yield from unknown(spec, reference, one)
