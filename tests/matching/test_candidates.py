"""What the engine makes of due profiles, and where it must not decide."""

import math

import pytest
from sqlalchemy import select

from scrm.matching import candidates
from scrm.matching.audits import Promise, standings
from scrm.matching.blocking import rekey_due
from scrm.matching.candidates import BATCH, KEPT, match_due
from scrm.matching.judgments import undo
from scrm.matching.load import active_model
from scrm.models import Judgment, Link, MatchModelRow, Profile, Side, TimelineDue, Verdict
from tests.factories import NOW
from tests.matching.workshop import ADAS_MAIL, CERTAIN, Workshop

DOUBTFUL = {"display_name": "Ada Quickenborough"}


@pytest.fixture
def ada(shop: Workshop) -> int:
    return shop.contact(emails=[ADAS_MAIL])


def many_others(shop: Workshop, count: int = 60) -> None:
    """So many that a name alone is no certainty."""
    for number in range(count):
        shop.contact(full_name=f"Bo{number:02} Sample", first_name=f"Bo{number:02}", last_name="Sample")


def test_a_certain_pair_is_linked_by_the_engine(shop: Workshop, ada: int) -> None:
    profile = shop.profile(**CERTAIN)
    shop.settle()
    assert shop.linked(profile) == ada
    assert (shop.state(profile), shop.judges(profile)) == ("linked", ["engine"])
    with shop.db.read() as session:
        judgment = session.scalars(select(Judgment)).one()
        link = session.scalars(select(Link)).one()
        assert session.scalars(select(TimelineDue.profile_id)).all() == [profile]
    assert judgment.model_id == link.model_id == shop.candidates(profile)[ada].model_id
    assert judgment.probability == shop.candidates(profile)[ada].probability


def test_a_doubtful_pair_is_for_review_with_rows_that_add_up(shop: Workshop) -> None:
    many_others(shop)
    ada = shop.contact()
    profile = shop.profile(display_name="A. Quickenborough")
    shop.settle()
    assert (shop.state(profile), shop.linked(profile)) == ("review", None)
    candidate = shop.candidates(profile)[ada]
    assert candidate.for_review
    assert candidate.evidence[0]["rule"] == "prior"
    assert len(candidate.evidence) > 2
    assert math.isclose(math.fsum(row["bits"] for row in candidate.evidence), candidate.bits)
    assert all(row["message"] for row in candidate.evidence)


def test_two_namesakes_are_never_linked_by_name(shop: Workshop) -> None:
    both = {shop.contact(), shop.contact()}
    profile = shop.profile(**DOUBTFUL)
    shop.settle()
    assert (shop.state(profile), shop.linked(profile)) == ("review", None)
    assert set(shop.candidates(profile)) == both
    probabilities = [row.probability for row in shop.candidates(profile).values()]
    assert probabilities[0] == probabilities[1] <= 0.5


def test_a_stranger_has_no_candidates(shop: Workshop, ada: int) -> None:
    profile = shop.profile(display_name="Zebulon Quux")
    shop.settle()
    assert (shop.state(profile), shop.candidates(profile)) == ("none", {})


def test_a_steward_is_shown_the_best_few(shop: Workshop) -> None:
    for _ in range(KEPT + 2):
        shop.contact()
    profile = shop.profile(**DOUBTFUL)
    shop.settle()
    assert len(shop.candidates(profile)) == KEPT


def test_many_due_profiles_are_matched_in_portions(shop: Workshop, ada: int) -> None:
    profiles = [shop.profile(**CERTAIN) for _ in range(BATCH + 1)]
    shop.settle()
    assert {shop.linked(profile) for profile in profiles} == {ada}
    assert match_due(shop.core) is False


def test_matching_again_changes_nothing(shop: Workshop, ada: int) -> None:
    profile = shop.profile(**CERTAIN)
    shop.settle()
    before = shop.candidates(profile)[ada].bits
    shop.again(profile)
    assert shop.linked(profile) == ada
    assert shop.judges(profile) == ["engine"]
    assert shop.candidates(profile)[ada].bits == before


def test_a_changed_profile_loses_candidates_that_no_longer_fit(shop: Workshop) -> None:
    shop.contact()
    shop.contact()
    profile = shop.profile(**DOUBTFUL)
    shop.settle()
    shop.change_profile(profile, display_name="Zebulon Quux")
    shop.settle()
    assert (shop.state(profile), shop.candidates(profile)) == ("none", {})


def test_the_shipped_model_is_put_in_force_once(shop: Workshop, ada: int) -> None:
    for _ in range(2):
        shop.profile(**CERTAIN)
        shop.settle()
    with shop.db.read() as session:
        assert len(session.scalars(select(MatchModelRow)).all()) == 1
        assert active_model(session) is not None


# where a person has spoken


def test_a_refused_pair_is_never_linked_nor_shown_again(shop: Workshop, ada: int) -> None:
    profile = shop.profile(**CERTAIN)
    shop.judge(profile, ada, Verdict.NEGATIVE)
    shop.settle()
    shop.change(ada, title="Director")
    shop.settle()
    shop.again(profile)
    assert (shop.state(profile), shop.linked(profile)) == ("none", None)
    assert shop.candidates(profile) == {}
    assert shop.judges(profile) == ["steward"]


def test_a_refusal_holds_for_whoever_the_contact_becomes(shop: Workshop, ada: int) -> None:
    profile = shop.profile(**CERTAIN)
    shop.judge(profile, ada, Verdict.NEGATIVE)
    survivor = shop.contact(emails=[ADAS_MAIL])
    shop.change(ada, merged_into_id=survivor)
    shop.settle()
    shop.again(profile)
    assert (shop.linked(profile), shop.candidates(profile)) == (None, {})


@pytest.mark.parametrize(("verdict", "state"), [(Verdict.NOBODY, "nobody"), (Verdict.UNSURE, "unsure")])
def test_the_engine_leaves_alone_what_a_person_settled(
    shop: Workshop, ada: int, verdict: Verdict, state: str
) -> None:
    profile = shop.profile(**CERTAIN)
    shop.judge(profile, None if verdict is Verdict.NOBODY else ada, verdict)
    shop.settle()
    shop.again(profile)
    assert (shop.state(profile), shop.linked(profile)) == (state, None)
    assert shop.judges(profile) == ["steward"]


def test_a_persons_link_stands_against_all_evidence(shop: Workshop, ada: int) -> None:
    other = shop.contact(full_name="Bo Sample", first_name="Bo", last_name="Sample")
    profile = shop.profile(**CERTAIN)
    shop.judge(profile, other, Verdict.POSITIVE)
    shop.settle()
    shop.again(profile)
    assert shop.linked(profile) == other
    assert shop.judges(profile) == ["steward"]


def test_a_link_that_a_person_took_back_is_not_made_again(shop: Workshop, ada: int) -> None:
    profile = shop.profile(**CERTAIN)
    shop.settle()
    with shop.db.write("test.undo") as session:
        undone = session.scalars(select(Judgment.id)).one()
        undo(session, shop.db.clock.now(), undone, None)
    shop.again(profile)
    shop.change(ada, title="Director")
    shop.settle()
    assert (shop.state(profile), shop.linked(profile)) == ("review", None)
    assert shop.judges(profile) == ["engine", "steward"]


def test_a_persons_link_needs_no_word_of_the_engine(shop: Workshop, ada: int) -> None:
    """The contact is deleted and comes back; the person's judgment stands all the while."""
    profile = shop.profile(**CERTAIN)
    shop.judge(profile, ada, Verdict.POSITIVE)
    shop.settle()
    shop.change(ada, deleted_at=NOW)
    shop.settle()
    assert shop.linked(profile) is None
    shop.change(ada, deleted_at=None)
    shop.settle()
    assert shop.linked(profile) == ada
    assert shop.judges(profile) == ["steward"]


# who is never matched


def test_our_own_people_are_never_candidates(shop: Workshop, ada: int) -> None:
    profile = shop.profile(**CERTAIN, is_internal=True, match_state="internal")
    shop.settle()
    assert (shop.state(profile), shop.linked(profile), shop.candidates(profile)) == ("internal", None, {})
    assert shop.keys(Side.PROFILE, profile) == set()
    assert not shop.is_due(profile)


def test_who_turns_out_to_be_one_of_us_loses_link_and_candidates(shop: Workshop, ada: int) -> None:
    profile = shop.profile(**CERTAIN)
    shop.settle()
    assert shop.linked(profile) == ada
    shop.change_profile(profile, is_internal=True)
    shop.settle()
    assert (shop.state(profile), shop.linked(profile), shop.candidates(profile)) == ("internal", None, {})
    assert shop.keys(Side.PROFILE, profile) == set()


def test_a_network_that_forbids_it_is_not_matched(shop: Workshop, ada: int) -> None:
    profile = shop.profile(**CERTAIN, network="unheard-of")
    shop.settle()
    assert (shop.state(profile), shop.candidates(profile)) == ("none", {})
    assert shop.keys(Side.PROFILE, profile) == set()


# what changes while it is computed


def compute(shop: Workshop, profile: int) -> tuple[candidates._Result, int]:
    with shop.db.read() as session:
        model_id, model = active_model(session) or candidates._ship_model(shop.core)
        return candidates._compute(session, session.get_one(Profile, profile), model), model_id


def store(shop: Workshop, result: tuple[candidates._Result, int]) -> None:
    with shop.db.write("test.store") as session:
        candidates._store(session, shop.core, *result, standings(session, Promise()))


def test_a_profile_that_changed_meanwhile_is_computed_anew(shop: Workshop, ada: int) -> None:
    rekey_due(shop.core)
    profile = shop.profile(**CERTAIN)
    result = compute(shop, profile)
    shop.change_profile(profile, display_name="Zebulon Quux", email=None)
    store(shop, result)
    assert shop.is_due(profile)
    assert (shop.linked(profile), shop.candidates(profile)) == (None, {})
    shop.settle()
    assert (shop.state(profile), shop.is_due(profile)) == ("none", False)


def test_a_contact_that_arrives_meanwhile_is_not_missed(shop: Workshop) -> None:
    """The profile has no keys yet, so keying the contact does not find it."""
    profile = shop.profile(**CERTAIN)
    result = compute(shop, profile)
    ada = shop.contact(emails=[ADAS_MAIL])
    rekey_due(shop.core)
    store(shop, result)
    assert shop.is_due(profile)
    shop.settle()
    assert shop.linked(profile) == ada


def test_a_contact_that_changes_meanwhile_is_compared_anew(shop: Workshop, ada: int) -> None:
    shop.settle()
    profile = shop.profile(**CERTAIN)
    result = compute(shop, profile)
    shop.change(ada, emails=["somebody.else@quickenborough.example"], full_name="Adalbert Quickenborough")
    store(shop, result)
    assert shop.is_due(profile)
    assert shop.linked(profile) is None


def test_who_comes_second_stores_nothing(shop: Workshop, ada: int) -> None:
    shop.settle()
    profile = shop.profile(**CERTAIN)
    first, second = compute(shop, profile), compute(shop, profile)
    store(shop, first)
    store(shop, second)
    assert shop.judges(profile) == ["engine"]


def test_a_judgment_that_comes_meanwhile_is_not_overridden(shop: Workshop, ada: int) -> None:
    shop.settle()
    profile = shop.profile(**CERTAIN)
    result = compute(shop, profile)
    shop.judge(profile, ada, Verdict.NEGATIVE)
    store(shop, result)
    assert shop.linked(profile) is None
    shop.again(profile)
    assert (shop.linked(profile), shop.state(profile)) == (None, "none")
