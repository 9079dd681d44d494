"""Who did what when, append-only."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Row, WithId


class AuditEntry(WithId, Row):
    """One act: actor, action, object, and what changed; ids and settings, never personal texts."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_at", "at"),
        Index("ix_audit_entry_user_id", "user_id", "id"),
        Index("ix_audit_entry_action", "action", "id"),
        Index("ix_audit_entry_object", "object", "id"),
    )

    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    action: Mapped[str]  # e.g. connection.paused
    object: Mapped[str]  # e.g. connection/0190…
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
