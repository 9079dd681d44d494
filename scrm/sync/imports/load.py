"""Import contacts from a file into the built-in CRM, 200 rows per transaction.

Memory stays bounded: the file is streamed, and of each row only eight bytes are kept, to tell a row that stands there
twice (64 MB for a million rows). A killed import is begun again: rows that are there already are updated in place.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from scrm.db import Database
from scrm.errors import InputError
from scrm.i18n import N_, gettext
from scrm.models import ContactKind
from scrm.sync.contacts import mark_pull_due
from scrm.sync.crm import LOCAL
from scrm.sync.crm.local_contacts import MOST, Put, Statement, put_contacts
from scrm.sync.imports.columns import Draft, Reject, RejectedError, statement_of
from scrm.sync.imports.csv import CsvFile
from scrm.sync.imports.source import encoding_of, opened
from scrm.sync.imports.vcard import VcardFile

TWICE = N_("another row of this file has the same id or e-mail address")
FORGOTTEN = N_("this person was forgotten on request")
NEWER = N_("the CRM knows something newer")


@dataclass(kw_only=True)
class ImportReport:
    """What an import did: rows by result, rows not taken, and fields left out of rows that were."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Reject] = field(default_factory=list)
    ignored: list[Reject] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.created + self.updated + self.unchanged + len(self.rejected)


def import_contacts(
    db: Database,
    source: Path | str | BinaryIO,
    *,
    mapping: Mapping[str, str] | None = None,
    encoding: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Import a CSV or vCard file; a path or a binary stream.

    `mapping` names the field of ours for a column (empty: leave it out), `encoding` overrides what is detected,
    `progress` hears the number of rows after each transaction. Raises InputError when the file as a whole is no good.
    """
    reader = _Reader(now=db.clock.now())
    batch: list[tuple[Draft, Statement]] = []
    with _rows_of(source, mapping, encoding) as rows:
        for row in rows:
            judged = reader.judge(row, rows.kind)
            if judged is not None:
                batch.append(judged)
            if len(batch) == MOST:
                _put(db, batch, reader.report, progress)
                batch = []
        _put(db, batch, reader.report, progress)
    with db.write("import.finish") as session:
        mark_pull_due(session, LOCAL, db.clock.now())
    return reader.report


@dataclass(kw_only=True)
class _Reader:
    """Tells rows that can be taken from those that cannot."""

    now: datetime
    report: ImportReport = field(default_factory=ImportReport)
    seen: set[int] = field(default_factory=set)

    def judge(self, row: Draft | Reject, kind: ContactKind) -> tuple[Draft, Statement] | None:
        if isinstance(row, Reject):
            self.report.rejected.append(row)
            return None
        try:
            statement = statement_of(row, kind, self.now)
        except RejectedError as why:
            self.report.rejected.append(why.reject)
            return None
        mark = int.from_bytes(hashlib.sha256(statement.source_id.encode()).digest()[:8])
        if mark in self.seen:
            self.report.rejected.append(Reject(line=row.line, column="", reason=gettext(TWICE)))
            return None
        self.seen.add(mark)
        self.report.ignored += row.ignored
        return row, statement


def _put(
    db: Database,
    batch: Sequence[tuple[Draft, Statement]],
    report: ImportReport,
    progress: Callable[[int], None] | None,
) -> None:
    if not batch:
        return
    results = put_contacts(db, [statement for _draft, statement in batch])
    for (draft, _statement), result in zip(batch, results, strict=True):
        match result:
            case Put.CREATED:
                report.created += 1
            case Put.UPDATED:
                report.updated += 1
            case Put.UNCHANGED:
                report.unchanged += 1
            case Put.STALE:
                report.rejected.append(Reject(line=draft.line, column="", reason=gettext(NEWER)))
            case Put.FORGOTTEN:
                report.rejected.append(Reject(line=draft.line, column="", reason=gettext(FORGOTTEN)))
    if progress is not None:
        progress(report.rows)


@contextmanager
def _rows_of(
    source: Path | str | BinaryIO, mapping: Mapping[str, str] | None, encoding: str | None
) -> Iterator[CsvFile | VcardFile]:
    with opened(source) as file:
        named = encoding or encoding_of(file)
        file.seek(0)
        try:
            text = TextIOWrapper(file, encoding=named, errors="replace", newline="")
        except LookupError:
            raise InputError(gettext("There is no such encoding.")) from None
        try:
            is_vcard = text.read(64).lstrip("\ufeff \t\r\n").upper().startswith("BEGIN:VCARD")
            text.seek(0)
            if not is_vcard:
                yield CsvFile(text, mapping)
            elif encoding or named.startswith("utf-16"):
                yield VcardFile(lambda longest: text.readline(longest).encode())
            else:
                yield VcardFile(file.readline)  # each card says for itself how it is written
        finally:
            text.detach()  # the file belongs to whoever opened it
