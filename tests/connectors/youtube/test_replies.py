"""Threads looked at again: what they do not embed, what was answered late, and what that costs."""

import json
from datetime import timedelta

import pytest

from scrm.connectors.base import Again, ObjectRef
from scrm.connectors.paging import pack
from scrm.connectors.youtube import connector
from scrm.connectors.youtube.comments import looked_at_after
from scrm.errors import RetryLaterError
from tests.connectors.replay import Reply, signed_in
from tests.connectors.youtube.reading import Reading, reachable, read, read_lists, read_replies
from tests.connectors.youtube.scenario import day, fill, form, play

DAY, HOUR = 24 * 3600.0, 3600.0
STREAM = connector.object_stream("replies")


def ref(native_id: str, cursor: str | None = None, known: str | None = None) -> ObjectRef:
    return ObjectRef(native_id=native_id, fetch_ref=known, cursor=cursor)


def test_a_thread_whose_answers_all_came_along_is_not_read_again_at_once(network, api):
    ids = play(network)
    reading = read_lists(api, Reading())
    soon = {native_id for native_id, watched in reading.replies.items() if watched.after_seconds < HOUR}
    assert soon == {ids["question"]}


def test_looking_at_fifty_threads_that_did_not_grow_costs_one_request(network, api):
    ids = play(network)
    fill(network, ids)
    reading = read(api)
    refs = [ref(one, watched.cursor, watched.fetch_ref) for one, watched in list(reading.replies.items())[:50]]
    api.requests = 0
    page = STREAM.read(api, refs)
    assert (api.requests, page.items, page.gone, page.ends) == (1, (), (), ())
    assert set(page.again) == {one.native_id for one in refs}


def test_a_late_answer_to_an_old_comment_is_found(network, api, clock):
    ids = play(network)
    fill(network, ids)
    reading = read(api)
    clock.turn(days=20)
    late = network.post("thomas_mueller_1", "After all these days", at=day(79.9), reply_to=ids["old"])
    read_lists(api, reading)
    assert late not in reading.interactions
    read_replies(api, reading, within=timedelta(days=3))
    assert reading.interactions[late].in_reply_to == ids["old"]


def test_a_long_thread_is_read_page_by_page_from_where_it_stopped(network, api):
    ids = play(network)
    for number in range(230):
        network.post("helene", f"No. {number}", at=day(59) + timedelta(seconds=number), reply_to=ids["test"])
    reading = read_lists(api, Reading())
    pages = read_replies(api, reading)
    assert set(reading.interactions) == set(reachable(network))
    cursors = [page.again[ids["test"]].cursor or "" for page in pages]
    assert [("page" in cursor) for cursor in cursors] == [True, True, True, False]
    assert cursors[-1] == pack({"count": "230"})
    assert max(reading.times.values()) <= 3  # a few come along with the thread itself


def test_more_long_threads_than_are_read_at_once_wait_where_they_are(network, api):
    ids = play(network)
    threads = [
        network.post("helene", f"Q{n}", at=day(58) + timedelta(minutes=n), reply_to=ids["news"]) for n in range(12)
    ]
    for thread in threads:
        for number in range(6):
            network.post("jane_doe", f"A{number}", at=day(59), reply_to=thread)
    begun = STREAM.read(api, [ref(one) for one in threads])
    assert {again.after_seconds for again in begun.again.values()} == {0}
    page = STREAM.read(api, [ref(one, begun.again[one].cursor) for one in threads])
    waiting = [one for one, again in page.again.items() if again.after_seconds == 0]
    assert waiting == threads[10:]
    assert page.again[threads[11]].cursor == begun.again[threads[11]].cursor


def test_a_thread_that_is_gone_says_so(network, api):
    ids = play(network)
    network.delete(ids["question"], at=day(59))
    page = STREAM.read(api, [ref(ids["question"]), ref(ids["test"], pack({"count": "0"}))])
    assert (page.gone, page.items) == ((ids["question"],), ())


def test_a_thread_whose_comments_vanish_between_two_calls_is_gone(network, api):
    ids = play(network)
    network.fail(status=404, times=1, path="/youtube/v3/comments")
    page = STREAM.read(api, [ref(ids["question"], pack({"count": "8", "page": "-"}))])
    assert (page.gone, page.items) == ((ids["question"],), ())


def test_a_page_the_network_no_longer_knows_begins_the_thread_anew(network, api):
    ids = play(network)
    page = STREAM.read(api, [ref(ids["question"], pack({"count": "8", "page": "bm9uc2Vuc2U"}))])
    assert page.again == {ids["question"]: Again(after_seconds=0, cursor=pack({"count": "8", "page": "-"}))}


def test_a_page_that_leads_to_itself_is_an_error():
    thread = {
        "id": "t",
        "snippet": {
            "totalReplyCount": 9,
            "topLevelComment": {"id": "t", "snippet": {"publishedAt": "2026-09-01T00:00:00Z"}},
        },
    }
    body = {"items": [thread], "nextPageToken": "same"}
    cursor = pack({"count": "9", "page": "same"})
    with (
        signed_in("youtube", lambda _: Reply(body=json.dumps(body).encode())) as (api, _),
        pytest.raises(RetryLaterError, match="itself"),
    ):
        STREAM.read(api, [ref("t", cursor)])


@pytest.mark.parametrize(
    ("age", "seconds"),
    [(0, 6 * HOUR), (1, 6 * HOUR), (8, DAY), (40, 5 * DAY), (100, 7 * DAY), (180, 7 * DAY), (181, None)],
)
def test_the_older_a_thread_the_more_seldom_it_is_looked_at(age, seconds):
    assert looked_at_after(timedelta(days=age)) == seconds


def test_a_thread_half_a_year_old_is_looked_at_for_the_last_time(network, api, clock):
    ids = play(network)
    reading = read(api)
    clock.turn(days=181)
    api.credentials |= form(network)
    watched = reading.replies[ids["question"]]
    page = STREAM.read(api, [ref(ids["question"], watched.cursor)])
    assert (page.ends, page.again) == ((ids["question"],), {})
