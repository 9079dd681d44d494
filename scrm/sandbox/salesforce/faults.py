"""What a test orders to go wrong: answers in place of the true one, connections cut before or after, slow answers."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass

MAINTENANCE = b"""<!DOCTYPE html>
<html><head><title>Server down for maintenance</title></head>
<body><h1>We are down for maintenance.</h1><p>Sorry for the inconvenience. We'll be back shortly.</p></body></html>
"""
BODIES = {
    401: b'[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]',
    403: b'[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]',
    500: b'[{"message":"An unexpected error occurred. Please include this ErrorId if you contact support: 1 (2)",'
    b'"errorCode":"UNKNOWN_EXCEPTION"}]',
    503: MAINTENANCE,
}


@dataclass(kw_only=True)
class Fault:
    """One order: `path` is a pattern searched in the path of a request, None for any.

    `cut` is "before" (nothing was done) or "after" (done, but the answer is lost).
    """

    times: int
    path: str | None = None
    method: str | None = None
    status: int | None = None
    body: bytes | None = None
    cut: str | None = None
    seconds: float = 0.0

    def concerns(self, method: str, path: str) -> bool:
        if self.method is not None and self.method != method:
            return False
        return self.path is None or re.search(self.path, path) is not None

    def answer(self) -> tuple[bytes, str]:
        """Return the body and its type."""
        body = BODIES.get(self.status or 0, b"") if self.body is None else self.body
        start = body.lstrip()[:1]
        if start in {b"{", b"["}:
            return body, "application/json;charset=UTF-8"
        return body, "text/html; charset=UTF-8" if body.lstrip()[:2].lower() == b"<!" else "application/xml"


class Faults:
    """Orders in the sequence they were given."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[Fault] = []

    def order(self, fault: Fault) -> None:
        with self._lock:
            self._orders.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault this request meets, and count it."""
        with self._lock:
            for fault in self._orders:
                if fault.concerns(method, path):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._orders.remove(fault)
                    return fault
        return None
