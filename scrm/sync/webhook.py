"""Webhooks from a CRM or another source of contacts: verified, stored, answered, and applied afterwards.

A delivery is stored before it is answered and known by the sender's id, so a repeat has one effect. Applying it talks
to the built-in CRM in a transaction of that CRM's own; doing so twice is harmless, because the newest statement wins.
What cannot be applied is set aside with its reason, after five errors or two stopped workers, and can be replayed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from scrm.db import Database
from scrm.errors import EndpointUnknownError, InputError, PayloadError, WebhookRefusedError
from scrm.i18n import gettext
from scrm.models import Asked, InboxItem, InboxState, Origin, WebhookEndpoint, ask_to_forget, uuid7
from scrm.models.inbox import (
    CRASHED,
    MOST_CRASHES,
    claim_deliveries,
    finish_delivery,
    is_from_network,
    is_outbound,
    keep_delivery,
)
from scrm.sync.contacts import mark_pull_due
from scrm.sync.crm import LOCAL, SALESFORCE
from scrm.sync.crm.local_contacts import MOST, Put, Statement, put_contacts
from scrm.sync.events import read_event
from scrm.sync.signature import new_path_secret, new_secret, verify
from scrm.tombstones import forgotten, source_mark, spare_body
from scrm.tombstones.sought import Sought, seal
from scrm.vault import VAULT, Vault

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
OLD_SECRET_HOURS = 24
LEASE_SECONDS = 120.0


def make_endpoint(session: Session, vault: Vault, name: str, crm_id: str, now: datetime) -> str:
    """Open an address; returns its secret, which is never shown again.

    For the built-in CRM it is `/webhooks/crm/<name>` and the secret signs; for Salesforce it takes outbound messages,
    `/webhooks/outbound/<name>/<secret>`.
    """
    if not NAME.fullmatch(name):
        raise InputError(gettext("The name may hold small letters, digits and hyphens, at most 40 characters."))
    if crm_id not in (LOCAL, SALESFORCE):
        raise InputError(gettext("Only the built-in CRM and Salesforce take contacts by webhook."))
    if session.scalar(select(WebhookEndpoint.id).where(WebhookEndpoint.name == name)) is not None:
        raise InputError(gettext("There is an address with this name already."))
    secret = _new_secret(crm_id)
    sealed = vault.seal({"current": secret}, _place(name))
    session.add(WebhookEndpoint(name=name, crm_id=crm_id, secrets=sealed, created_at=now))
    session.flush()
    return secret


def rotate(session: Session, vault: Vault, name: str, now: datetime) -> str:
    """A new secret for an address; the present one is taken for another 24 hours, an older one no longer."""
    endpoint = session.scalars(
        select(WebhookEndpoint).where(WebhookEndpoint.name == name).with_for_update()
    ).one_or_none()
    if endpoint is None:
        raise EndpointUnknownError("there is no such address")
    secret = _new_secret(endpoint.crm_id)
    present = vault.open(endpoint.secrets, _place(name))["current"]
    endpoint.secrets = vault.seal({"current": secret, "old": present}, _place(name))
    endpoint.old_secret_until = now + timedelta(hours=OLD_SECRET_HOURS)
    return secret


def receive(
    db: Database, vault: Vault, endpoint_name: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> bool:
    """Verify a delivery and store it; True when it is new. Whatever this returns may be answered 2xx.

    Raises EndpointUnknownError (404) and WebhookRefusedError (401). Anything else (SealError, ConfigError, a database
    error) means that we cannot verify or store now: 503, never 4xx.
    """
    with db.read() as session:
        endpoint = session.scalars(
            select(WebhookEndpoint).where(WebhookEndpoint.name == endpoint_name, WebhookEndpoint.crm_id == LOCAL)
        ).one_or_none()
    if endpoint is None:
        raise EndpointUnknownError("there is no such address")
    try:
        delivery_key = verify(headers, body, _secrets(vault, endpoint, now), now)
    except WebhookRefusedError:
        with db.write("inbox.refuse") as session:
            session.execute(
                update(WebhookEndpoint)
                .where(WebhookEndpoint.id == endpoint.id)
                .values(refused=WebhookEndpoint.refused + 1)
            )
        raise
    with db.write("inbox.store") as session:
        return keep_delivery(session, endpoint.name, delivery_key, body, now)


def apply_due(db: Database, limit: int, *, lease_seconds: float = LEASE_SECONDS) -> int:
    """Apply what is due, up to `limit` deliveries; returns how many were dealt with.

    First those that nobody worked on before, together; then those whose worker died, each alone.
    """
    limit = min(limit, MOST)
    done = 0
    for is_suspect in (False, True):
        while done < limit:
            items = _claim(db, limit - done, lease_seconds, is_suspect=is_suspect)
            if not items:
                break
            works = [_read(item) for item in items]
            _apply(db, works)
            _finish(db, works)
            done += len(items)
    return done


def replay(session: Session, item_id: int, now: datetime) -> None:
    """Try a delivery again that was set aside; raises InputError."""
    item = session.get(InboxItem, item_id)
    if item is None or item.state != InboxState.QUARANTINED.value or item.body is None:
        raise InputError(gettext("There is no such delivery to be replayed."))
    item.state, item.reason, item.due_at, item.done_at = InboxState.TODO.value, None, now, None
    item.attempts = item.crash_count = 0
    item.lease_until = None


@dataclass(kw_only=True)
class _Work:
    """A claimed delivery: what it says, or why it cannot be applied."""

    item: InboxItem
    statement: Statement | None = None
    fault: str | None = None  # it will never work
    error: str | None = None  # it may work another time
    has_changed: bool = False


def _claim(db: Database, limit: int, seconds: float, *, is_suspect: bool) -> Sequence[InboxItem]:
    with db.write("inbox.claim") as session:
        return claim_deliveries(
            session,
            ~is_from_network() & ~is_outbound(),
            db.clock.now(),
            limit=limit,
            seconds=seconds,
            is_suspect=is_suspect,
        )


def _read(item: InboxItem) -> _Work:
    work = _Work(item=item)
    if item.crash_count >= MOST_CRASHES:
        work.fault = CRASHED
        return work
    try:
        work.statement = read_event(item.body or b"", item.received_at)
    except PayloadError as why:
        work.fault = str(why)
    except Exception as why:  # noqa: BLE001 - whatever one delivery does, its neighbors go on
        work.error = type(why).__name__
    return work


def _apply(db: Database, works: Sequence[_Work]) -> None:
    """Apply in the order of the source's clock, together; if that fails, one by one."""
    ready = sorted(
        ((work.statement.at, work.item.id, work, work.statement) for work in works if work.statement),
        key=lambda entry: entry[:2],
    )
    if not ready:
        return
    try:
        results = put_contacts(db, [statement for *_, statement in ready])
    except OperationalError:
        raise  # the database is out of reach: no fault of any delivery
    except Exception as why:  # noqa: BLE001 - as above
        if len(ready) == 1:
            ready[0][2].error = type(why).__name__
        else:
            for _at, _id, work, _statement in ready:
                _apply(db, [work])
        return
    for (_at, _id, work, _statement), result in zip(ready, results, strict=True):
        work.has_changed = result in {Put.CREATED, Put.UPDATED}


def _finish(db: Database, works: Sequence[_Work]) -> None:
    with db.write("inbox.finish") as session:
        now = db.clock.now()
        for work in works:
            finish_delivery(session, work.item, now, fault=work.fault, error=work.error)
            if work.fault is not None:
                spare_body(session, work.item, None)
            if work.statement is not None and work.statement.is_erasure and work.error is None:
                _forget(session, work.statement.source_id, now)
        if any(work.has_changed for work in works):
            mark_pull_due(session, LOCAL, now)


def _forget(session: Session, source_id: str, now: datetime) -> None:
    """The CRM says that the person is to be forgotten: once, however often it says so."""
    public_id = uuid7()
    if forgotten(session, [source_mark(source_id)]):
        return
    sought = seal(session.info[VAULT], public_id, Sought(sources=[source_id]))
    ask_to_forget(session, now, Asked(origin=Origin.CRM, sought=sought, public_id=public_id))


def _new_secret(crm_id: str) -> str:
    return new_secret() if crm_id == LOCAL else new_path_secret()


def _secrets(vault: Vault, endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    """What this address may be called with now."""
    opened = vault.open(endpoint.secrets, _place(endpoint.name))
    is_old_valid = endpoint.old_secret_until is not None and endpoint.old_secret_until > now
    return [opened["current"], *([opened["old"]] if is_old_valid else [])]


def _place(name: str) -> str:
    return f"webhook_endpoint/{name}/secrets"
