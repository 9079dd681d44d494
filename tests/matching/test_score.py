import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.matching.frequencies import TokenKind, count_contacts
from scrm.matching.model import SHIPPED
from scrm.matching.score import Action, Judged, Reason, probabilities, score
from scrm.matching.views import ContactId
from tests.matching.people import contact, frequencies, link, profile

NAMES = ["Jane Fragala", "Norbert Fragala", "Jane Quist", "William Smith", "Bill Smith", "J. Fragala", "", "null"]
contacts = st.lists(st.sampled_from(NAMES), min_size=1, max_size=6).map(
    lambda names: [contact(name, number, country="DE") for number, name in enumerate(names, start=1)]
)
profiles = st.builds(
    profile,
    st.sampled_from(NAMES),
    st.sampled_from(["", "janefragala", "jfragala", "billsmith", "quux"]),
    location=st.sampled_from(["", "DE"]),
)
JANE = contact("Jane Fragala", 1, emails=("jane@company.example",))
OTHER = contact("Jane Fragala", 2)
SURE = profile("Jane Fragala", email="jane@company.example", email_verified=True)
LARGE = frequencies({(TokenKind.NAME, "jane"): 40, (TokenKind.NAME, "fragala"): 2}, total=20_000)


def ranked(theirs, *ours, judgments=None, counts=LARGE):
    return score(theirs, ours, SHIPPED, counts, judgments)


@given(profiles, contacts)
def test_the_rows_add_up_to_the_sum(theirs, ours):
    for row in ranked(theirs, *ours).scored:
        assert row.bits == math.fsum(evidence.bits for evidence in row.evidence)
        assert row.evidence[0].rule == "prior"


@given(profiles, contacts, st.randoms())
def test_the_order_of_contacts_does_not_matter(theirs, ours, random):
    shuffled = list(ours)
    random.shuffle(shuffled)
    assert ranked(theirs, *ours) == ranked(theirs, *shuffled)


@given(profiles, contacts)
def test_a_rival_never_raises_another_probability(theirs, ours):
    before = {row.contact_id: row.probability for row in ranked(theirs, *ours[:-1]).scored}
    after = {row.contact_id: row.probability for row in ranked(theirs, *ours).scored}
    assert all(after[contact_id] <= before[contact_id] for contact_id in before)


@given(profiles, contacts)
def test_probabilities_leave_room_for_nobody(theirs, ours):
    total = math.fsum(row.probability for row in ranked(theirs, *ours).scored)
    assert 0 < total <= 1


@given(profiles, contacts)
def test_contacts_of_one_name_get_the_same_bits_from_it(theirs, ours):
    rows = ranked(theirs, *ours).scored
    names = {one.contact_id: one.full_name for one in ours}
    for row in rows:
        for other in rows:
            if names[row.contact_id] == names[other.contact_id]:
                assert row.bits == other.bits


@given(profiles, contacts)
def test_every_reason_can_be_written_out(theirs, ours):
    for row in ranked(theirs, *ours).scored:
        for evidence in row.evidence:
            assert evidence.detail.message % evidence.detail.params


def test_overwhelming_bits_do_not_overflow():
    chances = probabilities({ContactId(1): 5000.0, ContactId(2): -5000.0})
    assert chances == {1: 1.0, 2: 0.0}


def test_a_verified_address_links_without_asking():
    decision = ranked(SURE, JANE, OTHER).decision
    assert (decision.action, decision.reason, decision.contact_id) == (Action.LINK, Reason.CERTAIN, 1)


def test_two_contacts_of_one_name_are_never_decided_by_the_name():
    result = ranked(profile("Jane Fragala", handle="janefragala"), contact("Jane Fragala", 1), OTHER)
    assert (result.decision.action, result.decision.reason) == (Action.REVIEW, Reason.TIED)
    assert result.scored[0].probability == result.scored[1].probability <= 0.5


def test_a_crowd_of_namesakes_is_shown_although_each_is_unlikely():
    crowd = [contact("Jane Fragala", number) for number in range(1, 40)]
    result = ranked(profile("Jane Fragala", bio="jane"), *crowd)
    assert result.scored[0].probability < SHIPPED.review
    assert (result.decision.action, result.decision.reason) == (Action.REVIEW, Reason.TIED)


def test_a_relative_with_the_same_rare_surname_is_not_linked():
    relative = contact("Norbert Fragala", 1, country="DE", company="Example GmbH")
    counts = count_contacts([relative, *(contact("Ann Other", n, country="DE") for n in range(2, 3000))])
    theirs = profile("Jane Fragala", handle="fragala", location="DE", company="Example GmbH")
    assert score(theirs, [relative], SHIPPED, counts).decision.action is not Action.LINK


@pytest.mark.parametrize("name", ["", "null", "J", "\u200b", "none"])
def test_an_empty_name_matches_nobody(name):
    result = ranked(profile(name), contact("Jane Fragala"), contact(name, 2))
    assert result.decision.action is Action.NONE


def test_a_display_name_repeated_as_handle_scores_as_the_display_name_alone():
    once = ranked(profile("Jane Fragala", handle="quux"), OTHER).scored[0]
    twice = ranked(profile("Jane Fragala", handle="jane_fragala"), OTHER).scored[0]
    assert once.bits == twice.bits


@pytest.mark.parametrize("spelled", ["Jürgen Müßig", "Juergen Muessig", "Jurgen Mussig"])
def test_an_umlaut_costs_nothing_in_any_spelling(spelled):
    both = [ranked(profile(spelled), contact(name)).scored[0].bits for name in ("Jürgen Müßig", "Juergen Muessig")]
    assert both[0] == both[1] > ranked(profile("Norbert Quist"), contact("Jürgen Müßig")).scored[0].bits + 15


@pytest.mark.parametrize("fields", [{"is_bot": True}, {"is_organization": True}])
def test_a_bot_or_page_is_never_linked_to_a_person(fields):
    theirs = profile(
        "Jane Fragala",
        email="jane@company.example",
        email_verified=True,
        links=(link("https://jane.example", verified=True),),
        **fields,
    )
    ours = contact("Jane Fragala", emails=("jane@company.example",), urls=("https://jane.example",))
    decision = ranked(theirs, ours).decision
    assert (decision.action, decision.reason, decision.contact_id) == (Action.NONE, Reason.CONTRADICTED, None)


def test_a_positive_judgment_stands_whatever_the_score():
    decision = ranked(SURE, JANE, OTHER, judgments={ContactId(2): Judged.POSITIVE}).decision
    assert (decision.action, decision.reason, decision.contact_id) == (Action.LINK, Reason.JUDGED, 2)


def test_a_negative_judgment_removes_candidate_and_rival():
    result = ranked(SURE, JANE, OTHER, judgments={ContactId(1): Judged.NEGATIVE})
    assert [row.contact_id for row in result.scored] == [2]


def test_an_unsure_judgment_keeps_the_pair_for_people():
    result = ranked(SURE, JANE, judgments={ContactId(1): Judged.UNSURE})
    assert (result.decision.action, result.decision.reason) == (Action.REVIEW, Reason.UNSURE)
    assert result.scored[0].judged is Judged.UNSURE


def test_without_candidates_there_is_nothing_to_decide():
    assert ranked(SURE).decision.reason is Reason.NO_CANDIDATE
    assert ranked(SURE).scored == ()


def test_a_stranger_is_left_alone():
    decision = ranked(profile("Norbert Quist"), OTHER).decision
    assert (decision.action, decision.reason) == (Action.NONE, Reason.UNLIKELY)


def test_a_given_name_and_a_city_alone_are_shown_but_never_linked():
    few = [contact("Ada Quist", 1, city="Kiel"), *(contact(f"Person {n}", n, city="Ulm") for n in range(2, 60))]
    found = ranked(profile("Ada", location="Kiel"), *few, counts=count_contacts(few))
    assert found.scored[0].probability >= SHIPPED.auto_link
    assert found.decision.action is Action.REVIEW


def test_a_doubtful_pair_is_reviewed():
    decision = ranked(profile("J. Fragala"), OTHER).decision
    assert (decision.action, decision.reason) == (Action.REVIEW, Reason.DOUBTFUL)
