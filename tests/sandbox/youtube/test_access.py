"""Keys, tokens, scopes, the day's quota, etags, partial answers, and failures on order."""

import json
from datetime import UTC, datetime

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.youtube import YouTube, error_body
from scrm.sandbox.youtube.problems import REASONS
from scrm.sandbox.youtube.routes import FORCE_SSL, READONLY, UPLOAD
from tests.sandbox.youtube.conftest import START, Reader, minute

MINE = {"part": "id", "mine": "true"}


def test_without_key_or_token_nothing_is_told(network, channel):
    assert Reader(network).reason("channels", part="id", id=channel) == (403, "forbidden")


def test_a_wrong_key_is_a_bad_request(network, channel):
    answer = Reader(network, key="AIzaWrong").answer("channels", part="id", id=channel)
    error = answer.json()["error"]
    assert (answer.status_code, error["errors"][0]["reason"]) == (400, "badRequest")
    assert error["details"][0]["reason"] == "API_KEY_INVALID"


def test_a_key_reads_what_is_public_and_nobodys_own(network, public, channel):
    assert public.ids("channels", part="id", id=channel) == [channel]
    assert public.reason("channels", **MINE) == (401, "authorizationRequired")
    assert public.reason("subscriptions", part="id", mySubscribers="true") == (401, "authorizationRequired")


def test_a_token_may_stand_in_header_or_query(network, owner):
    assert owner.json("channels", **MINE)["items"]
    token = network.credentials("nordwerk")["access_token"]
    assert Reader(network).json("channels", **MINE, access_token=token)["items"]


def test_a_dead_token_is_told_from_a_lacking_scope(network, clock, owner):
    clock.turn(minutes=59)
    assert owner.answer("channels", **MINE).status_code == 200
    clock.turn(minutes=1)
    answer = owner.answer("channels", **MINE)
    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (401, "authError")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["error"]["status"] == "UNAUTHENTICATED"
    uploader = Reader(network, token=network.access_token("nordwerk", UPLOAD))
    assert uploader.reason("channels", **MINE) == (403, "insufficientPermissions")


def test_comments_need_the_scope_of_their_own(network, public):
    video = network.post("nordwerk", "Neu", at=minute(0))
    asked = {"part": "id", "videoId": video}
    reading = Reader(network, token=network.access_token("nordwerk", READONLY))
    assert reading.reason("commentThreads", **asked) == (403, "insufficientPermissions")
    assert reading.reason("comments", part="id", parentId="x") == (403, "insufficientPermissions")
    both = Reader(network, token=network.access_token("nordwerk", READONLY, FORCE_SSL))
    assert both.ids("commentThreads", **asked) == []
    assert public.ids("commentThreads", **asked) == []


def test_revoking_lets_every_token_of_the_account_die(network, owner):
    other = Reader(network, token=network.credentials("femke")["access_token"])
    network.revoke("nordwerk")
    assert owner.reason("channels", **MINE) == (401, "authError")
    assert other.answer("channels", **MINE).status_code == 200


def test_the_ledger_never_shows_a_key_or_token(network):
    given = network.credentials("nordwerk")
    Reader(network).answer("channels", **MINE, key=given["api_key"], access_token=given["access_token"])
    recorded = json.dumps(network.requests())
    assert given["api_key"] not in recorded
    assert given["access_token"] not in recorded


@pytest.fixture
def poor(clock):
    with YouTube(clock=clock, units=3, searches=2) as network:
        network.add_account(person("nordwerk"), at=START)
        yield network


def test_the_day_has_units_and_searches_apart(poor):
    reader = Reader(poor, key=poor.app()["api_key"])
    for _ in range(2):
        assert reader.answer("search", part="id", q="x").status_code == 200
    assert reader.reason("search", part="id", q="x") == (403, "quotaExceeded")
    assert poor.usage()["units"] == 0
    # a wrong request costs too
    assert reader.answer("videos", part="nothing", id="x").status_code == 400
    for _ in range(2):
        assert reader.answer("videos", part="id", id="x").status_code == 200
    answer = reader.answer("videos", part="id", id="x")
    error = answer.json()["error"]
    assert (answer.status_code, error["errors"][0]["domain"]) == (403, "youtube.quota")
    assert not [name for name in answer.headers if "limit" in name.lower() or name == "Retry-After"]
    assert {entry["method"]: entry["charged"] for entry in poor.charges()} == {"search": 2, "videos": 3}


@pytest.mark.parametrize(
    ("used", "still", "fresh"),
    [
        # midnight Pacific is 7 hours UTC in summer and 8 in winter
        (datetime(2026, 10, 20, 7, 0, tzinfo=UTC), datetime(2026, 10, 21, 6, 59, tzinfo=UTC), "2026-10-21T07:00"),
        (datetime(2026, 11, 20, 8, 0, tzinfo=UTC), datetime(2026, 11, 21, 7, 59, tzinfo=UTC), "2026-11-21T08:00"),
    ],
)
def test_the_day_ends_at_midnight_pacific(poor, clock, used, still, fresh):
    reader = Reader(poor, key=poor.app()["api_key"])
    clock.now = used
    for _ in range(3):
        reader.answer("videos", part="id", id="x")
    clock.now = still
    assert reader.reason("videos", part="id", id="x") == (403, "quotaExceeded")
    reset = datetime.fromisoformat(f"{fresh}+00:00")
    assert poor.usage()["resets_at"] == reset.timestamp()
    clock.now = reset
    assert reader.answer("videos", part="id", id="x").status_code == 200


def test_an_etag_saves_the_body_and_not_the_unit(network, owner, channel):
    video = network.post("nordwerk", "Neu", at=minute(0))
    asked = {"part": "snippet", "id": video}
    etag = owner.json("videos", **asked)["etag"]
    before = network.usage()["units"]
    same = owner.answer("videos", headers={"If-None-Match": etag}, **asked)
    assert (same.status_code, same.content) == (304, b"")
    assert network.usage()["units"] == before + 1
    network.edit(video, "Noch neuer", at=minute(1))
    changed = owner.answer("videos", headers={"If-None-Match": etag}, **asked)
    assert changed.status_code == 200
    assert changed.json()["etag"] != etag


def test_fields_leave_what_is_asked_for(network, owner):
    video = network.post("nordwerk", "Neu", at=minute(0))
    body = owner.json("videos", part="snippet,statistics", id=video, fields="items(id,snippet/title),pageInfo")
    assert body["items"] == [{"id": video, "snippet": {"title": "Neu"}}]
    assert set(body) == {"items", "pageInfo"}
    assert owner.reason("videos", part="id", id=video, fields="items(id") == (400, "invalidParameter")


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_every_documented_error_can_be_ordered(network, owner, reason):
    status = REASONS[reason].status
    network.fail(status=status, times=1, path="/youtube/v3/channels", body=error_body(reason))
    assert owner.answer("videos", part="id", id="x").status_code == 200
    assert owner.reason("channels", **MINE) == (status, reason)
    assert owner.answer("channels", **MINE).status_code == 200


def test_an_outage_answers_with_the_status_and_the_header_ordered(network, owner):
    network.fail(status=503, times=1, retry_after="7")
    answer = owner.answer("channels", **MINE)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    network.fail(status=429, times=1)
    assert owner.reason("channels", **MINE) == (429, "rateLimitExceeded")


def test_the_life_can_be_played_over_http(network):
    act = f"{network.base_url}/_sandbox/act"
    order = {"verb": "post", "args": {"person_key": "nordwerk", "text": "Neu", "at": minute(0).isoformat()}}
    assert requests.post(act, json=order, timeout=10).json()["result"] in {
        row["native_id"] for row in network.truth()
    }
