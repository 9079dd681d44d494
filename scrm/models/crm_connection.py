"""How we are connected to a CRM outside: its access, what it looks like, how our fields are mapped to its own."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Leased, Row, WithId, due_index


class CrmConnection(Row):
    """One row per CRM outside. Credentials and token are sealed; the token is renewed by one process at a time."""

    __tablename__ = "crm_connection"

    crm_id: Mapped[str] = mapped_column(primary_key=True)
    is_active: Mapped[bool] = mapped_column(default=False)  # contacts are read from here and timelines written here
    credentials: Mapped[str]  # sealed for `crm_connection/<crm_id>/credentials`
    token: Mapped[str | None]  # sealed for `crm_connection/<crm_id>/token`
    token_version: Mapped[int] = mapped_column(default=0)  # counted up by every renewal
    refresh_lease_until: Mapped[datetime | None]
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)  # nothing secret: version, share, custom fields
    shape: Mapped[dict[str, Any]] = mapped_column(default=dict)  # objects and fields open to us, as last described
    shape_at: Mapped[datetime | None]
    calls_made: Mapped[int] = mapped_column(default=0)  # by us since `calls_since`
    calls_since: Mapped[datetime | None]
    calls_used: Mapped[int | None]  # by everybody in the CRM's own count, as heard at `calls_at`
    calls_limit: Mapped[int | None]
    calls_at: Mapped[datetime | None]
    change_topic: Mapped[str | None]  # whose change events are followed; empty: none
    change_place: Mapped[str | None]  # where to go on, in base64; opaque
    change_heard_at: Mapped[datetime | None]


class CrmSetup(Leased, Row):
    """The newest setting up of a CRM outside, or the newest try of one; a job follows it to its end."""

    __tablename__ = "crm_setup"
    __table_args__ = (due_index("crm_setup"),)

    crm_id: Mapped[str] = mapped_column(primary_key=True)
    is_check_only: Mapped[bool] = mapped_column(default=False)  # nothing is created
    native_id: Mapped[str | None]  # of the deployment, as soon as the CRM has begun it
    objections: Mapped[list[Any]] = mapped_column(default=list)  # what the CRM said against it
    problem: Mapped[str | None]  # why it ended without an answer
    has_rights: Mapped[bool | None]  # whether our user has its permission set; None: nobody asked
    ordered_at: Mapped[datetime]
    ordered_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    ended_at: Mapped[datetime | None]


class CrmFieldMap(WithId, Row):
    """One version of the rules by which our fields become the CRM's; the highest version counts."""

    __tablename__ = "crm_field_map"
    __table_args__ = (UniqueConstraint("crm_id", "version"),)

    crm_id: Mapped[str]
    version: Mapped[int]
    rules: Mapped[list[Any]]
    made_at: Mapped[datetime]
