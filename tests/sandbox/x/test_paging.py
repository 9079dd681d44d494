"""Pages of the X fake: their order, the tokens between them, and how deep they go."""

from datetime import timedelta

import pytest

from tests.sandbox.x.conftest import minute, user_id, walk


@pytest.fixture
def mentions(network):
    """Twenty-three mentions, oldest first."""
    return [
        network.post("katharina", f"Nr. {number}", at=minute(number), mentions=("nordwerk",)) for number in range(23)
    ]


@pytest.fixture
def path(me):
    return f"/2/users/{me}/mentions"


def test_a_walk_finds_everything_once_newest_first(reader, path, mentions):
    pages = walk(reader, path, max_results=5)
    assert [len(page["data"]) for page in pages] == [5, 5, 5, 5, 3]
    assert [post["id"] for page in pages for post in page["data"]] == mentions[::-1]
    for page in pages:
        meta, ids = page["meta"], [post["id"] for post in page["data"]]
        assert (meta["result_count"], meta["newest_id"], meta["oldest_id"]) == (len(ids), ids[0], ids[-1])
    assert "previous_token" not in pages[0]["meta"]


def test_the_previous_token_leads_back(reader, path, mentions):
    second = walk(reader, path, max_results=5)[1]
    back = reader.json(path, max_results=5, pagination_token=second["meta"]["previous_token"])
    assert [post["id"] for post in back["data"]] == mentions[:-6:-1]


def test_what_arrives_during_a_walk_moves_nothing(network, reader, path, mentions):
    first = reader.json(path, max_results=5)
    network.post("helene", "Und ich", at=minute(30), mentions=("nordwerk",))
    second = reader.json(path, max_results=5, pagination_token=first["meta"]["next_token"])
    assert [post["id"] for post in second["data"]] == mentions[17:12:-1]


def test_ids_and_times_narrow_a_list(reader, path, mentions):
    assert reader.ids(path, max_results=100, since_id=mentions[20]) == mentions[:20:-1]
    assert reader.ids(path, max_results=100, until_id=mentions[2]) == mentions[1::-1]
    between = {"since_id": mentions[3], "until_id": mentions[6]}
    assert reader.ids(path, max_results=100, **between) == [mentions[5], mentions[4]]
    times = {"start_time": minute(3).isoformat(), "end_time": minute(5).isoformat()}
    assert reader.ids(path, max_results=100, **times) == [mentions[4], mentions[3]]


def test_an_empty_list_has_no_data(reader, path, mentions):
    assert reader.json(path, since_id=mentions[-1]) == {"meta": {"result_count": 0}}


def test_a_token_of_another_list_is_refused(reader, me, path, mentions):
    token = reader.json(path, max_results=5)["meta"]["next_token"]
    answer = reader.answer(f"/2/users/{me}/tweets", pagination_token=token)
    assert answer.status_code == 400
    assert "pagination_token" in answer.json()["errors"][0]["message"]


def test_a_short_page_is_not_the_end(network, reader, path, mentions):
    for number in range(5):
        network.post("helene", "Moi aussi", at=minute(22.5 + number / 10), mentions=("nordwerk",))
    network.set_standing("helene", "suspended", at=minute(60))
    pages = walk(reader, path, max_results=10)
    assert [len(page.get("data", [])) for page in pages] == [5, 10, 8]


def test_only_the_newest_800_mentions_are_there(network, reader, path):
    written = [
        network.post("katharina", "Moin", at=minute(0) + timedelta(seconds=number), mentions=("nordwerk",))
        for number in range(805)
    ]
    found = [post["id"] for page in walk(reader, path, max_results=100) for post in page["data"]]
    assert found == written[:4:-1]


def test_a_timeline_leaves_out_answers_and_reposts_when_told(network, reader, me, mentions):
    news = network.post("nordwerk", "Neu", at=minute(40))
    answer = network.post("nordwerk", "Gern", at=minute(41), reply_to=mentions[0])
    share = network.share("nordwerk", mentions[1], at=minute(42))
    path = f"/2/users/{me}/tweets"
    assert reader.ids(path) == [share, answer, news]
    assert reader.ids(path, exclude="replies") == [share, news]
    assert reader.ids(path, exclude="replies,retweets") == [news]


def test_likers_sharers_quotes_and_followers_have_pages_too(network, reader, me):
    news = network.post("nordwerk", "Neu", at=minute(0))
    people = ("katharina", "helene", "jane_doe")
    quotes = [network.post(one, "Schaut", at=minute(1), quote=news) for one in people]
    for one in people:
        network.like(one, news, at=minute(2))
        network.share(one, news, at=minute(3))
        network.follow(one, "nordwerk", at=minute(4))
    newest_first = [user_id(network, one) for one in reversed(people)]
    for path in (f"/2/tweets/{news}/liking_users", f"/2/tweets/{news}/retweeted_by", f"/2/users/{me}/followers"):
        pages = walk(reader, path, max_results=1)
        assert [user["id"] for page in pages for user in page["data"]] == newest_first
    assert reader.ids(f"/2/tweets/{news}/quote_tweets") == quotes[::-1]
