"""What admins are told of: that something is wrong, and that it is over; or that something was done."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from scrm.models.base import Row, WithPublicId


class AlertKind(StrEnum):
    """What happened; `subject` names to whom or what."""

    CONNECTION = "connection"  # it needs somebody; subject: its public id
    BUDGET = "budget"  # of a connection, near its end; subject: as above
    CRM_BUDGET = "crm_budget"  # our calls of the CRM, near their end; subject: the CRM's id
    WRITES = "writes"  # what is to be written to the CRM waits too long; subject: as above
    ERASED = "erased"  # somebody was forgotten, everywhere; subject: the request's public id


class Alert(WithPublicId, Row):
    """One happening. It holds ids and times and names nobody; told in the transaction that finds it."""

    __tablename__ = "alert"
    __table_args__ = (Index("ix_alert_subject", "kind", "subject"), Index("ix_alert_ended_at", "ended_at"))

    kind: Mapped[str]
    subject: Mapped[str]
    began_at: Mapped[datetime]
    told_at: Mapped[datetime]  # mails and announcements are ordered
    ended_at: Mapped[datetime | None]
    ended_told_at: Mapped[datetime | None]  # empty for what is over as soon as it happens

    @property
    def page(self) -> str:
        """The path of the page on which the next step is taken."""
        return {
            AlertKind.CONNECTION: f"/connections/{self.subject}",
            AlertKind.BUDGET: f"/connections/{self.subject}#budget",
            AlertKind.CRM_BUDGET: "/admin/crm",
            AlertKind.WRITES: "/writing",
            AlertKind.ERASED: f"/forgotten/{self.subject}",
        }[AlertKind(self.kind)]
