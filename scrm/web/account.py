"""One's own page: password, language, other sessions."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from scrm.errors import InputError
from scrm.i18n import gettext
from scrm.web import current
from scrm.web.auth import cookie_name
from scrm.web.people import check_password, close_sessions, hash_password, set_password
from scrm.web.roles import EVERYBODY, allow

blueprint = Blueprint("account", __name__)


@blueprint.get("/me")
@allow(*EVERYBODY)
def show() -> ResponseReturnValue:
    """Who I am here, and my password."""
    return render_template("account.html", is_first="first" in request.args, is_saved="saved" in request.args)


@blueprint.post("/me/password")
@allow(*EVERYBODY)
def password() -> ResponseReturnValue:
    """Set or change the password; every other session of mine ends."""
    who = current.user()
    wanted = request.form.get("password", "")
    fault = None
    if who.password_hash and not check_password(current.core(), who.email, request.form.get("old", "")):
        fault = gettext("The old password is not right, or it is too soon after wrong ones.")
    elif wanted != request.form.get("again", ""):
        fault = gettext("The two passwords differ.")
    if fault is None:
        try:
            hashed = hash_password(wanted)
            with current.core().db.write("account.password") as db:
                set_password(db, who.id, hashed)
                close_sessions(db, who.id, but=request.cookies.get(cookie_name(), ""))
        except InputError as why:
            fault = gettext(str(why))
    if fault is not None:
        return render_template("account.html", fault=fault), 400
    session.pop("csrf_token", None)
    return redirect(url_for("account.show", saved=1))


@blueprint.post("/me/keys")
@allow(*EVERYBODY)
def keys() -> ResponseReturnValue:
    """Turn single-key shortcuts off or on in this browser (WCAG 2.2, 2.1.4)."""
    session["keys"] = "off" if request.form.get("keys") == "off" else "on"
    return redirect(url_for("account.show", saved=1))
