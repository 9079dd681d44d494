"""What reading costs: counted as X bills it, once a day, never more than was set aside, and nothing for nothing."""

import pytest

from scrm.connectors.base import Api
from scrm.connectors.x import connector
from scrm.connectors.x.prices import PRICES, most
from scrm.errors import BudgetSpentError
from scrm.sandbox.x import X
from tests.connectors.x.reading import Clock, Counter, Reading, access, paths, read_list, read_lists, read_objects
from tests.connectors.x.scenario import minute, play


@pytest.fixture
def counter(clock: Clock, api: Api) -> Counter:
    counter = Counter(clock=clock)
    api.meter = counter
    return counter


@pytest.fixture
def not_owned(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that belongs to somebody else."""
    monkeypatch.setattr("scrm.sandbox.x.serving.Ask.is_owned", lambda *_: False)


def billed(network: X) -> int:
    return round(sum(one["price"] for one in network.charges()) * 1_000_000)


def everything(api: Api, reading: Reading) -> None:
    read_lists(api, reading)
    for name in ("replies", "reactions", "edits", "recheck"):
        read_objects(api, reading, name)


@pytest.mark.usefixtures("not_owned")
def test_we_count_what_x_bills(network: X, api: Api, counter: Counter) -> None:
    play(network)
    connector.sign_in(api)
    everything(api, Reading())
    assert counter.spent == billed(network)
    assert counter.reserved == 0


def test_own_posts_and_mentions_cost_less_when_the_account_owns_the_app(network: X, clock: Clock) -> None:
    play(network)
    with access(network, clock, owner_handle="@Nordwerk") as api:
        api.meter = counter = Counter(clock=clock)
        connector.sign_in(api)
        read_lists(api, Reading())
    assert counter.spent == billed(network)


@pytest.mark.usefixtures("not_owned")
def test_reading_again_on_the_same_day_costs_nothing_more(network: X, api: Api, counter: Counter) -> None:
    play(network)
    reading = Reading()
    everything(api, reading)
    before = counter.spent
    everything(api, reading)
    assert counter.spent == before


def test_the_next_day_costs_the_newest_messages_and_the_numbers_of_our_posts(
    network: X, clock: Clock, api: Api, counter: Counter
) -> None:
    play(network)
    reading = Reading()
    everything(api, reading)
    before = counter.spent
    clock.move(days=1)
    everything(api, reading)
    posts = len([name for name, _ in reading.watched if name == "reactions"])
    people = 2
    assert counter.spent - before == 10 * PRICES["dm_event"] + people * PRICES["user"] + posts * PRICES["post"]


def test_what_is_not_allowed_is_not_asked_for(network: X, api: Api, counter: Counter) -> None:
    play(network)
    counter.cap = 100_000
    asked = len(paths(network))
    with pytest.raises(BudgetSpentError):
        read_lists(api, Reading())
    assert len(paths(network)) == asked


def test_the_money_of_x_running_out_is_a_budget_that_is_spent(network: X, api: Api, counter: Counter) -> None:
    play(network)
    network.set_spend_limit(0.01)
    with pytest.raises(BudgetSpentError):
        everything(api, Reading())
    assert counter.reserved == 0


def test_the_forecast_is_not_below_what_reading_back_costs(network: X, api: Api, counter: Counter) -> None:
    play(network)
    forecasts = {one.stream: one for one in connector.forecast(api)}
    for stream in connector.streams:
        before = counter.spent
        read_list(api, Reading(), stream.name)
        if stream.name != "messages":
            assert counter.spent - before <= forecasts[stream.name].cost
    assert forecasts["posts"].items == 15
    assert forecasts["keywords"].items == 12
    assert forecasts["messages"].items is None


def test_without_keywords_and_messages_nothing_is_forecast_for_them(network: X, clock: Clock) -> None:
    with access(network, clock, keywords="", direct_messages="no") as api:
        assert {one.stream for one in connector.forecast(api)} == {"posts", "mentions"}
    assert not [path for path in paths(network) if path.endswith("/counts/recent")]


@pytest.mark.parametrize(
    ("path", "params", "cost"),
    [
        ("/2/users/me", [("user.fields", "id")], 10_000),
        ("/2/users/7/mentions", [("max_results", "25"), ("expansions", "author_id,in_reply_to_user_id")], 625_000),
        (
            "/2/tweets/search/recent",
            [("query", "x"), ("max_results", "10"), ("expansions", "referenced_posts")],
            150_000,
        ),
        ("/2/tweets", [("ids", "1,2,3")], 15_000),
        ("/2/tweets/7/liking_users", [("max_results", "25")], 25_000),
        ("/2/tweets/7/retweeted_by", [("max_results", "2")], 20_000),
        ("/2/dm_events", [("max_results", "10"), ("expansions", "sender_id")], 200_000),
        ("/2/tweets/counts/recent", [("query", "x")], 5_000),
        ("/2/compliance/jobs", [("type", "tweets")], 0),
        ("/2/compliance/jobs/7", None, 0),
    ],
)
def test_the_most_that_a_request_may_cost(api: Api, path: str, params: list[tuple[str, str]], cost: int) -> None:
    assert most(api, path, params) == cost


def test_the_price_of_a_like_is_paid_per_post(network: X, api: Api, counter: Counter) -> None:
    one, other = (network.post("nordwerk", text, at=minute(1)) for text in ("One", "Two"))
    for native in (one, other):
        network.like("helene", native, at=minute(2))
    reading = read_lists(api, Reading())
    before = counter.spent
    read_objects(api, reading, "reactions")
    assert counter.spent - before == 2 * PRICES["like"]
