"""Links that somebody objects to ("not my customer"): a steward keeps or undoes each."""

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.errors import ConflictError
from scrm.matching.judgments import Decision, decide
from scrm.models import Contact, Judge, Link, Objection, Profile, Role, User, Verdict
from scrm.web import counts, current
from scrm.web.contact_acts import linked_pair
from scrm.web.roles import allow
from scrm.web.wording import CAPPED

PAGE: Final = 50

blueprint = Blueprint("objections", __name__, url_prefix="/objections")


@blueprint.get("")
@allow(Role.STEWARD, Role.ADMIN)
def index() -> ResponseReturnValue:
    """The oldest first."""
    with current.core().db.read() as db:
        rows = db.execute(
            select(Objection, Profile, Contact, User.name)
            .join(Link, Link.judgment_id == Objection.judgment_id)
            .join(Profile, Profile.id == Link.profile_id)
            .join(Contact, Contact.id == Link.contact_id)
            .outerjoin(User, User.id == Objection.user_id)
            .order_by(Objection.id)
            .limit(PAGE)
        ).all()
        total = waiting(db)
    return render_template("objections.html", rows=rows, total=total)


@blueprint.post("/<uuid:contact_id>/<uuid:profile_id>")
@allow(Role.STEWARD, Role.ADMIN)
def settle(contact_id: UUID, profile_id: UUID) -> ResponseReturnValue:
    """Keep the link, which is then a steward's, or undo it for good."""
    verdict = Verdict.POSITIVE if request.form.get("decision") == "keep" else Verdict.NEGATIVE
    with current.core().db.write("reading.settle") as db:
        contact, profile, link = linked_pair(db, contact_id, profile_id)
        if link.judgment_id != request.form.get("judgment", type=int):
            raise ConflictError("the link was changed meanwhile")
        decide(
            db,
            current.now(),
            Decision(
                profile_id=profile.id,
                contact_id=contact.id,
                verdict=verdict,
                judge=Judge.STEWARD,
                user_id=current.user().id,
                seen_judgment_id=-1,
            ),
        )
    current.wake("expand")
    return redirect(url_for("objections.index"))


def waiting(db: Session) -> int:
    """How many wait, counted up to just above the cap."""
    some = select(Objection.id).join(Link, Link.judgment_id == Objection.judgment_id)
    return counts.bounded(db, some, CAPPED + 1)
