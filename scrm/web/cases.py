"""One case of the review: a profile, up to five contacts it may be, the evidence, and what a link would do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scrm.matching.judgments import latest_judgment_id, standing
from scrm.models import (
    Community,
    Connection,
    Consent,
    Contact,
    Interaction,
    Judgment,
    Profile,
    ReviewCase,
    User,
    audience_now,
)
from scrm.policy import Use, opening_of, permit, within_purposes
from scrm.purposes import hold
from scrm.reading.sight import Around, Sight
from scrm.web import current, options

MOST: Final = 5
SAID: Final = 3
COUNTED: Final = 1_000  # entries a link would write, counted no further
WALKED: Final = 3_000  # a person's newest judgments looked through for today's count


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a link would write, and what is held back and why."""

    writes: int
    held: Mapping[str, int]  # reason → how many
    is_more: bool


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What colleagues do with a case at the moment."""

    looked_at_by: str | None = None
    asked_of: str | None = None
    is_asked_of_me: bool = False
    notes: Sequence[tuple[str, str, datetime]] = ()  # who, what, when


@dataclass(frozen=True, kw_only=True)
class Case:
    """Everything a steward needs to decide."""

    profile: Profile
    options: Sequence[options.Option]
    candidates: int  # how many of the options are; the rest was searched for
    others: float
    nobody: float
    said: Sequence[tuple[Interaction, Sight]]
    effect: Effect
    seen: int
    last: Judgment | None
    last_by: str | None
    asks_consent: bool  # the network's terms ask for it
    consent: Consent | None
    is_blind: bool  # score and evidence wait until it is decided
    desk: Desk


def find(db: Session, public_id: UUID) -> Profile | None:
    return db.scalars(select(Profile).where(Profile.public_id == public_id)).one_or_none()


def open_case(db: Session, profile: Profile, user: User, now: datetime, others: Sequence[Contact] = ()) -> Case:
    """Read one case as this person may see it: some ten short queries, each by an index.

    `others` are contacts that were searched for; they stand behind the candidates.
    """
    waiting = db.get(ReviewCase, profile.id)
    is_blind = waiting is not None and waiting.is_blind
    stands = standing(db, profile.id)
    pairs = options.candidates_of(db, profile, stands)
    shown = options.build(db, profile, pairs, is_blind=is_blind)
    last = stands[0] if stands and not is_blind else None
    return Case(
        profile=profile,
        options=[*shown.options, *options.found(db, profile, others, after=shown.options)],
        candidates=len(shown.options),
        others=shown.others,
        nobody=shown.nobody,
        said=_said(db, profile, user.role, now),
        effect=_effect(db, profile),
        seen=latest_judgment_id(db, profile.id),
        last=last,
        last_by=_who_judged(db, last),
        asks_consent=permit(profile.network, Use.MATCH).needs_consent,
        consent=db.get(Consent, profile.id),
        is_blind=is_blind,
        desk=_desk(db, waiting, user, now),
    )


def _desk(db: Session, waiting: ReviewCase | None, user: User, now: datetime) -> Desk:
    """Who is looking at it, whose word it waits for, what was asked."""
    if waiting is None:
        return Desk()
    is_claimed = waiting.claimed_until is not None and waiting.claimed_until > now and waiting.claimed_by != user.id
    notes = waiting.notes
    wanted = {waiting.claimed_by, waiting.asked_of, *(note["by"] for note in notes)} - {None}
    names = {row.id: row.name for row in db.execute(select(User.id, User.name).where(User.id.in_(wanted)))}
    return Desk(
        looked_at_by=names.get(waiting.claimed_by or 0) if is_claimed else None,
        asked_of=names.get(waiting.asked_of or 0),
        is_asked_of_me=waiting.asked_of == user.id,
        notes=[(names.get(note["by"], ""), note["text"], datetime.fromisoformat(note["at"])) for note in notes],
    )


def judged_today(db: Session, user_id: int, since: datetime) -> int:
    """How many cases this person settled since the day began; walks back through their own judgments."""
    newest = (
        select(Judgment.created_at, Judgment.verdict, Judgment.undoes_id)
        .where(Judgment.user_id == user_id)
        .order_by(Judgment.id.desc())
        .limit(WALKED)
        .subquery()
    )
    today = newest.c.created_at >= since
    made = db.scalar(select(func.count()).select_from(newest).where(today, newest.c.verdict.is_not(None))) or 0
    undone = db.scalar(select(func.count()).select_from(newest).where(today, newest.c.undoes_id.is_not(None))) or 0
    return max(0, made - undone)


def _said(db: Session, profile: Profile, role: str, now: datetime) -> Sequence[tuple[Interaction, Sight]]:
    rows = db.scalars(
        select(Interaction)
        .where(Interaction.party_id == profile.id, Interaction.deleted_at.is_(None))
        .order_by(Interaction.occurred_at.desc(), Interaction.id.desc())
        .limit(SAID)
    ).all()
    around = Around.of(db, rows)
    seen = [(row, around.see(row, role, now)) for row in rows]
    return [(row, sight) for row, sight in seen if not sight.is_hidden]


def _effect(db: Session, profile: Profile) -> Effect:
    some = (
        select(audience_now().label("audience"), Interaction.connection_id)
        .outerjoin(Community, Community.id == Interaction.community_id)
        .where(Interaction.party_id == profile.id, Interaction.deleted_at.is_(None))
        .limit(COUNTED)
        .subquery()
    )
    counted = db.execute(
        select(some.c.audience, some.c.connection_id, func.count()).group_by(some.c.audience, some.c.connection_id)
    ).all()
    writes, held, total = 0, dict[str, int](), 0
    by_purpose = hold(db, profile, current.now())
    for audience, connection_id, number in counted:
        opening = opening_of(db.get(Connection, connection_id) if connection_id else None)
        permission = within_purposes(
            permit(profile.network, Use.WRITE, audience=audience, opening=opening), by_purpose
        )
        total += number
        if permission.allowed:
            writes += number
        else:
            held[permission.reason] = held.get(permission.reason, 0) + number
    return Effect(writes=writes, held=held, is_more=total >= COUNTED)


def _who_judged(db: Session, judgment: Judgment | None) -> str | None:
    if judgment is None or judgment.user_id is None:
        return None
    return db.scalar(select(User.name).where(User.id == judgment.user_id))
