"""Names made to hurt: they cost little, and nobody is linked by them."""

import pytest

from bench.hostile_names import KINDS, SPOOF, contacts, measure, shown
from scrm.matching.model import SHIPPED
from scrm.matching.pool import Pool
from scrm.matching.score import Action, score
from tests.matching.people import profile

POOL = Pool(contacts())
MOST_KEYS = 400


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_made_to_hurt_makes_few_keys_and_no_link(kind: str) -> None:
    found = measure(POOL, kind, 20)
    assert found["links"] == 0
    assert int(str(found["keys"])) < MOST_KEYS
    assert int(str(found["compared"])) <= 16


def test_a_spoof_is_not_the_person_it_looks_like_and_the_person_is_found() -> None:
    assert shown("two alphabets in a word", 1).name.words == ()
    (true,) = POOL.candidates(profile("Jane Quickenborough"))[:1]
    assert true.full_name == "Jane Quickenborough"
    assert score(profile(SPOOF), POOL.contacts, SHIPPED, POOL.frequencies).decision.action is not Action.LINK


@pytest.mark.parametrize(
    "name", ["Владимир Petrov", "Αλέξης Smith", "Müller", "Ядвига", "µTorrent", "Zoë Ångström", "陳 Wei"]
)
def test_two_scripts_in_two_words_are_a_name(name: str) -> None:
    assert profile(name).name.words
