from dataclasses import replace

import pytest

from scrm.matching.adapting import FEWEST, Met, adapt
from scrm.matching.model import SHIPPED, Level

MODEL = replace(
    SHIPPED,
    prior=1.0,
    levels={
        "city.same": Level(bits=1.0, right=0.2, wrong=0.1),
        "given.exact": Level(bits=1.0, right=0.5, wrong=0.5),
        "email.verified": Level(bits=20.0),
    },
)


def people(right, wrong, times=1000):
    return [[Met(probability=0.95, levels=right), Met(probability=0.05, levels=wrong)]] * times


def bits(model, level):
    return model.levels[level].bits


def test_a_level_that_is_met_more_often_with_likely_candidates_gains_weight():
    adapted = adapt(MODEL, people(("city.same", "given.exact"), ("given.exact",)))
    assert bits(adapted, "city.same") > bits(MODEL, "city.same")
    assert bits(adapted, "given.exact") == pytest.approx(1.0, abs=0.05)


def test_a_level_that_is_met_with_unlikely_ones_loses_weight():
    adapted = adapt(MODEL, people(("given.exact",), ("city.same", "given.exact")))
    assert bits(adapted, "city.same") < bits(MODEL, "city.same")


def test_a_level_that_was_never_counted_keeps_its_weight_and_so_do_those_met_as_usual():
    adapted = adapt(MODEL, people(("email.verified",), ("email.verified",)))
    assert bits(adapted, "email.verified") == 20.0
    usual = [
        [Met(probability=1.0, levels=("city.same",) * (n % 5 == 0) + ("given.exact",) * (n % 2))] for n in range(1000)
    ]
    assert bits(adapt(MODEL, usual), "city.same") == pytest.approx(1.0, abs=0.01)


def test_the_share_of_profiles_that_have_a_contact_follows_by_a_part():
    likely = adapt(MODEL, [[Met(probability=0.99, levels=())]] * 1000)
    unlikely = adapt(MODEL, [[Met(probability=0.01, levels=())]] * 1000)
    assert 0.25 < unlikely.prior < 1.0 < likely.prior < 4.0


def test_too_few_profiles_change_nothing():
    assert adapt(MODEL, people((), (), times=FEWEST - 1)) is MODEL
