"""Tokens that let other systems call the API."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Row, WithPublicId


class ApiToken(WithPublicId, Row):
    """One caller: what it may do (scopes), and as whom it sees (role). Only the hash of the token is kept."""

    __tablename__ = "api_token"

    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    scopes: Mapped[list[Any]]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))  # whose it is; it ends with them
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]  # to the minute
