"""Count requests in fixed windows, and say in headers what is left.

Limits and headers: docs.bsky.app "Rate Limits" and packages/xrpc-server/src/rate-limiter-http.ts (read
2026-11-23): 3000 requests in 5 minutes per address; createSession 30 in 5 minutes and 300 a day per account.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class Limit:
    """So many requests in so many seconds."""

    points: int
    seconds: int


PER_ADDRESS = Limit(points=3000, seconds=300)
LOGINS = (Limit(points=30, seconds=300), Limit(points=300, seconds=DAY))


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a limit says after a request."""

    limit: Limit
    remaining: int
    reset_at: float
    seconds_left: float
    is_exceeded: bool

    def headers(self) -> dict[str, str]:
        headers = {
            "RateLimit-Limit": str(self.limit.points),
            "RateLimit-Reset": str(math.floor(self.reset_at)),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Policy": f"{self.limit.points};w={self.limit.seconds}",
        }
        if self.is_exceeded:
            headers["Retry-After"] = str(math.ceil(self.seconds_left))
        return headers


class Counter:
    """The windows of every key counted so far."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, Limit], tuple[float, int]] = {}

    def take(self, key: str, limit: Limit, at: datetime, points: int = 1) -> Standing:
        """Count a request (or, with no points, only look) and say how things stand."""
        now = at.timestamp()
        started, used = self._windows.get((key, limit), (now, 0))
        if now >= started + limit.seconds:
            started, used = now, 0
        used += points
        self._windows[key, limit] = (started, used)
        return Standing(
            limit=limit,
            remaining=max(0, limit.points - used),
            reset_at=started + limit.seconds,
            seconds_left=started + limit.seconds - now,
            is_exceeded=used > limit.points,
        )
