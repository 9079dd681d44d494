"""What every CRM adapter can do, and the values that pass between us and it.

An adapter is called outside any transaction of ours. It is told everything it needs; it reads no table of ours.
Records are addressed by our external key, so a write that was made but never heard of is made again without a double.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from scrm.models import RecordKind


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
    owner_email: str | None = None
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
    """One record as it should be: for `write` its fields, for `withdraw` only its address."""

    kind: RecordKind = RecordKind.INTERACTION
    external_key: str
    contact_native_id: str
    version: int
    occurred_at: datetime
    fields: Mapping[str, Any]
    record_id: str | None = None  # when we know it
    profile_record_id: str | None = None  # an interaction's: the record of the profile that said it; None: unknown
    is_forced: bool = False  # `withdraw`: a person decided that it goes, whoever edited it
    must_go: bool = False  # `withdraw`: what it says was deleted at its source; see `Crm.withdraw`


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
    EDITED = "edited"  # somebody edited the record since we wrote it, so it was not withdrawn


class Fault(StrEnum):
    """Why a row was not taken, by what a person does about it."""

    VALUE = "value"  # a value that the field does not take
    FIELD = "field"  # an object or a field is missing in the CRM, or not open to us
    RIGHTS = "rights"  # our user may not do this
    RULE = "rule"  # a rule, a flow or a trigger of the organization refused it
    DUPLICATE = "duplicate"  # a rule against duplicates, or several records under one key
    FULL = "full"  # no room left in the CRM
    LOCKED = "locked"  # others held the record, every time we tried
    CONTACT_GONE = "contact_gone"
    EDITED = "edited"
    CRASHED = "crashed"  # writing it stopped a worker
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The answer for one row: what happened, under which record id, and what stood there before."""

    external_key: str
    result: Result
    record_id: str | None = None
    before: Mapping[str, Any] | None = None
    changed_by_others: bool = False  # somebody edited the record since we wrote it
    error: str | None = None  # plain words with the field's name, never a value
    fault: Fault | None = None  # with `rejected`: which kind it is; None counts as `other`
    version: int | None = None  # with `stale`: the version that the CRM holds, when it can be told


@dataclass(frozen=True, kw_only=True)
class Description:
    """What this CRM can take."""

    crm_id: str
    label: str
    batch_size: int
    text_limit: int  # characters of the body field
    subject_limit: int
    can_create_contacts: bool = False
    bulk_from: int | None = None  # new records from which on a bulk job is the cheaper way; None: it has none


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a write would do, without doing it: external keys by result, and by key what stands there and what would.

    What a write leaves as it is, because somebody edited it, says the same in both.
    """

    by_result: Mapping[Result, tuple[str, ...]] = field(default_factory=dict)
    before: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # of records that exist
    after: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # of rows that can be written


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How many calls are left today; None when the CRM sets no limit."""

    remaining: int | None = None
    limit: int | None = None  # of the whole period, when it is known
    others: int | None = None  # kept free for others already, in an emergency ours; None: a part of what remains is
    resets_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class BulkRow:
    """What a bulk job made of one row, and which version of it was sent."""

    version: int
    outcome: Outcome


class Bulk(Protocol):
    """Bulk jobs of a CRM, for new records of one kind. Raises as a CRM does, and CrmError when a job is lost."""

    def open(self, kind: RecordKind) -> str:
        """A job that takes rows now, with its id; the one that was left open and empty, if there is one."""
        ...

    def upload(self, job_id: str, batch: Sequence[EntryWrite]) -> None:
        """Give it its rows, those left out that the CRM would refuse; nothing happens when it has them already."""
        ...

    def close(self, job_id: str) -> None:
        """Let it begin; nothing happens when it has."""
        ...

    def ended(self, job_id: str) -> bool:
        """Whether it is done; raises CrmError when it broke."""
        ...

    def results(self, job_id: str) -> Sequence[BulkRow]:
        """What became of its rows. Those it never came to are left out, and those whose key is taken."""
        ...

    def forget(self, job_id: str) -> None:
        """Have the CRM throw the job and its rows away."""
        ...


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
        """Create or update by external key, one outcome per row in the same order; an older version never wins.

        A profile's record that is not there any more does not stop what was said from being written.

        A field that somebody else changed stays as they left it, where the CRM can tell which those are.
        """
        ...

    def bulk(self) -> Bulk | None:
        """Its bulk jobs, if it has any."""
        ...

    def withdraw(self, batch: Sequence[EntryWrite]) -> Sequence[Outcome]:
        """Remove by external key; a record that is not there counts as withdrawn.

        A record that somebody else edited stays and is `edited`, unless the row is forced. If what it says must go,
        the fields that nobody edited are emptied all the same.
        """
        ...

    def resolve_merge(self, native_id: str) -> str | None:
        """Which contact lives on for this id: itself, the survivor of its merges, or None when it is deleted."""
        ...

    def budget(self) -> Budget:
        """How many calls are left; asked every few seconds of writing, so it should cost no call of its own."""
        ...
