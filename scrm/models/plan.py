"""Plans: what a run would write into the CRM, kept as it was shown, so that what is approved is what is done."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Leased, Row, WithId, WithPublicId, due_index
from scrm.models.timeline import RecordKind


class PlanState(StrEnum):
    """How far a plan is."""

    MAKING = "making"
    READY = "ready"  # to be looked at
    APPROVED = "approved"  # being carried out
    DONE = "done"
    DISCARDED = "discarded"


class StepAction(StrEnum):
    """What a step does to its record."""

    CREATE = "create"
    UPDATE = "update"
    WITHDRAW = "withdraw"
    SKIP = "skip"


class StepResult(StrEnum):
    """What became of a step."""

    DONE = "done"
    CHANGED = "changed"  # it was not as planned any more, so nothing was written
    REFUSED = "refused"


class WritePlan(WithPublicId, Leased, Row):
    """A dry run: the steps are written once and never changed; `digest` covers them all."""

    __tablename__ = "write_plan"
    __table_args__ = (due_index("write_plan"),)

    crm_id: Mapped[str]
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))  # None: everything
    is_anew: Mapped[bool] = mapped_column(default=False)  # also of what is written: by rules of fields that changed
    state: Mapped[str] = mapped_column(default=PlanState.MAKING)
    last_entry_id: Mapped[int] = mapped_column(default=0)  # planned up to here
    calls: Mapped[int] = mapped_column(default=0)  # that carrying it out needs
    digest: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    ended_at: Mapped[datetime | None]


class PlanStep(WithId, Row):
    """One record of a plan: what stands there, what would, and why."""

    __tablename__ = "plan_step"
    __table_args__ = (
        UniqueConstraint("plan_id", "entry_id"),
        Index("ix_plan_step_entry_id", "entry_id"),
        Index("ix_plan_step_result", "plan_id", "result", "action", "kind"),
    )

    plan_id: Mapped[int] = mapped_column(ForeignKey("write_plan.id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("timeline_entry.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(default=RecordKind.INTERACTION)
    action: Mapped[str]
    reason: Mapped[str | None]  # why it is skipped
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    digest: Mapped[str]  # of all of the above: it stays when the text must go
    result: Mapped[str | None]
    ended_at: Mapped[datetime | None]
