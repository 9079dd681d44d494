"""What reading costs: a budget with a hard cap, a meter that is asked before every request, a forecast.

A network counts in a unit of its own: calls, units of a daily quota, money. Money is counted in millionths of a
US dollar, so that every price is a whole number.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Unit(StrEnum):
    """What is counted."""

    CALLS = "calls"
    UNITS = "units"  # of a network's own quota
    MICRO_USD = "micro_usd"


class Period(StrEnum):
    """How long a budget lasts; it begins anew at midnight (of the first day) in the budget's time zone."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much a connection may use up per period unless its admin says otherwise."""

    unit: Unit
    period: Period
    cap: int
    zone: str = "UTC"  # IANA name
    source: str  # where the prices or the quota are written


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What reading one list back to its end will cost at most. `items` None: nobody can know before."""

    stream: str
    items: int | None
    cost: int


class Meter(Protocol):
    """Counts what one connection uses; durable, shared by all processes."""

    def reserve(self, amount: int) -> None:
        """Set aside what a request may cost; raises BudgetSpentError when the cap does not allow it."""
        ...

    def settle(self, reserved: int, spent: int) -> None:
        """Give back what a request set aside and did not spend."""
        ...

    def unpaid(self, kind: str, ids: Iterable[str]) -> int:
        """How many of these objects were not paid for today (UTC) yet; from now on they were."""
        ...
