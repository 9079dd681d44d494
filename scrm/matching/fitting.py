"""Fit weights to judged profiles: pulled towards the data as far as it reaches, else as they were.

The likelihood is that of the score itself: candidates and "nobody" compete for a profile. Where the right contact is
none of them, nobody has to win. A Gaussian prior around the weights begun with does the shrinking, so a level that no
profile speaks about keeps its weight. Nothing is drawn by chance and sums are exact, so the same profiles give the
same weights on every machine.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from scrm.matching.downhill import STEPS, Vector, minimize
from scrm.matching.model import MatchModel
from scrm.matching.specification import BETTER_OF, Features
from scrm.matching.views import ContactId

SPREAD = 2.0  # bits; chosen on the development half, 1 learns less, 3 forgets more
LOWEST_PRIOR, HIGHEST_PRIOR = 1e-3, 100.0  # odds; where nearly every profile has its contact, no level stands in
HIGHEST_BITS = 900.0  # 2 to this power is still a float, and so is the sum of many
LN2 = math.log(2)
_GROUP_OF = {column: number for number, group in enumerate(BETTER_OF) for column in group}


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One profile with its candidates' columns, and what was said: whose it is, or whose it is not."""

    network: str
    candidates: Mapping[ContactId, Features]
    positive: ContactId | None = None
    negative: frozenset[ContactId] = frozenset()

    @property
    def refused(self) -> frozenset[ContactId]:
        """The candidates that are wrong; all of them where the right contact is none of them."""
        is_elsewhere = self.positive is not None and self.positive not in self.candidates
        return frozenset(self.candidates) if is_elsewhere else self.negative


class _Cell(NamedTuple):
    """One level of a candidate: where its weight stands, what is added for the value, and how far it may go."""

    place: int
    added: float
    cap: float
    group: int  # -1 outside a group


class _Row(NamedTuple):
    """One profile, ready for many looks; `right` is -1 where it is none of the candidates."""

    cells: tuple[tuple[_Cell, ...], ...]
    right: int
    refused: tuple[int, ...]
    prior: float  # bits of a prior of 1
    counts: float


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """Judged profiles of one set of contacts, and how much each of them counts."""

    judged: Sequence[Judged]
    contacts: int
    counts: float = 1.0


def fit_weights(
    model: MatchModel,
    lessons: Iterable[Lesson],
    *,
    spread: float = SPREAD,
    prior_spread: float = SPREAD,
    held: frozenset[str] = frozenset(),
    steps: int = STEPS,
) -> MatchModel:
    """Maximize the likelihood of what was judged; spreads in bits, `held` levels ("rule.level") stay as they are."""
    lessons = list(lessons)
    names = sorted({name for lesson in lessons for name in _names(lesson.judged)} - held)
    place = {name: number for number, name in enumerate(names)}
    rows = [_row(judged, lesson, model, place) for lesson in lessons for judged in lesson.judged]
    start = [*(model.levels[name].bits for name in names), math.log2(model.prior)]
    widths = [spread] * len(names) + [prior_spread]
    lowest, highest = math.log2(LOWEST_PRIOR), math.log2(HIGHEST_PRIOR)

    def at(shifts: Vector) -> Vector:
        moved = [one + other for one, other in zip(start, shifts, strict=True)]
        moved[-1] = min(max(moved[-1], lowest), highest)
        return moved

    def loss(shifts: Vector) -> tuple[float, Vector]:
        bits = at(shifts)
        total = math.fsum((shift / width) ** 2 for shift, width in zip(shifts, widths, strict=True)) / 2
        slope = [shift / width**2 for shift, width in zip(shifts, widths, strict=True)]
        for row in rows:
            total += _add_profile(row, bits, slope)
        return total, slope

    *bits, prior = at(minimize(loss, [0.0] * len(start), steps))
    levels = dict(model.levels)
    levels |= {name: replace(levels[name], bits=weight) for name, weight in zip(names, bits, strict=True)}
    return replace(model, levels=levels, prior=2.0**prior)


def _names(judged: Iterable[Judged]) -> set[str]:
    return {
        f"{column}.{level}"
        for row in judged
        for found in row.candidates.values()
        for column, (level, _) in found.items()
    }


def _row(judged: Judged, lesson: Lesson, model: MatchModel, place: Mapping[str, int]) -> _Row:
    order = list(judged.candidates)
    return _Row(
        cells=tuple(_cells(judged.candidates[contact], judged.network, model, place) for contact in order),
        right=order.index(judged.positive) if judged.positive is not None and judged.positive in order else -1,
        refused=tuple(number for number, contact in enumerate(order) if contact in judged.refused),
        prior=-math.log2(max(lesson.contacts, 1)),
        counts=lesson.counts,
    )


def _cells(found: Features, network: str, model: MatchModel, place: Mapping[str, int]) -> tuple[_Cell, ...]:
    return tuple(
        _cell(f"{column}.{level}", column, frequency, network, model, place)
        for column, (level, frequency) in found.items()
    )


def _cell(
    name: str, column: str, frequency: float, network: str, model: MatchModel, place: Mapping[str, int]
) -> _Cell:
    is_held = name not in place
    own = model.levels[name].bits if is_held else 0.0
    return _Cell(
        place=-1 if is_held else place[name],
        added=own + model.added(name, frequency=frequency, network=network),
        cap=model.caps.get(column, model.cap),
        group=_GROUP_OF.get(column, -1),
    )


def _add_profile(row: _Row, bits: Vector, slope: Vector) -> float:
    """Add one profile's part of the slope, and give its loss."""
    counted = [_counted(cells, bits) for cells in row.cells]
    prior = row.prior + bits[-1]
    odds = [2.0 ** min(math.fsum(weight for _, weight in cells) + prior, HIGHEST_BITS) for cells in counted]
    everything = 1.0 + math.fsum(odds)
    chances = [each / everything for each in odds]
    if row.right >= 0:
        pulls = [chance - (number == row.right) for number, chance in enumerate(chances)]
        cost = -math.log(max(chances[row.right], 1e-300))
    else:
        gone = set(row.refused)
        refused = math.fsum(chances[number] for number in gone)
        left = max((everything - math.fsum(odds[number] for number in gone)) / everything, 1e-12)
        cost = -math.log(left)
        pulls = [chance if number in gone else -chance * refused / left for number, chance in enumerate(chances)]
    for cells, pull in zip(counted, pulls, strict=True):
        if abs(pull) < 1e-9:
            continue
        by = pull * LN2 * row.counts
        for place, _ in cells:
            if place >= 0:
                slope[place] += by
        slope[-1] += by
    return cost * row.counts


def _counted(cells: Iterable[_Cell], bits: Vector) -> list[tuple[int, float]]:
    """Place and weight of the levels that count; of a group only the best one."""
    found: list[tuple[int, float]] = []
    best: dict[int, tuple[int, float]] = {}
    for place, added, cap, group in cells:
        weight = added + bits[place] if place >= 0 else added
        weight = max(-cap, min(weight, cap))
        if group < 0:
            found.append((place, weight))
        elif group not in best or weight > best[group][1]:
            best[group] = (place, weight)
    found.extend(best.values())
    return found
