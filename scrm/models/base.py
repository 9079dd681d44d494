"""Declarative base, ids, and the columns that durable work shares."""

import os
import time
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Index, Text, Uuid, or_, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from scrm.db import METADATA, BigId, Json, UtcDateTime


class Row(DeclarativeBase):
    """Base of every table."""

    metadata = METADATA
    type_annotation_map = {datetime: UtcDateTime(), str: Text(), dict[str, Any]: Json, list[Any]: Json}


def uuid7() -> uuid.UUID:
    """A UUID version 7 (RFC 9562): 48 bits of milliseconds, then chance; sorts by age."""
    stamp = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10), "big")
    value = (stamp & ((1 << 48) - 1)) << 80 | 0x7 << 76 | (chance >> 68) << 64 | 0b10 << 62 | chance & ((1 << 62) - 1)
    return uuid.UUID(int=value)


class WithId:
    """A number inside; foreign keys use it."""

    id: Mapped[int] = mapped_column(BigId, primary_key=True)


class WithPublicId(WithId):
    """A number inside, a UUIDv7 outside (addresses, API)."""

    public_id: Mapped[uuid.UUID] = mapped_column(Uuid(), default=uuid7, unique=True)


class Leased:
    """A row that is work: due at a time, claimed for a while, finished only by the claim that holds it."""

    due_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    generation: Mapped[int] = mapped_column(default=0)
    crash_count: Mapped[int] = mapped_column(default=0)


Work = TypeVar("Work", bound=Any)


def claim(
    session: Session,
    model: type[Work],
    now: datetime,
    *where: ColumnElement[bool],
    limit: int = 1,
    seconds: float,
) -> Sequence[Work]:
    """Take up to `limit` due rows for `seconds`; a lease that ran out without a finish counts as a crash.

    Runs inside a write transaction. On PostgreSQL rows that another process is claiming are skipped.
    """
    due = (
        select(model)
        .where(model.due_at <= now, or_(model.lease_until.is_(None), model.lease_until < now), *where)
        .order_by(model.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = session.scalars(due).all()
    for row in rows:
        row.crash_count = row.crash_count + 1 if row.lease_until is not None else row.crash_count
        row.lease_until = now + timedelta(seconds=seconds)
        row.generation += 1
    session.flush()
    return rows


def still_mine(row: Any) -> ColumnElement[bool]:
    """The condition under which a finish may touch a claimed row: nobody claimed it after us."""
    model = type(row)
    mine: ColumnElement[bool] = (model.generation == row.generation) & (model.lease_until.is_not(None))
    return mine


def due_index(table: str) -> Index:
    """The index that finding due rows rests on."""
    return Index(f"ix_{table}_due_at", "due_at")


__all__ = [
    "BigId",
    "Json",
    "Leased",
    "Row",
    "WithId",
    "WithPublicId",
    "claim",
    "due_index",
    "still_mine",
    "update",
    "uuid7",
]
