"""What every CRM adapter can do, and the values that pass between us and it.

An adapter is called outside any transaction of ours. It is told everything it needs; it reads no table of ours.
Records are addressed by our external key, so a write that was made but never heard of is made again without a double.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class ContactRecord:
    """A contact, lead or account as the CRM has it now."""

    native_id: str
    kind: str = "contact"
    relation: str = "other"
    full_name: str
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    title: str | None = None
    city: str | None = None
    country: str | None = None
    language: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    handles: tuple[tuple[str, str], ...] = ()  # (network, handle)
    urls: tuple[str, ...] = ()
    owner: str | None = None
    updated_at: datetime
    is_deleted: bool = False
    merged_into: str | None = None  # native id of the contact that survives


@dataclass(frozen=True, kw_only=True)
class Changes:
    """One portion of what changed: contacts, the cursor after them, and whether more is waiting."""

    contacts: tuple[ContactRecord, ...]
    cursor: str
    has_more: bool


@dataclass(frozen=True, kw_only=True)
class EntryWrite:
    """One timeline record as it should be: for `write` its fields, for `withdraw` only its address."""

    external_key: str
    contact_native_id: str
    version: int
    occurred_at: datetime
    fields: Mapping[str, Any]
    record_id: str | None = None  # when we know it


class Result(StrEnum):
    """What became of one row of a batch."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    WITHDRAWN = "withdrawn"
    STALE = "stale"  # the CRM already holds a newer version; nothing was written
    RETRY = "retry"  # this row, later (locked)
    REJECTED = "rejected"  # this row is wrong; park it
    CONTACT_GONE = "contact_gone"  # the contact was deleted or merged meanwhile


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The answer for one row: what happened, under which record id, and what stood there before."""

    external_key: str
    result: Result
    record_id: str | None = None
    before: Mapping[str, Any] | None = None
    changed_by_others: bool = False  # somebody edited the record since we wrote it
    error: str | None = None  # plain words with the field's name, never a value


@dataclass(frozen=True, kw_only=True)
class Description:
    """What this CRM can take."""

    crm_id: str
    label: str
    batch_size: int
    text_limit: int  # characters of the body field
    subject_limit: int
    can_create_contacts: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a write would do, without doing it: external keys by result."""

    by_result: Mapping[Result, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How many calls are left today; None when the CRM sets no limit."""

    remaining: int | None = None
    resets_at: datetime | None = None


class Crm(Protocol):
    """A CRM. Raises CrmRetryLaterError when it is out of reach, CrmAuthError when it no longer knows us."""

    def describe(self) -> Description: ...

    def read_changes(self, cursor: str | None) -> Changes:
        """Contacts changed after `cursor` (None: all), deletions and merges included, oldest change first."""
        ...

    def read(self, native_ids: Sequence[str]) -> Sequence[ContactRecord]:
        """These contacts as they are now; unknown ones are left out."""
        ...

    def plan(self, batch: Sequence[EntryWrite]) -> Plan: ...

    def write(self, batch: Sequence[EntryWrite]) -> Sequence[Outcome]:
        """Create or update by external key, one outcome per row in the same order; an older version never wins."""
        ...

    def withdraw(self, batch: Sequence[EntryWrite]) -> Sequence[Outcome]:
        """Remove by external key; a record that is not there counts as withdrawn."""
        ...

    def resolve_merge(self, native_id: str) -> str | None:
        """Which contact lives on for this id: itself, the survivor of its merges, or None when it is deleted."""
        ...

    def budget(self) -> Budget: ...
