"""Connection (an authorised hook-up to a network), what it reads, and how far it has got."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Leased, Row, WithId, WithPublicId, due_index


class ConnectionState(StrEnum):
    """What a connection is doing."""

    ACTIVE = "active"
    PAUSED = "paused"  # by the admin
    SUSPENDED = "suspended"  # access is gone; signing in again resumes it
    REMOVED = "removed"


class Connection(WithPublicId, Row):
    """One authorised hook-up: whose account, which host, who owns it."""

    __tablename__ = "connection"
    __table_args__ = (Index("ix_connection_identity", "network", "base_url", "native_id"),)

    network: Mapped[str]
    base_url: Mapped[str]  # scheme, host and port of the instance or service
    native_id: Mapped[str]  # of the account that is connected
    scope: Mapped[str] = mapped_column(default="")
    label: Mapped[str]  # how the network shows the account, e.g. @nordwerk@social.example
    state: Mapped[str] = mapped_column(default=ConnectionState.ACTIVE)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    credentials: Mapped[str | None]  # sealed for `connection/<public_id>/credentials`
    credentials_version: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    problem: Mapped[str | None]  # class of the error that stands in the way
    problem_since: Mapped[datetime | None]
    wait_until: Mapped[datetime | None]  # the network asked to be left alone
    refresh_lease_until: Mapped[datetime | None]  # one process at a time renews the access
    access_until: Mapped[datetime | None]  # when the access ends unless it is renewed; empty: no end is known
    budget_cap: Mapped[int | None]  # in the budget's unit; empty: the network's default
    reps_read_closed: Mapped[bool] = mapped_column(default=False)  # else stewards and admins alone
    reps_read_private: Mapped[bool] = mapped_column(default=False)
    writes_closed: Mapped[bool] = mapped_column(default=False)  # what closed communities say goes to the CRM
    writes_private: Mapped[bool] = mapped_column(default=False)


class StreamState(WithId, Leased, Row):
    """How far one stream of one connection has been read; moves only together with the rows it covers."""

    __tablename__ = "stream_state"
    __table_args__ = (UniqueConstraint("connection_id", "stream"), due_index("stream_state"))

    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    stream: Mapped[str]
    cursor: Mapped[str | None]  # opaque; the connector's business
    backfilled_at: Mapped[datetime | None]  # when the first complete reading ended
    read_at: Mapped[datetime | None]  # end of the last complete reading
    reached_at: Mapped[datetime | None]  # oldest time of an item read so far
    items: Mapped[int] = mapped_column(default=0)
    quarantined: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None]
    problem_since: Mapped[datetime | None]


class Run(WithId, Row):
    """One reading of one stream for one connection."""

    __tablename__ = "run"
    __table_args__ = (Index("ix_run_connection_id_started_at", "connection_id", "started_at"),)

    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    stream: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]  # done, more, or the class of the error that ended it
    pages: Mapped[int] = mapped_column(default=0)
    items: Mapped[int] = mapped_column(default=0)
    stored: Mapped[int] = mapped_column(default=0)
    quarantined: Mapped[int] = mapped_column(default=0)


class Watch(Row):
    """One object to be read again: a thread that grew, an item that may have been edited or deleted."""

    __tablename__ = "watch"
    __table_args__ = (Index("ix_watch_connection_id_stream_due_at", "connection_id", "stream", "due_at"),)

    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    stream: Mapped[str] = mapped_column(primary_key=True)
    native_id: Mapped[str] = mapped_column(primary_key=True)
    fetch_ref: Mapped[str | None]  # what the connector needs to read it
    cursor: Mapped[str | None]  # how far it was read; opaque, the connector's business
    due_at: Mapped[datetime]
    until_at: Mapped[datetime]  # no longer watched after this


class CoverageGap(WithId, Row):
    """A time that one list of a connection was not, or not completely, read for, and why."""

    __tablename__ = "coverage_gap"
    __table_args__ = (Index("ix_coverage_gap_connection_id_stream", "connection_id", "stream", "until"),)

    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    stream: Mapped[str]
    since: Mapped[datetime | None]  # empty: all that lies before
    until: Mapped[datetime]
    reason: Mapped[str]  # English, translated through the catalogue
    found_at: Mapped[datetime]
