import math

import pytest

from scrm.matching.downhill import minimize
from scrm.matching.fitting import Lesson
from scrm.matching.fitting import fit_weights as fit
from scrm.matching.learning import FEWEST, Judged, Top, fit_calibration, learn
from scrm.matching.model import SHIPPED, Calibration, from_json
from scrm.matching.specification import weights
from scrm.matching.views import ContactId

RARE = {"surname": ("exact", 1e-5)}
HANDLE = {"surname_in_handle": ("inside", 1e-4)}


def judged(found, *, is_right, times=40):
    ours = ContactId(1)
    row = Judged(
        network="x",
        candidates={ours: found},
        positive=ours if is_right else None,
        negative=frozenset() if is_right else frozenset({ours}),
    )
    return [row] * times


def fit_weights(model, judged, contacts, **rest):
    return fit(model, [Lesson(judged=judged, contacts=contacts)], **rest)


def bits(model, found):
    return sum(weights(found, model, "x").values())


def test_what_stewards_confirm_gains_weight_and_what_they_refuse_loses_it():
    learned = fit_weights(SHIPPED, [*judged(RARE, is_right=True), *judged(HANDLE, is_right=False)], 20_000)
    assert bits(learned, RARE) > bits(SHIPPED, RARE)
    assert bits(learned, HANDLE) < bits(SHIPPED, HANDLE)


def test_where_every_profile_has_its_contact_the_prior_says_so_and_no_level_stands_in():
    found = {"surname_in_handle": ("prefix", 0.0)}
    everybody = [Judged(network="x", candidates={ContactId(1): found}, positive=ContactId(1))] * 400
    learned = fit_weights(SHIPPED, everybody, 10)
    assert learned.prior > 1.5
    moved = learned.levels["surname_in_handle.prefix"].bits - SHIPPED.levels["surname_in_handle.prefix"].bits
    assert moved == pytest.approx(math.log2(learned.prior / SHIPPED.prior), abs=0.05)


def test_a_level_nobody_judged_keeps_its_weight():
    learned = fit_weights(SHIPPED, judged(RARE, is_right=True), 20_000)
    assert learned.levels["city.same"] == SHIPPED.levels["city.same"]


def test_few_judgments_change_little_and_very_few_nothing():
    some = fit_weights(SHIPPED, judged(HANDLE, is_right=False, times=2), 20_000)
    many = fit_weights(SHIPPED, judged(HANDLE, is_right=False, times=200), 20_000)
    assert bits(many, HANDLE) < bits(some, HANDLE) < bits(SHIPPED, HANDLE)
    few = judged(HANDLE, is_right=False, times=FEWEST - 1)
    assert learn(SHIPPED, few, 20_000, name="judged", version=1) is SHIPPED


def test_the_same_judgments_give_the_same_model_and_it_survives_its_json():
    rows = [*judged(RARE, is_right=True), *judged(HANDLE, is_right=False)]
    one, other = (learn(SHIPPED, rows, 20_000, name="judged", version=7) for _time in range(2))
    assert one == other == from_json(one.to_json())
    assert (one.name, one.version) == ("judged", 7)


def test_where_the_right_contact_is_no_candidate_all_candidates_are_wrong():
    lost = Judged(network="x", candidates={ContactId(2): RARE}, positive=ContactId(1))
    refused = Judged(network="x", candidates={ContactId(2): RARE}, negative=frozenset({ContactId(2)}))
    learned = fit_weights(SHIPPED, [lost] * 50, 20_000)
    assert learned.levels == fit_weights(SHIPPED, [refused] * 50, 20_000).levels
    assert bits(learned, RARE) < bits(SHIPPED, RARE)


def test_what_is_held_stays_and_a_lesson_that_counts_twice_teaches_more():
    rows = judged(HANDLE, is_right=False)
    held = fit_weights(SHIPPED, rows, 20_000, held=frozenset({"surname_in_handle.inside"}))
    assert held.levels == SHIPPED.levels
    assert held.prior < SHIPPED.prior
    once, twice = (fit(SHIPPED, [Lesson(judged=rows, contacts=20_000, counts=counts)]) for counts in (1.0, 2.0))
    assert bits(twice, HANDLE) < bits(once, HANDLE)


def test_of_a_group_only_the_better_level_learns():
    both = {"surname": ("exact", 1e-5), "surname_in_handle": ("inside", 1e-4)}
    learned = fit_weights(SHIPPED, judged(both, is_right=True), 20_000)
    moved = {name for name, level in learned.levels.items() if level.bits != SHIPPED.levels[name].bits}
    assert moved == {"surname.exact"}


def tops(logit, share, times=200):
    return [Top(logit=logit, margin=logit, rivals=0, is_right=number < share * times) for number in range(times)]


def test_calibration_learns_that_the_score_believed_too_much():
    believed = Calibration()
    curve = fit_calibration(tops(6.0, 0.75), believed, (2.0, 2.0, 2.0, 2.0, 2.0))
    assert believed.probability(6.0, 6.0, 0) > 0.98
    assert curve.probability(6.0, 6.0, 0) == pytest.approx(0.75, abs=0.05)


def test_calibration_begins_with_the_usual_one_and_leaves_it_only_for_many_judgments():
    usual = Calibration(offset=0.5, slope=0.8)
    assert fit_calibration([], usual) == usual
    few, many = (fit_calibration(tops(4.0, 0.6, times), usual).probability(4.0, 4.0, 0) for times in (20, 400))
    assert 0.6 < many < few < usual.probability(4.0, 4.0, 0)


def test_a_tie_is_calibrated_for_itself():
    curve = Calibration(tied=-2.0)
    assert curve.probability(0.0, 0.0, 1) == pytest.approx(0.2)
    assert curve.probability(0.0, 0.0, 0) == curve.probability(0.0, 1.0, 1) == pytest.approx(0.5)


def test_without_calibration_the_score_is_believed():
    assert Calibration().probability(3.0, 3.0, 5) == pytest.approx(8 / 9)


def test_the_walk_downhill_ends_in_the_valley():
    def bowl(at):
        x, y = at
        return (x - 3) ** 2 + 10 * (y + x) ** 2, [2 * (x - 3) + 20 * (y + x), 20 * (y + x)]

    low = minimize(bowl, [0.0, 0.0])
    assert math.dist(low, [3.0, -3.0]) < 0.01
