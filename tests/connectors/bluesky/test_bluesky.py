"""The Bluesky connector against the running fake, judged by the fake's own account of what happened."""

import json
from datetime import timedelta

import pytest

from scrm.connectors.base import ObjectRef
from scrm.connectors.bluesky import connector
from scrm.connectors.bluesky.connector import ABOUT_US
from scrm.connectors.payload import Payload
from scrm.errors import RetryLaterError
from scrm.records import InteractionKind
from scrm.sandbox.bluesky import Bluesky
from scrm.sandbox.bluesky.appview import UNKNOWN_REASON
from scrm.sandbox.cast import person
from scrm.sandbox.scenario import Player, history
from tests.connectors.bluesky.reading import Reading, access, account_of, read, read_lists, read_objects, recheck
from tests.connectors.bluesky.scenario import change, fake, minute, play
from tests.connectors.replay import read_all

KINDS = {
    InteractionKind.POST: {"post"},
    InteractionKind.REPLY: {"post", "mention", "reply"},
    InteractionKind.MENTION: {"mention"},
    InteractionKind.QUOTE: {"quote", "post"},
    InteractionKind.REACTION: {"like"},
    InteractionKind.SHARE: {"share"},
    InteractionKind.FOLLOW: {"follow"},
}
LIST = "/xrpc/app.bsky.notification.listNotifications"


def asked(network: Bluesky, nsid: str) -> int:
    return sum(one["path"] == f"/xrpc/{nsid}" for one in network.requests())


def author(uri: str) -> str:
    return uri.removeprefix("at://").split("/")[0]


def test_a_backfill_equals_the_networks_own_account(network, api):
    play(network)
    reading = read(api)
    truth = {str(entry["native_id"]): entry for entry in network.truth()}
    # a reply below our own in somebody else's thread is told to us; the fake counts only threads of ours
    below = reading.interactions.keys() - truth.keys()
    assert all(author(reading.interactions[uri].in_reply_to or "") == account_of(api).key.native_id for uri in below)
    assert truth.keys() <= reading.interactions.keys()
    for native_id, entry in truth.items():
        record = reading.interactions[native_id]
        assert record.author.native_id == entry["author"]
        assert entry["kind"] in KINDS[record.kind]
        assert record.author.native_id in reading.profiles


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sixty_days_of_life_are_read_completely_through_short_and_empty_pages(seed):
    """What the network will never tell (hashtags alone) and what is gone is left out; clocks run fast and slow."""
    with Bluesky() as network:
        Player([network]).play(history(seed))
        with access(network) as api:
            reading = read(api)
        truth = {
            entry["native_id"]
            for entry in network.truth()
            if not (entry["deleted"] or entry["is_orphaned"] or entry["kind"] == "hashtag")
        }
        assert truth <= reading.interactions.keys()
        more = reading.interactions.keys() - truth
        assert {reading.interactions[uri].kind for uri in more} <= {InteractionKind.REPLY}
        assert not [one for one in network.requests() if one["outcome"] != "served"]


def test_every_author_has_a_full_profile_in_the_end(network, api):
    uris = play(network)
    reading = read(api)
    for record in reading.interactions.values():
        profile = reading.profiles[record.author.native_id]
        assert profile.full or record.author == account_of(api).key
    katharina = reading.profiles[author(uris["question"])]
    expected = person("katharina")
    assert (katharina.display_name, katharina.bio) == (expected.full_name, expected.bio)
    assert [one.url for one in katharina.links] == [expected.website] * bool(expected.website)


def test_a_first_reading_asks_for_full_profiles_25_at_a_time(network, api):
    play(network)
    read(api)
    assert asked(network, "app.bsky.actor.getProfiles") == 2  # 26 who like and five others


def test_our_own_reply_belongs_to_the_person_we_answered(network, api):
    uris = play(network)
    found = read(api).interactions
    assert found[uris["answer"]].counterpart.native_id == author(uris["question"])
    assert found[uris["joined"]].counterpart.native_id == author(uris["tip"])
    assert found[uris["comment"]].counterpart.native_id == author(uris["tip"])
    assert found[uris["share"]].counterpart.native_id == author(uris["tip"])
    assert found[uris["news"]].counterpart is None
    assert found[uris["question"]].counterpart is None


def test_answering_ourselves_answers_nobody(network, api):
    first = network.post("nordwerk", "One", at=minute(1))
    second = network.post("nordwerk", "Two", at=minute(2), reply_to=first, quote=first)
    assert read(api).interactions[second].counterpart is None


def test_a_repost_of_ours_is_a_deed_and_the_post_of_a_stranger_is_none(network, api):
    uris = play(network)
    found = read(api).interactions
    assert (found[uris["share"]].kind, found[uris["share"]].target) == (InteractionKind.SHARE, uris["tip"])
    assert uris["tip"] not in found


def test_a_thread_gives_replies_that_do_not_name_us_and_knows_its_root(network, api):
    uris = play(network)
    level = uris["question"]
    for number in range(8):
        level = network.post("helene", f"Level {number}", at=minute(100 + number), reply_to=level)
    found = read(api).interactions
    assert level in found  # nobody was told of this one
    for uri in (uris["question"], uris["aside"], uris["thanks"], level):
        assert (found[uri].kind, found[uri].thread_key) == (InteractionKind.REPLY, uris["news"])
    assert found[uris["aside"]].in_reply_to == uris["question"]


def test_deleted_and_blocked_parts_of_a_thread_are_left_out(network, api):
    uris = play(network)
    network.block("nordwerk", "helene", at=minute(100))
    network.delete(uris["answer"], at=minute(101))
    reading = Reading()
    assert read_objects(api, reading, "threads", [uris["news"]]) == set()
    assert reading.interactions.keys() == {uris["news"], uris["question"]}


def test_a_thread_that_is_gone_says_so(network, api):
    uris = play(network)
    network.delete(uris["news"], at=minute(100))
    page = connector.object_stream("threads").read(api, [ObjectRef(native_id=uris["news"], fetch_ref=None)])
    assert (page.items, page.gone, page.ends) == ((), (uris["news"],), ())


def test_a_reply_orders_the_thread_that_is_ours(network, api):
    uris = play(network)
    orders = read_lists(api, Reading()).orders
    assert {one for name, one in orders if name == "threads"} == {uris["news"], uris["answer"], uris["joined"]}
    assert ("profiles", account_of(api).key.native_id) not in orders


def test_reasons_nobody_knows_are_passed_over(network, api):
    play(network)
    stream = connector.stream("notifications")
    items = [item for page in read_all(stream, api) for item in page.items]
    unknown = [item for item in items if item["reason"] not in ABOUT_US]
    assert {item["reason"] for item in unknown} == {UNKNOWN_REASON}
    for item in unknown:
        assert list(stream.translate(Payload(item), account_of(api))) == []
        assert list(stream.watch(Payload(item), account_of(api))) == []


def test_nothing_new_costs_one_request_per_stream_and_gives_nothing(network, api):
    play(network)
    reading = read(api)
    for stream in connector.streams:
        api.requests = 0
        page = stream.read(api, reading.cursors[stream.name])
        assert (page.items, page.has_more, api.requests) == ((), False, 1)
        assert page.cursor == reading.cursors[stream.name]


def test_reading_in_the_app_gives_nothing_new(network, api):
    play(network)
    reading = read(api)
    connector.client.call(
        api, "POST", "/xrpc/app.bsky.notification.updateSeen", json={"seenAt": "2026-10-02T00:00:00Z"}
    )
    stream = connector.stream("notifications")
    assert stream.read(api, reading.cursors["notifications"]).items == ()


def test_what_comes_between_two_runs_is_read_without_a_gap_and_once(network, api):
    play(network)
    reading = read(api)
    written = {network.post("helene", f"No. {n}", at=minute(100 + n), mentions=["nordwerk"]) for n in range(250)}
    reading.times.clear()
    read_lists(api, reading)
    assert reading.times == dict.fromkeys(written, 1)


def test_a_page_is_handed_over_in_portions_that_one_short_transaction_can_store(network, api):
    play(network)
    for number in range(90):
        network.post("helene", f"No. {number}", at=minute(100 + number), mentions=["nordwerk"])
    pages = read_all(connector.stream("notifications"), api)
    given = [(item["uri"], item["reason"]) for page in pages for item in page.items]
    assert max(len(page.items) for page in pages) == 40
    assert len(given) == len(set(given)) > 120


def test_what_a_slow_clock_wrote_below_the_known_is_found(network, api):
    uris = play(network)
    reading = read(api)
    network.set_clock("jane_doe", -timedelta(minutes=90))
    late = network.post("jane_doe", "My clock is slow", at=minute(95), mentions=["nordwerk"])
    reading.times.clear()
    read_lists(api, reading)
    assert reading.times == {late: 1}
    assert reading.interactions[late].occurred_at < reading.interactions[uris["follow"]].occurred_at


def test_a_fast_clock_is_corrected_by_the_networks_own_time(network, api):
    network.set_clock("jane_doe", timedelta(days=3))
    uri = network.post("jane_doe", "Greetings from Friday", at=minute(5), mentions=["nordwerk"])
    assert abs(read(api).interactions[uri].occurred_at - minute(5)) < timedelta(seconds=2)


def test_a_run_that_is_cut_off_goes_on_and_moves_the_mark_only_at_its_end():
    with fake(page=7) as network, access(network) as api:
        play(network)
        stream = connector.stream("notifications")
        first = stream.read(api, None)
        newer = network.post("helene", "While you were out", at=minute(200), mentions=["nordwerk"])
        rest = read_all(stream, api, first.cursor)
        given = [item["uri"] for page in (first, *rest) for item in page.items]
        assert newer not in given
        assert [item["uri"] for page in read_all(stream, api, rest[-1].cursor) for item in page.items] == [newer]


def test_the_known_may_all_be_deleted(network, api):
    uris = [network.post("helene", f"No. {n}", at=minute(n), mentions=["nordwerk"]) for n in range(3)]
    stream = connector.stream("notifications")
    cursor = read_all(stream, api)[-1].cursor
    for uri in uris:
        network.delete(uri, at=minute(50))
    assert [page.items for page in read_all(stream, api, cursor)] == [()]
    again = network.post("helene", "Anew", at=minute(60), mentions=["nordwerk"])
    pages = read_all(stream, api, cursor)
    assert [item["uri"] for page in pages for item in page.items] == [again]


def test_empty_pages_with_a_cursor_are_read_over():
    with fake(page=5, empty_page_every=2) as network, access(network) as api:
        uris = play(network)
        reading = read_lists(api, Reading())
        told = {
            uris[name] for name in ("question", "hello", "quote", "thanks", "welcome", "like", "repost", "follow")
        }
        assert told <= reading.interactions.keys()


def test_empty_pages_without_end_are_an_error_and_no_loop(network, api):
    for number in range(20):
        body = f'{{"notifications": [], "cursor": "c{number}"}}'.encode()
        network.fail(status=200, times=1, path=LIST, body=body)
    with pytest.raises(RetryLaterError, match="empty pages"):
        connector.stream("notifications").read(api, None)
    assert api.requests <= 13


def test_pages_that_go_in_a_circle_are_an_error_and_no_loop(network, api):
    play(network)
    item = next(iter(connector.stream("notifications").read(api, None).items))
    stream, cursor = connector.stream("notifications"), None
    with pytest.raises(RetryLaterError, match="back to themselves"):
        for number in range(40):
            body = Payload({**item, "uri": f"{item['uri']}{number}"}).raw()
            answer = {"notifications": [body], "cursor": f"round {number % 3}"}
            network.fail(status=200, times=1, path=LIST, body=json.dumps(answer).encode())
            cursor = stream.read(api, cursor).cursor


def test_an_item_that_makes_no_sense_does_not_stop_its_neighbors(network, api):
    play(network)
    stream = connector.stream("notifications")
    good = stream.read(api, None).items[0]
    odd = [{}, {"uri": 7.5}, {"uri": "x", "indexedAt": []}, {"post": {}}, {"reason": {"uri": {}}}]
    network.fail(status=200, times=1, path=LIST, body=json.dumps({"notifications": [*odd, good]}).encode())
    page = stream.read(api, None)
    assert (len(page.items), page.items[-1], page.has_more) == (6, good, False)


def test_a_recheck_finds_edits_deletions_and_what_was_taken_back(network, api):
    uris = play(network)
    reading = read(api)
    change(network, uris)
    gone = recheck(api, reading)
    deleted = {entry["native_id"] for entry in network.truth() if entry["deleted"]}
    assert gone == deleted == {uris[name] for name in ("hello", "like", "repost", "follow")}
    assert reading.interactions[uris["question"]].text == "Which oil do I need, please?"


def test_a_recheck_asks_for_25_posts_at_once_and_for_each_like_alone(network, api):
    for number in range(30):
        network.post("nordwerk", f"No. {number}", at=minute(number))
    reading = read(api)
    api.requests = 0
    recheck(api, reading)
    assert api.requests == 2
    uri = next(iter(reading.interactions))
    network.like("helene", uri, at=minute(50))
    read_lists(api, reading)
    api.requests = 0
    recheck(api, reading)
    assert api.requests == 3


def test_a_like_that_was_taken_back_and_given_again_is_another_one(network, api):
    uris = play(network)
    reading = read(api)
    network.unlike("helene", uris["news"], at=minute(70))
    again = network.like("helene", uris["news"], at=minute(71))
    read_lists(api, reading)
    assert recheck(api, reading) == {uris["like"]}
    assert reading.interactions[again].kind is InteractionKind.REACTION


def test_counters_do_not_make_a_recheck_look_new(network, api):
    uris = play(network)
    stream = connector.object_stream("recheck")
    ref = ObjectRef(native_id=uris["news"], fetch_ref=None)
    before = stream.read(api, [ref]).items
    network.unlike("helene", uris["news"], at=minute(70))
    assert stream.read(api, [ref]).items == before


def test_a_new_handle_changes_the_profile_and_no_key(network, api):
    uris = play(network)
    reading = read(api)
    did = author(uris["question"])
    network.edit_profile("katharina", at=minute(80), handle="katharina.grosse.example")
    read_objects(api, reading, "profiles", [did])
    assert reading.profiles[did].handle == "katharina.grosse.example"
    assert reading.interactions[uris["question"]].author.native_id == did


def test_a_broken_handle_is_no_handle(network, api):
    uris = play(network)
    network.edit_profile("katharina", at=minute(80), handle="handle.invalid")
    assert read(api).profiles[author(uris["question"])].handle is None


def test_whoever_the_network_no_longer_shows_has_left(network, api):
    uris = play(network)
    known, stranger = author(uris["question"]), "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
    reading = Reading()
    assert read_objects(api, reading, "profiles", [known, stranger]) == set()
    assert (reading.left, set(reading.profiles)) == ({stranger}, {known})


def test_a_like_by_way_of_our_repost_is_about_us(network, api):
    uris = play(network)
    like = network.like("katharina", uris["share"], at=minute(30))
    record = read(api).interactions[like]
    assert (record.kind, record.target) == (InteractionKind.REACTION, uris["tip"])
