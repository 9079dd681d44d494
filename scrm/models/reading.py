"""What a person did with a contact's page: when they last read it, and which link they object to."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Row, WithId


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
