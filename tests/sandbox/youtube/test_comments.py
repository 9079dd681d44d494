"""Threads and replies: the walk, the embedded few, moderation, what is gone, and who may see what."""

import pytest

from tests.sandbox.youtube.conftest import Reader, channel_of, minute


@pytest.fixture
def video(network):
    return network.post("nordwerk", "Neu: NW-40", at=minute(0))


@pytest.fixture
def threads(network, video):
    return [
        network.post("katharina", f"Frage {number}", at=minute(number + 1), reply_to=video) for number in range(7)
    ]


def test_a_walk_goes_from_new_to_old_over_all_videos(network, owner, channel, threads):
    other = network.post("nordwerk", "Noch eins", at=minute(20))
    late = network.post("helene", "Und das?", at=minute(21), reply_to=other)
    pages = owner.walk("commentThreads", part="id", allThreadsRelatedToChannelId=channel, maxResults=3)
    assert [len(page) for page in pages] == [3, 3, 2]
    assert [number for page in pages for number in page] == [late, *reversed(threads)]


def test_what_arrives_during_a_walk_moves_nothing(network, owner, video, threads):
    asked = {"part": "id", "videoId": video, "maxResults": 3}
    first = owner.json("commentThreads", **asked)
    network.post("helene", "Dazwischen", at=minute(30), reply_to=video)
    network.delete(threads[-1], at=minute(31))
    second = owner.ids("commentThreads", **asked, pageToken=first["nextPageToken"])
    assert second == [threads[3], threads[2], threads[1]]


@pytest.mark.parametrize("change", [{"pageToken": "CAUQAA"}, {"pageToken": "???"}, {"order": "relevance"}])
def test_a_page_token_belongs_to_one_walk(owner, video, threads, change):
    asked = {"part": "id", "videoId": video, "maxResults": 3}
    token = owner.json("commentThreads", **asked)["nextPageToken"]
    assert owner.reason("commentThreads", **({**asked, "pageToken": token} | change)) == (400, "invalidPageToken")


def test_a_thread_embeds_five_replies_and_counts_all(network, owner, video, threads):
    replies = [
        network.post("nordwerk", f"Antwort {number}", at=minute(10 + number), reply_to=threads[0])
        for number in range(8)
    ]
    [thread] = owner.json("commentThreads", part="snippet,replies", id=threads[0])["items"]
    assert thread["snippet"]["totalReplyCount"] == 8
    assert len(thread["replies"]["comments"]) == 5
    pages = owner.walk("comments", part="id", parentId=threads[0], maxResults=3)
    assert [number for page in pages for number in page] == replies[::-1]
    # a new reply does not move the thread
    assert owner.ids("commentThreads", part="id", videoId=video)[-1] == threads[0]
    without = owner.json("commentThreads", part="snippet,replies", id=threads[1])["items"][0]
    assert "replies" not in without


def test_a_reply_to_a_reply_stays_in_the_thread_and_names_whom_it_answers(network, owner, threads):
    first = network.post("nordwerk", "Ja.", at=minute(10), reply_to=threads[0])
    second = network.post("helene", "Sicher?", at=minute(11), reply_to=first)
    assert first.startswith(f"{threads[0]}.")
    [reply] = owner.json("comments", part="snippet", id=second, textFormat="plainText")["items"]
    assert reply["snippet"]["parentId"] == threads[0]
    assert reply["snippet"]["textDisplay"] == "@nordwerk Sicher?"
    assert owner.reason("comments", part="id", parentId=first) == (404, "commentNotFound")


def test_text_comes_as_html_unless_plain_is_asked_for(network, owner, video):
    written = network.post("katharina", "A & B < C\nhttps://a.example/x", at=minute(1), reply_to=video)

    def shown(**query):
        return owner.json("comments", part="snippet", id=written, **query)["items"][0]["snippet"]["textDisplay"]

    assert shown() == 'A &amp; B &lt; C<br><a href="https://a.example/x">https://a.example/x</a>'
    assert shown(textFormat="plainText") == "A & B < C\nhttps://a.example/x"


def test_an_author_is_shown_by_handle_picture_and_channel(network, public, video):
    written = network.post("katharina", "Frage", at=minute(1), reply_to=video)
    snippet = public.json("comments", part="snippet", id=written)["items"][0]["snippet"]
    assert snippet["authorChannelId"] == {"value": channel_of(network, "katharina")}
    assert snippet["authorDisplayName"] == "@kgross"
    assert snippet["authorChannelUrl"] == "http://www.youtube.com/@kgross"
    assert not {name for name in snippet if "mail" in name.lower()}


def test_an_edit_changes_when_it_was_updated_and_not_the_order(network, owner, video, threads):
    network.edit(threads[2], "Frage, anders", at=minute(40))
    network.like("helene", threads[2], at=minute(41))
    found = owner.json("commentThreads", part="snippet", videoId=video)["items"]
    assert [one["id"] for one in found] == threads[::-1]
    changed = found[4]["snippet"]["topLevelComment"]["snippet"]
    assert (changed["publishedAt"], changed["updatedAt"]) == ("2026-11-01T08:03:00Z", "2026-11-01T08:40:00Z")
    assert (changed["textOriginal"], changed["likeCount"]) == ("Frage, anders", 1)
    by_likes = owner.ids("commentThreads", part="id", videoId=video, order="relevance")
    assert by_likes[0] == threads[2]


def test_held_comments_are_the_owners_alone_and_only_on_asking(network, owner, public, video, threads):
    network.hold_for_review(threads[0], at=minute(40))
    asked = {"part": "id,snippet", "videoId": video}
    assert threads[0] not in owner.ids("commentThreads", **asked)
    held = owner.json("commentThreads", **asked, moderationStatus="heldForReview")["items"]
    assert [one["id"] for one in held] == [threads[0]]
    assert held[0]["snippet"]["isPublic"] is False
    assert held[0]["snippet"]["topLevelComment"]["snippet"]["moderationStatus"] == "heldForReview"
    for stranger in (public, Reader(network, token=network.credentials("femke")["access_token"])):
        assert stranger.reason("commentThreads", **asked, moderationStatus="heldForReview") == (403, "forbidden")
        assert stranger.ids("comments", part="id", id=threads[0]) == []
        shown = stranger.json("commentThreads", **asked)["items"][0]
        assert "moderationStatus" not in shown["snippet"]["topLevelComment"]["snippet"]
    # asked for by id the status is not told
    assert "moderationStatus" not in owner.json("comments", part="snippet", id=threads[0])["items"][0]["snippet"]
    network.publish(threads[0], at=minute(41))
    assert threads[0] in public.ids("commentThreads", **asked)


def test_hidden_comments_make_a_page_short_and_no_end(network, public, video, threads):
    for held in threads[4:]:
        network.hold_for_review(held, at=minute(40))
    pages = public.walk("commentThreads", part="id", videoId=video, maxResults=3)
    assert pages == [[], [threads[3], threads[2], threads[1]], [threads[0]]]


def test_words_narrow_the_threads(network, owner, video, threads):
    assert owner.ids("commentThreads", part="id", videoId=video, searchTerms="frage 3") == [threads[3]]


def test_a_video_without_comments_is_no_question_of_permission(network, owner, channel, video, threads):
    network.close_comments(video, at=minute(40))
    assert owner.reason("commentThreads", part="id", videoId=video) == (403, "commentsDisabled")
    assert owner.ids("commentThreads", part="id", allThreadsRelatedToChannelId=channel) == []
    assert "commentCount" not in owner.json("videos", part="statistics", id=video)["items"][0]["statistics"]
    with pytest.raises(ValueError, match="takes no comments"):
        network.post("helene", "Doch?", at=minute(41), reply_to=video)


def test_what_is_gone_is_not_found_or_left_out(network, owner, video, threads):
    reply = network.post("nordwerk", "Ja.", at=minute(10), reply_to=threads[0])
    network.delete(threads[0], at=minute(40))
    assert owner.reason("comments", part="id", parentId=threads[0]) == (404, "commentNotFound")
    assert owner.ids("comments", part="id", id=f"{threads[0]},{reply},{threads[1]}") == [threads[1]]
    assert owner.ids("commentThreads", part="id", id=threads[0]) == []
    network.delete(video, at=minute(41))
    assert owner.reason("commentThreads", part="id", videoId=video) == (404, "videoNotFound")
    assert owner.ids("comments", part="id", id=threads[1]) == []


def test_unknown_channels_and_their_discussions_are_refused(owner, channel):
    asked = {"part": "id", "allThreadsRelatedToChannelId": "UCunknown"}
    assert owner.reason("commentThreads", **asked) == (404, "channelNotFound")
    assert owner.reason("commentThreads", part="id", channelId=channel) == (400, "unexpectedParameter")
