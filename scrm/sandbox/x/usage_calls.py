"""The call that tells how many posts were read (openapi.json 2.167, read 2026-11-24)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scrm.sandbox.x.ids import stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrm.sandbox.x.serving import Ask, Core

PROJECT_ID = "1001"
UNASKED = frozenset({"project_id", "project_cap", "project_usage", "cap_reset_day"})


class UsageCalls:
    """Answers with the posts of each day and of the month."""

    def __init__(self, core: Core) -> None:
        self._money = core.money

    def handlers(self) -> dict[tuple[str, str], Callable[[Ask], dict[str, Any]]]:
        return {("GET", "/2/usage/tweets"): self.usage}

    def usage(self, ask: Ask) -> dict[str, Any]:
        midnight = ask.now.replace(hour=0, minute=0, second=0, microsecond=0)
        by_day = self._money.posts_by_day()
        days = [midnight - timedelta(days=back) for back in range(ask.values["days"])]
        counted = [{"date": stamp(day), "usage": str(by_day.get(day.date().isoformat(), 0))} for day in days]
        values = {
            "cap_reset_day": 1,
            "project_id": PROJECT_ID,
            "project_cap": str(self._money.monthly_cap),
            "project_usage": str(self._money.posts_in_month(ask.now)),
            "daily_project_usage": {"project_id": PROJECT_ID, "usage": counted},
        }
        wanted = UNASKED | set(ask.values.get("usage.fields", ()))
        return {"data": {name: value for name, value in values.items() if name in wanted}}
