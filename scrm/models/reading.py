"""What a person did with a contact's page: when they last read it, which link they object to, whom they watch."""

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, exists, select
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Row, WithId
from scrm.models.matching import Link


class ContactVisit(Row):
    """A person read a contact's timeline up to this time; what arrived later is new to them."""

    __tablename__ = "contact_visit"
    __table_args__ = (Index("ix_contact_visit_contact_id", "contact_id"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True)
    seen_at: Mapped[datetime]


class Objection(WithId, Row):
    """A person says that a linked profile is not this contact: hidden at once, until a steward judges.

    Open as long as the link rests on the judgment objected to. Any later judgment of a steward settles it.
    """

    __tablename__ = "objection"
    __table_args__ = (UniqueConstraint("judgment_id"), Index("ix_objection_profile_id", "profile_id"))

    judgment_id: Mapped[int] = mapped_column(ForeignKey("judgment.id", ondelete="CASCADE"))
    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[datetime]


class ContactInterest(Row):
    """A person wants to hear of a contact that is another's in the CRM."""

    __tablename__ = "contact_interest"
    __table_args__ = (Index("ix_contact_interest_contact_id", "contact_id"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True)
    since: Mapped[datetime]


def undoubted() -> ColumnElement[bool]:
    """Whether nobody objects to a link; what was said over one that is doubted is shown nowhere."""
    return ~exists(select(Objection.id).where(Objection.judgment_id == Link.judgment_id))
