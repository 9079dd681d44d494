"""Several stewards at one desk: who looks at which case, questions to colleagues, contacts that are still missing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from flask import Blueprint, abort, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.errors import InputError
from scrm.i18n import gettext
from scrm.matching.judgments import Decision, decide
from scrm.matching.queue import ask, claim_case
from scrm.models import AuditEntry, Judge, Profile, Role, User, Verdict
from scrm.sync.new_contact import create_contact, may_create
from scrm.web import cases, current, queue
from scrm.web.roles import allow

MOST_COLLEAGUES: Final = 200

blueprint = Blueprint("desk", __name__, url_prefix="/review")


@blueprint.post("/<uuid:profile_id>/claim")
@allow(Role.STEWARD, Role.ADMIN)
def claim(profile_id: UUID) -> ResponseReturnValue:
    """Say that I am looking at this case, and learn who else does. Sent by our script."""
    with current.core().db.write("review.claim") as db:
        profile = _find(db, profile_id)
        other = claim_case(db, current.now(), profile.id, current.user().id)
        name = db.scalar(select(User.name).where(User.id == other)) if other else None
    if other is None:
        return jsonify(mine=True)
    return jsonify(mine=False, words=gettext("%(name)s is looking at this.") % {"name": name})


def move_on(place: queue.Position | None) -> UUID | None:
    """Claim the case that comes next: the one the browser shows already if it is free, else the next that is."""
    me, now = current.user(), current.now()
    with current.core().db.write("review.move_on") as db:
        shown = _shown(db)
        if shown is not None and queue.position(db, shown.id) and claim_case(db, now, shown.id, me.id) is None:
            return shown.public_id
        for profile in queue.upcoming(db, queue.asked_for(), me, now, after=place):
            if claim_case(db, now, profile.id, me.id) is None:
                return profile.public_id
    return None


def _shown(db: Session) -> Profile | None:
    try:
        return cases.find(db, UUID(request.form.get("shown", "")))
    except ValueError:
        return None


@blueprint.post("/<uuid:profile_id>/ask")
@allow(Role.STEWARD, Role.ADMIN)
def ask_colleague(profile_id: UUID) -> ResponseReturnValue:
    """Put the case before a colleague with a question, or before everybody again."""
    chosen = queue.asked_for()
    with current.core().db.write("review.ask") as db:
        profile = _find(db, profile_id)
        place = queue.position(db, profile.id)
        to = _colleague(db)
        if not ask(db, current.now(), profile.id, current.user(), to, request.form.get("text", "")):
            abort(409)
        db.add(
            AuditEntry(
                at=current.now(),
                user_id=current.user().id,
                action="review.asked",
                object=f"profile/{profile.public_id}",
                after={"to": to.id if to else None},
            )
        )
    if to is None or to.id == current.user().id:
        return redirect(url_for("review.case", profile_id=profile_id, **chosen.chosen))
    at = place.score if place else None
    return redirect(url_for("review.queue", after=profile_id, at=at, asked=1, **replace(chosen, whose="").chosen))


def _colleague(db: Session) -> User | None:
    told = request.form.get("to", "")
    if not told:
        return None
    try:
        found = db.scalars(select(User).where(User.public_id == UUID(told))).one_or_none()
    except ValueError:
        found = None
    if found is None or found.role == Role.REP or found.disabled_at is not None:
        abort(400)
    return found


def colleagues(db: Session) -> Sequence[User]:
    """Whom one may ask."""
    return db.scalars(
        select(User)
        .where(User.role != Role.REP.value, User.disabled_at.is_(None), User.id != current.user().id)
        .order_by(User.name)
        .limit(MOST_COLLEAGUES)
    ).all()


@blueprint.post("/<uuid:profile_id>/create")
@allow(Role.STEWARD, Role.ADMIN)
def create(profile_id: UUID) -> ResponseReturnValue:
    """Make a contact of this profile, where the CRM lets us, and link the two; twice makes one."""
    db, me = current.core().db, current.user()
    with db.read() as session:
        profile = _find(session, profile_id)
        if not may_create(session):
            abort(400)
    if profile.is_internal:
        raise InputError(gettext("Our own people are never linked to contacts."))
    contact = create_contact(db, f"profile:{profile.public_id}", _fields(profile))
    with db.write("review.create") as session:
        place = queue.position(session, profile.id)
        decision = Decision(
            profile_id=profile.id,
            contact_id=contact.id,
            verdict=Verdict.POSITIVE,
            judge=Judge.STEWARD,
            user_id=me.id,
            seen_judgment_id=request.form.get("seen", type=int) or 0,
        )
        made = decide(session, current.now(), decision)
        entry = AuditEntry(
            at=current.now(), user_id=me.id, action="contact.created", object=f"contact/{contact.public_id}"
        )
        session.add(entry)
    current.wake("keys")
    current.wake("expand")
    at = place.score if place else None
    return redirect(url_for("review.queue", after=profile_id, at=at, done=made.id, **queue.asked_for().chosen))


def _fields(profile: Profile) -> dict[str, object]:
    return {
        "kind": "account" if profile.is_organization else "contact",
        "full_name": profile.display_name or profile.handle or gettext("No name"),
        "company": profile.company,
        "title": profile.title,
        "city": profile.location,
        "language": profile.language,
        "emails": [profile.email] if profile.email else [],
        "handles": [[profile.network, profile.handle]] if profile.handle else [],
    }


def _find(db: Session, profile_id: UUID) -> Profile:
    profile = cases.find(db, profile_id)
    if profile is None:
        abort(404)
    return profile
