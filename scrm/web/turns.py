"""What the CRM did with contacts that moved timelines: merged, converted, deleted, brought back; for stewards.

Nothing is decided here. A profile that went along to the wrong contact is unlinked on that contact's page; what the
CRM takes back comes back by itself, because judgments keep the contact that they named.
"""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from scrm.i18n import N_
from scrm.models import Contact, ContactTurn, Judgment, Link, Profile, Role, Turn, Verdict
from scrm.web import current
from scrm.web.roles import allow

SHOWN: Final = 30
NAMED: Final = 5
WORDS: Final = {
    Turn.MERGED: N_("Merged"),
    Turn.CONVERTED: N_("Became a contact"),
    Turn.DELETED: N_("Deleted"),
    Turn.RESTORED: N_("Brought back"),
}

blueprint = Blueprint("turns", __name__, url_prefix="/contacts/turns")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One turn, who lives on, and the profiles it concerns with the contact each is linked with now."""

    turn: ContactTurn
    contact: Contact
    into: Contact | None
    profiles: list[tuple[Profile, Contact | None]]


@blueprint.get("")
@allow(Role.ADMIN, Role.STEWARD)
def index() -> ResponseReturnValue:
    """The newest turns first."""
    before = request.args.get("before", 0, int)
    with current.core().db.read() as db:
        lines = _lines(db, before)
    return render_template("turns.html", lines=lines[:SHOWN], more=len(lines) > SHOWN, words_of=WORDS)


def _lines(db: Session, before: int) -> list[Line]:
    into = aliased(Contact)
    query = (
        select(ContactTurn, Contact, into)
        .join(Contact, Contact.id == ContactTurn.contact_id)
        .outerjoin(into, into.id == ContactTurn.into_id)
        .order_by(ContactTurn.id.desc())
        .limit(SHOWN + 1)
    )
    if before > 0:
        query = query.where(ContactTurn.id < before)
    return [
        Line(turn=turn, contact=contact, into=survivor, profiles=_profiles(db, contact))
        for turn, contact, survivor in db.execute(query)
    ]


def _profiles(db: Session, contact: Contact) -> list[tuple[Profile, Contact | None]]:
    """Profiles that were said to be this contact, with the contact they are linked with now."""
    said = select(Judgment.profile_id).where(
        Judgment.contact_id == contact.id, Judgment.verdict == Verdict.POSITIVE.value
    )
    rows = db.execute(
        select(Profile, Contact)
        .outerjoin(Link, Link.profile_id == Profile.id)
        .outerjoin(Contact, Contact.id == Link.contact_id)
        .where(Profile.id.in_(said))
        .order_by(Profile.id)
        .limit(NAMED)
    )
    return [(profile, linked) for profile, linked in rows]
