"""Contacts, their profiles and their timeline."""

from typing import Any
from uuid import UUID

from flask import abort
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.i18n import gettext
from scrm.models import Contact, Link, Profile, survivor, undoubted
from scrm.policy import Use, permit
from scrm.web import current, timeline
from scrm.web.api import schemas
from scrm.web.api.routes import Blueprint, route
from scrm.web.api.tokens import Scope, caller

PAGE = 100

blueprint = Blueprint("api_contacts", __name__, url_prefix="/api/v1/contacts", description="Contacts and timelines")


@route(blueprint, "GET", Scope.CONTACTS, takes=schemas.ContactQuery, gives=schemas.ContactsOut)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """Contacts that live, oldest first; by the CRM's record id, too."""
    found = select(Contact).where(Contact.deleted_at.is_(None), Contact.merged_into_id.is_(None))
    if query["after"] is not None:
        found = found.where(Contact.public_id > query["after"])
    if query["crm_record"] is not None:
        found = found.where(Contact.native_id == query["crm_record"])
    with current.core().db.read() as db:
        rows = db.scalars(found.order_by(Contact.public_id).limit(PAGE + 1)).all()
    return {"items": rows[:PAGE], "next": rows[PAGE - 1].public_id if len(rows) > PAGE else None}


@route(blueprint, "GET /<uuid:contact_id>", Scope.CONTACTS, gives=schemas.ContactOut)
def one(contact_id: UUID) -> Contact:
    """One contact; for one that was merged away, the one that lives on."""
    with current.core().db.read() as db:
        return _contact(db, contact_id)


@route(blueprint, "GET /<uuid:contact_id>/profiles", Scope.PROFILES, gives=schemas.ProfilesOut)
def profiles(contact_id: UUID) -> dict[str, Any]:
    """The profiles that are linked with this contact."""
    with current.core().db.read() as db:
        return {"items": [row for row in _linked(db, _contact(db, contact_id)) if may_show(row)]}


@route(
    blueprint,
    "GET /<uuid:contact_id>/timeline",
    Scope.TIMELINE,
    takes=schemas.TimelineQuery,
    gives=schemas.TimelineOut,
)
def show_timeline(query: dict[str, Any], contact_id: UUID) -> dict[str, Any]:
    """The timeline, newest first, 50 at a time, as the token's role may see it."""
    before = timeline.Position.parse(query["before"])
    if query["before"] and before is None:
        abort(422)
    reader = timeline.Reader(role=caller().role, now=current.now())
    with current.core().db.read() as db:
        wanted = timeline.Filter(network=query["network"])
        page = timeline.read(db, _linked(db, _contact(db, contact_id)), wanted, before, reader)
    return {"items": [_item(item) for item in page.items], "next": str(page.older) if page.older else None}


def may_show(profile: Profile) -> bool:
    """Whether the network's terms let this profile be shown."""
    return permit(profile.network, Use.SHOW, role=caller().role).allowed


def _item(item: timeline.Item | timeline.Hidden) -> dict[str, Any]:
    if isinstance(item, timeline.Hidden):
        return {"hidden": True, "occurred_at": item.occurred_at}
    row, sight = item.interaction, item.sight
    held = gettext(sight.held) if sight.held else ""
    shown = {"text": sight.text, "url": row.url, "author": item.author} if not held else {"text_held": held}
    return {
        "hidden": False,
        "id": row.public_id,
        "network": row.network,
        "kind": row.kind,
        "direction": row.direction,
        "occurred_at": row.occurred_at,
        "is_deleted": row.deleted_at is not None,
        **shown,
    }


def _contact(db: Session, public_id: UUID) -> Contact:
    row = db.scalars(select(Contact).where(Contact.public_id == public_id)).one_or_none()
    if row is not None and row.merged_into_id is not None:
        row = db.get(Contact, survivor(db, row.id) or 0)
    if row is None or row.deleted_at is not None:
        abort(404)
    return row


def _linked(db: Session, contact: Contact) -> list[Profile]:
    found = (
        select(Profile)
        .join(Link, Link.profile_id == Profile.id)
        .where(Link.contact_id == contact.id, undoubted())
        .order_by(Profile.network, Profile.id)
        .limit(timeline.MOST_PROFILES)
    )
    return list(db.scalars(found))
