"""What is promised about automatic links, in plain words, and how the promise stands."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from scrm.errors import InputError
from scrm.i18n import N_, gettext
from scrm.matching.audits import SHARES, Promise, kept, promise_of, set_promise
from scrm.matching.promise import Kind, State
from scrm.models import Role
from scrm.web import current
from scrm.web.roles import allow

KINDS = {Kind.VERIFIED: N_("A verified key"), Kind.NAME: N_("Names and other values")}
KIND_NOTES = {
    Kind.VERIFIED: N_("An address, account or link that the network vouches for, or that the contact's record has."),
    Kind.NAME: N_("Name, handle, employer, place: what agrees without being proven."),
}
STATES = {
    State.AUDITED: ("for", N_("proven by audits")),
    State.ESTIMATED: ("caution", N_("estimated, not audited")),
    State.BROKEN: ("against", N_("not kept")),
}

blueprint = Blueprint("promise", __name__, url_prefix="/matching")


@blueprint.get("")
@allow(Role.STEWARD, Role.ADMIN)
def show() -> ResponseReturnValue:
    """The promise and its two kinds of links."""
    return _page()


@blueprint.post("/promise")
@allow(Role.ADMIN)
def keep() -> ResponseReturnValue:
    """Promise something else."""
    try:
        promise = Promise(
            one_wrong_in=request.form.get("one_wrong_in", 0, int),
            audited_share=request.form.get("audited_share", 0.0, float),
        )
        with current.core().db.write("promise.keep") as db:
            set_promise(db, current.now(), promise, current.user().id)
    except InputError as why:
        return _page(fault=gettext(str(why))), 400
    return redirect(url_for("promise.show", saved=1))


def _page(fault: str | None = None) -> str:
    with current.core().db.read() as db:
        promise = promise_of(db)
        rows = kept(db, promise)
    return render_template(
        "promise.html",
        promise=promise,
        rows=rows,
        shares=SHARES,
        kinds_of_link=KINDS,
        notes=KIND_NOTES,
        states=STATES,
        is_saved="saved" in request.args,
        is_admin=current.user().role == Role.ADMIN,
        fault=fault,
    )
