"""Which interactions become which timeline entries, and what an entry says. Expands what is due; calls no CRM."""

import unicodedata
from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, delete, null, or_, select, update
from sqlalchemy.orm import Session

from scrm.i18n import N_, gettext
from scrm.models import (
    Community,
    Connection,
    Contact,
    EntryState,
    Interaction,
    Link,
    PlanStep,
    Profile,
    TimelineDue,
    TimelineEntry,
    audience_now,
    claim,
    still_mine,
    survivor,
)
from scrm.policy import Permission, Use, is_for_crm, opening_of, permit
from scrm.records import Key
from scrm.runtime import Core
from scrm.sync.crm.base import Fault

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
        network = session.get_one(Profile, due.profile_id).network
        rows = _outdated(session, due.profile_id, contact, network)
        for interaction, entry, permission in rows:
            _bring_in_line(session, core, interaction, entry, contact, permission)
        session.flush()
        if len(rows) < CHUNK:
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


def _outdated(
    session: Session, profile_id: int, contact: Contact | None, network: str
) -> list[tuple[Interaction, TimelineEntry | None, Permission]]:
    """Interactions of a profile whose entry is missing, stale, with another contact, or no longer as wanted.

    Each with whether it may be written: by the network's terms, who may read it now, and what the admin opened.
    """
    query = (
        select(Interaction, TimelineEntry.id, audience_now(), Connection)
        .outerjoin(TimelineEntry, TimelineEntry.interaction_id == Interaction.id)
        .outerjoin(Community, Community.id == Interaction.community_id)
        .outerjoin(Connection, Connection.id == Interaction.connection_id)
        .where(Interaction.party_id == profile_id)
        .order_by(Interaction.id)
        .limit(CHUNK)
    )
    if contact is None:
        was_left = TimelineEntry.record_id.is_not(None) & (TimelineEntry.interaction_version < Interaction.version)
        query = query.where(
            TimelineEntry.is_wanted.is_(True)
            | (TimelineEntry.state == EntryState.HELD.value)
            | (was_left & Interaction.deleted_at.is_not(None))  # edited by somebody, but its text must go
        )
    else:
        wanted = and_(Interaction.deleted_at.is_(None), is_for_crm(network))
        query = query.where(
            or_(
                TimelineEntry.id.is_(None) & Interaction.deleted_at.is_(None),
                TimelineEntry.interaction_version < Interaction.version,
                TimelineEntry.contact_id != contact.id,
                TimelineEntry.fault == Fault.CONTACT_GONE.value,  # parked, and now there is one
                TimelineEntry.is_wanted.is_(True) & ~wanted,
                TimelineEntry.is_wanted.is_(False) & wanted,
            )
        )
    found = [
        (row, entry_id, permit(network, Use.WRITE, audience=audience, opening=opening_of(connection)))
        for row, entry_id, audience, connection in session.execute(query)
    ]
    # locked, so that the outbox does not claim what is being changed; in the order in which it locks them too
    locked = select(TimelineEntry).where(
        TimelineEntry.id.in_([entry_id for _row, entry_id, _may in found if entry_id])
    )
    entries = {row.id: row for row in session.scalars(locked.order_by(TimelineEntry.id).with_for_update())}
    return [(interaction, entries.get(entry_id), permission) for interaction, entry_id, permission in found]


def _bring_in_line(
    session: Session,
    core: Core,
    interaction: Interaction,
    entry: TimelineEntry | None,
    contact: Contact | None,
    permission: Permission,
) -> None:
    """Say what is wanted now; the outbox makes it so."""
    if entry is None:
        if contact is None:
            return
        entry = _new_entry(interaction, contact)
        session.add(entry)
    is_held = contact is not None and interaction.deleted_at is None and not permission.allowed
    is_wanted = contact is not None and interaction.deleted_at is None and permission.allowed
    may_be_there = entry.record_id is not None or (
        entry.generation > 0 and entry.state in {EntryState.TODO.value, EntryState.PARKED.value}
    )
    if interaction.deleted_at is not None and entry.id is not None:  # its text stays in no plan either
        session.execute(update(PlanStep).where(PlanStep.entry_id == entry.id).values(before=null(), after=null()))
    entry.version += 1
    entry.interaction_version = interaction.version
    entry.contact_id = contact.id if contact is not None else entry.contact_id
    entry.is_wanted = is_wanted
    entry.attempts, entry.is_forced, entry.fault = 0, False, None
    entry.reason = permission.reason if is_held else None
    if is_wanted or may_be_there:
        entry.state, entry.due_at = EntryState.TODO.value, core.db.clock.now()
    else:
        entry.state, entry.due_at = (EntryState.HELD if is_held else EntryState.DONE).value, None
        entry.written_version = entry.version


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


def cut(text: str, limit: int) -> str:
    """The text within a limit of characters, never cut inside an emoji, a flag or a letter with its marks."""
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > 0 and _belong_together(text, end):
        end -= 1
    return text[:end] + "…"


JOINER = "\u200d"  # makes one picture of two
SKIN_TONES = range(0x1F3FB, 0x1F400)
TAGS = range(0xE0020, 0xE0080)  # spell the flag of a region
FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_ALL_FLAG_LETTERS = "".join(map(chr, FLAG_LETTERS))


def _belong_together(text: str, at: int) -> bool:
    """Whether a reader sees the characters on both sides of a place as one (after Unicode's UAX 29, simplified)."""
    before, after = text[at - 1], text[at]
    if ord(after) in FLAG_LETTERS:  # in twos from where the letters begin
        return (at - len(text[:at].rstrip(_ALL_FLAG_LETTERS))) % 2 == 1
    return (
        JOINER in {before, after}
        or (before, after) == ("\r", "\n")
        or unicodedata.category(after).startswith("M")
        or ord(after) in SKIN_TONES
        or ord(after) in TAGS
    )
