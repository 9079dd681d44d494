"""Mail to people who use scrm: ordered as a row, written when it is sent, and sent once."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Leased, Row, WithPublicId, due_index


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
