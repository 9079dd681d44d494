"""Limits of requests and what reading costs."""

from datetime import timedelta

import pytest

from scrm.sandbox.x import X
from tests.sandbox.x.conftest import Reader, minute, populate, reader_of, user_id

ME = "/2/users/me"


def paid(network):
    return [(one["kind"], one["price"]) for one in network.charges()]


def test_limits_are_told_on_every_answer_and_end_after_fifteen_minutes(clock):
    with X(clock=clock, rate_limits={ME: 2}) as network:
        populate(network)
        reader, other = reader_of(network, "nordwerk"), reader_of(network, "femke")
        answers = [reader.answer(ME) for _ in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 429]
        assert [one.headers["x-rate-limit-remaining"] for one in answers] == ["1", "0", "0"]
        reset = int(clock.now.timestamp()) + 900
        assert answers[0].headers["x-rate-limit-limit"] == "2"
        assert {one.headers["x-rate-limit-reset"] for one in answers} == {str(reset)}
        assert answers[2].json()["title"] == "Too Many Requests"
        assert other.answer(ME).status_code == 200, "each user has a window of their own"
        clock.move(minutes=15)
        assert reader.answer(ME).status_code == 200


@pytest.mark.parametrize(
    ("path", "app", "user"),
    [
        ("/2/users/{me}/mentions", "450", "300"),
        ("/2/users/{me}/tweets", "10000", "900"),
        ("/2/tweets/search/recent?query=x", "450", "300"),
        ("/2/tweets?ids=1", "3500", "5000"),
        ("/2/tweets/1/quote_tweets", "75", "75"),
    ],
)
def test_apps_and_users_have_the_documented_limits(reader, app_reader, me, path, app, user):
    for one, limit in ((app_reader, app), (reader, user)):
        assert one.answer(path.format(me=me)).headers["x-rate-limit-limit"] == limit


def test_own_reads_are_cheap_and_what_expansions_bring_is_not(network, reader, me):
    network.post("katharina", "Moin", at=minute(1), mentions=("nordwerk",))
    reader.json(f"/2/users/{me}/mentions")
    assert paid(network) == [("post", 0.001)]
    reader.json(f"/2/users/{me}/mentions", expansions="author_id")
    assert paid(network) == [("post", 0.001), ("user", 0.010)]
    assert network.usage()["spent"] == pytest.approx(0.011)


def test_the_same_read_of_somebody_else_or_by_the_app_has_the_full_price(network, reader, app_reader, me):
    network.post("katharina", "Moin", at=minute(1), mentions=("nordwerk", "femke"))
    app_reader.json(f"/2/users/{me}/mentions")
    assert paid(network) == [("post", 0.005)]
    network.follow("katharina", "femke", at=minute(2))
    reader.json(f"/2/users/{user_id(network, 'femke')}/followers")
    assert paid(network)[1:] == [("follower", 0.010)]


def test_a_resource_is_paid_for_once_a_day_in_utc(network, clock):
    written = network.post("katharina", "Moin", at=minute(1))
    for by in (timedelta(0), timedelta(hours=15, minutes=59), timedelta(minutes=1)):
        clock.now += by
        Reader(network, network.app()["bearer_token"]).json("/2/tweets", ids=written)
    days = [one["day"] for one in network.charges()]
    assert days == ["2026-11-20", "2026-11-21"], "16:00, 7:59 and 8:00 are two days"


def test_messages_likes_and_counts_have_prices_of_their_own(network, reader):
    news = [network.post("nordwerk", "Neu", at=minute(number)) for number in range(2)]
    for one in news:
        network.like("katharina", one, at=minute(2))
        reader.json(f"/2/tweets/{one}/liking_users")
    network.message("katharina", "Moin", at=minute(3))
    reader.json("/2/dm_events")
    for _ in range(2):
        reader.json("/2/tweets/counts/recent", query="neu")
    assert paid(network) == [("like", 0.001)] * 2 + [("dm_event", 0.010)] + [("count", 0.005)] * 2


def test_at_the_spend_limit_everything_is_refused_until_it_is_raised(network, reader, clock):
    network.set_spend_limit(0.01)
    assert reader.answer(ME).status_code == 200, "the last request may go over the limit"
    refused = reader.answer("/2/users/search", query="x")
    assert refused.status_code == 402
    assert refused.json()["title"] == "CreditsDepleted"
    network.set_spend_limit(1)
    assert reader.answer(ME).status_code == 200


def test_a_month_begins_with_nothing_spent(clock):
    with X(clock=clock, spend_limit=0.01) as network:
        populate(network)
        assert [reader_of(network, "nordwerk").answer(ME).status_code for _ in range(2)] == [200, 402]
        clock.move(days=11)
        assert reader_of(network, "nordwerk").answer(ME).status_code == 200


def test_the_monthly_cap_of_posts_ends_in_its_own_error(clock):
    with X(clock=clock, monthly_cap=2) as network:
        populate(network)
        written = [network.post("katharina", "Moin", at=minute(number)) for number in range(3)]
        reader = Reader(network, network.app()["bearer_token"])
        reader.json("/2/tweets", ids=",".join(written[:2]))
        refused = reader.answer("/2/tweets", ids=written[2])
        assert refused.status_code == 429
        assert refused.json()["type"].endswith("/usage-capped")
        assert refused.json()["period"] == "Monthly"


def test_the_app_can_ask_how_many_posts_it_read(network, app_reader):
    written = network.post("katharina", "Moin", at=minute(1))
    app_reader.json("/2/tweets", ids=written)
    usage = app_reader.json("/2/usage/tweets", days=2, usage_fields="daily_project_usage")["data"]
    assert (usage["project_usage"], usage["project_cap"]) == ("1", "3000000")
    assert [day["usage"] for day in usage["daily_project_usage"]["usage"]] == ["1", "0"]
    assert network.usage()["calls"] == {"GET /2/tweets": 1, "GET /2/usage/tweets": 1}


def test_what_is_hidden_or_refused_costs_nothing(network, reader, me):
    network.post("helene", "Moin", at=minute(1), mentions=("nordwerk",))
    network.set_standing("helene", "protected", at=minute(2))
    reader.json(f"/2/users/{me}/mentions", expansions="author_id")
    reader.answer("/2/tweets", ids="1")
    assert network.charges() == []
