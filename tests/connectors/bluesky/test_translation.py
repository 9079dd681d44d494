"""One object gives one record, whichever way it came; oddities of strangers' clients harm nobody else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scrm.connectors.base import Account
from scrm.connectors.bluesky.translation import AtUri, deed, key, posts_below, profile
from scrm.connectors.payload import Payload
from scrm.errors import PayloadError
from scrm.records import InteractionKind, InteractionRecord, ProfileRecord

OWN = "did:plc:own"
ADA = "did:plc:ada"
ACCOUNT = Account(key=key(OWN), handle="own.example", base_url="https://pds.example")
AT = "2026-10-01T08:00:00.000Z"


def uri(did: str, collection: str = "app.bsky.feed.post", rkey: str = "3k1") -> str:
    return f"at://{did}/{collection}/{rkey}"


def item(did: str = ADA, collection: str = "app.bsky.feed.post", **record: Any) -> dict[str, Any]:
    body = {"text": "Hello", "createdAt": AT, **record}
    return {
        "uri": uri(did, collection),
        "author": {"did": did, "handle": "x.example"},
        "record": body,
        "indexedAt": AT,
    }


def interaction(given: dict[str, Any]) -> InteractionRecord:
    found = [one for one in deed(Payload(given), ACCOUNT) if isinstance(one, InteractionRecord)]
    assert len(found) == 1
    return found[0]


def reference(to: str) -> dict[str, str]:
    return {"uri": to, "cid": "bafyreiaaa"}


def reply(parent: str, root: str | None = None) -> dict[str, Any]:
    return {"parent": reference(parent), "root": reference(root or parent)}


def naming(did: str) -> list[dict[str, Any]]:
    feature = {"$type": "app.bsky.richtext.facet#mention", "did": did}
    return [{"index": {"byteStart": 0, "byteEnd": 5}, "features": [feature]}]


QUOTE = {"$type": "app.bsky.embed.record", "record": reference(uri(OWN))}
KINDS = [
    ({}, InteractionKind.POST),
    ({"facets": naming(OWN)}, InteractionKind.MENTION),
    ({"facets": naming("did:plc:other")}, InteractionKind.POST),
    ({"embed": QUOTE}, InteractionKind.QUOTE),
    ({"embed": QUOTE, "facets": naming(OWN)}, InteractionKind.QUOTE),
    ({"reply": reply(uri(OWN))}, InteractionKind.REPLY),
    ({"reply": reply(uri(OWN)), "embed": QUOTE, "facets": naming(OWN)}, InteractionKind.REPLY),
]


@pytest.mark.parametrize(("record", "kind"), KINDS)
def test_the_post_itself_decides_its_kind(record: dict[str, Any], kind: InteractionKind) -> None:
    assert interaction(item(**record)).kind is kind


def test_a_notification_a_feed_and_an_archive_say_the_same_of_a_post() -> None:
    post = item(OWN, text="Hi", reply=reply(uri(ADA), uri("did:plc:root")), langs=["de", "en"])
    told = {**post, "reason": "reply", "reasonSubject": uri(OWN), "isRead": False, "cid": "c", "labels": []}
    kept = {name: value for name, value in post.items() if name != "indexedAt"}
    assert interaction(post) == interaction(told) == interaction(kept)
    assert interaction(post).language == "de"
    assert interaction(post).thread_key == uri("did:plc:root")


TIMES = [
    ("2026-10-01T08:00:00Z", "2026-10-01T09:00:00Z", 8 * 60),
    ("2026-10-01T10:00:00Z", "2026-10-01T09:00:00Z", 9 * 60),
    ("2026-10-01T10:00:00+02:00", "2026-10-01T09:00:00Z", 8 * 60),
    ("2026-10-01T08:00:00.123456789Z", "2026-10-01T09:00:00Z", 8 * 60),
    ("yesterday", "2026-10-01T09:00:00Z", 9 * 60),
    ("0001-01-01T00:00:00Z", "2026-10-01T09:00:00Z", 9 * 60),
    ("2026-10-01T08:00:00", "2026-10-01T09:00:00Z", 9 * 60),
    (None, "2026-10-01T09:00:00Z", 9 * 60),
    ({}, "2026-10-01T09:00:00Z", 9 * 60),
]


@pytest.mark.parametrize(("claimed", "seen", "expected"), TIMES)
def test_the_earlier_of_claim_and_sight_counts(claimed: Any, seen: str, expected: int) -> None:
    found = interaction({**item(createdAt=claimed), "indexedAt": seen}).occurred_at
    assert found.replace(microsecond=0) == datetime(2026, 10, 1, tzinfo=UTC) + timedelta(minutes=expected)


def test_without_any_time_that_makes_sense_there_is_no_record() -> None:
    given = item(createdAt="yesterday")
    del given["indexedAt"]
    with pytest.raises(PayloadError):
        interaction(given)


COUNTERPARTS = [
    ({"reply": reply(uri(ADA))}, ADA),
    ({"reply": reply(uri(ADA)), "embed": QUOTE}, ADA),
    ({"embed": {"record": reference(uri(ADA))}}, ADA),
    ({"reply": reply(uri(OWN), uri(ADA))}, None),
    ({"facets": naming(ADA)}, None),
]


@pytest.mark.parametrize(("record", "expected"), COUNTERPARTS)
def test_what_we_wrote_knows_whom_it_answers(record: dict[str, Any], expected: str | None) -> None:
    found = interaction(item(OWN, **record)).counterpart
    assert (found.native_id if found else None) == expected
    assert interaction(item(**record)).counterpart is None  # only our own people answer somebody


@pytest.mark.parametrize("collection", ["app.bsky.feed.like", "app.bsky.feed.repost"])
def test_a_like_links_to_what_is_liked(collection: str) -> None:
    found = interaction(item(ADA, collection, subject=reference(uri(OWN))))
    assert (found.target, found.url) == (uri(OWN), f"https://bsky.app/profile/{OWN}/post/3k1")
    assert found.text is None


def test_a_follow_aims_at_a_person() -> None:
    found = interaction(item(ADA, "app.bsky.graph.follow", subject=OWN))
    assert (found.kind, found.target, found.url) == (InteractionKind.FOLLOW, OWN, f"https://bsky.app/profile/{ADA}")


def test_collections_of_tomorrow_are_passed_over() -> None:
    assert list(deed(Payload(item(ADA, "app.bsky.feed.applause")), ACCOUNT)) == []


@pytest.mark.parametrize(
    "odd", ["", "at://", "https://x.example/a/b", "at://handle.example/c/k", "at://did:plc:a/c", 7]
)
def test_what_is_no_address_is_refused_without_being_named(odd: Any) -> None:
    with pytest.raises(PayloadError) as why:
        list(deed(Payload({**item(), "uri": odd}), ACCOUNT))
    assert "handle.example" not in str(why.value)


def test_an_address_has_three_parts() -> None:
    assert AtUri.parse(uri(ADA)) == AtUri(did=ADA, collection="app.bsky.feed.post", rkey="3k1")


def person(**more: Any) -> ProfileRecord:
    return profile(Payload({"did": ADA, "handle": "ada.firm.example", **more}), full=True)


def test_a_profile_has_what_the_network_shows_and_no_address_that_it_does_not() -> None:
    found = person(displayName="Ada Ahrens", description="ada@firm.example", website="https://ada.example")
    assert (found.handle, found.display_name, found.bio) == ("ada.firm.example", "Ada Ahrens", "ada@firm.example")
    assert [(one.url, one.verified) for one in found.links] == [("https://ada.example", False)]
    assert found.email is None


BOTS = [
    ([{"src": ADA, "val": "bot"}], True),
    ([{"src": "did:plc:labeler", "val": "bot"}], False),
    ([{"src": ADA, "val": "bot", "neg": True}], False),
    ([{"src": ADA, "val": "porn"}], False),
    ([], False),
]


@pytest.mark.parametrize(("labels", "expected"), BOTS)
def test_a_bot_is_who_says_so(labels: list[dict[str, Any]], expected: bool) -> None:
    assert person(labels=labels).is_bot is expected


@pytest.mark.parametrize("odd", [{"did": "ada"}, {"did": ""}, {"did": None}, {"labels": {}}, {"website": []}])
def test_a_profile_of_another_shape_is_refused(odd: dict[str, Any]) -> None:
    with pytest.raises(PayloadError):
        person(**odd)


def node(name: str, *replies: dict[str, Any]) -> dict[str, Any]:
    return {"post": {"uri": name}, "replies": list(replies)}


def test_a_thread_is_read_from_the_top_however_deep() -> None:
    thread = node("a", node("b", {"notFound": True}, node("c")), {"blocked": True}, node("d"))
    assert [post.text("uri") for post in posts_below(Payload(thread))] == ["a", "b", "c", "d"]
    deep = node("bottom")
    for number in range(5000):
        deep = node(f"{number}", deep)
    assert sum(1 for _ in posts_below(Payload(deep))) == 5001
    while deep["replies"]:  # taken apart here, because the interpreter would do it recursively
        deep = deep["replies"].pop()
