import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.matching.normalize import clean, fold, skeleton, spellings, squash

FOLDED = [
    ("Jane Doe", "jane doe"),
    ("  Jane \t Doe\n", "jane doe"),
    ("Müller", "mueller"),
    ("Strauß", "strauss"),
    ("O'Neil", "oneil"),
    ("Ｊａｎｅ", "jane"),  # full width
    ("𝓙𝓪𝓷𝓮", "jane"),  # mathematical script
    ("Jane 🚀 Doe ✨", "jane doe"),
    ("Ja\u200bne", "jane"),
    ("Jane\x00Doe", "janedoe"),
    ("\u202eeoD enaJ", "eod enaj"),
    ("Иван Петров", "ivan petrov"),
    ("王伟", "wang wei"),
    ("", ""),
    (None, ""),
]


@pytest.mark.parametrize(("text", "folded"), FOLDED)
def test_text_is_folded_to_plain_words(text, folded):
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("Müller", ("mueller", "muller")),
        ("Weiß", ("weiss",)),
        ("Jürgen Größe", ("juergen groesse", "jurgen grosse")),
        ("Miller", ("miller",)),
    ],
)
def test_an_umlaut_is_spelled_in_both_ways(text, ways):
    assert spellings(text) == ways


@pytest.mark.parametrize("words", [("mueller", "muller", "muler"), ("goethe", "gothe"), ("haas", "has")])
def test_spellings_of_one_name_meet_when_squashed(words):
    assert len({squash(word) for word in words}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("mohammed", "mhmd"), ("vladimir", "wladimir"), ("schmidt", "shmidt"), ("john", "dzhon"), ("philip", "filip")],
)
def test_a_name_keeps_its_consonants_through_another_script(one, other):
    assert skeleton(one) == skeleton(other)


def test_different_names_keep_different_consonants():
    assert skeleton("martin") != skeleton("norbert")


@given(st.text(max_size=60))
def test_cleaning_twice_is_cleaning_once(text):
    assert clean(clean(text)) == clean(text)


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="aeounmrlstx", max_size=20))
def test_squashing_twice_is_squashing_once(word):
    assert squash(squash(word)) == squash(word)


@given(st.text(max_size=60))
def test_folded_text_is_lower_case_ascii(text):
    assert set(fold(text)) <= set("abcdefghijklmnopqrstuvwxyz0123456789 ")


@given(st.text(max_size=40))
def test_nothing_invisible_survives_cleaning(text):
    assert not set(clean(text)) & set("\x00\u200b\u200e\u202e\ufeff")
