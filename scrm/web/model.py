"""Versions of the match model, and trying a change before it is made."""

from typing import Any, Final
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.errors import ConflictError, InputError
from scrm.i18n import gettext
from scrm.matching.audits import promise_of
from scrm.matching.rules import explanation
from scrm.matching.trials import SWITCHES, Change, begin, change_of, in_force, keep, note, off_in, versions
from scrm.matching.versions import use_version
from scrm.models import Contact, ModelTrial, Profile, Role
from scrm.web import current
from scrm.web.roles import allow
from scrm.web.waterfall import RULES

SHOWN: Final = 20

blueprint = Blueprint("model", __name__, url_prefix="/matching/model")


@blueprint.get("")
@allow(Role.STEWARD, Role.ADMIN)
def show() -> ResponseReturnValue:
    """The versions, and the form for a trial."""
    return _page()


def _page(fault: str | None = None) -> str:
    with current.core().db.read() as db:
        _model_id, model = in_force(db)
        rows = versions(db, SHOWN)
        trials = db.scalars(select(ModelTrial).order_by(ModelTrial.id.desc()).limit(SHOWN // 2)).all()
        promise = promise_of(db)
    return render_template(
        "model.html",
        rows=rows,
        trials=trials,
        promise=promise,
        review=round(model.review * 100),
        off=off_in(model),
        switches=[(rule, gettext(RULES.get(rule, rule)), gettext(explanation(rule))) for rule in SWITCHES],
        is_admin=current.user().role == Role.ADMIN,
        is_saved="saved" in request.args,
        fault=fault,
    )


@blueprint.post("/trials")
@allow(Role.STEWARD, Role.ADMIN)
def attempt() -> ResponseReturnValue:
    """Order a trial; nothing changes by it."""
    on = set(request.form.getlist("on"))
    change = Change(
        one_wrong_in=request.form.get("one_wrong_in", 0, int),
        review=request.form.get("review", 0, int) / 100,
        off=tuple(rule for rule in SWITCHES if rule not in on),
    )
    try:
        with current.core().db.write("trial.begin") as db:
            row = begin(db, current.now(), change, current.user().id)
            public_id = row.public_id
    except InputError as why:
        return _page(gettext(str(why))), 400
    current.wake("trial")
    return redirect(url_for("model.trial", trial_id=public_id))


@blueprint.get("/trials/<uuid:trial_id>")
@allow(Role.STEWARD, Role.ADMIN)
def trial(trial_id: UUID) -> ResponseReturnValue:
    """What came out so far."""
    with current.core().db.read() as db:
        row = _find(db, trial_id)
        model_id, model = in_force(db)
        change = change_of(row)
        examples = [_example(db, one) for one in row.result.get("examples", ())]
        same = change.one_wrong_in == promise_of(db).one_wrong_in and (change.review, set(change.off)) == (
            model.review,
            set(off_in(model)),
        )
    names = [gettext(RULES.get(rule, rule)) for rule in change.off]
    return render_template(
        "trial.html",
        row=row,
        change=change,
        names=names,
        result=row.result,
        examples=[one for one in examples if one is not None],
        is_current=row.model_id == model_id,
        is_same=same,
        is_admin=current.user().role == Role.ADMIN,
    )


@blueprint.post("/trials/<uuid:trial_id>/keep")
@allow(Role.ADMIN)
def save(trial_id: UUID) -> ResponseReturnValue:
    """Put in force what was tried; 409 when another version came into force meanwhile."""
    with current.core().db.write("trial.keep") as db:
        row = _find(db, trial_id)
        if not row.is_done or in_force(db)[0] != row.model_id:
            raise ConflictError("another version is in force than the one it was tried against")
        keep(db, current.now(), row, current.user().id)
    return redirect(url_for("model.show", saved=1))


@blueprint.post("/<int(max=4611686018427387904):number>/use")
@allow(Role.ADMIN)
def use(number: int) -> ResponseReturnValue:
    """Put a version in force, a former one as well as a new one."""
    with current.core().db.write("model.use") as db:
        before, _model = in_force(db)
        note(db, current.now(), use_version(db, current.now(), number), current.user().id, before=before)
    return redirect(url_for("model.show", saved=1))


def _find(db: Session, trial_id: UUID) -> ModelTrial:
    row = db.scalars(select(ModelTrial).where(ModelTrial.public_id == trial_id)).one_or_none()
    if row is None:
        abort(404)
    return row


def _example(db: Session, told: list[Any]) -> tuple[str, Profile, Contact] | None:
    kind, profile_id, contact_id = told
    profile, contact = db.get(Profile, profile_id), db.get(Contact, contact_id)
    return (kind, profile, contact) if profile is not None and contact is not None else None
