"""How long the admin lets things stay, by network and kind, where that is shorter than a network's terms."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Row


class RetentionRule(Row):
    """Days for one kind of one network; no row: as long as the terms allow."""

    __tablename__ = "retention_rule"

    network: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    days: Mapped[int]
    set_at: Mapped[datetime]
    set_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    applied_at: Mapped[datetime | None]  # when nothing older was left last
    removed: Mapped[int] = mapped_column(default=0)  # since the rule is there
    removing: Mapped[int] = mapped_column(default=0)  # so far in the run that is under way
