"""What an announcement says: numbers, times and where to ask, no names and no words.

Decided when it is sent, not when it happened: what the network's terms keep from being shown, what was deleted or
unlinked meanwhile is not told at all, and of what a rep may not see only that it is there.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.i18n import N_
from scrm.models import (
    Alert,
    Announcement,
    Community,
    Connection,
    Contact,
    HookEvent,
    Interaction,
    Link,
    Profile,
    audience_of,
    survivor,
)
from scrm.policy import Use, opening_of, permit

TERMS = N_("Not told: the network's terms do not allow it.")
GONE = N_("Not told: it is no longer there.")
MOVED = N_("Not told: the link was undone before.")


class UntoldError(Exception):
    """This is not to be told; the message says why."""


def message(session: Session, row: Announcement, base_url: str) -> dict[str, Any]:
    """The body of what is sent; raises UntoldError."""
    tell = {
        HookEvent.INTERACTION: _interaction,
        HookEvent.LINKED: _link,
        HookEvent.UNLINKED: _link,
        HookEvent.BROKEN: _connection,
        HookEvent.ALERT_BEGAN: _alert,
        HookEvent.ALERT_ENDED: _alert,
        HookEvent.TEST: _test,
    }[HookEvent(row.event)]
    return {"type": row.event, "timestamp": stamp(row.at), "data": tell(session, row, f"{base_url}/api/v1")}


def stamp(at: datetime) -> str:
    """A time as it is told."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _interaction(session: Session, row: Announcement, api: str) -> dict[str, Any]:
    profile = _profile(session, row)
    found = session.scalars(select(Interaction).where(Interaction.public_id == row.interaction)).one_or_none()
    if found is None or found.deleted_at is not None:
        raise UntoldError(GONE)
    link = session.get(Link, profile.id)
    contact = session.get(Contact, survivor(session, link.contact_id) or 0) if link else None
    if contact is None or contact.id != survivor(session, row.contact_id):
        raise UntoldError(MOVED)
    about = _contact(contact, api)
    about["contact"]["timeline"] = f"{api}/contacts/{contact.public_id}/timeline"
    if not _is_seen_by_reps(session, found):
        return about | {"interaction": {"hidden": True, "occurred_at": stamp(found.occurred_at)}}
    interaction = {
        "hidden": False,
        "id": str(found.public_id),
        "network": found.network,
        "kind": found.kind,
        "direction": found.direction,
        "occurred_at": stamp(found.occurred_at),
    }
    return about | _where(profile, api) | {"interaction": interaction}


def _is_seen_by_reps(session: Session, row: Interaction) -> bool:
    community = session.get(Community, row.community_id) if row.community_id else None
    opening = opening_of(session.get(Connection, row.connection_id) if row.connection_id else None)
    return permit(row.network, Use.SHOW, audience=audience_of(row, community), opening=opening).allowed


def _link(session: Session, row: Announcement, api: str) -> dict[str, Any]:
    profile, contact = _profile(session, row), session.get(Contact, row.contact_id or 0)
    if contact is None:
        raise UntoldError(GONE)
    return _contact(contact, api) | _where(profile, api)


def _connection(session: Session, row: Announcement, _api: str) -> dict[str, Any]:
    found = session.get(Connection, row.connection_id or 0)
    if found is None:
        raise UntoldError(GONE)
    return {"connection": {"id": str(found.public_id), "network": found.network, "problem": found.problem}}


def _alert(session: Session, row: Announcement, api: str) -> dict[str, Any]:
    found = session.get(Alert, row.alert_id or 0)
    if found is None:
        raise UntoldError(GONE)
    ended = stamp(found.ended_at) if found.ended_at else None
    page = f"{api.removesuffix('/api/v1')}{found.page}"
    about = {"id": str(found.public_id), "kind": found.kind, "subject": found.subject, "network": row.network}
    return {"alert": about | {"began_at": stamp(found.began_at), "ended_at": ended, "page": page}}


def _test(_session: Session, row: Announcement, api: str) -> dict[str, Any]:
    return {"id": str(row.public_id), "api": f"{api}/openapi.json"}


def _profile(session: Session, row: Announcement) -> Profile:
    profile = session.get(Profile, row.profile_id or 0)
    if profile is None:
        raise UntoldError(GONE)
    if not permit(profile.network, Use.SHOW).allowed:
        raise UntoldError(TERMS)
    return profile


def _contact(contact: Contact, api: str) -> dict[str, dict[str, str]]:
    return {"contact": _of("contacts", contact.public_id, api) | {"crm_record": contact.native_id}}


def _where(profile: Profile, api: str) -> dict[str, dict[str, str]]:
    return {"profile": _of("profiles", profile.public_id, api) | {"network": profile.network}}


def _of(kind: str, public_id: UUID, api: str) -> dict[str, str]:
    return {"id": str(public_id), "url": f"{api}/{kind}/{public_id}"}
