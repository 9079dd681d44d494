"""The profiles of a contact with the reason of each link, and those that somebody objects to."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from scrm.models import Candidate, Contact, Judgment, Link, Objection, Profile, User
from scrm.web import comparison, timeline


@dataclass(frozen=True, kw_only=True)
class Linked:
    """A profile of a contact, why it is one, and who says that it is not."""

    profile: Profile
    judgment: Judgment
    judged_by: str | None
    reasons: Sequence[comparison.Row]
    objection: Objection | None
    objected_by: str | None


def linked(db: Session, contact: Contact) -> list[Linked]:
    """Every profile linked with the contact: one query."""
    doubter = aliased(User)
    rows = db.execute(
        select(Profile, Judgment, User.name, Candidate, Objection, doubter.name)
        .join(Link, Link.profile_id == Profile.id)
        .join(Judgment, Judgment.id == Link.judgment_id)
        .outerjoin(User, User.id == Judgment.user_id)
        .outerjoin(Candidate, (Candidate.profile_id == Profile.id) & (Candidate.contact_id == contact.id))
        .outerjoin(Objection, Objection.judgment_id == Link.judgment_id)
        .outerjoin(doubter, doubter.id == Objection.user_id)
        .where(Link.contact_id == contact.id)
        .order_by(Profile.network, Profile.id)
        .limit(timeline.MOST_PROFILES)
    )
    return [
        Linked(
            profile=row[0],
            judgment=row[1],
            judged_by=row[2],
            reasons=_reasons(row[0], contact, row[3]),
            objection=row[4],
            objected_by=row[5],
        )
        for row in rows
    ]


def shown(rows: Sequence[Linked]) -> list[Profile]:
    """Those whose words belong on the timeline: what somebody objects to is hidden until a steward judges."""
    return [row.profile for row in rows if row.objection is None]


def _reasons(profile: Profile, contact: Contact, candidate: Candidate | None) -> Sequence[comparison.Row]:
    if candidate is None:
        return ()
    return comparison.compare(profile, contact, candidate.evidence)
