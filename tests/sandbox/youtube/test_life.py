"""A life played through the verbs, and the fake's own account of it against what the API tells."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from scrm.sandbox.cast import cast, person
from scrm.sandbox.scenario import Player, history
from scrm.sandbox.youtube import FAKE, YouTube
from scrm.sandbox.youtube.state import handle_of
from tests.sandbox.youtube.conftest import START, Reader, channel_of, minute

SHAPES = {
    "post": r"[\w-]{11}",
    "reply": r"Ug[\w-]{24}(\.[\w-]{22})?",
    "mention": r"[\w-]{11}|Ug[\w-]{24}(\.[\w-]{22})?",
    "hashtag": r"[\w-]{11}|Ug[\w-]{24}(\.[\w-]{22})?",
    "follow": r"[\w-]{43}",
}


def row(network, native_id):
    return next(one for one in network.truth() if one["native_id"] == native_id)


def kind(network, native_id):
    return next((one["kind"] for one in network.truth() if one["native_id"] == native_id), None)


def events():
    """The history of another network, told of this one."""
    for event in history(seed=3):
        if event.network == "mastodon" and event.verb in YouTube.verbs:
            args = {name: value for name, value in event.args.items() if name != "visibility"}
            yield replace(event, network="youtube", args=args)


@pytest.fixture
def lived():
    with YouTube() as network:
        Player([network], now=START).play(events())
        yield network


def everything(reader, network):
    """What a reader finds on the company's videos and on those it finds by search."""
    found = {}
    company = channel_of(network, "nordwerk")
    searched = reader.walk("search", part="id", q="nordwerk", type="video", maxResults=50)
    videos = [one["videoId"] for page in searched for one in page]
    wanted = [{"allThreadsRelatedToChannelId": company}, *({"videoId": video} for video in videos)]
    for asked in wanted:
        for page in reader.walk("commentThreads", part="id", maxResults=50, **asked):
            for thread in page:
                replies = reader.walk("comments", part="id", parentId=thread, maxResults=50)
                found[thread] = [number for numbers in replies for number in numbers]
    mine = reader.walk("playlistItems", part="contentDetails", playlistId=f"UU{company[2:]}", maxResults=50)
    subscribers = reader.walk("subscriptions", part="id", mySubscribers="true", maxResults=50)
    comments = {number for thread, replies in found.items() for number in (thread, *replies)}
    return (
        comments | set(videos),
        len([one for page in mine for one in page]),
        {number for page in subscribers for number in page},
    )


def test_what_the_api_tells_of_a_whole_history_is_the_truth(lived):
    rows = lived.truth()
    living = [one for one in rows if not one["deleted"]]
    read, uploads, subscribers = everything(Reader(lived, token=lived.credentials("nordwerk")["access_token"]), lived)
    follows = {one["native_id"] for one in living if one["kind"] == "follow"}
    posts = {one["native_id"] for one in living if one["kind"] == "post"}
    said = {one["native_id"] for one in living if one["kind"] in {"reply", "mention", "hashtag"}}
    assert len(said) > 80
    assert subscribers == follows
    assert uploads == len(posts)
    assert said <= read
    assert not {one["native_id"] for one in rows if one["deleted"]} & read
    assert {one["kind"] for one in rows} == {"post", "reply", "mention", "hashtag", "follow"}
    assert any(one["deleted"] for one in rows)
    assert any(one["edited_at"] for one in rows)


def test_ids_look_as_the_networks_do_and_are_the_same_every_time(lived):
    for one in lived.truth():
        assert re.fullmatch(SHAPES[str(one["kind"])], str(one["native_id"])), one
        assert re.fullmatch(r"UC[\w-]{22}", str(one["author"]))
    with YouTube() as again:
        Player([again], now=START).play(events())
        assert again.truth() == lived.truth()


def test_everybody_of_the_cast_can_have_a_channel():
    with FAKE() as network:
        for one in cast():
            network.add_account(one, at=START)
            assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,28}[A-Za-z0-9]", handle_of(one))


def test_where_a_person_speaks_decides_what_it_is(network):
    early = network.post("katharina", "Habt ihr Videos?", at=minute(0), mentions=("nordwerk",))
    news = network.post("nordwerk", "Neu", at=minute(1))
    question = network.post("katharina", "Wie teuer?", at=minute(2), mentions=("nordwerk",))
    answer = network.post("nordwerk", "Sehr.", at=minute(3), reply_to=question, mentions=("katharina",))
    heard = network.post("helene", "Taugt #Nordwerk was?", at=minute(4))
    praise = network.post("katharina", "Ja!", at=minute(5), reply_to=heard)
    quoted = network.post("helene", "Endlich", at=minute(6), quote=news)
    talk = network.post("helene", "Feierabend", at=minute(7))
    named = network.post("jane_doe", "@nordwerk baut das", at=minute(8), reply_to=talk)
    later = network.post("helene", "Ach so", at=minute(9), reply_to=named)
    kinds = {number: kind(network, number) for number in (early, news, question, answer, heard, named, later)}
    assert list(kinds.values()) == ["mention", "post", "reply", "reply", "hashtag", "mention", "reply"]
    # nobody names us there, and nothing ties it to us but a hashtag elsewhere or a link
    assert [kind(network, number) for number in (praise, quoted, talk)] == [None, None, None]
    assert row(network, question)["object"] == news
    assert row(network, answer)["object"] == question
    assert (row(network, answer)["person"], row(network, answer)["at"]) == ("nordwerk", "2026-11-01T08:03:00Z")


def test_a_quotation_links_to_what_it_quotes(network, public):
    news = network.post("nordwerk", "Neu", at=minute(0))
    remark = network.post("katharina", "Oho", at=minute(1), reply_to=news)
    quoted = [network.post("helene", "Endlich", at=minute(2), quote=one) for one in (news, remark)]
    shown = public.json("videos", part="snippet", id=",".join(quoted))["items"]
    link = f"https://www.youtube.com/watch?v={news}"
    assert [one["snippet"]["description"] for one in shown] == [f"Endlich\n{link}", f"Endlich\n{link}&lc={remark}"]


def test_likes_are_counted_and_told_of_nobody(network, public):
    news = network.post("nordwerk", "Neu", at=minute(0))
    first = network.like("helene", news, at=minute(1))
    assert network.like("helene", news, at=minute(2)) == first
    assert [one["kind"] for one in network.truth()] == ["post"]
    assert public.json("videos", part="statistics", id=news)["items"][0]["statistics"]["likeCount"] == "1"


def test_what_the_network_lacks_is_refused(network):
    news = network.post("nordwerk", "Neu", at=minute(0))
    with pytest.raises(ValueError, match="nobody shares"):
        network.share("helene", news, at=minute(1))
    assert "share" not in network.verbs
    with pytest.raises(ValueError, match="has a channel already"):
        network.add_account(person("helene"), at=minute(1))


def test_edits_deletions_and_moderation_are_remembered(network):
    news = network.post("nordwerk", "Neu", at=minute(0))
    question = network.post("katharina", "Wie?", at=minute(1), reply_to=news)
    answer = network.post("nordwerk", "So.", at=minute(2), reply_to=question)
    network.edit(question, "Wie denn?", at=minute(3))
    network.hold_for_review(question, at=minute(4))
    assert row(network, question)["edited_at"] == "2026-11-01T08:03:00Z"
    assert row(network, question)["moderation"] == "heldForReview"
    network.delete(news, at=START + timedelta(hours=1))
    for number in (news, question, answer):
        assert (row(network, number)["deleted"], row(network, number)["deleted_at"]) == (True, "2026-11-01T09:00:00Z")


def test_following_twice_is_following_once(network):
    first = network.follow("helene", "nordwerk", at=minute(0))
    assert network.follow("helene", "nordwerk", at=minute(1)) == first
    assert len(network.truth()) == 1
