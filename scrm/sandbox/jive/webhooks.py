"""Webhooks: who listens to what, and signed deliveries.

There is no handshake and nothing is sent again: a callback that fails is flagged buggy, and its owner is to look
(WebhookEntity and WebhooksService on developers.jivesoftware.com, read 2026-11-24). The signature covers the header
alone; its key is the secret without `.s`, decoded as base64 (jivesoftware/jive-sdk). That a body is an array is from
memory, hence `is_listed`. System events can be registered, their bodies are not documented and none are sent.
The sandbox calls loopback addresses only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from scrm.sandbox.jive.problems import malformed
from scrm.sandbox.jive.state import Account, Activity, State, may_see
from scrm.sandbox.jive.times import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from threading import RLock

    from scrm.sandbox.jive.oauth import AddOn

PLACE_EVENTS = frozenset(
    {
        "document",
        "file",
        "discussion",
        "discussion (visibility:people)",
        "post",
        "task",
        "dm",
        "url",
        "update",
        "idea",
    }
)
USER_EVENTS = frozenset({"discussion (visibility:people)"})
SYSTEM_EVENTS = frozenset({"user_account", "user_session", "user_membership", "webhook", "social_group"})
VERBS = frozenset({"jive:created", "jive:modified", "jive:commented", "jive:replied", "jive:liked"})
LOOPBACK = frozenset({"127.0.0.1", "localhost"})
ANSWER_SECONDS = 10.0  # nothing is documented
SCHEME = "JiveEXTN "
SUCCESS = range(200, 300)


def signature(secret: str, parameters: str) -> str:
    """Sign the header's parameters as they stand."""
    key = base64.b64decode(secret.removesuffix(".s"))
    return base64.b64encode(hmac.new(key, parameters.encode(), hashlib.sha256).digest()).decode()


def authorization(add_on: AddOn, jive_url: str, at: datetime) -> str:
    """Return the header with which Jive proves who it is."""
    parameters = urlencode(
        {
            "algorithm": "HmacSHA256",
            "client_id": add_on.client_id,
            "jive_url": jive_url,
            "tenant_id": add_on.tenant_id,
            "timestamp": int(at.timestamp() * 1000),
        }
    )
    return f"{SCHEME}{parameters}&signature={quote(signature(add_on.client_secret, parameters), safe='')}"


@dataclass(kw_only=True)
class Webhook:
    """One callback and what it is told of."""

    id: int
    owner: Account
    callback: str
    object: str  # the whole address, or nothing for system events
    events: frozenset[str]
    is_enabled: bool = True
    buggy_at: datetime | None = None


@dataclass(kw_only=True)
class Delivery:
    """One activity for one webhook, and how the callback answered each time (0: not at all)."""

    number: int
    webhook: int
    callback: str
    body: bytes
    answers: list[int] = field(default_factory=list)
    is_due: bool = True


class Webhooks:
    """The registered webhooks and what was sent to them."""

    def __init__(
        self, state: State, add_on: AddOn, clock: Callable[[], datetime], lock: RLock, *, is_listed: bool
    ) -> None:
        self._state = state
        self._add_on = add_on
        self._clock = clock
        self._lock = lock
        self._is_listed = is_listed
        self._webhooks: dict[int, Webhook] = {}
        self._deliveries: list[Delivery] = []
        self.describe: Callable[[Activity], dict[str, Any]] | None = None

    def all_of(self, owner: Account) -> list[Webhook]:
        return [one for one in self._webhooks.values() if one.owner is owner]

    def get(self, number: str, owner: Account) -> Webhook | None:
        found = self._webhooks.get(int(number)) if number.isdigit() else None
        return found if found and found.owner is owner else None

    def create(self, owner: Account, callback: str, about: str, events: frozenset[str]) -> Webhook:
        webhook = Webhook(
            id=self._state.number("webhook"), owner=owner, callback=callback, object=about, events=events
        )
        self._webhooks[webhook.id] = webhook
        return webhook

    def remove(self, webhook: Webhook) -> None:
        del self._webhooks[webhook.id]
        for delivery in self._deliveries:
            delivery.is_due = delivery.is_due and delivery.webhook != webhook.id

    def entity(self, webhook: Webhook) -> dict[str, Any]:
        own = f"{self._state.api}/webhooks/{webhook.id}"
        return {
            "id": str(webhook.id),
            "type": "webhook",
            "callback": webhook.callback,
            "object": webhook.object or None,
            "events": ",".join(sorted(webhook.events)),
            "enabled": webhook.is_enabled,
            "buggy": webhook.buggy_at is not None,
            "buggyDate": stamp(webhook.buggy_at) if webhook.buggy_at else None,
            "resources": {"self": {"ref": own, "allowed": ["GET", "PUT", "DELETE"]}},
        }

    def hear(self, activity: Activity) -> None:
        """Queue an activity for everybody who listens and may see it."""
        if activity.verb not in VERBS or self.describe is None:
            return
        for webhook in self._webhooks.values():
            if webhook.is_enabled and self._concerns(webhook, activity):
                told = self.describe(activity)
                body = json.dumps([told] if self._is_listed else told, ensure_ascii=False).encode()
                self._deliveries.append(
                    Delivery(
                        number=len(self._deliveries) + 1, webhook=webhook.id, callback=webhook.callback, body=body
                    )
                )

    def _concerns(self, webhook: Webhook, activity: Activity) -> bool:
        root = activity.on.root
        if not webhook.object or not may_see(webhook.owner, root):
            return False
        _, kind, number = webhook.object.removeprefix(self._state.api).split("/")
        if kind == "contents":
            return root.content_id == int(number)
        if kind == "people":
            return root.kind == "dm" and int(number) in {one.id for one in (root.author, *root.participants)}
        is_inside = root.place is not None and int(number) in {root.place.place_id, root.place.group.place_id}
        return is_inside and (not webhook.events or root.kind in webhook.events)

    def send(self) -> int:
        """Send what is due; return how many requests were made. The lock is not held while calling out."""
        with self._lock:
            due = [one for one in self._deliveries if one.is_due]
            for delivery in due:
                delivery.is_due = False
        self._post_all(due)
        return len(due)

    def redeliver(self, numbers: Sequence[int] | None = None) -> int:
        """Send deliveries once more, all or those of these numbers."""
        with self._lock:
            chosen = [one for one in self._deliveries if numbers is None or one.number in numbers]
        self._post_all(chosen)
        return len(chosen)

    def _post_all(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            status = self._post(delivery)
            with self._lock:
                delivery.answers.append(status)
                webhook = self._webhooks.get(delivery.webhook)
                if webhook and status not in SUCCESS:
                    webhook.buggy_at = webhook.buggy_at or self._clock()

    def _post(self, delivery: Delivery) -> int:
        parts = urlsplit(delivery.callback)
        if parts.scheme != "http" or parts.hostname not in LOOPBACK:
            return 0
        headers = {
            "Content-Type": "application/json;charset=UTF-8",
            "X-Tenant-ID": self._add_on.tenant_id,
            "Authorization": authorization(self._add_on, self._state.base_url, self._clock()),
        }
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=ANSWER_SECONDS)
        try:
            target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
            connection.request("POST", target, body=delivery.body, headers=headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def deliveries(self) -> list[dict[str, object]]:
        return [
            {
                "number": one.number,
                "webhook": str(one.webhook),
                "callback": one.callback,
                "body": json.loads(one.body),
                "answers": list(one.answers),
            }
            for one in self._deliveries
        ]


def callback_of(sent: str) -> str:
    """Return the callback if Jive takes it: HTTPS, or plain HTTP on loopback as in Jive's development mode."""
    parts = urlsplit(sent)
    is_ours = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or is_ours):
        raise malformed("callback must be HTTPS")
    return sent


def events_of(sent: str, kind: str) -> frozenset[str]:
    """Return the events if they fit what is listened to: a place, a content, a person or the system ("")."""
    events = frozenset(one.strip() for one in sent.split(",") if one.strip())
    allowed = {"places": PLACE_EVENTS, "contents": frozenset(), "people": USER_EVENTS, "": SYSTEM_EVENTS}[kind]
    if events - allowed or (kind == "" and not events):
        raise malformed("events do not fit the object")
    return events
