"""What the CRM did not take, by kind: the cause, the records it concerns, and sending them again; for the admin."""

from typing import Final

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from scrm.errors import InputError
from scrm.i18n import gettext, ngettext
from scrm.models import Role
from scrm.sync import faults
from scrm.sync.crm import active_crm
from scrm.sync.crm.base import Fault
from scrm.web import current, wording
from scrm.web.roles import allow

SHOWN: Final = 50

blueprint = Blueprint("error_inbox", __name__, url_prefix="/writing/errors")


@blueprint.get("/<kind>")
@allow(Role.ADMIN)
def show(kind: str) -> ResponseReturnValue:
    """One kind: what it means, what helps, and every entry it holds up."""
    fault = _fault(kind)
    after = request.args.get("after", 0, int)
    with current.core().db.read() as db:
        crm_id = active_crm(db)
        lines = faults.lines(db, crm_id, fault, after=after, most=SHOWN + 1)
        count = {kind.fault: kind.count for kind in faults.kinds(db, crm_id)}.get(fault, 0)
    return render_template(
        "error_inbox.html",
        fault=fault,
        cause=faults.CAUSES[fault],
        count=count,
        lines=lines[:SHOWN],
        next=lines[SHOWN - 1].entry.id if len(lines) > SHOWN else None,
        may_decide=fault is Fault.EDITED,
    )


@blueprint.post("/<kind>")
@allow(Role.ADMIN)
def settle(kind: str) -> ResponseReturnValue:
    """Send one or all of a kind again; decide on a record that somebody edited."""
    fault, core = _fault(kind), current.core()
    number, user_id = request.form.get("entry", 0, int), current.user().id
    with core.db.read() as db:
        crm_id = active_crm(db)
    try:
        match request.form.get("act"):
            case "remove":
                faults.remove_all_the_same(core, crm_id, number, user_id=user_id)
            case "leave":
                faults.leave_it(core, crm_id, number, user_id=user_id)
            case "all":
                _tell(faults.send_again(core, crm_id, fault=fault, user_id=user_id))
            case "one":
                _tell(faults.send_again(core, crm_id, fault=fault, only=[number], user_id=user_id))
            case _:
                abort(400)
    except InputError as why:
        flash(gettext(str(why)), "fault")
    current.wake("deliver")
    return redirect(url_for("error_inbox.show", kind=kind))


@blueprint.get("/all.csv")
@allow(Role.ADMIN)
def export() -> ResponseReturnValue:
    """Everything that was set aside, for a spreadsheet."""
    with current.core().db.read() as db:
        body = "".join(faults.as_csv(db, active_crm(db)))
    headers = {"Content-Disposition": 'attachment; filename="scrm-errors.csv"'}
    return Response("\ufeff" + body, content_type="text/csv; charset=utf-8", headers=headers)


def _tell(count: int) -> None:
    words = ngettext("One entry is sent again.", "%(num)s entries are sent again.", count, num=wording.num(count))
    flash(words, "word")


def _fault(kind: str) -> Fault:
    try:
        return Fault(kind)
    except ValueError:
        abort(404)
