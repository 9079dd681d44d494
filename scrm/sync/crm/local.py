"""The built-in CRM, for installations without one of their own.

It keeps the promises of a CRM behind HTTP: its own transactions, records unique by external key, an older version
never wins, and a ledger of every write it took. Records stay with the contact they were written to; moving them
after a merge is for whoever wrote them. What we wrote is kept beside what stands there, so that an edit by others is
known field by field.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from scrm.connectors.payload import clean
from scrm.db import Database
from scrm.errors import CrmError
from scrm.i18n import N_, gettext
from scrm.models import LocalContact, LocalLedger, LocalRecord, RecordKind
from scrm.sync.crm.base import (
    Budget,
    Changes,
    ContactRecord,
    Description,
    EntryWrite,
    Fault,
    Outcome,
    Plan,
    Result,
)
from scrm.sync.crm.local_contacts import by_native_id, one_writer, record_number, survivor

CRM_ID = "local"
LABEL = N_("Built-in CRM")
BATCH = 200
LIMITS = {"text": 32_000, "subject": 255}
WITHDRAWN = Result.WITHDRAWN.value


class LocalCrm:
    """The built-in CRM behind the protocol that every CRM is used through."""

    def __init__(self, db: Database, *, page: int = BATCH) -> None:
        self._db = db
        self._page = page

    def describe(self) -> Description:
        return Description(
            crm_id=CRM_ID,
            label=gettext(LABEL),
            batch_size=BATCH,
            text_limit=LIMITS["text"],
            subject_limit=LIMITS["subject"],
        )

    def read_changes(self, cursor: str | None) -> Changes:
        after = record_number(cursor or "0")
        if after is None:
            raise CrmError("the cursor of the built-in CRM: expected a number")
        with self._db.read() as session:
            rows = session.scalars(
                select(LocalContact).where(LocalContact.seq > after).order_by(LocalContact.seq).limit(self._page + 1)
            ).all()
            page = rows[: self._page]
            return Changes(
                contacts=tuple(_contact(session, row) for row in page),
                cursor=str(page[-1].seq) if page else str(after),
                has_more=len(rows) > len(page),
            )

    def read(self, native_ids: Sequence[str]) -> Sequence[ContactRecord]:
        with self._db.read() as session:
            found = (by_native_id(session, native_id) for native_id in dict.fromkeys(native_ids))
            return [_contact(session, row) for row in found if row is not None]

    def plan(self, batch: Sequence[EntryWrite]) -> Plan:
        by_result: dict[Result, list[str]] = {}
        with self._db.read() as session:
            drawer = _Drawer(session, batch)
            for row in batch:
                result, _fault = drawer.judge(row)
                by_result.setdefault(result, []).append(row.external_key)
            before = {key: dict(record.fields) for key, record in drawer.records.items()}
            after = {row.external_key: drawer.after(row) for row in batch}
        return Plan(by_result={result: tuple(keys) for result, keys in by_result.items()}, before=before, after=after)

    def write(self, batch: Sequence[EntryWrite]) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        for part in _parts(batch):
            with self._db.write("local_crm.write") as session:
                one_writer(session)
                drawer = _Drawer(session, part)
                entries = [drawer.write(row) for row in part]
                _note(session, self._db, part, entries)
            outcomes += entries
        return outcomes

    def withdraw(self, batch: Sequence[EntryWrite]) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        for part in _parts(batch):
            with self._db.write("local_crm.withdraw") as session:
                one_writer(session)
                drawer = _Drawer(session, part)
                entries = [drawer.withdraw(row) for row in part]
                _note(session, self._db, part, entries)
            outcomes += entries
        return outcomes

    def bulk(self) -> None:
        return None

    def resolve_merge(self, native_id: str) -> str | None:
        with self._db.read() as session:
            row = survivor(session, native_id)
            return None if row is None else str(row.id)

    def budget(self) -> Budget:
        return Budget()


@dataclass
class _Drawer:
    """The records that a batch is about, as they stand while the batch is worked through."""

    session: Session
    batch: Iterable[EntryWrite]
    records: dict[str, LocalRecord] = field(init=False)
    withdrawn: dict[str, int] = field(init=False)
    profiles: set[str] = field(init=False)  # of the records that rows are to point at, those that are there

    def __post_init__(self) -> None:
        keys = {row.external_key for row in self.batch}
        found = self.session.scalars(select(LocalRecord).where(LocalRecord.external_key.in_(keys)))
        self.records = {record.external_key: record for record in found}
        numbers = {record_number(row.profile_record_id or "") for row in self.batch}
        above = LocalRecord.id.in_(numbers - {None}) & (LocalRecord.kind == RecordKind.PROFILE.value)
        self.profiles = {str(number) for number in self.session.scalars(select(LocalRecord.id).where(above))}
        gone = self.session.execute(
            select(LocalLedger.external_key, func.max(LocalLedger.version))
            .where(LocalLedger.external_key.in_(keys), LocalLedger.operation == WITHDRAWN)
            .group_by(LocalLedger.external_key)
        )
        self.withdrawn = {key: version for key, version in gone}  # noqa: C416 - rows are not pairs to the type checker

    def judge(self, row: EntryWrite) -> tuple[Result, str | None]:
        """What writing this row would come to, and what is wrong with it."""
        if fault := _fault(row):
            return Result.REJECTED, fault
        record = self.records.get(row.external_key)
        if row.version < (self._held(row) or 0):
            return Result.STALE, None
        alive = survivor(self.session, row.contact_native_id)
        if alive is None or str(alive.id) != row.contact_native_id:
            return Result.CONTACT_GONE, None
        if record is None:
            return Result.CREATED, None
        same = (record.fields, record.contact_native_id, record.occurred_at, record.profile_record_id) == (
            self.after(row),
            row.contact_native_id,
            row.occurred_at,
            self._above(row, record),
        )
        return (Result.UNCHANGED if same else Result.UPDATED), None

    def after(self, row: EntryWrite) -> dict[str, Any]:
        """What stands there once this row is written: what somebody edited stays."""
        record = self.records.get(row.external_key)
        return dict(row.fields) | (_edits(record) if record else {})

    def write(self, row: EntryWrite) -> Outcome:
        result, fault = self.judge(row)
        record = self.records.get(row.external_key)
        before, after = dict(record.fields) if record else None, self.after(row)
        edits = _edits(record) if record else {}
        if result in {Result.CREATED, Result.UPDATED, Result.UNCHANGED}:
            if record is None:
                record = LocalRecord(external_key=row.external_key, kind=row.kind.value)
                self.records[row.external_key] = record
                self.session.add(record)
            record.contact_native_id = row.contact_native_id
            record.version = row.version
            record.occurred_at = row.occurred_at
            record.profile_record_id = self._above(row, record)
            record.fields, record.written = after, dict(row.fields)
            self.session.flush()
        return Outcome(
            external_key=row.external_key,
            result=result,
            record_id=str(record.id) if record else None,
            before=before,
            changed_by_others=bool(edits),
            error=fault,
            fault=Fault.VALUE if fault else None,
            version=self._held(row) if result is Result.STALE else None,
        )

    def withdraw(self, row: EntryWrite) -> Outcome:
        record = self.records.get(row.external_key)
        if record is None:
            return Outcome(external_key=row.external_key, result=Result.WITHDRAWN)
        key, record_id, before = row.external_key, str(record.id), dict(record.fields)
        if row.version < record.version:
            held = record.version
            return Outcome(external_key=key, result=Result.STALE, record_id=record_id, version=held)
        edits = _edits(record)
        result = Result.EDITED if edits and not row.is_forced else Result.WITHDRAWN
        if result is Result.WITHDRAWN:
            self.session.execute(delete(LocalRecord).where(LocalRecord.id == record.id))
            self.session.expunge(record)
            del self.records[key]
            below = update(LocalRecord).where(LocalRecord.profile_record_id == record_id)
            self.session.execute(below.values(profile_record_id=None))
        elif row.must_go:
            nothing: dict[str, Any] = dict.fromkeys(record.fields)
            record.fields, record.written = nothing | edits, nothing
        return Outcome(
            external_key=key, result=result, record_id=record_id, before=before, changed_by_others=bool(edits)
        )

    def _above(self, row: EntryWrite, record: LocalRecord) -> str | None:
        """The profile's record that this one points at from now on: the one named, if it is there."""
        return row.profile_record_id if row.profile_record_id in self.profiles else record.profile_record_id

    def _held(self, row: EntryWrite) -> int | None:
        """The version that the CRM has heard of: the record's, else the one with which it was withdrawn."""
        record = self.records.get(row.external_key)
        return record.version if record else self.withdrawn.get(row.external_key)


def _edits(record: LocalRecord) -> dict[str, Any]:
    """The fields that no longer say what we wrote, as somebody else left them."""
    return {name: value for name, value in record.fields.items() if value != record.written.get(name)}


def _note(session: Session, db: Database, batch: Sequence[EntryWrite], outcomes: Sequence[Outcome]) -> None:
    """Enter every row into the ledger that the CRM took or knew better."""
    for row, outcome in zip(batch, outcomes, strict=True):
        if outcome.result not in {Result.REJECTED, Result.CONTACT_GONE}:
            session.add(
                LocalLedger(
                    at=db.clock.now(),
                    operation=outcome.result.value,
                    external_key=row.external_key,
                    record_id=outcome.record_id or "",
                    contact_native_id=row.contact_native_id,
                    version=row.version,
                )
            )


def _fault(row: EntryWrite) -> str | None:
    """Why this row cannot be taken, in plain words."""
    if not row.external_key:
        return gettext("external key: expected a text")
    if row.occurred_at.tzinfo is None:
        return gettext("occurred_at: expected a time with a zone")
    for name, value in row.fields.items():
        if not isinstance(value, str):
            continue
        if len(value) > LIMITS.get(name, LIMITS["text"]):
            limit = LIMITS.get(name, LIMITS["text"])
            return gettext("%(field)s: longer than %(limit)s characters", field=name, limit=limit)
        if clean(value) != value:
            return gettext("%(field)s: holds characters that cannot be stored", field=name)
    return None


def _contact(session: Session, row: LocalContact) -> ContactRecord:
    """A contact as the CRM shows it: whoever survives a loop of merges is not merged."""
    fields = dict(row.fields)
    merged_into = row.merged_into
    if merged_into is not None and survivor(session, str(row.id)) is row:
        merged_into = None
    return ContactRecord(
        native_id=str(row.id),
        full_name=fields.pop("full_name", ""),
        handles=tuple((network, handle) for network, handle in fields.pop("handles", ())),
        emails=tuple(fields.pop("emails", ())),
        phones=tuple(fields.pop("phones", ())),
        urls=tuple(fields.pop("urls", ())),
        **fields,
        updated_at=row.updated_at,
        is_deleted=row.deleted_at is not None,
        merged_into=merged_into,
    )


def _parts(batch: Sequence[EntryWrite]) -> Iterator[Sequence[EntryWrite]]:
    return (batch[start : start + BATCH] for start in range(0, len(batch), BATCH))
