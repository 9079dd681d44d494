"""Tokens, limits, ordered failures and what the fake refuses to be asked."""

from datetime import UTC, datetime

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.mastodon import Mastodon
from tests.sandbox.mastodon.conftest import Reader, minute

VERIFY = "/api/v1/accounts/verify_credentials"


def test_without_a_token_notifications_are_refused(network):
    answer = Reader(network, None).answer("/api/v1/notifications")
    assert answer.status_code == 401
    assert answer.json() == {"error": "The access token is invalid"}


def test_an_unknown_token_is_refused_even_where_anybody_may_read(network):
    reader = Reader(network, None)
    reader.session.headers["Authorization"] = "Bearer nonsense"
    answer = reader.answer("/api/v1/timelines/tag/nordwerk")
    assert answer.status_code == 401
    assert answer.json() == {"error": "The access token is invalid"}


def test_a_revoked_account_loses_every_token_and_gets_new_ones(network, reader):
    other = Reader(network)
    network.revoke("nordwerk")
    for dead in (reader, other):
        answer = dead.answer(VERIFY)
        assert answer.status_code == 401
        assert answer.json() == {"error": "The access token was revoked"}
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert Reader(network).json(VERIFY)["username"] == "nordwerk"


def test_people_of_other_servers_have_no_token_here(network):
    with pytest.raises(ValueError, match="another server"):
        network.credentials("helene")


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/api/v1/notification", "unknown path /api/v1/notification"),
        ("/api/v1/notifications?foo=1", "unknown parameter foo"),
        ("/api/v1/notifications?limit=many", "parameter limit"),
        ("/api/v1/notifications?types=mention", "must be sent as types[]"),
        ("/api/v1/notifications?limit=1&limit=2", "parameter limit"),
        ("/api/v1/accounts/1/statuses?exclude_replies=perhaps", "parameter exclude_replies"),
        ("/api/v1/accounts/lookup", "missing acct"),
        ("/api/v1/accounts/1/follow", "unknown path"),
    ],
)
def test_a_request_outside_the_description_is_named_and_recorded(network, reader, path, fault):
    answer = reader.answer(path)
    assert answer.status_code == 400
    assert fault in answer.json()["message"]
    last = network.requests()[-1]
    assert (last["outcome"], last["status"]) == ("invalid", 400)
    assert fault in last["fault"]


def test_a_method_outside_the_description_is_refused(network, reader):
    answer = reader.session.delete(f"{network.base_url}/api/v1/statuses/1", timeout=10)
    assert answer.status_code == 400
    assert "unknown method DELETE" in answer.json()["message"]


def test_requests_are_recorded_without_tokens(network, reader):
    reader.json("/api/v1/notifications", types=["mention"], limit=5)
    last = network.requests()[-1]
    assert (last["method"], last["path"], last["status"]) == ("GET", "/api/v1/notifications", 200)
    assert last["query"] == {"types[]": ["mention"], "limit": ["5"]}
    token = reader.session.headers["Authorization"].split()[1]
    assert token not in repr(network.requests())


def test_the_limit_is_told_on_every_answer_as_an_iso_time(reader):
    first, second = reader.answer(VERIFY), reader.answer("/api/v1/statuses/1")
    assert first.headers["X-RateLimit-Limit"] == "300"
    assert int(first.headers["X-RateLimit-Remaining"]) - int(second.headers["X-RateLimit-Remaining"]) in {1, -298}
    reset = datetime.fromisoformat(first.headers["X-RateLimit-Reset"])
    assert 0 <= (reset - datetime.now(UTC)).total_seconds() <= 300


def test_the_limit_ends_and_begins_anew_with_the_next_five_minutes():
    now = [datetime(2026, 11, 1, 8, 1, tzinfo=UTC)]
    with Mastodon(rate_limit=3, clock=lambda: now[0]) as network:
        network.add_account(person("nordwerk"), at=minute(-99))
        network.add_account(person("femke"), at=minute(-98))
        reader = Reader(network)
        assert [reader.answer(VERIFY).status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = reader.answer(VERIFY)
        assert refused.json() == {"error": "Too many requests"}
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        assert refused.headers["X-RateLimit-Reset"] == "2026-11-01T08:05:00.000000Z"
        assert "Retry-After" not in refused.headers
        assert Reader(network, "femke").answer(VERIFY).status_code == 200, "each account has its own"
        now[0] = datetime(2026, 11, 1, 8, 5, tzinfo=UTC)
        assert reader.answer(VERIFY).status_code == 200


def test_a_failure_comes_as_often_as_ordered_and_only_on_its_path(network, reader):
    network.fail(status=503, times=2, path="/api/v1/accounts/{id}", retry_after="7")
    assert reader.answer(VERIFY).status_code == 503, "verify_credentials is of that pattern too"
    failed = reader.answer("/api/v1/accounts/1")
    assert failed.status_code == 503
    assert failed.headers["Retry-After"] == "7"
    assert failed.headers["Content-Type"].startswith("text/html")
    assert reader.answer("/api/v1/accounts/1").status_code == 404
    assert [entry["outcome"] for entry in network.requests()] == ["failed", "failed", "served"]


def test_a_failure_may_bring_its_own_body(network, reader):
    network.fail(status=200, times=1, body=b'{"truncated')
    assert reader.answer(VERIFY).content == b'{"truncated'
    network.fail(status=429, times=1)
    assert reader.answer(VERIFY).json() == {"error": "Too many requests"}


def test_other_processes_drive_and_judge_the_fake_over_http(network, reader):
    base = f"{network.base_url}/_sandbox"
    args = {"person_key": "katharina", "text": "Moin", "at": minute(1).isoformat(), "mentions": ["nordwerk"]}
    answer = requests.post(f"{base}/act", json={"verb": "post", "args": args}, timeout=10)
    uri = answer.json()["result"]
    assert requests.get(f"{base}/truth", timeout=10).json()[0]["native_id"] == uri
    requests.post(f"{base}/fail", json={"status": 500, "times": 1, "body": "<html>"}, timeout=10)
    assert reader.answer(VERIFY).text == "<html>"
    assert [entry["path"] for entry in requests.get(f"{base}/requests", timeout=10).json()] == [VERIFY]
    wrong = requests.post(f"{base}/act", json={"verb": "start", "args": {}}, timeout=10)
    assert wrong.status_code == 400


def test_a_stopped_server_cuts_even_connections_kept_alive(network, reader):
    assert reader.answer(VERIFY).status_code == 200
    network.stop()
    with pytest.raises(requests.ConnectionError):
        reader.answer(VERIFY)
