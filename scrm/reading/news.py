"""What is new among one's own contacts: those one is the owner of in the CRM, and those one watches.

A person's contacts are told by the owner's address in the CRM, or by the owner's name where the CRM gives no address.
What counts is the last month. Whoever has very many contacts is shown what is newest of all that was said here: the
cost is bounded by rows, whatever the size of the tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import CompoundSelect, Select, func, or_, select
from sqlalchemy.orm import Session

from scrm.db import among
from scrm.models import Contact, ContactInterest, ContactVisit, Interaction, Link, Profile, User, undoubted
from scrm.reading import answers
from scrm.reading.sight import Around, Sight
from scrm.records import Direction

WINDOW: Final = timedelta(days=30)
LATE: Final = timedelta(minutes=1)  # what was being stored while the page was read is new the next time, too
MOST_PROFILES: Final = 1_000  # of one's contacts; with more, one walks along what was said last
MOST_ROWS: Final = 500
WALKED: Final = 5_000


@dataclass(frozen=True, kw_only=True)
class News:
    """A contact with what calls for a look: its newest question that waits, else what it said last."""

    contact: Contact
    profile: Profile
    interaction: Interaction
    sight: Sight
    is_open: bool  # a question that nobody of us answered
    count_new: int  # how much arrived since the person last read this contact's page


def of(db: Session, user: User, now: datetime, *, since: datetime | None = None) -> list[News]:
    """Everything of the last month, or what arrived since a time: questions that wait first, then the newest."""
    rows = db.execute(_rows(db, user, now, since)).all()
    around = Around.of(db, [row[0] for row in rows])
    seen = [(*row, around.see(row[0], user.role, now)) for row in rows]
    seen = [row for row in seen if not row[4].is_hidden]
    waiting = answers.unanswered(db, [row[0] for row in seen if row[4].text])
    by_contact: dict[int, list[Any]] = {}
    for row in seen:
        by_contact.setdefault(row[2].id, []).append(row)
    found = [_news(mine, waiting) for mine in by_contact.values()]
    return sorted(found, key=lambda one: (not one.is_open, -one.interaction.occurred_at.timestamp()))


def _news(rows: Sequence[Any], waiting: set[int]) -> News:
    """One contact's rows, newest first, as one piece of news."""
    head = next((row for row in rows if row[0].id in waiting), rows[0])
    interaction, profile, contact, seen_at, sight = head
    new = [row for row in rows if seen_at is None or row[0].received_at > seen_at - LATE]
    return News(
        contact=contact,
        profile=profile,
        interaction=interaction,
        sight=sight,
        is_open=interaction.id in waiting,
        count_new=len(new),
    )


def is_owner(user: User, contact: Contact) -> bool:
    """Whether the CRM names this person as the contact's owner."""
    if contact.owner_email:
        return contact.owner_email == user.email.lower()
    return contact.owner == user.name


def has_any(db: Session, user: User) -> bool:
    """Whether any contact is the person's own."""
    alive = (Contact.deleted_at.is_(None), Contact.merged_into_id.is_(None))
    return db.scalar(select(Contact.id).where(Contact.id.in_(_mine(user)), *alive).limit(1)) is not None


def _mine(user: User) -> CompoundSelect[int]:
    """Ids of a person's contacts; of one that was watched and then merged, the one it was merged into."""
    by_address = select(Contact.id).where(Contact.owner_email == user.email.lower())
    by_name = select(Contact.id).where(Contact.owner == user.name, Contact.owner_email.is_(None))
    watched = (
        select(func.coalesce(Contact.merged_into_id, Contact.id))
        .join(ContactInterest, ContactInterest.contact_id == Contact.id)
        .where(ContactInterest.user_id == user.id)
    )
    return by_address.union(by_name, watched)


def _rows(
    db: Session, user: User, now: datetime, since: datetime | None
) -> Select[Interaction, Profile, Contact, datetime]:
    query = (
        select(Interaction, Profile, Contact, ContactVisit.seen_at)
        .join(Profile, Profile.id == Interaction.party_id)
        .join(Link, Link.profile_id == Interaction.party_id)
        .join(Contact, Contact.id == Link.contact_id)
        .outerjoin(ContactVisit, (ContactVisit.contact_id == Contact.id) & (ContactVisit.user_id == user.id))
        .where(
            Interaction.direction == Direction.IN.value,
            Interaction.deleted_at.is_(None),
            Interaction.occurred_at > now - WINDOW,
            or_(Interaction.expires_at.is_(None), Interaction.expires_at > now),
            Contact.deleted_at.is_(None),
            undoubted(),
        )
        .order_by(Interaction.occurred_at.desc(), Interaction.id.desc())
        .limit(MOST_ROWS)
    )
    if since is not None:
        query = query.where(Interaction.received_at >= since)
    mine = _mine(user).subquery()
    profiles = db.scalars(
        select(Link.profile_id).join(mine, mine.c[0] == Link.contact_id).limit(MOST_PROFILES + 1)
    ).all()
    if len(profiles) <= MOST_PROFILES:
        return query.where(among(db, Interaction.party_id, profiles))  # type: ignore[arg-type]
    newest = select(Interaction.id).order_by(Interaction.id.desc()).limit(WALKED).subquery()
    return query.join(newest, newest.c.id == Interaction.id).where(Contact.id.in_(_mine(user)))
