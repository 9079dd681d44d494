"""The YouTube connector against the running fake, judged by the fake's own account of what happened."""

from datetime import timedelta

import pytest

from scrm.connectors.base import ObjectRef
from scrm.connectors.youtube import connector
from scrm.records import Audience, InteractionKind, InteractionRecord, ProfileRecord
from tests.connectors.replay import read_all
from tests.connectors.youtube.reading import Reading, access, reachable, read, read_lists, recheck
from tests.connectors.youtube.scenario import US, change, day, fill, play

KINDS = {
    InteractionKind.POST: {"post"},
    InteractionKind.REPLY: {"reply"},
    InteractionKind.MENTION: {"mention"},
    InteractionKind.FOLLOW: {"follow"},
}


def test_a_backfill_equals_the_networks_own_account(network, api):
    ids = play(network)
    reading = read(api)
    truth = reachable(network)
    assert set(reading.interactions) == set(truth)
    for native_id, entry in truth.items():
        record = reading.interactions[native_id]
        assert record.author.native_id == entry["author"]
        assert entry["kind"] in KINDS[record.kind]
        assert record.author.native_id in reading.profiles
        if entry["object"]:
            assert record.in_reply_to == entry["object"]
    assert ids["closed"] in reading.interactions


def test_a_long_life_is_read_whole_and_every_request_is_one_the_network_knows(network, api):
    ids = play(network)
    fill(network, ids)
    reading = read(api)
    assert set(reading.interactions) >= set(reachable(network))
    change(network, ids)
    recheck(api, reading)
    assert not [one for one in network.requests() if one["status"] != 200 or one.get("invalid")]


def test_every_person_comes_as_their_channel_shows_them_and_nobody_with_an_email(network, api):
    play(network)
    people = read(api).profiles
    assert {one.handle for one in people.values()} >= {"nordwerk", "kgross", "hlefevre", "jdoe", "mcaglar"}
    assert all(one.full and one.display_name and one.location and not one.email for one in people.values())


def test_our_answer_belongs_to_whom_it_names_else_to_who_began_the_thread(network, api):
    ids = play(network)
    found = read(api).interactions
    for name, handle in (("answer", "kgross"), ("to_helene", "hlefevre")):
        counterpart = found[ids[name]].counterpart
        assert counterpart is not None
        assert read(api).profiles[counterpart.native_id].handle == handle
    assert found[ids["aside"]].counterpart is None


def test_a_thread_is_known_by_its_first_comment_and_names_us_where_we_are_named(network, api):
    ids = play(network)
    found = read(api).interactions
    for name in ("question", "answer", "aside", "to_helene", "more4"):
        assert found[ids[name]].thread_key == ids["question"]
    assert found[ids["question"]].in_reply_to == ids["news"]
    assert [bool(found[ids[name]].mentions) for name in ("aside", "more1")] == [True, False]


def test_what_not_everybody_sees_is_never_public(network, api):
    ids = play(network)
    found = read(api).interactions
    audiences = {name: found[ids[name]].audience for name in ("secret", "link", "listener", "news", "question")}
    assert audiences == {
        "secret": Audience.PRIVATE,
        "link": Audience.UNLISTED,
        "listener": Audience.UNLISTED,
        "news": Audience.PUBLIC,
        "question": Audience.PUBLIC,
    }


def test_nothing_new_costs_one_request_per_list_and_gives_nothing(network, api):
    ids = play(network)
    fill(network, ids)
    reading = read_lists(api, Reading())
    for stream in connector.streams:
        api.requests = 0
        cursor = reading.cursors[stream.name]
        page = stream.read(api, cursor)
        assert (page.items, page.has_more, page.cursor, api.requests) == ((), False, cursor, 1)


def test_without_search_words_nothing_is_asked(network, clock):
    play(network)
    with access(network, clock, search_words=" ") as api:
        page = connector.stream("search").read(api, None)
        assert (page.items, page.has_more, api.requests) == ((), False, 0)
        assert set(read(api).interactions) == set(reachable(network, searches=False))


def test_a_search_leaves_our_own_videos_out_and_says_how_far_it_reaches(network, api):
    ids = play(network)
    fill(network, ids)
    network.post(US, "Our gearbox", at=day(59.2))
    pages = read_all(connector.stream("search"), api)
    found = [item["video"]["snippet"]["publishedAt"] for page in pages for item in page.items]
    assert len(found) > 50
    assert min(found) >= (api.now() - timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert all(item["author"]["snippet"]["customUrl"] == "@tmueller" for page in pages for item in page.items)
    assert [(gap.since, gap.until) for gap in pages[-1].gaps] == [(None, api.now() - timedelta(days=30))]
    assert not pages[0].gaps


def test_a_channel_without_anything_is_no_error(network, clock, api):
    assert not read(api).interactions
    assert not [one for one in network.requests() if one.get("invalid")]


def test_a_comment_held_for_a_day_is_found_when_it_is_published(network, api, clock):
    ids = play(network)
    held = network.post("katharina", "Wait for it", at=day(59.9), reply_to=ids["news"])
    network.hold_for_review(held, at=day(59.95))
    reading = read(api)
    assert held not in reading.interactions
    clock.turn(days=1)
    network.post("helene", "Later and shown at once", at=day(60.9), reply_to=ids["news"])
    read_lists(api, reading)
    network.publish(held, at=day(61))
    read_lists(api, reading)
    assert held in reading.interactions
    assert reading.interactions[held].audience is Audience.PUBLIC


def test_pages_emptied_by_held_comments_do_not_end_the_walk(network, api):
    ids = play(network)
    for number in range(60):
        held = network.post(
            "jane_doe", f"Held {number}", at=day(59) + timedelta(minutes=number), reply_to=ids["news"]
        )
        network.hold_for_review(held, at=day(59.5))
    pages = read_all(connector.stream("comments"), api)
    assert [bool(page.items) for page in pages] == [False, True]
    assert {ids["question"], ids["praise"]} <= {item["comment"]["id"] for page in pages for item in page.items}


def test_what_comes_while_a_list_is_read_is_read_by_the_next_run(network, api):
    ids = play(network)
    fill(network, ids)
    stream = connector.stream("comments")
    first = stream.read(api, None)
    late = network.post("helene", "In between", at=day(59.99), reply_to=ids["news"])
    pages = read_all(stream, api, first.cursor)
    new = read_all(stream, api, pages[-1].cursor)
    assert late not in {item["comment"]["id"] for page in pages for item in page.items}
    assert late in {item["comment"]["id"] for page in new for item in page.items}


def test_an_edit_or_another_number_of_answers_shows_in_the_list_itself(network, api):
    ids = play(network)
    stream = connector.stream("comments")
    cursor = read_all(stream, api)[-1].cursor
    network.edit(ids["praise"], "Great service, really", at=day(59.5))
    network.post("katharina", "Thanks", at=day(59.6), reply_to=ids["test"])
    found = {item["comment"]["id"] for page in read_all(stream, api, cursor) for item in page.items}
    assert ids["praise"] in found
    assert ids["test"] in found


def test_a_title_changed_within_30_days_shows_in_the_list_of_uploads(network, api):
    ids = play(network)
    stream = connector.stream("uploads")
    cursor = read_all(stream, api)[-1].cursor
    network.edit(ids["news"], "Second edition", at=day(59.5))
    network.post(US, "And another", at=day(59.6))
    items = [item for page in read_all(stream, api, cursor) for item in page.items]
    assert [item["video"]["snippet"]["title"] for item in items] == ["And another", "Second edition"]


def test_a_recheck_finds_edits_deletions_and_changed_profiles(network, api):
    ids = play(network)
    reading = read(api)
    change(network, ids)
    network.edit_profile("katharina", at=day(59.9), display_name="Katharina Groß-Meyer", handle="katharina.gm")
    records, gone = recheck(api, reading)
    assert gone == {ids["praise"], ids["found"]}
    said = {one.key.native_id: one for one in records if isinstance(one, InteractionRecord)}
    assert said[ids["question"]].text == "Which oil do I need, please?"
    assert said[ids["question"]].edited_at == day(59.5)
    assert said[ids["news"]].text == "Our new catalog, second edition"
    person = next(one for one in records if isinstance(one, ProfileRecord) and one.handle == "katharina.gm")
    assert person.display_name == "Katharina Groß-Meyer"


def test_what_is_read_again_looks_as_it_looked_at_first(network, api):
    play(network)
    reading = read(api)
    records, _ = recheck(api, reading)
    for one in records:
        if isinstance(one, InteractionRecord):
            first = reading.interactions[one.key.native_id]
            assert (one.kind, one.audience, one.text, one.url, one.thread_key, one.in_reply_to) == (
                first.kind,
                first.audience,
                first.text,
                first.url,
                first.thread_key,
                first.in_reply_to,
            )


def test_a_video_that_is_deleted_takes_its_comments_along(network, api):
    ids = play(network)
    reading = read(api)
    network.delete(ids["news"], at=day(59.9))
    _, gone = recheck(api, reading)
    assert gone == {one for one in reading.interactions if one not in reachable(network)}
    assert {ids["news"], ids["question"], ids["more0"]} <= gone


def test_a_recheck_asks_for_fifty_at_once_and_lets_subscriptions_be(network, api):
    ids = play(network)
    fill(network, ids)
    reading = read(api)
    api.requests = 0
    recheck(api, reading)
    assert api.requests <= 4 * (len(reading.interactions) // 50 + 1)
    follows = [one for one in reading.interactions.values() if one.kind is InteractionKind.FOLLOW]
    assert [one.fetch_ref for one in follows] == [None] * 3


@pytest.mark.parametrize("days", [19, 21])
def test_all_subscribers_are_read_anew_before_they_would_have_to_be_forgotten(network, api, clock, days):
    play(network)
    stream = connector.stream("subscribers")
    cursor = read_all(stream, api)[-1].cursor
    clock.turn(days=days)
    items = [item for page in read_all(stream, api, cursor) for item in page.items]
    assert len({item["subscription"]["id"] for item in items}) == (3 if days > 20 else 0)


def test_a_new_subscriber_is_read_without_reading_all_again(network, api):
    play(network)
    stream = connector.stream("subscribers")
    cursor = read_all(stream, api)[-1].cursor
    network.follow("thomas_mueller_1", US, at=day(59.9))
    api.requests = 0
    (page,) = read_all(stream, api, cursor)
    assert [item["author"]["snippet"]["customUrl"] for item in page.items] == ["@tmueller"]
    assert api.requests == 2


def test_what_the_owner_holds_back_afterwards_is_private_until_it_is_shown_again(network, api):
    ids = play(network)
    reading = read(api)
    network.hold_for_review(ids["praise"], at=day(59))
    records, gone = recheck(api, reading)
    assert (audience_of(records, ids["praise"]), gone) == (Audience.PRIVATE, set())
    network.publish(ids["praise"], at=day(59.5))
    records, _ = recheck(api, reading)
    assert audience_of(records, ids["praise"]) is Audience.PUBLIC


def audience_of(records, native_id):
    return next(
        one.audience for one in records if isinstance(one, InteractionRecord) and one.key.native_id == native_id
    )


def test_comments_that_the_owner_closed_are_not_taken_for_deleted(network, api):
    ids = play(network)
    reading = read(api)
    network.close_comments(ids["news"], at=day(59))
    network.delete(ids["listener"], at=day(59))
    records, gone = recheck(api, reading)
    assert gone == {ids["listener"]}
    assert ids["question"] not in {one.key.native_id for one in records}
    watched = reading.replies
    refs = [
        ObjectRef(native_id=one, fetch_ref=watched[one].fetch_ref, cursor=watched[one].cursor)
        for one in (ids["question"], ids["listener"])
    ]
    page = connector.object_stream("replies").read(api, refs)
    assert page.gone == (ids["listener"],)
    assert page.again[ids["question"]].cursor == watched[ids["question"]].cursor
