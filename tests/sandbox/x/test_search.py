"""The search of the X fake: its language, its seven days, and the counts."""

from datetime import timedelta

import pytest

from scrm.sandbox.x import X
from scrm.sandbox.x.ids import first_id_at
from tests.sandbox.x.conftest import minute, populate, reader_of

SEARCH = "/2/tweets/search/recent"


@pytest.fixture
def posts(network):
    """A small conversation, by names."""
    news = network.post("nordwerk", "Neu: der NW-40 #Antriebstechnik https://nordwerk.example/nw40", at=minute(0))
    question = network.post("katharina", "Wann kommt der Umrichter?", at=minute(1), reply_to=news)
    deeper = network.post("helene", "Das frage ich auch", at=minute(2), reply_to=question)
    quote = network.post("jane_doe", "Look at this gearbox", at=minute(3), quote=news)
    hearsay = network.post("thomas_mueller_1", "Mein #Nordwerk läuft und läuft", at=minute(4))
    share = network.share("helene", news, at=minute(5))
    network.like("jane_doe", hearsay, at=minute(6))
    return {
        "news": news,
        "question": question,
        "deeper": deeper,
        "quote": quote,
        "hearsay": hearsay,
        "share": share,
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("from:nordwerk", "news"),
        ("from:hlefevre", "share deeper"),
        ("from:hlefevre -is:retweet", "deeper"),
        ("from:hlefevre is:retweet", "share"),
        ("to:nordwerk", "question"),
        ("@nordwerk", "question"),
        ("#nordwerk", "hearsay"),
        ("#Nordwerk OR #antriebstechnik", "hearsay news"),
        ("nordwerk", "hearsay question news"),
        ('"läuft und läuft"', "hearsay"),
        ('"läuft läuft"', ""),
        ("conversation_id:{news}", "deeper question news"),
        ("conversation_id:{news} -from:nordwerk", "deeper question"),
        ("in_reply_to_tweet_id:{news}", "question"),
        ("quotes_of_tweet_id:{news}", "quote"),
        ("retweets_of_tweet_id:{news}", "share"),
        ("(umrichter OR gearbox) -is:reply", "quote"),
        ("umrichter OR gearbox -is:reply", "quote question"),
        ("nordwerk lang:de min_likes:1", "hearsay"),
        ("from:nordwerk has:links has:hashtags", "news"),
        ("url:nordwerk.example", "news"),
    ],
)
def test_operators_find_what_they_say(reader, posts, query, found):
    ids = reader.ids(SEARCH, query=query.format(**posts))
    assert ids == [posts[name] for name in found.split()]


@pytest.mark.parametrize(
    "query", ["(a OR b", "a)", "OR", "-from:nordwerk", "is:retweet", "near:bremen", "is:nice", "from:"]
)
def test_what_is_no_query_is_refused(network, reader, query):
    answer = reader.answer(SEARCH, query=query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameters"] == {"query": [query]}


def test_a_query_has_512_signs_at_most_unless_more_was_bought(reader, clock):
    assert reader.answer(SEARCH, query="a" * 512).status_code == 200
    assert reader.answer(SEARCH, query="a" * 513).status_code == 400
    with X(clock=clock, query_length=4096) as network:
        populate(network)
        assert reader_of(network, "nordwerk").answer(SEARCH, query="a" * 513).status_code == 200


def test_the_search_goes_back_seven_days(network, posts, clock):
    clock.now = minute(3.5) + timedelta(days=7)
    reader = reader_of(network, "nordwerk")
    assert reader.ids(SEARCH, query="nordwerk") == [posts["hearsay"]]
    refused = reader.answer(SEARCH, query="nordwerk", since_id=posts["news"])
    assert refused.status_code == 400
    message = refused.json()["errors"][0]["message"]
    oldest = first_id_at(clock.now - timedelta(days=7))
    assert message == (
        "'since_id' must be a tweet id created after 2026-11-20T08:03Z. "
        f"Please use a 'since_id' that is larger than {oldest}"
    )
    assert reader.ids(SEARCH, query="nordwerk", since_id=str(oldest)) == [posts["hearsay"]]
    assert reader.answer(SEARCH, query="nordwerk", start_time=minute(0).isoformat()).status_code == 400


def test_ids_and_times_exclude_each_other(reader, posts):
    answer = reader.answer(SEARCH, query="x", since_id=posts["news"], start_time=minute(0).isoformat())
    assert answer.status_code == 400
    assert "in conjunction with" in answer.json()["errors"][0]["message"]


def test_a_search_that_is_late_does_not_find_the_last_half_minute(clock):
    with X(clock=clock, search_delay=timedelta(seconds=30)) as network:
        populate(network)
        network.post("nordwerk", "Neu", at=clock.now - timedelta(seconds=10))
        reader = reader_of(network, "nordwerk")
        assert reader.ids(SEARCH, query="neu") == []
        clock.move(seconds=30)
        assert len(reader.ids(SEARCH, query="neu")) == 1


def test_protected_accounts_are_not_found_even_by_their_followers(network, reader, posts):
    network.follow("nordwerk", "thomas_mueller_1", at=minute(7))
    network.set_standing("thomas_mueller_1", "protected", at=minute(8))
    assert reader.ids(SEARCH, query="#nordwerk") == []
    assert reader.ids("/2/tweets", ids=posts["hearsay"]) == [posts["hearsay"]]


def test_both_names_of_the_token_lead_on(network, reader):
    written = [network.post("jane_doe", f"gearbox {number}", at=minute(number)) for number in range(25)]
    first = reader.json(SEARCH, query="gearbox")
    token = first["meta"]["next_token"]
    assert len(first["data"]) == 10, "ten unless asked otherwise"
    for name in ("next_token", "pagination_token"):
        assert reader.ids(SEARCH, query="gearbox", **{name: token}) == written[14:4:-1]
    assert reader.answer(SEARCH, query="motor", next_token=token).status_code == 400


def test_counts_fill_every_bucket_of_the_time_asked_for(reader, posts):
    times = {"start_time": minute(-60).isoformat(), "end_time": minute(60).isoformat()}
    answer = reader.json("/2/tweets/counts/recent", query="nordwerk", granularity="hour", **times)
    assert [bucket["post_count"] for bucket in answer["data"]] == [0, 3]
    assert answer["data"][1]["start"] == answer["data"][0]["end"] == "2026-11-20T08:00:00.000Z"
    assert answer["meta"] == {"total_post_count": 3}
