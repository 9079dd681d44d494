"""Whom a profile may be, as a steward sees it: candidates with values and evidence, and who was searched for.

Of a case that is judged blindly only the values are shown, in an order that chance made and that stays.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.models import Candidate, Contact, Judge, Judgment, Link, Profile, Verdict, survivor
from scrm.web import comparison, waterfall

MOST: Final = 5
Pair = tuple[Candidate, Contact]


@dataclass(frozen=True, kw_only=True)
class Option:
    """One contact the profile may be: a candidate, or somebody who was searched for."""

    rank: int
    contact: Contact
    probability: float | None  # empty where it is hidden, and for who was searched for
    rows: Sequence[comparison.Row]
    chips: Sequence[comparison.Row]
    falls: waterfall.Waterfall | None
    linked: Sequence[Profile]  # profiles this contact has already
    behind: waterfall.Behind | None = None  # why it is not the first


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The candidates, and the chances of further rivals and of nobody."""

    options: Sequence[Option]
    others: float
    nobody: float


def candidates_of(db: Session, profile: Profile, stands: Sequence[Judgment]) -> list[Pair]:
    """The best candidates that nobody refused."""
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
    return [(row[0], row[1]) for row in found if row[1].id not in refused][:MOST]


def build(db: Session, profile: Profile, pairs: Sequence[Pair], *, is_blind: bool) -> Shown:
    """Each candidate with what is shown of it."""
    chances, others, nobody = shares([(c.bits, c.probability) for c, _contact in pairs])
    linked = _linked(db, [contact.id for _candidate, contact in pairs], profile)
    if is_blind:
        shuffled = sorted((contact for _candidate, contact in pairs), key=lambda row: _by_chance(profile, row))
        shown = [_plain(rank, profile, contact, linked) for rank, contact in enumerate(shuffled, start=1)]
        return Shown(options=shown, others=0.0, nobody=0.0)
    best = pairs[0][0].evidence if pairs else []
    return Shown(
        options=[
            _option(rank, profile, pair, chance, linked, best)
            for rank, (pair, chance) in enumerate(zip(pairs, chances, strict=True), start=1)
        ],
        others=others,
        nobody=nobody,
    )


def found(db: Session, profile: Profile, contacts: Sequence[Contact], after: Sequence[Option]) -> list[Option]:
    """Contacts that were searched for, behind the candidates, each once."""
    known = {option.contact.id for option in after}
    fresh = [row for row in contacts if row.id not in known]
    linked = _linked(db, [row.id for row in fresh], profile)
    return [_plain(rank, profile, row, linked) for rank, row in enumerate(fresh, start=len(after) + 1)]


def _by_chance(profile: Profile, contact: Contact) -> bytes:
    return hashlib.blake2b(profile.public_id.bytes + contact.public_id.bytes, digest_size=8).digest()


def _plain(rank: int, profile: Profile, contact: Contact, linked: Mapping[int, Sequence[Profile]]) -> Option:
    """Values alone."""
    rows = comparison.compare(profile, contact, None)
    return Option(
        rank=rank,
        contact=contact,
        probability=None,
        rows=rows,
        chips=comparison.chips(rows),
        falls=None,
        linked=linked.get(contact.id, ()),
    )


def _option(
    rank: int,
    profile: Profile,
    pair: Pair,
    chance: float,
    linked: Mapping[int, Sequence[Profile]],
    best: Sequence[Mapping[str, object]],
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
        behind=waterfall.behind(best, candidate.evidence) if rank > 1 else None,
    )


def _linked(db: Session, contact_ids: Sequence[int], profile: Profile) -> dict[int, list[Profile]]:
    """Other profiles of these contacts."""
    rows: dict[int, list[Profile]] = {}
    if contact_ids:
        query = (
            select(Link.contact_id, Profile)
            .join(Profile, Profile.id == Link.profile_id)
            .where(Link.contact_id.in_(contact_ids), Link.profile_id != profile.id)
            .limit(MOST * 4)
        )
        for contact_id, other in db.execute(query):
            rows.setdefault(contact_id, []).append(other)
    return rows


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
