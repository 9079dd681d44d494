import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.matching.normalize import fold_company, formal_names, parse_name, short_names
from scrm.matching.normalize.nicknames import are_nicknames

CASES = [
    ("Jane Doe", ("jane", "doe"), ()),
    ("DOE, Jane", ("jane", "doe"), ()),
    ("Dr. Jane Doe, PhD", ("jane", "doe"), ()),
    ("Prof. Dr.-Ing. Jörg Weiß", ("joerg", "weiss"), ()),
    ("John Q. Public Jr.", ("john", "public"), ("q",)),
    ("J.A. Himes", ("himes",), ("j", "a")),
    ("J.Doe", ("doe",), ("j",)),
    ("Ursula von der Leyen", ("ursula", "leyen"), ()),
    ("Anna Müller-Lüdenscheidt", ("anna", "muellerluedenscheidt"), ()),
    ("Conor O'Neil", ("conor", "oneil"), ()),
    ("✨ Jane Doe ✨ 🚀", ("jane", "doe"), ()),
    ("王伟", ("wang", "wei"), ()),
    ("Van Nguyen", ("nguyen",), ()),
]
NOBODY = [
    "",
    None,
    " ",
    "J",
    "null",
    "NULL",
    "None",
    "n/a",
    "undefined",
    "\x00",
    "\u200b",
    "🚀",
    "...",
    "Facebook User",
]


@pytest.mark.parametrize(("text", "words", "initials"), CASES)
def test_a_name_is_read_as_words_and_initials(text, words, initials):
    read = parse_name(text)
    assert (read.words, read.initials) == (words, initials)


@pytest.mark.parametrize("text", NOBODY)
def test_what_is_no_name_has_no_words(text):
    assert parse_name(text).everything == ()


def test_a_name_in_quotes_is_what_somebody_is_called():
    assert parse_name('Elizabeth "Betsy" Carr').called == ("betsy",)


def test_a_double_surname_is_known_whole_and_by_its_halves():
    read = parse_name("Anna Müller-Lüdenscheidt")
    assert read.everything == ("anna", "muellerluedenscheidt", "mueller", "luedenscheidt")


def test_a_comma_before_a_title_does_not_turn_the_name():
    assert not parse_name("Jane Doe, PhD").was_reversed
    assert parse_name("Doe, Jane").was_reversed


def test_a_particle_is_never_a_word_of_a_longer_name():
    assert not {"von", "der", "de", "la"} & set(parse_name("Maria von der Heide de la Cruz").words)


@given(st.text(max_size=80))
def test_any_text_can_be_read_as_a_name(text):
    assert all(len(word) > 1 for word in parse_name(text).everything)


@given(st.lists(st.sampled_from(["Jane", "Müller", "von", "Dr.", "J.", "O'Neil"]), max_size=5))
def test_a_name_read_again_has_the_same_words(parts):
    words = parse_name(" ".join(parts)).words
    assert set(parse_name(" ".join(words)).words) <= set(words) | {"von"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("wiliam", "bil"),  # squashed, as the tables are
        ("bil", "wil"),
        ("alexander", "sascha"),
        ("elisabeth", "lisa"),
        ("francisco", "paco"),
        ("johanes", "hanes"),
        ("mikhail", "misha"),
    ],
)
def test_short_names_stand_for_formal_ones(one, other):
    assert are_nicknames(one, other)
    assert are_nicknames(other, one)


def test_unrelated_names_are_no_nicknames():
    assert not are_nicknames("jane", "robert")


def test_nicknames_go_both_ways():
    assert "robert" in formal_names("bob")
    assert "bob" in short_names("robert")
    assert formal_names("xyz") == short_names("xyz") == frozenset()


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Example GmbH & Co. KG", "example"),
        ("ACME, Inc.", "acme"),
        ("Limited", "limited"),
        ("null", ""),
        ("", ""),
        ("X", ""),
    ],
)
def test_a_company_is_compared_without_its_legal_form(text, folded):
    assert fold_company(text) == folded
