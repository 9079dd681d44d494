"""Find the lowest point of a smooth function: L-BFGS, exact sums, nothing drawn by chance."""

import math
from collections.abc import Callable, Sequence

Vector = list[float]
STEPS = 40
MEMORY = 8


def minimize(loss: Callable[[Vector], tuple[float, Vector]], start: Vector, steps: int = STEPS) -> Vector:
    """Walk downhill with halved steps, given the cost and its slope at a point; ends when no step helps."""
    at = start
    cost, slope = loss(at)
    moves: list[tuple[Vector, Vector]] = []
    for _step in range(steps):
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
