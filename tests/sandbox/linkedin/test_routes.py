"""What the fake's API takes and what it refuses: Rest.li's form, bounds, headers, scopes, roles and limits."""

import pytest

from scrm.sandbox.cast import person
from scrm.sandbox.linkedin import ROUTES, LinkedIn
from scrm.sandbox.linkedin.limits import DEVELOPMENT
from scrm.sandbox.linkedin.restli import parse, project
from tests.sandbox.linkedin.conftest import PEOPLE, Reader, encoded, minute, outcomes

ORGANIZATION = "urn%3Ali%3Aorganization%3A1"
ACLS = "/rest/organizationAcls"
NOTICES = "/rest/organizationalEntityNotifications"
CRITERIA = f"q=criteria&organizationalEntity={ORGANIZATION}&actions=List(COMMENT)"
LEADS = f"q=owner&owner=(organization:{ORGANIZATION})&leadType=(leadType:COMPANY)"


def test_values_are_read_as_restli_writes_them():
    assert parse("List(COMMENT,urn%3Ali%3Ashare%3A1)") == ["COMMENT", "urn:li:share:1"]
    assert parse("List()") == []
    assert parse("(values:List((a:1,b:%28x%2Cy%29)))") == {"values": [{"a": "1", "b": "(x,y)"}]}
    assert project({"id": 1, "form": {"id": 2, "name": "x"}, "on": 3}, "id,form:(name)") == {
        "id": 1,
        "form": {"name": "x"},
    }


@pytest.mark.parametrize(
    "raw", ["", "List(a", "(a)", "(a:)", "(a:1", "List(a))", "urn:li:share:1", "a'b", "List(a,)"]
)
def test_what_restli_does_not_write_is_no_value(raw):
    with pytest.raises(ValueError, match=r"text|expected|left"):
        parse(raw)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (NOTICES, CRITERIA.replace("List(COMMENT)", "List%28COMMENT%29")),
        (NOTICES, CRITERIA.replace("List(COMMENT)", "COMMENT")),
        (NOTICES, CRITERIA.replace("List(COMMENT)", "List(FOLLOW)")),
        (NOTICES, CRITERIA.replace("List(COMMENT)", "List()")),
        (NOTICES, CRITERIA.replace("%3A", ":")),
        (NOTICES, f"{CRITERIA}&timeRange=%28start%3A1%2Cend%3A2%29"),
        (NOTICES, f"{CRITERIA}&timeRange=(begin:1)"),
        (NOTICES, f"{CRITERIA}&timeRange=(start:now)"),
        (NOTICES, f"{CRITERIA}&timeRange.start=1"),
        (NOTICES, f"q=criteria&organizationalEntity={ORGANIZATION}"),
        (NOTICES, f"organizationalEntity={ORGANIZATION}&actions=List(COMMENT)"),
        (ACLS, "q=roleAssignee&role=OWNER"),
        (ACLS, "q=roleAssignee&count=101"),
        (ACLS, "q=roleAssignee&start=-1"),
        (ACLS, "q=roleAssignee&count=ten"),
        (ACLS, "q=roleAssignee&projection=(id)"),
        (ACLS, "q=everything"),
        (ACLS, "q=organization"),
        (ACLS, "q=organization&organization=urn%3Ali%3Aperson%3A1"),
        ("/rest/posts", "q=author"),
        ("/rest/posts", f"q=author&author={ORGANIZATION}&sortBy=NEWEST"),
        ("/rest/posts", f"q=author&author={ORGANIZATION}&author={ORGANIZATION}"),
        ("/rest/posts", "q=author&author=urn%3Ali%3Aschool%3A1"),
        ("/rest/posts/urn:li:share:1", ""),
        ("/rest/posts/urn%3Ali%3Aactivity%3A1", ""),
        ("/rest/organizations/nordwerk", ""),
        ("/rest/people/(id%3Aabc)", ""),
        ("/rest/people/(id:abc,more:1)", ""),
        ("/rest/socialActions/urn:li:share:1/comments", ""),
        ("/rest/socialActions/urn%3Ali%3Acomment%3A%28urn%3Ali%3Aactivity%3A1%29/comments", ""),
        ("/rest/reactions/(entity:urn:li:share:1)", "q=entity"),
        ("/rest/reactions/(entity:urn%3Ali%3Ashare%3A1)", "q=entity&sort=CHRONOLOGICAL"),
        ("/rest/reactions/(entity:urn%3Ali%3Ashare%3A1)", "q=entity&sort=(value:OLDEST)"),
        ("/rest/leadFormResponses", LEADS.replace("(leadType:COMPANY)", "COMPANY")),
        ("/rest/leadFormResponses", LEADS.replace("organization:", "page:")),
        ("/rest/leadFormResponses", f"{LEADS}&submittedAtTimeRange=(end:1)"),
        ("/rest/leadFormResponses", f"{LEADS}&limitedToTestLeads=1"),
        ("/rest/leadFormResponses", f"q=owner&owner=(organization:{ORGANIZATION})"),
        ("/rest/organizationsLookup", "ids=1,2"),
    ],
)
def test_what_stands_in_no_description_is_400_and_recorded(network, reader, path, query):
    answer = reader.ask(path, query)
    assert answer.status_code == 400
    assert answer.json()["status"] == 400
    assert network.requests()[-1]["outcome"] == "invalid"
    assert network.requests()[-1]["fault"]


def test_an_unknown_resource_or_method_is_refused_in_linkedins_words(network, reader):
    assert reader.ask("/rest/shares").json()["code"] == "RESOURCE_NOT_FOUND"
    assert reader.ask("/rest/me", method="DELETE").json()["code"] == "METHOD_NOT_ALLOWED"
    unknown = reader.ask("/rest/me", "lang=de").json()
    assert unknown["errorDetails"]["inputErrors"][0]["code"] == "QUERY_PARAM_NOT_ALLOWED"
    assert outcomes(network) == ["invalid"] * 3


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Linkedin-Version": ""}, 400, "VERSION_MISSING"),
        ({"X-Restli-Protocol-Version": ""}, 400, "PROTOCOL_VERSION_MISSING"),
        ({"X-Restli-Protocol-Version": "1.0.0"}, 400, "PROTOCOL_VERSION_MISSING"),
        ({"Linkedin-Version": "202510"}, 426, "NONEXISTENT_VERSION"),
        ({"Linkedin-Version": "202612"}, 426, "NONEXISTENT_VERSION"),
        ({"Linkedin-Version": "20260801"}, 426, "NONEXISTENT_VERSION"),
        ({"Authorization": ""}, 401, "EMPTY_ACCESS_TOKEN"),
        ({"Authorization": "Bearer guess"}, 401, "INVALID_ACCESS_TOKEN"),
    ],
)
def test_headers_are_wanted(reader, headers, status, code):
    reader.headers.update(headers)
    answer = reader.ask("/rest/me")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_version_ends_a_year_after_its_month(network, reader, clock):
    reader.headers["Linkedin-Version"] = "202511"
    assert reader.ask("/rest/me").status_code == 200
    clock.forward(days=15)
    assert reader.ask("/rest/me").status_code == 200
    clock.forward(days=1)
    answer = reader.ask("/rest/me")
    assert answer.json() == {
        "status": 426,
        "code": "NONEXISTENT_VERSION",
        "message": "Requested version 20251101 is not active",
    }
    assert set(outcomes(network)) == {"served"}, "a version that ended is no fault of the request's form"


def test_a_lost_role_and_a_missing_scope_look_the_same(network, reader, page):
    query = f"q=criteria&organizationalEntity={encoded(page)}&actions=List(COMMENT)"
    network.set_role("nordwerk", "CONTENT_ADMIN", at=minute(1))
    lost = reader.ask(NOTICES, query)
    assert reader.ask("/rest/posts", f"q=author&author={encoded(page)}").status_code == 200
    network.set_role("nordwerk", "ANALYST", at=minute(2))
    assert reader.ask("/rest/posts", f"q=author&author={encoded(page)}").status_code == 403
    network.set_role("nordwerk", None, at=minute(3))
    assert reader.elements(ACLS, "q=roleAssignee") == []
    assert lost.status_code == 403
    assert lost.json() == {
        "status": 403,
        "serviceErrorCode": 100,
        "code": "ACCESS_DENIED",
        "message": "Not enough permissions to access: "
        "partnerApiOrganizationalEntityNotifications.FINDER-criteria.20260801",
    }


def test_a_day_has_so_many_calls_and_no_header_tells(clock):
    with LinkedIn(clock=clock, app_limit=5, member_limit=3) as network:
        add_people(network)
        one, other = (Reader(network, network.credentials(key)["access_token"]) for key in ("femke", "lars"))
        assert [one.ask("/rest/me").status_code for _ in range(4)] == [200, 200, 200, 429]
        assert [other.ask("/rest/me").status_code for _ in range(3)] == [200, 200, 429], "the app's own limit"
        assert other.ask(ACLS, "q=roleAssignee").status_code == 200, "each call is counted for itself"
        refused = one.ask("/rest/me")
        assert refused.json()["message"] == "Resource level throttle limit for calls to this resource is reached."
        told = {name.lower() for name in refused.headers}
        assert not [name for name in told if "limit" in name or "retry" in name]
        used = {(entry["call"], entry["calls"]) for entry in network.usage()}
        assert used == {
            ("partnerApiMe.GET", 3),
            ("partnerApiMe.GET", 2),
            ("partnerApiOrganizationAcls.FINDER-roleAssignee", 1),
        }
        clock.now = clock.now.replace(hour=23, minute=59)
        assert one.ask("/rest/me").status_code == 429
        clock.forward(minutes=1)
        assert one.ask("/rest/me").status_code == 200, "counted anew from midnight UTC on"
    assert DEVELOPMENT == {"app_limit": 500, "member_limit": 100}


def add_people(network):
    for key in PEOPLE[:3]:
        network.add_account(person(key), at=minute(0))


def test_pages_are_walked_by_index(network, reader, page):
    urns = [network.post("nordwerk", str(number), at=minute(number)) for number in range(25)]
    query = f"q=author&author={encoded(page)}"
    first = reader.json("/rest/posts", query)
    assert (len(first["elements"]), first["paging"]["count"], first["paging"]["total"]) == (10, 10, 25)
    assert first["paging"]["links"][0]["href"] == f"/rest/posts?{query}&start=10&count=10"
    assert [one["id"] for one in reader.walk("/rest/posts", f"{query}&count=7")] == urns[::-1]
    last = reader.json("/rest/posts", f"{query}&start=20&count=100")
    assert (len(last["elements"]), last["paging"]["links"]) == (5, [])
    batch = reader.json("/rest/posts", f"ids=List({encoded(urns[3])},urn%3Ali%3Ashare%3A1)")
    assert (list(batch["results"]), batch["statuses"]["urn:li:share:1"]) == ([urns[3]], 404)


def test_failures_come_as_ordered(network, reader):
    network.fail(status=429, times=1)
    network.fail(status=503, times=1, path="/rest/people/(id:{id})", body=network.error_body("SERVICE_UNAVAILABLE"))
    assert reader.ask("/rest/me").json() == {
        "status": 429,
        "code": "TOO_MANY_REQUESTS",
        "message": "Resource level throttle limit for calls to this resource is reached.",
        "serviceErrorCode": 101,
    }
    assert reader.ask("/rest/me").status_code == 200
    assert reader.ask("/rest/people/(id:abc)").json()["message"] == "Service Unavailable"
    assert outcomes(network) == ["failed", "served", "failed"]


def test_every_answer_can_be_told_to_support(reader):
    answer = reader.ask("/rest/me")
    assert all(answer.headers[name] for name in ("X-LI-UUID", "X-LI-Fabric", "x-li-request-id"))


def test_no_route_is_described_twice():
    described = [(route.method, route.path) for route in ROUTES]
    assert len(described) == len(set(described))
    assert all(route.source for route in ROUTES)
