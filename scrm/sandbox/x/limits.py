"""Requests counted per call and holder in windows of 15 minutes, told in `x-rate-limit-*` headers.

docs.x.com, rate-limits, read 2026-11-23; a window begins with its first request (from memory).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from scrm.sandbox.x.errors import XError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from scrm.sandbox.x.access import Token
    from scrm.sandbox.x.calls import Call

WINDOW_SECONDS = 900


class Limits:
    """The windows of every call and holder; `limits` by path puts others in place of the documented ones."""

    def __init__(self, limits: Mapping[str, int]) -> None:
        self._limits = dict(limits)
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str, str], tuple[int, int]] = {}

    def take(self, call: Call, token: Token, at: datetime) -> dict[str, str]:
        """Count a request and return the headers that tell what is left; too many are refused."""
        most = self._limits.get(call.path, call.user_limit if token.user else call.app_limit)
        key = (call.method, call.path, token.holder)
        now = int(at.timestamp())
        with self._lock:
            began, used = self._windows.get(key, (now, 0))
            if now >= began + WINDOW_SECONDS:
                began, used = now, 0
            self._windows[key] = (began, used + 1)
        headers = {
            "x-rate-limit-limit": str(most),
            "x-rate-limit-remaining": str(max(0, most - used - 1)),
            "x-rate-limit-reset": str(began + WINDOW_SECONDS),
        }
        if used >= most:
            raise LimitReachedError(headers)
        return headers


class LimitReachedError(XError):
    """Too many requests in the window."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__("rate-limit")
        self.headers = headers
