"""Cases of one pattern judged as one, and taken back as one: a job, a few at a time, that may stop anywhere.

What a steward approves is a pattern and the cases that waited then. A case that changed since, was taken by somebody,
or that terms keep apart, is left in the queue and counted as changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from scrm.errors import ConflictError, InputError
from scrm.i18n import N_
from scrm.matching.judgments import Decision, decide, latest_judgment_id, undo
from scrm.matching.queue import Doubt, best_candidates
from scrm.models import (
    AuditEntry,
    BatchState,
    EvidencePattern,
    Judge,
    Judgment,
    MatchState,
    ReviewBatch,
    ReviewCase,
    Verdict,
    claim,
    still_mine,
)
from scrm.runtime import Core

PORTION = 10
FEWEST = 5  # cases of a pattern that are worth judging as one
MOST = 50  # patterns told of
UNCLEAR = (Doubt.NAMESAKES.value, Doubt.SEARCH.value)


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Cases that wait with the same evidence, and what people said of such before."""

    pattern: EvidencePattern
    waiting: int


def is_alike(pattern_id: int) -> list[ColumnElement[bool]]:
    """The condition for cases that may be judged as one: one clear candidate, shown with its evidence."""
    return [
        ReviewCase.state == MatchState.REVIEW.value,
        ReviewCase.pattern_id == pattern_id,
        *_is_clear(),
    ]


def _is_clear() -> list[ColumnElement[bool]]:
    return [
        ReviewCase.is_blind.is_(False),
        ReviewCase.kind.not_in(UNCLEAR),
        ReviewCase.asked_of.is_(None),
    ]


def alike(session: Session) -> list[Alike]:
    """Patterns of which several cases wait, most first."""
    number = func.count().label("number")
    rows = session.execute(
        select(ReviewCase.pattern_id, number)
        .where(ReviewCase.state == MatchState.REVIEW.value, *_is_clear())
        .group_by(ReviewCase.pattern_id)
        .having(number >= FEWEST)
        .order_by(number.desc(), ReviewCase.pattern_id)
        .limit(MOST)
    ).all()
    ids = [row.pattern_id for row in rows]
    patterns = {row.id: row for row in session.scalars(select(EvidencePattern).where(EvidencePattern.id.in_(ids)))}
    return [Alike(pattern=patterns[row.pattern_id], waiting=row.number) for row in rows]


def count_alike(session: Session, pattern_id: int) -> int:
    """How many cases of a pattern wait now."""
    return session.scalar(select(func.count()).select_from(ReviewCase).where(*is_alike(pattern_id))) or 0


def begin(session: Session, now: datetime, pattern_id: int, verdict: Verdict, user_id: int, seen: int) -> ReviewBatch:
    """Approve a pattern as it was seen; raises ConflictError when more wait by now than the person saw."""
    if verdict not in {Verdict.POSITIVE, Verdict.NEGATIVE}:
        raise InputError(N_("Several cases are linked or refused as one, nothing else."))
    total = count_alike(session, pattern_id)
    if total == 0:
        raise InputError(N_("No case of this kind is waiting."))
    if total > seen:
        raise ConflictError("more cases wait than were seen")
    row = ReviewBatch(
        pattern_id=pattern_id,
        verdict=verdict.value,
        user_id=user_id,
        created_at=now,
        state=BatchState.DOING.value,
        total=total,
        due_at=now,
    )
    session.add(row)
    session.flush()
    _audit(session, now, row, user_id, f"batch.{verdict.value}")
    return row


def take_back(session: Session, now: datetime, row: ReviewBatch, user_id: int) -> None:
    """Undo a batch as one, also while it is still going on."""
    if row.state in {BatchState.UNDOING, BatchState.UNDONE}:
        raise ConflictError("this batch was undone already")
    row.state, row.last_id, row.undone_by = BatchState.UNDOING.value, 0, user_id
    row.due_at, row.lease_until, row.generation = now, None, row.generation + 1
    _audit(session, now, row, user_id, "batch.undone")


def _audit(session: Session, now: datetime, row: ReviewBatch, user_id: int, action: str) -> None:
    about = {"cases": row.total, "pattern": row.pattern_id}
    session.add(AuditEntry(at=now, user_id=user_id, action=action, object=f"batch/{row.public_id}", after=about))


def advance(core: Core) -> bool:
    """Judge or take back one portion; True when more is waiting."""
    now = core.db.clock.now()
    with core.db.write("batch.claim") as session:
        claimed = claim(session, ReviewBatch, now, seconds=core.settings.lease_seconds)
    if not claimed:
        return False
    with core.db.write("batch.portion") as session:
        mine = session.scalars(
            select(ReviewBatch).where(ReviewBatch.id == claimed[0].id, still_mine(claimed[0])).with_for_update()
        ).one_or_none()
        if mine is None:
            return True  # taken back meanwhile, or another process has it
        step = _judge if mine.state == BatchState.DOING else _undo
        has_more = step(session, now, mine)
        mine.lease_until, mine.crash_count = None, 0
        mine.due_at = now if has_more else None
    return True


def _judge(session: Session, now: datetime, row: ReviewBatch) -> bool:
    cases = session.scalars(
        select(ReviewCase)
        .where(*is_alike(row.pattern_id), ReviewCase.profile_id > row.last_id, ReviewCase.since <= row.created_at)
        .order_by(ReviewCase.profile_id)
        .limit(PORTION)
    ).all()
    for case in cases:
        row.last_id = case.profile_id
        row.done += _judge_one(session, now, row, case.profile_id)
    if len(cases) < PORTION:
        row.state = BatchState.DONE.value
        return False
    return True


def _judge_one(session: Session, now: datetime, row: ReviewBatch, profile_id: int) -> bool:
    seen = latest_judgment_id(session, profile_id)
    best = best_candidates(session, profile_id)
    if not best or best[0].computed_at > row.created_at:
        return False  # matched again since: the evidence may be of the same kind, but the pair was not there
    decision = Decision(
        profile_id=profile_id,
        contact_id=best[0].contact_id,
        verdict=Verdict(row.verdict),
        judge=Judge.STEWARD,
        user_id=row.user_id,
        model_id=best[0].model_id,
        probability=best[0].probability,
        batch_id=row.id,
        seen_judgment_id=seen,
    )
    try:
        decide(session, now, decision)
    except (ConflictError, InputError):
        return False
    return True


def _undo(session: Session, now: datetime, row: ReviewBatch) -> bool:
    made: Sequence[int] = session.scalars(
        select(Judgment.id)
        .where(Judgment.batch_id == row.id, Judgment.id > row.last_id)
        .order_by(Judgment.id)
        .limit(PORTION)
    ).all()
    for judgment_id in made:
        row.last_id = judgment_id
        try:
            undo(session, now, judgment_id, row.undone_by)
        except ConflictError:
            continue  # somebody took this one back before
        row.undone += 1
    if len(made) < PORTION:
        row.state = BatchState.UNDONE.value
        return False
    return True
