"""What a connection used of its budget, and what was paid for today."""

from datetime import date

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Row


class Usage(Row):
    """One period of one connection's budget; `spent` counts what is set aside too, until it is given back."""

    __tablename__ = "usage"

    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    begins_on: Mapped[date] = mapped_column(primary_key=True)  # first day of the period, in the budget's time zone
    spent: Mapped[int] = mapped_column(BigInteger(), default=0)
    calls: Mapped[int] = mapped_column(default=0)


class PaidItem(Row):
    """An object of a network that was paid for on a day (UTC): reading it again that day costs nothing."""

    __tablename__ = "paid_item"
    __table_args__ = (Index("ix_paid_item_day", "day"),)

    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    native_id: Mapped[str] = mapped_column(primary_key=True)
