"""The verbs of `FakeNetwork`, and the ledger tests judge by."""

from datetime import timedelta

import pytest

from scrm.sandbox.bluesky import Bluesky
from scrm.sandbox.bluesky.ids import make_did
from scrm.sandbox.network import FakeNetwork
from tests.sandbox.bluesky.calling import START, Caller, did_of, person

PROFILE = "app.bsky.actor.getProfile"
MINUTE = timedelta(minutes=1)


def as_network(fake: FakeNetwork) -> str:
    return fake.key


def test_it_is_a_fake_network(network: Bluesky) -> None:
    assert as_network(network) == "bluesky"
    assert network.base_url.startswith("http://127.0.0.1:")


def test_a_did_follows_from_the_person_and_looks_real(network: Bluesky) -> None:
    did = network.add_account(person("dora"), at=START)
    assert did == make_did("dora")
    assert set(did.removeprefix("did:plc:")) <= set("abcdefghijklmnopqrstuvwxyz234567")
    with pytest.raises(ValueError, match="already"):
        network.add_account(person("dora"), at=START)


def test_a_profile_shows_what_the_person_tells_and_no_email(network: Bluesky, anybody: Caller) -> None:
    profile = anybody.ok(PROFILE, actor="anna.bsky.example")
    assert profile["displayName"] == "Anna Muster"
    assert profile["description"] == "Schreibt über anna."
    assert profile["website"] == "https://anna.example"
    assert profile["createdAt"] == "2026-03-02T08:00:00.000Z"
    assert (profile["followersCount"], profile["followsCount"], profile["postsCount"]) == (0, 0, 0)
    assert "email" not in profile
    assert "viewer" not in profile


def test_a_bare_profile_leaves_out_what_is_empty(network: Bluesky, anybody: Caller) -> None:
    did = network.add_account(person("emil", full_name="", bio="", website=""), at=START)
    profile = anybody.ok(PROFILE, actor=did)
    assert not {"displayName", "description", "website"} & set(profile)


def test_counts_follow_what_happens(network: Bluesky, anybody: Caller) -> None:
    network.follow("anna", "firm", at=START)
    network.follow("firm", "anna", at=START)
    post = network.post("firm", "eins", at=START)
    profile = anybody.ok(PROFILE, actor="firm.bsky.example")
    assert (profile["followersCount"], profile["followsCount"], profile["postsCount"]) == (1, 1, 1)
    network.delete(post, at=START)
    assert anybody.ok(PROFILE, actor="firm.bsky.example")["postsCount"] == 0


def test_a_handle_changes_and_the_did_stays(network: Bluesky, anybody: Caller) -> None:
    did = did_of(network, "anna")
    post = network.post("anna", "@firm Hallo", at=START, mentions=["firm"])
    network.edit_profile("anna", at=START + MINUTE, handle="anna.werkstatt.example", display_name="Anna W.")
    assert did_of_handle(anybody, "anna.werkstatt.example") == did
    assert anybody.get(PROFILE, actor="anna.bsky.example").status_code == 400
    assert anybody.get("com.atproto.identity.resolveHandle", handle="anna.bsky.example").status_code == 400
    author = anybody.ok("app.bsky.feed.getPosts", uris=post)["posts"][0]["author"]
    assert (author["did"], author["handle"], author["displayName"]) == (
        did,
        "anna.werkstatt.example",
        "Anna W.",
    )
    assert anybody.ok("com.atproto.repo.describeRepo", repo=did)["didDoc"]["alsoKnownAs"] == [
        "at://anna.werkstatt.example"
    ]
    found = anybody.ok("app.bsky.actor.searchActors", q="werkstatt")["actors"]
    assert [actor["did"] for actor in found] == [did]
    assert anybody.ok("app.bsky.actor.searchActors", q="muster anna")["actors"] == []
    assert network.credentials("anna")["identifier"] == "anna.werkstatt.example"


def did_of_handle(caller: Caller, handle: str) -> str:
    return str(caller.ok("com.atproto.identity.resolveHandle", handle=handle)["did"])


def test_a_freed_handle_can_go_to_somebody_else(network: Bluesky, anybody: Caller) -> None:
    with pytest.raises(ValueError, match="belongs"):
        network.edit_profile("bilal", at=START, handle="anna")
    network.edit_profile("anna", at=START, handle="anna-neu")
    network.edit_profile("bilal", at=START, handle="anna")
    assert did_of_handle(anybody, "anna.bsky.example") == make_did("bilal")
    assert did_of_handle(anybody, "anna-neu.bsky.example") == make_did("anna")


def test_a_broken_handle_is_shown_as_such(network: Bluesky, anybody: Caller) -> None:
    did = did_of(network, "anna")
    for key in ("anna", "bilal"):
        network.edit_profile(key, at=START, handle="handle.invalid")
    assert anybody.ok(PROFILE, actor=did)["handle"] == "handle.invalid"
    assert anybody.ok("com.atproto.repo.describeRepo", repo=did)["handleIsCorrect"] is False
    assert anybody.get("com.atproto.identity.resolveHandle", handle="handle.invalid").status_code == 400


def test_a_new_bio_is_a_new_profile_record(network: Bluesky, anybody: Caller) -> None:
    where = {"repo": make_did("anna"), "collection": "app.bsky.actor.profile", "rkey": "self"}
    before = anybody.ok("com.atproto.repo.getRecord", **where)
    network.edit_profile("anna", at=START + MINUTE, bio="Jetzt in Kiel")
    after = anybody.ok("com.atproto.repo.getRecord", **where)
    assert after["value"]["description"] == "Jetzt in Kiel"
    assert after["value"]["displayName"] == "Anna Muster"
    assert after["cid"] != before["cid"]
    assert anybody.ok(PROFILE, actor=make_did("anna"))["indexedAt"] == "2026-03-02T08:01:00.000Z"


def test_profiles_are_read_25_at_a_time_and_unknown_ones_left_out(network: Bluesky, firm: Caller) -> None:
    network.follow("anna", "firm", at=START)
    actors = ["anna.bsky.example", make_did("bilal"), "nobody.bsky.example"]
    found = firm.ok("app.bsky.actor.getProfiles", actors=actors)["profiles"]
    assert [profile["handle"] for profile in found] == ["anna.bsky.example", "bilal.bsky.example"]
    assert found[0]["viewer"]["followedBy"].startswith(f"at://{make_did('anna')}/app.bsky.graph.follow/")
    assert "following" not in found[0]["viewer"]
    assert len(firm.ok("app.bsky.actor.getProfiles", actors=actors[:1] * 25)["profiles"]) == 25


def test_following_twice_is_following_once(network: Bluesky, anybody: Caller) -> None:
    first = network.follow("anna", "firm", at=START)
    assert network.follow("anna", "firm", at=START + MINUTE) == first
    post = network.post("firm", "eins", at=START)
    assert network.share("anna", post, at=START) == network.share("anna", post, at=START + MINUTE)
    records = anybody.ok("com.atproto.repo.listRecords", repo=make_did("anna"), collection="app.bsky.graph.follow")[
        "records"
    ]
    assert [record["uri"] for record in records] == [first]


def test_what_does_not_exist_cannot_be_acted_on(network: Bluesky) -> None:
    nothing = f"at://{make_did('firm')}/app.bsky.feed.post/3jzfcijpj2z2a"
    with pytest.raises(ValueError, match="uri"):
        network.like("anna", nothing, at=START)
    with pytest.raises(ValueError, match="uri"):
        network.post("anna", "Antwort", at=START, reply_to=nothing)
    with pytest.raises(ValueError, match="uri"):
        network.delete(nothing, at=START)
    with pytest.raises(KeyError):
        network.unlike("anna", nothing, at=START)
    with pytest.raises(ValueError, match="public"):
        network.post("anna", "geheim", at=START, visibility="direct")
    with pytest.raises(ValueError, match="300"):
        network.post("anna", "x" * 301, at=START)


def kinds(network: Bluesky) -> dict[str, str]:
    return {str(entry["native_id"]): str(entry["kind"]) for entry in network.truth()}


def test_the_ledger_knows_everything_that_concerns_the_company(network: Bluesky) -> None:
    post = network.post("firm", "Hallo", at=START)
    expected = {
        post: "post",
        network.post("anna", "@firm Frage", at=START, mentions=["firm"]): "mention",
        (reply := network.post("bilal", "Moin", at=START, reply_to=post)): "reply",
        network.post("chloe", "Und?", at=START, reply_to=reply): "reply",
        network.post("anna", "Lest das", at=START, quote=post): "quote",
        network.post("anna", "Gute Motoren #Nordwerk", at=START): "hashtag",
        network.like("anna", post, at=START): "like",
        network.share("bilal", post, at=START): "share",
        network.follow("chloe", "firm", at=START): "follow",
        network.share("firm", reply, at=START): "share",
    }
    other = network.post("anna", "Schönes Wetter", at=START)
    network.like("bilal", other, at=START)
    network.share("bilal", other, at=START)
    network.follow("anna", "bilal", at=START)
    network.block("anna", "chloe", at=START)
    assert kinds(network) == expected
    entry = next(one for one in network.truth() if one["kind"] == "like")
    assert (entry["author"], entry["person"], entry["object"]) == (make_did("anna"), "anna", post)


def test_the_ledger_remembers_edits_and_deletions(network: Bluesky) -> None:
    post = network.post("firm", "Hallo", at=START)
    like = network.like("anna", post, at=START)
    question = network.post("bilal", "@firm Frage", at=START, mentions=["firm"])
    network.edit(question, "@firm andere Frage", at=START + MINUTE)
    network.unlike("anna", post, at=START + MINUTE)
    network.delete(question, at=START + 2 * MINUTE)
    found = {entry["native_id"]: entry for entry in network.truth()}
    assert found[like]["deleted"] is True
    assert found[question]["edited_at"] == "2026-03-02T08:01:00.000Z"
    assert found[question]["deleted_at"] == "2026-03-02T08:02:00.000Z"
    assert found[post]["deleted"] is False


def test_the_ledger_marks_what_a_deletion_left_without_an_object(network: Bluesky) -> None:
    post = network.post("firm", "Hallo", at=START)
    like = network.like("anna", post, at=START)
    network.delete(post, at=START + MINUTE)
    found = {entry["native_id"]: entry for entry in network.truth()}
    assert (found[like]["deleted"], found[like]["is_orphaned"]) == (False, True)
    assert (found[post]["deleted"], found[post]["is_orphaned"]) == (True, False)
