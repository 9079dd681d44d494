"""Read a network's own account archive: the same translation, the same keys, so nothing is doubled.

Streams the file; each portion, the place reached and the counts are one transaction, so a killed reading goes on
where it was. An archive given to the command is read by it at once; one that was uploaded is due, and a job reads it
in slices under a lease.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from scrm import logs
from scrm.connectors.archive import is_packed, open_archive
from scrm.connectors.base import Account, Archive, Connector, RefusedArchive
from scrm.connectors.registry import connectors
from scrm.errors import InputError, LostLeaseError
from scrm.i18n import N_
from scrm.ingest import uploads
from scrm.ingest.internal import internal_check
from scrm.ingest.run import RAW_HOURS
from scrm.ingest.store import Context, store
from scrm.ingest.translate import translate
from scrm.models import ArchiveFile, ArchiveState, claim, still_mine
from scrm.policy import Use, permit
from scrm.records import Key
from scrm.runtime import Core

log = logs.get(__name__)

PORTION = 200
SLICE_SECONDS = 30.0
LEASES = 5  # a lease is this many usual ones: coming back to its place in a tar.gz takes minutes
MOST_CRASHES = 3  # without a portion stored between them
TOO_OFTEN = N_("Reading it ended the worker again and again. Nothing more is read of it.")
UNKNOWN = N_("This is not an archive of a network that scrm knows.")
MISSING = N_("The uploaded file is gone.")


@dataclass(kw_only=True)
class ArchiveReport:
    """What an archive brought, counted from its beginning."""

    kind: str
    items: int = 0
    new: int = 0
    quarantined: int = 0


def import_archive(core: Core, file: Path, progress: Callable[[int], None] | None = None) -> ArchiveReport:
    """Read an archive to its end; raises InputError when its kind is not known or its terms forbid storing."""
    connector, archive = recognize(file)
    account = archive.owner(file)
    fingerprint = _fingerprint(file)
    with core.db.write("archive.begin") as session:
        row = session.scalars(
            select(ArchiveFile).where(
                ArchiveFile.fingerprint == fingerprint, ArchiveFile.state == ArchiveState.READING.value
            )
        ).first()
        if row is None:
            row = ArchiveFile(name=file.name, size=_size(file), fingerprint=fingerprint, added_at=core.db.clock.now())
            session.add(row)
        _note_kind(row, connector, archive, account)
        session.flush()
    reading = _Reading(core=core, row=row, file=file, connector=connector, archive=archive, account=account)
    while reading.portion():
        if progress is not None:
            progress(reading.row.items)
    reading.end()
    row = reading.row
    for kind in ("match", "expand"):
        core.wake(kind, None)
    return ArchiveReport(kind=archive.kind, items=row.items, new=row.new, quarantined=row.quarantined)


def read_due(core: Core, *, seconds: float = SLICE_SECONDS) -> bool:
    """Read a slice of an uploaded archive; True when more is waiting."""
    uploads.tidy(core)
    now = core.db.clock.now()
    with core.db.write("archive.claim") as session:
        claimed = claim(session, ArchiveFile, now, seconds=core.settings.lease_seconds * LEASES)
    if not claimed:
        return False
    row = claimed[0]
    try:
        reading = _open(core, row)
        ends = monotonic() + seconds
        while reading.portion():
            if monotonic() > ends:
                reading.give_back()
                return True
        reading.end()
    except InputError as why:
        _fail(core, row, str(why))
    except LostLeaseError:
        log.warning("lease_lost", archive_id=row.id)
        return False
    uploads.remove(core, row)
    return True  # perhaps there is another one


def recognize(file: Path) -> tuple[Connector, Archive]:
    """The connector whose archive this is, by content. Raises InputError when there is none, or it is refused."""
    for connector in connectors().values():
        for archive in connector.archives:
            if archive.recognizes(file):
                if isinstance(archive, RefusedArchive):
                    why = archive.why
                    raise InputError(why)
                if not permit(connector.manifest.key, Use.STORE).allowed:
                    raise InputError(N_("The network's terms do not allow storing this."))
                return connector, archive
    if is_packed(file):
        open_archive(file)  # says why, where it cannot be opened
    raise InputError(UNKNOWN)


def label_of(row: ArchiveFile) -> str | None:
    """What sort of archive it is, in English; None before that is known."""
    connector = connectors().get(row.network or "")
    kinds = {archive.kind: archive.label for archive in connector.archives} if connector else {}
    return kinds.get(row.kind or "")


@dataclass(kw_only=True)
class _Reading:
    """A reading under way; `row` follows what is stored."""

    core: Core
    row: ArchiveFile
    file: Path
    connector: Connector
    archive: Archive
    account: Account
    items: Iterator[tuple[Mapping[str, Any], str]] | None = None

    def portion(self) -> bool:
        """Store the next portion with the place after it; False at the end. Raises LostLeaseError."""
        if self.items is None:
            self.items = self.archive.items(self.file, self.row.cursor)
        found = list(islice(self.items, PORTION))
        if not found:
            return False
        batch = translate((item for item, _ in found), self.account, self.archive.translate)
        with self.core.db.write("archive.store") as session:
            row, now = self._held(session), self.core.db.clock.now()
            stored = store(session, self._context(session), batch)
            row.cursor, row.crash_count = found[-1][1], 0
            row.items += len(batch.raw)
            row.new += stored.new
            row.quarantined += batch.quarantined
            if row.lease_until is not None:
                row.lease_until = now + timedelta(seconds=self.core.settings.lease_seconds * LEASES)
        self.row = row
        return True

    def end(self) -> None:
        with self.core.db.write("archive.end") as session:
            row = self._held(session)
            row.state, row.done_at = ArchiveState.DONE.value, self.core.db.clock.now()
            row.due_at = row.lease_until = None

    def give_back(self) -> None:
        with self.core.db.write("archive.give_back") as session:
            row = self._held(session)
            row.due_at, row.lease_until = self.core.db.clock.now(), None

    def _held(self, session: Session) -> ArchiveFile:
        row = session.scalars(select(ArchiveFile).where(ArchiveFile.id == self.row.id, _mine(self.row))).one_or_none()
        if row is None:
            raise LostLeaseError("somebody else reads this archive")
        return row

    def _context(self, session: Session) -> Context:
        terms = self.connector.manifest.terms
        return Context(
            connection_id=None,
            network=self.connector.manifest.key,
            stream=self.archive.kind,
            now=self.core.db.clock.now(),
            raw_hours=RAW_HOURS,
            keep_hours=terms.keep_hours,
            keep_profile_hours=terms.keep_profile_hours,
            is_internal=internal_check(session, [self.account.key]),
            is_archive=True,
        )


def _mine(row: ArchiveFile) -> ColumnElement[bool]:
    """Whoever reads by command holds no lease: nothing else ever takes what is not due."""
    return still_mine(row) if row.lease_until is not None else ArchiveFile.generation == row.generation


def _open(core: Core, row: ArchiveFile) -> _Reading:
    """A reading of an upload, which is told what it is the first time."""
    file = uploads.place(core, row)
    if row.crash_count >= MOST_CRASHES:
        raise InputError(TOO_OFTEN)
    if not file.exists():
        raise InputError(MISSING)
    if row.network is None or row.owner is None:
        connector, archive = recognize(file)
        account = archive.owner(file)
        with core.db.write("archive.tell") as session:
            _note_kind(session.get_one(ArchiveFile, row.id), connector, archive, account)
    else:
        connector, archive = _known(row)
        account = Account(key=Key(**row.owner["key"]), handle=row.owner["handle"], base_url=row.owner["base_url"])
    return _Reading(core=core, row=row, file=file, connector=connector, archive=archive, account=account)


def _known(row: ArchiveFile) -> tuple[Connector, Archive]:
    for connector in connectors().values():
        for archive in connector.archives:
            if (connector.manifest.key, archive.kind) == (row.network, row.kind) and isinstance(archive, Archive):
                return connector, archive
    raise InputError(UNKNOWN)


def _note_kind(row: ArchiveFile, connector: Connector, archive: Archive, account: Account) -> None:
    row.network, row.kind = connector.manifest.key, archive.kind
    key = {"network": account.key.network, "native_id": account.key.native_id, "scope": account.key.scope}
    row.owner = {"key": key, "handle": account.handle, "base_url": account.base_url}


def _fail(core: Core, row: ArchiveFile, why: str) -> None:
    with core.db.write("archive.fail") as session:
        failed = session.scalars(select(ArchiveFile).where(ArchiveFile.id == row.id, still_mine(row))).one_or_none()
        if failed is not None:
            failed.state, failed.problem, failed.done_at = ArchiveState.FAILED.value, why, core.db.clock.now()
            failed.due_at = failed.lease_until = None


def _size(file: Path) -> int:
    return 0 if file.is_dir() else file.stat().st_size


def _fingerprint(file: Path) -> str:
    """The content, so that the same file under another name goes on and a changed one begins anew."""
    if file.is_dir():
        listing = sorted(
            f"{path.relative_to(file)}:{path.stat().st_size}" for path in file.rglob("*") if path.is_file()
        )
        return hashlib.sha256("\n".join(listing).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    digest = hashlib.sha256()
    with file.open("rb") as source:
        while block := source.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()[:32]
