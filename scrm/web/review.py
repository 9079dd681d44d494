"""The steward's queue: one case, one screen, one key. Decisions are forms; a script only makes them faster."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.errors import ConflictError, InputError
from scrm.i18n import gettext
from scrm.matching.consent import give_consent, withdraw_consent
from scrm.matching.judgments import Decision, decide, undo
from scrm.models import Candidate, Contact, Judge, Judgment, Profile, Role, Verdict
from scrm.web import cases, counts, current, frame, people_search
from scrm.web.roles import allow

LONGEST_REASON = 500
DAILY = 200
VERDICTS = {
    "link": Verdict.POSITIVE,
    "not": Verdict.NEGATIVE,
    "nobody": Verdict.NOBODY,
    "unsure": Verdict.UNSURE,
}

blueprint = Blueprint("review", __name__, url_prefix="/review")


@blueprint.get("")
@allow(Role.STEWARD, Role.ADMIN)
def queue() -> ResponseReturnValue:
    """The next case, or that nothing is waiting."""
    wanted = _queue()
    with current.core().db.read() as db:
        after = _after(db)
        ahead = cases.upcoming(db, wanted, after=after, limit=2)
        if not ahead:
            return render_template("review_empty.html", skipped=after is not None, **_around(db, wanted))
        return _page(db, ahead[0], wanted, ahead[1:])


@blueprint.get("/<uuid:profile_id>")
@allow(Role.STEWARD, Role.ADMIN)
def case(profile_id: UUID) -> ResponseReturnValue:
    """One case by its address."""
    wanted = _queue()
    with current.core().db.read() as db:
        profile = cases.find(db, profile_id)
        if profile is None:
            abort(404)
        ahead = [row for row in cases.upcoming(db, wanted, after=profile, limit=1) if row.id != profile.id]
        return _page(db, profile, wanted, ahead)


@blueprint.post("/<uuid:profile_id>")
@allow(Role.STEWARD, Role.ADMIN)
def settle(profile_id: UUID) -> ResponseReturnValue:
    """Judge this profile; 409 with what stands when somebody was first."""
    verdict = VERDICTS.get(request.form.get("decision", ""))
    if verdict is None:
        abort(400)
    now = current.now()
    try:
        with current.core().db.write("review.settle") as db:
            profile = cases.find(db, profile_id)
            if profile is None:
                abort(404)
            judgment = decide(db, now, _decision(db, profile, verdict))
            stays = profile.match_state == _queue().state and verdict is Verdict.NEGATIVE
    except ConflictError:
        return _conflict(profile_id)
    except InputError as why:
        return render_template("error.html", code=400, title=gettext("Not possible"), text=gettext(str(why))), 400
    current.wake("expand")
    if stays:
        return redirect(url_for("review.case", profile_id=profile_id, done=judgment.id, **_filters()))
    return redirect(url_for("review.queue", after=profile_id, done=judgment.id, **_filters()))


@blueprint.post("/undo")
@allow(Role.STEWARD, Role.ADMIN)
def take_back() -> ResponseReturnValue:
    """Undo one's own decision and show the case again."""
    judgment_id = request.form.get("judgment", type=int) or 0
    try:
        with current.core().db.write("review.undo") as db:
            judgment = db.get(Judgment, judgment_id)
            if judgment is None or judgment.user_id != current.user().id:
                abort(404)
            profile = db.get_one(Profile, judgment.profile_id)
            undo(db, current.now(), judgment_id, current.user().id)
    except ConflictError:
        return _conflict(profile.public_id)
    current.wake("expand")
    return redirect(url_for("review.case", profile_id=profile.public_id, undone=judgment_id, **_filters()))


@blueprint.post("/<uuid:profile_id>/consent")
@allow(Role.STEWARD, Role.ADMIN)
def consent(profile_id: UUID) -> ResponseReturnValue:
    """Record that the person agreed to be linked, or that they no longer do."""
    try:
        with current.core().db.write("review.consent") as db:
            profile = cases.find(db, profile_id)
            if profile is None:
                abort(404)
            if request.form.get("act") == "withdraw":
                withdraw_consent(db, profile.id, current.user().id, current.now())
            else:
                give_consent(db, profile.id, request.form.get("source", ""), current.user().id, current.now())
    except InputError as why:
        text = gettext(str(why))
        return render_template("error.html", code=400, title=gettext("Not possible"), text=text), 400
    current.wake("match")
    return redirect(url_for("review.case", profile_id=profile_id, **_filters()))


def _decision(db: Session, profile: Profile, verdict: Verdict) -> Decision:
    contact = None
    if verdict in {Verdict.POSITIVE, Verdict.NEGATIVE}:
        try:
            public_id = UUID(request.form.get("contact", ""))
        except ValueError:
            raise InputError(gettext("Choose a contact first.")) from None
        contact = db.scalars(select(Contact).where(Contact.public_id == public_id)).one_or_none()
        if contact is None:
            abort(404)
    seen = None
    if contact is not None:
        mine = (Candidate.profile_id == profile.id) & (Candidate.contact_id == contact.id)
        seen = db.scalars(select(Candidate).where(mine)).one_or_none()
    return Decision(
        profile_id=profile.id,
        contact_id=contact.id if contact else None,
        verdict=verdict,
        judge=Judge.STEWARD,
        user_id=current.user().id,
        model_id=seen.model_id if seen else None,
        probability=seen.probability if seen else None,
        reason=request.form.get("why", "").strip()[:LONGEST_REASON] or None,
        seen_judgment_id=request.form.get("seen", type=int) or 0,
    )


def _conflict(profile_id: UUID) -> ResponseReturnValue:
    with current.core().db.read() as db:
        profile = cases.find(db, profile_id)
        if profile is None:
            abort(404)
        stands = cases.open_case(db, profile, current.user().role, current.now())
        contact = db.get(Contact, stands.last.contact_id) if stands.last and stands.last.contact_id else None
        words = {"case": stands, "contact": contact, **_around(db, _queue())}
        return render_template("review_conflict.html", **words), 409


def _page(db: Session, profile: Profile, wanted: cases.Queue, ahead: Any) -> ResponseReturnValue:
    opened = cases.open_case(db, profile, current.user().role, current.now())
    asked = request.args.get("q", "").strip()
    found = people_search.find(db, asked, limit=8) if asked else []
    chosen = request.args.get("c", 1, type=int)
    return render_template(
        "review_case.html",
        case=opened,
        chosen=min(max(chosen, 1), max(len(opened.options), 1)),
        ahead=ahead[0] if ahead else None,
        asked=asked,
        found=[row for row in found if row.id not in {option.contact.id for option in opened.options}],
        **_around(db, wanted),
    )


def _around(db: Session, wanted: cases.Queue) -> dict[str, Any]:
    """What stands around a case: progress, filters, and the last decision with its undo."""
    midnight = datetime.combine(current.now().astimezone(frame.zone()).date(), time(), frame.zone())
    return {
        "queue": wanted,
        "filters": _filters(),
        "networks": cases.networks_waiting(db, wanted),
        "waiting": counts.waiting(db),
        "today": cases.judged_today(db, current.user().id, midnight),
        "daily": DAILY,
        "toast": _toast(db),
    }


def _toast(db: Session) -> dict[str, Any] | None:
    """The last decision in words, from the address, so that reloading shows it again and changes nothing."""
    for name in ("done", "undone"):
        judgment = db.get(Judgment, request.args.get(name, type=int) or 0)
        if judgment is not None and judgment.user_id == current.user().id:
            contact = db.get(Contact, judgment.contact_id) if judgment.contact_id else None
            profile = db.get_one(Profile, judgment.profile_id)
            return {"kind": name, "judgment": judgment, "profile": profile, "contact": contact}
    return None


def _queue() -> cases.Queue:
    state = request.values.get("state", "")
    return cases.Queue(
        network=request.values.get("network", "")[:40], state=state if state in cases.STATES else cases.STATES[0]
    )


def _filters() -> dict[str, Any]:
    wanted = _queue()
    chosen = {"network": wanted.network, "state": wanted.state if wanted.state != cases.STATES[0] else ""}
    return {name: value for name, value in chosen.items() if value}


def _after(db: Session) -> Profile | None:
    try:
        return cases.find(db, UUID(request.args.get("after", "")))
    except ValueError:
        return None
