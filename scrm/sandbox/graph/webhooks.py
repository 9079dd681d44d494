"""Webhooks as Meta sends them: handshake, signed body, retries, and a ledger of every delivery.

`hub.challenge` is an integer to echo; `X-Hub-Signature-256` is the HMAC-SHA256 of the body with the app's
secret, the body being JSON with every non-ASCII character escaped; a failed delivery is tried again at once
and then ever more rarely (Meta's page "Webhooks, getting started", 2026, read 2026-11-23; the escaping from
memory). The real 36 hours of retries are cut down to `retry_after`. Messages that cannot be delivered for an
hour end the account's subscription. Only addresses on loopback are ever called.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import secrets
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

RETRY_AFTER = (0.0, 0.5, 2.0)  # seconds before the second attempt, the third, …
TIMEOUT = 10.0
MOST_IN_A_BATCH = 1000
PATIENCE = timedelta(hours=1)  # of failing messages, before the subscription is taken away
LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(kw_only=True)
class Delivery:
    """One body, and how the callback answered each time it was sent."""

    number: int
    body: bytes
    signature: str
    account_ids: frozenset[str]
    is_messaging: bool
    statuses: list[int | None] = field(default_factory=list)  # None: nobody answered
    sent_at: list[datetime] = field(default_factory=list)

    @property
    def is_accepted(self) -> bool:
        return bool(self.statuses) and self.statuses[-1] == 200

    def entry(self) -> dict[str, object]:
        return {
            "number": self.number,
            "payload": json.loads(self.body),
            "statuses": list(self.statuses),
            "sent_at": [at.isoformat() for at in self.sent_at],
            "is_accepted": self.is_accepted,
        }


def sign(secret: str, body: bytes) -> str:
    """Return the value of `X-Hub-Signature-256`."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def escaped(payload: object) -> bytes:
    """Write a payload as it is signed and sent: compact, non-ASCII characters escaped with lower-case hex digits."""
    return json.dumps(payload, ensure_ascii=True, separators=(",", ":")).encode()


class Webhooks:
    """The webhooks of one app for one kind of object ("page", "instagram")."""

    def __init__(
        self,
        *,
        object: str,  # noqa: A002 - the payload's own word
        secret: str,
        clock: Callable[[], datetime],
        retry_after: Sequence[float] = RETRY_AFTER,
        batch: int = 1,
    ) -> None:
        self._object = object
        self._secret = secret
        self._clock = clock
        self._retry_after = tuple(retry_after)
        self._batch = min(batch, MOST_IN_A_BATCH)
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._callback = ""
        self._fields: dict[str, frozenset[str]] = {}  # by account
        self._failing_since: dict[str, datetime] = {}
        self._waiting: deque[tuple[str, dict[str, Any]]] = deque()
        self._deliveries: list[Delivery] = []
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def set_callback(self, url: str, verify_token: str) -> bool:
        """Do what the app's dashboard does: challenge the address and keep it if it echoes the challenge."""
        challenge = str(secrets.randbelow(9 * 10**8) + 10**8)
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
        separator = "&" if "?" in url else "?"
        status, said = _call("GET", f"{url}{separator}{urlencode(query)}")
        if status != 200 or said.decode(errors="replace").strip() != challenge:
            return False
        with self._lock:
            self._callback = url
        return True

    def drop_callback(self) -> None:
        with self._lock:
            self._callback = ""

    def subscribe(self, account_id: str, fields: Iterable[str]) -> None:
        with self._lock:
            self._fields[account_id] = frozenset(fields)
            self._failing_since.pop(account_id, None)

    def unsubscribe(self, account_id: str) -> None:
        with self._lock:
            self._fields.pop(account_id, None)

    def subscribed(self, account_id: str) -> frozenset[str] | None:
        """Return the fields the app gets of an account, None when it is not subscribed."""
        with self._lock:
            return self._fields.get(account_id)

    def changed(self, account_id: str, field: str, value: dict[str, Any]) -> None:
        """Tell of a change, if its field is subscribed: `entry[].changes[]`."""
        self._queue(account_id, field, {"changes": [{"field": field, "value": value}]})

    def messaged(self, account_id: str, field: str, event: dict[str, Any]) -> None:
        """Tell of a message, if its field is subscribed: `entry[].messaging[]`."""
        self._queue(account_id, field, {"messaging": [event]})

    def _queue(self, account_id: str, field: str, part: dict[str, Any]) -> None:
        with self._lock:
            if self._callback and field in self._fields.get(account_id, ()):
                self._waiting.append((account_id, part))
                self._wake.set()

    def start(self) -> None:
        """Send in the background from now on."""
        self._stopped.clear()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._thread:
            self._stopped.set()
            self._wake.set()
            self._thread.join()
            self._thread = None

    def deliver(self) -> list[Delivery]:
        """Send all that waits, with its retries, and return it."""
        sent = []
        with self._sending:
            while delivery := self._next():
                self._send(delivery)
                sent.append(delivery)
        return sent

    def redeliver(self, number: int | None = None) -> list[Delivery]:
        """Send an earlier body once more, or all of them: the network promises no more than at least once."""
        chosen = [one for one in self._deliveries if number is None or one.number == number]
        for delivery in chosen:
            self._attempt(delivery)
        return chosen

    def deliveries(self) -> list[dict[str, object]]:
        """Every body ever sent, with how it was answered."""
        with self._lock:
            return [delivery.entry() for delivery in self._deliveries]

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait()
            self._wake.clear()
            if not self._stopped.is_set():
                self.deliver()

    def _next(self) -> Delivery | None:
        with self._lock:
            taken = [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]
            if not taken:
                return None
            now = int(self._clock().timestamp())
            entries = [{"id": account_id, "time": now, **part} for account_id, part in taken]
            body = escaped({"object": self._object, "entry": entries})
            delivery = Delivery(
                number=len(self._deliveries) + 1,
                body=body,
                signature=sign(self._secret, body),
                account_ids=frozenset(account_id for account_id, _ in taken),
                is_messaging=any("messaging" in part for _, part in taken),
            )
            self._deliveries.append(delivery)
            return delivery

    def _send(self, delivery: Delivery) -> None:
        self._attempt(delivery)
        for pause in self._retry_after:
            if delivery.is_accepted or self._stopped.wait(pause):
                break
            self._attempt(delivery)
        self._judge(delivery)

    def _attempt(self, delivery: Delivery) -> None:
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": delivery.signature}
        status, _ = _call("POST", self._callback, delivery.body, headers)
        with self._lock:
            delivery.statuses.append(status)
            delivery.sent_at.append(self._clock())

    def _judge(self, delivery: Delivery) -> None:
        if not delivery.is_messaging:
            return
        with self._lock:
            for account_id in delivery.account_ids:
                if delivery.is_accepted:
                    self._failing_since.pop(account_id, None)
                elif self._clock() - self._failing_since.setdefault(account_id, self._clock()) >= PATIENCE:
                    self._fields.pop(account_id, None)


def _call(
    method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int | None, bytes]:
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        raise ValueError("the sandbox calls addresses on loopback only")
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=TIMEOUT)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return None, b""
    finally:
        connection.close()
