"""Writing to the CRM: what waits, what it will cost, plans to look at and to approve; for the admin."""

from typing import Final
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.errors import ConflictError, InputError
from scrm.i18n import gettext
from scrm.models import Contact, CrmState, PlanState, Role, StepAction, User, WritePlan
from scrm.privacy.requests import four_eyes
from scrm.sync import calls, faults, plan_view
from scrm.sync import plan as plans
from scrm.sync.crm import active_crm, open_crm
from scrm.web import current
from scrm.web.roles import allow

SHOWN: Final = 20
STEPS: Final = 50
TONES: Final = {PlanState.READY: "slow", PlanState.MAKING: "slow"}

blueprint = Blueprint("writing", __name__, url_prefix="/writing")


@blueprint.get("")
@allow(Role.ADMIN)
def index() -> ResponseReturnValue:
    """What waits, what was set aside, and the plans so far."""
    core = current.core()
    with core.db.read() as db:
        crm_id = active_crm(db)
        about = open_crm(core, crm_id).describe()
        return render_template(
            "writing.html",
            about=about,
            state=db.get(CrmState, crm_id),
            foretold=calls.forecast(db, about, core.settings.crm_reserve_percent),
            kinds=faults.kinds(db, crm_id),
            causes=faults.CAUSES,
            rows=_newest(db),
            states=plan_view.STATES,
            tones=TONES,
        )


@blueprint.app_template_global()
def set_aside() -> int:
    """How many entries the CRM did not take; on the admin's home page."""
    with current.core().db.read() as db:
        return sum(kind.count for kind in faults.kinds(db, active_crm(db)))


@blueprint.post("/mode")
@allow(Role.ADMIN)
def mode() -> ResponseReturnValue:
    """Write everything by itself, or only what was approved."""
    is_planned = request.form.get("mode") == "plans"
    with current.core().db.write("writing.mode") as db:
        crm_id, user_id = active_crm(db), current.user().id
        plans.write_only_plans(db, crm_id, current.now(), is_planned=is_planned, user_id=user_id)
    current.wake("deliver")
    return redirect(url_for("writing.index"))


@blueprint.post("/plans")
@allow(Role.ADMIN)
def make() -> ResponseReturnValue:
    """Have a plan made of everything, or of one contact; `anew`: of what is written already, too."""
    with current.core().db.write("writing.make") as db:
        contact_id = None
        if request.form.get("contact"):
            contact_id = db.scalar(select(Contact.id).where(Contact.public_id == _uuid(request.form["contact"])))
            if contact_id is None:
                abort(404)
        crm_id, user_id, is_anew = active_crm(db), current.user().id, bool(request.form.get("anew"))
        row = plans.order(db, crm_id, current.now(), contact_id=contact_id, is_anew=is_anew, user_id=user_id)
    current.wake("plan")
    return redirect(url_for("writing.show", plan_id=row.public_id))


@blueprint.get("/plans/<uuid:plan_id>")
@allow(Role.ADMIN)
def show(plan_id: UUID) -> ResponseReturnValue:
    """A plan: the steps counted, and one after the other with what they change."""
    after = request.args.get("after", 0, int)
    action = request.args.get("action")
    action = action if action in list(StepAction) else None
    with current.core().db.read() as db:
        row = db.scalars(select(WritePlan).where(WritePlan.public_id == plan_id)).one_or_none()
        if row is None:
            abort(404)
        lines = plan_view.lines(db, row, after=after, most=STEPS + 1, action=action)
        return render_template(
            "plan.html",
            row=row,
            contact=db.get(Contact, row.contact_id) if row.contact_id else None,
            people=[db.get(User, number) if number else None for number in (row.created_by, row.approved_by)],
            tallies=plan_view.tallies(db, row.id),
            lines=lines[:STEPS],
            next=lines[STEPS - 1].step.id if len(lines) > STEPS else None,
            action=action,
            diff=plan_view.diff,
            actions=plan_view.ACTIONS,
            results=plan_view.RESULTS,
            states=plan_view.STATES,
            tones=TONES,
        )


@blueprint.post("/plans/<uuid:plan_id>")
@allow(Role.ADMIN)
def settle(plan_id: UUID) -> ResponseReturnValue:
    """Approve a plan, or discard it."""
    user_id = current.user().id
    try:
        if request.form.get("act") == "approve":
            with current.core().db.write("writing.approve") as db:
                plans.approve(db, plan_id, current.now(), user_id, four_eyes=four_eyes(db))
            current.wake("plan")
        else:
            with current.core().db.write("writing.discard") as db:
                plans.discard(db, plan_id, current.now(), user_id)
    except InputError as why:
        flash(gettext(str(why)))
    except ConflictError:
        flash(gettext("Somebody else was first, or the plan has changed. This is how it stands now."))
    return redirect(url_for("writing.show", plan_id=plan_id))


def _newest(db: Session) -> list[tuple[WritePlan, Contact | None]]:
    rows = db.execute(
        select(WritePlan, Contact)
        .outerjoin(Contact, Contact.id == WritePlan.contact_id)
        .order_by(WritePlan.id.desc())
        .limit(SHOWN)
    )
    return [(row, contact) for row, contact in rows]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        abort(404)
