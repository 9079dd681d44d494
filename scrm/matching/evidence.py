"""One rule's finding about one pair, with both values and a reason that can be translated."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Detail:
    """A message of the catalogue and what goes into it; written out only when somebody reads it."""

    message: str
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Points for (bits > 0) or against (bits < 0) a pair; one bit doubles or halves the odds."""

    rule: str
    level: str
    bits: float
    profile_value: str
    contact_value: str
    detail: Detail
    frequency: float = 0.0  # the share of contacts with that value, where the level depends on it
    is_veto: bool = False  # no sum of other evidence makes this pair a link
