"""Tokens of the API, for the admin: made and shown once, listed with their last use, ended at once."""

from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.errors import InputError
from scrm.i18n import N_, gettext
from scrm.models import ApiToken, Role, User
from scrm.web import current
from scrm.web.api.tokens import RANKS, Scope, Wish, make_token, may, reaches, revoke
from scrm.web.frame import zone
from scrm.web.roles import allow

LASTS: Final = timedelta(days=365)  # proposed
SCOPES: Final = {
    Scope.CONTACTS: N_("Read contacts"),
    Scope.TIMELINE: N_("Read timelines"),
    Scope.PROFILES: N_("Read profiles"),
    Scope.CANDIDATES: N_("Read candidates and judgments"),
    Scope.JUDGE: N_("Judge, and take that back"),
    Scope.CONSENTS: N_("Read consents"),
    Scope.CONSENT: N_("Record and withdraw consents"),
    Scope.DELIVERIES: N_("Read the log of webhooks"),
    Scope.REDELIVER: N_("Have webhooks tried again"),
    Scope.HEALTH: N_("Ask how the service is"),
    Scope.FORGET: N_("Forget people"),
}

blueprint = Blueprint("api_tokens", __name__, url_prefix="/tokens")


@blueprint.get("")
@allow(Role.ADMIN)
def index() -> ResponseReturnValue:
    """All tokens, and a form for one more."""
    return _page()


@blueprint.post("")
@allow(Role.ADMIN)
def make() -> ResponseReturnValue:
    """Make one; it is shown on the page that follows, this once."""
    form, core = request.form, current.core()
    try:
        with core.db.write("tokens.make") as db:
            wish = Wish(
                name=form.get("name", ""),
                role=_role(form.get("role", "")),
                scopes=[scope for scope in Scope if scope.value in form.getlist("scope")],
                owner=_owner(db, form.get("owner", "")),
                expires_at=_end(form.get("until", "")),
            )
            token = make_token(db, wish, current.now(), current.user().id)
    except InputError as why:
        return _page(fault=gettext(str(why))), 400
    return render_template("token_made.html", wish=wish, token=token)


@blueprint.post("/<uuid:token_id>/revoke")
@allow(Role.ADMIN)
def end(token_id: UUID) -> ResponseReturnValue:
    """End one at once."""
    try:
        with current.core().db.write("tokens.revoke") as db:
            revoke(db, token_id, current.now(), current.user().id)
    except InputError as why:
        return _page(fault=str(why)), 404
    return redirect(url_for("api_tokens.index"))


def _page(fault: str = "") -> str:
    with current.core().db.read() as db:
        rows = db.execute(
            select(ApiToken, User).outerjoin(User, User.id == ApiToken.user_id).order_by(ApiToken.id.desc())
        ).all()
        people = db.scalars(select(User).where(User.disabled_at.is_(None)).order_by(User.name, User.id)).all()
    return render_template(
        "tokens.html",
        rows=[(row, owner, _state(row, owner)) for row, owner in rows],
        people=people,
        scopes=SCOPES,
        choices=RANKS,
        may_have=may,
        proposed=(current.now() + LASTS).astimezone(zone()).date().isoformat(),
        last_day=lambda at: at - timedelta(seconds=1),
        typed=request.form,
        fault=fault,
    )


def _state(row: ApiToken, owner: User | None) -> tuple[str, str]:
    """How a token is: a tone and words."""
    if row.revoked_at is not None:
        return "off", N_("Revoked")
    if row.expires_at is not None and row.expires_at <= current.now():
        return "off", N_("At its end")
    if owner is not None and owner.disabled_at is not None:
        return "off", N_("Its owner may no longer sign in")
    if owner is not None and not reaches(owner.role, row.role):
        return "off", N_("Its owner no longer has this role")
    return "good", N_("Works")


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as why:
        raise InputError(N_("Choose a role.")) from why


def _owner(db: Session, text: str) -> User | None:
    if not text:
        return None
    found = db.get(User, int(text)) if text.isascii() and text.isdigit() and len(text) <= 18 else None
    if found is None or found.disabled_at is not None:
        raise InputError(N_("There is no such person."))
    return found


def _end(text: str) -> datetime | None:
    """The end of a day in the reader's zone; nothing for no end."""
    if not text:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date() + timedelta(days=1)  # noqa: DTZ007 - the zone follows
        return datetime.combine(day, time(), zone()).astimezone(UTC)
    except (ValueError, OverflowError) as why:
        raise InputError(N_("Write the last day as a date.")) from why
