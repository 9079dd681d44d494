"""One's own page: password, digest, alerts, other sessions; and the address at the foot of a digest that ends it."""

from typing import Final

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import update

from scrm.errors import InputError
from scrm.i18n import N_, gettext
from scrm.mail import digest, stopping
from scrm.models import AlertKind, AuditEntry, Role, User
from scrm.web import accounts, current
from scrm.web.arrivals import comes_by_company
from scrm.web.auth import cookie_name
from scrm.web.frame import known_zone, zone
from scrm.web.people import check_password, close_sessions, hash_password, set_password
from scrm.web.roles import EVERYBODY, allow

HOURS: Final = range(5, 23)
ALERTS: Final = {
    AlertKind.CONNECTION: N_("A connection needs somebody"),
    AlertKind.BUDGET: N_("The budget of a network is nearly used up"),
    AlertKind.CRM_BUDGET: N_("Our calls to the CRM are nearly used up"),
    AlertKind.WRITES: N_("Something has waited for the CRM for more than an hour"),
    AlertKind.ERASED: N_("A request to forget somebody is done"),
}

blueprint = Blueprint("account", __name__)
stop_blueprint = Blueprint("digest", __name__)


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
            hashed = hash_password(wanted, (who.name, who.email, request.host))
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
    sends_mail = current.core().settings.sends_mail
    return render_template(
        "account.html",
        sessions=live,
        by_company=by_company,
        mine=current.session_mark(),
        sends_mail=sends_mail,
        hours=HOURS,
        alerts=ALERTS if current.user().role == Role.ADMIN else {},
        **more,
    )


@blueprint.post("/me/digest")
@allow(*EVERYBODY)
def set_digest() -> ResponseReturnValue:
    """Have a digest at an hour of the day, where the browser is, or none."""
    hour, named = request.form.get("hour", type=int), request.form.get("zone", "")[:60]
    if hour is not None and (hour not in HOURS or not current.core().settings.sends_mail):
        abort(400)
    here = named if known_zone(named) else str(zone())
    with current.core().db.write("account.digest") as db:
        digest.choose(db, current.user().id, hour, here, current.now())
    return redirect(url_for("account.show", saved=1))


@blueprint.post("/me/alerts")
@allow(Role.ADMIN)
def set_alerts() -> ResponseReturnValue:
    """Be mailed these kinds of alerts and no others."""
    wanted = set(request.form.getlist("kind"))
    off = [kind.value for kind in AlertKind if kind.value not in wanted]
    with current.core().db.write("account.alerts") as db:
        db.execute(update(User).where(User.id == current.user().id).values(alerts_off=off))
    return redirect(url_for("account.show", saved=1))


@stop_blueprint.route("/mail/stop/<token>", methods=["GET", "POST"])
def stop_digest(token: str) -> ResponseReturnValue:
    """End the digest that holds this address, without signing in: asked first on a page, at once by mail programs."""
    with current.core().db.read() as db:
        whose = stopping.user_of(current.core(), db, token)
    if whose is None:
        abort(404)
    if request.method == "POST":
        with current.core().db.write("account.stop_digest") as db:
            digest.choose(db, whose.id, None, whose.zone or "UTC", current.now())
    return render_template("digest_stop.html", is_done=request.method == "POST" or whose.digest_hour is None)


@blueprint.post("/me/keys")
@allow(*EVERYBODY)
def keys() -> ResponseReturnValue:
    """Turn single-key shortcuts off or on in this browser (WCAG 2.2, 2.1.4)."""
    session["keys"] = "off" if request.form.get("keys") == "off" else "on"
    return redirect(url_for("account.show", saved=1))
