"""One's own page: password, language, other sessions."""

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from scrm.errors import InputError
from scrm.i18n import gettext
from scrm.models import AuditEntry
from scrm.web import accounts, current
from scrm.web.arrivals import comes_by_company
from scrm.web.auth import cookie_name
from scrm.web.people import check_password, close_sessions, hash_password, set_password
from scrm.web.roles import EVERYBODY, allow

blueprint = Blueprint("account", __name__)


@blueprint.get("/me")
@allow(*EVERYBODY)
def show() -> ResponseReturnValue:
    """Who I am here, and my password."""
    return _page(is_first="first" in request.args, is_saved="saved" in request.args)


@blueprint.post("/me/password")
@allow(*EVERYBODY)
def password() -> ResponseReturnValue:
    """Set or change the password; every other session of mine ends. The first one comes with name and address."""
    who = current.user()
    _need_passwords()
    wanted = request.form.get("password", "")
    fault = _doubt()
    if fault is None and wanted != request.form.get("again", ""):
        fault = gettext("The two passwords differ.")
    if fault is None:
        try:
            hashed = hash_password(wanted)
            with current.core().db.write("account.password") as db:
                if not who.password_hash and "name" in request.form:
                    accounts.rename(db, who.id, *_called(), current.now())
                set_password(db, who.id, hashed)
                close_sessions(db, who.id, but=request.cookies.get(cookie_name(), ""))
                about = f"user/{who.public_id}"
                db.add(AuditEntry(at=current.now(), user_id=who.id, action="user.password_set", object=about))
        except InputError as why:
            fault = gettext(str(why))
    if fault is not None:
        return _page(fault=fault), 400
    session.pop("csrf_token", None)
    return redirect(url_for("account.show", saved=1) if who.password_hash else url_for("home.show"))


@blueprint.post("/me/about")
@allow(*EVERYBODY)
def about() -> ResponseReturnValue:
    """Change my name and the address I sign in with; the password says that it is me."""
    _need_passwords()
    fault = _doubt()
    if fault is None:
        try:
            with current.core().db.write("account.about") as db:
                accounts.rename(db, current.user().id, *_called(), current.now())
        except InputError as why:
            fault = gettext(str(why))
    if fault is not None:
        return _page(fault=fault), 400
    return redirect(url_for("account.show", saved=1))


@blueprint.post("/me/sessions")
@allow(*EVERYBODY)
def end_sessions() -> ResponseReturnValue:
    """End another session of mine, or all others."""
    who, mark = current.user(), request.form.get("session", "")
    with current.core().db.write("account.end_sessions") as db:
        mine = request.cookies.get(cookie_name(), "")
        accounts.end_sessions(db, who, who, current.now(), mark=mark, but=mine)
    return redirect(url_for("account.show", saved=1))


def _doubt() -> str | None:
    """What to say to somebody who has a password and did not give it."""
    who = current.user()
    if who.password_hash and not check_password(current.core(), who.email, request.form.get("old", "")):
        return gettext("The old password is not right, or it is too soon after wrong ones.")
    return None


def _need_passwords() -> None:
    if not current.core().settings.local_passwords:
        abort(403)


def _called() -> tuple[str, str]:
    return request.form.get("name", ""), request.form.get("email", "")


def _page(**more: object) -> str:
    with current.core().db.read() as db:
        live = accounts.sessions_of(db, current.user().id, current.now())
        by_company = comes_by_company(db, current.user().id)
    return render_template("account.html", sessions=live, by_company=by_company, mine=current.session_mark(), **more)


@blueprint.post("/me/keys")
@allow(*EVERYBODY)
def keys() -> ResponseReturnValue:
    """Turn single-key shortcuts off or on in this browser (WCAG 2.2, 2.1.4)."""
    session["keys"] = "off" if request.form.get("keys") == "off" else "on"
    return redirect(url_for("account.show", saved=1))
