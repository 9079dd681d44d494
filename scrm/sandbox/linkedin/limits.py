"""How often LinkedIn may be asked: each call counted by app and by member, anew at 00:00 UTC.

Nothing in an answer tells what is left, and a refusal does not say until when (learn.microsoft.com/linkedin,
"Rate limits", read 2026-11-23). The numbers stand in the developer portal only; those of the development tier
are 500 a day for an app and 100 for a member (two studies of 2026), those here without a tier are generous.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from scrm.sandbox.linkedin.state import Member

APP_LIMIT = 100_000
MEMBER_LIMIT = 100_000
DEVELOPMENT = {"app_limit": 500, "member_limit": 100}


class Limits:
    """The calls of one app, day by day."""

    def __init__(self, *, app_limit: int, member_limit: int, clock: Callable[[], datetime]) -> None:
        self._app_limit = app_limit
        self._member_limit = member_limit
        self._clock = clock
        self._lock = threading.Lock()
        self._by_app: Counter[tuple[str, str]] = Counter()  # day, call
        self._by_member: Counter[tuple[str, str, str]] = Counter()  # day, call, member

    def spend(self, call: str, member: Member) -> bool:
        """Count one call; False when it is one too many."""
        day = self._clock().date().isoformat()
        with self._lock:
            if self._by_app[day, call] >= self._app_limit:
                return False
            if self._by_member[day, call, member.urn] >= self._member_limit:
                return False
            self._by_app[day, call] += 1
            self._by_member[day, call, member.urn] += 1
        return True

    def usage(self) -> list[dict[str, object]]:
        with self._lock:
            return [
                {"day": day, "call": call, "member": member, "calls": count}
                for (day, call, member), count in sorted(self._by_member.items())
            ]
