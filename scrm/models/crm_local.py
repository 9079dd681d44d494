"""The built-in CRM's own tables: its contacts and timeline records, and a ledger of every write it took.

They belong to the CRM, not to us: only `sync/crm/local.py` and `sync/crm/local_contacts.py` touch them, in
transactions of their own, as a CRM behind HTTP would. The ledger is what tests judge by.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Row, WithId


class LocalContact(WithId, Row):
    """A contact as the built-in CRM keeps it; `id` is its record id, `seq` orders changes."""

    __tablename__ = "local_contact"
    __table_args__ = (Index("ix_local_contact_seq", "seq"),)

    source_id: Mapped[str] = mapped_column(unique=True)  # the id in the file or system it came from
    fields: Mapped[dict[str, Any]]
    seq: Mapped[int]
    version: Mapped[int] = mapped_column(BigInteger(), default=0)  # the source's, when it counts its changes
    updated_at: Mapped[datetime]  # when the source last said something about it
    deleted_at: Mapped[datetime | None]
    merged_into: Mapped[str | None]


class LocalRecord(WithId, Row):
    """A record of an interaction or of a profile; unique by the external key, as an External ID field in a CRM is."""

    __tablename__ = "local_record"
    __table_args__ = (
        Index("ix_local_record_contact", "contact_native_id", "occurred_at"),
        Index("ix_local_record_profile_record_id", "profile_record_id"),
    )

    kind: Mapped[str] = mapped_column(default="interaction")
    external_key: Mapped[str] = mapped_column(unique=True)
    profile_record_id: Mapped[str | None]  # the record of the profile that said it
    contact_native_id: Mapped[str]
    version: Mapped[int]
    occurred_at: Mapped[datetime]
    fields: Mapped[dict[str, Any]]
    written: Mapped[dict[str, Any]] = mapped_column(default=dict)  # as we wrote it: what differs was edited by others


class LocalLedger(WithId, Row):
    """Every write the built-in CRM took, in order."""

    __tablename__ = "local_ledger"
    __table_args__ = (Index("ix_local_ledger_external_key", "external_key"),)

    at: Mapped[datetime]
    operation: Mapped[str]  # created, updated, unchanged, stale, withdrawn
    external_key: Mapped[str]
    record_id: Mapped[str]
    contact_native_id: Mapped[str]
    version: Mapped[int]
