"""Say that work is due: timelines that may have changed, whole networks of them, objects to be read again."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, update
from sqlalchemy.orm import Session

from scrm.db import upsert
from scrm.models.community import AudienceChange
from scrm.models.connection import StreamState, Watch
from scrm.models.timeline import TimelineDue


def mark_timelines_due(session: Session, profile_ids: Iterable[int], now: datetime) -> None:
    """Say that these profiles' timelines may have changed."""
    rows = [
        {"profile_id": p, "changes": 1, "due_at": now, "generation": 0, "crash_count": 0} for p in sorted(profile_ids)
    ]
    if rows:
        statement = upsert(session, TimelineDue)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["profile_id"],
                set_={"changes": TimelineDue.changes + 1, "due_at": statement.excluded.due_at},
            ),
            rows,
        )


def mark_audiences_due(session: Session, networks: Iterable[str], now: datetime) -> None:
    """Say that who may read what of these networks has changed: all their timelines may have."""
    rows = [
        {"network": name, "after_id": 0, "changes": 1, "due_at": now, "generation": 0, "crash_count": 0}
        for name in sorted(networks)
    ]
    if rows:
        statement = upsert(session, AudienceChange)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["network"],
                set_={"after_id": 0, "changes": AudienceChange.changes + 1, "due_at": statement.excluded.due_at},
            ),
            rows,
        )


def watch_again(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Have objects read again no later than the times given, and wake the streams that do it."""
    if not rows:
        return
    statement = upsert(session, Watch)
    new = statement.excluded
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["connection_id", "stream", "native_id"],
            set_={
                "due_at": case((Watch.due_at > new.due_at, new.due_at), else_=Watch.due_at),
                "fetch_ref": func.coalesce(Watch.fetch_ref, new.fetch_ref),
            },
            where=(Watch.due_at > new.due_at) | (Watch.fetch_ref.is_(None) & new.fetch_ref.is_not(None)),
        ),
        list(rows),
    )
    earliest: dict[tuple[int, str], datetime] = {}
    for row in rows:
        at = (row["connection_id"], row["stream"])
        earliest[at] = min(earliest.get(at, row["due_at"]), row["due_at"])
    for (connection_id, stream), due_at in earliest.items():
        session.execute(
            update(StreamState)
            .where(
                StreamState.connection_id == connection_id,
                StreamState.stream == stream,
                (StreamState.due_at > due_at) | StreamState.due_at.is_(None),
            )
            .values(due_at=due_at)
        )
