from datetime import datetime, timedelta
from typing import Any

from scrm.sandbox.bluesky import Bluesky
from scrm.sandbox.bluesky.appview import UNKNOWN_REASON
from tests.sandbox.bluesky.calling import START, Caller, did_of, person

LIST = "app.bsky.notification.listNotifications"
MINUTE = timedelta(minutes=1)


def told(caller: Caller, **query: Any) -> list[tuple[str, str]]:
    """Return (reason, author's name), newest first, without the milestones of followers."""
    found = caller.all(LIST, "notifications", **query)
    return [
        (one["reason"], one["author"]["handle"].split(".")[0]) for one in found if one["reason"] != UNKNOWN_REASON
    ]


def test_each_deed_is_told_with_its_own_record(network: Bluesky, firm: Caller) -> None:
    post = network.post("firm", "Hallo", at=START)
    deeds = {
        "like": network.like("anna", post, at=START + MINUTE),
        "repost": network.share("bilal", post, at=START + 2 * MINUTE),
        "follow": network.follow("chloe", "firm", at=START + 3 * MINUTE),
        "mention": network.post("anna", "Frage @firm", at=START + 4 * MINUTE, mentions=["firm"]),
        "reply": network.post("bilal", "Moin", at=START + 5 * MINUTE, reply_to=post),
        "quote": network.post("chloe", "Lest das", at=START + 6 * MINUTE, quote=post),
    }
    found = [one for one in firm.all(LIST, "notifications") if one["reason"] != UNKNOWN_REASON]
    assert [one["reason"] for one in found] == ["quote", "reply", "mention", "follow", "repost", "like"]
    about = {"like": post, "repost": post, "reply": post, "quote": post}
    for one in found:
        assert one["uri"] == deeds[one["reason"]]
        assert one.get("reasonSubject") == about.get(one["reason"])
        did, collection, rkey = one["uri"].removeprefix("at://").split("/")
        assert one["author"]["did"] == did
        record = firm.ok("com.atproto.repo.getRecord", repo=did, collection=collection, rkey=rkey)
        assert (record["cid"], record["value"]) == (one["cid"], one["record"])
        assert one["record"]["$type"] == collection


def test_nobody_is_told_of_what_he_did_himself(network: Bluesky, firm: Caller) -> None:
    post = network.post("firm", "Wir @firm", at=START, mentions=["firm"])
    network.like("firm", post, at=START)
    network.share("firm", post, at=START)
    network.post("firm", "und weiter", at=START, reply_to=post, quote=post)
    assert told(firm) == []


def test_a_post_is_told_once_and_a_mention_counts_first(network: Bluesky, firm: Caller) -> None:
    post = network.post("firm", "Hallo", at=START)
    network.post("anna", "@firm ja", at=START, reply_to=post, mentions=["firm"], quote=post)
    network.post("bilal", "nein", at=START + MINUTE, reply_to=post, quote=post)
    assert told(firm) == [("quote", "bilal"), ("mention", "anna")]


def test_a_reply_is_told_up_to_four_posts_above(network: Bluesky, firm: Caller) -> None:
    uri = network.post("firm", "Anfang", at=START)
    for number in range(6):
        uri = network.post("anna", f"tiefer {number}", at=START + number * MINUTE, reply_to=uri)
    found = firm.all(LIST, "notifications", reasons="reply")
    assert [one["record"]["text"] for one in found] == [f"tiefer {number}" for number in (3, 2, 1, 0)]


def test_a_like_by_way_of_a_repost_is_told_to_both(network: Bluesky, firm: Caller) -> None:
    post = network.post("firm", "Hallo", at=START)
    repost = network.share("anna", post, at=START)
    like = network.like("bilal", repost, at=START + MINUTE)
    anna = Caller(network)
    anna.log_in("anna")
    via = anna.ok(LIST)["notifications"][0]
    assert (via["reason"], via["reasonSubject"], via["uri"]) == ("like-via-repost", repost, like)
    assert via["record"]["subject"]["uri"] == post
    assert via["record"]["via"]["uri"] == repost
    assert told(firm)[0] == ("like", "bilal")
    network.delete(repost, at=START + 2 * MINUTE)
    assert told(anna) == []
    assert told(firm) == [("like", "bilal")]


def test_a_reason_no_lexicon_knows_comes_with_the_first_follower(network: Bluesky, firm: Caller) -> None:
    network.follow("anna", "firm", at=START)
    network.follow("bilal", "firm", at=START)
    reasons = [one["reason"] for one in firm.all(LIST, "notifications")]
    assert reasons == ["follow", UNKNOWN_REASON, "follow"]
    strange = firm.all(LIST, "notifications", reasons=UNKNOWN_REASON)[0]
    assert strange["record"]["$type"] == "app.bsky.actor.profile"


def test_reasons_choose_and_an_unknown_reason_finds_nothing(network: Bluesky, firm: Caller) -> None:
    post = network.post("firm", "Hallo", at=START)
    network.like("anna", post, at=START)
    network.share("bilal", post, at=START + MINUTE)
    assert told(firm, reasons=["like", "repost"]) == [("repost", "bilal"), ("like", "anna")]
    assert told(firm, reasons="like") == [("like", "anna")]
    assert told(firm, reasons="no-such-reason") == []


def test_an_unlike_takes_record_and_notification_away(network: Bluesky, firm: Caller) -> None:
    post = network.post("firm", "Hallo", at=START)
    like = network.like("anna", post, at=START)
    assert network.like("anna", post, at=START + MINUTE) == like
    network.unlike("anna", post, at=START + MINUTE)
    assert told(firm) == []
    assert firm.ok("app.bsky.feed.getLikes", uri=post)["likes"] == []
    did, collection, rkey = like.removeprefix("at://").split("/")
    where = {"repo": did, "collection": collection}
    assert firm.error("com.atproto.repo.getRecord", rkey=rkey, **where)[1] == "RecordNotFound"
    assert firm.ok("com.atproto.repo.listRecords", **where)["records"] == []
    again = network.like("anna", post, at=START + 2 * MINUTE)
    assert again != like
    assert told(firm) == [("like", "anna")]


def test_a_deleted_post_hides_what_others_did_about_it(network: Bluesky, firm: Caller) -> None:
    post = network.post("firm", "Hallo", at=START)
    like = network.like("anna", post, at=START)
    network.post("bilal", "Moin", at=START, reply_to=post)
    network.post("chloe", "@firm auch", at=START, reply_to=post, mentions=["firm"])
    network.delete(post, at=START + MINUTE)
    # a mention has no subject that could be gone
    assert told(firm) == [("mention", "chloe")]
    did, collection, rkey = like.removeprefix("at://").split("/")
    where = {"repo": did, "collection": collection, "rkey": rkey}
    assert firm.get("com.atproto.repo.getRecord", **where).status_code == 200
    network.unlike("anna", post, at=START + 2 * MINUTE)
    assert firm.get("com.atproto.repo.getRecord", **where).status_code == 400


def test_a_deleted_deed_is_no_longer_told(network: Bluesky, firm: Caller) -> None:
    post = network.post("firm", "Hallo", at=START)
    deeds = [
        network.post("anna", "Moin", at=START, reply_to=post),
        network.share("bilal", post, at=START),
        network.follow("chloe", "firm", at=START),
    ]
    assert len(told(firm)) == 3
    for deed in deeds:
        network.delete(deed, at=START + MINUTE)
    assert told(firm) == []
    profile = firm.ok("app.bsky.actor.getProfile", actor="firm.bsky.example")
    assert profile["followersCount"] == 0
    assert firm.ok("app.bsky.graph.getFollowers", actor="firm.bsky.example")["followers"] == []
    assert firm.ok("app.bsky.feed.getRepostedBy", uri=post)["repostedBy"] == []


def test_an_edit_changes_who_is_told_and_the_cid(network: Bluesky, firm: Caller) -> None:
    post = network.post("anna", "Hallo @firm", at=START, mentions=["firm"])
    before = firm.ok(LIST)["notifications"][0]
    network.edit(post, "Hallo an alle bei @firm", at=START + MINUTE)
    (after,) = firm.all(LIST, "notifications")
    assert after["uri"] == before["uri"]
    assert after["cid"] != before["cid"]
    assert after["record"]["text"] == "Hallo an alle bei @firm"
    assert after["indexedAt"] == before["indexedAt"]
    view = firm.ok("app.bsky.feed.getPosts", uris=post)["posts"][0]
    assert view["indexedAt"] == "2026-03-02T08:01:00.000Z"


def test_seen_is_what_lies_before_the_time_given(network: Bluesky, firm: Caller) -> None:
    for number in range(3):
        network.post("anna", f"@firm {number}", at=START + number * MINUTE, mentions=["firm"])
    assert [one["isRead"] for one in firm.ok(LIST)["notifications"]] == [False, False, False]
    assert "seenAt" not in firm.ok(LIST)
    seen = firm.post("app.bsky.notification.updateSeen", json={"seenAt": "2026-03-02T10:01:00+02:00"})
    assert (seen.status_code, seen.content) == (200, b"")
    after = firm.ok(LIST)
    assert after["seenAt"] == "2026-03-02T08:01:00.000Z"
    assert [one["isRead"] for one in after["notifications"]] == [False, True, True]
    asked = firm.ok(LIST, seenAt="2026-03-02T08:00:00Z")
    assert [one["isRead"] for one in asked["notifications"]] == [False, False, True]


def test_priority_shows_only_whom_one_follows(network: Bluesky, firm: Caller) -> None:
    network.follow("firm", "bilal", at=START)
    for key in ("anna", "bilal"):
        network.post(key, "@firm", at=START, mentions=["firm"])
    assert told(firm, priority="true") == [("mention", "bilal")]
    assert len(told(firm, priority="false")) == 2


def test_a_fast_clock_claims_the_future_but_sorts_by_receipt(network: Bluesky, firm: Caller) -> None:
    network.set_clock("anna", timedelta(minutes=7))
    network.post("anna", "@firm schnell", at=START, mentions=["firm"])
    network.post("bilal", "@firm pünktlich", at=START + MINUTE, mentions=["firm"])
    assert told(firm) == [("mention", "bilal"), ("mention", "anna")]
    fast = firm.ok(LIST)["notifications"][1]
    claimed = datetime.fromisoformat(fast["record"]["createdAt"])
    assert claimed - datetime.fromisoformat(fast["indexedAt"]) > timedelta(minutes=6)


def test_a_slow_clock_puts_a_new_notification_behind_older_ones(network: Bluesky, firm: Caller) -> None:
    network.set_clock("anna", timedelta(hours=-2))
    network.post("bilal", "@firm früher da", at=START, mentions=["firm"])
    late = network.post("anna", "@firm später da", at=START + MINUTE, mentions=["firm"])
    assert told(firm) == [("mention", "bilal"), ("mention", "anna")]
    assert firm.ok(LIST)["notifications"][1]["indexedAt"] < "2026-03-02T08:00:00.000Z"
    view = firm.ok("app.bsky.feed.getPosts", uris=late)["posts"][0]
    assert view["indexedAt"] > "2026-03-02T08:01:00.000Z"


def test_some_clients_have_odd_clocks_of_their_own(network: Bluesky, firm: Caller) -> None:
    stamps = []
    for number in range(60):
        network.add_account(person(f"p{number}"), at=START)
        uri = network.post(f"p{number}", "Hallo", at=START)
        view = firm.ok("app.bsky.feed.getPosts", uris=uri)["posts"][0]
        stamps.append(view["record"]["createdAt"])
    assert any(stamp.endswith("+02:00") for stamp in stamps)
    fast = [stamp for stamp in stamps if datetime.fromisoformat(stamp) > START + timedelta(minutes=6)]
    assert 0 < len(fast) < len(stamps) / 2


def test_a_blocked_account_is_no_longer_heard(network: Bluesky, firm: Caller) -> None:
    network.post("anna", "@firm Unfug", at=START, mentions=["firm"])
    block = network.block("firm", "anna", at=START)
    assert told(firm) == []
    network.delete(block, at=START)
    assert told(firm) == [("mention", "anna")]
    assert did_of(network, "anna") in block or did_of(network, "firm") in block
