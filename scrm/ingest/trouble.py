"""Which connections need somebody: the one judgment that pages, alerts and mails share."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.errors import RetryLaterError
from scrm.models import Connection, ConnectionState

PATIENCE: Final = timedelta(hours=1)


def needs_somebody(row: Connection, now: datetime) -> bool:
    """Whether something stands in the way that does not pass by itself; a network that asks to wait is no news."""
    if row.state == ConnectionState.SUSPENDED:
        return True
    if row.problem is None or row.state != ConnectionState.ACTIVE:
        return False
    since = row.problem_since or now
    return row.problem != RetryLaterError.__name__ or since <= now - PATIENCE


def troubled(db: Session, now: datetime) -> list[Connection]:
    """The connections that need somebody."""
    live = select(Connection).where(Connection.state != ConnectionState.REMOVED.value).order_by(Connection.id)
    return [row for row in db.scalars(live) if needs_somebody(row, now)]
