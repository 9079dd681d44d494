"""What people decided, newest first, and undoing any of it later, with what that calls back from the CRM."""

from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from scrm.i18n import N_
from scrm.matching.judgments import undo
from scrm.models import (
    Contact,
    EntryState,
    Interaction,
    Judge,
    Judgment,
    Link,
    Profile,
    Role,
    TimelineEntry,
    User,
    Verdict,
)
from scrm.web import counts, current
from scrm.web.roles import allow

SHOWN: Final = 50
MOST_ENTRIES: Final = 1_000
WORDS: Final = {
    Verdict.POSITIVE: N_("Linked"),
    Verdict.NEGATIVE: N_("Not this one"),
    Verdict.NOBODY: N_("Nobody here"),
    Verdict.UNSURE: N_("Unsure"),
}

blueprint = Blueprint("decisions", __name__, url_prefix="/review/decisions")


@dataclass(frozen=True, kw_only=True)
class Line:
    """A decision, who made it about whom, and whether it stands."""

    judgment: Judgment
    profile: Profile
    contact: Contact | None
    by: str | None
    is_undone: bool


@blueprint.get("")
@allow(Role.STEWARD, Role.ADMIN)
def index() -> ResponseReturnValue:
    """Everybody's decisions, or one's own."""
    before, whose = request.args.get("before", 0, int), request.args.get("whose", "")
    with current.core().db.read() as db:
        query = _query().limit(SHOWN + 1)
        query = query.where(Judgment.user_id == current.user().id) if whose == "me" else query
        lines = [_line(row) for row in db.execute(query.where(Judgment.id < before) if before > 0 else query)]
    return render_template(
        "decisions.html", lines=lines[:SHOWN], more=len(lines) > SHOWN, whose=whose, verdict_words=WORDS
    )


@blueprint.get("/<int(max=4611686018427387904):judgment_id>")
@allow(Role.STEWARD, Role.ADMIN)
def ask(judgment_id: int) -> ResponseReturnValue:
    """Say what undoing would do, before it is done."""
    with current.core().db.read() as db:
        line = _one(db, judgment_id)
        link = db.get(Link, line.profile.id)
        recalled = _written(db, line.profile) if link is not None and link.judgment_id == judgment_id else 0
    return render_template("decision.html", line=line, recalled=recalled, verdict_words=WORDS)


@blueprint.post("/<int(max=4611686018427387904):judgment_id>")
@allow(Role.STEWARD, Role.ADMIN)
def take_back(judgment_id: int) -> ResponseReturnValue:
    """Undo it, whoever made it."""
    with current.core().db.write("decisions.undo") as db:
        line = _one(db, judgment_id)
        undo(db, current.now(), judgment_id, current.user().id)
    current.wake("expand")
    return redirect(url_for("review.case", profile_id=line.profile.public_id))


def _query() -> Any:
    later = aliased(Judgment)
    return (
        select(Judgment, Profile, Contact, User.name, later.id)
        .join(Profile, Profile.id == Judgment.profile_id)
        .outerjoin(Contact, Contact.id == Judgment.contact_id)
        .outerjoin(User, User.id == Judgment.user_id)
        .outerjoin(later, later.undoes_id == Judgment.id)
        .where(Judgment.judge == Judge.STEWARD.value, Judgment.verdict.is_not(None))
        .order_by(Judgment.id.desc())
    )


def _line(row: Any) -> Line:
    judgment, profile, contact, by, later_id = row
    return Line(judgment=judgment, profile=profile, contact=contact, by=by, is_undone=later_id is not None)


def _one(db: Session, judgment_id: int) -> Line:
    row = db.execute(_query().where(Judgment.id == judgment_id)).one_or_none()
    if row is None:
        abort(404)
    return _line(row)


def _written(db: Session, profile: Profile) -> int:
    """Entries of this profile that stand in the CRM."""
    some = (
        select(TimelineEntry.id)
        .join(Interaction, Interaction.id == TimelineEntry.interaction_id)
        .where(
            Interaction.party_id == profile.id,
            TimelineEntry.is_wanted.is_(True),
            TimelineEntry.state == EntryState.DONE.value,
        )
    )
    return counts.bounded(db, some, MOST_ENTRIES)
