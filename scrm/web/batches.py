"""Cases with the same evidence, judged as one after a look at some of them, and taken back as one."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.matching.batches import alike, begin, count_alike, is_alike, take_back
from scrm.matching.queue import best_candidates
from scrm.models import (
    BatchState,
    Contact,
    EvidencePattern,
    Interaction,
    Profile,
    ReviewBatch,
    ReviewCase,
    Role,
    User,
    Verdict,
)
from scrm.web import comparison, counts, current, patterns, wording
from scrm.web.roles import allow

SAMPLE: Final = 20
DRAWN_FROM: Final = 10_000
RECENT: Final = 20
VERDICTS: Final = {"link": Verdict.POSITIVE, "not": Verdict.NEGATIVE}

blueprint = Blueprint("batches", __name__, url_prefix="/review/batches")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One case of a sample: both sides, value by value."""

    profile: Profile
    contact: Contact
    probability: float
    rows: Sequence[comparison.Row]


@blueprint.get("")
@allow(Role.STEWARD, Role.ADMIN)
def index() -> ResponseReturnValue:
    """Which kinds of evidence several cases share, and the batches made last."""
    with current.core().db.read() as db:
        rows = [(one, patterns.words(one.pattern.levels)) for one in alike(db)]
        recent = db.execute(
            select(ReviewBatch, EvidencePattern, User.name)
            .join(EvidencePattern, EvidencePattern.id == ReviewBatch.pattern_id)
            .outerjoin(User, User.id == ReviewBatch.user_id)
            .order_by(ReviewBatch.id.desc())
            .limit(RECENT)
        ).all()
        made = [(batch, patterns.words(pattern.levels), name) for batch, pattern, name in recent]
    return render_template("batches.html", rows=rows, made=made)


@blueprint.get("/<int(max=4611686018427387904):pattern_id>")
@allow(Role.STEWARD, Role.ADMIN)
def sample(pattern_id: int) -> ResponseReturnValue:
    """Some of the cases, drawn by chance, and what judging all of them would do."""
    with current.core().db.read() as db:
        pattern = db.get(EvidencePattern, pattern_id)
        if pattern is None:
            abort(404)
        waiting = count_alike(db, pattern_id)
        writes = counts.bounded(
            db,
            select(Interaction.id)
            .join(ReviewCase, ReviewCase.profile_id == Interaction.party_id)
            .where(*is_alike(pattern_id), Interaction.deleted_at.is_(None)),
            wording.CAPPED + 1,
        )
        pairs = _drawn(db, pattern_id)
    return render_template(
        "batch_sample.html",
        pattern=pattern,
        words=patterns.words(pattern.levels),
        waiting=waiting,
        writes=writes,
        pairs=pairs,
    )


@blueprint.post("/<int(max=4611686018427387904):pattern_id>")
@allow(Role.STEWARD, Role.ADMIN)
def start(pattern_id: int) -> ResponseReturnValue:
    """Judge them all as one; 409 when more wait than were shown."""
    verdict = VERDICTS.get(request.form.get("decision", ""))
    if verdict is None:
        abort(400)
    seen = request.form.get("seen", 0, int)
    with current.core().db.write("batch.begin") as db:
        row = begin(db, current.now(), pattern_id, verdict, current.user().id, seen)
        public_id = row.public_id
    current.wake("batch")
    return redirect(url_for("batches.show", batch_id=public_id))


@blueprint.get("/made/<uuid:batch_id>")
@allow(Role.STEWARD, Role.ADMIN)
def show(batch_id: UUID) -> ResponseReturnValue:
    """How far it has got."""
    with current.core().db.read() as db:
        row = _find(db, batch_id)
        pattern = db.get_one(EvidencePattern, row.pattern_id)
    return render_template("batch.html", row=row, words=patterns.words(pattern.levels))


@blueprint.get("/made/<uuid:batch_id>.json")
@allow(Role.STEWARD, Role.ADMIN)
def progress(batch_id: UUID) -> ResponseReturnValue:
    """The same as numbers, asked for while it goes on."""
    with current.core().db.read() as db:
        row = _find(db, batch_id)
    return jsonify(done=wording.num(row.done), undone=wording.num(row.undone))


@blueprint.post("/made/<uuid:batch_id>/undo")
@allow(Role.STEWARD, Role.ADMIN)
def undo(batch_id: UUID) -> ResponseReturnValue:
    """Take it back as one."""
    with current.core().db.write("batch.take_back") as db:
        take_back(db, current.now(), _find(db, batch_id), current.user().id)
    current.wake("batch")
    return redirect(url_for("batches.show", batch_id=batch_id))


def _find(db: Session, batch_id: UUID) -> ReviewBatch:
    row = db.scalars(select(ReviewBatch).where(ReviewBatch.public_id == batch_id)).one_or_none()
    if row is None:
        abort(404)
    return row


def _drawn(db: Session, pattern_id: int) -> list[Pair]:
    """Twenty by chance, the same ones until the cases change."""
    ids = db.scalars(
        select(ReviewCase.profile_id).where(*is_alike(pattern_id)).order_by(ReviewCase.profile_id).limit(DRAWN_FROM)
    ).all()
    chosen = random.Random(f"{pattern_id} {len(ids)}").sample(ids, min(SAMPLE, len(ids)))  # noqa: S311 - no secret
    pairs = []
    for profile_id in chosen:
        profile, best = db.get_one(Profile, profile_id), best_candidates(db, profile_id)
        if best:
            contact = db.get_one(Contact, best[0].contact_id)
            rows = comparison.compare(profile, contact, best[0].evidence)
            pairs.append(Pair(profile=profile, contact=contact, probability=best[0].probability, rows=rows))
    return pairs


def is_going(row: ReviewBatch) -> bool:
    return row.state in {BatchState.DOING, BatchState.UNDOING}


blueprint.add_app_template_test(is_going, "going")
