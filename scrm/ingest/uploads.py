"""Uploaded archives on disk: in a folder of the installation's own, until they were read. Web and worker share it."""

import os
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, select

from scrm.models import ArchiveFile, ArchiveState, AuditEntry, uuid7
from scrm.runtime import Core

FOLDER = "archives"
UNFINISHED = ".part"
STALE_SECONDS = 24 * 3600.0  # nobody still writes what was not touched for so long
KEPT_DAYS = 90  # what is remembered of an archive that was read
RESERVE = 1024**3  # bytes of disk that uploads leave free


def folder(core: Core) -> Path:
    """Where uploads are, closed to other users."""
    found = core.settings.state_dir / FOLDER
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def place(core: Core, row: ArchiveFile) -> Path:
    return core.settings.state_dir / FOLDER / str(row.public_id)


def room(core: Core) -> int:
    """How many bytes may still be uploaded."""
    found = os.statvfs(folder(core))
    return max(0, found.f_bavail * found.f_frsize - RESERVE)


def accept(core: Core, written: Path, name: str, user_id: int) -> ArchiveFile:
    """Take a file that was written into our folder: have it read. Whoever wrote it removes its own name of it."""
    now = core.db.clock.now()
    row = ArchiveFile(
        public_id=uuid7(), name=name, size=written.stat().st_size, user_id=user_id, added_at=now, due_at=now
    )
    place(core, row).hardlink_to(written)
    with core.db.write("archive.take") as session:
        session.add(row)
        session.add(
            AuditEntry(
                at=now, user_id=user_id, action="archive.uploaded", object=f"archive/{row.public_id}", after={}
            )
        )
    core.wake("archive", None)
    return row


def remove(core: Core, row: ArchiveFile) -> None:
    """The file of an archive that needs no more reading."""
    place(core, row).unlink(missing_ok=True)


def tidy(core: Core) -> None:
    """Remove files that nobody needs: uploads that broke off, and what a killed worker left; and old memories."""
    with core.db.read() as session:
        reading = select(ArchiveFile.public_id).where(ArchiveFile.state == ArchiveState.READING.value)
        needed = {str(public_id) for public_id in session.scalars(reading)}
    for file in folder(core).iterdir():
        if file.name not in needed and time.time() - file.stat().st_mtime > STALE_SECONDS:
            file.unlink(missing_ok=True)
    old = ArchiveFile.done_at < core.db.clock.now() - timedelta(days=KEPT_DAYS)
    with core.db.read() as session:
        has_old = session.scalars(select(ArchiveFile.id).where(old).limit(1)).first() is not None
    if has_old:
        with core.db.write("archive.forget") as session:
            session.execute(delete(ArchiveFile).where(old))
