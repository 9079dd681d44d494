"""Profile: a person, page or bot as one network shows it, with the history of its handles."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Row, WithId, WithPublicId


class MatchState(StrEnum):
    """Where a profile stands; derived from candidates and judgments, kept for fast lists."""

    NEW = "new"
    NONE = "none"  # nobody comes close
    REVIEW = "review"
    LINKED = "linked"
    NOBODY = "nobody"  # a steward says: none of our contacts
    UNSURE = "unsure"  # a steward looked and could not tell
    INTERNAL = "internal"  # one of us


class Profile(WithPublicId, Row):
    """Identity (network, scope, native_id); handles are attributes that change."""

    __tablename__ = "profile"
    __table_args__ = (
        UniqueConstraint("native_id", "network", "scope"),  # the telling column first: look-ups name many
        Index("ix_profile_match_state", "match_state", "id"),
        Index("ix_profile_match_due_at", "match_due_at"),
    )

    network: Mapped[str]
    scope: Mapped[str] = mapped_column(default="")
    native_id: Mapped[str]
    handle: Mapped[str | None]
    handle_is_recycled: Mapped[bool] = mapped_column(default=False)  # somebody else was seen with it before
    display_name: Mapped[str | None]
    url: Mapped[str | None]
    bio: Mapped[str | None]
    location: Mapped[str | None]
    company: Mapped[str | None]
    title: Mapped[str | None]
    email: Mapped[str | None]
    email_verified: Mapped[bool] = mapped_column(default=False)
    links: Mapped[list[Any]] = mapped_column(default=list)  # [{"url", "verified"}]
    language: Mapped[str | None]
    is_bot: Mapped[bool] = mapped_column(default=False)
    is_organization: Mapped[bool] = mapped_column(default=False)
    is_internal: Mapped[bool] = mapped_column(default=False)
    first_seen_at: Mapped[datetime]
    updated_at: Mapped[datetime]  # when what it shows last changed
    deleted_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    match_state: Mapped[str] = mapped_column(default=MatchState.NEW)
    match_due_at: Mapped[datetime | None]  # to be matched (again); matching clears it conditionally
    match_generation: Mapped[int] = mapped_column(default=0)


class HandleHistory(WithId, Row):
    """A handle a profile had, from when to when it was seen."""

    __tablename__ = "handle_history"
    __table_args__ = (
        UniqueConstraint("profile_id", "handle"),
        Index("ix_handle_history_handle", "handle"),
        Index("ix_handle_history_folded", "folded"),
    )

    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"))
    handle: Mapped[str]
    folded: Mapped[str] = mapped_column(default=lambda row: row.get_current_parameters()["handle"].lower())
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
