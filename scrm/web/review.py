"""The steward's queue: one case, one screen, one key. Decisions are forms; a script only makes them faster."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.errors import ConflictError, InputError
from scrm.i18n import gettext
from scrm.matching.batches import is_alike
from scrm.matching.consent import give_consent, withdraw_consent
from scrm.matching.judgments import Decision, decide, undo
from scrm.models import Candidate, Contact, Judge, Judgment, LinkAudit, Profile, ReviewCase, Role, Verdict
from scrm.sync.new_contact import may_create
from scrm.web import cases, counts, current, desk, frame, people_search, queue
from scrm.web.roles import allow

LONGEST_REASON = 500
DAILY = 200
FOUND = 4  # contacts found by a search, beside five candidates: one digit each
HIGHEST = 2**31
MOST_ALIKE = 1_000
VERDICTS = {
    "link": Verdict.POSITIVE,
    "not": Verdict.NEGATIVE,
    "nobody": Verdict.NOBODY,
    "unsure": Verdict.UNSURE,
}

blueprint = Blueprint("review", __name__, url_prefix="/review")


@blueprint.get("", endpoint="queue")
@allow(Role.STEWARD, Role.ADMIN)
def index() -> ResponseReturnValue:
    """The next case, or that nothing is waiting."""
    wanted, me, now = queue.asked_for(), current.user(), current.now()
    with current.core().db.read() as db:
        after = _after(db)
        ahead = queue.upcoming(db, wanted, me, now, after=after, limit=2)
        if not ahead:
            return render_template("review_empty.html", skipped=after is not None, **_around(db, wanted))
        return _page(db, ahead[0], wanted, ahead[1:])


@blueprint.get("/<uuid:profile_id>")
@allow(Role.STEWARD, Role.ADMIN)
def case(profile_id: UUID) -> ResponseReturnValue:
    """One case by its address."""
    wanted, me, now = queue.asked_for(), current.user(), current.now()
    with current.core().db.read() as db:
        profile = _find(db, profile_id)
        place = queue.position(db, profile.id)
        ahead = queue.upcoming(db, wanted, me, now, after=place, limit=2)
        return _page(db, profile, wanted, [row for row in ahead if row.id != profile.id])


@blueprint.post("/<uuid:profile_id>")
@allow(Role.STEWARD, Role.ADMIN)
def settle(profile_id: UUID) -> ResponseReturnValue:
    """Judge this profile; 409 with what stands when somebody was first."""
    verdict = VERDICTS.get(request.form.get("decision", ""))
    if verdict is None:
        abort(400)
    try:
        with current.core().db.write("review.settle") as db:
            profile = _find(db, profile_id)
            place = queue.position(db, profile.id)
            judgment = decide(db, current.now(), _decision(db, profile, verdict))
            stays = verdict is Verdict.NEGATIVE and queue.position(db, profile.id) is not None
    except ConflictError:
        return _conflict(profile_id)
    except InputError as why:
        return render_template("error.html", code=400, title=gettext("Not possible"), text=gettext(str(why))), 400
    current.wake("expand")
    chosen = queue.asked_for().chosen
    if stays:
        return redirect(url_for("review.case", profile_id=profile_id, done=judgment.id, **chosen))
    following = desk.move_on(place)
    if following is None:
        at = place.score if place else None
        return redirect(url_for("review.queue", after=profile_id, at=at, done=judgment.id, **chosen))
    return redirect(url_for("review.case", profile_id=following, done=judgment.id, **chosen))


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
    return redirect(
        url_for("review.case", profile_id=profile.public_id, undone=judgment_id, **queue.asked_for().chosen)
    )


@blueprint.post("/<uuid:profile_id>/consent")
@allow(Role.STEWARD, Role.ADMIN)
def consent(profile_id: UUID) -> ResponseReturnValue:
    """Record that the person agreed to be linked, or that they no longer do."""
    try:
        with current.core().db.write("review.consent") as db:
            profile = _find(db, profile_id)
            if request.form.get("act") == "withdraw":
                withdraw_consent(db, profile.id, current.user().id, current.now())
            else:
                give_consent(db, profile.id, request.form.get("source", ""), current.user().id, current.now())
    except InputError as why:
        text = gettext(str(why))
        return render_template("error.html", code=400, title=gettext("Not possible"), text=text), 400
    current.wake("match")
    return redirect(url_for("review.case", profile_id=profile_id, **queue.asked_for().chosen))


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


def _find(db: Session, profile_id: UUID) -> Profile:
    profile = cases.find(db, profile_id)
    if profile is None:
        abort(404)
    return profile


def _conflict(profile_id: UUID) -> ResponseReturnValue:
    with current.core().db.read() as db:
        stands = cases.open_case(db, _find(db, profile_id), current.user(), current.now())
        contact = db.get(Contact, stands.last.contact_id) if stands.last and stands.last.contact_id else None
        words = {"case": stands, "contact": contact, **_around(db, queue.asked_for())}
        return render_template("review_conflict.html", **words), 409


def _page(db: Session, profile: Profile, wanted: queue.Queue, ahead: Sequence[Profile]) -> ResponseReturnValue:
    asked = request.args.get("q", "").strip()
    found = people_search.find(db, asked, limit=FOUND, role=current.user().role) if asked else []
    opened = cases.open_case(db, profile, current.user(), current.now(), found)
    chosen = request.args.get("c", (opened.candidates if asked else 0) + 1, type=int)
    place = queue.position(db, profile.id)
    return render_template(
        "review_case.html",
        case=opened,
        chosen=min(max(chosen, 1), max(len(opened.options), 1)),
        ahead=ahead[0] if ahead else None,
        at=place.score if place else None,
        **_alike(db, opened),
        asked=asked,
        colleagues=desk.colleagues(db),
        may_create=may_create(db),
        **_around(db, wanted),
    )


def _alike(db: Session, opened: cases.Case) -> dict[str, int]:
    """How many cases wait with the same evidence, this one among them."""
    waiting = db.get(ReviewCase, opened.profile.id)
    if waiting is None or opened.is_blind:
        return {"alike": 0, "pattern_id": 0}
    same = select(ReviewCase.profile_id).where(*is_alike(waiting.pattern_id))
    return {"alike": counts.bounded(db, same, MOST_ALIKE), "pattern_id": waiting.pattern_id}


def _around(db: Session, wanted: queue.Queue) -> dict[str, Any]:
    """What stands around a case: progress, filters, and the last decision with its undo."""
    now = current.now()
    midnight = datetime.combine(now.astimezone(frame.zone()).date(), time(), frame.zone())
    return {
        "queue": wanted,
        "filters": wanted.chosen,
        "facet_labels": queue.LABELS,
        "facets": queue.facets(db, wanted, current.user(), now),
        "asked_of_me": queue.asked_of(db, current.user()),
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
            found = {"kind": name, "judgment": judgment, "profile": profile, "contact": contact}
            return {**found, "audit": _audited(db, judgment)}
    return None


def _audited(db: Session, judgment: Judgment) -> dict[str, Any] | None:
    """What a steward who judged blindly learns afterwards: whom the engine had linked, and how sure it was."""
    audit = db.scalars(select(LinkAudit).where(LinkAudit.answer_id == judgment.id)).one_or_none()
    if audit is None:
        return None
    return {
        "probability": audit.probability,
        "is_right": audit.is_right,
        "contact": db.get(Contact, audit.contact_id),
    }


def _after(db: Session) -> queue.Position | None:
    """Behind which case the queue goes on; its score stands in the address, because it may be settled by now."""
    try:
        profile = cases.find(db, UUID(request.args.get("after", "")))
    except ValueError:
        return None
    if profile is None:
        return None
    score = request.args.get("at", type=int)
    if score is None or not 0 <= score < HIGHEST:
        return queue.position(db, profile.id)
    return queue.Position(score=score, profile_id=profile.id)
