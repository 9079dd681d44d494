"""Webhook deliveries received, by the sender's id, so that a repeat has no second effect.

Whoever takes deliveries shares the mechanics below: keep one, claim what is due, finish it. What cannot be applied is
set aside with its reason, after five errors or two stopped workers.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, LargeBinary, UniqueConstraint, or_, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from scrm import logs
from scrm.db import upsert
from scrm.i18n import N_, gettext
from scrm.models.base import Leased, Row, WithId, claim, due_index, still_mine

log = logs.get(__name__)

LARGEST_BODY = 1_000_000  # bytes; the web process refuses more with 413
MOST_ERRORS = 5
MOST_CRASHES = 2
LONGEST_REASON = 500
NETWORKS = "network/"  # before the name of a network: deliveries of networks, not of a CRM
OUTBOUND = "outbound/"  # before the name of an address: records that an outbound message names

CRASHED = N_("Set aside: applying it stopped a worker twice.")
FAILED = N_("Set aside: applying it failed five times (%(error)s).")


class InboxState(StrEnum):
    """Where a delivery stands."""

    TODO = "todo"
    DONE = "done"
    QUARANTINED = "quarantined"


class InboxItem(WithId, Leased, Row):
    """One verified delivery, stored before it is answered; the body goes when it is done."""

    __tablename__ = "inbox_item"
    __table_args__ = (UniqueConstraint("endpoint", "delivery_key"), due_index("inbox_item"))

    endpoint: Mapped[str]
    delivery_key: Mapped[str]
    received_at: Mapped[datetime]
    body: Mapped[bytes | None] = mapped_column(LargeBinary())
    state: Mapped[str] = mapped_column(default=InboxState.TODO)
    attempts: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str | None]
    done_at: Mapped[datetime | None]


class WebhookEndpoint(WithId, Row):
    """Somebody who may call us: a name in the address and sealed secrets, the old one valid for a while."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (UniqueConstraint("name"),)

    name: Mapped[str]  # e.g. "crm"
    crm_id: Mapped[str]
    secrets: Mapped[str]  # sealed for `webhook_endpoint/<name>/secrets`
    old_secret_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    refused: Mapped[int] = mapped_column(default=0)


def is_from_network() -> ColumnElement[bool]:
    """Whether a delivery came from a network; the others came from a CRM."""
    return InboxItem.endpoint.startswith(NETWORKS)


def is_outbound() -> ColumnElement[bool]:
    """Whether a delivery is one notification of an outbound message."""
    return InboxItem.endpoint.startswith(OUTBOUND)


def is_todo() -> ColumnElement[bool]:
    """Whether a delivery waits to be applied."""
    return InboxItem.state == InboxState.TODO.value


def keep_delivery(session: Session, endpoint: str, delivery_key: str, body: bytes, now: datetime) -> bool:
    """Store a verified delivery; True when it is new."""
    stored = session.execute(
        upsert(session, InboxItem)
        .values(
            endpoint=endpoint,
            delivery_key=delivery_key,
            received_at=now,
            body=body,
            state=InboxState.TODO.value,
            attempts=0,
            due_at=now,
            generation=0,
            crash_count=0,
        )
        .on_conflict_do_nothing(index_elements=["endpoint", "delivery_key"])
        .returning(InboxItem.id)
    ).first()
    return stored is not None


def claim_deliveries(
    session: Session, whose: ColumnElement[bool], now: datetime, *, limit: int, seconds: float, is_suspect: bool
) -> Sequence[InboxItem]:
    """Claim what is due: what nobody worked on before, or those whose worker died, each alone.

    So one that kills workers takes no neighbor with it.
    """
    touched = or_(InboxItem.crash_count > 0, InboxItem.lease_until.is_not(None))
    return claim(
        session,
        InboxItem,
        now,
        is_todo(),
        whose,
        touched if is_suspect else ~touched,
        limit=1 if is_suspect else limit,
        seconds=seconds,
    )


def finish_delivery(
    session: Session, item: InboxItem, now: datetime, *, fault: str | None, error: str | None
) -> None:
    """Write down how it went, if the claim still holds. A fault never mends; an error may not come another time."""
    session.execute(
        update(InboxItem)
        .where(InboxItem.id == item.id, still_mine(item))
        .values(lease_until=None, **_outcome(item, now, fault, error))
    )


def _outcome(item: InboxItem, now: datetime, fault: str | None, error: str | None) -> dict[str, object]:
    if fault is None and error is None:
        done = InboxState.DONE.value
        return {"state": done, "done_at": now, "due_at": None, "crash_count": 0, "body": None, "reason": None}
    attempts = item.attempts + 1
    if fault is None and attempts >= MOST_ERRORS:
        fault = gettext(FAILED, error=error)
    if fault is None:
        log.warning("delivery_failed", delivery_id=item.id, error=error)
        return {"attempts": attempts, "due_at": now + timedelta(seconds=2.0**attempts), "reason": error}
    log.error("delivery_set_aside", delivery_id=item.id)
    return {
        "state": InboxState.QUARANTINED.value,
        "attempts": attempts,
        "due_at": None,
        "done_at": now,
        "reason": fault[:LONGEST_REASON],
    }
