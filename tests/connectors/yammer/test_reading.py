"""Feeds, threads, likes and people on the fake: everything once, nothing twice, what changed found again."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

import pytest

from scrm.connectors.base import Api, ObjectRef
from scrm.connectors.yammer import connector
from scrm.connectors.yammer.feeds import pause_after
from scrm.errors import UnavailableError
from scrm.records import InteractionKind
from scrm.sandbox.cast import cast, person
from scrm.sandbox.yammer import Yammer
from tests.connectors.yammer.reading import Reading, access, look, read_lists, recheck, there
from tests.connectors.yammer.scenario import PEOPLE, UNLIMITED, US, Clock, change, day, fake, fill, play

CROWD = [one.key for one in islice((one for one in cast() if one.key not in PEOPLE), 70)]


@pytest.fixture
def network(clock: Clock) -> Iterator[Yammer]:
    """The fake without its limits."""
    with fake(clock, limits=UNLIMITED) as running:
        yield running


@pytest.fixture
def api(network: Yammer, clock: Clock) -> Iterator[Api]:
    with access(network, clock) as opened:
        yield opened


def everything(api: Api) -> tuple[Reading, dict[str, str | None]]:
    """All lists, and every thread once; with the threads' cursors."""
    reading = read_lists(api, Reading())
    return reading, {thread: look(api, reading, thread)[0] for thread in reading.threads}


def test_lists_and_threads_give_the_whole_truth(network, api):
    play(network)
    fill(network)
    reading, _ = everything(api)
    truth = there(network)
    assert reading.interactions.keys() == truth.keys()
    assert {one.author.native_id for one in reading.interactions.values()} <= reading.profiles.keys()
    for native_id, entry in truth.items():
        found = reading.interactions[native_id]
        assert (found.author.native_id, found.thread_key) == (entry["author"], entry["thread"])


def test_what_is_new_is_read_once_even_if_it_is_more_than_a_page(network, api):
    ids = play(network)
    reading = read_lists(api, Reading())
    before = dict(reading.times)
    new = {network.post("helene", f"More {one}", at=day(60 + one / 100), reply_to=ids["news"]) for one in range(55)}
    network.delete(ids["own"], at=day(61))
    read_lists(api, reading, "messages")
    assert {one for one, times in reading.times.items() if times > before.get(one, 0)} == new
    assert {reading.times[one] for one in new} == {1}


def test_a_run_that_ends_half_way_leaves_no_gap(network, api):
    ids = play(network)
    stream = connector.stream("messages")
    read_lists(api, done := Reading(), "messages")
    new = {network.post("helene", f"More {one}", at=day(60 + one / 100), reply_to=ids["news"]) for one in range(45)}
    first = stream.read(api, done.cursors["messages"])
    late = network.post("helene", "Meanwhile", at=day(62), reply_to=ids["news"])
    done.cursors["messages"] = first.cursor
    read_lists(api, done, "messages")
    half = {str(item["message"]["id"]) for item in first.items}
    assert new <= half | done.interactions.keys()
    assert late not in done.interactions
    read_lists(api, done, "messages")
    assert late in done.interactions


def test_the_closed_community_is_read_where_the_account_is_a_member(network, api):
    ids = play(network)
    followed = read_lists(api, Reading(), "followed").interactions
    assert {ids["closed"], ids["told"]} <= followed.keys()
    assert ids["letter"] not in followed
    assert {one.kind for one in read_lists(api, Reading(), "private").interactions.values()} == {
        InteractionKind.MESSAGE
    }


def test_a_thread_waits_the_longer_the_quieter_it_is(network, api):
    assert pause_after(timedelta(minutes=1)) == 3600
    assert pause_after(timedelta(days=4)) == 12 * 3600
    assert pause_after(timedelta(days=100)) == 7 * 24 * 3600
    assert pause_after(timedelta(days=181)) is None
    ids = play(network)
    old = network.post("katharina", "Long ago", at=day(60 - 181))
    reading = read_lists(api, Reading())
    assert old in reading.interactions
    assert old not in reading.threads
    assert reading.threads[ids["own"]] == 3600  # the first look is soon: it shows who likes it


def test_likes_beyond_those_named_are_listed_and_again_only_when_they_changed(network, api, clock):
    ids = play(network)
    reading = Reading()
    cursor, _ = look(api, reading, ids["news"])
    likes = {one for one in reading.interactions if one.startswith(f"{ids['news']}#like-")}
    assert len(likes) == 5
    assert {reading.interactions[one].occurred_at for one in likes} == {day(55)}
    before = (dict(reading.times), api.requests)
    cursor, _ = look(api, reading, ids["news"], cursor)
    assert api.requests - before[1] == 1
    assert {one for one in reading.times if reading.times[one] > before[0].get(one, 0) and "#" in one} == set()

    clock.turn(hours=1)
    fresh = network.like("matze", ids["news"], at=clock())
    network.unlike("katharina", ids["news"], at=clock())
    clock.turn(minutes=5)
    look(api, reading, ids["news"], cursor)
    assert reading.interactions[fresh].occurred_at == clock()
    lost = next(str(one["native_id"]) for one in network.truth() if one["kind"] == "like" and one["deleted"])
    assert reading.gone == {lost}
    assert lost in likes


def test_a_crowd_of_likes_takes_several_readings_and_loses_none(network, api):
    ids = play(network)
    for number, one in enumerate(CROWD):
        network.add_account(person(one), at=day(-100))
        for native_id in (ids["news"], ids["answer"], ids["question"], ids["aside"]):
            network.like(one, native_id, at=day(58 + number / 1000))
    reading = Reading()
    asked = api.requests
    cursor, pages = look(api, reading, ids["news"])
    assert len(pages) == 2
    assert api.requests - asked == 2 + 4 * 2
    likes = {native_id for native_id, one in there(network).items() if one["kind"] == "like"}
    assert {one for one in reading.interactions if "#like-" in one} == likes
    asked = api.requests
    look(api, reading, ids["news"], cursor)
    assert api.requests - asked == 1


def test_without_the_list_of_likers_those_named_count(network, api):
    ids = play(network)
    network.fail(status=404, times=1, path=f"/api/v1/users/liked_message/{ids['news']}.json")
    reading = Reading()
    look(api, reading, ids["news"])
    assert len([one for one in reading.interactions if one.startswith(f"{ids['news']}#like-")]) == 3
    assert reading.gone == set()


def test_a_long_thread_is_read_whole_once_and_then_only_its_newest_part(network, api):
    ids = play(network)
    for number in range(150):
        network.post("helene", f"More {number}", at=day(58 + number / 1000), reply_to=ids["news"])
    reading = Reading()
    cursor, pages = look(api, reading, ids["news"])
    assert len(pages) == 8
    assert len([one for one in reading.interactions if "#" not in one]) == 155
    _, pages = look(api, reading, ids["news"], cursor)
    assert len(pages) == 5


def test_a_deleted_thread_is_gone_and_one_of_a_community_that_was_left_too(network, api):
    ids = play(network)
    network.delete(ids["own"], at=day(60))
    reading = Reading()
    assert look(api, reading, ids["own"])[0] is None
    network._state.group("vertrieb").members.pop(network._state.by_key[US].id)
    assert look(api, reading, ids["closed"])[0] is None
    assert reading.gone == {ids["own"], ids["closed"]}


def test_edits_deletions_and_likes_taken_back_are_found_thread_by_thread(network, api):
    ids = play(network)
    fill(network)
    reading, _ = everything(api)
    change(network, ids)
    asked = api.requests
    found, _ = recheck(api, list(reading.interactions.values()))
    known = set(reading.interactions)
    assert found.interactions.keys() == known & there(network).keys()
    assert found.gone == known - there(network).keys()
    assert found.interactions[ids["question"]].text == "Geht das auch größer, bitte?"
    assert api.requests - asked < len(known)


def test_a_recheck_asks_no_more_than_the_limit_allows(network, api):
    for number in range(20):
        network.post("helene", f"Thread {number}", at=day(58 + number / 100))
    reading = read_lists(api, Reading(), "messages")
    refs = [ObjectRef(native_id=one.key.native_id, fetch_ref=one.fetch_ref) for one in reading.interactions.values()]
    api.requests = 0
    page = connector.object_stream("recheck").read(api, refs)
    assert api.requests <= 10
    assert len(page.items) + len(page.again) == 20
    assert len(page.items) >= 5
    assert page.gone == ()
    assert len(recheck(api, list(reading.interactions.values()))[0].interactions) == 20


def test_what_a_feed_leaves_out_is_asked_for_before_it_counts_as_gone(network, api):
    ids = play(network)
    reading = read_lists(api, Reading(), "messages")
    one = reading.interactions[ids["aside"]]
    hidden = network._state.messages[int(ids["aside"])]
    thread = network._state.thread
    network._state.thread = lambda number: [other for other in thread(number) if other is not hidden]  # type: ignore[method-assign]
    found, _ = recheck(api, [one])
    assert found.gone == set()
    assert found.interactions[ids["aside"]].text == one.text
    network.delete(ids["aside"], at=day(60))
    assert recheck(api, [one])[0].gone == {ids["aside"]}


def test_a_refused_access_counts_as_no_deletion(network, api):
    ids = play(network)
    reading = read_lists(api, Reading(), "messages")
    network.fail(status=403, times=2)
    with pytest.raises(UnavailableError):
        recheck(api, [reading.interactions[ids["aside"]]])


def test_people_are_read_fifty_at_a_time_and_again_the_next_day(network, api, clock):
    for one in CROWD:
        network.add_account(person(one), at=day(-100))
    reading = read_lists(api, Reading(), "people")
    own = {str(one.id) for one in network._state.users.values() if one.home is network._state.network}
    guests = {str(one.id) for one in network._state.users.values() if one.is_guest}
    wrote = {str(one.sender.id) for one in network._state.messages.values()}
    assert reading.profiles.keys() == own & (guests | wrote)
    assert api.requests == 3
    clock.turn(hours=5)
    network.edit_profile("helene", at=clock(), bio="Neu hier")
    asked = api.requests
    read_lists(api, reading, "people")
    assert api.requests - asked == 1 + 3  # she stands on the first page; the access was renewed in between
    clock.turn(hours=20)
    read_lists(api, reading, "people")
    assert {one.bio for one in reading.profiles.values()} >= {"Neu hier"}


def test_what_the_directory_says_beyond_what_is_needed_is_not_kept(network, api):
    play(network)
    items = connector.stream("people").read(api, None).items
    shown = {name for item in items for name in item["user"]}
    assert not shown & {"stats", "mugshot_url", "timezone", "network_domains", "admin", "department"}
    assert {name for item in items for name in item["user"]["contact"]} == {"email_addresses", "has_fake_email"}
