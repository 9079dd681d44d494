"""Contact: our copy of a CRM's person or company."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column

from scrm.models.base import Row, WithId, WithPublicId

LONGEST_MERGE_CHAIN = 50


class ContactKind(StrEnum):
    """What the CRM calls it."""

    CONTACT = "contact"
    LEAD = "lead"
    ACCOUNT = "account"


class Relation(StrEnum):
    """What the person or company is to us."""

    CUSTOMER = "customer"
    PROSPECT = "prospect"
    PARTNER = "partner"
    SUPPLIER = "supplier"
    OTHER = "other"


class Turn(StrEnum):
    """A turn in the life of a contact, as the CRM told it."""

    MERGED = "merged"
    CONVERTED = "converted"  # a lead became a contact
    DELETED = "deleted"
    RESTORED = "restored"  # after a deletion or a merge


class Contact(WithPublicId, Row):
    """Identity (crm_id, native_id). A merged contact points at the one that survives; nothing is destroyed."""

    __tablename__ = "contact"
    __table_args__ = (
        UniqueConstraint("crm_id", "native_id"),
        Index("ix_contact_sort_name", "sort_name", "id"),
        Index("ix_contact_key_due_at", "key_due_at"),
        Index("ix_contact_owner_email", "owner_email"),
        Index("ix_contact_owner", "owner"),
    )

    crm_id: Mapped[str]  # which CRM: "local", later "salesforce"
    native_id: Mapped[str]  # the CRM's record id
    kind: Mapped[str] = mapped_column(default=ContactKind.CONTACT)
    relation: Mapped[str] = mapped_column(default=Relation.OTHER)
    full_name: Mapped[str]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    sort_name: Mapped[str]  # folded, for lists and prefix search
    company: Mapped[str | None]
    title: Mapped[str | None]
    city: Mapped[str | None]
    country: Mapped[str | None]
    language: Mapped[str | None]
    emails: Mapped[list[Any]] = mapped_column(default=list)  # ["a@b.example"]
    phones: Mapped[list[Any]] = mapped_column(default=list)
    handles: Mapped[list[Any]] = mapped_column(default=list)  # [{"network", "handle"}]
    urls: Mapped[list[Any]] = mapped_column(default=list)
    owner: Mapped[str | None]  # the rep responsible, as the CRM names them
    owner_email: Mapped[str | None]  # the same, in small letters
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    key_due_at: Mapped[datetime | None]  # its match keys are to be made anew
    counted: Mapped[list[Any]] = mapped_column(default=list)  # what it adds to the value counts
    forms: Mapped[dict[str, Any] | None]  # how it is compared, as of the version that was keyed last
    keyed_version: Mapped[int | None]


class ContactTurn(WithId, Row):
    """What the CRM did with a contact that moved its timeline; stewards read it."""

    __tablename__ = "contact_turn"
    __table_args__ = (Index("ix_contact_turn_contact_id", "contact_id"), Index("ix_contact_turn_at", "at"))

    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    turn: Mapped[str]
    into_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))  # who lives on
    at: Mapped[datetime]


def survivor(session: Session, contact_id: int | None) -> int | None:
    """The live contact that this one has become through merges; None when it is deleted (or the merges loop)."""
    for _ in range(LONGEST_MERGE_CHAIN):
        if contact_id is None:
            return None
        row = session.get(Contact, contact_id)
        if row is None or (row.deleted_at is not None and row.merged_into_id is None):
            return None
        if row.merged_into_id is None:
            return row.id
        contact_id = row.merged_into_id
    return None
