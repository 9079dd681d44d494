"""What becomes of our posts: nothing twice, ever more seldom, and edits under one id."""

import pytest

from scrm.connectors.base import Api, ObjectRef
from scrm.connectors.payload import Payload
from scrm.connectors.x import connector
from scrm.connectors.x.ids import first_id_at
from scrm.errors import GoneError
from scrm.records import InteractionKind
from scrm.sandbox.x import X
from tests.connectors.x.reading import Clock, Reading, access, paths, read_list, read_objects
from tests.connectors.x.scenario import LIKERS, minute, play


def begun(api: Api) -> Reading:
    reading = Reading()
    read_list(api, reading, "posts")
    return reading


def test_answers_that_name_nobody_are_found_below_our_posts_alone(network: X, api: Api) -> None:
    ids = play(network)
    reading = begun(api)
    joined = network.post("nordwerk", "May we join in?", at=minute(45), reply_to=ids["tip"])
    read_list(api, reading, "posts")
    watched = {native_id for name, native_id in reading.watched if name == "replies"}
    assert ids["news"] in watched
    assert not {ids["answer"], joined, ids["share"]} & watched
    read_objects(api, reading, "replies")
    assert {ids["question"], ids["aside"]} <= reading.interactions.keys()
    assert reading.interactions[ids["aside"]].kind is InteractionKind.REPLY


def test_an_answer_is_searched_once_and_only_newer_ones_after_it(network: X, clock: Clock, api: Api) -> None:
    ids = play(network)
    reading = begun(api)
    read_objects(api, reading, "replies", [ids["news"]])
    clock.move(hours=1)
    late = network.post("helene", "One more thing", at=clock.now, reply_to=ids["aside"])
    planned = read_objects(api, reading, "replies", [ids["news"]])
    assert reading.times[late] == 1
    assert reading.times[ids["aside"]] == 1
    assert planned[ids["news"]].after_seconds == 30 * 60


def test_a_post_is_looked_at_ever_more_seldom_and_then_no_more(network: X, clock: Clock, api: Api) -> None:
    news = network.post("nordwerk", "News", at=minute(49))
    reading = begun(api)
    waits = []
    for _ in range(200):
        if ("replies", news) not in reading.watched:
            break
        planned = read_objects(api, reading, "replies")
        wait = planned[news].after_seconds if news in planned else 0
        waits.append(wait)
        clock.move(seconds=wait)
    assert waits == [*sorted(waits[:-1]), 0]
    assert waits[0] == 1800
    assert len(waits) < 45


def test_old_posts_are_not_watched_at_all(network: X, clock: Clock, api: Api) -> None:
    network.post("nordwerk", "Long ago", at=minute(1))
    clock.move(days=8)
    assert not [name for name, _ in begun(api).watched if name in {"replies", "reactions", "edits"}]


def test_likes_quotes_and_reposts_are_read_when_their_number_grew(network: X, clock: Clock, api: Api) -> None:
    ids = play(network)
    reading = begun(api)
    read_objects(api, reading, "reactions")
    kinds = [one.kind for one in reading.interactions.values()]
    assert kinds.count(InteractionKind.REACTION) == len(LIKERS) + 1
    assert ids["quote"] in reading.interactions
    thomas = reading.interactions[ids["quote"]].author.native_id
    assert f"repost:{thomas}:{ids['news']}" in reading.interactions

    clock.move(hours=1)
    asked = len(paths(network))
    read_objects(api, reading, "reactions", [ids["news"]])
    assert paths(network)[asked:] == ["/2/tweets"]
    assert set(reading.times.values()) == {1}

    network.like("jane_doe", ids["news"], at=clock.now)
    asked = len(paths(network))
    read_objects(api, reading, "reactions", [ids["news"]])
    lists = [path for path in paths(network)[asked:] if path != "/2/tweets"]
    assert lists == [f"/2/tweets/{ids['news']}/liking_users"]
    assert max(reading.times.values()) == 2
    assert list(reading.times.values()).count(2) == 3  # the margin below the new one


def test_a_number_that_fell_counts_from_there(network: X, clock: Clock, api: Api) -> None:
    ids = play(network)
    reading = begun(api)
    read_objects(api, reading, "reactions", [ids["news"]])
    network.unlike("helene", ids["news"], at=minute(49))
    network.unlike(LIKERS[0], ids["news"], at=minute(49))
    read_objects(api, reading, "reactions", [ids["news"]])
    clock.move(minutes=40)
    network.like("jane_doe", ids["news"], at=clock.now)
    read_objects(api, reading, "reactions", [ids["news"]])
    likes = [one for one in reading.interactions.values() if one.kind is InteractionKind.REACTION]
    assert len(likes) == len(LIKERS) + 2


def test_without_the_right_to_see_likes_the_other_lists_are_read(network: X, clock: Clock) -> None:
    ids = play(network)
    with access(network, clock) as api:
        api.credentials["scope"] = "tweet.read users.read"
        reading = begun(api)
        read_objects(api, reading, "reactions", [ids["news"]])
    assert ids["quote"] in reading.interactions
    assert not [path for path in paths(network) if path.endswith("liking_users")]


def test_a_page_of_likes_that_was_forgotten_begins_again(network: X, api: Api) -> None:
    ids = play(network)
    lost = '{"left": "20", "list": "likes", "token": "aaaaaaaaaaaaaaaa", "wanted": "40"}'
    ref = ObjectRef(native_id=ids["news"], fetch_ref=ids["news"], cursor=lost)
    page = connector.object_stream("reactions").read(api, [ref])
    assert len(page.items) == 10


def test_a_post_of_ours_that_is_gone_is_gone(network: X, api: Api) -> None:
    ids = play(network)
    reading = begun(api)
    network.delete(ids["news"], at=minute(49))
    read_objects(api, reading, "reactions", [ids["news"]])
    assert ids["news"] in reading.deleted


def test_what_can_still_be_edited_is_read_once_more(network: X, api: Api) -> None:
    ids = play(network)
    stream = connector.stream("posts")
    orders = {}
    for item in [item for page in [stream.read(api, None)] for item in page.items]:
        assert api.account is not None
        for order in stream.watch(Payload(item), api.account):
            orders[order.stream, order.native_id] = order.after_seconds
    assert orders["edits", ids["tip10"]] == (minute(27 + 60) - minute(50)).total_seconds() + 60

    reading = begun(api)
    network.edit(ids["news"], "Better", at=minute(45))
    network.edit(ids["news"], "Best", at=minute(46))
    network.delete(ids["tip0"], at=minute(46))
    read_objects(api, reading, "edits")
    assert reading.interactions[ids["news"]].text == "Best"
    assert reading.deleted == {ids["tip0"]}
    assert not [name for name, _ in reading.watched if name == "edits"]


def test_what_cannot_be_edited_is_not_read_again(network: X, clock: Clock, api: Api) -> None:
    ids = play(network)
    assert ("edits", ids["answer"]) not in begun(api).watched
    clock.move(hours=2)
    assert not [name for name, _ in begun(api).watched if name == "edits"]


def test_a_list_below_a_post_that_is_gone_says_so(api: Api) -> None:
    ref = ObjectRef(native_id=first_id_at(minute(5)), fetch_ref="1", cursor='{"left": "5", "list": "likes"}')
    with pytest.raises(GoneError):
        connector.object_stream("reactions").read(api, [ref])
