"""Sign in by password or single-use link, sign out, choose a language; the browser's session at each request.

The session id changes at every sign-in, ends after 30 idle minutes or 12 hours, and is killed on our side at
sign-out. A GET of a sign-in link only shows a button: mail scanners and previews open links, too.
"""

from datetime import datetime
from typing import Final

import structlog
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy import update
from sqlalchemy.orm import Session

from scrm.i18n import LANGUAGES
from scrm.models import AuditEntry, User, WebSession
from scrm.web import agents, current, known
from scrm.web.directory import directory, leaving
from scrm.web.people import (
    ABSOLUTE,
    SEEN_EVERY,
    check_password,
    close_sessions,
    ensure_user,
    find_session,
    first_admin_link,
    link_owner,
    make_sign_in_link,
    open_session,
    use_link,
)
from scrm.web.roles import EVERYBODY, allow
from scrm.web.throttle import Asker, Throttle

__all__ = ["ABSOLUTE", "blueprint", "ensure_user", "first_admin_link", "install", "make_sign_in_link"]

LONGEST_EMAIL: Final = 320
BY_COMPANY: Final = "by_company"  # in the browser's signed cookie: signed in with the company's account

blueprint = Blueprint("auth", __name__)
log = structlog.get_logger()


def install(app: Flask) -> None:
    """Find out who asks before every request."""
    app.before_request_funcs.setdefault(None, []).insert(0, _load_user)
    app.extensions["scrm_throttle"] = Throttle(app.extensions["scrm"])


def cookie_name() -> str:
    """Browsers accept __Host- only over https, for this host alone."""
    return "__Host-scrm" if _is_https() else "scrm"


def _is_https() -> bool:
    return current.core().settings.base_url.startswith("https://")


def _load_user() -> None:
    g.user = None
    token = request.cookies.get(cookie_name())
    if (
        not token
        or request.path.startswith("/embed/")
        or request.endpoint in {"static", "health.live", "health.ready", "webhooks.receive_from_crm"}
    ):
        return
    now = current.now()
    with current.core().db.read() as db:
        found = find_session(db, token, now)
    if found is None:
        return
    row, g.user = found
    g.session_mark = row.mark
    if now - row.seen_at >= SEEN_EVERY and not request.path.endswith(".json"):  # polling is no sign of life
        _note_seen(row, now)


def _note_seen(row: WebSession, now: datetime) -> None:
    with current.core().db.write("auth.seen") as db:
        db.execute(update(WebSession).where(WebSession.id_hash == row.id_hash).values(seen_at=now))
        db.execute(update(User).where(User.id == row.user_id).values(seen_at=now))


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Sign in with e-mail and password."""
    onward = current.inside(request.values.get("next"))
    if request.method == "GET":
        if current.maybe_user() is not None:
            return redirect(onward)
        left = leaving(url_for("auth.sign_in", _external=False)) if "left" in request.args else None
        return render_template("sign_in.html", onward=onward, left=left)
    if not current.core().settings.local_passwords:
        abort(403)
    email = request.form.get("email", "")[:LONGEST_EMAIL]
    asker = Asker(
        account=email.strip().lower(),
        address=request.remote_addr or "",
        known=known.read(current.core(), request.cookies.get(known.cookie_name(is_https=_is_https()), ""), email),
    )
    throttle: Throttle = current_app.extensions["scrm_throttle"]
    seconds = throttle.ask(asker)
    if seconds:
        log.warning("password_put_off", address=request.remote_addr, seconds=seconds)
        page = render_template("sign_in.html", onward=onward, email=email, wait=seconds)
        return page, 429, {"Retry-After": str(seconds)}
    found = check_password(current.core(), email, request.form.get("password", ""), is_known=asker.known is not None)
    if found is None:
        log.warning("password_refused", address=request.remote_addr)
        return render_template("sign_in.html", onward=onward, email=email, is_wrong=True), 401
    throttle.succeeded(asker)
    with current.core().db.write("auth.sign_in") as db:
        token = open_for(db, found, "password")
    response = signed_in(token, onward)
    known.remember(current.core(), response, found.email, is_https=_is_https())
    return response


@blueprint.route("/sign-in/<token>", methods=["GET", "POST"])
def sign_in_by_link(token: str) -> ResponseReturnValue:
    """Show a button (GET), then sign in by a single-use link (POST)."""
    now = current.now()
    if request.method == "GET":
        with current.core().db.read() as db:
            owner = link_owner(db, token, now)
        return render_template("sign_in_link.html", owner=owner), 200 if owner else 410
    with current.core().db.write("auth.sign_in_by_link") as db:
        owner = use_link(db, token, now)
        fresh = open_for(db, owner, "link") if owner else None
    if owner is None or fresh is None:
        return render_template("sign_in_link.html", owner=None), 410
    wants_password = owner.password_hash is None and current.core().settings.local_passwords
    onward = url_for("account.show", first=1) if wants_password else url_for("home.show")
    return signed_in(fresh, onward)


@blueprint.post("/sign-out")
@allow(*EVERYBODY)
def sign_out() -> ResponseReturnValue:
    """End this session here and in the browser."""
    token = request.cookies.get(cookie_name(), "")
    with current.core().db.write("auth.sign_out") as db:
        close_sessions(db, current.user().id, only=token)
        _note(db, current.user(), "session.ended", "by its owner")
    was_by_company = session.get(BY_COMPANY) and directory() is not None
    session.clear()
    response = redirect(url_for("auth.sign_in", left=1 if was_by_company else None))
    response.headers["Clear-Site-Data"] = '"storage"'
    response.delete_cookie(cookie_name(), path="/", secure=_is_https(), httponly=True, samesite="Lax")
    return response


@blueprint.post("/language")
def language() -> ResponseReturnValue:
    """Choose the language of the pages; kept with the user, or in the browser of somebody not signed in."""
    chosen = request.form.get("language")
    onward = redirect(current.inside(request.form.get("next")))
    if chosen not in LANGUAGES:
        return onward
    session["language"] = chosen
    who = current.maybe_user()
    if who is not None:
        with current.core().db.write("auth.language") as db:
            db.execute(update(User).where(User.id == who.id).values(locale=chosen))
    return onward


def _agent() -> str:
    return agents.short(request.user_agent.string)


def _note(db: Session, who: User, action: str, how: str) -> None:
    about = f"user/{who.public_id}"
    db.add(AuditEntry(at=current.now(), user_id=who.id, action=action, object=about, after={"how": how}))


def open_for(db: Session, who: User, how: str) -> str:
    """A session for somebody who proved who they are; gives the token for `signed_in`."""
    _note(db, who, "session.begun", how)
    return open_session(db, who.id, current.now(), _agent())


def signed_in(token: str, onward: str) -> Response:
    """Go on with a session that is new to the browser."""
    chosen = session.get("language")
    session.clear()  # a form made before signing in is worth nothing afterwards
    if chosen:
        session["language"] = chosen
    response = redirect(onward)
    response.set_cookie(
        cookie_name(),
        token,
        max_age=int(ABSOLUTE.total_seconds()),
        path="/",
        secure=_is_https(),
        httponly=True,
        samesite="Lax",
    )
    return response  # type: ignore[return-value]
