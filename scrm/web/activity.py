"""How much was said with a contact, week by week: a drawing of half a year, made on the server."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from scrm.db import among
from scrm.models import Interaction

WEEKS: Final = 26
MOST: Final = 10_000  # interactions that are looked at; beyond, the drawing begins later
HEIGHT: Final = 60
STEP: Final = 10
BAR: Final = 7


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One week."""

    x: int
    y: int
    height: int
    week: date  # its Monday
    count: int


@dataclass(frozen=True, kw_only=True)
class Activity:
    """The drawing, and what it says in words."""

    bars: Sequence[Bar]
    total: int
    busiest: Bar | None
    is_cut: bool  # more than MOST: the number is a lower bound

    @property
    def width(self) -> int:
        return WEEKS * STEP


def activity(db: Session, profile_ids: Sequence[int], today: date, now: datetime) -> Activity:
    """Half a year of what these profiles said or were answered; along the index alone."""
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(weeks=WEEKS - 1)
    counts = _by_day(db, profile_ids, now - timedelta(weeks=WEEKS + 1)) if profile_ids else Counter()
    weeks = [first + timedelta(weeks=number) for number in range(WEEKS)]
    sums = {week: sum(counts[week + timedelta(days=day)] for day in range(7)) for week in weeks}
    most = max(sums.values(), default=0)
    bars = []
    for place, week in enumerate(weeks):
        height = max(round(HEIGHT * sums[week] / most), 2) if sums[week] else 0
        bars.append(Bar(x=place * STEP + 1, y=HEIGHT - height, height=height, week=week, count=sums[week]))
    busiest = max(bars, key=lambda bar: bar.count) if most else None
    return Activity(bars=bars, total=sum(sums.values()), busiest=busiest, is_cut=counts.total() >= MOST)


def _by_day(db: Session, profile_ids: Sequence[int], since: datetime) -> Counter[date]:
    """Days as UTC has them: in a drawing of weeks the hours between do not show."""
    newest = (
        select(Interaction.occurred_at)
        .where(among(db, Interaction.party_id, profile_ids), Interaction.occurred_at >= since)  # type: ignore[arg-type]
        .limit(MOST)
        .subquery()
    )
    at = newest.c.occurred_at
    is_sqlite = db.get_bind().dialect.name == "sqlite"
    day: ColumnElement[str] = (
        func.substr(at, 1, 10) if is_sqlite else func.to_char(func.timezone("UTC", at), "YYYY-MM-DD")
    )
    rows = db.execute(select(day, func.count()).group_by(day))
    return Counter({date.fromisoformat(name): number for name, number in rows})
