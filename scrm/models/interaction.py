"""Interaction: something a profile did; it keeps its own profile for ever."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Row, WithPublicId


class Interaction(WithPublicId, Row):
    """Identity (network, scope, native_id). `party_id` is the outside person: the author, or whom we answered."""

    __tablename__ = "interaction"
    __table_args__ = (
        UniqueConstraint("native_id", "network", "scope"),  # the telling column first: look-ups name many
        Index("ix_interaction_party_id_occurred_at", "party_id", "occurred_at", "id"),
        Index("ix_interaction_thread_key", "thread_key", "network"),
        Index(  # what we answered whom; few rows
            "ix_interaction_answer",
            "party_id",
            "occurred_at",
            sqlite_where=text("direction = 'out'"),
            postgresql_where=text("direction = 'out'"),
        ),
        Index(  # what the admin's days concern
            "ix_interaction_kept",
            "network",
            "kind",
            "occurred_at",
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_interaction_expires_at",
            "expires_at",
            sqlite_where=text("expires_at IS NOT NULL"),
            postgresql_where=text("expires_at IS NOT NULL"),
        ),
    )

    network: Mapped[str]
    scope: Mapped[str] = mapped_column(default="")
    native_id: Mapped[str]
    kind: Mapped[str]
    direction: Mapped[str]
    audience: Mapped[str]  # what the network said of it; `audience_now` asks its community too
    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"))  # the author
    party_id: Mapped[int | None] = mapped_column(ForeignKey("profile.id"))
    community_id: Mapped[int | None] = mapped_column(ForeignKey("community.id"))
    connection_id: Mapped[int | None] = mapped_column(ForeignKey("connection.id"))  # who can read it again
    fetch_ref: Mapped[str | None]  # what that needs
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    text: Mapped[str | None]
    url: Mapped[str | None]
    language: Mapped[str | None]
    thread_key: Mapped[str | None]
    in_reply_to: Mapped[str | None]
    target: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]  # when the network last confirmed it
    expires_at: Mapped[datetime | None]
