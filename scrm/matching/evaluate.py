"""Precision and recall of a model on labeled pairs, in memory: the gate before a model is used.

The labeled set has three files (contacts.csv.gz, profiles.jsonl.gz, truth.csv.gz); a profile whose truth is empty
belongs to nobody among the contacts, and linking it is a mistake.
"""

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scrm.matching.frequencies import count_contacts
from scrm.matching.keys import MOST_CONTACTS_PER_KEY, Key, contact_keys, profile_keys
from scrm.matching.model import MatchModel
from scrm.matching.score import Action, Ranking, score
from scrm.matching.views import ContactId, ContactView, Link, ProfileId, ProfileView


@dataclass(frozen=True, kw_only=True)
class Labeled:
    """Contacts, profiles, and which contact each profile is (None: none of them)."""

    contacts: tuple[ContactView, ...]
    profiles: tuple[ProfileView, ...]
    truth: Mapping[ProfileId, ContactId | None]


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How well a model did; shares between 0 and 1."""

    profiles: int
    matchable: int
    blocking_recall: float
    candidates_per_profile: float
    precision: float  # at the threshold with the best F1, ties dropped
    recall: float
    f1: float
    auto_precision: float  # of the links made without asking
    auto_recall: float
    queue_share: float  # of all profiles, those a steward is asked about
    found_share: float  # of the matchable: right contact linked, or first in the queue


def load_labeled(folder: Path) -> Labeled:
    """Read a labeled set."""
    ids: dict[str, ContactId] = {}
    contacts = []
    for number, row in enumerate(_csv_rows(folder / "contacts.csv.gz"), start=1):
        ids[row["id"]] = ContactId(number)
        contacts.append(_contact(ContactId(number), row))
    named = {(row["network"], row["native_id"]): row["contact_id"] for row in _csv_rows(folder / "truth.csv.gz")}
    profiles = []
    truth: dict[ProfileId, ContactId | None] = {}
    with gzip.open(folder / "profiles.jsonl.gz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            row = json.loads(line)
            profile_id = ProfileId(number)
            profiles.append(_profile(profile_id, row))
            right = named.get((row["network"], row["native_id"]), "")
            truth[profile_id] = ids[right] if right else None
    return Labeled(contacts=tuple(contacts), profiles=tuple(profiles), truth=truth)


def evaluate(labeled: Labeled, model: MatchModel) -> Quality:
    """Block, score and decide every profile, and compare with the truth."""
    rankings = list(rank_all(labeled, model))
    return measure(labeled, [(profile.profile_id, ranking) for profile, ranking in rankings])


def rank_all(labeled: Labeled, model: MatchModel) -> Iterator[tuple[ProfileView, Ranking]]:
    """Score each profile against the contacts that share a key with it."""
    frequencies = count_contacts(labeled.contacts)
    index = _index(labeled.contacts)
    for profile in labeled.profiles:
        numbers: set[int] = set()
        for key in profile_keys(profile):
            holders = index.get(key, ())
            if len(holders) <= MOST_CONTACTS_PER_KEY:
                numbers.update(holders)
        candidates = [labeled.contacts[number] for number in sorted(numbers)]
        yield profile, score(profile, candidates, model, frequencies)


def measure(labeled: Labeled, rankings: Sequence[tuple[ProfileId, Ranking]]) -> Quality:
    """Count what was right."""
    truth = labeled.truth
    matchable = sum(truth[profile_id] is not None for profile_id, _ in rankings)
    blocked = linked = linked_right = queued = found = candidates = 0
    best: list[tuple[float, bool]] = []
    for profile_id, ranking in rankings:
        right = truth[profile_id]
        scored, decision = ranking.scored, ranking.decision
        candidates += len(scored)
        blocked += right is not None and any(row.contact_id == right for row in scored)
        linked += decision.action is Action.LINK
        linked_right += decision.action is Action.LINK and decision.contact_id == right
        queued += decision.action is Action.REVIEW
        found += right is not None and decision.action is not Action.NONE and decision.contact_id == right
        if scored and (len(scored) == 1 or scored[0].bits > scored[1].bits):
            best.append((scored[0].probability, scored[0].contact_id == right))
    precision, recall, f1 = _best_f1(best, matchable)
    return Quality(
        profiles=len(rankings),
        matchable=matchable,
        blocking_recall=_ratio(blocked, matchable),
        candidates_per_profile=_ratio(candidates, len(rankings)),
        precision=precision,
        recall=recall,
        f1=f1,
        auto_precision=_ratio(linked_right, linked),
        auto_recall=_ratio(linked_right, matchable),
        queue_share=_ratio(queued, len(rankings)),
        found_share=_ratio(found, matchable),
    )


def _best_f1(best: Iterable[tuple[float, bool]], matchable: int) -> tuple[float, float, float]:
    top = (0.0, 0.0, 0.0)
    right = 0
    for count, (_, is_right) in enumerate(sorted(best, key=lambda row: -row[0]), start=1):
        right += is_right
        precision, recall = right / count, _ratio(right, matchable)
        f1 = _ratio(2 * precision * recall, precision + recall)
        if f1 > top[2]:
            top = (precision, recall, f1)
    return top


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _index(contacts: Sequence[ContactView]) -> dict[Key, list[int]]:
    index: dict[Key, list[int]] = defaultdict(list)
    for number, contact in enumerate(contacts):
        for key in contact_keys(contact):
            index[key].append(number)
    return dict(index)


def _csv_rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _contact(contact_id: ContactId, row: Mapping[str, str]) -> ContactView:
    pairs = (handle.split(":", 1) for handle in row["handles"].split(";") if ":" in handle)
    return ContactView(
        contact_id=contact_id,
        full_name=row["full_name"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        emails=tuple(filter(None, row["emails"].split(";"))),
        handles=tuple((network, handle) for network, handle in pairs),
        urls=tuple(filter(None, row["urls"].split(";"))),
        company=row["company"],
        title=row["title"],
        city=row["city"],
        country=row["country"],
    )


def _profile(profile_id: ProfileId, row: Mapping[str, str]) -> ProfileView:
    return ProfileView(
        profile_id=profile_id,
        network=row["network"],
        native_id=row["native_id"],
        handle=row.get("handle") or "",
        display_name=row.get("display_name") or "",
        bio=row.get("bio") or "",
        email=row.get("email") or None,
        links=(Link(url=row["url"]),) if row.get("url") else (),
        location=row.get("location") or "",
        company=row.get("company") or "",
    )
