"""People who may sign in: list, invitations, roles, sessions; for the admin."""

from typing import Final
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from scrm.errors import InputError
from scrm.i18n import gettext
from scrm.models import Role, User
from scrm.web import accounts, current
from scrm.web.arrivals import comes_by_company
from scrm.web.auth import cookie_name
from scrm.web.roles import allow

blueprint = Blueprint("users", __name__, url_prefix="/admin/users")
LONGEST_SEARCH: Final = 100


@blueprint.get("")
@allow(Role.ADMIN)
def index() -> ResponseReturnValue:
    """Everybody, and a form to invite somebody."""
    return _list()


@blueprint.post("")
@allow(Role.ADMIN)
def invite() -> ResponseReturnValue:
    """Make an account and show the link that enters it, once."""
    name, email = request.form.get("name", ""), request.form.get("email", "")
    role = _role(request.form.get("role"))
    try:
        with current.core().db.write("users.invite") as db:
            row, token = accounts.invite(db, name, email, role, current.user(), current.now())
    except InputError as why:
        return _list(fault=gettext(str(why)), name=name, email=email, role=role.value), 400
    return _shown_once(row, token)


@blueprint.get("/<uuid:user_id>")
@allow(Role.ADMIN)
def show(user_id: UUID) -> ResponseReturnValue:
    """One person."""
    return _one(user_id)


@blueprint.post("/<uuid:user_id>")
@allow(Role.ADMIN)
def act(user_id: UUID) -> ResponseReturnValue:
    """Change a role, disable or enable, end sessions, make a new link."""
    wanted = request.form.get("act", "")
    token = None
    try:
        with current.core().db.write("users.act") as db:
            row = _find(db, user_id)
            token = _do(db, row, wanted)
    except InputError as why:
        return _one(user_id, fault=gettext(str(why))), 409
    if token:
        return _shown_once(row, token)
    flash(gettext("Saved."), "word")
    return redirect(url_for("users.show", user_id=user_id))


def _do(db: Session, row: User, wanted: str) -> str | None:
    me, now = current.user(), current.now()
    match wanted:
        case "role":
            accounts.change_role(db, row, _role(request.form.get("role")), me, now)
        case "disable":
            accounts.disable(db, row, me, now)
        case "enable":
            accounts.enable(db, row, me, now)
        case "link":
            return accounts.new_link(db, row, me, now)
        case "end":
            mine = request.cookies.get(cookie_name()) if row.id == me.id else None
            accounts.end_sessions(db, row, me, now, mark=request.form.get("session", ""), but=mine)
        case _:
            abort(400)
    return None


def _list(**more: object) -> str:
    asked = request.args.get("q", "")[:LONGEST_SEARCH]
    with current.core().db.read() as db:
        found = accounts.listed(db, asked, request.args.get("after", ""), current.now())
    return render_template(
        "users.html",
        found=found[: accounts.PAGE],
        next=found[accounts.PAGE - 1].user.email if len(found) > accounts.PAGE else None,
        asked=asked,
        **more,
    )


def _one(user_id: UUID, **more: object) -> str:
    with current.core().db.read() as db:
        row = _find(db, user_id)
        live = accounts.sessions_of(db, row.id, current.now())
        by_company = comes_by_company(db, row.id)
    return render_template(
        "user.html", row=row, by_company=by_company, sessions=live, mine=current.session_mark(), **more
    )


def _shown_once(row: User, token: str) -> str:
    link = current.core().settings.base_url + url_for("auth.sign_in_by_link", token=token)
    return render_template("invited.html", row=row, link=link, days=accounts.INVITED_FOR.days)


def _find(db: Session, user_id: UUID) -> User:
    try:
        return accounts.find(db, user_id)
    except InputError:
        abort(404)


def _role(given: str | None) -> Role:
    try:
        return Role(given or "")
    except ValueError:
        abort(400)
