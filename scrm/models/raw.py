"""RawRecord: an item as the network sent it, kept until it expires so that it can be translated again."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Row, WithId


class RawRecord(WithId, Row):
    """What the network said, once per connection, stream and content; quarantined when it made no sense."""

    __tablename__ = "raw_record"
    __table_args__ = (
        UniqueConstraint("connection_id", "stream", "digest"),
        Index("ix_raw_record_key", "native_id", "network"),
        Index("ix_raw_record_expires_at", "expires_at"),
    )

    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    stream: Mapped[str]
    digest: Mapped[bytes] = mapped_column(LargeBinary())  # first 16 bytes of SHA-256 of the body
    network: Mapped[str]
    native_id: Mapped[str | None]  # of the interaction it became
    author_id: Mapped[str | None]  # native id of its author
    body: Mapped[str]
    received_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    quarantine: Mapped[str | None]  # place and expectation, never a value
