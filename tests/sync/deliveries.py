"""Deliveries of a CRM's webhook: made, signed, sent, stored, and what they left."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from scrm.clock import FakeClock
from scrm.db import Database
from scrm.models import InboxItem, LocalContact, WebhookEndpoint
from scrm.runtime import Core
from scrm.sync.crm.local import LocalCrm
from scrm.sync.webhook import apply_due, make_endpoint, receive
from tests.sync.crm.worlds import START
from tests.sync.test_signature import sign

NAME = "crm"


@pytest.fixture
def clock(database: Database) -> FakeClock:
    clock = FakeClock(START + timedelta(days=1))
    database.clock = clock
    return clock


@pytest.fixture
def secret(core: Core, clock: FakeClock) -> str:
    with core.db.write("test.endpoint") as session:
        return make_endpoint(session, core.vault, NAME, "local", clock.now())


def event(kind: str, source_id: str, at: datetime, /, **data: Any) -> bytes:
    return json.dumps(
        {"type": f"contact.{kind}", "timestamp": at.isoformat(), "data": {"id": source_id} | data}
    ).encode()


def signed(secret: str, delivery: str, body: bytes, now: datetime) -> dict[str, str]:
    seconds = int(now.timestamp())
    return {
        "Webhook-Id": delivery,
        "Webhook-Timestamp": str(seconds),
        "Webhook-Signature": sign(secret, delivery, seconds, body),
    }


def send(core: Core, secret: str, delivery: str, body: bytes) -> bool:
    now = core.db.clock.now()
    return receive(core.db, core.vault, NAME, signed(secret, delivery, body, now), body, now)


def put(db: Database, number: int, body: bytes) -> None:
    """A delivery that was verified and stored before."""
    now = db.clock.now()
    with db.write("test.put") as session:
        session.add(InboxItem(endpoint=NAME, delivery_key=f"put-{number}", received_at=now, body=body, due_at=now))


def items(db: Database) -> list[InboxItem]:
    with db.read() as session:
        return list(session.scalars(select(InboxItem).order_by(InboxItem.id)))


def names(db: Database) -> dict[str, str]:
    """The built-in CRM's contacts, by source id."""
    with db.read() as session:
        sources = {str(row.id): row.source_id for row in session.scalars(select(LocalContact))}
    shown = {}
    for contact in LocalCrm(db).read(list(sources)):
        ended = f"merged into {sources[contact.merged_into]}" if contact.merged_into else "deleted"
        is_over = contact.is_deleted or contact.merged_into
        shown[sources[contact.native_id]] = ended if is_over else contact.full_name
    return shown


def drain(db: Database) -> None:
    while apply_due(db, 50):
        pass


def refused_count(db: Database) -> int:
    with db.read() as session:
        return session.scalars(select(WebhookEndpoint.refused)).one()
