"""Numbers, times and addresses, and that every text has its German."""

import pytest
from babel.messages import Message
from babel.messages.pofile import read_po
from flask import Flask

from scrm.i18n import FOLDER, language
from scrm.web import wording
from tests.web.words import used


def test_every_text_of_the_pages_has_german_with_the_same_placeholders() -> None:
    known = {}
    for part in (FOLDER / "de").glob("*.po"):
        with part.open("rb") as file:
            known |= {_first(message): message for message in read_po(file, locale="de")}
    for first, ids in used().items():
        assert first in known, first
        message = known[first]
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert len(strings) == len(ids), first
        for text in strings:
            assert text, first
            names = {part.split(")")[0] for part in text.split("%(")[1:]}
            allowed = {part.split(")")[0] for one in ids for part in one.split("%(")[1:]}
            assert names <= allowed, first
            assert names or not allowed - {"num"}, first


def _first(message: Message) -> str:
    return message.id[0] if isinstance(message.id, tuple) else message.id


@pytest.mark.parametrize(
    ("share", "english", "german"),
    [
        (0.913, "91 %", "91 %"),
        (0.00001, "< 0.1 %", "< 0,1 %"),
        (0.0043, "0.4 %", "0,4 %"),
        (0.997, "99.7 %", "99,7 %"),
        (0.99999, "> 99.9 %", "> 99,9 %"),
        (1.0, "100 %", "100 %"),
        (0.0, "0 %", "0 %"),
    ],
)
def test_a_share_is_never_rounded_to_certainty(app: Flask, share: float, english: str, german: str) -> None:
    for code, expected in (("en", english), ("de", german)):
        language.set(code)
        assert wording.percent(share).replace("\u00a0", " ") == expected


def test_bits_carry_a_sign_and_numbers_a_separator() -> None:
    assert [wording.bits(value) for value in (91, -23, 0)] == ["+9.1", "−2.3", "±0.0"]
    assert wording.num(12840) == "12,840"
    assert wording.capped(10_001) == "10,000+"
    language.set("de")
    assert wording.num(12840) == "12.840"
    assert wording.bits(-23) == "−2,3"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//host.example",
        "https://",
        "http://[",
        "vbscript:x",
        "",
        None,
        "java\nscript:alert(1)",
    ],
)
def test_only_web_addresses_become_links(url: str | None) -> None:
    assert wording.web_url(url) == ""


def test_a_web_address_stays_as_it_is() -> None:
    assert wording.web_url("https://social.example/@a?b=c") == "https://social.example/@a?b=c"


def test_what_is_put_into_a_text_is_escaped() -> None:
    assert wording.text("Sign in as %(name)s", name="<b>") == "Sign in as &lt;b&gt;"
    assert wording.plural("One row read", "%(num)s rows read", 1234) == "1,234 rows read"
    assert wording.bdi("<i>") == "<bdi>&lt;i&gt;</bdi>"


@pytest.mark.parametrize(
    ("tag", "kept"), [("de", "de"), ("zh-Hant", "zh-Hant"), ('"><', ""), (None, ""), ("x" * 40, "")]
)
def test_a_language_tag_is_fit_for_an_attribute(tag: str | None, kept: str) -> None:
    assert wording.lang(tag) == kept
