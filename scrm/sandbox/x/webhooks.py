"""Webhooks: registration with a challenge, signed deliveries, sending again.

docs.x.com, webhooks, read 2026-11-23: HTTPS without a port, an answer within ten seconds, `crc_token` answered by its
HMAC-SHA256 under the API key secret; a wrong answer or a redirect makes a webhook invalid at once, an error only
after 28 hours. On this machine plain HTTP with a port is taken, too. How often X tries is not documented: thrice
here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from flask import json

from scrm.sandbox.x.calling import LOOPBACK, call
from scrm.sandbox.x.errors import XError
from scrm.sandbox.x.ids import stamp
from scrm.sandbox.x.vocabulary import POST

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrm.sandbox.x.serving import Ask, Core

SIGNATURE = "x-twitter-webhooks-signature"
TOLERATED = timedelta(hours=28)
TRIES = 3
MOST_WEBHOOKS = 5  # from memory
LONGEST_URL = 200


def signature(secret: str, body: bytes) -> str:
    """Sign a delivery, or answer a challenge."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return f"sha256={base64.b64encode(digest).decode()}"


@dataclass(kw_only=True)
class Webhook:
    """One registered address."""

    id: int
    url: str
    created_at: datetime
    is_valid: bool = True
    failing_since: datetime | None = None

    def view(self) -> dict[str, Any]:
        return {"id": str(self.id), "url": self.url, "valid": self.is_valid, "created_at": stamp(self.created_at)}


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened, as it is sent to one webhook."""

    uuid: str
    event_type: str
    webhook_id: int
    at: datetime
    body: bytes


class Webhooks:
    """The webhooks of one app, and everything that was or will be sent to them."""

    def __init__(self, core: Core, *, secret: str, is_pushing: bool) -> None:
        self._core = core
        self._secret = secret
        self._is_pushing = is_pushing
        self._webhooks: dict[int, Webhook] = {}
        self._events: list[Event] = []
        self._waiting: deque[Event] = deque()
        self._deliveries: list[dict[str, Any]] = []
        self._challenges = 0
        self._sending = threading.Lock()
        self._wake = threading.Event()
        self._is_stopped = False
        self._thread: threading.Thread | None = None

    def handlers(self) -> dict[tuple[str, str], Callable[[Ask], dict[str, Any]]]:
        return {
            ("GET", "/2/webhooks"): self.registered,
            ("POST", "/2/webhooks"): self.create,
            ("PUT", "/2/webhooks/{webhook_id}"): self.validate,
            ("DELETE", "/2/webhooks/{webhook_id}"): self.remove,
            ("POST", "/2/webhooks/replay"): self.replay,
        }

    def registered(self, ask: Ask) -> dict[str, Any]:
        del ask
        found = [webhook.view() for webhook in self._webhooks.values()]
        meta = {"meta": {"result_count": len(found)}}
        return {"data": found, **meta} if found else meta

    def create(self, ask: Ask) -> dict[str, Any]:
        url = ask.body["url"]
        if not _is_allowed(url):
            raise _refusal("UrlValidationFailed", url)
        if any(webhook.url == url for webhook in self._webhooks.values()):
            raise _refusal("DuplicateUrlFailed", url)
        if len(self._webhooks) >= MOST_WEBHOOKS:
            raise _refusal("WebhookLimitExceeded", url)
        if self._challenge(url) != "right":
            raise _refusal("CrcValidationFailed", url)
        webhook = Webhook(id=self._core.state.ids.make(ask.now), url=url, created_at=ask.now)
        self._webhooks[webhook.id] = webhook
        return {"data": webhook.view()}

    def validate(self, ask: Ask) -> dict[str, Any]:
        webhook = self.find(ask.parts["webhook_id"])
        self._check(webhook, ask.now)
        return {"data": {"valid": webhook.is_valid} if self._core.vocabulary is POST else {"attempted": True}}

    def remove(self, ask: Ask) -> dict[str, Any]:
        del self._webhooks[self.find(ask.parts["webhook_id"]).id]
        return {"data": {"deleted": True}}

    def replay(self, ask: Ask) -> dict[str, Any]:
        """Send again what happened in these minutes, both included."""
        webhook = self.find(ask.body["webhook_id"])
        start, end = _minute(ask.body, "from_date"), _minute(ask.body, "to_date") + timedelta(minutes=1)
        self._queue([one for one in self._events if one.webhook_id == webhook.id and start <= one.at < end])
        number = self._core.state.ids.make(ask.now)
        return {"data": {"job_id": str(number), "created_at": stamp(ask.now)}}

    def find(self, number: str) -> Webhook:
        webhook = self._webhooks.get(int(number)) if number.isdigit() else None
        if webhook is None:
            raise XError("resource-not-found", detail="Could not find webhook.", resource_type="webhook")
        return webhook

    def check_all(self, now: datetime) -> None:
        """Challenge every webhook, as X does from time to time."""
        for webhook in self._webhooks.values():
            self._check(webhook, now)

    def _check(self, webhook: Webhook, now: datetime) -> None:
        outcome = self._challenge(webhook.url)
        if outcome == "right":
            webhook.is_valid, webhook.failing_since = True, None
        elif outcome == "wrong":
            webhook.is_valid = False
        else:
            webhook.failing_since = webhook.failing_since or now
            if now - webhook.failing_since >= TOLERATED:
                webhook.is_valid = False

    def _challenge(self, url: str) -> str:
        self._challenges += 1
        token = self._core.access.secret(f"challenge {self._challenges}")
        status, body = call("GET", f"{url}{'&' if '?' in url else '?'}crc_token={quote(token)}")
        if status == 200:
            return "right" if _response_token(body) == signature(self._secret, token.encode()) else "wrong"
        return "wrong" if 300 <= status < 400 else "failed"

    def send(self, event: Event) -> None:
        self._events.append(event)
        self._queue([event])

    def _queue(self, events: list[Event]) -> None:
        self._waiting.extend(events)
        if not self._is_pushing:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._push, name="sandbox-x-push", daemon=True)
            self._thread.start()
        self._wake.set()

    def _push(self) -> None:
        while not self._is_stopped:
            self._wake.wait()
            self._wake.clear()
            self.deliver()

    def stop(self) -> None:
        self._is_stopped = True
        self._wake.set()
        if self._thread:
            self._thread.join()

    def deliver(self) -> int:
        """Send everything that waits, and return how many were taken; when it returns, nothing waits any more."""
        taken = 0
        with self._sending:
            while self._waiting and not (self._is_stopped and self._is_pushing):
                taken += self._deliver(self._waiting.popleft())
        return taken

    def _deliver(self, event: Event) -> bool:
        webhook = self._webhooks.get(event.webhook_id)
        if webhook is None or not webhook.is_valid:
            return False
        headers = {"content-type": "application/json", SIGNATURE: signature(self._secret, event.body)}
        for attempt in range(1, TRIES + 1):
            status, _ = call("POST", webhook.url, event.body, headers)
            entry = {"event_uuid": event.uuid, "event_type": event.event_type, "url": webhook.url}
            self._deliveries.append({**entry, "attempt": attempt, "status": status})
            if status == 200:
                self._core.money.charge_event(event.event_type, event.uuid, self._core.access.now())
                return True
        return False

    def deliveries(self) -> list[dict[str, Any]]:
        return [dict(entry) for entry in self._deliveries]

    def redeliver(self, event_uuid: str | None = None) -> int:
        """Send events again, all of them or one; the receiver knows them by their uuid."""
        self._queue([event for event in self._events if event_uuid in {None, event.uuid}])
        return self.deliver()


def _is_allowed(url: str) -> bool:
    parts = urlsplit(url)
    if not 0 < len(url) <= LONGEST_URL or not parts.hostname:
        return False
    if parts.hostname in LOOPBACK:
        return parts.scheme in {"http", "https"}
    return parts.scheme == "https" and parts.port is None


def _refusal(reason: str, url: str) -> XError:
    return XError(
        "invalid-request",
        errors=[{"parameters": {"url": [url]}, "message": f"{reason}: the webhook was not created."}],
    )


def _response_token(body: bytes) -> str | None:
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found.get("response_token") if isinstance(found, dict) else None


def _minute(body: Any, name: str) -> datetime:
    text = body[name]
    try:
        return datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        message = f"{name} [{text}] does not match ^[0-9]{{12}}$"
        raise XError("invalid-request", errors=[{"parameters": {name: [text]}, "message": message}]) from None
