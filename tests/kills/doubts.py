"""Somebody reads a contact's page, doubts a link, takes it back and doubts again; a steward keeps the link."""

from sqlalchemy import select

from scrm.db import Database
from scrm.models import Contact, Link, Profile
from tests.kills.world import Browser


def doubt(db: Database, steward: Browser) -> bool:
    """False while nothing is linked."""
    with db.read() as session:
        found = session.execute(
            select(Contact.public_id, Profile.public_id, Link.judgment_id)
            .join(Link, Link.contact_id == Contact.id)
            .join(Profile, Profile.id == Link.profile_id)
            .order_by(Link.profile_id)
            .limit(1)
        ).first()
    if found is None:
        return False
    contact, profile, judgment = found
    page = f"/contacts/{contact}"
    steward.post(f"{page}/read", {}, page=page)
    for act in ("", "/take-back", ""):
        steward.post(f"{page}/object/{profile}{act}", {}, page=page)
    settled = {"decision": "keep", "judgment": str(judgment)}
    steward.post(f"/objections/{contact}/{profile}", settled, page="/objections")
    return True
