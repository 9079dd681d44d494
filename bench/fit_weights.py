"""Make the shipped match model from labelled sets, so that it can be made again and nobody sets a weight in silence.

    python -m bench.fit_weights [FOLDER] [--out FILE]

FOLDER holds us-officials/, febrl/ and splink/, as for bench.situations and bench.standard_sets. What goes in: the
situations of the development half, people of febrl 4, historical figures (bench/people.py), each counting as EQUAL
profiles; bench/hand_made_weights.json, which says what was set by hand and why, as the prior. Three steps:

1. Weights and prior, by maximum a posteriori (scrm/matching/fitting.py).
2. The usual calibration: for each family of sets, weights are fitted to all others, and a curve is laid through what
   became of their best candidates in that family. The model gets the way half from believing the score to that curve.
3. How often each level is met among right and wrong candidates: what scrm/matching/adapting.py compares with.
"""

import argparse
import json
import os
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from bench.people import febrl, historical
from bench.situations import situations
from scrm.matching.evaluate import Labeled
from scrm.matching.fitting import Judged, Lesson, fit_weights
from scrm.matching.learning import Top, fit_calibration, top_of
from scrm.matching.model import SHIPPED, Calibration, Level, MatchModel, from_json
from scrm.matching.score import KEPT, KEPT_PROBABILITY, probabilities
from scrm.matching.specification import weights
from scrm.matching.whole import Whole

HERE = Path(__file__).parent
EQUAL = 1500  # profiles that each set counts as
MOST = 1200  # profiles of a set that are looked at, drawn by chance
SPREAD = 3.0  # bits around the weights made by hand
PRIOR_SPREAD = 0.3  # else levels that every candidate has, and the prior, would only push one another
STEPS = 200
CURVE = (2.0, 2.0, 2.0, 2.0, 2.0)  # how far the curve may go: as far as the sets say
# sets of the same people and handles are left out together when it is judged how weights do elsewhere
FAMILIES = {
    "office": ("named", "handles", "bare", "plain"),
    "scripts": ("scripts",),
    "varied": ("varied",),
    "developers": ("developers", "open developers"),
    "speakers": ("speakers",),
    "febrl": ("febrl",),
    "historical": ("historical",),
}


@dataclass(frozen=True, kw_only=True)
class Known:
    """One set: its judged profiles and how many contacts they were chosen from."""

    judged: Sequence[Judged]
    contacts: int

    @property
    def lesson(self) -> Lesson:
        return Lesson(judged=self.judged, contacts=self.contacts, counts=EQUAL / len(self.judged))


def known(name: str, labeled: Labeled) -> Known:
    """Compare some of a set's profiles with their candidates."""
    whole = Whole(labeled.contacts, labeled.profiles)
    some = labeled.profiles
    if len(some) > MOST:
        some = tuple(random.Random(name).sample(some, MOST))
    rows = []
    for profile in some:
        found = whole.columns(profile, SHIPPED)
        right = labeled.truth[profile.profile_id]
        refused = frozenset(found) if right is None else frozenset()
        rows.append(Judged(network=profile.network_word, candidates=found, positive=right, negative=refused))
    return Known(judged=[row for row in rows if row.candidates], contacts=len(labeled.contacts))


def begun() -> tuple[MatchModel, frozenset[str]]:
    """The weights made by hand, and the levels that are held there."""
    made = json.loads((HERE / "hand_made_weights.json").read_text(encoding="utf-8"))
    return from_json(json.dumps(made["model"])), frozenset(made["held"])


def fit(sets: Mapping[str, Known], names: Sequence[str]) -> MatchModel:
    model, held = begun()
    return fit_weights(
        model, [sets[name].lesson for name in names], spread=SPREAD, prior_spread=PRIOR_SPREAD, held=held, steps=STEPS
    )


def usual(sets: Mapping[str, Known]) -> Calibration:
    """What judgments make of scores whose weights know nothing of the people: half the way there."""
    tops: list[Top] = []
    for family, own in FAMILIES.items():
        left_out = {*own, *(("developers",) if family == "speakers" else ())}
        model = fit(sets, [name for name in sets if name not in left_out])
        for name in own:
            rows = sets[name]
            found = [top for row in rows.judged if (top := top_of(model, row, rows.contacts))]
            tops += [replace(top, counts=EQUAL / len(found)) for top in found]
    curve, believed = fit_calibration(tops, Calibration(), CURVE), Calibration()
    names = [field.name for field in fields(Calibration)]
    halves = (round((one + other) / 2, 2) for one, other in zip(curve.numbers, believed.numbers, strict=True))
    return Calibration(**dict(zip(names, halves, strict=True)))


def cautious(model: MatchModel) -> MatchModel:
    """Set the prior, and the least of some levels, as hand_made_weights.json says with its reasons."""
    made = json.loads((HERE / "hand_made_weights.json").read_text(encoding="utf-8"))
    levels = dict(model.levels)
    for name, (least, _why) in made["at_least"].items():
        levels[name] = replace(levels[name], bits=max(least, levels[name].bits))
    return replace(model, levels=levels, prior=made["prior"][0])


def _kept(row: Judged, model: MatchModel, contacts: int) -> Iterator[tuple[bool, list[str]]]:
    """Whether each candidate that an installation would keep is right, and its levels that count."""
    weighed = {contact: weights(found, model, row.network) for contact, found in row.candidates.items()}
    prior = model.prior_bits(contacts)
    chances = probabilities({contact: sum(bits.values()) + prior for contact, bits in weighed.items()})
    for contact in sorted(chances, key=lambda contact: (-chances[contact], contact))[:KEPT]:
        if chances[contact] >= KEPT_PROBABILITY:
            levels = [f"{column}.{row.candidates[contact][column][0]}" for column in weighed[contact]]
            yield contact == row.positive, levels


def met(sets: Mapping[str, Known], model: MatchModel) -> dict[str, Level]:
    """The levels with their usual shares among right and wrong candidates: the mean over the sets."""
    shares: dict[tuple[str, bool], float] = defaultdict(float)
    for rows in sets.values():
        counts: dict[tuple[str, bool], float] = defaultdict(float)
        total = {True: 0, False: 0}
        for row in rows.judged:
            for is_right, levels in _kept(row, model, rows.contacts):
                total[is_right] += 1
                for level in levels:
                    counts[level, is_right] += 1
        for (level, is_right), count in counts.items():
            shares[level, is_right] += count / total[is_right] / len(sets)
    seen = {level for level, _ in shares}
    return {
        name: replace(level, right=round(shares[name, True] + 1e-4, 6), wrong=round(shares[name, False] + 1e-4, 6))
        if name in seen
        else level
        for name, level in model.levels.items()
    }


def written(model: MatchModel) -> str:
    """The model as JSON that people read: two digits for bits, nothing that is as usual."""
    body: dict[str, Any] = json.loads(model.to_json())
    plain = Level(bits=0.0)
    levels = {
        name: {
            key: round(value, 2) if key == "bits" else value
            for key, value in numbers.items()
            if key == "bits" or value != getattr(plain, key)
        }
        for name, numbers in sorted(body.pop("levels").items())
    }
    body["prior"] = round(body["prior"], 2)
    del body["calibration"]
    return json.dumps(body | {"levels": levels}, indent=1) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    shared = Path(os.environ.get("SCRM_SHARED", Path(__file__).parents[2] / "shared"))
    parser.add_argument("folder", type=Path, nargs="?", default=shared / "data" / "matching")
    parser.add_argument("--out", type=Path, default=Path("scrm/matching/data/shipped_model.json"))
    asked = parser.parse_args()
    labeled = situations(asked.folder / "us-officials") | {
        "febrl": febrl(asked.folder / "febrl"),
        "historical": historical(asked.folder / "splink"),
    }
    sets = {name: known(name, each) for name, each in labeled.items()}
    model = fit(sets, list(sets))
    model = replace(model, usual=usual(sets), levels=met(sets, model))
    asked.out.write_text(written(cautious(model)), encoding="utf-8")


if __name__ == "__main__":
    main()
