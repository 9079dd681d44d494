"""The queue as a steward narrows it: the next cases by worth and novelty, and how many there are of each kind."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final

from flask import request
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from scrm.i18n import N_, gettext
from scrm.matching.queue import Doubt, is_free
from scrm.models import Community, EvidencePattern, MatchState, Profile, ReviewCase, User
from scrm.web.wording import CAPPED, network_label

STATES: Final = (MatchState.REVIEW.value, MatchState.UNSURE.value)
DOUBTS: Final = {
    Doubt.VERIFIED: N_("Verified key"),
    Doubt.NAMESAKES: N_("Several namesakes"),
    Doubt.CONTRADICTION: N_("Something contradicts"),
    Doubt.NAME: N_("Name only"),
    Doubt.HANDLE: N_("Handle only"),
    Doubt.SEVERAL: N_("Several agree"),
    Doubt.SEARCH: N_("No candidate left"),
}
BANDS: Final = {"high": (8, 9), "middle": (4, 7), "low": (0, 3)}
BAND_WORDS: Final = {
    "high": N_("80 percent and more"),
    "middle": N_("40 to 79 percent"),
    "low": N_("below 40 percent"),
}
AGES: Final = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
AGE_WORDS: Final = {
    "day": N_("more than a day"),
    "week": N_("more than a week"),
    "month": N_("more than a month"),
}
LABELS: Final = {
    "network": N_("Network"),
    "kind": N_("Kind of evidence"),
    "band": N_("Score"),
    "community": N_("Community"),
    "age": N_("Waiting for"),
}
NAMED: Final = 40  # communities offered as a filter


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Which cases a steward works through; every field stands in the address."""

    network: str = ""
    state: str = MatchState.REVIEW.value
    kind: str = ""
    band: str = ""
    community: str = ""
    age: str = ""
    whose: str = ""  # "me": what colleagues ask of me

    @property
    def chosen(self) -> dict[str, Any]:
        """What differs from all that waits, for addresses."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name)) != field.default}


@dataclass(frozen=True, kw_only=True)
class Position:
    """A place in the queue: what is behind it comes next."""

    score: int
    profile_id: int


@dataclass(frozen=True, kw_only=True)
class Facet:
    """One filter: its name, and its choices with label and how many wait."""

    name: str
    choices: Sequence[tuple[str, str, int]]


def asked_for() -> Queue:
    """What the address says; words we do not know say nothing."""
    told = request.values
    state, kind = told.get("state", ""), told.get("kind", "")
    community = told.get("community", "")
    return Queue(
        network=told.get("network", "")[:40],
        state=state if state in STATES else STATES[0],
        kind=kind if kind in set(Doubt) else "",
        band=band if (band := told.get("band", "")) in BANDS else "",
        community=community if community.isdigit() and len(community) < 18 else "",
        age=age if (age := told.get("age", "")) in AGES else "",
        whose="me" if told.get("whose") == "me" else "",
    )


def upcoming(
    db: Session, queue: Queue, user: User, now: datetime, *, after: Position | None = None, limit: int = 1
) -> Sequence[Profile]:
    """The next profiles to be judged, what teaches most first; after a position, those behind it.

    Cases of one pattern lie in an index by worth; of each pattern the first is looked up, and the best of these win.
    """
    wanted = [*_conditions(queue, now), *_for(queue, user, now)]
    first = (
        select(ReviewCase.worth)
        .where(ReviewCase.pattern_id == EvidencePattern.id, *wanted, *_behind(after))
        .order_by(ReviewCase.worth.desc())
        .limit(1)
        .correlate(EvidencePattern)
        .scalar_subquery()
    )
    heads = [
        (row.worth * row.novelty, row.id)
        for row in db.execute(select(EvidencePattern.id, EvidencePattern.novelty, first.label("worth")))
        if row.worth is not None
    ]
    heads.sort(reverse=True)
    least = heads[limit - 1][0] if len(heads) >= limit else 0
    found: list[tuple[int, int]] = []
    for score, pattern_id in heads:
        if score < least:
            break
        found += db.execute(
            select(ReviewCase.worth * EvidencePattern.novelty, ReviewCase.profile_id)
            .join(EvidencePattern, EvidencePattern.id == ReviewCase.pattern_id)
            .where(ReviewCase.pattern_id == pattern_id, *wanted, *_behind(after))
            .order_by(ReviewCase.worth.desc(), ReviewCase.profile_id.desc())
            .limit(limit)
        ).all()
    ids = [profile_id for _score, profile_id in sorted(found, reverse=True)[:limit]]
    rows = {row.id: row for row in db.scalars(select(Profile).where(Profile.id.in_(ids)))}
    return [rows[profile_id] for profile_id in ids if profile_id in rows]


def position(db: Session, profile_id: int) -> Position | None:
    """Where a case stands now; None when it waits no longer."""
    row = db.execute(
        select(ReviewCase.worth, EvidencePattern.novelty)
        .join(EvidencePattern, EvidencePattern.id == ReviewCase.pattern_id)
        .where(ReviewCase.profile_id == profile_id)
    ).one_or_none()
    return None if row is None else Position(score=row.worth * row.novelty, profile_id=profile_id)


def asked_of(db: Session, user: User) -> int:
    """How many cases colleagues put before somebody."""
    rows = db.execute(select(ReviewCase.profile_id).where(ReviewCase.asked_of == user.id).limit(100)).all()
    return len(rows)


def facets(db: Session, queue: Queue, user: User, now: datetime) -> Sequence[Facet]:
    """How many wait of each choice of each filter, the other filters as they are; of the first so many."""
    rows = db.execute(
        select(ReviewCase.network, ReviewCase.kind, ReviewCase.band, ReviewCase.community_id, ReviewCase.since)
        .where(*_state(queue), *_for(queue, user, now))
        .limit(CAPPED + 1)
    ).all()
    counted: dict[str, Counter[str]] = {name: Counter() for name in ("network", "kind", "band", "community", "age")}
    for row in rows:
        has = {
            "network": row.network,
            "kind": row.kind,
            "band": next((name for name, (low, high) in BANDS.items() if low <= (row.band or 0) <= high), "")
            if row.band is not None
            else "",
            "community": str(row.community_id or ""),
        }
        ages = [name for name, span in AGES.items() if row.since <= now - span]
        wrong = {name for name in has if getattr(queue, name) and getattr(queue, name) != has[name]}
        wrong |= {"age"} if queue.age and queue.age not in ages else set()
        for name, value in has.items():
            if wrong <= {name} and value:
                counted[name][value] += 1
        if wrong <= {"age"}:
            counted["age"].update(ages)
    return _worded(db, queue, counted)


def _worded(db: Session, queue: Queue, counted: Mapping[str, Counter[str]]) -> list[Facet]:
    known = {str(queue.community)} if queue.community else set()
    ids = [int(name) for name in {name for name, _ in counted["community"].most_common(NAMED)} | known]
    communities = db.execute(select(Community.id, Community.name).where(Community.id.in_(ids)))
    names = {str(row.id): row.name for row in communities}
    words: dict[str, Any] = {
        "network": {name: network_label(name) for name in counted["network"]},
        "kind": {kind.value: gettext(word) for kind, word in DOUBTS.items()},
        "band": {name: gettext(word) for name, word in BAND_WORDS.items()},
        "community": {name: names[name] or gettext("Without a name") for name in sorted(names)},
        "age": {name: gettext(word) for name, word in AGE_WORDS.items()},
    }
    return [
        Facet(
            name=name,
            choices=[
                (value, word, counted[name][value])
                for value, word in choices.items()
                if counted[name][value] or getattr(queue, name) == value
            ],
        )
        for name, choices in words.items()
    ]


def _state(queue: Queue) -> list[ColumnElement[bool]]:
    return [ReviewCase.state == queue.state]


def _for(queue: Queue, user: User, now: datetime) -> list[ColumnElement[bool]]:
    """What waits for this person: not what another is looking at, nor what another was asked."""
    mine = ReviewCase.asked_of == user.id
    return [mine] if queue.whose else [or_(ReviewCase.asked_of.is_(None), mine), is_free(now, user.id)]


def _conditions(queue: Queue, now: datetime) -> list[ColumnElement[bool]]:
    found = _state(queue)
    if queue.network:
        found.append(ReviewCase.network == queue.network)
    if queue.kind:
        found.append(ReviewCase.kind == queue.kind)
    if queue.band:
        found.append(ReviewCase.band.between(*BANDS[queue.band]))
    if queue.community:
        found.append(ReviewCase.community_id == int(queue.community))
    if queue.age:
        found.append(ReviewCase.since <= now - AGES[queue.age])
    return found


def _behind(after: Position | None) -> list[ColumnElement[bool]]:
    if after is None:
        return []
    score = ReviewCase.worth * EvidencePattern.novelty
    return [
        ReviewCase.worth <= after.score // EvidencePattern.novelty,
        or_(score < after.score, ReviewCase.profile_id < after.profile_id),
    ]
