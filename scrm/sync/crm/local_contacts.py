"""How contacts get into the built-in CRM: by import and by webhook, the newest statement about each one winning.

A source says of one contact that it is like this, that it is gone, or that it was merged into another. The newest
statement stands, in whatever order they arrive; what follows from merges is worked out when it is asked for, so that
a chain has one survivor and a loop ends at the contact whose merge is the oldest. A merge or a deletion may be heard
of before the contact itself: an empty row then keeps its place.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from scrm.db import Database, take_turns
from scrm.models import LocalContact, LocalLedger, LocalRecord
from scrm.tombstones import Mark, contact_marks, forgotten, source_mark

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST = 200  # statements per transaction
LOCK = 7_265_377  # any number of our own: one writer of the built-in CRM at a time


class Put(StrEnum):
    """What became of one statement."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    STALE = "stale"  # something newer is known already
    FORGOTTEN = "forgotten"  # the person was forgotten on request; nothing is taken


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What a source says of one contact: its fields, or that it is gone (None), or whom it was merged into."""

    source_id: str
    fields: Mapping[str, Any] | None = None
    merged_into: str | None = None  # source id of the survivor
    is_erasure: bool = False  # the person asked to be forgotten, here and in the source
    version: int | None = None  # counts the changes at the source; None: only the time tells
    at: datetime


def put_contacts(db: Database, statements: Sequence[Statement]) -> list[Put]:
    """Take up to 200 statements in one transaction; one result for each, in their order."""
    if len(statements) > MOST:
        raise ValueError(f"expected at most {MOST} statements")
    with db.write("local_crm.contacts") as session:
        one_writer(session)
        gone = _forgotten(session, statements)
        shelf = _Shelf(session, [one for one in statements if id(one) not in gone])
        return [Put.FORGOTTEN if id(one) in gone else shelf.put(one) for one in statements]


def _forgotten(session: Session, statements: Sequence[Statement]) -> set[int]:
    """The `id()` of statements about people who were forgotten: by the source's id, or by an address."""
    marks = {id(statement): set(_marks(statement)) for statement in statements}
    gone = forgotten(session, (mark for some in marks.values() for mark in some))
    return {name for name, some in marks.items() if gone & some}


def _marks(statement: Statement) -> Iterator[Mark]:
    yield source_mark(statement.source_id)
    if statement.merged_into is not None:
        yield source_mark(statement.merged_into)
    yield from contact_marks((statement.fields or {}).get("emails", ()), (statement.fields or {}).get("handles", ()))


def source_ids(session: Session, native_ids: Iterable[str]) -> list[str]:
    """By which ids sources know these contacts."""
    numbers = [number for one in native_ids if (number := record_number(one)) is not None]
    return list(session.scalars(select(LocalContact.source_id).where(LocalContact.id.in_(numbers))))


def native_ids(session: Session, sources: Iterable[str]) -> list[str]:
    """The record ids of contacts, by what sources call them."""
    return [str(one) for one in session.scalars(select(LocalContact.id).where(LocalContact.source_id.in_(sources)))]


def erase(session: Session, native_ids: Sequence[str], external_keys: Sequence[str]) -> int:
    """Leave nothing of these contacts, nor of what the ledger says of these records; returns how many rows went.

    The only thing that ever leaves the ledger: its keys are hashes of what a forgotten person said.
    """
    numbers = [number for one in native_ids if (number := record_number(one)) is not None]
    gone = [
        delete(LocalContact).where(LocalContact.id.in_(numbers)),
        delete(LocalRecord).where(LocalRecord.external_key.in_(external_keys)),
        delete(LocalLedger).where(LocalLedger.external_key.in_(external_keys)),
    ]
    return sum(session.execute(statement).rowcount for statement in gone)  # type: ignore[attr-defined]


def one_writer(session: Session) -> None:
    """Let writers of the built-in CRM follow one another, so that `seq` is seen in the order of its commits."""
    take_turns(session, LOCK)


def survivor(session: Session, native_id: str) -> LocalContact | None:
    """The living contact that this one has become; None when there is none."""
    path: list[LocalContact] = []
    row = by_native_id(session, native_id)
    while row is not None and row.merged_into is not None:
        if row in path:
            loop = path[path.index(row) :]
            return min(loop, key=lambda member: (member.updated_at, member.id))  # its merge is out of date
        path.append(row)
        row = by_native_id(session, row.merged_into)
    return row if row is not None and row.deleted_at is None else None


def by_native_id(session: Session, native_id: str) -> LocalContact | None:
    """The row with this record id."""
    number = record_number(native_id)
    return None if number is None else session.get(LocalContact, number)


def native_id_of(session: Session, source_id: str) -> str:
    """The record id of what a source told of."""
    return str(session.scalars(select(LocalContact.id).where(LocalContact.source_id == source_id)).one())


def record_number(native_id: str) -> int | None:
    """A record id as a number; None for what cannot be one of ours."""
    return int(native_id) if native_id.isascii() and native_id.isdigit() and len(native_id) < 19 else None


class _Shelf:
    """The rows that a batch of statements is about."""

    def __init__(self, session: Session, statements: Iterable[Statement]) -> None:
        self._session = session
        self._seq = session.scalar(select(func.max(LocalContact.seq))) or 0
        wanted = {s.source_id for s in statements} | {s.merged_into for s in statements if s.merged_into}
        found = session.scalars(select(LocalContact).where(LocalContact.source_id.in_(wanted)))
        self._rows = {row.source_id: row for row in found}

    def put(self, statement: Statement) -> Put:
        row = self._rows.get(statement.source_id)
        is_new = row is None
        if row is None:
            row = self._empty(statement.source_id)
        elif _is_older(statement, row):
            return Put.STALE
        target = self._target(statement)
        row.version = row.version if statement.version is None else statement.version
        row.updated_at = statement.at
        if not is_new and _says_the_same(row, statement, target):
            return Put.UNCHANGED
        ends = self._loop_end(row)
        row.merged_into = target
        row.deleted_at = statement.at if statement.fields is None and target is None else None
        if target is None:
            row.fields = dict(statement.fields or {})
        for changed in sorted({row, *ends, *self._loop_end(row)}, key=lambda member: member.id):
            self._count(changed)
        return Put.CREATED if is_new else Put.UPDATED

    def _target(self, statement: Statement) -> str | None:
        if statement.merged_into is None:
            return None
        row = self._rows.get(statement.merged_into) or self._empty(statement.merged_into)
        self._session.flush()  # the only statements that need an id at once; the others are inserted together
        return str(row.id)

    def _empty(self, source_id: str) -> LocalContact:
        """A row that keeps the place of a contact nobody has described yet."""
        row = LocalContact(source_id=source_id, fields={}, version=0, updated_at=EPOCH, deleted_at=EPOCH)
        self._count(row)
        self._session.add(row)
        self._rows[source_id] = row
        return row

    def _loop_end(self, row: LocalContact) -> set[LocalContact]:
        """The contact that lives although it is merged: whoever changes a loop changes it too."""
        if row.merged_into is None:
            return set()
        end = survivor(self._session, str(row.id))
        return {end} if end is not None and end.merged_into is not None else set()

    def _count(self, row: LocalContact) -> None:
        self._seq += 1
        row.seq = self._seq


def _is_older(statement: Statement, row: LocalContact) -> bool:
    said = (row.version if statement.version is None else statement.version, statement.at)
    known = (row.version, row.updated_at)
    has_ended = row.deleted_at is not None or row.merged_into is not None
    is_alive = statement.fields is not None and statement.merged_into is None
    return said < known or (said == known and has_ended and is_alive)


def _says_the_same(row: LocalContact, statement: Statement, target: str | None) -> bool:
    if target is not None or statement.fields is None:
        return row.merged_into == target and (target is not None or row.deleted_at is not None)
    return row.merged_into is None and row.deleted_at is None and row.fields == dict(statement.fields)
