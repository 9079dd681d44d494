"""Finds what admins are to be told, and that it is over, from what the database says now.

Each look is one transaction that finds, writes down and orders mails and announcements: a process that stops in it
has told nothing, and one that stops after it has ordered everything. The judgments are those of the pages.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.connectors.registry import connectors
from scrm.db import take_turns
from scrm.ingest import meter
from scrm.ingest.trouble import troubled
from scrm.models import (
    Alert,
    AlertKind,
    Connection,
    ConnectionState,
    Forgetting,
    ForgettingState,
    HookEvent,
    Role,
    User,
)
from scrm.models.hooks import announce
from scrm.models.mail import order_mails
from scrm.runtime import Core
from scrm.sync import calls
from scrm.sync.crm import crms_in_use
from scrm.sync.outbox import oldest_waiting

LOCK: Final = 7_265_391  # any number of our own: two looks at once would tell everything twice
NEAR: Final = 0.9  # of a budget
ROOM: Final = 0.8  # from here on there is room again; what goes up and down about one mark is not told each time
TOO_OLD: Final = timedelta(hours=1)  # as in docs/alerts.yml
RECENT: Final = timedelta(days=7)  # erasures that are told; well within the time for which alerts are kept


class Happening(NamedTuple):
    """Something that is so now."""

    kind: AlertKind
    subject: str
    since: datetime


def look(core: Core) -> None:
    """Tell what began since the last look, and what is over."""
    with core.db.write("alerts.look") as session:
        take_turns(session, LOCK)
        now = core.db.clock.now()
        before = {
            (row.kind, row.subject): row for row in session.scalars(select(Alert).where(Alert.ended_at.is_(None)))
        }
        found = {(one.kind.value, one.subject): one for one in _wrong(session, now, set(before))}
        for key, one in found.items():
            if key not in before:
                _begin(core, session, one, now)
        for key, row in before.items():
            if key not in found:
                _end(core, session, row, now)
        for one in _erased(session, now):
            _begin(core, session, one, now, ended_at=one.since)


def _begin(core: Core, session: Session, one: Happening, now: datetime, *, ended_at: datetime | None = None) -> None:
    row = Alert(kind=one.kind.value, subject=one.subject, began_at=one.since, told_at=now, ended_at=ended_at)
    session.add(row)
    session.flush()
    _tell(core, session, row, now, is_over=False)


def _end(core: Core, session: Session, row: Alert, now: datetime) -> None:
    row.ended_at = now
    connection = connection_of(session, row)
    if row.kind == AlertKind.BUDGET and connection is not None and connection.state == ConnectionState.REMOVED:
        return  # that there is room again would not be true
    row.ended_told_at = now
    _tell(core, session, row, now, is_over=True)


def _wrong(session: Session, now: datetime, before: AbstractSet[tuple[str, str]]) -> Iterator[Happening]:
    """What is wrong now; `before`: kinds and subjects of what was at the last look."""
    for row in troubled(session, now):
        yield Happening(AlertKind.CONNECTION, str(row.public_id), row.problem_since or now)
    for crm_id in crms_in_use(session):
        oldest = oldest_waiting(session, crm_id, now)
        if oldest is not None and oldest <= now - TOO_OLD:
            yield Happening(AlertKind.WRITES, crm_id, oldest)
    for kind, subject, share in _shares(session, now):
        if share >= (ROOM if (kind.value, subject) in before else NEAR):
            yield Happening(kind, subject, now)


def _shares(session: Session, now: datetime) -> Iterator[tuple[AlertKind, str, float]]:
    """How much of each budget is used, from 0 to 1."""
    live = select(Connection).where(Connection.state != ConnectionState.REMOVED.value)
    for row in session.scalars(live.where(Connection.network.in_(list(connectors())))):
        yield AlertKind.BUDGET, str(row.public_id), meter.reading(session, row, now).share
    for crm_id in crms_in_use(session):
        yield AlertKind.CRM_BUDGET, crm_id, calls.share_used(session, crm_id, now) or 0.0


def _erased(session: Session, now: datetime) -> Iterator[Happening]:
    """Erasures that came to their end and were not told."""
    told = select(Alert.subject).where(Alert.kind == AlertKind.ERASED.value, Alert.ended_at > now - 2 * RECENT)
    known = set(session.scalars(told))
    ended = (Forgetting.state == ForgettingState.DONE.value) & (Forgetting.done_at > now - RECENT)
    for row in session.scalars(select(Forgetting).where(ended).order_by(Forgetting.id)):
        if row.done_at is not None and str(row.public_id) not in known:
            yield Happening(AlertKind.ERASED, str(row.public_id), row.done_at)


def _tell(core: Core, session: Session, row: Alert, now: datetime, *, is_over: bool) -> None:
    event = HookEvent.ALERT_ENDED if is_over else HookEvent.ALERT_BEGAN
    connection = connection_of(session, row)
    announce(session, event, now, network=connection.network if connection else None, alert_id=row.id)
    if not core.settings.sends_mail:
        return
    admins = select(User).where(User.role == Role.ADMIN.value, User.disabled_at.is_(None)).order_by(User.id)
    mails = [_mail(row, who, is_over=is_over) for who in session.scalars(admins) if row.kind not in who.alerts_off]
    order_mails(session, mails, now)


def _mail(row: Alert, who: User, *, is_over: bool) -> dict[str, object]:
    key = f"alert/{row.id}/{'ended' if is_over else 'began'}/{who.id}"
    return {"user_id": who.id, "key": key, "since": row.began_at, "alert_id": row.id, "is_over": is_over}


def connection_of(session: Session, row: Alert) -> Connection | None:
    """The connection that an alert is about, if it is about one."""
    if row.kind not in {AlertKind.CONNECTION, AlertKind.BUDGET}:
        return None
    return session.scalars(select(Connection).where(Connection.public_id == UUID(row.subject))).one_or_none()
