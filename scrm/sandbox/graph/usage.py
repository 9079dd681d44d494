"""What a Graph-style server counts, and how it says how much of it is used: percentages, in two headers.

Calls with a user's or the app's token count for the app in a rolling hour (`X-App-Usage`, code 4), calls with
the token of a page or professional account for that account in rolling 24 hours
(`X-Business-Use-Case-Usage`, its own code); refused calls count too, so that going on makes the wait longer
(Meta's page "Rate limits", v18 and its translations, read 2026-11-23). A header is missing while its use
rounds to 0 % (restfb/restfb#548).
"""

from __future__ import annotations

import json
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import Flask, Response, g

from scrm.sandbox.graph.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Callable

APP_WINDOW = timedelta(hours=1)
BUSINESS_WINDOW = timedelta(hours=24)
# 200 calls per user and hour; 4800 calls per engaged user and day: the fake has one user and one engaged
APP_LIMIT = 200
BUSINESS_LIMIT = 4800
BUSINESS_CODES = {"pages": 80001, "instagram": 80002, "messenger": 80006}


@dataclass(kw_only=True)
class _Window:
    limit: int
    length: timedelta
    calls: deque[datetime] = field(default_factory=deque)

    def add(self, now: datetime) -> bool:
        """Count one call and return whether it was one too many."""
        self.calls.append(now)
        self.forget(now)
        return len(self.calls) > self.limit

    def forget(self, now: datetime) -> None:
        while self.calls and self.calls[0] <= now - self.length:
            self.calls.popleft()

    def percent(self) -> int:
        return len(self.calls) * 100 // self.limit

    def minutes_until_free(self, now: datetime) -> int:
        over = len(self.calls) - self.limit
        if over < 0:
            return 0
        free_at = self.calls[over] + self.length
        return -int((now - free_at).total_seconds() // 60)


class Usage:
    """The calls of one app, and the headers that tell of them."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        app_limit: int = APP_LIMIT,
        business_limit: int = BUSINESS_LIMIT,
    ) -> None:
        self._clock = clock
        self._business_limit = business_limit
        self._lock = threading.Lock()
        self._app = _Window(limit=app_limit, length=APP_WINDOW)
        self._businesses: dict[tuple[str, str], _Window] = {}
        self._consumed: Counter[str] = Counter()

    def attach(self, app: Flask) -> None:
        app.after_request(self._tell)

    def count_app(self) -> None:
        """Count the current request for the app."""
        with self._lock:
            self._consumed["app"] += 1
            is_over = self._app.add(self._clock())
        g.is_app_counted = True
        if is_over:
            raise GraphError(4)

    def count_business(self, account_id: str, type: str) -> None:  # noqa: A002 - the header's own word
        """Count the current request for an account; `type` is pages, instagram or messenger."""
        with self._lock:
            self._consumed[f"{type} {account_id}"] += 1
            is_over = self._window(account_id, type).add(self._clock())
        g.businesses = [*g.get("businesses", []), (account_id, type)]
        if is_over:
            raise GraphError(BUSINESS_CODES[type])

    def consumed(self) -> dict[str, int]:
        """Return how many calls each of "app" and "<type> <account>" was ever charged."""
        with self._lock:
            return dict(self._consumed)

    def _window(self, account_id: str, type: str) -> _Window:  # noqa: A002
        return self._businesses.setdefault(
            (account_id, type), _Window(limit=self._business_limit, length=BUSINESS_WINDOW)
        )

    def _tell(self, answer: Response) -> Response:
        with self._lock:
            if g.get("is_app_counted") and (percent := self._app.percent()):
                used = {"call_count": percent, "total_cputime": percent // 2, "total_time": percent // 2}
                answer.headers["X-App-Usage"] = json.dumps(used)
            told: dict[str, list[dict[str, object]]] = {}
            for account_id, type_ in g.get("businesses", []):
                window = self._window(account_id, type_)
                if percent := window.percent():
                    told.setdefault(account_id, []).append(self._entry(window, percent, type_))
            if told:
                answer.headers["X-Business-Use-Case-Usage"] = json.dumps(told)
        return answer

    def _entry(self, window: _Window, percent: int, type_: str) -> dict[str, object]:
        return {
            "type": type_,
            "call_count": percent,
            "total_cputime": percent // 2,
            "total_time": percent // 2,
            "estimated_time_to_regain_access": window.minutes_until_free(self._clock()) if percent >= 100 else 0,
        }
