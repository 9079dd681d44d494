import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.matching.model import SHIPPED, Level, MatchModel, from_json


def test_a_model_survives_its_json():
    assert from_json(SHIPPED.to_json()) == SHIPPED


def test_a_model_with_an_unknown_field_is_refused():
    with pytest.raises(TypeError):
        from_json(SHIPPED.to_json().replace('"prior"', '"unknown"'))


def test_a_model_without_levels_is_refused():
    with pytest.raises(KeyError):
        from_json("{}")


def test_a_weight_is_the_logarithm_of_how_much_more_often_the_level_is_right():
    model = MatchModel(name="test", version=1, levels={"rule.level": Level(m=0.8, u=0.1)})
    assert model.bits("rule", "level") == 3.0


def test_a_frequency_counts_only_for_levels_that_use_it():
    levels = {"a.x": Level(m=0.8, u=0.05, uses_frequency=True), "b.x": Level(m=0.8, u=0.05)}
    model = MatchModel(name="test", version=1, levels=levels)
    assert model.bits("a", "x", frequency=0.05) == 3.0
    assert model.bits("b", "x", frequency=0.05) == 4.0


def test_a_network_whose_handles_say_little_lowers_their_weight():
    model = replace(SHIPPED, handle_weights={"x": 0.5})
    full = model.bits("surname", "handle", frequency=0.001, network="mastodon")
    # the old word for a network means the same network
    assert math.isclose(model.bits("surname", "handle", frequency=0.001, network="twitter"), full / 2, abs_tol=1e-3)


def test_a_cap_holds_in_both_directions():
    levels = {"a.x": Level(m=1.0, u=1e-30), "a.y": Level(m=1e-30, u=1.0)}
    model = MatchModel(name="test", version=1, levels=levels, cap=10.0, caps={"a": 4.0})
    assert model.bits("a", "x") == 4.0
    assert model.bits("a", "y") == -10.0


@given(st.integers(min_value=0, max_value=10**8))
def test_the_more_contacts_the_lower_the_prior(contacts):
    assert SHIPPED.prior_bits(contacts + 1) <= SHIPPED.prior_bits(contacts) <= 0


@pytest.mark.parametrize("key", sorted(SHIPPED.levels))
def test_every_shipped_level_has_believable_chances(key):
    level = SHIPPED.levels[key]
    assert 0 < level.m <= 1
    assert 0 < level.u <= 1
