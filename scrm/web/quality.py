"""What looks wrong in the data: counts and lists, each with the next step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scrm.i18n import N_
from scrm.matching.quality import Flaw
from scrm.models import Chore, Contact, HandleHistory, Link, Profile, QualityCount, QualityFinding, Role
from scrm.web import current
from scrm.web.roles import allow

SHOWN: Final = 50
TITLES: Final = {
    Flaw.TWO_CONTACTS: N_("One profile, two contacts"),
    Flaw.TWO_PROFILES: N_("One contact, two profiles on one network"),
    Flaw.RECYCLED: N_("Handles that somebody else had before"),
    Flaw.RENAMED: N_("Linked profiles that changed their handle"),
    Flaw.SHARED_EMAIL: N_("Contacts that share an e-mail address"),
}
STEPS: Final = {
    Flaw.TWO_CONTACTS: N_("People linked it with both, say before a merge was undone. Undo the wrong decision."),
    Flaw.TWO_PROFILES: N_("An office and a private account, or two people. Unlink the one that is somebody else."),
    Flaw.RECYCLED: N_("Links go by the account's number; check contacts whose record names the handle."),
    Flaw.RENAMED: N_("Mostly harmless. Look whether it is the same person still; accounts are sold."),
    Flaw.SHARED_EMAIL: N_("A shared mailbox, or one person twice. Merge doubles in the CRM."),
}

blueprint = Blueprint("quality", __name__, url_prefix="/review/quality")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One finding: contacts, and profiles with the contact each is linked with and the handles it had."""

    contacts: Sequence[Contact]
    profiles: Sequence[tuple[Profile, Contact | None, Sequence[str]]]


@blueprint.get("")
@allow(Role.STEWARD, Role.ADMIN)
def index() -> ResponseReturnValue:
    """How much of each kind, and when it was looked for."""
    with current.core().db.read() as db:
        found = {row.kind: row for row in db.scalars(select(QualityCount))}
    return render_template("quality.html", found=found, titles=TITLES, steps=STEPS)


@blueprint.get("/<flaw>")
@allow(Role.STEWARD, Role.ADMIN)
def show(flaw: str) -> ResponseReturnValue:
    """What was found of one kind."""
    if flaw not in set(Flaw):
        abort(404)
    after = request.args.get("after", 0, int)
    with current.core().db.read() as db:
        rows = db.scalars(
            select(QualityFinding)
            .where(QualityFinding.kind == flaw, QualityFinding.id > after)
            .order_by(QualityFinding.id)
            .limit(SHOWN + 1)
        ).all()
        lines = [_line(db, row) for row in rows[:SHOWN]]
        count = db.get(QualityCount, flaw)
    return render_template(
        "quality_list.html",
        flaw=Flaw(flaw),
        lines=lines,
        last=rows[SHOWN - 1].id if len(rows) > SHOWN else None,
        count=count,
        titles=TITLES,
        steps=STEPS,
    )


@blueprint.post("/look")
@allow(Role.STEWARD, Role.ADMIN)
def look() -> ResponseReturnValue:
    """Look again now instead of tomorrow."""
    with current.core().db.write("quality.order") as db:
        db.execute(update(Chore).where(Chore.name == "quality").values(due_at=current.now()))
    current.wake("quality")
    return redirect(url_for("quality.index", ordered=1))


def _line(db: Session, row: QualityFinding) -> Line:
    contacts = {one.id: one for one in db.scalars(select(Contact).where(Contact.id.in_(row.contacts)))}
    profiles = {one.id: one for one in db.scalars(select(Profile).where(Profile.id.in_(row.profiles)))}
    links = select(Link.profile_id, Contact).join(Contact, Contact.id == Link.contact_id)
    found = db.execute(links.where(Link.profile_id.in_(row.profiles)))
    linked = {one.profile_id: one.Contact for one in found}
    handles: dict[int, list[str]] = {}
    history = select(HandleHistory.profile_id, HandleHistory.handle).where(HandleHistory.profile_id.in_(row.profiles))
    for profile_id, handle in db.execute(history.order_by(HandleHistory.last_seen_at.desc())):
        handles.setdefault(profile_id, []).append(handle)
    return Line(
        contacts=[contacts[one] for one in row.contacts if one in contacts],
        profiles=[
            (profiles[one], linked.get(one), handles.get(one, [])[:4]) for one in row.profiles if one in profiles
        ],
    )
