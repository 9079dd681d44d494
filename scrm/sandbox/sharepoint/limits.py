"""How much may be asked: budgets of resource units, by the minute for SharePoint, by ten seconds for people.

A refusal says after how many seconds to come again, SharePoint with 429 or 503. What is left is told to applications
only, and only near the end (`RateLimit-*`, Microsoft 365 developer blog; `x-ms-throttle-*`,
learn.microsoft.com/graph/throttling-limits; both read 2026-11-23). The numbers depend on a directory's licenses;
these are small ones.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

SHAREPOINT_UNITS = 1_200  # by the minute
IDENTITY_UNITS = 3_500  # by ten seconds
SUBSCRIPTION_CALLS = 500  # by ten seconds
NEAR = 0.8
MOST_TOLD = 1.8


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What one call cost, and how much of the budget is used."""

    units: int
    limit: int
    used: int
    seconds: int  # until the budget is new
    is_refused: bool
    refusals: int

    @property
    def share(self) -> float:
        return self.used / self.limit


class Limits:
    """The budgets of one application in one directory."""

    def __init__(self, *, budgets: Mapping[str, tuple[int, int]], clock: Callable[[], datetime]) -> None:
        self._budgets = budgets  # bucket -> units, seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._used: Counter[tuple[str, int]] = Counter()
        self._calls: Counter[tuple[str, str]] = Counter()
        self._refusals: Counter[str] = Counter()

    def spend(self, bucket: str, units: int, call: str) -> Spent:
        limit, seconds = self._budgets[bucket]
        now = int(self._clock().timestamp())
        window = now // seconds
        with self._lock:
            used = self._used[bucket, window]
            is_refused = used + units > limit
            if is_refused:
                self._refusals[bucket] += 1
            else:
                self._used[bucket, window] = used = used + units
                self._calls[bucket, call] += 1
            return Spent(
                units=units,
                limit=limit,
                used=used,
                seconds=seconds - now % seconds,
                is_refused=is_refused,
                refusals=self._refusals[bucket],
            )

    def usage(self) -> list[dict[str, object]]:
        """Every call served, and how often each budget was refused."""
        with self._lock:
            served: list[dict[str, object]] = [
                {"bucket": bucket, "call": call, "calls": count}
                for (bucket, call), count in sorted(self._calls.items())
            ]
            return served + [{"bucket": bucket, "refused": count} for bucket, count in sorted(self._refusals.items())]


def headers_of(bucket: str, spent: Spent, *, is_application: bool) -> dict[str, str]:
    """Return what an answer tells about the budget."""
    if bucket == "identity":
        told = {"x-ms-resource-unit": str(spent.units)}
        if spent.share >= NEAR:
            told["x-ms-throttle-limit-percentage"] = f"{min(spent.share, MOST_TOLD):.1f}"
        return told
    if bucket == "sharepoint" and is_application and spent.share >= NEAR:
        return {
            "RateLimit-Limit": str(spent.limit),
            "RateLimit-Remaining": str(max(spent.limit - spent.used, 0)),
            "RateLimit-Reset": str(spent.seconds),
        }
    return {}
