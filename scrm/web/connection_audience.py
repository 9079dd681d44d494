"""Who may read what a connection brings from closed communities and private messages, and whether it is written."""

from dataclasses import fields
from typing import Final
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from scrm.errors import InputError
from scrm.i18n import N_, gettext
from scrm.ingest.audience import set_opening
from scrm.models import Role
from scrm.policy import Opening
from scrm.web import current
from scrm.web.roles import allow

blueprint = Blueprint("audience", __name__)

CHOICES: Final = {
    "reps_read_closed": N_("Reps, too, read what is said in closed communities"),
    "reps_read_private": N_("Reps, too, read private messages"),
    "writes_closed": N_("Write what is said in closed communities to the CRM"),
    "writes_private": N_("Write private messages to the CRM"),
}


@blueprint.post("/<uuid:connection_id>/audience")
@allow(Role.ADMIN)
def save(connection_id: UUID) -> ResponseReturnValue:
    """Set what is ticked."""
    opening = Opening(**{field.name: field.name in request.form for field in fields(Opening)})
    try:
        set_opening(current.core(), connection_id, opening, current.user().id)
    except InputError as why:
        flash(gettext(str(why)), "fault")
    else:
        flash(gettext("Saved."), "word")
    return redirect(url_for("connections.show", connection_id=connection_id, _anchor="audience"))
