"""Identity of what comes from outside, and the key under which the CRM knows it."""

import dataclasses
import re
import subprocess
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.records import InteractionRecord, Key, ProfileRecord

PLAIN = Key(network="mastodon", native_id="https://social.example/users/müller/statuses/1")
SCOPED = Key(network="mastodon", scope="social.example", native_id="7")


def test_the_external_key_is_the_known_one() -> None:
    """Computed with sha256sum from the canonical text; a change would write every CRM record a second time."""
    assert PLAIN.external("interaction") == "1-023586dd06bc97d6bda3480bfc37107ac4c65eb4a82dc541bf9ecb6500cd004e"
    assert SCOPED.external("profile") == "1-412c73e7a040cc7cc126a0751d4dcfda98fd99aaf477ddbcd4f998d5e7406a1a"


def test_another_program_computes_the_same_key() -> None:
    canonical = '["profile","mastodon","social.example","7"]'
    other = subprocess.run(["sha256sum"], input=canonical.encode(), capture_output=True, check=True)
    assert SCOPED.external("profile") == "1-" + other.stdout.decode().split()[0]


KEYS = [
    Key(network="a", native_id="x"),
    Key(network="A", native_id="x"),
    Key(network="a", native_id="X"),
    Key(network="a", scope="x", native_id="x"),
    Key(network="a", scope="x", native_id=""),
    Key(network="a", scope="", native_id="x "),
    Key(network="a", scope='","', native_id="x"),
    Key(network='a","","x', native_id=""),
    Key(network="a", native_id="é"),
    Key(network="a", native_id="e\u0301"),
]


@pytest.mark.parametrize(("one", "other"), list(combinations(KEYS, 2)))
def test_case_scope_spaces_and_accents_make_another_key(one: Key, other: Key) -> None:
    assert one.external("interaction") != other.external("interaction")


def test_a_profile_and_an_interaction_with_the_same_id_have_different_keys() -> None:
    assert PLAIN.external("profile") != PLAIN.external("interaction")


@given(network=st.text(), scope=st.text(), native_id=st.text(st.characters(codec=None)))
def test_every_id_gets_a_key_that_fits_every_crm_field(network: str, scope: str, native_id: str) -> None:
    key = Key(network=network, scope=scope, native_id=native_id).external("interaction")
    assert re.fullmatch(r"1-[0-9a-f]{64}", key)


def test_half_a_character_from_a_broken_network_still_gives_a_key() -> None:
    assert Key(network="a", native_id="\ud83d").external("x") != Key(network="a", native_id="\ude00").external("x")


def test_keys_and_records_are_values() -> None:
    assert len({PLAIN, dataclasses.replace(PLAIN), SCOPED}) == 2
    for kind in (Key, ProfileRecord, InteractionRecord):
        assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
