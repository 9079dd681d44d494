"""Move weights towards an installation's own people before anybody has judged: from how often levels are met.

Every level has a usual share among right candidates and among wrong ones. Here nobody knows which are right, but
each candidate's probability says how right it counts. Where a level is met more or less often than usual, its weight
goes a part of the way, and so does the share of profiles that have a contact. One step, since each further one only
believes the step before. Nothing is drawn by chance.

After Fellegi and Sunter (1969) and the use of expectation and maximization in record linkage (Winkler 1988).
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from scrm.matching.model import Level, MatchModel

FEWEST = 300  # profiles with candidates; fewer say too little
PART = 0.3  # of the way that a weight goes; chosen on the situations, see docs/matching.md
PRIOR_PART = 0.8  # the shipped prior is a cautious one
USUAL = 200.0  # candidates that the usual shares count as much as
FARTHEST = 4.0  # bits
FARTHEST_PRIOR = 2.0


@dataclass(frozen=True, kw_only=True)
class Met:
    """One candidate of a profile: its probability after all rivals, and the levels ("rule.level") that count."""

    probability: float
    levels: tuple[str, ...]


def adapt(model: MatchModel, profiles: Iterable[Iterable[Met]]) -> MatchModel:
    """Adapt to profiles that have candidates, each with those that are kept; the same model for too few."""
    number, right, wrong = 0, 0.0, 0.0
    among_right: dict[str, float] = defaultdict(float)
    among_wrong: dict[str, float] = defaultdict(float)
    for candidates in profiles:
        number += 1
        for met in candidates:
            right += met.probability
            wrong += 1.0 - met.probability
            for level in met.levels:
                among_right[level] += met.probability
                among_wrong[level] += 1.0 - met.probability
    if number < FEWEST:
        return model
    levels = {
        name: _moved(
            level, _ratio(among_right[name], right, level.right), _ratio(among_wrong[name], wrong, level.wrong)
        )
        if level.right and level.wrong
        else level
        for name, level in model.levels.items()
    }
    share = min(max(right / number, 0.02), 0.98)
    far = math.log2(share / (1.0 - share)) - math.log2(model.prior)
    prior = model.prior * 2.0 ** (PRIOR_PART * max(-FARTHEST_PRIOR, min(far, FARTHEST_PRIOR)))
    return replace(model, levels=levels, prior=prior)


def _moved(level: Level, right: float, wrong: float) -> Level:
    far = math.log2(right / level.right) - math.log2(wrong / level.wrong)
    return replace(level, bits=level.bits + PART * max(-FARTHEST, min(far, FARTHEST)))


def _ratio(met: float, everything: float, usual: float) -> float:
    """The share in which a level is met, the usual one counting as much as some candidates."""
    return (met + USUAL * usual) / (everything + USUAL)
