"""Mail to people who use scrm: ordered as a row, written when it is sent, and sent once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, Session, mapped_column

from scrm.db import upsert
from scrm.models.base import Leased, Row, WithPublicId, due_index, uuid7


class MailState(StrEnum):
    """Where a mail stands."""

    TODO = "todo"
    SENT = "sent"
    DROPPED = "dropped"  # there was nothing to say when its time came
    FAILED = "failed"  # refused for good, or tried for a day
    UNCLEAR = "unclear"  # we stopped, or were cut off, while it was handed over; not sent again


class Mail(WithPublicId, Leased, Row):
    """One mail to one user. It holds no words: what it says is decided when it is sent."""

    __tablename__ = "mail"
    __table_args__ = (
        due_index("mail"),
        Index("ix_mail_user_id", "user_id"),
        Index("ix_mail_alert_id", "alert_id"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(unique=True)  # what it is about; ordered twice it is one
    since: Mapped[datetime]  # it tells what arrived from then on
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alert.id", ondelete="CASCADE"))  # empty: a digest
    is_over: Mapped[bool] = mapped_column(default=False)  # it tells the end of the alert
    made_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default=MailState.TODO)
    attempts: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str | None]
    done_at: Mapped[datetime | None]


def order_mails(session: Session, mails: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Order mails, each once by its `key` (inside a write transaction); the rest of each row is as at its start."""
    start = {
        "made_at": now,
        "state": MailState.TODO.value,
        "attempts": 0,
        "due_at": now,
        "generation": 0,
        "crash_count": 0,
    }
    rows = [{"public_id": uuid7(), **start, **mail} for mail in mails]
    if rows:
        session.execute(upsert(session, Mail).on_conflict_do_nothing(index_elements=["key"]), rows)
