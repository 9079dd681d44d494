from datetime import timedelta
from typing import Any

import pytest

from scrm.sandbox.bluesky import Bluesky
from scrm.sandbox.bluesky.ids import make_did
from scrm.sandbox.bluesky.richtext import facets
from scrm.sandbox.bluesky.views import DEEPEST
from tests.sandbox.bluesky.calling import START, Caller

THREAD = "app.bsky.feed.getPostThread"
FEED = "app.bsky.feed.getAuthorFeed"
MINUTE = timedelta(minutes=1)


def marked(text: str, found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return what the facets cover, cut from the UTF-8 bytes as the lexicon demands."""
    raw = text.encode()
    return [
        (
            raw[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode(),
            one["features"][0]["$type"].split("#")[1],
        )
        for one in found
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Grüße 🎉 @firm!", [("@firm", "mention")]),
        ("@FIRM.bsky.example schön", [("@FIRM.bsky.example", "mention")]),
        (
            "東京 https://firm.example/ä?x=1. #モーター",
            [("https://firm.example/ä?x=1", "link"), ("#モーター", "tag")],
        ),
        ("(https://firm.example/a) a#b #b-c", [("https://firm.example/a", "link"), ("#b-c", "tag")]),
        ("post@firm.example @firmware @firm-neu", []),
    ],
)
def test_facets_count_bytes_and_cover_what_they_name(text: str, expected: list[tuple[str, str]]) -> None:
    assert marked(text, facets(text, [(("firm.bsky.example", "firm"), "did:plc:x")])) == expected


def test_who_is_mentioned_but_not_named_stands_before_the_text(network: Bluesky, anybody: Caller) -> None:
    post = network.post("anna", "👋 @bilal hat recht", at=START, mentions=["firm", "bilal"])
    record = anybody.ok("app.bsky.feed.getPosts", uris=post)["posts"][0]["record"]
    assert record["text"] == "@firm.bsky.example 👋 @bilal hat recht"
    assert marked(record["text"], record["facets"]) == [
        ("@firm.bsky.example", "mention"),
        ("@bilal", "mention"),
    ]
    named = [one["features"][0]["did"] for one in record["facets"]]
    assert named == [make_did("firm"), make_did("bilal")]


def test_a_post_is_shown_with_its_counts_and_the_viewer_s_own_deeds(
    network: Bluesky, firm: Caller, anybody: Caller
) -> None:
    post = network.post("anna", "Hallo", at=START)
    like = network.like("firm", post, at=START)
    share = network.share("firm", post, at=START)
    network.like("bilal", post, at=START)
    network.post("bilal", "Moin", at=START, reply_to=post)
    network.post("chloe", "Da", at=START, quote=post)
    view = firm.ok("app.bsky.feed.getPosts", uris=post)["posts"][0]
    counts = [view[f"{name}Count"] for name in ("like", "repost", "reply", "quote")]
    assert counts == [2, 1, 1, 1]
    assert (view["viewer"]["like"], view["viewer"]["repost"]) == (like, share)
    assert view["record"]["langs"] == ["de"]
    assert "viewer" not in anybody.ok("app.bsky.feed.getPosts", uris=post)["posts"][0]


def test_posts_that_are_gone_or_asked_twice_are_left_out(network: Bluesky, anybody: Caller) -> None:
    kept, gone = network.post("anna", "da", at=START), network.post("anna", "weg", at=START)
    network.delete(gone, at=START)
    found = anybody.ok("app.bsky.feed.getPosts", uris=[kept, gone, kept])["posts"]
    assert [post["uri"] for post in found] == [kept]
    like_uri = network.like("bilal", kept, at=START)
    assert anybody.ok("app.bsky.feed.getPosts", uris=[like_uri])["posts"] == []
    for nsid, items in (("getLikes", "likes"), ("getRepostedBy", "repostedBy"), ("getQuotes", "posts")):
        assert anybody.ok(f"app.bsky.feed.{nsid}", uri=gone) == {"uri": gone, items: []}


def test_a_quote_shows_the_quoted_post_until_it_is_deleted(network: Bluesky, anybody: Caller) -> None:
    quoted = network.post("firm", "Hallo", at=START)
    quote = network.post("anna", "Lest das", at=START, quote=quoted)
    embed = anybody.ok("app.bsky.feed.getPosts", uris=quote)["posts"][0]["embed"]
    assert embed["record"]["$type"] == "app.bsky.embed.record#viewRecord"
    assert embed["record"]["value"]["text"] == "Hallo"
    network.delete(quoted, at=START + MINUTE)
    embed = anybody.ok("app.bsky.feed.getPosts", uris=quote)["posts"][0]["embed"]
    assert embed["record"] == {
        "$type": "app.bsky.embed.record#viewNotFound",
        "uri": quoted,
        "notFound": True,
    }


def test_a_deleted_quote_is_no_longer_counted(network: Bluesky, anybody: Caller) -> None:
    quoted = network.post("firm", "Hallo", at=START)
    network.delete(network.post("anna", "Lest das", at=START, quote=quoted), at=START)
    assert anybody.ok("app.bsky.feed.getQuotes", uri=quoted)["posts"] == []
    assert anybody.ok("app.bsky.feed.getPosts", uris=quoted)["posts"][0]["quoteCount"] == 0


def chain(network: Bluesky, length: int) -> list[str]:
    uris = [network.post("firm", "Nummer 0", at=START)]
    for number in range(1, length):
        key = "anna" if number % 2 else "firm"
        uris.append(network.post(key, f"Nummer {number}", at=START + number * MINUTE, reply_to=uris[-1]))
    return uris


def test_a_thread_shows_what_is_above_and_below(network: Bluesky, anybody: Caller) -> None:
    uris = chain(network, 7)
    thread = anybody.ok(THREAD, uri=uris[3], depth=2, parentHeight=2)["thread"]
    above, node = [], thread
    while node := node.get("parent"):
        above.append(node["post"]["uri"])
    assert above == [uris[2], uris[1]]
    assert thread["replies"][0]["post"]["uri"] == uris[4]
    deepest = thread["replies"][0]["replies"][0]
    assert deepest["post"]["uri"] == uris[5]
    assert "replies" not in deepest
    assert "replies" not in anybody.ok(THREAD, uri=uris[3], depth=0)["thread"]
    assert "parent" not in anybody.ok(THREAD, uri=uris[3], parentHeight=0)["thread"]
    root = {part["root"]["uri"] for part in (thread["post"]["record"]["reply"], deepest["post"]["record"]["reply"])}
    assert root == {uris[0]}


def test_a_thread_is_found_by_handle_too(network: Bluesky, anybody: Caller) -> None:
    uri = network.post("firm", "Hallo", at=START)
    by_handle = uri.replace(make_did("firm"), "firm.bsky.example")
    assert anybody.ok(THREAD, uri=by_handle)["thread"]["post"]["uri"] == uri


def test_the_longest_threads_are_cut(network: Bluesky, anybody: Caller) -> None:
    uris = chain(network, DEEPEST + 50)
    node, depth = anybody.ok(THREAD, uri=uris[0], depth=1000)["thread"], 0
    while node.get("replies"):
        node, depth = node["replies"][0], depth + 1
    assert depth == DEEPEST
    node, height = anybody.ok(THREAD, uri=uris[-1], parentHeight=1000)["thread"], 0
    while node := node.get("parent"):
        height += 1
    assert height == DEEPEST


def test_a_thread_of_very_many_replies_is_cut(network: Bluesky, anybody: Caller) -> None:
    uri = network.post("firm", "Hallo", at=START)
    for number in range(1010):
        network.post("anna", str(number), at=START + timedelta(seconds=number), reply_to=uri)
    thread = anybody.ok(THREAD, uri=uri)["thread"]
    assert len(thread["replies"]) == 1000
    assert thread["post"]["replyCount"] == 1010


def test_a_deleted_post_leaves_its_replies_with_a_parent_not_found(network: Bluesky, anybody: Caller) -> None:
    uris = chain(network, 4)
    network.delete(uris[1], at=START + timedelta(hours=1))
    assert anybody.error(THREAD, uri=uris[1])[:2] == (400, "NotFound")
    thread = anybody.ok(THREAD, uri=uris[3])["thread"]
    gone = {"$type": "app.bsky.feed.defs#notFoundPost", "uri": uris[1], "notFound": True}
    assert thread["parent"]["parent"] == gone
    assert anybody.ok(THREAD, uri=uris[0])["thread"]["replies"] == []
    item = next(one for one in anybody.ok(FEED, actor="firm.bsky.example")["feed"] if one["post"]["uri"] == uris[2])
    assert item["reply"]["parent"] == gone
    assert item["reply"]["root"]["$type"] == "app.bsky.feed.defs#postView"
    # one can still answer below, and the root's reference is handed down
    network.delete(uris[0], at=START + timedelta(hours=1))
    last = network.post("anna", "trotzdem", at=START + timedelta(hours=2), reply_to=uris[3])
    reply = anybody.ok("app.bsky.feed.getPosts", uris=last)["posts"][0]["record"]["reply"]
    assert (reply["root"]["uri"], reply["parent"]["uri"]) == (uris[0], uris[3])


def test_blocked_posts_are_shown_as_blocked(network: Bluesky, firm: Caller, anybody: Caller) -> None:
    uris = chain(network, 3)
    other = network.post("bilal", "Auch", at=START, reply_to=uris[1])
    network.block("firm", "bilal", at=START)
    blocked = {
        "$type": "app.bsky.feed.defs#blockedPost",
        "uri": other,
        "blocked": True,
        "author": {"did": make_did("bilal")},
    }
    assert blocked in firm.ok(THREAD, uri=uris[1])["thread"]["replies"]
    assert firm.ok(THREAD, uri=other)["thread"] == blocked
    assert blocked not in anybody.ok(THREAD, uri=uris[1])["thread"]["replies"]
    assert firm.error(FEED, actor="bilal.bsky.example")[1] == "BlockedActor"
    bilal = Caller(network)
    bilal.log_in("bilal")
    assert bilal.error(FEED, actor="firm.bsky.example")[1] == "BlockedByActor"
    assert bilal.ok("app.bsky.feed.getPosts", uris=uris[0])["posts"] == []
    parent = bilal.ok(THREAD, uri=other, parentHeight=3)["thread"]["parent"]["parent"]
    assert parent["$type"] == "app.bsky.feed.defs#blockedPost"
    quote = network.post("chloe", "Seht", at=START, quote=uris[0])
    embed = bilal.ok("app.bsky.feed.getPosts", uris=quote)["posts"][0]["embed"]
    assert embed["record"]["$type"] == "app.bsky.embed.record#viewBlocked"
    item = next(one for one in bilal.ok(FEED, actor="anna.bsky.example")["feed"])
    assert item["reply"]["parent"]["$type"] == "app.bsky.feed.defs#blockedPost"


def test_authors_who_blocked_one_another_do_not_stand_in_one_thread(network: Bluesky, anybody: Caller) -> None:
    uris = chain(network, 2)
    network.block("firm", "anna", at=START)
    assert anybody.ok(THREAD, uri=uris[0])["thread"]["replies"][0]["blocked"] is True
    assert anybody.ok(THREAD, uri=uris[1])["thread"]["parent"]["blocked"] is True


def feed_texts(caller: Caller, **query: Any) -> list[str]:
    return [item["post"]["record"]["text"] for item in caller.all(FEED, "feed", **query)]


def test_a_feed_has_posts_replies_and_reposts_and_filters_them(network: Bluesky, anybody: Caller) -> None:
    own = network.post("anna", "eigen", at=START)
    foreign = network.post("firm", "fremd", at=START)
    network.post("anna", "weiter", at=START + MINUTE, reply_to=own)
    network.post("anna", "Antwort", at=START + 2 * MINUTE, reply_to=foreign)
    share = network.share("anna", foreign, at=START + 3 * MINUTE)
    actor = {"actor": "anna.bsky.example"}
    assert feed_texts(anybody, **actor) == ["fremd", "Antwort", "weiter", "eigen"]
    assert feed_texts(anybody, **actor, filter="posts_with_replies") == feed_texts(anybody, **actor)
    assert feed_texts(anybody, **actor, filter="posts_no_replies") == ["fremd", "eigen"]
    assert feed_texts(anybody, **actor, filter="posts_and_author_threads") == ["fremd", "weiter", "eigen"]
    assert feed_texts(anybody, **actor, filter="posts_with_media") == []
    assert feed_texts(anybody, **actor, filter="posts_with_video", includePins="true") == []
    reposted, answer = anybody.ok(FEED, **actor)["feed"][:2]
    assert reposted["post"]["author"]["handle"] == "firm.bsky.example"
    reason = reposted["reason"]
    assert reason["$type"] == "app.bsky.feed.defs#reasonRepost"
    assert (reason["by"]["handle"], reason["uri"]) == ("anna.bsky.example", share)
    assert reason["indexedAt"].startswith("2026-03-02T08:03:00.")
    assert "reason" not in answer
    assert answer["reply"]["parent"]["uri"] == foreign


def test_a_deleted_post_leaves_the_feeds_of_those_who_reposted_it(network: Bluesky, anybody: Caller) -> None:
    post = network.post("firm", "fremd", at=START)
    share = network.share("anna", post, at=START)
    assert len(feed_texts(anybody, actor="anna.bsky.example")) == 1
    network.delete(post, at=START)
    assert feed_texts(anybody, actor="anna.bsky.example") == []
    network.delete(share, at=START)


def test_a_reply_to_a_reply_names_the_grandparent_s_author(network: Bluesky, anybody: Caller) -> None:
    chain(network, 3)
    item = anybody.ok(FEED, actor="firm.bsky.example")["feed"][0]
    assert item["reply"]["grandparentAuthor"]["handle"] == "firm.bsky.example"
