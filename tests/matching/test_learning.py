import math

import pytest

from scrm.matching.learning import FEWEST, Judged, Top, fit_calibration, fit_weights, learn, minimize
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


def test_a_right_contact_that_no_key_led_to_teaches_nothing():
    lost = Judged(network="x", candidates={ContactId(2): RARE}, positive=ContactId(1))
    assert fit_weights(SHIPPED, [lost] * 50, 20_000).levels == SHIPPED.levels


def test_calibration_learns_that_the_score_believed_too_much():
    tops = [Top(logit=6.0, margin=6.0, rivals=0, is_right=number % 4 != 0) for number in range(200)]
    curve = fit_calibration(tops)
    assert Calibration().probability(6.0, 6.0, 0) > 0.98
    assert curve.probability(6.0, 6.0, 0) == pytest.approx(0.75, abs=0.05)


def test_without_enough_judgments_the_score_is_believed():
    assert fit_calibration([]) == Calibration()
    assert Calibration().probability(3.0, 3.0, 5) == pytest.approx(8 / 9)


def test_the_walk_downhill_ends_in_the_valley():
    def bowl(at):
        x, y = at
        return (x - 3) ** 2 + 10 * (y + x) ** 2, [2 * (x - 3) + 20 * (y + x), 20 * (y + x)]

    low = minimize(bowl, [0.0, 0.0])
    assert math.dist(low, [3.0, -3.0]) < 0.01
