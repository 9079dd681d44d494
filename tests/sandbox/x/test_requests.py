"""Who may ask the X fake what, what it refuses, and how an error looks."""

import json

import pytest

from scrm.sandbox.x import X, error_body
from scrm.sandbox.x.errors import ERRORS
from scrm.sandbox.x.vocabulary import TWEET
from tests.sandbox.x.conftest import Reader, minute, populate, reader_of, user_id

ME = "/2/users/me"
INVALID = "https://api.x.com/2/problems/invalid-request"
MENTIONS = "/2/users/1/mentions"
SEARCH = "/2/tweets/search/recent"
MANY = ",".join(str(number) for number in range(101))


@pytest.mark.parametrize("header", ["", "Basic Zm9v", "Bearer nonsense"])
def test_without_a_known_token_everything_is_refused(network, header):
    reader = Reader(network, "")
    reader.session.headers["Authorization"] = header
    answer = reader.answer(ME)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}


def test_an_access_token_lives_two_hours_and_revocation_ends_it_at_once(network, reader, clock):
    clock.move(hours=1, minutes=59)
    assert reader.answer(ME).status_code == 200
    clock.move(minutes=1)
    assert reader.answer(ME).status_code == 401
    other = reader_of(network, "nordwerk")
    assert other.answer(ME).status_code == 200
    network.revoke("nordwerk")
    assert other.answer(ME).status_code == 401
    assert reader_of(network, "nordwerk").answer(ME).status_code == 200


def test_an_app_alone_may_read_what_is_public_but_nothing_private(app_reader, me):
    assert app_reader.answer(f"/2/users/{me}/mentions").status_code == 200
    for path in (ME, "/2/dm_events", "/2/tweets/1/liking_users"):
        refused = app_reader.answer(path)
        assert refused.status_code == 403
        assert refused.json()["type"].endswith("/unsupported-authentication")


@pytest.mark.parametrize("path", ["/2/compliance/jobs?type=users", "/2/webhooks", "/2/usage/tweets"])
def test_what_concerns_the_app_needs_the_apps_own_token(reader, app_reader, path):
    assert app_reader.answer(path).status_code == 200
    assert reader.answer(path).json()["title"] == "Unsupported Authentication"


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/2/dm_events", "dm.read"),
        ("/2/users/{me}/followers", "follows.read"),
        ("/2/tweets/1/liking_users", "like.read"),
    ],
)
def test_a_call_needs_its_scope(network, me, path, scope):
    path = path.format(me=me)
    without = reader_of(network, "nordwerk", scopes=("tweet.read", "users.read"))
    refused = without.answer(path)
    assert (refused.status_code, refused.json()["title"]) == (403, "Forbidden")
    assert reader_of(network, "nordwerk", scopes=("tweet.read", "users.read", scope)).answer(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        (f"{MENTIONS}?max_results=4", "max_results"),
        (f"{MENTIONS}?max_results=101", "max_results"),
        (f"{MENTIONS}?max_results=many", "max_results"),
        (f"{MENTIONS}?since_id=12345678901234567890", "since_id"),
        (f"{MENTIONS}?start_time=yesterday", "start_time"),
        (f"{MENTIONS}?post.fields=author_id", "post.fields"),
        (f"{MENTIONS}?expansions=referenced_tweets.id", "expansions"),
        (f"{MENTIONS}?tweet.fields=created_at", "tweet.fields"),
        (f"{MENTIONS}?user.fields=email", "user.fields"),
        ("/2/users/x/mentions", "id"),
        ("/2/users/1/tweets?exclude=quotes", "exclude"),
        ("/2/users/1/followers?max_results=1001", "max_results"),
        ("/2/users/1/followers?pagination_token=short", "pagination_token"),
        (f"/2/users?ids={MANY}", "ids"),
        ("/2/users", "ids"),
        ("/2/users/by?usernames=nord.werk", "usernames"),
        ("/2/users/by?usernames=sixteencharacter", "usernames"),
        ("/2/users/search?query=%C3%A9t%C3%A9", "query"),
        (f"/2/tweets?ids={MANY}", "ids"),
        ("/2/tweets/1/liking_users?max_results=0", "max_results"),
        ("/2/tweets/1/quote_tweets?max_results=9", "max_results"),
        (SEARCH, "query"),
        (f"{SEARCH}?query=x&max_results=9", "max_results"),
        (f"{SEARCH}?query=x&sort_order=oldest", "sort_order"),
        ("/2/tweets/counts/recent?query=x&granularity=week", "granularity"),
        ("/2/dm_events?max_results=101", "max_results"),
        ("/2/dm_events?event_types=Typing", "event_types"),
        ("/2/dm_conversations/1-/dm_events", "id"),
    ],
)
def test_a_request_outside_the_description_is_refused_in_xs_words_and_recorded(network, reader, path, parameter):
    answer = reader.answer(path)
    assert answer.status_code == 400
    problem = answer.json()
    assert (problem["type"], problem["title"]) == (INVALID, "Invalid Request")
    assert parameter in problem["errors"][0]["message"]
    last = network.requests()[-1]
    assert (last["outcome"], last["status"]) == ("invalid", 400)


def test_unknown_paths_are_empty_and_unknown_methods_refused(network, reader):
    nowhere = reader.answer("/2/users/1/blocked")
    assert (nowhere.status_code, nowhere.content) == (404, b"")
    assert reader.call("POST", "/2/users/1/mentions").status_code == 405
    assert [entry["outcome"] for entry in network.requests()] == ["invalid", "invalid"]


def test_an_app_that_speaks_of_tweets_is_refused_posts_and_answered_with_tweets(clock):
    with X(clock=clock, vocabulary="tweet", push=False) as network:
        populate(network)
        news = network.post("nordwerk", "Neu", at=minute(0))
        network.post("katharina", "Schön", at=minute(1), reply_to=news)
        reader = reader_of(network, "nordwerk")
        path = f"/2/users/{user_id(network, 'nordwerk')}/mentions"
        refused = reader.answer(path, post_fields="created_at")
        assert refused.status_code == 400
        assert refused.json()["type"] == "https://api.twitter.com/2/problems/invalid-request"
        page = reader.json(
            path,
            tweet_fields="author_id,referenced_tweets,public_metrics",
            expansions="referenced_tweets.id,referenced_tweets.id.author_id",
        )
    tweet = page["data"][0]
    assert tweet["referenced_tweets"] == [{"type": "replied_to", "id": news}]
    assert tweet["edit_history_tweet_ids"] == [tweet["id"]]
    assert tweet["public_metrics"]["retweet_count"] == 0
    assert [one["id"] for one in page["includes"]["tweets"]] == [news]
    assert [one["username"] for one in page["includes"]["users"]] == ["nordwerk"]
    assert "in_reply_to_user_id" not in tweet


def test_in_the_words_of_posts_an_author_shows_only_when_expanded(network, reader, me):
    network.post("katharina", "Moin", at=minute(1), mentions=("nordwerk",))
    post = reader.json(f"/2/users/{me}/mentions", post_fields="created_at,conversation_id")["data"][0]
    assert set(post) == {"id", "text", "edit_history_post_ids", "created_at", "conversation_id"}
    page = reader.json(f"/2/users/{me}/mentions", expansions="author_id", user_fields="location,description")
    assert page["data"][0]["author_id"] == page["includes"]["users"][0]["id"] == user_id(network, "katharina")
    assert page["includes"]["users"][0]["location"]


def test_the_email_shows_to_its_owner_with_the_scope_alone(network, reader, me):
    asked = {"user_fields": "confirmed_email"}
    assert reader.json(ME, **asked)["data"]["confirmed_email"] == "social@nordwerk.example"
    others = reader.json("/2/users", ids=f"{me},{user_id(network, 'femke')}", **asked)["data"]
    assert ["confirmed_email" in one for one in others] == [True, False]
    without = reader_of(network, "nordwerk", scopes=("tweet.read", "users.read"))
    assert "confirmed_email" not in without.json(ME, **asked)["data"]


def test_failures_are_ordered_with_every_documented_body(network, reader):
    for code, (status, _, rest) in ERRORS.items():
        network.fail(status=status, times=1, body=error_body(code), path=ME)
        answer = reader.answer(ME)
        assert (answer.status_code, answer.json()["title"]) == (status, rest["title"])
    network.fail(status=429, times=1, body=error_body("rate-limit-documented"), retry_after="7")
    answer = reader.answer(ME)
    assert answer.json() == {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}
    assert json.loads(error_body("usage-capped", TWEET))["type"] == "https://api.twitter.com/2/problems/usage-capped"
    network.fail(status=503, times=1)
    assert reader.answer(ME).json()["title"] == "Service Unavailable"


def test_requests_are_recorded_without_tokens(network, reader, app_reader):
    reader.json(ME)
    app_reader.json("/2/usage/tweets")
    for one in (reader, app_reader):
        assert one.session.headers["Authorization"].split()[1] not in repr(network.requests())
