"""The ledger of purposes: for what, and on which legal ground, something is done with a profile. Rows only end."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Row, WithPublicId


class Purpose(StrEnum):
    """What it is for."""

    SUPPORT = "support"
    SALES = "sales"
    COMMUNITY = "community"


class Basis(StrEnum):
    """The legal ground (GDPR, article 6)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    INTEREST = "legitimate_interest"
    DUTY = "legal_obligation"


class Ground(WithPublicId, Row):
    """One entry: purpose, legal ground, where it comes from, from when and until when."""

    __tablename__ = "ground"
    __table_args__ = (Index("ix_ground_profile_id", "profile_id"), Index("ix_ground_expires_at", "expires_at"))

    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"))
    purpose: Mapped[str | None]  # empty: only that the profile may be linked
    basis: Mapped[str]
    source: Mapped[str]  # how it is known, in the words of who recorded it
    given_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]  # withdrawn, replaced or run out
    recorded_by: Mapped[str]  # page, api, import
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
