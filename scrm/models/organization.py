"""What the admin says about the organization itself, and chores that come round daily."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Leased, Row


class Preference(Row):
    """A named setting changed in the UI: own domains and profiles, thresholds, retention."""

    __tablename__ = "preference"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]


class Chore(Leased, Row):
    """Work that comes round by itself: purging what expired, pulling contacts."""

    __tablename__ = "chore"

    name: Mapped[str] = mapped_column(primary_key=True)
    done_at: Mapped[datetime | None]
