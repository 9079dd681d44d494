"""Plain text from "little"."""

from time import perf_counter

import pytest

from scrm.connectors.linkedin.text import plain


@pytest.mark.parametrize(
    ("little", "text"),
    [
        ("Hello", "Hello"),
        (r"NW\-40 \(quiet\) \{x\} \[y\] \<b\>", r"NW\-40 (quiet) {x} [y] <b>"),
        (r"\#1 \* \_ \~ \@me \\ \|", r"#1 * _ ~ @me \ |"),
        ("Thanks @[Katharina Groß](urn:li:person:a-B_1)!", "Thanks Katharina Groß!"),
        ("@[Devtestco] (urn:li:organization:2414183)", "Devtestco"),
        (r"@[A \(B\) \[C\]](urn:li:organization:1) x", "A (B) [C] x"),
        (r"New {hashtag|\#|motors} and {hashtag|\#|snake\_case}", "New #motors and #snake_case"),
        ("{hashtag|＃|日本}", "＃日本"),
        ("Plain #tag stays", "Plain #tag stays"),
        ("@[open", "@[open"),
        ("@[a](b", "@[a](b"),
        ("{hashtag|x}", "{hashtag|x}"),
        ("ends with \\", "ends with \\"),
        ("two\n\nparagraphs", "two\n\nparagraphs"),
        ("", ""),
    ],
)
def test_little_becomes_what_people_read(little, text):
    assert plain(little) == text


@pytest.mark.parametrize("piece", ["@[", "@[a](", "{hashtag|", "{hashtag|a|", "\\", "@[\\", "](", "@[a] "])
def test_no_text_takes_long(piece):
    begun = perf_counter()
    plain(piece * (100_000 // len(piece)))
    assert perf_counter() - begun < 2
