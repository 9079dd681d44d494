"""Profiles: whom they may be, what was judged, and whether the person agreed."""

from typing import Any
from uuid import UUID

from flask import abort
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.matching.consent import give_consent, withdraw_consent
from scrm.matching.judgments import Decision, decide, standing, undo
from scrm.models import AuditEntry, Basis, Candidate, Consent, Contact, Ground, Judge, Judgment, Profile, Purpose
from scrm.purposes import Entry, end, record
from scrm.web import current
from scrm.web.api import schemas
from scrm.web.api.contacts import may_show
from scrm.web.api.routes import Blueprint, route
from scrm.web.api.tokens import Scope, caller, may_undo

MOST = 20
MOST_GROUNDS = 200

blueprint = Blueprint("api_profiles", __name__, url_prefix="/api/v1", description="Profiles, judgments, consents")


@route(blueprint, "GET /profiles/<uuid:profile_id>", Scope.PROFILES, gives=schemas.ProfileOut)
def one(profile_id: UUID) -> Profile:
    """One profile as its network shows it."""
    with current.core().db.read() as db:
        return _profile(db, profile_id)


@route(blueprint, "GET /profiles/<uuid:profile_id>/candidates", Scope.CANDIDATES, gives=schemas.CandidatesOut)
def candidates(profile_id: UUID) -> dict[str, Any]:
    """Whom this profile may be, likeliest first, and the judgments that stand."""
    with current.core().db.read() as db:
        profile = _profile(db, profile_id)
        rows = db.execute(
            select(Candidate, Contact)
            .join(Contact, Contact.id == Candidate.contact_id)
            .where(Candidate.profile_id == profile.id, Contact.deleted_at.is_(None), Contact.merged_into_id.is_(None))
            .order_by(Candidate.probability.desc(), Candidate.id)
            .limit(MOST)
        ).all()
        items = [
            {"contact": contact, "probability": row.probability, "evidence": row.evidence} for row, contact in rows
        ]
        return {"items": items, "judgments": standing(db, profile.id)[:MOST]}


@route(
    blueprint,
    "POST /profiles/<uuid:profile_id>/judgments",
    Scope.JUDGE,
    takes=schemas.JudgmentIn,
    gives=schemas.JudgmentOut,
    status=201,
)
def judge(told: dict[str, Any], profile_id: UUID) -> Judgment:
    """Judge a profile as a steward does; 409 when somebody judged it after `seen`."""
    now = current.now()
    with current.core().db.write("api.judge") as db:
        profile = _profile(db, profile_id)
        contact = None
        if told["contact"] is not None:
            contact = db.scalars(select(Contact).where(Contact.public_id == told["contact"])).one_or_none()
            if contact is None:
                abort(404)
        decision = Decision(
            profile_id=profile.id,
            contact_id=contact.id if contact else None,
            verdict=told["verdict"],
            judge=Judge.STEWARD,
            user_id=caller().user_id,
            token_id=caller().id,
            reason=told["reason"],
            seen_judgment_id=told["seen"],
        )
        made = decide(db, now, decision)
        _audit(db, f"judgment/{made.id}", "token.judged")
    current.wake("expand")
    return made


@route(
    blueprint,
    "POST /judgments/<int(max=4611686018427387904):judgment_id>/undo",
    Scope.JUDGE,
    gives=schemas.JudgmentOut,
    status=201,
)
def take_back(judgment_id: int) -> Judgment:
    """Undo a judgment of one's own: the token's, or its owner's; 409 when it was undone already."""
    with current.core().db.write("api.undo") as db:
        row = db.get(Judgment, judgment_id)
        if row is None or not may_undo(row):
            abort(404)
        made = undo(db, current.now(), judgment_id, caller().user_id)
        _audit(db, f"judgment/{made.id}", "token.undid")
    current.wake("expand")
    return made


@route(blueprint, "GET /profiles/<uuid:profile_id>/consent", Scope.CONSENTS, gives=schemas.ConsentOut)
def consent(profile_id: UUID) -> Consent:
    """That the person agreed to be linked, and how; 404 when they did not."""
    with current.core().db.read() as db:
        found = db.get(Consent, _profile(db, profile_id).id)
    if found is None:
        abort(404)
    return found


@route(blueprint, "PUT /profiles/<uuid:profile_id>/consent", Scope.CONSENT, takes=schemas.ConsentIn, status=204)
def agree(told: dict[str, Any], profile_id: UUID) -> None:
    """Record that the person agreed, and how."""
    with current.core().db.write("api.consent") as db:
        profile = _profile(db, profile_id)
        give_consent(db, profile.id, told["source"], caller().user_id, current.now())
        _audit(db, f"profile/{profile.public_id}", "token.consent-given")
    current.wake("match")


@route(blueprint, "DELETE /profiles/<uuid:profile_id>/consent", Scope.CONSENT, status=204)
def disagree(profile_id: UUID) -> None:
    """Forget that the person agreed; what rested on it is dissolved."""
    with current.core().db.write("api.forget_consent") as db:
        profile = _profile(db, profile_id)
        withdraw_consent(db, profile.id, caller().user_id, current.now())
        _audit(db, f"profile/{profile.public_id}", "token.consent-withdrawn")
    current.wake("match")


@route(blueprint, "GET /profiles/<uuid:profile_id>/grounds", Scope.CONSENTS, gives=schemas.GroundsOut)
def grounds(profile_id: UUID) -> dict[str, Any]:
    """For what the profile may be used, on which legal ground, from when and until when."""
    with current.core().db.read() as db:
        mine = Ground.profile_id == _profile(db, profile_id).id
        return {"items": db.scalars(select(Ground).where(mine).order_by(Ground.id.desc()).limit(MOST_GROUNDS)).all()}


@route(
    blueprint,
    "POST /profiles/<uuid:profile_id>/grounds",
    Scope.CONSENT,
    takes=schemas.GroundIn,
    gives=schemas.GroundOut,
    status=201,
)
def add_ground(told: dict[str, Any], profile_id: UUID) -> Ground:
    """Record a purpose with its legal ground; one of the same purpose and ground is replaced."""
    now = current.now()
    with current.core().db.write("api.ground") as db:
        entry = Entry(
            purpose=Purpose(told["purpose"]) if told["purpose"] else None,
            basis=Basis(told["basis"]),
            source=told["source"],
            given_at=told["given_at"] or now,
            expires_at=told["expires_at"],
            recorded_by="api",
            user_id=caller().user_id,
        )
        row = record(db, _profile(db, profile_id).id, entry, now)
    current.wake("match")
    current.wake("expand")
    return row


@route(blueprint, "DELETE /grounds/<uuid:ground_id>", Scope.CONSENT, status=204)
def end_ground(ground_id: UUID) -> None:
    """An entry no longer holds; what rested on it is withdrawn."""
    with current.core().db.write("api.end_ground") as db:
        row = db.scalars(select(Ground).where(Ground.public_id == ground_id)).one_or_none()
        if row is None:
            abort(404)
        end(db, row, caller().user_id, current.now())
    current.wake("match")
    current.wake("expand")


def _profile(db: Session, public_id: UUID) -> Profile:
    row = db.scalars(select(Profile).where(Profile.public_id == public_id)).one_or_none()
    if row is None or not may_show(row):
        abort(404)
    return row


def _audit(db: Session, about: str, action: str) -> None:
    who = {"token": str(caller().public_id)}
    db.add(AuditEntry(at=current.now(), user_id=caller().user_id, action=action, object=about, after=who))
