"""How often one person may ask through one app.

Ten calls in thirty seconds for messages, for notifications and for everything else, each counted apart; autocomplete
ten in ten seconds; once one limit is passed, every call is refused. Nothing tells until when
(learn.microsoft.com/rest/api/yammer, "rate limits", read 2026-11-24; an older edition gives everything else ten in
ten seconds). Graph's own limits are far away and not counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scrm.sandbox.yammer.state import User

MESSAGES, OTHERS = "messages", "others"
HALF_A_MINUTE = timedelta(seconds=30)
LIMITS: Mapping[str, tuple[int, timedelta]] = {MESSAGES: (10, HALF_A_MINUTE), OTHERS: (10, HALF_A_MINUTE)}


def kind_of(path: str) -> str:
    """Name the limit that a call of the REST API counts against."""
    return MESSAGES if path.startswith(("/api/v1/messages", "/api/v1/threads")) else OTHERS


class Limits:
    """The calls of one app, person by person."""

    def __init__(self, limits: Mapping[str, tuple[int, timedelta]], clock: Callable[[], datetime]) -> None:
        self._limits = limits
        self._clock = clock
        self._calls: defaultdict[tuple[int, str], deque[datetime]] = defaultdict(deque)
        self._blocked_until: dict[int, datetime] = {}
        self._counts: Counter[tuple[str, str]] = Counter()

    def spend(self, user: User, kind: str) -> bool:
        """Count one call; False when it is one too many, and from then on until the window has passed."""
        now = self._clock()
        if now < self._blocked_until.get(user.id, now):
            return False
        most, window = self._limits[kind]
        calls = self._calls[user.id, kind]
        while calls and now - calls[0] >= window:
            calls.popleft()
        if len(calls) >= most:
            self._blocked_until[user.id] = calls[0] + window
            return False
        calls.append(now)
        self._counts[user.person.key, kind] += 1
        return True

    def usage(self) -> list[dict[str, object]]:
        """Return how many calls were served, by person and limit."""
        return [{"person": key, "limit": kind, "calls": count} for (key, kind), count in sorted(self._counts.items())]
