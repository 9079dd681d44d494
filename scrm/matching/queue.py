"""The stewards' queue: what waits, in which order, who is looking at it, whose word it waits for.

What teaches most comes first: a case's worth is how doubtful it is (the entropy of its best candidate's probability)
times how much of the timeline it would fill, and the queue multiplies it with how new its evidence is: the square
root of how many cases with the same evidence people have judged divides it.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from scrm.db import upsert
from scrm.matching.promise import VERIFIED, is_drawn
from scrm.models import (
    Candidate,
    Contact,
    EvidencePattern,
    Interaction,
    Judgment,
    LinkAudit,
    MatchState,
    Profile,
    ReviewCase,
    User,
    Verdict,
)

MANY = 100  # interactions counted at most
FLOOR = 0.05  # what a case is worth of which the engine is certain
FEWEST = 2  # candidates looked at: the best, and whether another is as good
LOUD = 1.0  # bits from which a finding is part of the pattern
CLOSE = 2.0  # bits between namesakes
NEW = 1000
LEASE = timedelta(minutes=2)
NOTES = 20
LONGEST_NOTE = 500
NAMES = frozenset({"surname", "given", "middle", "company_name"})
HANDLES = frozenset(
    {"surname_in_handle", "given_in_handle", "handle_rest", "handle_is_mailbox", "handle_is_domain", "same_handle"}
)


class Doubt(StrEnum):
    """What is doubtful about a case; stewards narrow the queue by it."""

    VERIFIED = "verified"  # a verified key, and still not certain
    NAMESAKES = "namesakes"
    CONTRADICTION = "contradiction"
    NAME = "name"
    HANDLE = "handle"
    SEVERAL = "several"
    SEARCH = "search"  # no candidate is left


def keep_case(session: Session, now: datetime, profile: Profile, audit: LinkAudit | None) -> None:
    """Bring the queue in line with a profile's state; an open audit of its link waits as well."""
    waits = profile.match_state in {MatchState.REVIEW, MatchState.UNSURE}
    row = session.get(ReviewCase, profile.id)
    if not waits and audit is None:
        if row is not None:
            session.execute(delete(ReviewCase).where(ReviewCase.profile_id == profile.id))
            session.expunge(row)
        return
    best = best_candidates(session, profile.id)
    is_blind = audit is not None or (bool(best) and profile.match_state == MatchState.REVIEW and _is_decoy(profile))
    probability = best[0].probability if best else 0.0
    values: dict[str, Any] = {
        "state": (MatchState.REVIEW if audit is not None else MatchState(profile.match_state)).value,
        "network": profile.network,
        "pattern_id": _pattern(session, levels_of(best[0].evidence) if best else ""),
        "kind": doubt_of(best).value,
        "band": None if is_blind else min(int(probability * 10), 9),
        "community_id": _community(session, profile.id),
        "worth": worth_of(0.5 if audit is not None else probability, _interactions(session, profile.id)),
        "is_blind": is_blind,
    }
    if row is None:
        session.add(ReviewCase(profile_id=profile.id, since=now, **values))
    else:
        for name, value in values.items():
            setattr(row, name, value)


def _is_decoy(profile: Profile) -> bool:
    """Some doubtful cases look like audits, so that a hidden score does not give away that the engine was certain."""
    return is_drawn(key_of_profile(profile), "decoy")


def key_of_profile(profile: Profile) -> str:
    """What a profile is drawn by: the same on every installation that reads it, and for good."""
    return f"{profile.network}\n{profile.scope}\n{profile.native_id}"


def best_candidates(session: Session, profile_id: int) -> Sequence[Candidate]:
    """The best two candidates that nobody refused."""
    refused = select(Judgment.contact_id).where(
        Judgment.profile_id == profile_id,
        Judgment.verdict == Verdict.NEGATIVE.value,
        Judgment.contact_id.is_not(None),
        Judgment.id.not_in(
            select(Judgment.undoes_id).where(Judgment.profile_id == profile_id, Judgment.undoes_id.is_not(None))
        ),
    )
    return session.scalars(
        select(Candidate)
        .join(Contact, Contact.id == Candidate.contact_id)
        .where(
            Candidate.profile_id == profile_id,
            Contact.deleted_at.is_(None),
            Contact.merged_into_id.is_(None),
            Candidate.contact_id.not_in(refused),
        )
        .order_by(Candidate.bits.desc(), Candidate.contact_id)
        .limit(FEWEST)
    ).all()


def levels_of(evidence: Sequence[Mapping[str, Any]]) -> str:
    """The pattern of a candidate's evidence: what spoke loudly, sorted, without the prior."""
    return " ".join(
        sorted(f"{row['rule']}.{row['level']}" for row in evidence[1:] if abs(float(row["bits"])) >= LOUD)
    )


def doubt_of(best: Sequence[Candidate]) -> Doubt:
    """Say what is doubtful about the best candidate."""
    if not best:
        return Doubt.SEARCH
    rows = best[0].evidence[1:]
    helpful = {str(row["rule"]) for row in rows if float(row["bits"]) >= LOUD}
    if not VERIFIED.isdisjoint(f"{row['rule']}.{row['level']}" for row in rows):
        return Doubt.VERIFIED
    if len(best) == FEWEST and best[0].bits - best[1].bits < CLOSE:
        return Doubt.NAMESAKES
    if any(float(row["bits"]) <= -LOUD for row in rows):
        return Doubt.CONTRADICTION
    if helpful <= NAMES:
        return Doubt.NAME
    return Doubt.HANDLE if helpful <= HANDLES else Doubt.SEVERAL


def worth_of(probability: float, interactions: int) -> int:
    """What settling a case is worth before novelty: its entropy times what it would bring to the timeline."""
    inside = min(max(probability, 1e-9), 1 - 1e-9)
    entropy = -inside * math.log2(inside) - (1 - inside) * math.log2(1 - inside)
    return round(1000 * (FLOOR + entropy) * (1 + interactions))


def _interactions(session: Session, profile_id: int) -> int:
    some = select(Interaction.id).where(Interaction.party_id == profile_id).limit(MANY).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _community(session: Session, profile_id: int) -> int | None:
    """Where this profile spoke to us last, if that was in a community."""
    return session.scalar(
        select(Interaction.community_id)
        .where(Interaction.party_id == profile_id, Interaction.deleted_at.is_(None))
        .order_by(Interaction.occurred_at.desc(), Interaction.id.desc())
        .limit(1)
    )


def _pattern(session: Session, levels: str) -> int:
    found = session.scalar(select(EvidencePattern.id).where(EvidencePattern.levels == levels))
    if found is None:
        row = {"levels": levels, "judged": 0, "agreed": 0, "novelty": NEW}
        session.execute(upsert(session, EvidencePattern).on_conflict_do_nothing(index_elements=["levels"]), [row])
        found = session.scalars(select(EvidencePattern.id).where(EvidencePattern.levels == levels)).one()
    return found


def note_pattern(session: Session, judgment: Judgment) -> None:
    """Remember what evidence a person judged, before the queue moves on."""
    case = session.get(ReviewCase, judgment.profile_id)
    if case is None:
        return
    best = best_candidates(session, judgment.profile_id)
    judgment.pattern_id = case.pattern_id
    judgment.is_best = bool(best) and judgment.contact_id in {None, best[0].contact_id}
    count_pattern(session, judgment)


def count_pattern(session: Session, judgment: Judgment) -> None:
    """One more of its kind is judged."""
    _count(session, judgment, 1)


def forget_pattern(session: Session, judgment: Judgment) -> None:
    """One less of its kind is judged."""
    _count(session, judgment, -1)


def _count(session: Session, judgment: Judgment, step: int) -> None:
    if judgment.pattern_id is None or not judgment.is_best or judgment.verdict == Verdict.UNSURE:
        return
    if judgment.batch_id is not None:
        return  # nobody looked at this one by itself
    row = session.get(EvidencePattern, judgment.pattern_id, with_for_update=True)
    if row is not None:
        row.judged = max(row.judged + step, 0)
        row.agreed = max(row.agreed + (step if judgment.verdict == Verdict.POSITIVE else 0), 0)
        row.novelty = round(NEW / math.sqrt(1 + row.judged))


def claim_case(session: Session, now: datetime, profile_id: int, user_id: int) -> int | None:
    """Say that somebody is looking at a case, and let go of the others; gives who looks at it already, if another."""
    row = session.get(ReviewCase, profile_id, with_for_update=True)
    if row is None:
        return None
    if row.claimed_by not in {None, user_id} and row.claimed_until is not None and row.claimed_until > now:
        return row.claimed_by
    session.execute(
        update(ReviewCase)
        .where(ReviewCase.claimed_by == user_id, ReviewCase.profile_id != profile_id)
        .values(claimed_by=None, claimed_until=None)
    )
    row.claimed_by, row.claimed_until = user_id, now + LEASE
    return None


def is_free(now: datetime, user_id: int) -> Any:
    """The condition that nobody else is looking at a case."""
    return or_(ReviewCase.claimed_by.is_(None), ReviewCase.claimed_by == user_id, ReviewCase.claimed_until <= now)


def ask(session: Session, now: datetime, profile_id: int, by: User, to: User | None, text: str) -> bool:
    """Put a case before a colleague with a question, or take it back; False when it waits no longer."""
    row = session.get(ReviewCase, profile_id, with_for_update=True)
    if row is None:
        return False
    note = {"by": by.id, "to": to.id if to else None, "text": text.strip()[:LONGEST_NOTE], "at": now.isoformat()}
    row.notes = [*row.notes, note][-NOTES:]
    row.asked_of = to.id if to else None
    row.claimed_by = row.claimed_until = None
    return True
