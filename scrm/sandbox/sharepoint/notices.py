"""What Graph sends by itself: the question whether an address wants notices, the notices, their repeats.

The address is called with `validationToken` and must answer 200 with it, decoded, as plain text within ten seconds.
A notice is taken with any 2xx; else it comes again with growing pauses for four hours (learn.microsoft.com/graph/
change-notifications-delivery-webhooks, read 2026-11-23; ten seconds and the pauses from memory). There is no
signature, only the subscriber's own word in each notice. The sandbox calls loopback addresses only.
"""

from __future__ import annotations

import http.client
import json
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ANSWER_SECONDS = 10.0
FIRST_PAUSE = timedelta(seconds=30)
RETRY_FOR = timedelta(hours=4)
LOOPBACK = frozenset({"127.0.0.1", "localhost"})
SUCCESS = range(200, 300)


def is_possible(address: str) -> bool:
    """Whether Graph takes an address at all: HTTPS; the sandbox takes plain HTTP on loopback."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))


@dataclass(kw_only=True)
class Delivery:
    """Notices for one address, and every attempt to bring them there (status, 0 for no answer)."""

    number: int
    address: str
    value: list[dict[str, Any]]
    made_at: datetime
    next_at: datetime
    answers: list[int] = field(default_factory=list)

    @property
    def is_taken(self) -> bool:
        return any(status in SUCCESS for status in self.answers)

    @property
    def is_given_up(self) -> bool:
        return not self.is_taken and self.next_at - self.made_at > RETRY_FOR


class Notices:
    """What waits to be sent, and what was sent."""

    def __init__(self, *, answer_seconds: float, clock: Callable[[], datetime]) -> None:
        self._answer_seconds = answer_seconds
        self._clock = clock
        self._lock = threading.RLock()  # for what is queued; never held while calling out
        self._sending = threading.Lock()
        self._deliveries: list[Delivery] = []

    def validate(self, address: str) -> bool:
        """Ask an address whether it wants to be called."""
        word = f"Validation: Testing client application reachability for subscription Request-Id: {uuid.uuid4()}"
        joined = f"{address}{'&' if urlsplit(address).query else '?'}validationToken={quote(word, safe='')}"
        status, content_type, body = self._call(joined, b"", "text/plain; charset=utf-8")
        is_plain = content_type.partition(";")[0].strip() == "text/plain"
        return status == http.HTTPStatus.OK and is_plain and body == word.encode()

    def add(self, subscription_id: str, address: str, notice: dict[str, Any]) -> None:
        """Queue a notice; it joins what still waits for the same address, but the same is not said twice."""
        now = self._clock()
        with self._lock:
            last = next((one for one in reversed(self._deliveries) if one.address == address), None)
            if last is None or last.answers or last.is_given_up:
                last = Delivery(number=len(self._deliveries) + 1, address=address, value=[], made_at=now, next_at=now)
                self._deliveries.append(last)
            told = {(one["subscriptionId"], one["resource"], one.get("changeType")) for one in last.value}
            is_new = (subscription_id, notice["resource"], notice.get("changeType")) not in told
            if is_new or "lifecycleEvent" in notice:
                last.value.append(notice)

    def send(self) -> int:
        """Send what is due; return how many requests were made."""
        with self._sending:
            now = self._clock()
            with self._lock:
                due = [
                    one for one in self._deliveries if not one.is_taken and not one.is_given_up and one.next_at <= now
                ]
            for delivery in due:
                self._post(delivery)
            return len(due)

    def redeliver(self, numbers: Sequence[int] | None = None) -> int:
        """Send deliveries once more, whatever became of them before."""
        with self._sending:
            with self._lock:
                chosen = [one for one in self._deliveries if numbers is None or one.number in numbers]
            for delivery in chosen:
                self._post(delivery)
            return len(chosen)

    def deliveries(self) -> list[dict[str, object]]:
        with self._lock:
            return [
                {
                    "number": one.number,
                    "address": one.address,
                    "body": {"value": [dict(notice) for notice in one.value]},
                    "answers": list(one.answers),
                    "taken": one.is_taken,
                    "given_up": one.is_given_up,
                }
                for one in self._deliveries
            ]

    def _post(self, delivery: Delivery) -> None:
        with self._lock:
            body = json.dumps({"value": delivery.value}, ensure_ascii=False).encode()
            delivery.answers.append(0)  # from now on nothing joins it
        status, _, _ = self._call(delivery.address, body, "application/json; charset=utf-8")
        with self._lock:
            delivery.answers[-1] = status
            delivery.next_at = self._clock() + FIRST_PAUSE * 2 ** (len(delivery.answers) - 1)

    def _call(self, address: str, body: bytes, content_type: str) -> tuple[int, str, bytes]:
        """Return status, content type and body; status 0 when there is no answer in time."""
        parts = urlsplit(address)
        if parts.scheme != "http" or parts.hostname not in LOOPBACK:
            return 0, "", b""
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=self._answer_seconds)
        headers: Mapping[str, str] = {"Content-Type": content_type}
        try:
            target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
            connection.request("POST", target, body=body, headers=dict(headers))
            found = connection.getresponse()
            return found.status, found.getheader("Content-Type") or "", found.read()
        except (OSError, http.client.HTTPException):
            return 0, "", b""
        finally:
            connection.close()
