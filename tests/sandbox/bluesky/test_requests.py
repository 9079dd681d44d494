"""What no spec allows is answered 400 and recorded; limits and ordered failures answer as the real servers."""

from typing import Any

import pytest
import requests

from scrm.sandbox.bluesky import Bluesky, Terms
from tests.sandbox.bluesky.calling import START, Caller, Clock, people

PROFILE = "app.bsky.actor.getProfile"
NOTIFICATIONS = "app.bsky.notification.listNotifications"
CREATE = "com.atproto.server.createSession"
ANNA = {"actor": "anna.bsky.example"}


def last_request(network: Bluesky) -> dict[str, Any]:
    return network.requests()[-1]


@pytest.mark.parametrize(
    ("nsid", "query", "named"),
    [
        ("app.bsky.actor.getProfil", {}, "getProfil"),
        (PROFILE, {**ANNA, "since": "x"}, "since"),
        (PROFILE, {}, "actor"),
        (PROFILE, {"actor": ""}, "actor"),
        (PROFILE, {"actor": "anna"}, "actor"),
        (PROFILE, {"actor": ["anna.bsky.example", "x.example"]}, "actor"),
        ("app.bsky.feed.getAuthorFeed", {**ANNA, "limit": "many"}, "limit"),
        ("app.bsky.feed.getAuthorFeed", {**ANNA, "limit": 101}, "limit can not be greater than 100"),
        ("app.bsky.feed.getAuthorFeed", {**ANNA, "limit": 0}, "limit can not be less than 1"),
        ("app.bsky.feed.getAuthorFeed", {**ANNA, "includePins": "yes"}, "includePins"),
        ("app.bsky.feed.getPosts", {"uris": ["at://anna.bsky.example/a.b.c/d"] * 26}, "more than 25"),
        ("app.bsky.feed.getPosts", {"uris": "https://bsky.app/x"}, "uris"),
        ("app.bsky.actor.getProfiles", {"actors": ["anna.bsky.example"] * 26}, "actors"),
        ("app.bsky.actor.getProfiles", {"actors[]": ["anna.bsky.example"]}, "actors[]"),
        ("app.bsky.feed.getPostThread", {"uri": "at://anna.example/a.b.c/d", "depth": 1001}, "depth"),
        ("com.atproto.repo.listRecords", {"repo": "anna.bsky.example", "collection": "post"}, "collection"),
        ("com.atproto.sync.getRepo", {"did": "anna.bsky.example"}, "did"),
    ],
)
def test_what_no_lexicon_allows_is_refused_and_recorded(
    network: Bluesky, anybody: Caller, nsid: str, query: dict[str, Any], named: str
) -> None:
    status, error, message = anybody.error(nsid, **query)
    assert (status, error) == (400, "InvalidRequest")
    assert named in message
    entry = last_request(network)
    assert entry["outcome"] == "invalid"
    assert named in str(entry["fault"])
    assert entry["path"] == f"/xrpc/{nsid}"


@pytest.mark.parametrize(
    ("nsid", "more", "named"),
    [
        (CREATE, {}, "identifier"),
        (CREATE, {"json": {"identifier": "anna.bsky.example"}}, "password"),
        (CREATE, {"json": {"identifier": "a", "password": "b", "remember": True}}, "remember"),
        (CREATE, {"json": {"identifier": "a", "password": 7}}, "password"),
        (CREATE, {"json": ["anna"]}, "JSON object"),
        (CREATE, {"data": {"identifier": "a", "password": "b"}}, "Content-Type"),
        (NOTIFICATIONS, {"json": {}}, "method"),
        ("com.atproto.server.refreshSession", {"json": {"refreshJwt": "x"}}, "refreshJwt"),
        ("com.atproto.server.refreshSession", {"json": {}}, "none was expected"),
        ("app.bsky.notification.updateSeen", {"json": {"seenAt": "gestern"}}, "seenAt"),
        ("app.bsky.notification.updateSeen", {"json": {"seenAt": "2026-13-40T00:00:00Z"}}, "seenAt"),
        ("app.bsky.notification.updateSeen", {"json": {"seenAt": "2026-01-01"}}, "seenAt"),
    ],
)
def test_a_procedure_takes_only_the_input_of_its_lexicon(
    network: Bluesky, anybody: Caller, nsid: str, more: dict[str, Any], named: str
) -> None:
    answer = anybody.post(nsid, **more)
    assert answer.status_code == 400
    assert named in answer.json()["message"]
    assert last_request(network)["outcome"] == "invalid"


def test_a_body_where_none_belongs_is_refused(network: Bluesky) -> None:
    url = f"{network.base_url}/xrpc/{PROFILE}"
    answer = requests.get(url, params=ANNA, data=b"{}", timeout=10)
    assert answer.status_code == 400
    assert "none was expected" in answer.json()["message"]
    assert last_request(network)["outcome"] == "invalid"


def test_a_login_without_json_says_which_encoding_is_wanted(anybody: Caller) -> None:
    answer = anybody.post(CREATE + "?x=1", json={"identifier": "a", "password": "b"})
    assert answer.status_code == 400
    assert "x" in answer.json()["message"]


def test_an_unknown_person_is_no_invalid_request(network: Bluesky, anybody: Caller) -> None:
    assert anybody.error(PROFILE, actor="nobody.bsky.example") == (400, "InvalidRequest", "Profile not found")
    assert last_request(network)["outcome"] == "served"
    for nsid in ("app.bsky.graph.getFollowers", "app.bsky.graph.getFollows"):
        message = anybody.error(nsid, actor="nobody.bsky.example")[2]
        assert message == "Actor not found: nobody.bsky.example"
    assert anybody.error("app.bsky.feed.getAuthorFeed", actor="nobody.bsky.example")[2] == "Profile not found"
    assert anybody.error("com.atproto.identity.resolveHandle", handle="nobody.bsky.example") == (
        400,
        "InvalidRequest",
        "Unable to resolve handle",
    )


def test_every_answer_carries_the_rate_limit(network: Bluesky, anybody: Caller, clock: Clock) -> None:
    first = anybody.get(PROFILE, **ANNA)
    clock.move(seconds=10)
    second = anybody.get(PROFILE, actor="nobody.bsky.example")
    invalid = anybody.get("app.bsky.actor.nothing")
    reset = str(int(START.timestamp()) + 300)
    for answer, remaining in ((first, "2999"), (second, "2998"), (invalid, "2998")):
        assert answer.headers["RateLimit-Limit"] == "3000"
        assert answer.headers["RateLimit-Policy"] == "3000;w=300"
        assert answer.headers["RateLimit-Reset"] == reset
        assert answer.headers["RateLimit-Remaining"] == remaining
        assert "Retry-After" not in answer.headers


def test_too_many_requests_are_told_when_to_come_back(clock: Clock) -> None:
    with Bluesky(clock=clock, rate_limit=3) as network:
        people(network, "anna")
        caller = Caller(network)
        assert [caller.get(PROFILE, **ANNA).status_code for _ in range(4)] == [200, 200, 200, 429]
        clock.move(seconds=100)
        answer = caller.get(PROFILE, **ANNA)
        assert answer.json() == {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
        assert answer.headers["Retry-After"] == "200"
        assert answer.headers["RateLimit-Remaining"] == "0"
        clock.move(seconds=200)
        assert caller.get(PROFILE, **ANNA).status_code == 200


def test_logins_are_limited_per_account(network: Bluesky, clock: Clock) -> None:
    caller = Caller(network)
    wrong = {"identifier": "anna.bsky.example", "password": "x"}
    statuses = [caller.post(CREATE, json=wrong).status_code for _ in range(31)]
    assert statuses == [401] * 30 + [429]
    refused = caller.post(CREATE, json=wrong)
    assert refused.headers["RateLimit-Policy"] == "30;w=300"
    assert refused.headers["Retry-After"] == "300"
    assert caller.post(CREATE, json={**wrong, "identifier": "bilal.bsky.example"}).status_code == 401
    for _ in range(9):
        clock.move(minutes=5)
        statuses = [caller.post(CREATE, json=wrong).status_code for _ in range(30)]
    assert statuses == [401] * 30
    clock.move(minutes=5)
    refused = caller.post(CREATE, json=wrong)
    assert refused.status_code == 429
    assert refused.headers["RateLimit-Policy"] == "300;w=86400"
    clock.move(days=1)
    assert caller.post(CREATE, json=wrong).status_code == 401


@pytest.mark.parametrize(
    ("status", "error"),
    [(429, "RateLimitExceeded"), (502, "UpstreamFailure"), (503, "NotEnoughResources"), (599, "InternalServerError")],
)
def test_an_ordered_failure_is_worded_as_the_real_one(
    network: Bluesky, anybody: Caller, status: int, error: str
) -> None:
    network.fail(status=status, times=1, path=f"/xrpc/{PROFILE}", retry_after="7")
    assert anybody.get("app.bsky.feed.getAuthorFeed", **ANNA).status_code == 200
    answer = anybody.get(PROFILE, **ANNA)
    assert answer.status_code == status
    assert answer.json()["error"] == error
    assert answer.headers["Retry-After"] == "7"
    assert "RateLimit-Limit" in answer.headers
    assert anybody.get(PROFILE, **ANNA).status_code == 200


def test_an_ordered_body_is_sent_as_it_is(network: Bluesky, anybody: Caller) -> None:
    network.fail(status=502, times=2, body=b"<html>Bad Gateway</html>")
    for _ in range(2):
        answer = anybody.get(PROFILE, **ANNA)
        assert answer.text == "<html>Bad Gateway</html>"
        assert answer.headers["Content-Type"].startswith("text/html")
    assert anybody.get(PROFILE, **ANNA).status_code == 200


def test_no_request_record_holds_a_token_or_password(network: Bluesky, firm: Caller) -> None:
    known = network.credentials("firm")
    firm.ok(NOTIFICATIONS, limit=3)
    told = str(network.requests())
    assert known["app_password"] not in told
    assert firm.headers["Authorization"].split()[1] not in told
    assert network.requests()[-1]["query"] == {"limit": ["3"]}


def test_others_drive_and_judge_it_over_http(network: Bluesky, anybody: Caller) -> None:
    control = f"{network.base_url}/_sandbox"
    order = {
        "verb": "post",
        "args": {"person_key": "anna", "text": "@firm Moin", "mentions": ["firm"], "at": START.isoformat()},
    }
    uri = requests.post(f"{control}/act", json=order, timeout=10).json()["result"]
    truth = requests.get(f"{control}/truth", timeout=10).json()
    assert [(entry["native_id"], entry["kind"]) for entry in truth] == [(uri, "mention")]
    requests.post(f"{control}/fail", json={"status": 500, "times": 1}, timeout=10)
    assert anybody.get(PROFILE, **ANNA).status_code == 500
    assert [entry["status"] for entry in requests.get(f"{control}/requests", timeout=10).json()] == [500]
    assert "RateLimit-Limit" not in requests.get(f"{control}/truth", timeout=10).headers


def test_without_a_server_nothing_is_stopped() -> None:
    Bluesky(terms=Terms()).stop()
