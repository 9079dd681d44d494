"""What the CRM should hold, every attempt to make it so, and how to take it back."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Leased, Row, WithId, due_index


class EntryState(StrEnum):
    """Where a timeline entry stands."""

    TODO = "todo"
    DONE = "done"
    HELD = "held"  # a network's terms forbid it for now; `reason` says why
    PARKED = "parked"  # the CRM refused it; a person must look


class RecordKind(StrEnum):
    """What an entry's record is about; a profile's is written before what the profile said."""

    PROFILE = "profile"
    INTERACTION = "interaction"


class TimelineDue(Leased, Row):
    """This profile's timeline may have changed; sync expands it and clears it if no newer change came."""

    __tablename__ = "timeline_due"
    __table_args__ = (due_index("timeline_due"),)

    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"), primary_key=True)
    changes: Mapped[int] = mapped_column(default=1)  # the generation of the change, counted up by whoever writes one


class BulkStage(StrEnum):
    """How far a bulk job is; each step is safe to repeat."""

    FILLING = "filling"  # entries are being set aside for it
    FULL = "full"  # the CRM knows nothing of it yet
    OPEN = "open"  # the CRM gave it an id
    UPLOADED = "uploaded"
    CLOSED = "closed"  # the CRM is at it
    NOTED = "noted"  # what it made is written down, or it was given up: the CRM is to forget it
    DONE = "done"


class BulkWrite(WithId, Leased, Row):
    """Many new records of one kind that the CRM takes in one job of its own. Its entries are held by `bulk_id`."""

    __tablename__ = "bulk_write"
    __table_args__ = (due_index("bulk_write"),)

    crm_id: Mapped[str]
    kind: Mapped[str]
    stage: Mapped[str] = mapped_column(default=BulkStage.FILLING)
    native_id: Mapped[str | None]  # the CRM's
    rows: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None]  # why it was given up: for a day the CRM is written to without
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class TimelineEntry(WithId, Leased, Row):
    """The CRM record that an interaction, or a linked profile, should have.

    Wanted and written versions tell whether work is left.
    """

    __tablename__ = "timeline_entry"
    __table_args__ = (
        UniqueConstraint("interaction_id", "crm_id"),  # the telling column first: look-ups name many
        UniqueConstraint("profile_id", "crm_id"),
        UniqueConstraint("crm_id", "external_key"),
        CheckConstraint("(interaction_id IS NULL) <> (profile_id IS NULL)", name="about_one"),
        Index("ix_timeline_entry_work", "crm_id", "state", "is_wanted", "kind", "due_at"),
        Index("ix_timeline_entry_contact_id", "contact_id"),
        Index("ix_timeline_entry_bulk_id", "bulk_id"),
    )

    crm_id: Mapped[str]
    external_key: Mapped[str]
    kind: Mapped[str] = mapped_column(default=RecordKind.INTERACTION)
    interaction_id: Mapped[int | None] = mapped_column(ForeignKey("interaction.id"))
    profile_id: Mapped[int | None] = mapped_column(ForeignKey("profile.id"))  # of a profile's record alone
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    is_wanted: Mapped[bool] = mapped_column(default=True)  # False: to be withdrawn
    is_forced: Mapped[bool] = mapped_column(default=False)  # withdrawn whoever edited it: a person decided so
    is_urgent: Mapped[bool] = mapped_column(default=False)  # withdrawn because it must: waits for no plan
    version: Mapped[int] = mapped_column(default=1)  # counted up by every change of what is wanted
    written_version: Mapped[int] = mapped_column(default=0)
    interaction_version: Mapped[int] = mapped_column(default=0)
    said: Mapped[str | None]  # a hash of what a profile's record is to say
    state: Mapped[str] = mapped_column(default=EntryState.TODO)
    reason: Mapped[str | None]
    fault: Mapped[str | None]  # why it is parked, by kind
    record_id: Mapped[str | None]  # the CRM's
    below_record_id: Mapped[str | None]  # of the profile's record that an interaction's was written to point at
    attempts: Mapped[int] = mapped_column(default=0)
    waits_for_plan: Mapped[bool] = mapped_column(default=False)  # written as part of an approved plan alone
    bulk_id: Mapped[int | None] = mapped_column(ForeignKey("bulk_write.id"))  # while a bulk job holds it


class Delivery(WithId, Row):
    """One attempt to bring an entry to the CRM."""

    __tablename__ = "delivery"
    __table_args__ = (Index("ix_delivery_entry_id", "entry_id"), Index("ix_delivery_ended_at", "ended_at"))

    entry_id: Mapped[int] = mapped_column(ForeignKey("timeline_entry.id"))
    version: Mapped[int]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    outcome: Mapped[str]  # written, withdrawn, retry, rejected
    error: Mapped[str | None]


class Journal(WithId, Row):
    """One change made in the CRM: before, after, record, version; what a recall goes by."""

    __tablename__ = "journal"
    __table_args__ = (Index("ix_journal_entry_id", "entry_id"), Index("ix_journal_contact_id", "contact_id"))

    crm_id: Mapped[str]
    entry_id: Mapped[int] = mapped_column(ForeignKey("timeline_entry.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    record_id: Mapped[str]
    version: Mapped[int]
    operation: Mapped[str]  # created, updated, withdrawn
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    changed_by_others: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]


class CrmState(Leased, Row):
    """One row per CRM: where reading its changes stands, and whether writing is stopped."""

    __tablename__ = "crm_state"

    crm_id: Mapped[str] = mapped_column(primary_key=True)
    cursor: Mapped[str | None]
    problem: Mapped[str | None]
    problem_since: Mapped[datetime | None]
    wait_until: Mapped[datetime | None]
    is_planned: Mapped[bool] = mapped_column(default=False)  # only approved plans are written
    calls_left: Mapped[int | None]  # of the CRM's own budget, as heard at `calls_at`
    calls_limit: Mapped[int | None]
    calls_reset_at: Mapped[datetime | None]
    calls_at: Mapped[datetime | None]
