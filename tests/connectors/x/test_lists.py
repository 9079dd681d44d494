"""Lists: walks that are cut off, edits, depths and windows, both vocabularies, and what is not read at all."""

from datetime import timedelta

import pytest

from scrm.connectors.base import Api, Stream
from scrm.connectors.x import connector
from scrm.connectors.x.ids import first_id_at, moment, order
from scrm.connectors.x.lists import Mentions
from scrm.errors import RetryLaterError
from scrm.records import Audience, InteractionKind
from scrm.sandbox.x import X
from scrm.sandbox.x.state import Standing
from tests.connectors.replay import read_all
from tests.connectors.shape import as_json
from tests.connectors.x.reading import Clock, Reading, access, paths, read_list, read_lists
from tests.connectors.x.scenario import LIKERS, NOW, fake, minute, play


def count(network: X, path: str) -> int:
    return len([one for one in paths(network) if one.endswith(path)])


@pytest.fixture
def mentions() -> Stream:
    return connector.stream("mentions")


def test_a_walk_that_is_cut_off_leaves_no_hole_whatever_came_meanwhile(
    network: X, api: Api, mentions: Stream
) -> None:
    play(network)
    first = mentions.read(api, None)
    network.post("helene", "Just now", at=minute(49), mentions=["nordwerk"])
    rest = read_all(mentions, api, first.cursor)
    found = [item["post"]["id"] for page in (first, *rest) for item in page.items]
    assert len(found) == len(set(found)) == 14
    assert read_all(mentions, api, rest[-1].cursor)[-1].items == ()


def test_pages_without_posts_are_not_the_end(network: X, api: Api, mentions: Stream) -> None:
    for number in range(25):
        network.post(LIKERS[number], "Hello", at=minute(1 + number), mentions=["nordwerk"])
    for number in range(5, 25):
        network.set_standing(LIKERS[number], Standing.SUSPENDED, at=minute(45))
    assert len([item for page in read_all(mentions, api) for item in page.items]) == 5


def test_an_edited_post_comes_again_under_its_first_id(network: X, api: Api) -> None:
    reading = Reading()
    asked = network.post("helene", "A question?", at=minute(40), mentions=["nordwerk"])
    read_list(api, reading, "mentions")
    network.edit(asked, "A question", at=minute(45))
    assert read_list(api, reading, "mentions") == 1
    record = reading.interactions[asked]
    assert (record.text, record.occurred_at, record.edited_at) == ("@nordwerk A question", minute(40), minute(45))


def test_what_refers_to_an_edited_post_refers_to_its_first_id(network: X, api: Api) -> None:
    news = network.post("nordwerk", "Newss", at=minute(40))
    network.edit(news, "News", at=minute(41))
    later = str(network._state.versions[int(news)].post.newest.id)
    answer = network.post("helene", "Nice", at=minute(42), reply_to=later)
    reading = Reading()
    read_list(api, reading, "mentions")
    assert (reading.interactions[answer].in_reply_to, reading.interactions[answer].thread_key) == (news, news)


def test_a_list_as_deep_as_it_goes_says_what_is_missing(
    network: X, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mentions, "depth", 40)
    play(network)
    reading = Reading()
    read_list(api, reading, "mentions")
    assert reading.gaps["mentions"] == []
    for number in range(30):
        network.post(LIKERS[number % 11], "Hello", at=minute(32 + number / 10), mentions=["nordwerk"])
    whole = Reading()
    read_list(api, whole, "mentions")
    (gap,) = whole.gaps["mentions"]
    assert (gap.since, gap.until) == (None, minute(2))


def test_a_search_that_slept_too_long_says_what_it_missed(network: X, clock: Clock, api: Api) -> None:
    play(network)
    reading = Reading()
    assert read_list(api, reading, "keywords") == 12
    assert [gap.since for gap in reading.gaps["keywords"]] == [None]
    clock.move(days=9)
    fresh = network.post("helene", "A gearbox again", at=clock.now - timedelta(hours=1))
    assert read_list(api, reading, "keywords") == 1
    assert fresh in reading.interactions
    _, gap = reading.gaps["keywords"]
    assert (gap.since, gap.until) == (NOW, clock.now - timedelta(days=7) + timedelta(minutes=1))
    clock.move(hours=1)
    read_list(api, reading, "keywords")
    assert len(reading.gaps["keywords"]) == 2


def test_without_keywords_nothing_is_looked_for_and_nothing_is_paid(network: X, clock: Clock) -> None:
    play(network)
    with access(network, clock, keywords="") as api:
        assert read_list(api, Reading(), "keywords") == 0
    assert count(network, "/search/recent") == 0


@pytest.mark.parametrize("app", [{"direct_messages": "no"}, {}])
def test_messages_are_read_only_when_wanted_and_granted(network: X, clock: Clock, app: dict[str, str]) -> None:
    play(network)
    with access(network, clock, **app) as api:
        if not app:
            api.credentials["scope"] = "tweet.read users.read offline.access"
        assert read_list(api, Reading(), "messages") == 0
    assert count(network, "/dm_events") == 0


def test_messages_say_with_whom_and_stay_private(network: X, api: Api) -> None:
    ids = play(network)
    reading = Reading()
    read_list(api, reading, "messages")
    ours, theirs = reading.interactions[ids["callback"]], reading.interactions[ids["message0"]]
    assert ours.counterpart == theirs.author
    assert {ours.audience, theirs.audience} == {Audience.PRIVATE}
    assert ours.thread_key == theirs.thread_key
    assert theirs.text == "Call me at 0 & bring oil"


def test_a_walk_through_messages_whose_page_was_forgotten_begins_again(network: X, api: Api) -> None:
    play(network)
    messages = connector.stream("messages")
    first = messages.read(api, None)
    lost = (first.cursor or "").replace('"next": "', '"next": "aaaaaaaaaaaaaaaa')
    pages = read_all(messages, api, lost)
    assert len({item["message"]["id"] for page in pages for item in page.items}) == 12


def test_messages_too_old_to_be_shown_are_a_gap(network: X, clock: Clock, api: Api) -> None:
    play(network)
    reading = Reading()
    read_list(api, reading, "messages")
    clock.move(days=40)
    network.message("katharina", "Still there?", at=clock.now)
    assert read_list(api, reading, "messages") == 1
    first, second = reading.gaps["messages"]
    assert (first.since, second.since) == (None, minute(30))
    assert second.until == clock.now - timedelta(days=30)


def test_a_message_box_that_is_empty_is_told_once(network: X, api: Api) -> None:
    reading = Reading()
    read_list(api, reading, "messages")
    read_list(api, reading, "messages")
    assert len(reading.gaps["messages"]) == 1
    network.message("katharina", "First", at=minute(49))
    assert read_list(api, reading, "messages") == 1


def test_both_vocabularies_say_the_same(clock: Clock) -> None:
    found = []
    for word in ("post", "tweet"):
        with fake(clock=clock, vocabulary=word) as network, access(network, clock, vocabulary=word) as api:
            play(network)
            reading = read_lists(api, Reading())
            found.append(
                [as_json(one) for records in (reading.interactions, reading.profiles) for one in records.values()]
            )
    assert found[0] == found[1]


def test_a_protected_author_is_not_shown_as_public(network: X, api: Api) -> None:
    network.follow("nordwerk", "helene", at=minute(1))
    network.set_standing("helene", Standing.PROTECTED, at=minute(2))
    quiet = network.post("helene", "Between us", at=minute(40), mentions=["nordwerk"])
    reading = Reading()
    read_list(api, reading, "mentions")
    assert reading.interactions[quiet].audience is Audience.FOLLOWERS


def test_a_long_post_is_read_whole_and_links_are_real(network: X, api: Api) -> None:
    text = "See https://nordwerk.example/a & https://nordwerk.example/b " + "x" * 300
    long = network.post("helene", text, at=minute(40), mentions=["nordwerk"])
    reading = Reading()
    read_list(api, reading, "mentions")
    assert reading.interactions[long].text == f"@nordwerk {text}"


def test_our_own_repost_stands_with_whose_post_it_was(network: X, api: Api) -> None:
    ids = play(network)
    reading = Reading()
    read_list(api, reading, "posts")
    assert api.account is not None
    share = reading.interactions[f"repost:{api.account.key.native_id}:{ids['tip']}"]
    assert (share.kind, share.text, share.target) == (InteractionKind.SHARE, None, ids["tip"])
    assert share.counterpart is not None


def test_ids_tell_their_time() -> None:
    assert moment(first_id_at(minute(3))) == minute(3)
    assert moment("783214") is None
    assert order("12a") < order("9") < order("10")


def test_a_walk_goes_on_after_trouble(network: X, api: Api, mentions: Stream) -> None:
    play(network)
    first = mentions.read(api, None)
    network.fail(status=503, times=1, path="/2/users/{id}/mentions")
    with pytest.raises(RetryLaterError):
        mentions.read(api, first.cursor)
    rest = read_all(mentions, api, first.cursor)
    assert len({item["post"]["id"] for page in (first, *rest) for item in page.items}) == 13
