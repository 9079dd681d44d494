"""Learn from judgments: weights pulled towards the data as far as it reaches, else as they were shipped.

The likelihood is that of the score itself: candidates and "nobody" compete for a profile. A Gaussian prior of SPREAD
bits around the shipped weights does the shrinking, so a level that no judgment speaks about keeps its weight. Nothing
is drawn by chance and sums are exact, so the same judgments give the same model on every machine.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from scrm.matching.model import Calibration, MatchModel
from scrm.matching.score import standing
from scrm.matching.specification import Features, weights
from scrm.matching.views import ContactId

SPREAD = 2.0  # bits; chosen on the development half, 1 learns less, 3 forgets more
STEPS = 40
MEMORY = 8
FEWEST = 20  # judgments below which nothing is learned
FOLDS = 4
HIGHEST_PRIOR = 100.0  # odds; where nearly every profile has its contact, no level has to stand in for that
LN2 = math.log(2)
Vector = list[float]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One profile with its candidates' columns, and what was said: whose it is, or whose it is not."""

    network: str
    candidates: Mapping[ContactId, Features]
    positive: ContactId | None = None
    negative: frozenset[ContactId] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Top:
    """The best candidate of a judged profile, as far as calibration looks at it."""

    logit: float  # bits for it against everything else
    margin: float  # bits before the second
    rivals: int
    is_right: bool


def learn(
    model: MatchModel, judged: Sequence[Judged], contacts: int, *, name: str, version: int, fewest: int = FEWEST
) -> MatchModel:
    """Fit weights and calibration to judgments; the same model comes back when there are too few."""
    usable = [row for row in judged if row.candidates and (row.positive in row.candidates or row.negative)]
    if len(usable) < fewest:
        return model
    # the calibration must not be learned from profiles whose weights were learned from them
    tops: list[Top] = []
    for fold in range(FOLDS):
        rest = [row for number, row in enumerate(usable) if number % FOLDS != fold]
        fitted = fit_weights(model, rest, contacts)
        tops += [top for row in usable[fold::FOLDS] if (top := top_of(fitted, row, contacts))]
    learned = replace(fit_weights(model, usable, contacts), name=name, version=version)
    return replace(learned, calibration=fit_calibration(tops))


def fit_weights(model: MatchModel, judged: Sequence[Judged], contacts: int) -> MatchModel:
    """Maximize the likelihood of the judgments with every weight pulled to where it was."""
    names = sorted(
        {
            f"{column}.{level}"
            for row in judged
            for found in row.candidates.values()
            for column, (level, _) in found.items()
        }
    )
    place = {name: number for number, name in enumerate(names)}

    def with_shifts(shifts: Vector) -> MatchModel:
        levels = dict(model.levels)
        for name, number in place.items():
            levels[name] = replace(levels[name], bits=levels[name].bits + shifts[number])
        prior = model.prior * 2.0 ** shifts[-1]
        return replace(model, levels=levels, prior=min(max(prior, 1e-3), HIGHEST_PRIOR))

    def loss(shifts: Vector) -> tuple[float, Vector]:
        moved = with_shifts(shifts)
        total = math.fsum(shift * shift for shift in shifts) / (2 * SPREAD**2)
        slope = [shift / SPREAD**2 for shift in shifts]
        for row in judged:
            total += _add_profile(row, moved, contacts, place, slope)
        return total, slope

    return with_shifts(minimize(loss, [0.0] * (len(names) + 1)))


def _add_profile(row: Judged, model: MatchModel, contacts: int, place: Mapping[str, int], slope: Vector) -> float:
    """Add one profile's loss, and its part of the slope."""
    weighed = {contact: weights(found, model, row.network) for contact, found in row.candidates.items()}
    chances = _chances(weighed, model.prior_bits(contacts))
    if row.positive is not None:
        if row.positive not in chances:
            return 0.0  # no key led to it: the weights are not to blame
        pulls = {contact: chance - (contact == row.positive) for contact, chance in chances.items()}
        cost = -math.log(max(chances[row.positive], 1e-300))
    else:
        refused = math.fsum(chances.get(contact, 0.0) for contact in row.negative)
        left = max(1.0 - refused, 1e-12)
        cost = -math.log(left)
        pulls = {
            contact: chance if contact in row.negative else -chance * refused / left
            for contact, chance in chances.items()
        }
    for contact, pull in pulls.items():
        if abs(pull) < 1e-9:
            continue
        found = row.candidates[contact]
        for column in weighed[contact]:
            slope[place[f"{column}.{found[column][0]}"]] += pull * LN2
        slope[-1] += pull * LN2
    return cost


def _chances(weighed: Mapping[ContactId, Mapping[str, float]], prior: float) -> dict[ContactId, float]:
    bits = {contact: min(math.fsum(rows.values()) + prior, 900.0) for contact, rows in weighed.items()}
    everything = 1.0 + math.fsum(2.0**each for each in bits.values())
    return {contact: 2.0**each / everything for contact, each in bits.items()}


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


def fit_calibration(tops: Sequence[Top]) -> Calibration:
    """Fit a logistic curve through the best candidates' fate, pulled towards believing the score."""
    if len(tops) < FEWEST:
        return Calibration()

    def loss(at: Vector) -> tuple[float, Vector]:
        curve = Calibration(offset=at[0], slope=1.0 + at[1], margin=at[2], rivals=at[3])
        spread = (2.0, 0.5, 0.1, 0.1)
        total = math.fsum((each / width) ** 2 / 2 for each, width in zip(at, spread, strict=True))
        slope = [each / width**2 for each, width in zip(at, spread, strict=True)]
        for top in tops:
            chance = curve.probability(top.logit, top.margin, top.rivals)
            total -= math.log(max(chance if top.is_right else 1 - chance, 1e-12))
            pull = (chance - top.is_right) * LN2
            for number, value in enumerate(curve.inputs(top.logit, top.margin, top.rivals)):
                slope[number] += pull * value
        return total, slope

    offset, slope, margin, rivals = minimize(loss, [0.0] * 4)
    return Calibration(offset=offset, slope=max(1.0 + slope, 0.1), margin=margin, rivals=rivals)


def minimize(loss: Callable[[Vector], tuple[float, Vector]], start: Vector) -> Vector:
    """Walk downhill by L-BFGS with halved steps; ends when no step helps."""
    at = start
    cost, slope = loss(at)
    moves: list[tuple[Vector, Vector]] = []
    for _step in range(STEPS):
        way = _direction(slope, moves)
        if _dot(way, slope) > -1e-10:
            break
        length = 1.0 if moves else 1.0 / max(1.0, math.sqrt(_dot(slope, slope)))
        while length > 1e-6:
            there = [one + length * other for one, other in zip(at, way, strict=True)]
            there_cost, there_slope = loss(there)
            if there_cost < cost + 1e-4 * length * _dot(way, slope):
                break
            length /= 2
        else:
            break
        move = [one - other for one, other in zip(there, at, strict=True)]
        turn = [one - other for one, other in zip(there_slope, slope, strict=True)]
        if _dot(move, turn) > 1e-10:
            moves = [*moves[-MEMORY + 1 :], (move, turn)]
        gain, at, cost, slope = cost - there_cost, there, there_cost, there_slope
        if gain < 1e-6:
            break
    return at


def _direction(slope: Vector, moves: Sequence[tuple[Vector, Vector]]) -> Vector:
    way = [-each for each in slope]
    pulls = []
    for move, turn in reversed(moves):
        pull = _dot(move, way) / _dot(move, turn)
        pulls.append(pull)
        way = [one - pull * other for one, other in zip(way, turn, strict=True)]
    if moves:
        move, turn = moves[-1]
        scale = _dot(move, turn) / _dot(turn, turn)
        way = [each * scale for each in way]
    for (move, turn), pull in zip(moves, reversed(pulls), strict=True):
        push = pull - _dot(turn, way) / _dot(move, turn)
        way = [one + push * other for one, other in zip(way, move, strict=True)]
    return way


def _dot(one: Vector, other: Vector) -> float:
    return math.fsum(left * right for left, right in zip(one, other, strict=True))
