"""Learning from an installation's own judgments, on both databases."""

import pytest
from sqlalchemy import select

from scrm.errors import InputError
from scrm.matching.load import active_model
from scrm.matching.model import SHIPPED
from scrm.matching.versions import known_profiles, learn_version, measure_own, use_version
from scrm.models import MatchModelRow, Verdict

# ruff: noqa: SIM905 - a list of names is read as text
NAMES = (
    "Abendroth Bellwether Culverin Dragomir Eskildsen Fragala Gutenberg Hollander Ibsenius Jabbour Kowalke".split()
)
GIVEN = ("Ada", "Berta", "Cleo")


@pytest.fixture
def judged(shop):
    """Thirty-three people; stewards say that a handle of initial and surname is right, one in three refused."""
    shop.settle()
    number = 0
    for surname in NAMES:
        for given in GIVEN:
            number += 1
            contact = shop.contact(full_name=f"{given} {surname}", first_name=given, last_name=surname)
            profile = shop.profile(network="github", native_id=str(number), handle=f"{given[0]}{surname}".lower())
            verdict = Verdict.NEGATIVE if given == "Cleo" else Verdict.POSITIVE
            shop.settle()
            shop.judge(profile, contact, verdict)
    return shop


def test_people_s_judgments_are_found_with_their_candidates(judged):
    with judged.db.read() as session:
        known = known_profiles(session)
    assert len(known) == 33
    assert sum(row.judged.positive is not None for row in known) == 22
    assert all(row.judged.candidates for row in known)
    assert all("known_account" not in found for row in known for found in row.judged.candidates.values())


def test_a_version_is_stored_compared_put_in_force_and_taken_back(judged):
    model_id, comparison = learn_version(judged.core)
    assert comparison.judged == 33
    assert comparison.after.profiles == comparison.before.profiles == 22
    with judged.db.read() as session:
        shipped_id, in_force = active_model(session)
    assert (in_force, model_id != shipped_id) == (SHIPPED, True)
    with judged.db.write("test.use") as session:
        use_version(session, judged.db.clock.now(), model_id)
    with judged.db.read() as session:
        assert active_model(session)[0] == model_id
        assert active_model(session)[1].name == "learned"
        assert measure_own(session, active_model(session)[1]).profiles == 22
    with judged.db.write("test.back") as session:
        use_version(session, judged.db.clock.now(), shipped_id)
    with judged.db.read() as session:
        assert active_model(session)[0] == shipped_id


def test_the_same_judgments_make_the_same_version(judged):
    first, _comparison = learn_version(judged.core)
    second, _comparison = learn_version(judged.core)
    with judged.db.read() as session:
        bodies = {row.id: row.body for row in session.scalars(select(MatchModelRow))}
    assert first != second
    assert bodies[first] == bodies[second]


def test_too_few_judgments_teach_nothing(shop):
    with pytest.raises(InputError):
        learn_version(shop.core)


def test_a_version_that_is_not_there_cannot_be_used(shop):
    with pytest.raises(InputError), shop.db.write("test.use") as session:
        use_version(session, shop.db.clock.now(), 4711)
