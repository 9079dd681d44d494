"""What may be asked of the fake, how it refuses, counts and fails on order, and how pages go on."""

from datetime import timedelta

import pytest
import requests

from scrm.sandbox.instagram import Instagram, error_body
from scrm.sandbox.instagram.lists import MOST_MEDIA
from tests.sandbox.instagram.conftest import START, VERSION, Reader, minute, settle

BASIC = "instagram_business_basic"


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("me", {"limit": 5}, 100),
        ("me", {"fields": "business_discovery.username(x){username}"}, 100),
        ("me", {"fields": "email"}, 100),
        ("me", {"fields": "username{"}, 2500),
        ("me/followers", {}, 2500),
        ("me/messages", {}, 100),
        ("me/media", {"limit": 0}, 100),
        ("me/media", {"limit": 101}, 100),
        ("me/media", {"limit": "ten"}, 100),
        ("me/media", {"after": "nonsense"}, 100),
        ("me/media", {"since": "soon"}, 100),
        ("me/media", {"fields": "id,from"}, 100),
        ("me/media", {"order": "chronological"}, 100),
        ("me/tags", {"media_type": "PICTURE"}, 100),
        ("me/tags", {"posted_after": "later"}, 100),
        ("me/conversations", {"platform": "messenger"}, 100),
        ("me/conversations", {"updated_after_ms": "-1"}, 100),
        ("me/conversations", {"folder": "inbox"}, 100),
        ("ig_hashtag_search", {"q": "nordwerk"}, 100),
    ],
)
def test_a_call_outside_the_description_is_refused_and_recorded(network, reader, path, query, code):
    assert reader.error(path, **query)["code"] == code
    last = network.requests()[-1]
    assert last["outcome"] == "invalid"
    assert last["fault"]
    assert last["query"]["access_token"] == ["…"]


def test_comments_come_fifty_at_most(network, reader):
    media = network.post("nordwerk", "Neu", at=minute(0))
    sent = [network.post("helene", f"{number}", at=minute(number), reply_to=media) for number in range(51)]
    assert reader.error(f"{media}/comments", limit=51)["code"] == 100
    page = reader.json(f"{media}/comments", limit=50)
    assert [row["id"] for row in page["data"]] == sent[:0:-1]
    assert [row["id"] for row in reader.walk(f"{media}/comments")] == sent[::-1]
    assert "next" not in requests.get(page["paging"]["next"], timeout=10).json()["paging"]


def test_a_walk_loses_nothing_when_what_it_stands_on_is_deleted(network, reader):
    sent = [network.post("nordwerk", f"{number}", at=minute(number)) for number in range(5)]
    page = reader.json("me/media", limit=2)
    network.delete(sent[3], at=minute(9))
    rest = requests.get(page["paging"]["next"], timeout=10).json()
    assert [row["id"] for row in rest["data"]] == [sent[2], sent[1]]
    back = requests.get(rest["paging"]["previous"], timeout=10).json()
    assert [row["id"] for row in back["data"]] == [sent[4]]


def test_media_of_a_span_are_asked_for_by_time(network, reader):
    sent = [network.post("nordwerk", f"{number}", at=minute(number)) for number in range(4)]
    since = int(minute(1).timestamp())
    rows = reader.walk("me/media", since=since, until=minute(2).isoformat(), limit=1)
    assert [row["id"] for row in rows] == [sent[2], sent[1]]


def test_only_the_ten_thousand_newest_media_are_listed(network, reader):
    for number in range(MOST_MEDIA + 1):
        network.post("nordwerk", "", at=START + timedelta(seconds=number))
    assert reader.json("me/media", until=int(START.timestamp()))["data"] == []
    assert len(reader.json("me/media", until=int(START.timestamp()) + 1)["data"]) == 1
    assert reader.json("me", fields="media_count")["media_count"] == MOST_MEDIA + 1


def test_without_the_scope_for_comments_there_is_no_author(network):
    media = network.post("nordwerk", "Neu", at=minute(0))
    network.post("helene", "oh", at=minute(1), reply_to=media)
    poor = Reader(network, network.token("nordwerk", [BASIC]))
    row = poor.json(f"{media}/comments", fields="text,from,username")["data"][0]
    assert row.keys() == {"id", "text", "username"}
    message = network.message("helene", "Hallo", at=minute(2))
    for path in ("me/conversations", message):
        assert poor.code(path) == (10, 0)
    assert poor.code("me", fields="mentioned_media.media_id(1){id}") == (10, 0)


def test_a_missing_or_strange_token_is_refused(network, reader):
    url = f"{network.base_url}/{VERSION}/me"
    assert requests.get(url, timeout=10).json()["error"]["code"] == 104
    strange = requests.get(url, params={"access_token": "IGAAnonsense"}, timeout=10)
    assert (strange.status_code, strange.json()["error"]["code"]) == (400, 190)
    bearer = {"Authorization": f"Bearer {reader.token}"}
    assert requests.get(url, headers=bearer, timeout=10).status_code == 200
    proof = network.tokens.proof(reader.token)
    reader.json("me", appsecret_proof=proof)
    assert reader.error("me", appsecret_proof=proof[::-1])["code"] == 100


def test_the_version_that_answers_is_told_and_an_old_one_replaced(network, reader):
    for asked, served in (("v26.0", "v26.0"), ("v20.0", "v21.0"), ("", "v26.0")):
        url = "/".join(filter(None, (network.base_url, asked, "me")))
        answer = requests.get(url, params={"access_token": reader.token}, timeout=10)
        assert (answer.status_code, answer.headers["facebook-api-version"]) == (200, served)


def test_a_used_up_account_waits_as_long_as_the_header_says(clock):
    with Instagram(clock=clock, is_pushing=False, calls_per_day=4) as fake:
        reader = Reader(settle(fake))
        number = reader.json("me", fields="user_id")["user_id"]
        for _ in range(3):
            answer = reader.answer("me")
        assert answer.json()["id"]
        over = reader.answer("me")
        assert (over.status_code, over.json()["error"]["code"]) == (400, 80002)
        used = over.headers["X-Business-Use-Case-Usage"]
        assert f'"{number}"' in used
        assert '"type": "instagram"' in used
        clock.now += timedelta(hours=24)
        reader.json("me")
        assert fake.usage() == {f"instagram {number}": 6}


def test_conversations_can_be_held_to_two_calls_a_second(clock):
    with Instagram(clock=clock, is_pushing=False, conversation_calls_per_second=2) as fake:
        reader = Reader(settle(fake))
        message = fake.message("helene", "Hallo", at=minute(0))
        reader.json("me/conversations")
        reader.json(message)
        assert reader.code("me/conversations") == (613, 0)
        reader.json("me")
        clock.now += timedelta(seconds=1)
        reader.json("me/conversations")


@pytest.mark.parametrize(
    ("code", "subcode"),
    [(1, 0), (2, 0), (4, 0), (10, 0), (100, 2108006), (190, 463), (230, 0), (9010, 0), (80002, 0)],
)
def test_every_documented_error_can_be_ordered(network, reader, code, subcode):
    network.fail(status=400, times=1, path="/{version}/{node}/media", body=error_body(code, subcode))
    reader.json("me")
    assert reader.code("me/media") == (code, subcode)
    assert network.requests()[-1]["outcome"] == "failed"
    reader.json("me/media")
