"""Texts with facets, whose positions count bytes."""

from typing import Any

import pytest

from scrm.connectors.bluesky.richtext import quoted_uri, rich_text, with_card
from scrm.connectors.payload import Payload
from scrm.errors import PayloadError

POST = "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/3kaaaaaaaaa2a"


def facet(text: str, part: str, **feature: str) -> dict[str, Any]:
    """A facet over a part of the text, placed as Bluesky's apps do."""
    start = len(text[: text.index(part)].encode())
    kind = "mention" if "did" in feature else "link" if "uri" in feature else "tag"
    return {
        "index": {"byteStart": start, "byteEnd": start + len(part.encode())},
        "features": [{"$type": f"app.bsky.richtext.facet#{kind}", **feature}],
    }


def read(text: str, *facets: dict[str, Any]) -> str:
    return rich_text(Payload({"text": text, "facets": list(facets)})).text


LINKS = [
    ("see example.com/a/lo... now", "example.com/a/lo...", "https://example.com/a/long/way", "see {} now"),
    ("🛢️🎉 example.com/a/lo… now", "example.com/a/lo…", "https://example.com/a/long/way", "🛢️🎉 {} now"),
    ("https://example.com/a", "https://example.com/a", "https://example.com/a", "https://example.com/a"),
    ("example.com", "example.com", "https://www.example.com/", "example.com"),
    ("read this", "this", "https://example.com/b", "read this ({})"),
    ("example.org/a...", "example.org/a...", "https://example.com/a", "example.org/a... ({})"),
    ("שלום example.com/a/l...", "example.com/a/l...", "https://example.com/a/l/m", "שלום {}"),
]


@pytest.mark.parametrize(("text", "shown", "uri", "expected"), LINKS)
def test_links_are_whole_again(text: str, shown: str, uri: str, expected: str) -> None:
    assert read(text, facet(text, shown, uri=uri)) == expected.format(uri)


def test_several_links_in_any_order_stand_where_they_stood() -> None:
    text = "a.example/1... and b.example/2..."
    one = facet(text, "a.example/1...", uri="https://a.example/111")
    two = facet(text, "b.example/2...", uri="https://b.example/222")
    assert read(text, two, one) == "https://a.example/111 and https://b.example/222"


def test_mentions_are_dids_once_each_in_the_order_of_the_text() -> None:
    text = "🎉 @bo @ada @bo"
    facets = [facet(text, "@ada", did="did:plc:ada"), facet(text, "@bo", did="did:plc:bo")]
    body = rich_text(Payload({"text": text, "facets": [*facets, facets[1]]}))
    assert body.mentions == ("did:plc:bo", "did:plc:ada")
    assert body.text == text


@pytest.mark.parametrize("index", [(-1, 4), (4, 4), (5, 2), (0, 999), (900, 999), (None, 4), (0, None)])
def test_a_facet_outside_the_text_is_ignored(index: tuple[int | None, int | None]) -> None:
    odd = facet("hello", "hello", uri="https://example.com/a")
    odd["index"] = {"byteStart": index[0], "byteEnd": index[1]}
    assert read("hello", odd) == "hello"


def test_of_overlapping_links_the_first_counts() -> None:
    text = "abcdef"
    facets = [facet(text, "abcd", uri="https://example.com/1"), facet(text, "cdef", uri="https://example.com/2")]
    assert read(text, *facets) == "abcd (https://example.com/1)ef"


def test_a_facet_that_cuts_a_character_breaks_nothing() -> None:
    odd = facet("a🎉b", "a", uri="https://example.com/1")
    odd["index"] = {"byteStart": 0, "byteEnd": 3}
    assert "https://example.com/1" in read("a🎉b", odd)


def test_nul_and_half_characters_are_replaced_after_counting() -> None:
    text = "\x00\ud83d example.com/a..."
    start = 1 + 3 + 1
    link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.com/abc"}
    odd = {"index": {"byteStart": start, "byteEnd": start + 16}, "features": [link]}
    found = read(text, odd)
    assert found.endswith(" https://example.com/abc")
    assert "\x00" not in found
    found.encode()  # no half character is left


def test_features_of_tomorrow_are_passed_over() -> None:
    odd = facet("hello", "hello", tag="x")
    odd["features"] = [{"$type": "app.bsky.richtext.facet#underline"}, {}]
    assert read("hello", odd) == "hello"


@pytest.mark.parametrize("record", [{"text": 7.5}, {"text": []}, {"text": "a", "facets": {}}, {"facets": [7]}])
def test_what_is_no_text_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(PayloadError):
        rich_text(Payload(record))


CARDS = [
    ("Read", {"external": {"uri": "https://example.com/a"}}, "Read\nhttps://example.com/a"),
    ("", {"external": {"uri": "https://example.com/a"}}, "https://example.com/a"),
    ("See example.com/a", {"external": {"uri": "https://example.com/a"}}, "See example.com/a"),
    (
        "Read",
        {"record": {"record": {}}, "media": {"external": {"uri": "https://x.example"}}},
        "Read\nhttps://x.example",
    ),
    ("Read", {"images": []}, "Read"),
]


@pytest.mark.parametrize(("text", "embed", "expected"), CARDS)
def test_a_link_card_is_named_in_the_text(text: str, embed: dict[str, Any], expected: str) -> None:
    assert with_card(text, Payload(embed)) == expected
    assert with_card(text, None) == text


QUOTES = [
    ({"record": {"uri": POST, "cid": "c"}}, POST),
    ({"record": {"record": {"uri": POST, "cid": "c"}}, "media": {"images": []}}, POST),
    ({"record": {"uri": POST.replace("feed.post", "feed.generator")}}, None),
    ({"external": {"uri": "https://example.com"}}, None),
    ({"record": {}}, None),
]


@pytest.mark.parametrize(("embed", "expected"), QUOTES)
def test_only_a_post_can_be_quoted(embed: dict[str, Any], expected: str | None) -> None:
    assert quoted_uri(Payload(embed)) == expected
    assert quoted_uri(None) is None
