"""What the fake's API takes and what it refuses, in Jive's words; pages, fields, access and its limits."""

import json

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.jive import ROUTES, Jive
from scrm.sandbox.jive.access import THROTTLE
from scrm.sandbox.jive.problems import RefusedError
from scrm.sandbox.jive.selection import values_of
from scrm.sandbox.jive.times import moment
from tests.sandbox.jive.conftest import API, PEOPLE, PREFIX, Reader, message_of, minute, stamp


def last(network):
    return network.requests()[-1]


@pytest.mark.parametrize(
    "path",
    [
        "/contents?count=0",
        "/contents?count=101",
        "/contents?count=ten",
        "/contents?startIndex=-1",
        "/contents?limit=5",
        "/contents?sort=newest",
        "/contents?filter=type",
        "/contents?filter=type()",
        "/contents?filter=type(tweet)",
        "/contents?filter=type(post)&filter=type(idea)",
        "/contents?filter=color(red)",
        "/contents?filter=place(1004)",
        "/contents?filter=author(/places/1)",
        "/contents?filter=author(http://elsewhere.example/api/core/v3/people/2001)",
        "/contents?filter=search(a(b)",
        f"/contents?filter=creationDate({stamp(0)})",
        f"/contents?filter=creationDate({stamp(0)},null)",  # a bare plus sign is a blank
        "/contents?filter=modificationDate(yesterday,null)",
        "/contents/abc",
        "/people?count=101",
        "/people?ids=me",
        "/people?filter=nameonly(maybe)",
        "/people?filter=updated(null)",
        "/places?filter=type(channel)",
        "/activities?count=1001",
        f"/activities?after={stamp(0).replace('+', '%2B')}&before={stamp(9).replace('+', '%2B')}",
        "/activities?after=2026-11-01",
        "/members/places/1002?state=friend",
        "/search/contents",
        "/search/people?filter=nameonly(true)",
        "/search/contents?filter=search(x)&filter=before(0)",
        "/deletedObjects/contents?filter=since(0)",
        "/deletedObjects/contents?sort=eventDate",
    ],
)
def test_what_stands_in_no_description_is_400_and_recorded(network, reader, path):
    answer = reader.ask(path)
    assert answer.status_code == 400
    assert message_of(answer).startswith("An input field is missing or malformed")
    assert (last(network)["outcome"], bool(last(network)["fault"])) == ("invalid", True)


def test_an_unknown_path_or_method_is_refused_and_recorded(network, reader):
    assert message_of(reader.ask("/likes")).startswith("The specified object does not exist")
    assert reader.ask("/contents", "DELETE").status_code == 405
    assert [one["outcome"] for one in network.requests()] == ["invalid", "invalid"]


def test_filters_are_read_with_their_escapes():
    assert values_of("a,b") == ["a", "b"]
    assert values_of(r"10\,000,\(x\)\\") == ["10,000", r"(x)\ ".strip()]
    with pytest.raises(RefusedError):
        values_of("a)")
    assert moment("2012-01-31T19:13:29.851+0000") == moment("2012-01-31T19:13:29.851Z")
    assert moment("2012-01-31T19:13:29.851 0000") is None
    assert moment("2012-13-31T19:13:29.851Z") is None


def test_every_route_names_its_source():
    assert all(route.source for route in ROUTES)
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


def test_pages_lead_on_until_no_link_does_and_may_be_short_before(network, reader):
    told = [network.post("femke", f"Nr. {one}", at=minute(one), content_type="discussion") for one in range(7)]
    secret = network.post("femke", "intern", at=minute(3), visibility="community", content_type="discussion")
    assert [len(page) for page in reader.walk("/contents", count=3)] == [3, 3, 2]
    partner = Reader(network, "andreas")
    pages = partner.walk("/contents", count=3, sort="dateCreatedAsc")
    assert [len(page) for page in pages] == [3, 2, 2], "the page was cut before the reader's rights were asked"
    seen = [f"/contents/{one['contentID']}" for page in pages for one in page]
    assert seen == told
    assert secret not in seen
    middle = reader.json("/contents", count=3, startIndex=3)
    assert (middle["itemsPerPage"], middle["startIndex"]) == (3, 3)
    assert set(middle["links"]) == {"next", "previous"}
    assert "links" not in reader.json("/contents")


def test_fields_select_and_lists_of_people_are_short_unless_asked(network, reader):
    content = network.post("femke", "Moin.", at=minute(0), content_type="idea")
    assert reader.json(content, fields="subject,author.displayName") == {
        "subject": "Moin.",
        "author": {"displayName": "Femke Harms"},
    }
    assert "resources" not in reader.json(content, fields="-resources")
    short = reader.items("/people", ids="2002")[0]
    assert set(short) == {"displayName", "id", "jive", "name", "resources", "type"}
    assert "emails" in reader.items("/people", ids="2002", fields="@all")[0]
    assert set(reader.json("/people/2002", fields="@summary,emails")) == {*short, "emails"}


def test_everything_says_401_without_a_way_in(network, reader):
    bare = requests.get(f"{network.base_url}{API}/people/@me", timeout=10)
    assert bare.status_code == 401
    assert "Basic" in bare.headers["WWW-Authenticate"]
    reader.headers["Authorization"] = "Bearer guess"
    assert message_of(reader.ask("/contents")) == "The access token is invalid or has expired"
    version = requests.get(f"{network.base_url}/api/version", timeout=10)
    assert version.json()["jiveCoreVersions"][0]["version"] == 3


def test_a_user_name_or_an_email_and_a_password_let_in_until_revoked(network):
    known = network.credentials("lars")
    url = f"{network.base_url}{API}/people/@me"
    for login in (known["username"], person("lars").email):
        answer = requests.get(url, auth=(login, known["password"]), timeout=10)
        assert json.loads(answer.text.removeprefix(PREFIX))["displayName"] == "Lars Petersen"
    assert requests.get(url, auth=("lpetersen", "guess"), timeout=10).status_code == 401
    network.revoke("lars")
    assert requests.get(url, auth=(known["username"], known["password"]), timeout=10).status_code == 401
    network.disable("femke")
    assert Reader(network, "femke").ask("/people/@me").status_code == 401


def test_an_access_token_ends_after_two_days(reader, clock):
    clock.forward(seconds=172_798)
    assert reader.ask("/people/@me").status_code == 200
    clock.forward(seconds=1)
    assert reader.ask("/people/@me").status_code == 401


@pytest.mark.parametrize(("value", "status"), [("userid 2002", 200), ("user 2002", 400), ("userid 9", 404)])
def test_an_administrator_asks_as_somebody_else(network, reader, value, status):
    reader.headers["X-Jive-Run-As"] = value
    answer = reader.ask("/people/@me")
    assert answer.status_code == status
    assert ("Femke Harms" in answer.text) == (status == 200)
    other = Reader(network, "lars")
    other.headers["X-Jive-Run-As"] = value
    assert other.ask("/people/@me").status_code in {400, 403}


def test_the_prefix_may_be_switched_off(clock):
    with Jive(clock=clock, is_prefixed=False) as network:
        network.add_account(person("nordwerk"), at=minute(0))
        assert Reader(network).ask("/people/@me").json()["jive"]["username"] == "nordwerk"


def test_an_add_on_that_is_too_fast_gets_503_until_it_is_slow(clock):
    with Jive(clock=clock, throttle=(2, 3)) as network:
        network.add_account(person("nordwerk"), at=minute(0))
        reader = Reader(network)
        assert [reader.ask("/people/@me").status_code for _ in range(5)] == [200, 200, 200, 503, 503]
        clock.forward(seconds=5)
        closed = reader.ask("/people/@me")
        assert (closed.status_code, closed.headers["Retry-After"]) == (503, "10")
        clock.forward(seconds=5)
        assert reader.ask("/people/@me").status_code == 503, "two in ten seconds are not below the lower bound"
        clock.forward(seconds=10)
        assert reader.ask("/people/@me").status_code == 200
    assert THROTTLE == (70, 150)


def test_ordered_errors_come_as_documented(network, reader):
    network.fail(status=503, times=1, retry_after="17")
    first = reader.ask("/contents")
    assert (first.status_code, first.headers["Retry-After"]) == (503, "17")
    network.fail(status=410, times=1, path="/api/core/v3/contents/{content}", body=network.error_body(410, "gone"))
    assert reader.ask("/contents").status_code == 200
    assert message_of(reader.ask("/contents/1")) == "gone"
    network.fail(status=502, times=1)
    assert reader.ask("/contents").text.startswith("<html>")
    with pytest.raises(ValueError, match="no error"):
        network.error_body("teapot")
    assert network.usage()["/api/core/v3/contents"] == 3


def test_a_history_of_calls_holds_no_secrets(network, reader):
    reader.json("/people/@me")
    assert reader.headers["Authorization"].split()[1] not in repr(network.requests())
    assert len(PEOPLE) == len(reader.items("/people"))
