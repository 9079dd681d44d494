"""The fake's calls against X's own API descriptions, where these are at hand."""

import json
import os
import re
from pathlib import Path

import pytest

from scrm.sandbox.x import X
from scrm.sandbox.x.activity import EVENT_TYPES
from scrm.sandbox.x.calls import calls
from scrm.sandbox.x.routes import routes
from scrm.sandbox.x.vocabulary import POST, TWEET
from tests.sandbox.x.conftest import minute, populate, reader_of

# the specs are no setting of the product
SHARED = Path(os.environ.get("SCRM_SHARED", Path(__file__).parents[4] / "shared"))
FILES = {POST: "x-api-v2.openapi.json", TWEET: "x-api-v2.openapi.2026-08-06.tweet-names.json"}
CALLS = [(words, call) for words in FILES for call in calls(words)]
KINDS = {"integer": "integer", "array": "list", "string": "string", "date-time": "time"}


def description(words):
    path = SHARED / "specs" / FILES[words]
    if not path.exists():
        pytest.skip("the X API descriptions are not at hand; set SCRM_SHARED")
    return json.loads(path.read_text(encoding="utf-8"))


def resolved(spec, item):
    while "$ref" in item:
        _, _, group, name = item["$ref"].split("/")
        item = spec["components"][group][name]
    return item


def facts(spec, parameter):
    """What the description says of a parameter, in the words of ours."""
    schema = resolved(spec, parameter["schema"])
    item = resolved(spec, schema["items"]) if schema["type"] == "array" else schema
    pattern = item.get("pattern")
    return {
        "kind": KINDS[schema.get("format") if schema.get("format") == "date-time" else schema["type"]],
        "is_required": parameter.get("required", False),
        "lowest": schema.get("minimum"),
        "highest": schema.get("maximum"),
        "longest": schema.get("maxLength"),
        "choices": set(item["enum"]) if "enum" in item else None,
        "most": schema.get("maxItems"),
        "pattern": pattern and pattern.removeprefix("^").removesuffix("$"),
    }


def ours(parameter):
    names = ("kind", "is_required", "lowest", "highest", "longest", "most", "pattern")
    found = {name: getattr(parameter, name) for name in names}
    return found | {"choices": set(parameter.choices) if parameter.choices else None}


@pytest.mark.parametrize(("words", "call"), CALLS, ids=lambda one: getattr(one, "path", getattr(one, "word", "")))
def test_a_call_takes_exactly_the_parameters_and_bounds_described(words, call):
    spec = description(words)
    operation = spec["paths"][call.path][call.method.lower()]
    described = [resolved(spec, one) for one in operation.get("parameters", [])]
    for place, known in (("query", call.query), ("path", call.parts)):
        wanted = {one["name"]: facts(spec, one) for one in described if one["in"] == place}
        got = {name: ours(parameter) for name, parameter in known.items()}
        for parameter in [*wanted.values(), *got.values()]:
            if place == "path":
                parameter.pop("is_required")
        assert got == wanted


@pytest.mark.parametrize(("words", "call"), CALLS, ids=lambda one: getattr(one, "path", getattr(one, "word", "")))
def test_a_call_takes_the_tokens_and_scopes_described(words, call):
    spec = description(words)
    security = spec["paths"][call.path][call.method.lower()]["security"]
    accepted = {name: set(scopes) for one in security for name, scopes in one.items()}
    assert call.takes_app == ("BearerToken" in accepted)
    if call.path == "/2/activity/subscriptions" and call.method == "POST":
        assert "OAuth2UserToken" in accepted, "which scopes are needed depends on the type of event"
    elif call.path == "/2/tweets/counts/recent":
        assert accepted.get("OAuth2UserToken", set()) == set(), "only the newer version takes users"
    else:
        assert (None if call.scopes is None else set(call.scopes)) == accepted.get("OAuth2UserToken")


def test_the_types_of_events_are_those_described_and_the_one_documented_besides():
    spec = description(POST)
    body = spec["paths"]["/2/activity/subscriptions"]["post"]["requestBody"]["content"]["application/json"]
    schema = resolved(spec, body["schema"])
    assert set(schema["properties"]["event_type"]["enum"]) == EVENT_TYPES - {"oauth.revoke"}


def test_every_route_names_its_source():
    assert all(route.source for words in FILES for route in routes(words))


@pytest.mark.parametrize("words", FILES, ids=lambda words: words.word)
def test_answers_have_no_fields_of_our_own_and_ids_of_the_pattern(words, clock):
    spec = description(words)
    schemas = {name: set(schema.get("properties", ())) for name, schema in spec["components"]["schemas"].items()}
    everything = {
        f"{words.word}.fields": ",".join(words.post_fields),
        "user.fields": ",".join(words.user_fields),
        "expansions": ",".join(words.post_expansions),
    }
    with X(clock=clock, vocabulary=words.word) as network:
        populate(network)
        news = network.post("nordwerk", "Neu #Antriebstechnik https://nordwerk.example " + "x" * 300, at=minute(0))
        network.post("katharina", "Wie?", at=minute(1), reply_to=news, quote=news, mentions=("femke",))
        reader = reader_of(network, "nordwerk")
        me = reader.json("/2/users/me", **{"user.fields": everything["user.fields"]})["data"]
        page = reader.json(f"/2/users/{me['id']}/mentions", **everything)
        users = [me, *page["includes"]["users"]]
        posts = [*page["data"], *page["includes"][words.plural]]
    # 2.166 lets one ask for lang, source and others without listing all of them in its schema
    unlisted = {"note_tweet", "confirmed_email", "is_identity_verified", "parody"} if words is TWEET else set()
    for user in users:
        assert set(user) - unlisted <= schemas["User"]
    for post in posts:
        assert set(post) - unlisted <= schemas["Post" if words is POST else "Tweet"]
        assert re.fullmatch(r"[0-9]{1,19}", post["id"])
    assert {words.edit_history, words.referenced, "author_id"} <= set(page["data"][0])
    assert words.note in page["includes"][words.plural][0]
