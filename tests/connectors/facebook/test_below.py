"""Comments and reactions: each post from where it was left, ever more seldom, to its end."""

from datetime import UTC, datetime, timedelta

import pytest

from scrm.connectors.base import Api, ObjectRef
from scrm.connectors.facebook import connector
from scrm.connectors.facebook.below import SOONEST, below_ref
from scrm.connectors.facebook.translation import reaction_id
from scrm.records import Audience, InteractionKind
from scrm.sandbox.facebook import Facebook
from tests.connectors.facebook.reading import Clock, account_of, asked, looked_at
from tests.connectors.facebook.scenario import WRITERS, minute, play
from tests.connectors.facebook.scripted import answering, body, error

PSID = "7"


def authors(network: Facebook) -> dict[str, str]:
    """The ids under which the page knows those who did something."""
    return {str(one["person"]): str(one["author"]) for one in network.truth()}


def test_answers_are_among_the_comments_and_say_whom_they_answer(network: Facebook, api: Api) -> None:
    ids = play(network)
    found, _ = looked_at(api, "comments", ids["news"], below_ref(minute(1), account_of(api).key.native_id))
    question, answer, aside = (found[ids[name]] for name in ("question", "answer", "aside"))
    assert (question.kind, question.in_reply_to, question.thread_key) == (
        InteractionKind.REPLY,
        ids["news"],
        ids["news"],
    )
    assert (answer.in_reply_to, answer.counterpart) == (ids["question"], question.author)
    assert aside.mentions == (account_of(api).key,)
    author = authors(network)["jane_doe"]
    thanks, _ = looked_at(api, "comments", ids["visitor"], below_ref(minute(5), author))
    counterpart = thanks[ids["thanks"]].counterpart
    assert counterpart is not None
    assert counterpart.native_id == author


def test_a_comment_already_read_is_not_read_again(network: Facebook, api: Api) -> None:
    news = network.post("nordwerk", "News", at=minute(0))
    for number in range(120):
        network.post(WRITERS[number % 20], f"Comment {number}", at=minute(number), reply_to=news)
    ref = below_ref(minute(0), None)
    found, page = looked_at(api, "comments", news, ref)
    assert len(found) == 120
    assert len(asked(network, "/comments")) == 3
    late = network.post("helene", "One more", at=minute(119.5), reply_to=news)
    found, page = looked_at(api, "comments", news, ref, page.again[news].cursor)
    assert found.keys() == {late}
    assert len(asked(network, "/comments")) == 4
    assert asked(network, "/comments")[-1]["query"]["since"] == [str(int(minute(109).timestamp()))]
    assert looked_at(api, "comments", news, ref, page.again[news].cursor)[0] == {}


def test_the_longer_nothing_comes_the_more_seldom_a_post_is_read(network: Facebook, api: Api, clock: Clock) -> None:
    clock.now = minute(1)
    news = network.post("nordwerk", "News", at=minute(0))
    ref, cursor, waits = below_ref(minute(0), None), None, []
    for _ in range(200):
        page = connector.object_stream("comments").read(
            api, [ObjectRef(native_id=news, fetch_ref=ref, cursor=cursor)]
        )
        if page.ends:
            break
        waits.append(page.again[news].after_seconds)
        cursor = page.again[news].cursor
        clock.pass_(seconds=waits[-1])
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (SOONEST, 86_400)
    assert 40 < len(waits) < 100
    assert clock.now - minute(0) >= timedelta(days=30)
    network.post("helene", "Late", at=clock.now, reply_to=news)
    found, page = looked_at(api, "comments", news, ref, cursor)
    assert (len(found), page.again[news].after_seconds) == (1, SOONEST)


def test_reactions_get_the_time_of_the_post_first_and_of_the_reading_later(
    network: Facebook, api: Api, clock: Clock
) -> None:
    ids = play(network)
    ref = below_ref(minute(1), account_of(api).key.native_id)
    found, page = looked_at(api, "reactions", ids["news"], ref)
    assert {one.occurred_at for one in found.values()} == {minute(1)}
    assert {one.kind for one in found.values()} == {InteractionKind.REACTION}
    network.like("katharina", ids["news"], at=minute(8700))
    later, page = looked_at(api, "reactions", ids["news"], ref, page.again[ids["news"]].cursor)
    assert later.keys() == {reaction_id(ids["news"], authors(network)["katharina"])}
    assert next(iter(later.values())).occurred_at == clock.now
    assert page.again[ids["news"]].after_seconds == SOONEST


def test_a_reaction_taken_back_is_gone_and_may_come_again(network: Facebook, api: Api, clock: Clock) -> None:
    ids = play(network)
    news, ref = ids["news"], below_ref(minute(1), None)
    _, page = looked_at(api, "reactions", news, ref)
    network.unlike("helene", news, at=clock.now)
    found, page = looked_at(api, "reactions", news, ref, page.again[news].cursor)
    gone = reaction_id(news, authors(network)["helene"])
    assert (found, page.gone) == ({}, (gone,))
    clock.pass_(hours=1)
    network.like("helene", news, at=clock.now)
    found, page = looked_at(api, "reactions", news, ref, page.again[news].cursor)
    assert (found[gone].occurred_at, page.gone) == (clock.now, ())


def test_a_list_that_is_cut_off_takes_nothing_back() -> None:
    rows = [{"id": str(number), "name": f"Person {number}"} for number in range(2000)]
    told = {"data": rows, "paging": {"next": "{base}/v26.0/1_2/reactions?after=x"}}
    known = "4711"
    cursor = f'{{"known": "{known}", "read_at": "2026-11-01T08:00:00+00:00"}}'
    with answering({"reactions": body(told)}) as (api, _):
        _, page = looked_at(api, "reactions", "1_2", below_ref(minute(0), None), cursor)
    assert page.gone == ()
    assert page.again["1_2"].after_seconds >= SOONEST


def test_reactions_whose_place_was_lost_are_read_from_the_top() -> None:
    cursor = (
        '{"known": "8 9", "found": "8", "next": "/v26.0/1_2/lost?after=x", "read_at": "2026-11-01T08:00:00+00:00"}'
    )
    told = {"data": [{"id": "9", "name": "Jane"}]}
    with answering({"lost": error(100), "reactions": body(told)}) as (api, _):
        found, page = looked_at(api, "reactions", "1_2", below_ref(minute(0), None), cursor)
    assert (found, page.gone) == ({}, (reaction_id("1_2", "8"),))


def test_the_page_itself_reacts_to_somebody(network: Facebook, api: Api) -> None:
    ids = play(network)
    author = authors(network)["jane_doe"]
    found, _ = looked_at(api, "reactions", ids["visitor"], below_ref(minute(5), author))
    (own,) = found.values()
    assert own.author == account_of(api).key
    assert own.counterpart is not None
    assert own.counterpart.native_id == author


def test_of_a_post_that_only_a_push_told_of_the_author_is_asked_for_once(network: Facebook, api: Api) -> None:
    ids = play(network)
    found, page = looked_at(api, "comments", ids["visitor"])
    counterpart = found[ids["thanks"]].counterpart
    assert counterpart is not None
    assert counterpart.native_id == authors(network)["jane_doe"]
    looked_at(api, "comments", ids["visitor"], None, page.again[ids["visitor"]].cursor)
    assert len([one for one in asked(network, ids["visitor"]) if one["path"] == f"/v26.0/{ids['visitor']}"]) == 1
    own, _ = looked_at(api, "reactions", ids["visitor"])
    assert {one.counterpart.native_id for one in own.values() if one.counterpart} == {authors(network)["jane_doe"]}


@pytest.mark.parametrize("name", ["comments", "reactions"])
def test_a_post_out_of_sight_is_asked_for_tomorrow_while_it_is_young(name: str) -> None:
    old = datetime(2026, 1, 1, tzinfo=UTC)
    with answering({name: error(100, 33), "1_2": error(100, 33)}) as (api, _):
        _, page = looked_at(api, name, "1_2", below_ref(minute(0), PSID), '{"mark": "1"}')
        assert (page.again["1_2"].after_seconds, page.again["1_2"].cursor) == (86_400, '{"mark": "1"}')
        assert looked_at(api, name, "1_2", below_ref(old, PSID))[1].ends == ("1_2",)
        assert looked_at(api, name, "1_2")[1].ends == ("1_2",)
    with answering({name: error(100)}) as (api, _):
        assert looked_at(api, name, "1_2", below_ref(minute(0), PSID))[1].ends == ("1_2",)


def test_a_hidden_comment_is_not_public(network: Facebook, api: Api) -> None:
    ids = play(network)
    network.hide(ids["aside"], at=minute(8000))
    found, _ = looked_at(api, "comments", ids["news"], below_ref(minute(1), None))
    assert found[ids["aside"]].audience is Audience.FOLLOWERS
    assert found[ids["question"]].audience is Audience.PUBLIC
