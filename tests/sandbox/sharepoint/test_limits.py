"""Budgets, what is told of them, and failures that are ordered."""

import pytest

from scrm.sandbox.cast import person
from scrm.sandbox.sharepoint import SharePoint
from scrm.sandbox.sharepoint.errors import TABLE
from tests.sandbox.sharepoint.conftest import START, Client, client_of, minute
from tests.sandbox.sharepoint.test_oauth import token


@pytest.fixture
def small(clock):
    with SharePoint(clock=clock, sharepoint_units=10, identity_units=10) as fake:
        fake.add_account(person("nordwerk"), at=START)
        yield fake


def test_a_spent_budget_says_when_to_come_again(small, clock):
    client = client_of(small, "nordwerk")
    clock.forward(seconds=20)
    for _ in range(5):
        assert client.ask("/sites?search=").status_code == 200
    first, second = client.ask("/sites?search="), client.ask("/sites?search=")
    assert [first.status_code, second.status_code] == [429, 503]
    assert first.headers["Retry-After"] == "40"
    assert first.json()["error"]["code"] == "activityLimitReached"
    assert second.json()["error"]["code"] == "serviceNotAvailable"
    assert client.rest("lists(guid'0')/items(1)/comments").json()["odata.error"]["code"][:11] == "-2147429894"
    assert "RateLimit-Remaining" not in first.headers
    clock.forward(seconds=40)
    assert client.ask("/sites?search=").status_code == 200
    assert {"bucket": "sharepoint", "refused": 3} in small.usage()


def test_applications_are_told_near_the_end(small):
    scope = "https://graph.microsoft.com/.default"
    client = Client(small, token(small, grant_type="client_credentials", scope=scope).json()["access_token"])
    told = [client.ask("/sites?search=").headers.get("RateLimit-Remaining") for _ in range(6)]
    assert told == [None, None, None, "2", "0", "0"]


def test_the_budget_of_people_is_told_in_shares(small):
    client = client_of(small, "nordwerk")
    told = [client.ask("/users").headers.get("x-ms-throttle-limit-percentage") for _ in range(5)]
    assert told == [None, None, None, "0.8", "1.0"]
    refused = client.ask("/users")
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "TooManyRequests")
    assert refused.headers["x-ms-throttle-information"] == "ResourceUnit"
    assert client.ask("/sites?search=").status_code == 200


def test_ordered_failures_speak_the_language_of_their_api(network, client, site):
    network.fail(status=503, times=1, path="/v1.0/sites", retry_after="7")
    failed = client.ask("/sites?search=")
    assert (failed.json()["error"]["code"], failed.headers["Retry-After"]) == ("serviceNotAvailable", "7")
    assert client.ask("/sites?search=").status_code == 200
    network.fail(status=429, times=1)
    assert "odata.error" in client.rest("lists(guid'0')/items(1)/comments").json()
    body = network.error_body("resyncChangesUploadDifferences")
    network.fail(status=410, times=1, body=body)
    assert client.ask("/me").json()["error"]["innerError"]["code"] == "resyncChangesUploadDifferences"


@pytest.mark.parametrize("code", sorted(TABLE))
def test_each_documented_error_can_be_ordered(network, client, code):
    network.fail(status=TABLE[code].status, times=1, body=network.error_body(code))
    answer = client.ask("/me")
    assert (answer.status_code, answer.json()["error"]["code"]) == (TABLE[code].status, TABLE[code].code)


def test_tokens_are_never_recorded(network, client):
    client.ask("/users/delta?$deltatoken=latest")
    network.post("nordwerk", "Eins", at=minute(0))
    assert client.graph_token not in str(network.requests())
