"""Who of the company's directory is who here: the identity under which somebody signs in by OpenID Connect."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Row, WithId


class DirectoryIdentity(WithId, Row):
    """One account in one directory. Issuer and subject name it for good; an e-mail address never does."""

    __tablename__ = "directory_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    issuer: Mapped[str]
    subject: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
