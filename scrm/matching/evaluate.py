"""How good a model is on labeled people: the gate before a model is used.

A labeled set has three files (contacts.csv.gz, profiles.jsonl.gz, truth.csv.gz); a profile whose truth is empty
belongs to nobody among the contacts, and linking it is a mistake. The figures are made by the same code that matches
files (`whole.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scrm.matching.files import FileJudgment, csv_rows, read_people
from scrm.matching.model import MatchModel
from scrm.matching.score import Action
from scrm.matching.views import ContactId, ContactView, ProfileId, ProfileView
from scrm.matching.whole import Match, Whole

BINS = 10


@dataclass(frozen=True, kw_only=True)
class Labeled:
    """Contacts, profiles, and which contact each profile is (None: none of them)."""

    contacts: tuple[ContactView, ...]
    profiles: tuple[ProfileView, ...]
    truth: Mapping[ProfileId, ContactId | None]


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Best candidates of about the same probability, and how many of them were right."""

    profiles: int
    expected: float
    right: float


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How well a model did; shares between 0 and 1."""

    profiles: int
    matchable: int
    found_in_five: float  # of the matchable: the right contact is among those shown
    precision: float  # at the threshold with the best F1
    recall: float
    f1: float
    recall_at_99: float  # the most that can be found while 99 of 100 are right
    recall_at_995: float
    auto_precision: float  # of the links made without asking
    auto_recall: float  # of the matchable, those linked without asking
    queue_share: float  # of all profiles, those a steward is asked about
    calibration_error: float  # mean distance between expected and true, over bins
    curve: tuple[Bin, ...]


def load_labeled(folder: Path) -> Labeled:
    """Read a labeled set; rows that cannot be used are left out."""

    def leave_out(_path: Path, _line: int, _reason: str) -> None:
        return None

    people = read_people(folder / "contacts.csv.gz", folder / "profiles.jsonl.gz", leave_out)
    named = {
        (row.get("network"), row.get("native_id")): row.get("contact_id") or ""
        for _, row in csv_rows(folder / "truth.csv.gz")
    }
    truth = {
        row.profile_id: people.numbers.get(named.get((people.networks[row.profile_id], row.native_id), ""))
        for row in people.profiles
    }
    return Labeled(contacts=people.contacts, profiles=people.profiles, truth=truth)


def evaluate(labeled: Labeled, model: MatchModel, judgments: Iterable[FileJudgment] = ()) -> Quality:
    """Match everything and compare with the truth; profiles that were judged teach and are not counted."""
    given = tuple(judgments)
    _learned, matches = Whole(labeled.contacts, labeled.profiles, given).match(model)
    judged = {row.profile_id for row in given}
    return measure(labeled.truth, [row for row in matches if row.profile_id not in judged])


def measure(truth: Mapping[ProfileId, ContactId | None], matches: Sequence[Match]) -> Quality:
    """Count what was right; `matches` has up to five candidates for each profile, best first."""
    best: dict[ProfileId, Match] = {}
    shown = 0
    for row in matches:
        best.setdefault(row.profile_id, row)
        shown += row.contact_id is not None and row.contact_id == truth[row.profile_id]
    matchable = sum(truth[profile_id] is not None for profile_id in best)
    told = [
        (row.probability, row.contact_id == truth[row.profile_id])
        for row in best.values()
        if row.contact_id is not None
    ]
    linked = [row.contact_id == truth[row.profile_id] for row in best.values() if row.action is Action.LINK]
    curve = _curve(told)
    precision, recall, f1 = _best_f1(told, matchable)
    return Quality(
        profiles=len(best),
        matchable=matchable,
        found_in_five=_ratio(shown, matchable),
        precision=precision,
        recall=recall,
        f1=f1,
        recall_at_99=_recall_at(told, matchable, 0.99),
        recall_at_995=_recall_at(told, matchable, 0.995),
        auto_precision=_ratio(sum(linked), len(linked)),
        auto_recall=_ratio(sum(linked), matchable),
        queue_share=_ratio(sum(row.action is Action.REVIEW for row in best.values()), len(best)),
        calibration_error=_ratio(sum(row.profiles * abs(row.expected - row.right) for row in curve), len(told)),
        curve=curve,
    )


def changed(before: Sequence[Match], after: Sequence[Match]) -> list[tuple[Match, Match]]:
    """Profiles for which another contact or another action comes first than before."""
    first: dict[ProfileId, Match] = {}
    for row in before:
        first.setdefault(row.profile_id, row)
    second: dict[ProfileId, Match] = {}
    for row in after:
        second.setdefault(row.profile_id, row)
    return [
        (old, second[profile_id])
        for profile_id, old in first.items()
        if (old.contact_id, old.action) != (second[profile_id].contact_id, second[profile_id].action)
    ]


def _thresholds(told: Iterable[tuple[float, bool]], matchable: int) -> list[tuple[float, float]]:
    """Precision and recall at every threshold; equal probabilities fall together."""
    ordered = sorted(told, key=lambda row: -row[0])
    points = []
    right = 0
    for count, (probability, is_right) in enumerate(ordered, start=1):
        right += is_right
        if count == len(ordered) or ordered[count][0] != probability:
            points.append((right / count, _ratio(right, matchable)))
    return points


def _best_f1(told: Iterable[tuple[float, bool]], matchable: int) -> tuple[float, float, float]:
    found = [(p, r, _ratio(2 * p * r, p + r)) for p, r in _thresholds(told, matchable)]
    return max(found, key=lambda row: row[2], default=(0.0, 0.0, 0.0))


def _recall_at(told: Iterable[tuple[float, bool]], matchable: int, precision: float) -> float:
    return max((r for p, r in _thresholds(told, matchable) if p >= precision), default=0.0)


def _curve(told: Iterable[tuple[float, bool]]) -> tuple[Bin, ...]:
    bins: dict[int, list[tuple[float, bool]]] = {}
    for probability, is_right in told:
        bins.setdefault(min(int(probability * BINS), BINS - 1), []).append((probability, is_right))
    return tuple(
        Bin(
            profiles=len(rows),
            expected=sum(probability for probability, _ in rows) / len(rows),
            right=sum(is_right for _, is_right in rows) / len(rows),
        )
        for _, rows in sorted(bins.items())
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
