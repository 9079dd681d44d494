import pytest

from scrm.matching.promise import (
    AUDITED_SHARE,
    Audit,
    Kind,
    State,
    is_drawn,
    kind_of,
    lower_bound,
    stand,
    upper_bound,
)


def audits(right, wrong=0, probability=0.999):
    return [Audit(probability=probability, is_right=number < right) for number in range(right + wrong)]


# one-sided exact bounds at 95 %, as in tables of Clopper and Pearson's limits
@pytest.mark.parametrize(
    ("wrong", "audited", "low", "high"),
    [(0, 100, 0.0, 0.02951), (1, 100, 0.00051, 0.04656), (5, 100, 0.01991, 0.10225), (0, 598, 0.0, 0.00500)],
)
def test_the_bounds_are_those_of_clopper_and_pearson(wrong, audited, low, high):
    assert lower_bound(wrong, audited) == pytest.approx(low, abs=2e-5)
    assert upper_bound(wrong, audited) == pytest.approx(high, abs=2e-5)


def test_before_any_audit_each_link_must_be_likely_enough_by_itself():
    found = stand([])
    assert (found.state, found.threshold, found.at_most) == (State.ESTIMATED, 0.99, 1.0)


def test_enough_right_links_prove_the_promise():
    assert stand(audits(597)).state is State.ESTIMATED
    assert stand(audits(598)).state is State.AUDITED
    assert stand(audits(100), one_wrong_in=20).state is State.AUDITED


def test_too_many_wrong_ones_raise_the_threshold_above_them():
    found = stand([*audits(40, 6, probability=0.996), *audits(200, probability=0.9999)])
    assert found.state is State.BROKEN
    assert 0.996 <= found.threshold < 0.9999


def test_when_the_surest_links_are_wrong_none_is_made():
    assert stand(audits(10, 10, probability=1.0)).threshold == 1.0


def test_one_wrong_link_among_few_proves_nothing_yet():
    assert stand(audits(30, 1)).state is State.ESTIMATED


def test_links_that_rest_on_a_name_are_counted_apart():
    assert kind_of(["surname.exact", "given.exact"]) is Kind.NAME
    assert kind_of(["surname.exact", "email.verified"]) is Kind.VERIFIED


@pytest.mark.parametrize(
    ("right", "wrong", "needed"), [(0, 0, 598), (597, 0, 1), (598, 0, 0), (30, 1, 916), (0, 1, 0)]
)
def test_it_is_known_how_many_more_audits_would_prove_the_promise(right, wrong, needed):
    assert stand(audits(right, wrong)).still_needed(200) == needed


def test_the_draw_is_fair_and_always_the_same():
    drawn = [is_drawn(f"x:{number}", "c") for number in range(20_000)]
    assert sum(drawn) / len(drawn) == pytest.approx(AUDITED_SHARE, abs=0.004)
    assert drawn[:100] == [is_drawn(f"x:{number}", "c") for number in range(100)]
