"""What a reader of a contact's page does: mark it as read, watch it, or say that a profile is not this contact."""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from scrm.db import upsert
from scrm.models import AuditEntry, Contact, ContactInterest, ContactVisit, Link, Objection, Profile
from scrm.web import current
from scrm.web.roles import EVERYBODY, allow

blueprint = Blueprint("contact_acts", __name__, url_prefix="/contacts/<uuid:contact_id>")


@blueprint.post("/read")
@allow(*EVERYBODY)
def mark_read(contact_id: UUID) -> ResponseReturnValue:
    """This person has seen what had arrived when the page was made; never goes back."""
    now = current.now()
    until = min(_time(request.form.get("until", "")) or now, now)
    with current.core().db.write("reading.visit") as db:
        contact = _contact(db, contact_id)
        newer = upsert(db, ContactVisit)
        later = func.max if db.get_bind().dialect.name == "sqlite" else func.greatest
        db.execute(
            newer.on_conflict_do_update(
                index_elements=["user_id", "contact_id"],
                set_={"seen_at": later(ContactVisit.seen_at, newer.excluded.seen_at)},
            ),
            [{"user_id": current.user().id, "contact_id": contact.id, "seen_at": until}],
        )
    if current.wants_part():
        return "", 204
    return redirect(url_for("contacts.show", contact_id=contact_id))


@blueprint.post("/watch")
@allow(*EVERYBODY)
def watch(contact_id: UUID) -> ResponseReturnValue:
    """Have this contact among one's own, or no longer; twice is once."""
    me = current.user().id
    with current.core().db.write("reading.watch") as db:
        contact = _contact(db, contact_id)
        if request.form.get("watch") == "off":
            mine = (ContactInterest.user_id == me) & (ContactInterest.contact_id == contact.id)
            db.execute(delete(ContactInterest).where(mine))
        else:
            wanted = {"user_id": me, "contact_id": contact.id, "since": current.now()}
            db.execute(upsert(db, ContactInterest).values(wanted).on_conflict_do_nothing())
    return redirect(url_for("contacts.show", contact_id=contact_id))


@blueprint.post("/object/<uuid:profile_id>")
@allow(*EVERYBODY)
def object_to(contact_id: UUID, profile_id: UUID) -> ResponseReturnValue:
    """Not my customer: hidden at once, and a steward is asked. Saying it twice changes nothing."""
    now, me = current.now(), current.user().id
    with current.core().db.write("reading.object") as db:
        contact, profile, link = linked_pair(db, contact_id, profile_id)
        made = db.execute(
            upsert(db, Objection)
            .values(
                judgment_id=link.judgment_id,
                profile_id=profile.id,
                contact_id=contact.id,
                user_id=me,
                created_at=now,
            )
            .on_conflict_do_nothing(index_elements=["judgment_id"])
            .returning(Objection.id)
        ).scalar()
        if made is not None:
            db.add(_entry("objection.made", now, profile, contact))
    return redirect(url_for("contacts.show", contact_id=contact.public_id, _anchor="profiles"))


@blueprint.post("/object/<uuid:profile_id>/take-back")
@allow(*EVERYBODY)
def take_back(contact_id: UUID, profile_id: UUID) -> ResponseReturnValue:
    """Whoever objected was wrong: the profile is shown again."""
    with current.core().db.write("reading.take_back") as db:
        contact, profile, link = linked_pair(db, contact_id, profile_id)
        gone = db.execute(delete(Objection).where(Objection.judgment_id == link.judgment_id).returning(Objection.id))
        if gone.scalar() is not None:
            db.add(_entry("objection.taken_back", current.now(), profile, contact))
    return redirect(url_for("contacts.show", contact_id=contact.public_id, _anchor="profiles"))


def linked_pair(db: Session, contact_id: UUID, profile_id: UUID) -> tuple[Contact, Profile, Link]:
    """A contact and a profile that is linked with it now, or 404."""
    row = db.execute(
        select(Contact, Profile, Link)
        .join(Link, Link.contact_id == Contact.id)
        .join(Profile, Profile.id == Link.profile_id)
        .where(Contact.public_id == contact_id, Profile.public_id == profile_id)
    ).one_or_none()
    if row is None:
        abort(404)
    return row[0], row[1], row[2]


def _contact(db: Session, public_id: UUID) -> Contact:
    row = db.scalars(select(Contact).where(Contact.public_id == public_id)).one_or_none()
    if row is None:
        abort(404)
    return row


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text[:40])
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _entry(action: str, now: datetime, profile: Profile, contact: Contact) -> AuditEntry:
    return AuditEntry(
        at=now,
        user_id=current.user().id,
        action=action,
        object=f"profile/{profile.public_id}",
        after={"contact": str(contact.public_id)},
    )
