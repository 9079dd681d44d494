"""Outbound messages from Salesforce: stored, acknowledged, and the people they name read again at once.

A message says which records changed; what they are now is asked of the org, so that order and repeats do not matter:
the org's SystemModstamp decides, and nothing that a message says of a person is kept. Messages are not signed. Who
knows the address, which holds a secret, and names our organization is believed, and all it can do is have us read.
Format as the public WSDL has it, read 2026-11-24, for no recording of a real one was at hand: up to 100
notifications, each with an id of its own that stays the same when it is sent again, for a day, until the answer is
the acknowledgment below.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]
from sqlalchemy import select, update

from scrm import logs
from scrm.db import Database
from scrm.errors import (
    ConfigError,
    CrmAuthError,
    CrmRetryLaterError,
    EndpointUnknownError,
    PayloadError,
    WebhookRefusedError,
)
from scrm.failpoints import outside
from scrm.models import CrmConnection, InboxItem, WebhookEndpoint, still_mine
from scrm.models.inbox import (
    CRASHED,
    MOST_CRASHES,
    OUTBOUND,
    claim_deliveries,
    finish_delivery,
    is_outbound,
    keep_delivery,
)
from scrm.runtime import Core
from scrm.sync.contacts import take_over, with_survivors
from scrm.sync.crm import SALESFORCE, open_crm
from scrm.sync.crm.base import ContactRecord
from scrm.sync.crm.salesforce.ids import full_id, object_of
from scrm.sync.crm.salesforce.options import Options
from scrm.vault import Vault

log = logs.get(__name__)

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
TOLD = "{http://soap.sforce.com/2005/09/outbound}"
OBJECT = "{urn:sobject.enterprise.soap.sforce.com}"
NOTIFICATION = re.compile(r"04l[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?", re.ASCII)
LARGEST_MESSAGE = 4_000_000  # bytes; 100 notifications with long text fields
MOST = 200  # notifications in one message, and people in one reading
WAIT_SECONDS = 60.0
ACKNOWLEDGMENT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>"
)


@dataclass(frozen=True, kw_only=True)
class Notification:
    """One change of one record: its id, the record, and its version if the message says it."""

    key: str
    record_id: str
    stamp: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is read of a message."""

    organization_id: str
    notifications: tuple[Notification, ...]


def read_message(body: bytes) -> Message:
    """The notifications of a message; raises PayloadError when it is none as a whole.

    A notification that is not as documented is kept all the same, so that it is set aside and not sent for a day.
    """
    try:
        envelope: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise PayloadError("expected XML without a document type") from None
    message = envelope.find(f"{SOAP}Body/{TOLD}notifications") if envelope.tag == f"{SOAP}Envelope" else None
    if message is None:
        raise PayloadError("expected an outbound message")
    told = message.findall(f"{TOLD}Notification")
    if not 1 <= len(told) <= MOST:
        raise PayloadError(f"expected 1 to {MOST} notifications")
    organization_id = full_id((message.findtext(f"{TOLD}OrganizationId") or "").strip()) or ""
    return Message(organization_id=organization_id, notifications=tuple(_notification(one) for one in told))


def receive_message(core: Core, name: str, secret: str, body: bytes) -> bool:
    """Store what a message tells; True when any of it is new. Whatever this returns may be acknowledged.

    Raises EndpointUnknownError (404) for a wrong name or secret, PayloadError (400), WebhookRefusedError (403) for
    another organization. Anything else means that we cannot look or store now: 503.
    """
    now = core.db.clock.now()
    with core.db.read() as session:
        endpoint = session.scalars(
            select(WebhookEndpoint).where(WebhookEndpoint.name == name, WebhookEndpoint.crm_id == SALESFORCE)
        ).one_or_none()
        connection = session.get(CrmConnection, SALESFORCE)
    if endpoint is None or not _knows(core.vault, endpoint, secret, now):
        raise EndpointUnknownError("there is no such address")
    message = read_message(body)
    ours = Options.from_stored(connection.options).organization_id if connection is not None else ""
    if not ours or message.organization_id != ours:
        with core.db.write("outbound.refuse") as session:
            session.execute(
                update(WebhookEndpoint)
                .where(WebhookEndpoint.id == endpoint.id)
                .values(refused=WebhookEndpoint.refused + 1)
            )
        raise WebhookRefusedError("OrganizationId: another organization than the one connected")
    with core.db.write("outbound.store") as session:
        kept = [
            keep_delivery(
                session,
                OUTBOUND + endpoint.name,
                one.key,
                json.dumps({"id": one.record_id, "stamp": one.stamp}).encode(),
                now,
            )
            for one in message.notifications
        ]
    return any(kept)


def apply_messages(core: Core, limit: int = MOST, *, lease_seconds: float = 120.0) -> int:
    """Read the people again that messages named, up to `limit` notifications together; returns how many."""
    done = 0
    for is_suspect in (False, True):
        with core.db.write("outbound.claim") as session:
            items = claim_deliveries(
                session,
                is_outbound(),
                core.db.clock.now(),
                limit=limit,
                seconds=lease_seconds,
                is_suspect=is_suspect,
            )
        if items:
            _apply(core, items)
            done += len(items)
    return done


def _apply(core: Core, items: Sequence[InboxItem]) -> None:
    works = [(item, *_asked(item)) for item in items]
    wanted = list(dict.fromkeys(record_id for _item, record_id, _stamp, fault in works if fault is None))
    records: list[ContactRecord] = []
    error = None
    try:
        if wanted:
            crm = open_crm(core, SALESFORCE)
            with outside("outbound.read"):
                found = list(crm.read(wanted))
            records = with_survivors(core.db, crm, SALESFORCE, found)
    except (CrmRetryLaterError, CrmAuthError) as why:
        _wait(core.db, items, why)
        return
    except ConfigError as why:
        error = type(why).__name__
    stamps = {record.native_id: record.updated_at for record in records}
    with core.db.write("outbound.finish") as session:
        now = core.db.clock.now()
        if records:
            take_over(session, SALESFORCE, records, now)
        for item, record_id, stamp, fault in works:
            is_early = stamp is not None and record_id in stamps and stamps[record_id] < stamp
            why_not = error or ("OlderThanTold" if is_early else None)
            finish_delivery(session, item, now, fault=fault, error=None if fault else why_not)


def _asked(item: InboxItem) -> tuple[str, datetime | None, str | None]:
    """The record, its version as told, and why it cannot be read."""
    if item.crash_count >= MOST_CRASHES:
        return "", None, CRASHED
    told = json.loads(item.body or b"{}")
    record_id = full_id(told.get("id", ""))
    if record_id is None or object_of(record_id) is None:
        return "", None, "sObject Id: expected that of an account, a contact or a lead"
    return record_id, _time(told.get("stamp", "")), None


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _wait(db: Database, items: Sequence[InboxItem], why: CrmRetryLaterError | CrmAuthError) -> None:
    """The org is away: no fault of any notification, so no attempt is counted."""
    seconds = why.retry_after if isinstance(why, CrmRetryLaterError) and why.retry_after else WAIT_SECONDS
    log.warning("outbound_waits", error=type(why).__name__)
    with db.write("outbound.wait") as session:
        due_at = db.clock.now() + timedelta(seconds=seconds)
        for item in items:
            session.execute(
                update(InboxItem)
                .where(InboxItem.id == item.id, still_mine(item))
                .values(lease_until=None, crash_count=0, due_at=due_at)
            )


def _notification(told: Element) -> Notification:
    key = (told.findtext(f"{TOLD}Id") or "").strip()
    record = told.find(f"{TOLD}sObject")
    record_id = stamp = ""
    if record is not None:
        record_id = (record.findtext(f"{OBJECT}Id") or "").strip()[:18]
        stamp = (record.findtext(f"{OBJECT}SystemModstamp") or "").strip()[:40]
    if NOTIFICATION.fullmatch(key):
        key = full_id(key) or key
    else:  # nothing to know it by again but what it says
        key = "sha256:" + hashlib.sha256(f"{key}\n{record_id}\n{stamp}".encode()).hexdigest()
    return Notification(key=key, record_id=record_id, stamp=stamp)


def _knows(vault: Vault, endpoint: WebhookEndpoint, secret: str, now: datetime) -> bool:
    opened = vault.open(endpoint.secrets, f"webhook_endpoint/{endpoint.name}/secrets")
    valid = [opened["current"]]
    if endpoint.old_secret_until is not None and endpoint.old_secret_until > now:
        valid.append(opened["old"])
    given = secret.encode("utf-8", "surrogatepass")
    return any(hmac.compare_digest(given, one.encode()) for one in valid)
