"""Entries with all that is needed to write them: contact, author, what was said, why the profile is the contact."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.connectors.registry import connectors
from scrm.models import Contact, EntryState, Interaction, Profile, RecordKind, TimelineEntry
from scrm.sync.crm.base import Description, EntryWrite
from scrm.sync.profile_record import Match, fields_of_profile, is_shown, matches
from scrm.sync.timeline import fields_of

Found = TypeVar("Found", Interaction, Profile, Contact)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """An entry with what is needed to send it."""

    entry: TimelineEntry
    contact: Contact
    author: Profile  # of the interaction, or the profile that the record is about
    interaction: Interaction | None = None
    match: Match | None = None  # of a profile's record
    above: TimelineEntry | None = None  # of an interaction's: the entry of its party's own record

    @property
    def occurred_at(self) -> datetime:
        if self.interaction is not None:
            return self.interaction.occurred_at
        return self.match.linked_at if self.match is not None else self.author.first_seen_at

    @property
    def profile_record_id(self) -> str | None:
        return self.above.record_id if self.above is not None and self.above.is_wanted else None

    @property
    def is_ahead(self) -> bool:
        """Whether the profile's own record is on its way, so that this one comes too early."""
        above = self.above
        return above is not None and above.is_wanted and above.state == EntryState.TODO and above.record_id is None

    @property
    def must_go(self) -> bool:
        """Whether what it says was deleted at its source."""
        if self.entry.is_wanted:
            return False
        return self.interaction.deleted_at is not None if self.interaction is not None else not is_shown(self.author)


def load(session: Session, entries: Sequence[TimelineEntry]) -> list[Sent]:
    """Everything about these entries, in their order."""
    interactions = _by_id(session, Interaction, [one.interaction_id for one in entries])
    wanted = [row.profile_id for row in interactions.values()]
    about = [one.profile_id for one in entries if one.profile_id is not None]
    profiles = _by_id(session, Profile, [*wanted, *about])
    contacts = _by_id(session, Contact, [one.contact_id for one in entries])
    why = matches(session, about) if about else {}
    above = _above(session, interactions.values())
    rows = []
    for entry in entries:
        contact = contacts[entry.contact_id]
        if entry.interaction_id is None:
            profile = profiles[entry.profile_id or 0]
            rows.append(Sent(entry=entry, contact=contact, author=profile, match=why.get(profile.id)))
        else:
            said = interactions[entry.interaction_id]
            rows.append(
                Sent(
                    entry=entry,
                    contact=contact,
                    author=profiles[said.profile_id],
                    interaction=said,
                    above=above.get((said.party_id, entry.crm_id)),
                )
            )
    return rows


def as_written(row: Sent, about: Description) -> EntryWrite:
    """What goes to the CRM for one entry."""
    return EntryWrite(
        kind=RecordKind(row.entry.kind),
        external_key=row.entry.external_key,
        contact_native_id=row.contact.native_id,
        version=row.entry.version,
        occurred_at=row.occurred_at,
        fields=_fields(row, about) if row.entry.is_wanted else {},
        record_id=row.entry.record_id,
        profile_record_id=row.profile_record_id,
        is_forced=row.entry.is_forced,
        must_go=row.must_go,
    )


def _fields(row: Sent, about: Description) -> Mapping[str, object]:
    if row.interaction is None:
        return fields_of_profile(row.author, row.match, about.text_limit)
    label = connectors()[row.interaction.network].manifest.label
    return fields_of(row.interaction, row.author, label, about.text_limit)


def _above(session: Session, interactions: Iterable[Interaction]) -> dict[tuple[int | None, str], TimelineEntry]:
    """The entries of the profiles' own records, by party and CRM."""
    parties = {row.party_id for row in interactions if row.party_id is not None}
    if not parties:
        return {}
    found = session.scalars(select(TimelineEntry).where(TimelineEntry.profile_id.in_(parties)))
    return {(row.profile_id, row.crm_id): row for row in found}


def _by_id(session: Session, model: type[Found], ids: Iterable[int | None]) -> dict[int, Found]:
    chosen = {one for one in ids if one is not None}
    return {row.id: row for row in session.scalars(select(model).where(model.id.in_(chosen)))} if chosen else {}
