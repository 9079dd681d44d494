"""A match model: what each level of each rule weighs, the prior and the thresholds.

A weight is log2(m / u): how much more often the level is seen with the right contact (m) than with a wrong one (u);
for levels that depend on a value, the chance of meeting that value by accident is added to u. The shipped numbers
follow the table of handle patterns and company evidence measured on 15,000 true pairs (2026-11); the remaining
levels were set by hand and checked on the us-officials set.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from scrm.matching.normalize.accounts import canonical_network

DIGITS = 4  # bits are rounded, so that stored rows add up to the stored sum


@dataclass(frozen=True, kw_only=True)
class Level:
    """How often one level of a rule is seen with the right contact, and by accident."""

    m: float
    u: float
    uses_frequency: bool = False


@dataclass(frozen=True, kw_only=True)
class MatchModel:
    """Immutable; a changed model is a new one with a new version."""

    name: str
    version: int
    levels: Mapping[str, Level]  # by "rule.level"
    prior: float = 0.6  # the share of profiles whose person is among the contacts
    auto_link: float = 0.99
    review: float = 0.05
    cap: float = 24.0  # no single row weighs more, for or against
    caps: Mapping[str, float] = field(default_factory=dict)  # by rule
    handle_weights: Mapping[str, float] = field(default_factory=dict)  # by network; 1 where not listed

    def bits(self, rule: str, level: str, *, frequency: float = 0.0, network: str | None = None) -> float:
        """Weigh one level; `frequency` is the share of contacts with that value, `network` a handle's home."""
        numbers = self.levels[f"{rule}.{level}"]
        chance = numbers.u + (frequency if numbers.uses_frequency else 0.0)
        bits = math.log2(numbers.m / min(chance, 1.0))
        if network is not None:
            bits *= self.handle_weights.get(canonical_network(network), 1.0)
        cap = self.caps.get(rule, self.cap)
        return round(max(-self.cap, min(bits, cap)), DIGITS)

    def prior_bits(self, contacts: int) -> float:
        """Give the bits a pair has before anything is known: the right one is one of N contacts, or none."""
        return round(math.log2(self.prior / max(contacts, 1)), DIGITS)

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)


def from_json(text: str) -> MatchModel:
    """Read a model that `to_json` wrote; unknown or missing fields raise TypeError or KeyError."""
    fields = json.loads(text)
    levels = {key: Level(**numbers) for key, numbers in fields.pop("levels").items()}
    return MatchModel(levels=levels, **fields)


def _level(m: float, u: float, *, by_value: bool = False) -> Level:
    return Level(m=m, u=u, uses_frequency=by_value)


SHIPPED = MatchModel(
    name="shipped",
    version=1,
    levels={
        # names: the same rows whether display name or handle says it; the better of the two counts
        "surname.exact": _level(0.85, 1e-6, by_value=True),
        "surname.part": _level(0.4, 2e-5, by_value=True),
        "surname.reversed": _level(0.1, 1e-6, by_value=True),
        "surname.near": _level(0.05, 6e-4, by_value=True),
        "surname.skeleton": _level(0.05, 1e-3, by_value=True),
        "surname.initial": _level(0.9, 0.08),
        "surname.handle": _level(0.6, 2e-6, by_value=True),
        "surname.handle_inside": _level(0.25, 5.4e-4, by_value=True),
        "surname.handle_initial": _level(0.3, 0.08),
        "given.exact": _level(0.8, 1e-5, by_value=True),
        "given.middle": _level(0.15, 1e-4, by_value=True),
        "given.nickname": _level(0.5, 2e-4, by_value=True),
        "given.near": _level(0.1, 1.5e-3, by_value=True),
        "given.skeleton": _level(0.1, 2e-3, by_value=True),
        "given.initial": _level(0.9, 0.09),
        "given.handle": _level(0.6, 5e-5, by_value=True),
        "given.handle_nickname": _level(0.4, 4e-4, by_value=True),
        "given.handle_inside": _level(0.25, 1.4e-3, by_value=True),
        "given.handle_initial": _level(0.5, 0.09),
        "middle.exact": _level(0.7, 1e-4, by_value=True),
        "middle.initial": _level(0.8, 0.09),
        "company_name.exact": _level(0.8, 1e-5, by_value=True),
        "unrelated_handle.unrelated": _level(0.154, 0.996),
        # identifiers
        "email.verified": _level(0.9, 1e-7),
        "email.claimed": _level(0.9, 2e-5),
        "email.in_bio": _level(0.9, 1e-5),
        "known_account.handle": _level(0.9, 1e-7),
        "known_account.native_id": _level(0.95, 1e-8),
        "link.verified": _level(0.9, 1e-7),
        "link.unverified": _level(0.9, 1e-5),
        "employer_domain.verified": _level(0.5, 3e-4, by_value=True),
        "employer_domain.linked": _level(0.363, 3.4e-4, by_value=True),
        "handle_is_mailbox.own": _level(0.3, 1e-5),
        "handle_is_mailbox.name_form": _level(0.3, 0.12),
        # context
        "company.same": _level(0.4, 2e-4, by_value=True),
        "company.in_bio": _level(0.172, 9.6e-4, by_value=True),
        "title.near": _level(0.3, 0.05),
        "city.same": _level(0.5, 1e-3, by_value=True),
        "country.same": _level(0.8, 1e-2, by_value=True),
        "country.different": _level(0.08, 0.75),
        "language.same": _level(0.85, 0.1, by_value=True),
        "language.different": _level(0.15, 0.5),
        # contradictions
        "other_given_name.different": _level(0.02, 0.97),
        "other_given_name.initial": _level(0.03, 0.9),
        "other_given_name.in_handle": _level(0.08, 0.6),
        "other_surname.different": _level(0.02, 0.99),
        "other_middle_name.different": _level(0.04, 0.85),
        "other_handle.different": _level(0.06, 0.9),
        "other_email.different": _level(0.25, 0.9),
        "company_or_person.different": _level(1e-7, 0.9),
        "bot.bot": _level(1e-7, 0.9),
    },
    caps={"title": 3.0, "country": 6.0, "language": 3.0, "company": 10.0, "city": 8.0},
    # politicians dress their handles (44 to 54 % affixes), developers and speakers choose freely
    handle_weights={"github": 0.8, "instagram": 0.95, "reddit": 0.7, "discord": 0.7},
)
