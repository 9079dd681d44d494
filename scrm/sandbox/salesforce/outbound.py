"""Outbound messages: the org tells an address of ours what changed, at least once, in no order, until it is answered.

Envelope, namespaces and order of elements as in public recordings; retries with growing gaps up to two hours and for
a day, https://developer.salesforce.com/docs/atlas.en-us.246.0.api.meta/api/
sforce_api_om_outboundmessaging_notifications.htm, read 2026-11-24; the first gap, and what is told of a record that
was deleted, are from memory. A message is built when it is sent, of what the record is then.
"""

from __future__ import annotations

import http.client
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from scrm.sandbox.salesforce.package import PackageError, parse_xml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrm.sandbox.salesforce.ids import Ids
    from scrm.sandbox.salesforce.rows import Row, Rows

OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
OBJECTS = "urn:sobject.enterprise.soap.sforce.com"
VERSION = "68.0"
MOST = 100
FIRST_GAP, LONGEST_GAP = timedelta(seconds=15), timedelta(hours=2)
KEPT = timedelta(hours=24)
SECONDS = 60.0
CHANGES = frozenset({"create", "update", "undelete", "reparent"})
HEADERS = {
    "Content-Type": "text/xml; charset=UTF-8",
    "SOAPAction": '""',
    "User-Agent": "Jakarta Commons-HttpClient/3.1",
}


@dataclass(frozen=True, kw_only=True)
class Action:
    """One outbound message as an administrator set it up."""

    id: str
    object: str
    fields: tuple[str, ...]
    url: str


@dataclass(kw_only=True)
class Notification:
    """One change of one record on its way; its id stays the same however often it is sent."""

    id: str
    action: Action
    record_id: str
    made_at: datetime
    due_at: datetime
    gap: timedelta = FIRST_GAP
    sent: int = 0
    is_acknowledged: bool = False


@dataclass(kw_only=True)
class Outbound:
    """The sender of one org. `deliver` sends what is due; `log` keeps how each attempt went."""

    rows: Rows
    ids: Ids
    lock: threading.RLock
    organization_id: str
    site: str
    actions: list[Action] = field(default_factory=list)
    waiting: list[Notification] = field(default_factory=list)
    done: list[Notification] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    _seen: int = 0

    def add(self, object_name: str, fields: Sequence[str], url: str) -> str:
        """Tell this address of every change of these objects from now on; returns the id of the action."""
        with self.lock:
            self._collect()
            one = self.rows.schema[object_name]
            names = tuple(sorted({one.fields[name.lower()].name for name in fields} - {"Id"}))
            action = Action(id=self.ids.new("04k"), object=one.name, fields=names, url=url)
            self.actions.append(action)
            return action.id

    def deliver(self, *, newest_first: bool = False) -> int:
        """Send every message that is due, once; returns how many notifications were acknowledged."""
        with self.lock:
            self._collect()
            now = self.rows.now()
            self.waiting = [one for one in self.waiting if one.made_at + KEPT > now]
            due = [one for one in self.waiting if one.due_at <= now]
            if newest_first:
                due.reverse()
            messages = [self._message(part) for part in _parts(due)]
        acknowledged = 0
        for part, body in messages:
            # outside the lock: whoever receives it may ask the org before it answers
            status, is_acknowledged = _send(part[0].action.url, body)
            acknowledged += len(part) if is_acknowledged else 0
            with self.lock:
                self._note(part, status, is_acknowledged=is_acknowledged)
        return acknowledged

    def repeat(self, notification_id: str) -> None:
        """Send a notification once more although it was acknowledged: delivery is at least once."""
        with self.lock:
            known = next(one for one in self.done if one.id == notification_id)
            self.done.remove(known)
            known.due_at, known.is_acknowledged = self.rows.now(), False
            self.waiting.append(known)

    def _collect(self) -> None:
        """Make notifications of what the ledger holds since last time."""
        new = self.rows.ledger[self._seen :]
        self._seen = len(self.rows.ledger)
        for line in new:
            for action in self.actions:
                if line["object"] == action.object and line["kind"] in CHANGES:
                    now = self.rows.now()
                    number = self.ids.new("04l")
                    self.waiting.append(
                        Notification(id=number, action=action, record_id=line["id"], made_at=now, due_at=now)
                    )

    def _message(self, part: list[Notification]) -> tuple[list[Notification], bytes]:
        action = part[0].action
        records = "".join(self._notification(one) for one in part)
        short = self.organization_id[:15]
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
            'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
            f' <soapenv:Body>\n  <notifications xmlns="{OUTBOUND}">\n'
            f"   <OrganizationId>{self.organization_id}</OrganizationId>\n"
            f"   <ActionId>{action.id}</ActionId>\n"
            '   <SessionId xsi:nil="true"/>\n'
            f"   <EnterpriseUrl>{self.site}/services/Soap/c/{VERSION}/{short}</EnterpriseUrl>\n"
            f"   <PartnerUrl>{self.site}/services/Soap/u/{VERSION}/{short}</PartnerUrl>\n"
            f"{records}  </notifications>\n </soapenv:Body>\n</soapenv:Envelope>"
        )
        return part, body.encode()

    def _notification(self, one: Notification) -> str:
        row = self.rows.get(one.record_id)
        # nothing is told of a record that was deleted meanwhile, but its id
        values = _values(row, one.action.fields) if row and not row.is_deleted else []
        fields = "".join(f"     <sf:{name}>{escape(text)}</sf:{name}>\n" for name, text in values)
        return (
            f"   <Notification>\n    <Id>{one.id}</Id>\n"
            f'    <sObject xsi:type="sf:{one.action.object}" xmlns:sf="{OBJECTS}">\n'
            f"     <sf:Id>{one.record_id}</sf:Id>\n{fields}    </sObject>\n   </Notification>\n"
        )

    def _note(self, part: list[Notification], status: int | None, *, is_acknowledged: bool) -> None:
        now = self.rows.now()
        for one in part:
            one.sent += 1
            one.is_acknowledged = is_acknowledged
            if is_acknowledged:
                self.waiting.remove(one)
                self.done.append(one)
            else:
                one.due_at, one.gap = now + one.gap, min(one.gap * 2, LONGEST_GAP)
        ids = [one.id for one in part]
        self.log.append({"ids": ids, "status": status, "is_acknowledged": is_acknowledged, "at": now.isoformat()})


def _parts(due: list[Notification]) -> list[list[Notification]]:
    """Up to 100 notifications of one action make a message."""
    by_action: dict[str, list[Notification]] = {}
    for one in due:
        by_action.setdefault(one.action.id, []).append(one)
    return [all_[start : start + MOST] for all_ in by_action.values() for start in range(0, len(all_), MOST)]


def _values(row: Row, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the fields as text; empty ones are left out."""
    found = []
    for name in names:
        value = False if name == "IsDeleted" else row.values.get(name)
        if value is None:
            continue
        text = str(value).lower() if isinstance(value, bool) else str(value)
        found.append((name, text.replace(".000+0000", ".000Z")))
    return found


def _send(url: str, body: bytes) -> tuple[int | None, bool]:
    """Return the status (None where nothing answered), and whether the answer acknowledges the message."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=SECONDS)
    target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    try:
        connection.request("POST", target, body=body, headers=HEADERS)
        answer = connection.getresponse()
        data = answer.read()
    except (OSError, http.client.HTTPException):
        return None, False
    finally:
        connection.close()
    return answer.status, answer.status == http.client.OK and acknowledges(data)


def acknowledges(data: bytes) -> bool:
    """Whether an answer is the one the WSDL demands: `notificationsResponse` with `Ack` true, and no fault."""
    if f'"{OUTBOUND}"'.encode() not in data and f"'{OUTBOUND}'".encode() not in data:
        return False
    try:
        envelope = parse_xml(data)
    except PackageError:
        return False
    if envelope.tag != "Envelope" or envelope.find("Body/Fault") is not None:
        return False
    return (envelope.findtext("Body/notificationsResponse/Ack") or "").strip() in {"true", "1"}
