"""Names alone: how well the rules tell one person's names from two people's, on pairs made to deceive.

    python -m bench.name_pairs [FILE] [--wrong 20]

FILE is nomenklatura's name-pairs.csv (MIT); pairs of persons alone are taken. Each pair is scored as contact and as
profile, in both directions, and the mean counts: the sum of all rules, without prior. Nothing is fitted to it. F1 is
that at the best threshold. `--wrong` prints pairs on the wrong side of it, farthest first.
"""

import argparse
import csv
import json
import os
from collections import Counter
from pathlib import Path

from scrm.matching.frequencies import CountedFrequencies
from scrm.matching.model import SHIPPED, MatchModel
from scrm.matching.rules import Pair
from scrm.matching.specification import features, weights
from scrm.matching.views import ContactId, ContactView, ProfileId, ProfileView

FREQUENCIES = CountedFrequencies(total=20_000)


def bits(contact: str, profile: str, model: MatchModel) -> float:
    """The bits for a profile of one name being the contact of another."""
    pair = Pair(
        contact=ContactView(contact_id=ContactId(1), full_name=contact),
        profile=ProfileView(profile_id=ProfileId(1), network="mastodon", native_id="1", display_name=profile),
        model=model,
        frequencies=FREQUENCIES,
    )
    return sum(weights(features(pair), model, "mastodon").values())


def measure(scored: list[tuple[float, bool]]) -> dict[str, float]:
    """Area under the curve, and F1 at the best threshold."""
    positives = sum(is_match for _, is_match in scored)
    ordered = sorted(scored, key=lambda row: -row[0])
    best, threshold, right = 0.0, 0.0, 0
    for count, (value, is_match) in enumerate(ordered, start=1):
        right += is_match
        f1 = 2 * right / (count + positives)
        if f1 > best and (count == len(ordered) or ordered[count][0] != value):
            best, threshold = f1, value
    yes = [value for value, is_match in scored if is_match]
    no = [value for value, is_match in scored if not is_match]
    wins = sum((one > other) + (one == other) / 2 for one in yes for other in no)
    return {"f1": round(best, 4), "auc": round(wins / len(yes) / len(no), 4), "threshold": round(threshold, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    shared = Path(os.environ.get("SCRM_SHARED", Path(__file__).parents[2] / "shared"))
    parser.add_argument("file", type=Path, nargs="?", default=shared / "data/matching/names/name-pairs.csv")
    parser.add_argument("--wrong", type=int, default=0)
    asked = parser.parse_args()
    with asked.file.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["schema"] == "Person"]
    scored = []
    for row in rows:
        one, other = row["name1"], row["name2"]
        scored.append(((bits(one, other, SHIPPED) + bits(other, one, SHIPPED)) / 2, row["is_match"] == "true"))
    found = measure(scored)
    print(json.dumps({"pairs": len(rows), "same": sum(is_match for _, is_match in scored), **found}))
    far = [
        (abs(value - found["threshold"]), value, is_match, row)
        for (value, is_match), row in zip(scored, rows, strict=True)
        if (value >= found["threshold"]) is not is_match
    ]
    print(json.dumps(Counter(f"{row['case_group']} {is_match}" for _, _, is_match, row in far)))
    for _, value, is_match, row in sorted(far, key=lambda each: -each[0])[: asked.wrong]:
        print(f"{value:7.1f} {'same' if is_match else 'two':5} {row['name1']} | {row['name2']}")


if __name__ == "__main__":
    main()
