"""Learn from judgments: weights and calibration, pulled towards those that were shipped.

How well the score may be believed is learned from profiles whose judgments its weights were not learned from. It
begins with what judgments elsewhere made of it (`model.usual`), for a hundred judgments say little about one link in
two hundred.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from scrm.matching.downhill import Vector, minimize
from scrm.matching.fitting import LN2, Judged, Lesson, fit_weights
from scrm.matching.model import Calibration, MatchModel
from scrm.matching.score import standing
from scrm.matching.specification import weights

__all__ = ["FEWEST", "FOLDS", "Judged", "Top", "fit_calibration", "learn", "top_of"]

FEWEST = 20  # judgments below which nothing is learned
FOLDS = 4
SLOWEST = 0.1
# how far judgments move each number of the calibration; chosen on the situations, see docs/matching.md
SPREADS = Calibration(offset=0.4, slope=0.08, margin=0.04, rivals=0.1, tied=0.4).numbers


@dataclass(frozen=True, kw_only=True)
class Top:
    """The best candidate of a judged profile, as far as calibration looks at it."""

    logit: float  # bits for it against everything else
    margin: float  # bits before the second
    rivals: int
    is_right: bool
    counts: float = 1.0


def learn(
    model: MatchModel, judged: Sequence[Judged], contacts: int, *, name: str, version: int, fewest: int = FEWEST
) -> MatchModel:
    """Fit weights and calibration to judgments; the same model comes back when there are too few."""
    usable = [row for row in judged if row.candidates and (row.positive is not None or row.negative)]
    if len(usable) < fewest:
        return model
    # the calibration must not be learned from profiles whose weights were learned from them
    tops: list[Top] = []
    for fold in range(FOLDS):
        rest = [row for number, row in enumerate(usable) if number % FOLDS != fold]
        fitted = fit_weights(model, [Lesson(judged=rest, contacts=contacts)])
        tops += [top for row in usable[fold::FOLDS] if (top := top_of(fitted, row, contacts))]
    learned = fit_weights(model, [Lesson(judged=usable, contacts=contacts)])
    return replace(learned, name=name, version=version, calibration=fit_calibration(tops, model.usual))


def top_of(model: MatchModel, row: Judged, contacts: int) -> Top | None:
    """Give the best candidate of a judged profile; None where the judgments do not say whether it is right."""
    prior = model.prior_bits(contacts)
    sums = {
        contact: math.fsum(weights(found, model, row.network).values()) + prior
        for contact, found in row.candidates.items()
    }
    if not sums:
        return None
    best = min(sums, key=lambda contact: (-sums[contact], contact))
    if row.positive is None and best not in row.negative:
        return None
    logit, margin = standing(list(sums.values()))
    return Top(logit=logit, margin=margin, rivals=len(sums) - 1, is_right=best == row.positive)


def fit_calibration(tops: Sequence[Top], usual: Calibration, spreads: Sequence[float] = SPREADS) -> Calibration:
    """Fit a logistic curve through the best candidates' fate, pulled towards the usual one; that for too few."""
    if len(tops) < FEWEST:
        return usual
    inputs = [usual.inputs(top.logit, top.margin, top.rivals) for top in tops]

    def loss(at: Vector) -> tuple[float, Vector]:
        curve = _moved(usual, at)
        total = math.fsum((each / width) ** 2 / 2 for each, width in zip(at, spreads, strict=True))
        slope = [each / width**2 for each, width in zip(at, spreads, strict=True)]
        for top, values in zip(tops, inputs, strict=True):
            chance = curve.probability(top.logit, top.margin, top.rivals)
            total -= math.log(max(chance if top.is_right else 1 - chance, 1e-12)) * top.counts
            pull = (chance - top.is_right) * LN2 * top.counts
            for number, value in enumerate(values):
                slope[number] += pull * value
        return total, slope

    found = _moved(usual, minimize(loss, [0.0] * len(spreads)))
    return replace(found, slope=max(found.slope, SLOWEST))


def _moved(curve: Calibration, by: Vector) -> Calibration:
    names = [field.name for field in fields(Calibration)]
    return Calibration(**{name: one + other for name, one, other in zip(names, curve.numbers, by, strict=True)})
