"""People who use scrm: users with a role, their sessions, and single-use sign-in links."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Row, WithPublicId


class Role(StrEnum):
    """Admin connects and configures, steward judges, rep reads."""

    ADMIN = "admin"
    STEWARD = "steward"
    REP = "rep"


class User(WithPublicId, Row):
    """Somebody who signs in. Named `app_user` because `user` is a reserved word in PostgreSQL."""

    __tablename__ = "app_user"

    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    password_hash: Mapped[str | None]  # argon2id
    locale: Mapped[str | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    failed_count: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]  # after wrong passwords; grows, never locks for good
    seen_at: Mapped[datetime | None]  # to the minute
    zone: Mapped[str | None]  # time zone, as the browser named it
    digest_hour: Mapped[int | None]  # there, at which a digest is sent; None: none is
    digest_due_at: Mapped[datetime | None]
    alerts_off: Mapped[list[Any]] = mapped_column(default=list)  # kinds of alerts that this admin is not mailed


class SignInLink(Row):
    """A single-use link; only the hash of its token is kept."""

    __tablename__ = "sign_in_link"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class WebSession(Row):
    """A signed-in browser; only the hash of its id is kept, so a copy of the table signs nobody in."""

    __tablename__ = "web_session"
    __table_args__ = (Index("ix_web_session_user_id", "user_id"),)

    id_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    agent: Mapped[str | None]  # browser and system in two words, for whoever looks at their sessions

    @property
    def mark(self) -> str:
        """What names this session on a page; tells nothing of its id."""
        return self.id_hash[:16]
