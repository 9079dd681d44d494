from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.matching.model import SHIPPED, Level, MatchModel, completed, from_json


def test_a_model_survives_its_json():
    assert from_json(SHIPPED.to_json()) == SHIPPED


def test_a_model_with_an_unknown_field_is_refused():
    with pytest.raises(TypeError):
        from_json(SHIPPED.to_json().replace('"prior"', '"unknown"'))


def test_a_model_without_levels_is_refused():
    with pytest.raises(KeyError):
        from_json("{}")


def test_a_rare_value_weighs_more_by_the_logarithm_of_its_frequency():
    levels = {"a.x": Level(bits=1.0, by_value=1.0, floor=1 / 64), "b.x": Level(bits=3.0)}
    model = MatchModel(name="test", version=1, levels=levels)
    assert model.bits("a", "x") == 7.0
    assert model.bits("a", "x", frequency=3 / 64) == 5.0
    assert model.bits("b", "x", frequency=0.05) == 3.0


def test_a_network_has_its_own_habits():
    model = MatchModel(name="test", version=1, levels={"a.x": Level(bits=3.0)}, network_bits={"x a.x": -1.0})
    assert model.bits("a", "x", network="mastodon") == 3.0
    # the old word for a network means the same network
    assert model.bits("a", "x", network="twitter") == model.bits("a", "x", network="x") == 2.0


def test_a_cap_holds_in_both_directions():
    levels = {"a.x": Level(bits=100.0), "a.y": Level(bits=-100.0)}
    model = MatchModel(name="test", version=1, levels=levels, cap=10.0, caps={"a": 4.0})
    assert model.bits("a", "x") == 4.0
    assert model.bits("a", "y") == -4.0


@given(st.integers(min_value=0, max_value=10**8))
def test_the_more_contacts_the_lower_the_prior(contacts):
    assert SHIPPED.prior_bits(contacts + 1) <= SHIPPED.prior_bits(contacts) <= 0


@pytest.mark.parametrize("key", sorted(SHIPPED.levels))
def test_every_shipped_level_has_believable_numbers(key):
    level = SHIPPED.levels[key]
    assert abs(level.bits) < 40
    assert 0 <= level.by_value <= 1.5
    assert 0 < level.floor <= 1


def test_a_model_from_before_a_level_weighs_it_as_it_is_shipped():
    former = replace(SHIPPED, levels={key: level for key, level in SHIPPED.levels.items() if key != "surname.exact"})
    former = replace(former, levels={**former.levels, "given.exact": Level(bits=1.5)})
    assert completed(former).levels["surname.exact"] == SHIPPED.levels["surname.exact"]
    assert completed(former).levels["given.exact"].bits == 1.5
    assert completed(SHIPPED) is SHIPPED
