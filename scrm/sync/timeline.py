"""Which interactions become which timeline entries, and what an entry says. Expands what is due; calls no CRM."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from scrm.i18n import N_
from scrm.models import (
    Contact,
    EntryState,
    Interaction,
    Link,
    Profile,
    TimelineDue,
    TimelineEntry,
    claim,
    still_mine,
)
from scrm.policy import Use, permit
from scrm.records import Key
from scrm.runtime import Core

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
        contact = session.get(Contact, link.contact_id) if link else None
        rows = _outdated(session, due.profile_id, contact)
        for interaction, entry in rows:
            _bring_in_line(session, core, interaction, entry, contact)
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
    session: Session, profile_id: int, contact: Contact | None
) -> Sequence[tuple[Interaction, TimelineEntry | None]]:
    """Interactions of a profile whose entry is missing, stale, with another contact, or no longer wanted."""
    joined = (
        select(Interaction, TimelineEntry)
        .outerjoin(TimelineEntry, TimelineEntry.interaction_id == Interaction.id)
        .where(Interaction.party_id == profile_id)
        .order_by(Interaction.id)
        .limit(CHUNK)
    )
    if contact is None:
        query = joined.where(TimelineEntry.is_wanted.is_(True))
    else:
        query = joined.where(
            or_(
                TimelineEntry.id.is_(None) & Interaction.deleted_at.is_(None),
                TimelineEntry.interaction_version < Interaction.version,
                TimelineEntry.contact_id != contact.id,
                TimelineEntry.is_wanted.is_(False) & Interaction.deleted_at.is_(None),
            )
        )
    return [(row[0], row[1]) for row in session.execute(query)]


def _bring_in_line(
    session: Session, core: Core, interaction: Interaction, entry: TimelineEntry | None, contact: Contact | None
) -> None:
    """Say what is wanted now; the outbox makes it so."""
    now = core.db.clock.now()
    wanted = contact is not None and interaction.deleted_at is None
    if entry is None:
        if contact is None:
            return
        entry = TimelineEntry(
            crm_id=contact.crm_id,
            external_key=_key(interaction).external("interaction"),
            interaction_id=interaction.id,
            contact_id=contact.id,
            version=0,
            written_version=0,
            interaction_version=interaction.version,
        )
        session.add(entry)
    permission = permit(interaction.network, Use.WRITE, audience=interaction.audience)
    entry.version += 1
    entry.interaction_version = interaction.version
    entry.contact_id = contact.id if contact is not None else entry.contact_id
    entry.is_wanted = wanted
    entry.attempts = 0
    never_sent = entry.record_id is None and entry.generation in {0, None}
    if wanted and not permission.allowed:
        entry.state, entry.reason, entry.due_at = EntryState.HELD.value, permission.reason, None
    elif not wanted and never_sent:
        entry.state, entry.reason, entry.due_at = EntryState.DONE.value, None, None
        entry.written_version = entry.version
    else:
        entry.state, entry.reason, entry.due_at = EntryState.TODO.value, None, now


def _key(interaction: Interaction) -> Key:
    return Key(network=interaction.network, scope=interaction.scope, native_id=interaction.native_id)


def fields_of(interaction: Interaction, author: Profile, label: str, limit: int) -> Mapping[str, Any]:
    """What a timeline record says: plain values, the text cut to what the CRM's field takes."""
    return {
        "subject": SUBJECTS[interaction.kind] % {"network": label},
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
    }


JOINERS = frozenset({0x200D, 0xFE0F})  # zero-width joiner, emoji style


def cut(text: str, limit: int) -> str:
    """The text within a limit of characters, never cut inside an emoji or a letter with its marks."""
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > 0 and (_extends(text[end]) or ord(text[end - 1]) == 0x200D):
        end -= 1
    return text[:end] + "…"


def _extends(char: str) -> bool:
    code = ord(char)
    return code in JOINERS or 0x300 <= code <= 0x36F or 0x1F3FB <= code <= 0x1F3FF or 0x1F1E6 <= code <= 0x1F1FF
