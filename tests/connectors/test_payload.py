"""JSON from strangers: typed, or refused with the place and without the value."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.connectors.payload import LONGEST_TEXT, Payload, clean, parse_json
from scrm.errors import PayloadError
from scrm.records import Direction

READERS = ("text", "optional_text", "flag", "number", "time", "optional_time", "child", "optional_child", "texts")
SECRET = "Geheim Persönlich"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"<html>",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e400}',
        b'{"id": 1, "id": 2}',
        b'{"x": {"id": 1, "id": 2}}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 5_000,
        b'"\xff"',
    ],
)
def test_unsound_json_is_refused_without_its_text(body):
    with pytest.raises(PayloadError) as why:
        parse_json(body)
    assert str(why.value).startswith("expected JSON (")


def test_sound_json_is_read_from_any_unicode_encoding():
    text = '{"a": [1, 2.5, null, "ä"], "big": 12345678901234567890123}'
    expected = {"a": [1, 2.5, None, "ä"], "big": 12345678901234567890123}
    for body in (text, text.encode(), text.encode("utf-8-sig"), text.encode("utf-16")):
        assert parse_json(body) == expected


@pytest.mark.parametrize("data", [None, 7, "x", [], [{}], True])
def test_only_an_object_is_a_payload(data):
    with pytest.raises(PayloadError, match=r"^\$: expected an object$"):
        Payload(data)


def test_texts_are_cleaned_at_the_door():
    assert clean("a\x00b") == "a\ufffdb"
    assert clean("\ud83d\ude00") == "😀"
    assert clean("x\ud800y") == "x\ufffdy"
    assert len(clean("x" * (LONGEST_TEXT + 1))) == LONGEST_TEXT
    assert clean("\u202eabc\u200b") == "\u202eabc\u200b"


@given(st.text(alphabet=st.characters()))
def test_clean_text_can_always_be_stored(text):
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    assert clean(cleaned) == cleaned


def test_whole_numbers_used_as_ids_are_texts():
    payload = Payload({"id": 2**70, "zero": 0, "yes": True, "half": 1.5, "empty": ""})
    assert payload.text("id") == str(2**70)
    assert payload.text("zero") == "0"
    assert payload.optional_text("empty") is None
    for name in ("yes", "half"):
        with pytest.raises(PayloadError, match="expected a text"):
            payload.text(name)
    for name in ("empty", "missing"):
        with pytest.raises(PayloadError, match="expected a text"):
            payload.text(name)


def test_missing_and_null_count_as_nothing():
    payload = Payload({"null": None})
    for name in ("null", "missing"):
        assert payload.optional_text(name) is None
        assert payload.optional_time(name) is None
        assert payload.optional_child(name) is None
        assert payload.number(name) is None
        assert payload.flag(name) is False
        assert payload.texts(name) == ()
        assert list(payload.children(name)) == []
        assert not payload.has(name)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00.123456+02:00", datetime(2026, 1, 31, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2026-01-31T12:00:00.123456789Z", datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)),
    ],
)
def test_times_with_a_zone_become_utc(value, expected):
    assert Payload({"at": value}).time("at") == expected
    assert Payload({"at": value}).time("at").tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        "2026-02-29T00:00:00Z",
        "2026-01-31T23:59:60Z",
        "2026-01-31T12:00:00",
        "2026-01-31",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1699-12-31T23:59:59Z",
        "4000-01-01T00:00:00Z",
        "",
        "yesterday",
        1767225600,
        1767225600000,
        ["2026-01-31T12:00:00Z"],
    ],
)
def test_other_times_are_refused(value):
    with pytest.raises(PayloadError, match=r"^\$\.at: expected a time with a zone|^\$\.at: expected a time$"):
        Payload({"at": value}).time("at")


def test_words_are_chosen_from_those_known():
    payload = Payload({"kind": "incoming", "other": SECRET, "list": ["incoming"]})
    words = {"incoming": Direction.IN}
    assert payload.choice("kind", words) is Direction.IN
    for name in ("other", "list", "missing"):
        with pytest.raises(PayloadError, match="expected one of incoming") as why:
            payload.choice(name, words)
        assert SECRET not in str(why.value)


def test_the_path_leads_to_the_fault():
    payload = Payload({"a": {"list": [{"name": "x"}, {"name": []}]}})
    inner = list(payload.child("a").children("list"))
    assert inner[0].text("name") == "x"
    assert inner[1].path == "$.a.list[1]"
    with pytest.raises(PayloadError, match=r"^\$\.a\.list\[1\]\.name: expected a text or nothing$"):
        inner[1].text("name")


def test_a_list_must_be_one():
    payload = Payload({"a": {}, "b": [7], "c": ["x", None]})
    with pytest.raises(PayloadError, match=r"\$\.a: expected a list"):
        list(payload.children("a"))
    with pytest.raises(PayloadError, match=r"\$\.b\[0\]: expected an object"):
        list(payload.children("b"))
    for name in ("a", "b", "c"):
        with pytest.raises(PayloadError, match="expected a list of texts"):
            payload.texts(name)
    assert Payload({"t": ["a\x00"]}).texts("t") == ("a\ufffd",)


def test_neither_messages_nor_repr_show_what_was_received():
    payload = Payload({name: {"deep": SECRET} for name in READERS} | {"time": SECRET, "texts": [SECRET, {}]})
    assert SECRET not in repr(payload)
    for name in READERS:
        try:
            getattr(payload, name)(name)
        except PayloadError as why:
            assert SECRET not in f"{why}{why!r}"  # noqa: PT017 - some readers take it


def test_raw_is_what_was_received():
    data = {"a": {"b": [1]}}
    assert Payload(data).raw() == data


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_value_is_read_or_refused(value):
    payload = Payload({"x": value})
    for name in READERS:
        try:
            getattr(payload, name)("x")
        except PayloadError:
            continue
