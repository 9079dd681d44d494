"""What LinkedIn sends by itself: the challenge of an address, signed deliveries, repeats.

An address is asked to prove within three seconds that it knows the app's secret, again every two hours, and is
blocked after three failures in a row. A delivery carries at most ten notices; without a 2xx it comes again every
five minutes for eight hours, and duplicates are announced (webhook-validation and
organization-social-action-notifications, learn.microsoft.com/linkedin, read 2026-11-23). The sandbox calls loopback
addresses only; any other one fails its challenge.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

CHALLENGE_SECONDS = 3.0
ANSWER_SECONDS = 10.0  # for a delivery nothing is documented
CHALLENGE_EVERY = timedelta(hours=2)
MOST_FAILURES = 3
BATCH = 10
RETRY_EVERY = timedelta(minutes=5)
RETRY_FOR = timedelta(hours=8)
LOOPBACK = frozenset({"127.0.0.1", "localhost"})
SUCCESS = range(200, 300)


def signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), b"hmacsha256=" + body, hashlib.sha256).hexdigest()


def challenge_response(secret: str, code: str) -> str:
    return hmac.new(secret.encode(), code.encode(), hashlib.sha256).hexdigest()


def is_possible(address: str) -> bool:
    """Whether LinkedIn takes an address at all: HTTPS and no tunnel; the sandbox takes plain HTTP on loopback."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if "ngrok" in host or not host:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)


@dataclass(kw_only=True)
class Endpoint:
    """One address and how its challenges went."""

    address: str
    checked_at: datetime | None = None
    is_validated: bool = False
    failures: int = 0  # in a row, once it had passed

    @property
    def is_blocked(self) -> bool:
        return self.failures >= MOST_FAILURES


@dataclass(kw_only=True)
class Delivery:
    """One body for one address, and every attempt to bring it there (time and status, 0 for no answer)."""

    number: int
    address: str
    body: bytes
    signature: str
    made_at: datetime
    next_at: datetime
    attempts: list[tuple[datetime, int]] = field(default_factory=list)
    is_repeated: bool = False

    @property
    def is_taken(self) -> bool:
        return any(status in SUCCESS for _, status in self.attempts)

    @property
    def is_given_up(self) -> bool:
        return not self.is_taken and self.next_at - self.made_at > RETRY_FOR


class Webhooks:
    """The addresses of one app and what was sent to them."""

    def __init__(
        self, *, secret: str, duplicate_every: int, challenge_seconds: float, clock: Callable[[], datetime]
    ) -> None:
        self._secret = secret
        self._duplicate_every = duplicate_every
        self._challenge_seconds = challenge_seconds
        self._clock = clock
        self._lock = threading.RLock()  # held while calling out; never taken under the state's lock
        self._endpoints: dict[str, Endpoint] = {}
        self._deliveries: list[Delivery] = []

    def validate(self, address: str) -> bool:
        """Whether a subscription may name the address: it is asked now unless it was good a short while ago."""
        with self._lock:
            endpoint = self._endpoints.setdefault(address, Endpoint(address=address))
            if endpoint.is_blocked:
                return False
            if endpoint.failures or not endpoint.is_validated or not self._is_fresh(endpoint):
                self._check(endpoint)
            return endpoint.is_validated and not endpoint.failures

    def _is_open(self, address: str) -> bool:
        """Whether deliveries go to the address; it is asked again when two hours have gone by."""
        endpoint = self._endpoints[address]
        if not endpoint.is_blocked and not self._is_fresh(endpoint):
            self._check(endpoint)
        return endpoint.is_validated and not endpoint.is_blocked

    def _is_fresh(self, endpoint: Endpoint) -> bool:
        return endpoint.checked_at is not None and self._clock() - endpoint.checked_at < CHALLENGE_EVERY

    def _check(self, endpoint: Endpoint) -> None:
        endpoint.checked_at = self._clock()
        if self._challenge(endpoint.address):
            endpoint.is_validated, endpoint.failures = True, 0
        elif endpoint.is_validated:
            endpoint.failures += 1

    def restart_validation(self, address: str) -> bool:
        """Challenge again as the developer does in the portal, blocked or not."""
        with self._lock:
            self._endpoints[address] = Endpoint(address=address)
            return self.validate(address)

    def is_blocked(self, address: str) -> bool:
        with self._lock:
            return address in self._endpoints and self._endpoints[address].is_blocked

    def add(self, address: str, payload: Mapping[str, Any]) -> None:
        """Queue one body."""
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        now = self._clock()
        with self._lock:
            self._deliveries.append(
                Delivery(
                    number=len(self._deliveries) + 1,
                    address=address,
                    body=body,
                    signature=signature(self._secret, body),
                    made_at=now,
                    next_at=now,
                )
            )

    def send(self) -> int:
        """Send what is due, and some of it twice; return how many requests were made."""
        with self._lock:
            now = self._clock()
            due = [one for one in self._deliveries if self._is_due(one, now)]
            made = 0
            for delivery in due:
                if self._is_open(delivery.address):
                    is_repeat = delivery.is_taken
                    delivery.is_repeated = delivery.is_repeated or is_repeat
                    self._post(delivery)
                    made += 1
                elif not delivery.is_taken:
                    delivery.next_at = now + RETRY_EVERY
            return made

    def _is_due(self, delivery: Delivery, now: datetime) -> bool:
        if not delivery.is_taken:
            return delivery.next_at <= now and not delivery.is_given_up
        is_chosen = self._duplicate_every > 0 and delivery.number % self._duplicate_every == 0
        return is_chosen and not delivery.is_repeated

    def redeliver(self, numbers: Sequence[int] | None = None) -> int:
        """Send deliveries once more, whatever became of them before."""
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
                    "body": json.loads(one.body),
                    "signature": one.signature,
                    "answers": [status for _, status in one.attempts],
                    "taken": one.is_taken,
                    "given_up": one.is_given_up,
                }
                for one in self._deliveries
            ]

    def _post(self, delivery: Delivery) -> None:
        headers = {"Content-Type": "application/json", "X-LI-Signature": delivery.signature}
        status, _, _ = _call("POST", delivery.address, delivery.body, headers, ANSWER_SECONDS)
        now = self._clock()
        delivery.attempts.append((now, status))
        delivery.next_at = now + RETRY_EVERY

    def _challenge(self, address: str) -> bool:
        code = str(uuid.uuid4())
        parts = urlsplit(address)
        joined = f"{address}{'&' if parts.query else '?'}challengeCode={quote(code)}"
        started = time.monotonic()
        status, content_type, body = _call("GET", joined, None, {}, self._challenge_seconds)
        if status != http.HTTPStatus.OK or time.monotonic() - started > self._challenge_seconds:
            return False
        if content_type.partition(";")[0].strip() != "application/json":
            return False
        try:
            told = json.loads(body)
        except ValueError:
            return False
        wanted = {"challengeCode": code, "challengeResponse": challenge_response(self._secret, code)}
        return isinstance(told, dict) and all(told.get(name) == value for name, value in wanted.items())


def _call(
    method: str, address: str, body: bytes | None, headers: Mapping[str, str], seconds: float
) -> tuple[int, str, bytes]:
    """Return status, content type and body; status 0 when there is no answer in time."""
    parts = urlsplit(address)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        return 0, "", b""
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    try:
        target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        connection.request(method, target, body=body, headers=dict(headers))
        found = connection.getresponse()
        return found.status, found.getheader("Content-Type") or "", found.read()
    except (OSError, http.client.HTTPException):
        return 0, "", b""
    finally:
        connection.close()
