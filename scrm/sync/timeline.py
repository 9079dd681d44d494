"""Which interactions and profiles become which timeline entries, and what those of interactions say. Calls no CRM."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, false, func, or_, select, true, update
from sqlalchemy.orm import Session

from scrm.i18n import N_, gettext
from scrm.models import (
    Community,
    Connection,
    Contact,
    EntryState,
    Interaction,
    Link,
    Profile,
    TimelineDue,
    TimelineEntry,
    audience_now,
    claim,
    still_mine,
    survivor,
)
from scrm.policy import Permission, Use, is_for_crm, opening_of, permit, within_purposes
from scrm.purposes import hold
from scrm.records import Key
from scrm.runtime import Core
from scrm.sync.crm.base import Fault
from scrm.sync.profile_record import bring_profile_in_line
from scrm.sync.text import cut
from scrm.sync.wanted import leave_no_text, lost_its_right, want

CHUNK = 200
SUBJECTS = {
    "post": N_("Post on %(network)s"),
    "reply": N_("Reply on %(network)s"),
    "mention": N_("Mention on %(network)s"),
    "quote": N_("Quote on %(network)s"),
    "message": N_("Message on %(network)s"),
    "reaction": N_("Reaction on %(network)s"),
    "share": N_("Share on %(network)s"),
    "follow": N_("Follow on %(network)s"),
}


def expand_due(core: Core) -> bool:
    """Expand one profile whose timeline may have changed; True when more is waiting."""
    now = core.db.clock.now()
    with core.db.write("timeline.claim") as session:
        claimed = claim(session, TimelineDue, now, seconds=core.settings.lease_seconds)
    if not claimed:
        return False
    due = claimed[0]
    with core.db.write("timeline.expand") as session:
        link = session.get(Link, due.profile_id)
        contact = session.get(Contact, survivor(session, link.contact_id) or 0) if link else None
        profile = session.get_one(Profile, due.profile_id)
        above = bring_profile_in_line(session, profile, contact, now)
        strays = _in_another_crm(session, profile, contact)
        for interaction, entry in strays:
            _bring_in_line(session, interaction, entry, None, None, now)
        rows = _outdated(session, profile, contact, above, now)
        must_go = contact is None and bool(rows) and lost_its_right(session, profile)
        for row in rows:
            changed = _bring_in_line(session, *row, contact, now)
            if changed is not None and must_go:
                changed.is_urgent = True
        session.flush()
        if max(len(rows), len(strays)) < CHUNK:
            _clear(session, due)
        else:
            session.execute(
                update(TimelineDue)
                .where(TimelineDue.profile_id == due.profile_id, still_mine(due))
                .values(lease_until=None, crash_count=0)
            )
    return True


def _clear(session: Session, due: TimelineDue) -> None:
    """Nothing is left to do, unless a newer change came while we worked."""
    mine = (TimelineDue.profile_id == due.profile_id) & still_mine(due)
    cleared = session.execute(delete(TimelineDue).where(mine, TimelineDue.changes == due.changes))
    if cleared.rowcount == 0:  # type: ignore[attr-defined]
        session.execute(update(TimelineDue).where(mine).values(lease_until=None, crash_count=0))


def _in_another_crm(
    session: Session, profile: Profile, contact: Contact | None
) -> list[tuple[Interaction, TimelineEntry]]:
    """Interactions of a profile whose entry stands in another CRM than its contact's: there it is to go."""
    if contact is None:
        return []  # whatever there is goes
    query = (
        select(Interaction, TimelineEntry)
        .join(TimelineEntry, TimelineEntry.interaction_id == Interaction.id)
        .where(
            Interaction.party_id == profile.id,
            TimelineEntry.crm_id != contact.crm_id,
            TimelineEntry.is_wanted.is_(True)
            | (TimelineEntry.state == EntryState.HELD.value)
            | (_was_left() & Interaction.deleted_at.is_not(None)),
        )
        .order_by(TimelineEntry.id)
        .limit(CHUNK)
        .with_for_update(of=TimelineEntry)
    )
    return [(interaction, entry) for interaction, entry in session.execute(query)]


def _outdated(
    session: Session, profile: Profile, contact: Contact | None, above: TimelineEntry | None, now: datetime
) -> list[tuple[Interaction, TimelineEntry | None, Permission]]:
    """Interactions of a profile whose entry is missing, stale, with another contact, or no longer as wanted.

    `above`: the entry of the profile's own record. Each with whether it may be written: by the network's terms, who
    may read it now, and what the admin opened.
    """
    held = hold(session, profile, now)
    in_its_crm = true() if contact is None else TimelineEntry.crm_id == contact.crm_id
    query = (
        select(Interaction, TimelineEntry.id, audience_now(), Connection)
        .outerjoin(TimelineEntry, (TimelineEntry.interaction_id == Interaction.id) & in_its_crm)
        .outerjoin(Community, Community.id == Interaction.community_id)
        .outerjoin(Connection, Connection.id == Interaction.connection_id)
        .where(Interaction.party_id == profile.id)
        .order_by(Interaction.id)
        .limit(CHUNK)
    )
    if contact is None:
        query = query.where(
            TimelineEntry.is_wanted.is_(True)
            | (TimelineEntry.state == EntryState.HELD.value)
            | (_was_left() & Interaction.deleted_at.is_not(None))  # edited by somebody, but its text must go
        )
    else:
        wanted = and_(Interaction.deleted_at.is_(None), false() if held else is_for_crm(profile.network))
        query = query.where(
            or_(
                TimelineEntry.id.is_(None) & Interaction.deleted_at.is_(None),
                TimelineEntry.interaction_version < Interaction.version,
                TimelineEntry.contact_id != contact.id,
                TimelineEntry.fault == Fault.CONTACT_GONE.value,  # parked, and now there is one
                TimelineEntry.is_wanted.is_(True) & ~wanted,
                TimelineEntry.is_wanted.is_(False) & wanted,
                _hangs_elsewhere(above),
            )
        )
    found = [
        (
            row,
            entry_id,
            within_purposes(
                permit(profile.network, Use.WRITE, audience=audience, opening=opening_of(connection)), held
            ),
        )
        for row, entry_id, audience, connection in session.execute(query)
    ]
    # locked, so that the outbox does not claim what is being changed; in the order in which it locks them too
    locked = select(TimelineEntry).where(
        TimelineEntry.id.in_([entry_id for _row, entry_id, _may in found if entry_id])
    )
    entries = {row.id: row for row in session.scalars(locked.order_by(TimelineEntry.id).with_for_update())}
    return [(interaction, entries.get(entry_id), permission) for interaction, entry_id, permission in found]


def _was_left() -> ColumnElement[bool]:
    """A record that stayed, because somebody edited it, and says something older."""
    return TimelineEntry.record_id.is_not(None) & (TimelineEntry.interaction_version < Interaction.version)


def _hangs_elsewhere(above: TimelineEntry | None) -> ColumnElement[bool]:
    """Written before the record of its profile was, or when that was another one."""
    if above is None or not above.is_wanted or above.record_id is None:
        return false()
    was_written = TimelineEntry.is_wanted.is_(True) & (TimelineEntry.state == EntryState.DONE.value)
    return was_written & (func.coalesce(TimelineEntry.below_record_id, "") != above.record_id)


def _bring_in_line(
    session: Session,
    interaction: Interaction,
    entry: TimelineEntry | None,
    permission: Permission | None,
    contact: Contact | None,
    now: datetime,
) -> TimelineEntry | None:
    """Say what is wanted now; the outbox makes it so. `permission`: not asked where there is no contact."""
    if entry is None:
        if contact is None:
            return None
        entry = _new_entry(interaction, contact)
        session.add(entry)
    is_there = contact is not None and interaction.deleted_at is None
    is_allowed = permission is None or permission.allowed
    if interaction.deleted_at is not None:
        leave_no_text(session, entry)
    entry.interaction_version = interaction.version
    want(
        entry,
        now,
        contact=contact,
        is_wanted=is_there and is_allowed,
        held=permission.reason if permission is not None and is_there and not is_allowed else None,
        is_urgent=interaction.deleted_at is not None or not is_allowed,
    )
    return entry


def _new_entry(interaction: Interaction, contact: Contact) -> TimelineEntry:
    return TimelineEntry(
        crm_id=contact.crm_id,
        external_key=_key(interaction).external("interaction"),
        interaction_id=interaction.id,
        contact_id=contact.id,
        version=0,
        written_version=0,
        interaction_version=interaction.version,
        state=EntryState.TODO.value,
        generation=0,
    )


def _key(interaction: Interaction) -> Key:
    return Key(network=interaction.network, scope=interaction.scope, native_id=interaction.native_id)


def fields_of(interaction: Interaction, author: Profile, label: str, limit: int) -> Mapping[str, Any]:
    """What a timeline record says: plain values, the text cut to what the CRM's field takes."""
    return {
        "subject": gettext(SUBJECTS[interaction.kind], network=label),
        "text": cut(interaction.text or "", limit),
        "kind": interaction.kind,
        "direction": interaction.direction,
        "network": interaction.network,
        "author": author.display_name or author.handle or "",
        "handle": author.handle or "",
        "url": interaction.url or "",
        "occurred_at": interaction.occurred_at.isoformat(),
        "edited_at": interaction.edited_at.isoformat() if interaction.edited_at else None,
        "native_id": interaction.native_id,
        "target": interaction.target or interaction.in_reply_to,
    }
