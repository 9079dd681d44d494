"""One rule's finding about one pair, with both values and a reason that can be translated.

Tuples with names, as hundreds are made for one profile: a frozen dataclass costs four times as much to make.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

NO_PARAMS: Mapping[str, str | int] = MappingProxyType({})


class Detail(NamedTuple):
    """A message of the catalogue and what goes into it; written out only when somebody reads it."""

    message: str
    params: Mapping[str, str | int] = NO_PARAMS


class Evidence(NamedTuple):
    """Points for (bits > 0) or against (bits < 0) a pair; one bit doubles or halves the odds."""

    rule: str
    level: str
    bits: float
    profile_value: str
    contact_value: str
    detail: Detail
    frequency: float = 0.0  # the share of contacts with that value, where the level depends on it
    is_veto: bool = False  # no sum of other evidence makes this pair a link
