"""Webhook deliveries received, by the sender's id, so that a repeat has no second effect."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Leased, Row, WithId, due_index


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
