"""What each role sees first: the live counters of the main job, and what to do next."""

from typing import Final

from flask import Blueprint, current_app, jsonify, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from scrm.models import Connection, ConnectionState, Contact, Role
from scrm.web import counts, current, wording
from scrm.web.roles import EVERYBODY, allow

blueprint = Blueprint("home", __name__)
NAMES: Final = ("fetched", "linked", "review", "written")


@blueprint.get("/")
@allow(*EVERYBODY)
def show() -> ResponseReturnValue:
    """The home page."""
    with current.core().db.read() as db:
        live = db.scalars(
            select(Connection).where(Connection.state != ConnectionState.REMOVED.value).order_by(Connection.id)
        ).all()
        has_contacts = db.execute(select(Contact.id).limit(1)).first() is not None
    settings = current.core().settings
    networks = [url.partition("=")[::2] for url in settings.sandbox_urls] if settings.sandbox else []
    return render_template(
        "home.html",
        counts=_counts(),
        connections=live,
        troubled=[row for row in live if row.problem or row.state == ConnectionState.SUSPENDED.value],
        has_contacts=has_contacts,
        networks=networks,
        is_sandbox=settings.sandbox,
        is_admin=current.user().role == Role.ADMIN,
    )


@blueprint.get("/counts.json")
@allow(*EVERYBODY)
def counts_json() -> ResponseReturnValue:
    """The counters, as text in the reader's language; asked for every two seconds."""
    found = _counts()
    words = {name: wording.num(getattr(found, name)) for name in NAMES}
    return jsonify({**words, "review": wording.capped(found.review)})


def _counts() -> counts.Counts:
    core = current.core()
    remembered: counts.Remembered = current_app.extensions.setdefault("scrm_counts", counts.Remembered())
    return remembered.get(lambda: counts.count(core))
