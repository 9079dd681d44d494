"""A match model: what each level of each rule weighs, the prior and the thresholds.

A weight is in bits, log2(m / u): how much more often the level is seen with the right contact (m) than with a wrong
one (u). Where a level depends on a value, u is the chance of meeting that value by accident, so a rare surname weighs
more than a common one. The shipped numbers (data/shipped_model.json) were fitted; docs/matching.md says on what.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.resources import files

from scrm.matching.normalize.accounts import canonical_network

FARTHEST = 40.0  # bits; beyond, a probability is 0 or 1
WIDEST = 20.0
TIE_BITS = 0.01  # candidates closer than that are equally good


@dataclass(frozen=True, kw_only=True)
class Level:
    """One level of a rule: bits, and for a value's rarity `by_value` times -log2(floor + frequency)."""

    bits: float
    by_value: float = 0.0
    floor: float = 1e-6  # the chance of such a finding by mistake, however rare the value
    right: float = 0.0  # share of right candidates that have it, where the weights come from; 0: not counted there
    wrong: float = 0.0  # and of wrong ones that were kept


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What the best candidate's probability becomes, learned from what stewards said of such candidates.

    Numbers of a logistic curve over bits; the defaults believe the score.
    """

    offset: float = 0.0
    slope: float = 1.0
    margin: float = 0.0  # by the lead before the second candidate
    rivals: float = 0.0  # by how many others there are
    tied: float = 0.0  # where another is just as good

    @property
    def numbers(self) -> tuple[float, ...]:
        return self.offset, self.slope, self.margin, self.rivals, self.tied

    def inputs(self, logit: float, margin: float, rivals: int) -> tuple[float, ...]:
        """Give what the numbers are multiplied with: bits against all others, lead, number of rivals, and a tie."""
        is_tied = rivals > 0 and margin < TIE_BITS
        return 1.0, max(-FARTHEST, min(logit, FARTHEST)), min(margin, WIDEST), math.log2(1 + rivals), float(is_tied)

    def probability(self, logit: float, margin: float, rivals: int) -> float:
        inputs = self.inputs(logit, margin, rivals)
        return 1.0 / (
            1.0 + math.pow(2.0, -math.fsum(one * other for one, other in zip(self.numbers, inputs, strict=True)))
        )


@dataclass(frozen=True, kw_only=True)
class MatchModel:
    """Immutable; a changed model is a new one with a new version."""

    name: str
    version: int
    levels: Mapping[str, Level]  # by "rule.level"
    prior: float = 0.9  # odds that the person of a profile is among the contacts and found
    auto_link: float = 0.99
    review: float = 0.05
    cap: float = 24.0  # no single row weighs more, for or against
    caps: Mapping[str, float] = field(default_factory=dict)  # by rule
    network_bits: Mapping[str, float] = field(default_factory=dict)  # by "network rule.level", added
    calibration: Calibration = Calibration()
    usual: Calibration = Calibration()  # what judgments elsewhere made of it: where learning begins

    def bits(self, rule: str, level: str, *, frequency: float = 0.0, network: str = "") -> float:
        """Weigh one level; `frequency` is the share of contacts with that value, `network` the profile's."""
        name = f"{rule}.{level}"
        bits = self.levels[name].bits + self.added(name, frequency=frequency, network=network)
        cap = self.caps.get(rule, self.cap)
        return max(-cap, min(bits, cap))

    def added(self, name: str, *, frequency: float, network: str) -> float:
        """Bits that a level ("rule.level") has beyond its own, for a value's rarity and on a network."""
        numbers = self.levels[name]
        bits = -numbers.by_value * math.log2(min(numbers.floor + frequency, 1.0)) if numbers.by_value else 0.0
        if self.network_bits:
            bits += self.network_bits.get(f"{canonical_network(network)} {name}", 0.0)
        return bits

    def prior_bits(self, contacts: int) -> float:
        """Give the bits a pair has before anything is known: the right one is one of N contacts, or none."""
        return math.log2(self.prior / max(contacts, 1))

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)


def from_json(text: str) -> MatchModel:
    """Read a model that `to_json` wrote; unknown or missing fields raise TypeError or KeyError."""
    fields = json.loads(text)
    levels = {key: Level(**numbers) for key, numbers in fields.pop("levels").items()}
    calibration, usual = (Calibration(**fields.pop(name, {})) for name in ("calibration", "usual"))
    return MatchModel(levels=levels, calibration=calibration, usual=usual, **fields)


def completed(model: MatchModel) -> MatchModel:
    """Give a stored model the levels that rules have learned to find since it was made, as they are shipped."""
    missing = SHIPPED.levels.keys() - model.levels.keys()
    return (
        replace(model, levels=dict(model.levels) | {key: SHIPPED.levels[key] for key in missing})
        if missing
        else model
    )


@cache
def shipped() -> MatchModel:
    """Read the model that comes with this version."""
    return from_json(files("scrm.matching").joinpath("data/shipped_model.json").read_text(encoding="utf-8"))


SHIPPED = shipped()
