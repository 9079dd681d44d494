"""What each role sees first: one's own contacts, the live counters of the main job, and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.models import Connection, ConnectionState, Contact, Interaction, Link, Profile, Role, undoubted
from scrm.reading import news as own_news
from scrm.reading.sight import Around, Sight
from scrm.records import Direction
from scrm.web import counts, current, dashboard, objections, start, wording
from scrm.web.roles import EVERYBODY, allow, may

blueprint = Blueprint("home", __name__)
NEWS: Final = 8
OWN: Final = 20  # of one's own contacts on a page
WALKED: Final = 40
NAMES: Final = ("fetched", "linked", "review", "written")


@dataclass(frozen=True, kw_only=True)
class Page:
    """A part of what is new among one's own contacts."""

    items: Sequence[own_news.News]
    number: int  # from 1
    pages: int
    total: int


@blueprint.get("/")
@allow(*EVERYBODY)
def show() -> ResponseReturnValue:
    """The home page."""
    with current.core().db.read() as db:
        live = db.scalars(
            select(Connection).where(Connection.state != ConnectionState.REMOVED.value).order_by(Connection.id)
        ).all()
        has_contacts = db.execute(select(Contact.id).limit(1)).first() is not None
        news = _news(db, current.user().role)
        own = own_news.of(db, current.user(), current.now())
        has_own = bool(own) or own_news.has_any(db, current.user())
        doubted = objections.waiting(db) if may("objections.index") else 0
    settings, is_admin = current.core().settings, current.user().role == Role.ADMIN
    networks = [url.partition("=")[::2] for url in settings.sandbox_urls] if settings.sandbox else []
    return render_template(
        "home.html",
        counts=counts.remembered(),
        connections=live,
        has_contacts=has_contacts,
        news=news,
        own=_page(own),
        has_own=has_own,
        doubted=doubted,
        networks=networks,
        is_sandbox=settings.sandbox,
        is_admin=is_admin,
        **(dashboard.shown() if is_admin and live else {}),
        **(start.shown() if is_admin else {}),
    )


def _page(own: Sequence[own_news.News]) -> Page:
    number = request.args.get("page", 1, type=int)
    pages = max(-(-len(own) // OWN), 1)
    number = min(max(number, 1), pages)
    return Page(items=own[(number - 1) * OWN : number * OWN], number=number, pages=pages, total=len(own))


def _news(db: Session, role: str) -> Sequence[tuple[Interaction, Profile, Contact | None, Sight]]:
    """What arrived last from outside and this role may see, with its contact: a walk along the primary key."""
    newest = select(Interaction.id).order_by(Interaction.id.desc()).limit(WALKED).subquery()
    rows = db.execute(
        select(Interaction, Profile, Contact)
        .join(newest, newest.c.id == Interaction.id)
        .join(Profile, Profile.id == Interaction.party_id)
        .outerjoin(Link, (Link.profile_id == Profile.id) & undoubted())
        .outerjoin(Contact, Contact.id == Link.contact_id)
        .where(Interaction.direction == Direction.IN.value, Interaction.deleted_at.is_(None))
        .order_by(Interaction.id.desc())
    ).all()
    around, now = Around.of(db, [row[0] for row in rows]), current.now()
    seen = ((row[0], row[1], row[2], around.see(row[0], role, now)) for row in rows)
    return [one for one in seen if not one[3].is_hidden][:NEWS]


@blueprint.get("/counts.json")
@allow(*EVERYBODY)
def counts_json() -> ResponseReturnValue:
    """The counters, as text in the reader's language; asked for every two seconds."""
    found = counts.remembered()
    words = {name: wording.num(getattr(found, name)) for name in NAMES}
    return jsonify({**words, "review": wording.capped(found.review)})
