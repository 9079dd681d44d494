"""Edits and deletions: what is believed at once, what only when it is told twice, and what never."""

from datetime import timedelta
from typing import Any

from scrm.connectors.base import Api, ObjectRef
from scrm.connectors.facebook import connector
from scrm.connectors.facebook.recheck import CONFIRM_SECONDS
from scrm.connectors.facebook.translation import reaction_id
from scrm.connectors.payload import Payload
from scrm.records import InteractionRecord
from scrm.sandbox.facebook import Facebook
from tests.connectors.facebook.reading import Clock, account_of, interactions, listed
from tests.connectors.facebook.scenario import NOW, minute, play
from tests.connectors.facebook.scripted import answering, body, error

RECHECK = connector.object_stream("recheck")


def refs_of(found: dict[str, InteractionRecord]) -> list[ObjectRef]:
    return [ObjectRef(native_id=native, fetch_ref=one.fetch_ref) for native, one in found.items()]


def rechecked(api: Api, refs: list[ObjectRef]) -> tuple[dict[str, InteractionRecord], set[str]]:
    items: list[Any] = []
    gone: set[str] = set()
    for start in range(0, len(refs), RECHECK.batch):
        page = RECHECK.read(api, refs[start : start + RECHECK.batch])
        items += page.items
        gone |= set(page.gone)
    return interactions([r for item in items for r in RECHECK.translate(Payload(item), account_of(api))]), gone


def test_a_post_is_gone_when_it_is_missed_twice_some_minutes_apart(network: Facebook, api: Api, clock: Clock) -> None:
    news = network.post("nordwerk", "News", at=minute(1))
    network.delete(news, at=minute(2))
    ref = ObjectRef(native_id=news, fetch_ref="post")
    page = RECHECK.read(api, [ref])
    assert (page.gone, page.again[news].after_seconds) == ((), CONFIRM_SECONDS)
    missed = ObjectRef(native_id=news, fetch_ref="post", cursor=page.again[news].cursor)
    clock.pass_(seconds=1)  # something else asked again: too soon to count
    assert RECHECK.read(api, [missed]).again[news].cursor == missed.cursor
    clock.pass_(seconds=CONFIRM_SECONDS)
    assert RECHECK.read(api, [missed]).gone == (news,)
    clock.pass_(days=2)  # between the two it may well have been seen
    assert RECHECK.read(api, [missed]).gone == ()


def test_an_object_that_is_there_again_was_never_gone(network: Facebook, api: Api) -> None:
    news = network.post("nordwerk", "News", at=minute(1))
    network.fail_with(100, 33, times=1)
    assert RECHECK.read(api, [ObjectRef(native_id=news, fetch_ref="post")]).gone == ()
    assert rechecked(api, [ObjectRef(native_id=news, fetch_ref="post")])[0].keys() == {news}


def test_edits_of_everything_that_can_be_edited_are_seen(network: Facebook, api: Api) -> None:
    ids = play(network)
    found = listed(api, "feed")[0] | listed(api, "ratings")[0] | listed(api, "conversations")[0]
    network.edit(ids["visitor"], "Poor service", at=minute(8000))
    network.edit(ids["praise"], "Slow", at=minute(8000))
    network.edit(ids["question"], "Never mind", at=minute(8000))
    comment = ObjectRef(native_id=ids["question"], fetch_ref=f"comment {ids['news']}")
    now, gone = rechecked(api, [*refs_of(found), comment])
    assert gone == set()
    assert [now[ids[name]].text for name in ("visitor", "praise", "question")] == [
        "Poor service",
        "Slow",
        "Never mind",
    ]
    assert now.keys() == {*found, ids["question"]}
    assert {native: now[native].kind for native in found} == {native: one.kind for native, one in found.items()}


def test_a_message_beyond_the_latest_twenty_stays_and_one_missing_among_them_is_gone(
    network: Facebook, api: Api
) -> None:
    sent = [network.message("helene", f"Message {number}", at=minute(number)) for number in range(20)]
    found, _ = listed(api, "conversations")
    network.delete(sent[10], at=minute(30))
    later = [network.message("helene", f"Later {number}", at=minute(40 + number)) for number in range(6)]
    page = RECHECK.read(api, refs_of({native: found[native] for native in sent[:12]}))
    assert page.gone == (sent[10],)
    assert set(page.ends) == set(sent[:5])
    assert {item["message"]["id"] for item in page.items} == {*sent[5:10], sent[11]}
    assert not [one for one in network.requests() if str(one["path"]).rpartition("/")[2].startswith("m_")]
    assert later


def test_a_conversation_that_vanished_is_gone_when_missed_twice(network: Facebook, api: Api, clock: Clock) -> None:
    only = network.message("helene", "Only this", at=NOW - timedelta(hours=1))
    old = network.message("katharina", "Long ago", at=NOW - timedelta(days=40), folder="other")
    (ref,) = refs_of(listed(api, "conversations")[0])
    network.delete(only, at=clock.now)
    page = RECHECK.read(api, [ref])
    assert page.gone == ()
    clock.pass_(seconds=CONFIRM_SECONDS)
    again = ObjectRef(native_id=only, fetch_ref=ref.fetch_ref, cursor=page.again[only].cursor)
    assert RECHECK.read(api, [again]).gone == (only,)
    author = next(str(one["author"]) for one in network.truth() if one["native_id"] == old)
    resting = ObjectRef(native_id=old, fetch_ref=f"message {author} {int((NOW - timedelta(days=40)).timestamp())}")
    page = RECHECK.read(api, [resting])
    assert (page.gone, page.ends) == ((), (old,))


def test_recommendations_and_reactions_that_were_taken_back_are_gone(network: Facebook, api: Api) -> None:
    ids = play(network)
    found, _ = listed(api, "ratings")
    authors = {str(one["person"]): str(one["author"]) for one in network.truth()}
    reactions = {
        name: ObjectRef(
            native_id=reaction_id(ids["news"], authors[name]), fetch_ref=f"reaction {ids['news']} {authors[name]}"
        )
        for name in ("helene", "jane_doe")
    }
    network.delete(ids["warning"], at=minute(8000))
    network.unlike("helene", ids["news"], at=minute(8000))
    _, gone = rechecked(api, [*refs_of(found), *reactions.values()])
    assert gone == {ids["warning"], reactions["helene"].native_id}


def test_what_is_below_a_post_that_vanished_is_missed_with_it(network: Facebook, api: Api, clock: Clock) -> None:
    ids = play(network)
    network.delete(ids["news"], at=minute(8000))
    ref = ObjectRef(native_id="reaction:7:x", fetch_ref=f"reaction {ids['news']} 7")
    page = RECHECK.read(api, [ref])
    assert page.gone == ()
    clock.pass_(seconds=CONFIRM_SECONDS)
    again = ObjectRef(native_id=ref.native_id, fetch_ref=ref.fetch_ref, cursor=page.again[ref.native_id].cursor)
    assert RECHECK.read(api, [again]).gone == (ref.native_id,)


def test_one_object_that_is_refused_does_not_hold_up_the_others() -> None:
    post = {"id": "1_3", "created_time": "2026-11-01T08:00:00+0000", "from": {"id": "1", "name": "Page"}}
    refs = [ObjectRef(native_id=native, fetch_ref="post") for native in ("1_2", "1_3")]
    refs += [
        ObjectRef(native_id="reaction:7:1_4", fetch_ref="reaction 1_4 7"),
        ObjectRef(native_id="9", fetch_ref=None),
    ]
    replies = {"1_2": error(100), "1_3": body(post), "reactions": error(100)}
    with answering(replies) as (api, _):
        page = RECHECK.read(api, refs)
    assert (page.gone, set(page.ends), len(page.items)) == ((), {"1_2", "reaction:7:1_4", "9"}, 1)


def test_a_list_without_end_takes_nothing_back() -> None:
    told = {"data": [{"id": "8"}], "paging": {"next": "{base}/v26.0/1_4/others?after=x"}}
    other = {"data": [{"id": "8"}], "paging": {"next": "{base}/v26.0/1_4/reactions?after=y"}}
    with answering({"reactions": body(told), "others": body(other)}) as (api, server):
        page = RECHECK.read(api, [ObjectRef(native_id="reaction:7:1_4", fetch_ref="reaction 1_4 7")])
        assert (page.gone, page.ends, len(server.asked)) == ((), (), 25)
