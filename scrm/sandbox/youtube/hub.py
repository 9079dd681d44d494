"""The WebSub hub that tells of uploads: subscriptions, their verification, signed deliveries and leases.

WebSub and what is known of pubsubhubbub.appspot.com (from memory and third parties, 2026-11-24): a lease lasts five
days at most; four tries, the pause between them doubling from thirty seconds (pubsubhubbub/PubSubHubbub
hub/main.py, read 2026-11-24). Only callbacks on loopback are taken: the sandbox calls nobody else.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, g, request

from scrm.sandbox.youtube.feed import HUB, TOPIC

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LEASE_SECONDS = 432_000
MOST_TRIES = 4
RETRY_SECONDS = 30.0
LONGEST_SECRET = 200
TIMEOUT_SECONDS = 5
IDLE_SECONDS = 1.0
LOOPBACK = frozenset({"127.0.0.1", "localhost"})
TOPICS = re.compile(r"https://www\.youtube\.com/(?:xml/)?feeds/videos\.xml\?channel_id=(UC[\w-]{22})")


@dataclass(frozen=True, kw_only=True)
class Subscriber:
    """One callback that follows one channel's uploads until its lease ends."""

    topic: str
    callback: str
    secret: str | None
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A wish to subscribe or to leave that the callback has yet to confirm."""

    mode: str
    topic: str
    callback: str
    secret: str | None
    lease_seconds: int
    verify_token: str | None


@dataclass(kw_only=True, eq=False)
class Job:
    """Something to send, now or when it is tried again."""

    number: int
    callback: str
    topic: str
    body: bytes = b""
    secret: str | None = None
    intent: Intent | None = None
    tries: int = 0
    due: float = field(default_factory=monotonic)


def signature(secret: str, body: bytes) -> str:
    """Return the value of X-Hub-Signature."""
    return "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


class Hub:
    """One hub; it sends in a thread of its own, which starts with the first subscription."""

    def __init__(self, *, clock: Callable[[], datetime], retry_seconds: float = RETRY_SECONDS) -> None:
        self._clock = clock
        self._retry_seconds = retry_seconds
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._subscribers: dict[tuple[str, str], Subscriber] = {}
        self._waiting: list[Job] = []
        self._sent: dict[int, Job] = {}
        self._deliveries: list[dict[str, object]] = []
        self._numbers = 0
        self._thread: threading.Thread | None = None
        self._is_stopped = False

    def attach(self, app: Flask) -> None:
        app.add_url_rule("/subscribe", "subscribe", self.subscribe, methods=["POST"])

    def subscribe(self) -> Response:
        sent = request.form.to_dict()
        if fault := _fault(sent):
            g.outcome, g.fault = "invalid", fault
            return Response(fault, status=400, content_type="text/plain; charset=utf-8")
        intent = Intent(
            mode=sent["hub.mode"],
            topic=sent["hub.topic"],
            callback=sent["hub.callback"],
            secret=sent.get("hub.secret"),
            lease_seconds=min(int(sent.get("hub.lease_seconds", LEASE_SECONDS)), LEASE_SECONDS),
            verify_token=sent.get("hub.verify_token"),
        )
        self._enqueue(callback=intent.callback, topic=intent.topic, intent=intent)
        return Response(status=202)

    def announce(self, channel_id: str, body: bytes) -> None:
        """Send an Atom document to everybody whose lease on the channel's feed still runs."""
        now = self._clock()
        with self._changed:
            for one in list(self._subscribers.values()):
                if one.expires_at > now and one.topic.endswith(f"={channel_id}"):
                    self._enqueue(callback=one.callback, topic=one.topic, body=body, secret=one.secret)

    def subscriptions(self) -> list[dict[str, object]]:
        """Return the living subscriptions, without their secrets."""
        now = self._clock()
        with self._changed:
            return [
                {"topic": one.topic, "callback": one.callback, "expires_at": one.expires_at.isoformat()}
                for one in self._subscribers.values()
                if one.expires_at > now
            ]

    def deliveries(self) -> list[dict[str, object]]:
        """Return every try: what was sent whither, and how it was answered; never a secret or a challenge."""
        with self._changed:
            return [dict(entry) for entry in self._deliveries]

    def deliver(self) -> None:
        """Send all that waits, repeated tries too; what is under way is done when this returns."""
        while self._perform_next(is_patient=False):
            pass

    def redeliver(self, number: int | None = None) -> None:
        """Send a notification again, the last one unless its number is told."""
        with self._changed:
            job = self._sent[max(self._sent) if number is None else number]
            self._enqueue(callback=job.callback, topic=job.topic, body=job.body, secret=job.secret)

    def stop(self) -> None:
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join()

    def _enqueue(
        self,
        *,
        callback: str,
        topic: str,
        body: bytes = b"",
        secret: str | None = None,
        intent: Intent | None = None,
    ) -> None:
        with self._changed:
            self._numbers += 1
            number = self._numbers
            job = Job(number=number, callback=callback, topic=topic, body=body, secret=secret, intent=intent)
            self._waiting.append(job)
            if intent is None:
                self._sent[job.number] = job
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sandbox hub", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _run(self) -> None:
        while not self._is_stopped:
            if self._perform_next(is_patient=True):
                continue
            with self._changed:
                next_due = min((job.due for job in self._waiting), default=monotonic() + IDLE_SECONDS)
                if not self._is_stopped:
                    self._changed.wait(max(0.0, next_due - monotonic()))

    def _perform_next(self, *, is_patient: bool) -> bool:
        """Send the first job that waits, or is due; say whether there was one."""
        # one at a time, so that the thread and a test that hurries it keep the order
        with self._sending:
            with self._changed:
                job = next((one for one in self._waiting if not is_patient or one.due <= monotonic()), None)
                if job is None:
                    return False
                self._waiting.remove(job)
            pause = self._send(job)
            if pause is not None and job.tries < MOST_TRIES:
                job.due = monotonic() + pause
                with self._changed:
                    self._waiting.append(job)
            return True

    def _send(self, job: Job) -> float | None:
        """Try once; return how long to wait before the next try, or None when there is none."""
        job.tries += 1
        try:
            status, is_done = self._verify(job, job.intent) if job.intent else self._notify(job)
        except (OSError, HTTPException):
            status, is_done = None, False
        with self._changed:
            self._deliveries.append(
                {
                    "number": job.number,
                    "kind": "verification" if job.intent else "notification",
                    "callback": job.callback,
                    "topic": job.topic,
                    "attempt": job.tries,
                    "status": status,
                    "is_accepted": is_done,
                    "at": self._clock().isoformat(),
                }
            )
        # a subscriber refuses a wish it never had with 404: nothing to try again
        is_refused = job.intent is not None and status == 404
        return None if is_done or is_refused else self._retry_seconds * 2 ** (job.tries - 1)

    def _verify(self, job: Job, intent: Intent) -> tuple[int, bool]:
        challenge = str(secrets.randbelow(10**19))
        query = {"hub.topic": intent.topic, "hub.challenge": challenge, "hub.mode": intent.mode}
        if intent.mode == "subscribe":
            query["hub.lease_seconds"] = str(intent.lease_seconds)
        if intent.verify_token is not None:
            query["hub.verify_token"] = intent.verify_token
        mark = "&" if urlsplit(job.callback).query else "?"
        status, body = _call("GET", f"{job.callback}{mark}{urlencode(query)}")
        is_done = 200 <= status < 300 and body == challenge.encode()
        if is_done:
            self._settle(intent)
        return status, is_done

    def _settle(self, intent: Intent) -> None:
        with self._changed:
            place = (intent.topic, intent.callback)
            if intent.mode == "unsubscribe":
                self._subscribers.pop(place, None)
                return
            self._subscribers[place] = Subscriber(
                topic=intent.topic,
                callback=intent.callback,
                secret=intent.secret,
                expires_at=self._clock() + timedelta(seconds=intent.lease_seconds),
            )

    def _notify(self, job: Job) -> tuple[int, bool]:
        headers = {
            "Content-Type": "application/atom+xml",
            "Link": f"<{job.topic}>; rel=self, <{HUB}/>; rel=hub",
        }
        if job.secret:
            headers["X-Hub-Signature"] = signature(job.secret, job.body)
        status, _ = _call("POST", job.callback, job.body, headers)
        return status, 200 <= status < 300


def _call(
    method: str, address: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """Ask a callback once, following no redirect; return the status and the body."""
    parts = urlsplit(address)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        connection.request(method, target, body or None, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _fault(sent: dict[str, str]) -> str | None:
    try:
        callback = urlsplit(sent["hub.callback"])
        is_ported = callback.port is None or callback.port > 0
    except ValueError:
        return "Invalid parameter: hub.callback; must be valid URI with no fragment"
    is_address = callback.scheme in {"http", "https"} and callback.hostname and is_ported and not callback.fragment
    lease = sent.get("hub.lease_seconds")
    rules = {
        "hub.callback; must be valid URI with no fragment": is_address,
        "hub.callback; this hub calls nobody but its own machine": callback.hostname in LOOPBACK,
        f"hub.topic; must be {TOPIC} and a channel's id": TOPICS.fullmatch(sent["hub.topic"]),
        "hub.mode; supported values are subscribe, unsubscribe": sent["hub.mode"] in {"subscribe", "unsubscribe"},
        "hub.verify; supported values are async": sent.get("hub.verify", "async") == "async",
        "hub.lease_seconds; must be positive": lease is None or int(lease) > 0,
        "hub.secret; must be less than 200 bytes": len(sent.get("hub.secret", "").encode()) < LONGEST_SECRET,
    }
    return next((f"Invalid parameter: {rule}" for rule, is_kept in rules.items() if not is_kept), None)
