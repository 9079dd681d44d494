"""Account archives that were imported or are being read: what they are, how far, and what came of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Leased, Row, WithPublicId, due_index


class ArchiveState(StrEnum):
    """What became of an archive."""

    READING = "reading"  # or waiting for it
    DONE = "done"
    FAILED = "failed"


class ArchiveFile(Leased, WithPublicId, Row):
    """One archive; the place reached moves only together with the rows it covers. Due: uploaded and to be read."""

    __tablename__ = "archive_file"
    __table_args__ = (due_index("archive_file"), Index("ix_archive_file_fingerprint", "fingerprint"))

    name: Mapped[str]  # as whoever gave it calls it
    size: Mapped[int] = mapped_column(BigInteger)  # in bytes; 0 for a folder
    fingerprint: Mapped[str | None]  # of one read by command, so that the same goes on
    network: Mapped[str | None]  # None: not yet told
    kind: Mapped[str | None]
    owner: Mapped[dict[str, Any] | None]  # key and handle of the account whose it is
    state: Mapped[str] = mapped_column(default=ArchiveState.READING)
    problem: Mapped[str | None]  # what stood in the way, a message for the catalogue
    cursor: Mapped[str | None]  # opaque; the connector's business
    items: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    quarantined: Mapped[int] = mapped_column(default=0)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    added_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
