"""Judgments and the links that follow from them; the only writer of either.

Judgments are append-only. An undo is a later judgment that names the one it undoes; an undo can be undone. The link
of a profile is a function of the judgments that still stand, so it can always be derived anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from scrm.errors import ConflictError, InputError
from scrm.i18n import N_
from scrm.matching import audits
from scrm.matching.consent import link_permission
from scrm.matching.queue import count_pattern, forget_pattern, keep_case, note_pattern
from scrm.models import (
    AuditEntry,
    Candidate,
    Contact,
    HookEvent,
    Judge,
    Judgment,
    Link,
    MatchState,
    Profile,
    Verdict,
    mark_timelines_due,
    survivor,
)
from scrm.models.hooks import announce


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What somebody decides about a profile, perhaps together with one contact."""

    profile_id: int
    contact_id: int | None = None
    verdict: Verdict
    judge: Judge
    user_id: int | None = None
    token_id: int | None = None  # through which it came
    model_id: int | None = None
    probability: float | None = None
    basis: str | None = None  # the engine's: what the link rests on
    reason: str | None = None
    batch_id: int | None = None  # judged together with others
    seen_judgment_id: int | None = None  # newest judgment the person saw; -1: not asked


def decide(session: Session, now: datetime, decision: Decision) -> Judgment:
    """Write a judgment and derive the link, inside the caller's write transaction.

    Raises ConflictError when somebody else judged this profile after `seen_judgment_id` (0 or None: none seen; -1:
    not checked), InputError when the verdict needs a contact and there is none.
    """
    profile = _lock(session, decision.profile_id)
    if (decision.contact_id is None) != (
        decision.verdict is Verdict.NOBODY
    ) and decision.verdict is not Verdict.UNSURE:
        raise InputError(N_("This decision needs exactly one contact."))
    if profile.is_internal:
        raise InputError(N_("Our own people are never linked to contacts."))
    _check_terms(session, profile, decision)
    newest = latest_judgment_id(session, profile.id)
    if decision.seen_judgment_id != -1 and newest > (decision.seen_judgment_id or 0):
        raise ConflictError("somebody judged this profile first")
    row = Judgment(
        profile_id=profile.id,
        contact_id=decision.contact_id,
        verdict=decision.verdict.value,
        judge=decision.judge.value,
        user_id=decision.user_id,
        token_id=decision.token_id,
        model_id=decision.model_id,
        probability=decision.probability,
        basis=decision.basis,
        reason=decision.reason,
        batch_id=decision.batch_id,
        created_at=now,
    )
    if decision.judge is Judge.STEWARD:
        note_pattern(session, row)
    session.add(row)
    session.flush()
    if decision.judge is Judge.ENGINE and decision.verdict is Verdict.POSITIVE:
        audits.draw(session, now, profile, row, audits.promise_of(session))
    linked = _linked_with(session, profile)
    derive(session, now, profile)
    if decision.user_id is not None:
        _audit(session, now, row, f"judgment.{decision.verdict.value}", (linked, _linked_with(session, profile)))
    return row


def _check_terms(session: Session, profile: Profile, decision: Decision) -> None:
    """Nobody links what the network's terms keep apart."""
    contact = session.get(Contact, survivor(session, decision.contact_id) or 0)
    if decision.verdict is Verdict.POSITIVE and contact is not None:
        held = link_permission(session, profile, contact).reason
        if held:
            raise InputError(held)


def undo(session: Session, now: datetime, judgment_id: int, user_id: int | None) -> Judgment:
    """Take a judgment back by a later one; raises ConflictError when it was undone already."""
    undone = session.get(Judgment, judgment_id)
    if undone is None:
        raise InputError(N_("There is no such decision."))
    profile = _lock(session, undone.profile_id)
    if session.scalar(select(Judgment.id).where(Judgment.undoes_id == judgment_id)) is not None:
        raise ConflictError("this decision was undone already")
    row = Judgment(
        profile_id=profile.id,
        contact_id=undone.contact_id,
        verdict=None,
        judge=Judge.STEWARD.value,
        user_id=user_id,
        created_at=now,
        undoes_id=judgment_id,
    )
    session.add(row)
    session.flush()
    _count_back(session, undone)
    linked = _linked_with(session, profile)
    derive(session, now, profile)
    _audit(session, now, row, "judgment.undone", (linked, _linked_with(session, profile)))
    return row


def _count_back(session: Session, undone: Judgment) -> None:
    """What a judgment taught about its kind of evidence goes with it, and comes back with it."""
    if undone.undoes_id is None:
        forget_pattern(session, undone)
        return
    restored, depth = session.get_one(Judgment, undone.undoes_id), 1
    while restored.undoes_id is not None:
        restored, depth = session.get_one(Judgment, restored.undoes_id), depth + 1
    (count_pattern if depth % 2 else forget_pattern)(session, restored)


def latest_judgment_id(session: Session, profile_id: int) -> int:
    """Id of the newest judgment on a profile, 0 when there is none."""
    return session.scalar(select(func.max(Judgment.id)).where(Judgment.profile_id == profile_id)) or 0


def standing(session: Session, profile_id: int) -> list[Judgment]:
    """The judgments on a profile that are not undone, newest first."""
    rows = session.scalars(select(Judgment).where(Judgment.profile_id == profile_id).order_by(Judgment.id.desc()))
    undone: set[int] = set()
    stands = []
    for row in rows:
        if row.id in undone:
            continue
        if row.undoes_id is not None:
            undone.add(row.undoes_id)
        else:
            stands.append(row)
    return stands


def derive(session: Session, now: datetime, profile: Profile) -> None:
    """Bring link, match state and place in the queue of a profile in line with its judgments and candidates."""
    stands = standing(session, profile.id)
    linked, state = _outcome(session, profile, stands)
    old = session.get(Link, profile.id)
    was, becomes = old.contact_id if old else None, linked[1] if linked else None
    if linked is not None:
        judgment, contact_id = linked
        if old is None:
            session.add(
                Link(
                    profile_id=profile.id,
                    contact_id=contact_id,
                    judgment_id=judgment.id,
                    model_id=judgment.model_id,
                    basis=judgment.basis,
                    linked_at=now,
                )
            )
        elif old.contact_id != contact_id or old.judgment_id != judgment.id:
            old.contact_id, old.judgment_id, old.model_id = contact_id, judgment.id, judgment.model_id
            old.basis, old.linked_at = judgment.basis, now
    elif old is not None:
        session.execute(delete(Link).where(Link.profile_id == profile.id))
        session.expunge(old)
    profile.match_state = state.value
    session.flush()
    keep_case(session, now, profile, audits.answer(session, profile.id, stands))
    session.flush()
    mark_timelines_due(session, [profile.id], now)
    if was != becomes:
        _announce(session, profile, now, {HookEvent.UNLINKED: was, HookEvent.LINKED: becomes})


def _announce(session: Session, profile: Profile, now: datetime, links: Mapping[HookEvent, int | None]) -> None:
    for event, contact_id in links.items():
        if contact_id is not None:
            announce(session, event, now, network=profile.network, profile_id=profile.id, contact_id=contact_id)


def _outcome(
    session: Session, profile: Profile, stands: Sequence[Judgment]
) -> tuple[tuple[Judgment, int] | None, MatchState]:
    if profile.is_internal:
        return None, MatchState.INTERNAL
    refused = {
        survivor(session, row.contact_id): row.id
        for row in reversed(stands)
        if row.verdict == Verdict.NEGATIVE and row.contact_id is not None
    }
    for by_people in (True, False):
        for row in stands:
            if (row.judge != Judge.ENGINE) is not by_people or row.verdict == Verdict.NEGATIVE:
                continue
            if row.verdict == Verdict.NOBODY:
                return None, MatchState.NOBODY
            if row.verdict == Verdict.UNSURE:
                return None, MatchState.UNSURE
            contact_id = survivor(session, row.contact_id)
            stands_since = row.id if by_people else 0  # a refusal holds against whatever the engine says later
            if contact_id is None or refused.get(contact_id, 0) > stands_since:
                continue
            if not link_permission(session, profile, session.get_one(Contact, contact_id)).allowed:
                continue
            return (row, contact_id), MatchState.LINKED
    return None, MatchState.REVIEW if _has_candidate(session, profile.id, refused) else MatchState.NONE


def _has_candidate(session: Session, profile_id: int, refused: dict[int | None, int]) -> bool:
    rows = session.execute(
        select(Candidate.contact_id)
        .join(Contact, Contact.id == Candidate.contact_id)
        .where(
            Candidate.profile_id == profile_id,
            Candidate.for_review.is_(True),
            Contact.deleted_at.is_(None),
            Contact.merged_into_id.is_(None),
        )
    )
    return any(contact_id not in refused for (contact_id,) in rows)


def _lock(session: Session, profile_id: int) -> Profile:
    row = session.scalars(select(Profile).where(Profile.id == profile_id).with_for_update()).one_or_none()
    if row is None:
        raise InputError(N_("There is no such profile."))
    return row


def _linked_with(session: Session, profile: Profile) -> int | None:
    session.flush()
    return session.scalar(select(Link.contact_id).where(Link.profile_id == profile.id))


def _audit(
    session: Session, now: datetime, row: Judgment, action: str, linked: tuple[int | None, int | None]
) -> None:
    """`linked`: with which contact the profile was linked before, and is now."""
    session.add(
        AuditEntry(
            at=now,
            user_id=row.user_id,
            action=action,
            object=f"judgment/{row.id}",
            before={"linked": linked[0]},
            after={
                "linked": linked[1],
                "profile": row.profile_id,
                "contact": row.contact_id,
                "undoes": row.undoes_id,
            },
        )
    )
