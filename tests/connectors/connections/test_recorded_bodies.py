"""Bodies recorded from real servers (OpenNTF/SocialSDK c9c02d44): each becomes what it should."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scrm.connectors.base import Account, Api
from scrm.connectors.connections.atom import Feed, Item, feed_of
from scrm.connectors.connections.client import CLIENT, feed, next_query, who_am_i
from scrm.connectors.connections.posts import COMMUNITY, FORUM_POST, Ref, like_items
from scrm.connectors.connections.stories import story_of, thread_of
from scrm.connectors.connections.translation import profile, records
from scrm.connectors.payload import Payload
from scrm.connectors.xml import parse_xml
from scrm.errors import GoneError, UnavailableError
from scrm.http import GuardedSession
from scrm.records import InteractionRecord, Key, ProfileRecord
from tests.connectors.replay import Reply, serving

SHARED = Path(os.environ.get("SCRM_SHARED", Path(__file__).parents[4] / "shared"))
FOLDER = SHARED / "specs" / "connections" / "responses"
ACCOUNT = Account(
    key=Key(network="connections", native_id="nobody", scope="connections.example"),
    handle="scrm",
    base_url="https://connections.example",
)
POSTS = {
    "blogs.getAllComments.0.xml": 2,
    "blogs.getAllPosts.0.xml": 4,
    "blogs.getBlogComments.1.xml": 2,
    "forums.getForumReplies.0.xml": 10,
    "forums.getForumReplies.1.xml": 1,
    "forums.testGetForumTopic.0.xml": 1,
    "forums.testGetPublicForumTopics.0.xml": 10,
    "forums.testLikeunlikePostTest.1.xml": 1,
    "forums.testLikeunlikePostTest.3.xml": 1,
}
PROFILES = {
    "profiles.testGetDirectReports.0.xml": 10,
    "profiles.testGetProfile.1.xml": 1,
    "profiles.testGetReportToChain.0.xml": 1,
    "profiles.testSearchProfilesWithParams.0.xml": 1,
}
COMMUNITIES = {
    "communities.testGetCommunityById.0.xml": 1,
    "communities.testGetMembers.0.xml": 10,
    "communities.testGetMyCommunities.0.xml": 10,
}
OTHER_FEEDS = {
    "blogs.getAllBlogs.0.xml": 6,
    "blogs.getBlogComments.0.xml": 1,
    "communities.testGetMembers.1.xml": 1,
    "communities.testGetMyInvites.0.xml": 0,
    "follow.getFollowedResources.0.xml": 3,
    "forums.getAllForums.0.xml": 10,
}
LISTS = {
    "activitystreams.testGetUpdatesFromUser.0.json": 0,
    "activitystreams.testSearchForTags.0.json": 0,
    "activitystreams.testPostEntry.1.json": 6,
}
ERRORS = {
    "activitystreams.testGetUpdatesFromCommunity.0.html": UnavailableError,
    "communities.testGetCommunityByInvalidId.0.xml": GoneError,
    "profiles.testSendInviteAndCheckColleagues.0.xml": UnavailableError,
}
ALONE = {"activitystreams.testPostEntry.0.json", "forums.testLikeunlikePostTest.0.xml", "people.me.json"}


def body(name: str) -> bytes:
    file = FOLDER / name
    if not file.exists():
        pytest.skip("the recorded bodies are not at hand; set SCRM_SHARED")
    return file.read_bytes()


def read(name: str) -> Feed:
    return feed_of(parse_xml(body(name)))


def answered(name: str, status: int) -> Any:
    given = Reply(status=status, headers={"Content-Type": "text/xml"}, body=body(name))  # skips here or not at all
    return serving(lambda _: given)


def api_to(base_url: str) -> Api:
    return Api(
        network="connections",
        base_url=base_url,
        session=GuardedSession(allowed=[base_url.removeprefix("http://")]),
        credentials={"username": "scrm", "password": "secret"},
        account=ACCOUNT,
    )


def test_every_recorded_body_is_looked_at_here():
    if not FOLDER.exists():
        pytest.skip("the recorded bodies are not at hand; set SCRM_SHARED")
    known = {*POSTS, *PROFILES, *COMMUNITIES, *OTHER_FEEDS, *LISTS, *ERRORS, *ALONE}
    assert {file.name for file in FOLDER.iterdir()} == known


@pytest.mark.parametrize("name", POSTS)
def test_recorded_posts_become_records(name):
    found = read(name)
    assert len(found.entries) == POSTS[name]
    for entry in found.entries:
        author, post = records(Payload({"post": entry}), ACCOUNT)
        assert isinstance(author, ProfileRecord)
        assert author.email
        assert "@" in author.email
        assert author.email_verified
        assert isinstance(post, InteractionRecord)
        assert post.text
        assert post.url
        assert post.thread_key
        kind, _, number = (post.fetch_ref or "").partition(" ")
        assert Ref(kind=kind, id=number).native_id == post.key.native_id == entry["id"]


def test_a_recorded_reply_knows_its_topic_and_a_comment_its_entry():
    (reply,) = read("forums.getForumReplies.1.xml").entries
    record = list(records(Payload({"post": reply}), ACCOUNT))[1]
    assert isinstance(record, InteractionRecord)
    assert record.in_reply_to == record.thread_key == f"{FORUM_POST}a4c3486e-77ad-47f3-b5f5-cdee4f8dadb9"
    assert record.text == "Dummy updated reply Content"
    assert record.edited_at
    comment = read("blogs.getAllComments.0.xml").entries[0]
    record = list(records(Payload({"post": comment}), ACCOUNT))[1]
    assert isinstance(record, InteractionRecord)
    assert record.in_reply_to == "urn:lsid:ibm.com:blogs:entry-850ac876-7f2a-4e4f-b23f-4d912dce5eb3"
    assert record.occurred_at.isoformat() == "2014-07-10T12:16:16+00:00"  # written with the server's offset


def test_a_recorded_like_becomes_a_record():
    (entry,) = read("forums.testLikeunlikePostTest.0.xml").entries
    (topic,) = read("forums.testLikeunlikePostTest.1.xml").entries
    with answered("forums.testLikeunlikePostTest.0.xml", 200) as server:
        (item,) = like_items(api_to(server.base_url), {"post": topic})
    assert item["like"] == entry
    like = list(records(Payload(item), ACCOUNT))[-1]
    assert isinstance(like, InteractionRecord)
    assert like.target == like.thread_key == topic["id"]
    assert like.key.native_id == f"{FORUM_POST}aa31cf3a-b22f-489f-8c54-77186474e431"


@pytest.mark.parametrize("name", PROFILES)
def test_recorded_profiles_become_profiles(name):
    found = read(name)
    assert len(found.entries) == PROFILES[name]
    for entry in found.entries:
        shown = profile(Payload(entry), "connections.example")
        assert shown.key.native_id == entry["card"]["x-lconn-userid"]
        assert shown.handle
        assert shown.display_name
        assert shown.url
        assert shown.email == entry["contributor"]["email"]


@pytest.mark.parametrize("name", COMMUNITIES)
def test_recorded_communities_have_their_ids_and_times(name):
    found = read(name)
    assert len(found.entries) == COMMUNITIES[name]
    for entry in found.entries:
        assert COMMUNITY + Payload(entry).text("community")
        assert Payload(entry).time("updated")


@pytest.mark.parametrize("name", OTHER_FEEDS)
def test_feeds_that_are_not_read_can_be_read(name):
    assert len(read(name).entries) == OTHER_FEEDS[name]


@pytest.mark.parametrize("name", LISTS)
def test_recorded_stories_lead_to_no_thread_that_they_are_not_about(name):
    found: list[Item] = json.loads(body(name))["list"]
    stories = [story_of(story) for story in found]
    assert len(stories) >= LISTS[name]
    assert Counter(story["verb"] for story in stories).keys() <= {"post", "update"}
    assert [thread_of(Payload(story)) for story in stories] == [None] * len(stories)


def test_what_a_recorded_post_to_the_stream_answers_is_no_story():
    assert list(json.loads(body("activitystreams.testPostEntry.0.json"))["entry"]) == ["id"]


def test_the_recorded_answer_to_who_am_i():
    with answered("people.me.json", 200) as server:
        me = who_am_i(api_to(server.base_url))
    assert me["id"] == "urn:lsid:lconn.ibm.com:profiles.person:4cbc45c0-16a7-1033-9239-95472f45d54f"


@pytest.mark.parametrize("name", ERRORS)
def test_recorded_errors_are_understood_by_their_status(name):
    index = json.loads((FOLDER.parent / "INDEX.json").read_text(encoding="utf-8")) if body(name) else {}
    status = next(one["status"] for one in index["files"] if one["file"] == name)
    with answered(name, status) as server, pytest.raises(ERRORS[name]):
        CLIENT.get(api_to(server.base_url), "/communities/service/atom/communities/my")


def test_a_recorded_link_to_the_next_page_is_asked_for_at_our_own_address():
    path = "/forums/atom/topics"
    with answered("forums.testGetPublicForumTopics.0.xml", 200) as server:
        api = api_to(server.base_url)
        found = feed(api, path, [])
    assert found.next == "https://lcauto19.swg.usma.ibm.com/forums/atom/topics?page=2"
    assert next_query(api, path, found) == "page=2"
