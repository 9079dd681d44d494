"""Every call in its bounds: paging, limits, tokens, errors, and Graph's side."""

import base64
import json
import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.yammer import ROUTES, Yammer
from tests.sandbox.yammer.conftest import Reader, minute, outcomes, reader_of

SHARED = Path(os.environ.get("SCRM_SHARED", Path(__file__).parents[4] / "shared"))
SPEC = SHARED / "specs/msgraph"
COMMUNITIES = "/v1.0/employeeExperience/communities"


@pytest.fixture
def many(network):
    """Twenty-five threads, the first of which got an answer after all."""
    started = [network.post("matze", f"Nr. {number}", at=minute(number)) for number in range(25)]
    return [*started, network.post("femke", "Antwort", at=minute(40), reply_to=started[0])]


def partner(network):
    return f"messages/in_group/{network.communities()['partner']}"


def test_older_than_walks_to_the_beginning(network, reader, many):
    found, query = [], {}
    while True:
        page = reader.json(partner(network), **query)
        found += [str(one["id"]) for one in page["messages"]]
        if not page["meta"]["older_available"]:
            break
        query = {"older_than": found[-1]}
    assert found[:-1] == many[::-1]
    assert reader.json(f"messages/{found[-1]}")["system_message"] is True
    assert len(reader.ids(partner(network), limit=100)) == 20


def test_newer_than_gives_the_newest_above_the_mark(network, reader, many):
    assert reader.ids(partner(network), newer_than=many[-1]) == []
    page = reader.json(partner(network), newer_than=many[2], limit=5)
    assert [str(one["id"]) for one in page["messages"]] == many[:-6:-1]
    assert page["meta"]["older_available"] is True
    rest = reader.json(partner(network), newer_than=many[2], older_than=many[5])
    assert [str(one["id"]) for one in rest["messages"]] == [many[4], many[3]]
    assert rest["meta"]["older_available"] is True, "there is older, though not above the mark"


def test_threads_are_listed_by_their_beginning_or_by_their_latest(network, reader, many):
    starters = reader.json(partner(network), threaded="true", limit=2)
    assert [str(one["id"]) for one in starters["messages"]] == [many[24], many[23]]
    assert starters["threaded_extended"] == {}
    extended = reader.json(partner(network), threaded="extended", limit=2)
    assert [str(one["id"]) for one in extended["messages"]] == [many[0], many[24]]
    assert [str(one["id"]) for one in extended["threaded_extended"][many[0]]] == [many[25]]
    assert reader.ids(partner(network), threaded="extended", newer_than=many[24]) == [many[0]]


def test_feeds_hold_what_their_name_says(network, reader):
    post = network.post("nordwerk", "Neu", at=minute(0))
    reply = network.post("matze", "Schön", at=minute(1), reply_to=post)
    other = network.post("matze", "Etwas anderes", at=minute(2))
    direct = network.message("matze", "Privat", at=minute(3))
    assert reader.ids("messages/sent") == [post]
    assert reader.ids("messages/received") == [direct, reply]
    matze = reader.json(f"messages/{reply}")["sender_id"]
    assert reader.ids(f"messages/from_user/{matze}") == [other, reply]
    assert reader.ids("messages/following")[:3] == [other, reply, post]
    thread = reader.json(f"messages/in_thread/{post}", include_topics="true")
    assert (len(thread["messages"]), thread["topics"]) == (2, [])
    assert reader.json(f"threads/{post}")["stats"]["latest_reply_id"] == int(reply)


def test_lists_of_people_come_in_pages(network, reader):
    names = [one["full_name"] for one in reader.json("users")]
    assert names == sorted(names, key=str.casefold)
    assert [one["full_name"] for one in reader.json("users", num_per_page=2, page=2)] == names[2:4]
    assert [one["full_name"] for one in reader.json("users", reverse="true")] == names[::-1]
    assert {one["name"][0] for one in reader.json("users", letter="k")} == {"k"}
    network.post("matze", "Viel", at=minute(0))
    assert reader.json("users", sort_by="messages")[0]["stats"]["updates"] >= 1
    assert len(reader.json("relationships")["colleagues"]) == 3


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("messages", {"limit": "0"}, 400),
        ("messages", {"limit": "viele"}, 400),
        ("messages", {"older_than": "0"}, 400),
        ("messages", {"newer_than": "-1"}, 400),
        ("messages", {"threaded": "false"}, 400),
        ("messages", {"since": "2026-11-01"}, 400),
        ("users", {"num_per_page": "51"}, 400),
        ("users", {"page": "0"}, 400),
        ("users", {"sort_by": "name"}, 400),
        ("users/by_email", {}, 400),
        ("search", {}, 400),
        ("search", {"search": "x", "num_per_page": "21"}, 400),
        ("search", {"search": "x", "model_types": "PAGE"}, 400),
        ("messages/liked", {}, 404),
        ("export", {}, 404),
        ("/v1.0/users", {"$top": "1000"}, 400),
        ("/v1.0/users", {"$select": "shoeSize"}, 400),
        ("/v1.0/users", {"$filter": "startswith(mail,'k')"}, 400),
        (COMMUNITIES, {"$orderby": "privacy"}, 400),
        (COMMUNITIES, {"$expand": "posts"}, 400),
        (COMMUNITIES, {"$skiptoken": "made-up"}, 400),
        ("/v1.0/sites", {}, 404),
    ],
)
def test_a_request_outside_the_description_is_refused_and_counted(network, reader, path, query, status):
    answer = reader.ask(path, **query)
    assert answer.status_code == status
    assert ("error" in answer.json()) is path.startswith("/v1.0/")
    if path != "messages/liked":  # looks like a message's id
        assert outcomes(network) == ["invalid"]


def test_a_call_without_a_living_token_is_refused_in_the_documented_words(network, clock, reader):
    body = {"response": {"message": "Token not found.", "code": 16, "stat": "fail"}}
    swapped = {
        "access_token": reader.credentials["graph_access_token"],
        "graph_access_token": reader.credentials["access_token"],
    }
    for one in (Reader(network, clock, dict.fromkeys(swapped, "made-up")), Reader(network, clock, swapped)):
        answer = one.ask("messages")
        assert (answer.status_code, answer.json()) == (401, body)
        refused = one.ask(COMMUNITIES)
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert reader.ask("messages").status_code == 200
    clock.forward(hours=2)
    assert reader.ask("messages").json() == body
    again = reader_of(network, clock, "nordwerk")
    network.revoke("nordwerk")
    assert again.ask("users/current").json() == body


def test_ten_calls_in_half_a_minute_and_then_none_at_all(network, clock, reader):
    reader.is_patient = False
    assert [reader.ask("messages").status_code for _ in range(10)] == [200] * 10
    assert reader.ask("users/current").status_code == 200, "counted apart"
    over = reader.ask("messages")
    assert (over.status_code, over.json()["response"]["code"], "Retry-After" in over.headers) == (429, 33, False)
    assert reader.ask("users/current").status_code == 429, "over one limit is over all"
    assert reader_of(network, clock, "femke").ask("messages").status_code == 200
    clock.forward(seconds=30)
    assert reader.ask("users/current").status_code == 200
    assert {"person": "nordwerk", "limit": "messages", "calls": 10} in network.usage()


def test_failures_can_be_ordered_in_the_words_of_either_api(network, reader):
    network.fail(status=503, times=1, path="/api/v1/messages.json")
    network.fail(status=429, times=1, path=COMMUNITIES, retry_after="7")
    assert reader.ask("messages").json()["response"]["stat"] == "fail"
    refused = reader.ask(COMMUNITIES)
    assert (refused.headers["Retry-After"], refused.json()["error"]["code"]) == ("7", "TooManyRequests")
    network.fail(status=403, times=1, body=network.error_body("forbidden"))
    assert reader.ask("users/current").json()["response"]["code"] == 403


def test_graph_names_communities_and_the_number_is_inside_the_id(network, reader):
    first = reader.json(COMMUNITIES, **{"$top": "1", "$orderby": "displayName"})
    link = requests.get(
        first["@odata.nextLink"],
        headers={"Authorization": f"Bearer {reader.credentials['graph_access_token']}"},
        timeout=10,
    ).json()
    communities = [*first["value"], *link["value"]]
    assert "@odata.nextLink" not in link
    assert [(one["displayName"], one["privacy"]) for one in communities] == [
        ("Nordwerk Partner", "public"),
        ("Nordwerk Vertrieb", "private"),
    ]
    for one in communities:
        name = json.loads(base64.urlsafe_b64decode(one["id"] + "=="))
        assert (name["_type"], name["id"] in network.communities().values()) == ("Group", True)
        assert {
            key: value for key, value in reader.json(f"{COMMUNITIES}/{one['id']}").items() if key[0] != "@"
        } == one
    assert reader.ask(f"{COMMUNITIES}/made-up").status_code == 404
    owners = reader.json(f"{COMMUNITIES}/{communities[0]['id']}/owners", **{"$select": "displayName"})["value"]
    assert [one["displayName"] for one in owners] == ["Engage Administrator"]
    members = reader.json(f"/v1.0/groups/{communities[1]['groupId']}/members")["value"]
    assert {one["mail"] for one in members} >= {"femke.harms@nordwerk.example", person("katharina").email}


def test_graph_gives_few_fields_unless_asked(reader):
    mail = person("katharina").email
    (found,) = reader.json("/v1.0/users", **{"$filter": f"mail eq '{mail}'"})["value"]
    assert "companyName" not in found
    fields = "companyName,userType,userPrincipalName,otherMails"
    chosen = reader.json(f"/v1.0/users/{found['id']}", **{"$select": fields})
    assert chosen["companyName"] == "Fördertechnik Leine GmbH"
    assert chosen["userPrincipalName"] == "katharina.gross_foerdertechnik-leine.example#EXT#@nordwerk.example"
    assert (chosen["userType"], chosen["otherMails"]) == ("Guest", [mail])
    assert reader.json("/v1.0/me")["mail"] == "social@nordwerk.example"
    assert (
        reader.json("/v1.0/users", **{"$select": "mail", "$filter": "displayName eq '田中健二'"})["value"][0]["mail"]
        is None
    )


def test_what_graph_shows_stands_in_its_schema(reader):
    schema = SPEC / "msgraph-v1.0.cut.csdl"
    if not schema.exists():
        pytest.skip("Graph's schema is not at hand; set SCRM_SHARED")
    text = schema.read_text(encoding="utf-8")

    def properties(name):
        body = re.search(rf'<EntityType Name="{name}".*?</EntityType>', text, re.DOTALL)[0]
        return {"id", *re.findall(r'Property Name="(\w+)"', body)}

    fields = "otherMails,proxyAddresses,companyName,city,country,userType,accountEnabled,createdDateTime,department"
    person_shown = {**reader.json("/v1.0/me"), **reader.json("/v1.0/me", **{"$select": fields})}
    assert {name for name in person_shown if name[0] != "@"} <= properties("user")
    community = reader.json(COMMUNITIES, **{"$expand": "owners,group"})["value"][0]
    assert set(community) <= properties("community")
    paths = {
        path.partition("{?")[0] for path in json.loads((SPEC / "msgraph.paths.json").read_text())["paths"]["v1.0"]
    }
    served = [route.path.removeprefix("/v1.0") for route in ROUTES if route.path.startswith("/v1.0/employee")]
    assert {path.replace("{id}", "{community-id}") for path in served} <= paths


def test_every_route_names_its_source():
    assert all(route.source for route in ROUTES)


def test_limits_can_be_set():
    narrow = {"messages": (1, timedelta(seconds=30)), "others": (1, timedelta(seconds=30))}
    with Yammer(limits=narrow, most_names=0) as fake:
        fake.add_account(person("nordwerk"), at=minute(0))
        headers = {"Authorization": f"Bearer {fake.credentials('nordwerk')['access_token']}"}
        url = f"{fake.base_url}/api/v1/messages.json"
        assert [requests.get(url, headers=headers, timeout=10).status_code for _ in range(2)] == [200, 429]
