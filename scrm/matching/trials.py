"""What if: a threshold moved or a rule switched off, tried on what is stored before anything changes.

Two answers. On the judgments of people: precision and recall, by the same code that evaluates versions. On everything
that no person judged: which links of the engine would be gained and lost, from the evidence that is stored with each
candidate, so nothing is compared anew. A background job, a portion at a time, that may stop anywhere.

A rule that is switched off weighs nothing; where of two rules only the better one counted (a name and the same name
in the handle), the other does not step in for it here, as it would when profiles are matched again.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.errors import InputError
from scrm.i18n import N_
from scrm.matching.audits import LOOSEST, STRICTEST, promise_of, set_promise
from scrm.matching.evaluate import Quality, measure
from scrm.matching.load import active_model, count_all
from scrm.matching.model import SHIPPED, TIE_BITS, Level, MatchModel
from scrm.matching.promise import least
from scrm.matching.rules import RULES
from scrm.matching.score import TELLING, Action, calibrated
from scrm.matching.versions import known_profiles, matches_of, truth_of, use_version
from scrm.matching.views import ContactId
from scrm.matching.whole import Match
from scrm.models import AuditEntry, Candidate, Judge, Judgment, MatchModelRow, ModelTrial, claim, still_mine
from scrm.runtime import Core

PORTION = 500  # profiles
MOST = 200_000  # profiles looked at
JUDGED = 1_000  # judged profiles measured, the newest
NAMED = 20  # examples of what is gained and of what is lost
SWITCHES = tuple(rule.__name__ for rule in RULES)
LOWEST, HIGHEST = 0.01, 0.9  # from which probability a steward is asked


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is tried: the promise, from which probability stewards are asked, and rules that count for nothing."""

    one_wrong_in: int
    review: float
    off: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise InputError for what cannot be tried."""
        if not LOOSEST <= self.one_wrong_in <= STRICTEST:
            raise InputError(N_("Promise at most one wrong link in a number between 10 and 10,000."))
        if not LOWEST <= self.review <= HIGHEST:
            raise InputError(N_("Ask stewards from a probability between 1 and 90 percent."))
        if not set(SWITCHES).issuperset(self.off):
            raise InputError(N_("There is no such rule."))

    @property
    def values(self) -> dict[str, Any]:
        return {"one_wrong_in": self.one_wrong_in, "review": self.review, "off": sorted(self.off)}


def off_in(model: MatchModel) -> tuple[str, ...]:
    """Rules that count for nothing in a model."""
    weighs = {name.partition(".")[0] for name, level in model.levels.items() if level.bits or level.by_value}
    return tuple(rule for rule in SWITCHES if rule not in weighs)


def changed_model(model: MatchModel, change: Change) -> MatchModel:
    """A model with rules switched off, or on again with the weights that are shipped."""
    was_off = set(off_in(model))

    def weigh(name: str, level: Level) -> Level:
        rule = name.partition(".")[0]
        if rule in change.off:
            return Level(bits=0.0)
        return SHIPPED.levels.get(name, level) if rule in was_off else level

    levels = {name: weigh(name, level) for name, level in model.levels.items()}
    return replace(model, levels=levels, review=change.review, auto_link=least(change.one_wrong_in))


def in_force(session: Session) -> tuple[int | None, MatchModel]:
    """The model that is used now, as the promise makes use of it."""
    found = active_model(session)
    model_id, model = found if found is not None else (None, SHIPPED)
    return model_id, replace(model, auto_link=least(promise_of(session).one_wrong_in))


def begin(session: Session, now: datetime, change: Change, user_id: int) -> ModelTrial:
    """Order a trial."""
    change.check()
    model_id, _model = in_force(session)
    row = ModelTrial(
        change=change.values, model_id=model_id, user_id=user_id, created_at=now, due_at=now, result={}, is_done=False
    )
    session.add(row)
    session.flush()
    return row


def change_of(row: ModelTrial) -> Change:
    return Change(**{**row.change, "off": tuple(row.change["off"])})


def advance(core: Core) -> bool:
    """Work on one trial for a portion; True when more is waiting."""
    now = core.db.clock.now()
    with core.db.write("trial.claim") as session:
        claimed = claim(session, ModelTrial, now, seconds=core.settings.lease_seconds)
    if not claimed:
        return False
    row = claimed[0]
    with core.db.read() as session:
        _model_id, before = in_force(session)
        after = changed_model(before, change_of(row))
        result = dict(row.result)
        if "judged" not in result:
            result |= _on_judgments(session, before, after) | {"looked": 0, "gained": 0, "lost": 0, "examples": []}
            has_more = True
        else:
            has_more = _portion(session, before, after, change_of(row), result)
    with core.db.write("trial.portion") as session:
        mine = session.scalars(select(ModelTrial).where(ModelTrial.id == row.id, still_mine(row))).one_or_none()
        if mine is not None:
            mine.result, mine.lease_until, mine.crash_count = result, None, 0
            mine.due_at, mine.is_done = (now, False) if has_more else (None, True)
    return True


def _on_judgments(session: Session, before: MatchModel, after: MatchModel) -> dict[str, Any]:
    known = [row for row in known_profiles(session, JUDGED) if row.is_settled]
    contacts, truth = count_all(session), truth_of(known)
    found = {"before": before, "after": after}
    matched = {
        name: [each for row in known for each in matches_of(row, model, contacts)] for name, model in found.items()
    }
    return {"judged": len(known), **{name: _figures(rows, measure(truth, rows)) for name, rows in matched.items()}}


def _figures(rows: Sequence[Match], quality: Quality) -> dict[str, float]:
    return {
        "links": sum(row.action is Action.LINK for row in rows),
        "precision": quality.auto_precision,
        "recall": quality.auto_recall,
        "found": quality.found_in_five,
        "queue": quality.queue_share,
    }


def _portion(session: Session, before: MatchModel, after: MatchModel, change: Change, result: dict[str, Any]) -> bool:
    last = result.get("last", 0)
    ids = session.scalars(
        select(Candidate.profile_id)
        .where(Candidate.profile_id > last)
        .distinct()
        .order_by(Candidate.profile_id)
        .limit(PORTION)
    ).all()
    by_people = set(
        session.scalars(
            select(Judgment.profile_id).where(Judgment.profile_id.in_(ids), Judgment.judge != Judge.ENGINE.value)
        )
    )
    rows: dict[int, list[Candidate]] = {}
    for row in session.scalars(select(Candidate).where(Candidate.profile_id.in_(ids)).order_by(Candidate.id)):
        if row.profile_id not in by_people:
            rows.setdefault(row.profile_id, []).append(row)
    examples = list(result["examples"])
    for profile_id, candidates in rows.items():
        old, new = linked_by(candidates, before, ()), linked_by(candidates, after, change.off)
        if old != new:
            for kind, contact in (("lost", old), ("gained", new)):
                if contact is not None:
                    result[kind] += 1
                    if sum(each[0] == kind for each in examples) < NAMED:
                        examples.append([kind, profile_id, contact])
    result |= {"examples": examples, "looked": result["looked"] + len(rows), "last": ids[-1] if ids else last}
    return len(ids) == PORTION and result["looked"] < MOST


def linked_by(candidates: Sequence[Candidate], model: MatchModel, off: Iterable[str]) -> int | None:
    """The contact that the engine would link by itself, from the evidence that is stored."""
    silent = set(off)
    evidence = {row.contact_id: [each for each in row.evidence if each["rule"] not in silent] for row in candidates}
    sums = {ContactId(contact): math.fsum(float(each["bits"]) for each in rows) for contact, rows in evidence.items()}
    ranked = sorted(sums, key=lambda contact: (-sums[contact], contact))
    if not ranked or (len(ranked) > 1 and sums[ranked[0]] - sums[ranked[1]] < TIE_BITS):
        return None
    is_told = any(each["rule"] in TELLING and float(each["bits"]) > 0 for each in evidence[ranked[0]])
    return ranked[0] if is_told and calibrated(sums, model)[ranked[0]] >= model.auto_link else None


def keep(session: Session, now: datetime, row: ModelTrial, user_id: int) -> MatchModelRow | None:
    """Put what was tried in force: the promise, and a version of the model if rules or the queue change."""
    change = change_of(row)
    model_id, before = in_force(session)
    promise = promise_of(session)
    if change.one_wrong_in != promise.one_wrong_in:
        set_promise(session, now, replace(promise, one_wrong_in=change.one_wrong_in), user_id)
    if (change.review, set(change.off)) == (before.review, set(off_in(before))):
        return None
    after = changed_model(before, change)
    made = MatchModelRow(name=f"tried-{row.id}", body=json.loads(after.to_json()), created_at=now, created_by=user_id)
    session.add(made)
    session.flush()
    use_version(session, now, made.id)
    note(session, now, made, user_id, before=model_id)
    return made


def note(session: Session, now: datetime, model: MatchModelRow, user_id: int, *, before: int | None) -> None:
    """Say in the audit log which version is in force from now on, and which one was."""
    change = {"before": {"version": before}, "after": {"version": model.id}}
    session.add(AuditEntry(at=now, user_id=user_id, action="model.used", object=f"match_model/{model.id}", **change))


def versions(session: Session, limit: int) -> Sequence[tuple[MatchModelRow, bool]]:
    """The newest versions, each with whether it is in force."""
    found = active_model(session)
    rows = session.scalars(select(MatchModelRow).order_by(MatchModelRow.id.desc()).limit(limit)).all()
    return [(row, found is not None and row.id == found[0]) for row in rows]


Result = Mapping[str, Any]
