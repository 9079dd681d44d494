"""Bounds, paging, versions, limits and ordered failures of the API."""

import json
from datetime import timedelta

import pytest
import requests

from scrm.sandbox.facebook.lists import POSTS_A_YEAR
from tests.sandbox.facebook.conftest import START, Reader, minute, opened


def walk(reader: Reader, path: str, **query: str) -> list[list[str]]:
    """Every page of an edge, following `next` as it stands."""
    pages, page = [], reader.json(path, **query)
    while True:
        pages.append([row["id"] for row in page["data"]])
        if "next" not in page.get("paging", {}):
            return pages
        answer = reader.session.get(page["paging"]["next"], timeout=10)
        assert answer.status_code == 200, answer.text
        page = answer.json()


def test_paging_ends_where_there_is_no_next(network, reader):
    posts = [network.post("nordwerk", f"Nr. {number}", at=minute(number)) for number in range(7)]
    assert walk(reader, "me/posts", limit=3, fields="message") == [posts[6:3:-1], posts[3:0:-1], posts[:1]]
    full = reader.json("me/posts", limit=7)
    assert "next" not in full["paging"]
    assert set(full["paging"]["cursors"]) == {"before", "after"}
    assert reader.json("me/tagged") == {"data": []}


def test_what_comes_and_goes_meanwhile_moves_no_page(network, reader):
    posts = [network.post("nordwerk", f"Nr. {number}", at=minute(number)) for number in range(6)]
    after = reader.json("me/posts", limit=2)["paging"]["cursors"]["after"]
    network.delete(posts[4], at=minute(9))
    network.post("nordwerk", "Neuer", at=minute(10))
    assert reader.ids("me/posts", limit=2, after=after) == [posts[3], posts[2]]


def test_edges_inside_fields_are_followed_too(network, reader):
    post = network.post("nordwerk", "Neu", at=minute(0))
    comments = [network.post("katharina", f"{number}", at=minute(number), reply_to=post) for number in range(1, 6)]
    fields = "comments.limit(2).order(reverse_chronological).summary(true){message,from{id}}"
    shown = reader.json("me/posts", fields=fields)["data"][0]["comments"]
    assert [row["id"] for row in shown["data"]] == [comments[4], comments[3]]
    assert shown["summary"]["total_count"] == 5
    more = requests.get(shown["paging"]["next"], timeout=10).json()
    assert [row["id"] for row in more["data"]] == [comments[2], comments[1]]
    assert set(more["data"][0]) == {"id", "message", "from"}


def test_feeds_know_dates(network, reader):
    posts = [network.post("nordwerk", f"{number}", at=minute(number)) for number in range(4)]
    since, until = int(minute(1).timestamp()), minute(2).isoformat()
    assert reader.ids("me/feed", since=since, until=until) == [posts[2], posts[1]]
    assert reader.error("me/feed", since="gestern")[0] == 100


def test_a_feed_holds_six_hundred_posts_of_a_year(network, reader):
    for number in range(POSTS_A_YEAR + 5):
        network.post("nordwerk", f"{number}", at=START - timedelta(hours=number))
    network.post("nordwerk", "alt", at=START - timedelta(days=400))
    pages = walk(reader, "me/feed", limit=100)
    assert sum(len(page) for page in pages) == POSTS_A_YEAR + 1


BAD_CALLS = [
    ("me", {"fields": "id,nonsense"}, 100),
    ("me", {"fields": "posts{nonsense}"}, 100),
    ("me", {"fields": "posts.color(red)"}, 100),
    ("me", {"fields": "id,"}, 2500),
    ("me", {"nonsense": "1"}, 100),
    ("me/nonsense", {}, 2500),
    ("me/feed", {"limit": "0"}, 100),
    ("me/feed", {"limit": "101"}, 100),
    ("me/feed", {"limit": "many"}, 100),
    ("me/feed", {"after": "nonsense"}, 100),
    ("me/feed", {"type": "LIKE"}, 100),
    ("me/comments", {}, 100),
    ("POST/feed", {"filter": "all"}, 100),
    ("POST/comments", {"filter": "all"}, 100),
    ("POST/comments", {"order": "newest"}, 100),
    ("POST/comments", {"live_filter": "all"}, 100),
    ("POST/comments", {"since": "gestern"}, 100),
    ("POST/reactions", {"type": "DISLIKE"}, 100),
    ("me/conversations", {"platform": "whatsapp"}, 100),
    ("me/conversations", {"updated_after_ms": "gestern"}, 100),
    ("debug_token", {}, 100),
]


@pytest.mark.parametrize(("path", "query", "code"), BAD_CALLS)
def test_a_call_outside_the_description_is_refused_and_recorded(network, reader, path, query, code):
    post = network.post("nordwerk", "Neu", at=minute(0))
    found, _, message = reader.error(path.replace("POST", post), **query)
    assert found == code, message
    entry = network.requests()[-1]
    assert (entry["outcome"], entry["status"]) == ("invalid", 400)
    assert entry["fault"]


def test_wrong_methods_are_refused(network, reader):
    assert reader.error("me/feed", method="DELETE")[0] == 100
    assert network.requests()[-1]["outcome"] == "invalid"


def test_no_secret_is_recorded(network, reader):
    reader.call("GET", "debug_token", input_token="EAAsecret", appsecret_proof="0" * 64)
    query = network.requests()[-1]["query"]
    assert query == {"access_token": ["…"], "input_token": ["…"], "appsecret_proof": ["…"]}


@pytest.mark.parametrize(
    ("asked", "served"),
    [("/v26.0", "v26.0"), ("/v25.0", "v25.0"), ("", "v26.0"), ("/v20.0", "v21.0"), ("/v3.2", "v21.0")],
)
def test_the_version_that_answers_is_told(reader, asked, served):
    answer = reader.call("GET", "me", version=asked)
    assert (answer.status_code, answer.headers["facebook-api-version"]) == (200, served)


def test_versions_end_and_the_future_is_unknown(reader, clock):
    clock.pass_(days=199)
    assert reader.call("GET", "me", version="/v22.0").headers["facebook-api-version"] == "v22.0"
    clock.pass_(days=2)
    assert reader.call("GET", "me", version="/v22.0").headers["facebook-api-version"] == "v23.0"
    assert reader.error("me", version="/v99.0")[0] == 2500


def test_a_page_is_charged_for_its_calls_and_told_the_percentage(clock):
    with opened(clock=clock, page_limit=10) as network:
        credentials = network.credentials("nordwerk")
        reader = Reader(network, credentials["access_token"])
        for _ in range(9):
            answer = reader.call("GET", "me")
        used = json.loads(answer.headers["X-Business-Use-Case-Usage"])[credentials["page_id"]][0]
        assert (used["type"], used["call_count"], used["estimated_time_to_regain_access"]) == ("pages", 90, 0)
        assert "X-App-Usage" not in answer.headers
        clock.pass_(hours=1)
        reader.json("me")
        assert reader.error("me")[0] == 80001
        answer = reader.call("GET", "me")
        assert answer.status_code == 400
        used = json.loads(answer.headers["X-Business-Use-Case-Usage"])[credentials["page_id"]][0]
        assert used["estimated_time_to_regain_access"] == 23 * 60
        assert network.usage() == {f"pages {credentials['page_id']}": 12}
        assert reader.json("me/conversations") == {"data": []}, "messages have a limit of their own"
        clock.pass_(hours=23)
        reader.json("me")


def test_users_share_the_limit_of_the_app(clock):
    with opened(clock=clock, app_limit=4) as network:
        for key in ("femke", "lars"):
            reader = Reader(network, network.credentials(key)["access_token"])
            first, second = reader.call("GET", "me"), reader.call("GET", "me")
        assert [json.loads(one.headers["X-App-Usage"])["call_count"] for one in (first, second)] == [75, 100]
        assert reader.error("me")[0] == 4
        clock.pass_(hours=1)
        reader.json("me")


def test_too_much_at_once_is_refused():
    with opened(most_rows=10) as network:
        reader = Reader(network, network.credentials("nordwerk")["access_token"])
        for number in range(4):
            post = network.post("nordwerk", f"{number}", at=minute(number))
            network.post("katharina", "Ah", at=minute(number), reply_to=post)
            network.like("katharina", post, at=minute(number))
        code, _, message = reader.error("me/posts", fields="comments{id},reactions{id}")
        assert (code, message[:13]) == (1, "Please reduce")
        assert len(reader.ids("me/posts", fields="comments{id},reactions{id}", limit=2)) == 2
        assert len(reader.ids("me/posts", fields="comments{id}")) == 4


@pytest.mark.parametrize(
    ("code", "subcode"),
    [(1, 0), (2, 0), (4, 0), (10, 0), (17, 0), (32, 0), (190, 460), (368, 0), (613, 0), (80001, 0)],
)
def test_documented_errors_can_be_ordered(network, reader, code, subcode):
    network.fail_with(code, subcode, path="/{version}/{id}/feed")
    reader.json("me")
    assert reader.error("me/feed")[:2] == (code, subcode)
    assert reader.ids("me/feed") == []
    assert [entry["outcome"] for entry in network.requests()] == ["served", "failed", "served"]


def test_an_ordered_status_looks_like_the_networks(network, reader):
    network.fail(status=500, times=1)
    error = reader.call("GET", "me").json()["error"]
    assert (error["code"], error["is_transient"], error["type"]) == (2, True, "OAuthException")
    network.fail(status=502, times=1)
    assert "html" in reader.call("GET", "me").text
