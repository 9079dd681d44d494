"""One case of the review: a profile, up to five contacts it may be, the evidence, and what a link would do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from scrm.matching.judgments import latest_judgment_id, standing
from scrm.models import (
    Candidate,
    Community,
    Connection,
    Consent,
    Contact,
    Interaction,
    Judge,
    Judgment,
    Link,
    MatchState,
    Profile,
    User,
    Verdict,
    audience_now,
    survivor,
)
from scrm.policy import Use, opening_of, permit
from scrm.web import comparison, waterfall
from scrm.web.sight import Around, Sight

MOST: Final = 5
SAID: Final = 3
COUNTED: Final = 1_000  # entries a link would write, counted no further
WALKED: Final = 3_000  # newest judgments looked through for today's count; there is no index by person
STATES: Final = (MatchState.REVIEW.value, MatchState.UNSURE.value)


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Which profiles a steward works through."""

    network: str = ""
    state: str = MatchState.REVIEW.value


@dataclass(frozen=True, kw_only=True)
class Option:
    """One contact the profile may be."""

    rank: int
    contact: Contact
    probability: float
    rows: Sequence[comparison.Row]
    chips: Sequence[comparison.Row]
    falls: waterfall.Waterfall
    linked: Sequence[Profile]  # profiles this contact has already


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a link would write, and what is held back and why."""

    writes: int
    held: Mapping[str, int]  # reason → how many
    is_more: bool


@dataclass(frozen=True, kw_only=True)
class Case:
    """Everything a steward needs to decide."""

    profile: Profile
    options: Sequence[Option]
    others: float
    nobody: float
    said: Sequence[tuple[Interaction, Sight]]
    effect: Effect
    seen: int
    last: Judgment | None
    last_by: str | None
    asks_consent: bool  # the network's terms ask for it
    consent: Consent | None


def find(db: Session, public_id: UUID) -> Profile | None:
    return db.scalars(select(Profile).where(Profile.public_id == public_id)).one_or_none()


def upcoming(db: Session, queue: Queue, *, after: Profile | None = None, limit: int = 1) -> Sequence[Profile]:
    """The next profiles to be judged, what is worth most first; after a skipped one, those behind it."""
    query = select(Profile).where(Profile.match_state == queue.state, Profile.is_internal.is_(False))
    if queue.network:
        query = query.where(Profile.network == queue.network)
    if after is not None:
        query = query.where(tuple_(Profile.priority, Profile.id) < (after.priority, after.id))
    return db.scalars(query.order_by(Profile.priority.desc(), Profile.id.desc()).limit(limit)).all()


def open_case(db: Session, profile: Profile, role: str, now: datetime) -> Case:
    """Read one case as this role may see it: eight short queries, each by an index."""
    stands = standing(db, profile.id)
    refused = {
        survivor(db, row.contact_id)
        for row in stands
        if row.verdict == Verdict.NEGATIVE and row.contact_id is not None and row.judge != Judge.ENGINE
    }
    found = db.execute(
        select(Candidate, Contact)
        .join(Contact, Contact.id == Candidate.contact_id)
        .where(Candidate.profile_id == profile.id, Contact.deleted_at.is_(None), Contact.merged_into_id.is_(None))
        .order_by(Candidate.bits.desc(), Candidate.contact_id)
        .limit(MOST + len(refused))
    )
    pairs = [(row[0], row[1]) for row in found if row[1].id not in refused][:MOST]
    chances, others, nobody = shares([(c.bits, c.probability) for c, _contact in pairs])
    linked = _linked(db, [contact.id for _candidate, contact in pairs])
    last = stands[0] if stands else None
    return Case(
        profile=profile,
        options=[
            _option(rank, profile, pair, chance, linked)
            for rank, (pair, chance) in enumerate(zip(pairs, chances, strict=True), start=1)
        ],
        others=others,
        nobody=nobody,
        said=_said(db, profile, role, now),
        effect=_effect(db, profile),
        seen=latest_judgment_id(db, profile.id),
        last=last,
        last_by=_who_judged(db, last),
        asks_consent=permit(profile.network, Use.MATCH).needs_consent,
        consent=db.get(Consent, profile.id),
    )


def shares(scored: Sequence[tuple[float, float]]) -> tuple[list[float], float, float]:
    """Probabilities that make one: of those shown, of further rivals, and of nobody.

    The stored probability is after all rivals, so odds divided by it tell what all together weigh. Without a contact
    that was refused since, the rest shares what is left.
    """
    if not scored:
        return [], 0.0, 1.0
    odds = [2.0 ** min(bits, 60.0) for bits, _probability in scored]
    best = odds[0] / scored[0][1] if scored[0][1] > 0 else 1.0 + sum(odds)
    everything = max(best, 1.0 + sum(odds))
    nobody = 1.0 / everything
    mine = [one / everything for one in odds]
    return mine, max(0.0, 1.0 - nobody - sum(mine)), nobody


def judged_today(db: Session, user_id: int, since: datetime) -> int:
    """How many cases this person settled since the day began."""
    newest = (
        select(Judgment.user_id, Judgment.created_at, Judgment.verdict, Judgment.undoes_id)
        .order_by(Judgment.id.desc())
        .limit(WALKED)
        .subquery()
    )
    mine = (newest.c.user_id == user_id) & (newest.c.created_at >= since)
    made = db.scalar(select(func.count()).select_from(newest).where(mine, newest.c.verdict.is_not(None))) or 0
    undone = db.scalar(select(func.count()).select_from(newest).where(mine, newest.c.undoes_id.is_not(None))) or 0
    return max(0, made - undone)


def networks_waiting(db: Session, queue: Queue) -> Sequence[str]:
    """Networks that the newest part of the queue holds; for the filter."""
    some = (
        select(Profile.network)
        .where(Profile.match_state == queue.state)
        .order_by(Profile.priority.desc(), Profile.id.desc())
        .limit(COUNTED)
        .subquery()
    )
    return db.scalars(select(some.c.network).distinct().order_by(some.c.network)).all()


def _option(
    rank: int,
    profile: Profile,
    pair: tuple[Candidate, Contact],
    chance: float,
    linked: Mapping[int, Sequence[Profile]],
) -> Option:
    candidate, contact = pair
    rows = comparison.compare(profile, contact, candidate.evidence)
    return Option(
        rank=rank,
        contact=contact,
        probability=chance,
        rows=rows,
        chips=comparison.chips(rows),
        falls=waterfall.build(candidate.evidence),
        linked=linked.get(contact.id, ()),
    )


def _linked(db: Session, contact_ids: Sequence[int]) -> dict[int, list[Profile]]:
    found: dict[int, list[Profile]] = {}
    if contact_ids:
        query = (
            select(Link.contact_id, Profile)
            .join(Profile, Profile.id == Link.profile_id)
            .where(Link.contact_id.in_(contact_ids))
            .limit(MOST * 4)
        )
        for contact_id, profile in db.execute(query):
            found.setdefault(contact_id, []).append(profile)
    return found


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
    for audience, connection_id, number in counted:
        opening = opening_of(db.get(Connection, connection_id) if connection_id else None)
        permission = permit(profile.network, Use.WRITE, audience=audience, opening=opening)
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
