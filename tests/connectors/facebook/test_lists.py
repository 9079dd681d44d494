"""Posts, messages and recommendations: what each is, what is new, and what cannot be read."""

from datetime import UTC, datetime, timedelta

import pytest

from scrm.connectors.base import Api
from scrm.connectors.facebook import connector
from scrm.connectors.facebook.client import RefusedError
from scrm.connectors.facebook.conversations import OLDER, REQUESTS
from scrm.connectors.facebook.feed import RANKED, REELS
from scrm.connectors.facebook.position import Walk
from scrm.connectors.payload import Payload
from scrm.errors import UnavailableError
from scrm.records import Audience, InteractionKind, InteractionRecord, ProfileRecord
from scrm.sandbox.facebook import Facebook
from tests.connectors.facebook.reading import Clock, account_of, asked, listed, unsigned
from tests.connectors.facebook.scenario import minute, play
from tests.connectors.facebook.scripted import PAGE_ID, answering, body, error
from tests.connectors.replay import Reply, read_all


def test_a_post_is_what_it_is_by_where_it_stands(network: Facebook, api: Api) -> None:
    ids = play(network)
    found, _ = listed(api, "feed")
    kinds = {name: found[ids[name]].kind for name in ("news", "visitor", "tagging", "share", "quote")}
    assert kinds == {
        "news": InteractionKind.POST,
        "visitor": InteractionKind.POST,
        "tagging": InteractionKind.MENTION,
        "share": InteractionKind.SHARE,
        "quote": InteractionKind.QUOTE,
    }
    assert found[ids["tagging"]].mentions == (account_of(api).key,)
    assert found[ids["share"]].target == ids["visitor"]
    assert {one.key.scope for one in found.values()} == {account_of(api).key.native_id}


def test_only_what_is_new_is_given_though_every_reading_goes_back_a_while(network: Facebook, api: Api) -> None:
    network.post("nordwerk", "Ten o'clock", at=minute(120))
    _, cursor = listed(api, "feed")
    late = network.post("jane_doe", "Written at nine", at=minute(60))
    new = network.post("helene", "Written at eleven", at=minute(180))
    found, cursor = listed(api, "feed", cursor)
    assert found.keys() == {late, new}
    assert listed(api, "feed", cursor) == ({}, cursor)


def test_a_walk_that_lost_its_place_begins_anew(network: Facebook, api: Api) -> None:
    ids = play(network)
    stream = connector.stream("feed")
    first = stream.read(api, None)
    walk = Walk.parse(first.cursor, timedelta(days=1))
    assert walk.next is not None
    lost = Walk(overlap=walk.overlap, next=walk.next.replace("after=", "after=x")).text()
    again = read_all(stream, api, lost)
    assert {ids["news"], ids["tip27"]} <= {item["id"] for page in again for item in page.items}
    assert again[-1].cursor == read_all(stream, api, first.cursor)[-1].cursor
    with pytest.raises(RefusedError):
        network.fail_with(100, times=1)
        stream.read(api, None)


def test_a_year_with_very_many_posts_and_reels_are_gaps(network: Facebook, api: Api) -> None:
    for number in range(610):
        network.post("nordwerk", f"Post {number}", at=datetime(2025, 3, 1, tzinfo=UTC) + timedelta(hours=number))
    network.post("nordwerk", "This year's", at=minute(1))
    pages = read_all(connector.stream("feed"), api)
    gaps = [gap for page in pages for gap in page.gaps]
    assert [(gap.since, gap.until, gap.reason) for gap in gaps] == [
        (None, api.now(), REELS),
        (datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), RANKED),
    ]
    assert not [gap for page in read_all(connector.stream("feed"), api, pages[-1].cursor) for gap in page.gaps]


def test_what_has_no_author_is_on_nobodys_timeline(api: Api) -> None:
    post = {"id": "1_2", "created_time": "2026-11-01T08:00:00+0000", "message": "Who am I?"}
    stream = connector.stream("feed")
    assert list(stream.translate(Payload(post), account_of(api))) == []
    orders = list(stream.watch(Payload(post), account_of(api)))
    assert [(one.stream, one.fetch_ref) for one in orders] == [
        ("comments", "1793520000"),
        ("reactions", "1793520000"),
    ]
    comment = {"comment": {"id": "2_3", "created_time": post["created_time"]}, "post": "1_2", "post_author": None}
    assert list(connector.object_stream("comments").translate(Payload(comment), account_of(api))) == []


def test_a_post_for_few_is_not_public_and_closed_accounts_have_no_name(api: Api) -> None:
    post = {
        "id": "1_2",
        "created_time": "2026-11-01T08:00:00+0000",
        "from": {"id": "7", "name": "Facebook User"},
        "privacy": {"value": "ALL_FRIENDS"},
    }
    author, said = connector.stream("feed").translate(Payload(post), account_of(api))
    assert isinstance(author, ProfileRecord)
    assert isinstance(said, InteractionRecord)
    assert said.audience is Audience.FOLLOWERS
    assert author.display_name is None


def test_messages_are_private_and_an_answer_belongs_to_the_person(network: Facebook, api: Api) -> None:
    ids = play(network)
    found, cursor = listed(api, "conversations")
    call, answer = found[ids["call"]], found[ids["callback"]]
    assert {one.audience for one in found.values()} == {Audience.PRIVATE}
    assert (answer.author, answer.counterpart, answer.in_reply_to) == (account_of(api).key, call.author, ids["call"])
    assert call.thread_key == answer.thread_key
    more = network.message("katharina", "Thanks!", at=minute(8000))
    found, cursor = listed(api, "conversations", cursor)
    assert found.keys() == {more}
    assert listed(api, "conversations", cursor) == ({}, cursor)


def test_what_is_older_than_the_latest_twenty_messages_is_a_gap(network: Facebook, api: Api, clock: Clock) -> None:
    sent = [network.message("helene", f"Message {number}", at=minute(number)) for number in range(25)]
    page = connector.stream("conversations").read(api, None)
    assert {item["message"]["id"] for item in page.items} == set(sent[5:])
    page = connector.stream("conversations").read(api, page.cursor)
    assert [(gap.since, gap.until, gap.reason) for gap in page.gaps] == []
    first = connector.stream("conversations").read(api, None).gaps
    assert [(gap.since, gap.until, gap.reason) for gap in first] == [
        (None, minute(5), OLDER),
        (None, clock.now - timedelta(days=30), REQUESTS),
    ]


@pytest.mark.parametrize(("version", "is_sent"), [("v26.0", True), ("v25.0", False)])
def test_older_versions_are_not_asked_for_what_they_do_not_know(
    network: Facebook, api: Api, version: str, is_sent: bool
) -> None:
    api.app = {**api.app, "version": version}
    network.message("helene", "Hello", at=minute(1))
    _, cursor = listed(api, "conversations")
    network.message("helene", "Hello?", at=minute(2))
    found, _ = listed(api, "conversations", cursor)
    assert len(found) == 1
    sent = [one for one in asked(network, "/conversations") if "updated_after_ms" in str(one["query"])]
    assert bool(sent) is is_sent


HIDDEN = error(100, 2018218)
NAMED = body({"first_name": "Jane", "last_name": "Doe"})


@pytest.mark.parametrize(("told", "name"), [(NAMED, "Jane Doe"), (HIDDEN, None)])
def test_a_name_that_the_conversation_does_not_tell_is_asked_for(told: Reply, name: str | None) -> None:
    at = "2026-11-01T08:00:00+0000"
    message = {"id": "m_1", "created_time": at, "from": {"id": "7"}, "message": "Hi"}
    conversation = {
        "id": "t_1",
        "updated_time": at,
        "participants": {"data": [{"id": PAGE_ID, "name": "Page"}, {"id": "7"}]},
        "messages": {"data": [message]},
    }
    stream = connector.stream("conversations")
    with answering({"conversations": body({"data": [conversation]}), "7": told}) as (api, _):
        page = stream.read(api, None)
        person, said = stream.translate(Payload(page.items[0]), account_of(api))
    assert isinstance(person, ProfileRecord)
    assert (person.key.native_id, person.display_name) == ("7", name)
    assert isinstance(said, InteractionRecord)
    assert said.author == person.key


def test_recommendations_mention_the_page(network: Facebook, api: Api) -> None:
    ids = play(network)
    found, cursor = listed(api, "ratings")
    praise = found[ids["praise"]]
    assert (praise.kind, praise.text, praise.mentions) == (
        InteractionKind.MENTION,
        "Fast and friendly",
        (account_of(api).key,),
    )
    more = network.review("katharina", "Good", at=minute(8000))
    assert listed(api, "ratings", cursor)[0].keys() == {more}


def test_a_missing_permission_stops_one_list_and_leaves_the_others(network: Facebook, clock: Clock) -> None:
    play(network)
    scopes = ("pages_show_list", "pages_read_engagement", "pages_read_user_content")
    token = network.credentials("nordwerk", scopes=scopes)["access_token"]
    with unsigned(network, clock, {"access_token": token}) as api:
        api.account, _ = connector.sign_in(api)
        assert listed(api, "feed")[0]
        with pytest.raises(UnavailableError):
            connector.stream("conversations").read(api, None)
