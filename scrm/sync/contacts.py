"""Pull contacts: what changed in the CRM since the cursor, into our own copies, a portion and its cursor at a time.

The CRM is asked outside any transaction; rows and cursor are stored in one. A deleted contact keeps what we know of
it, a merged one points at its survivor: judgments and links stay, and whoever derives them follows the pointers. A
contact whose comparable fields or whose life changed is to be keyed again (`key_due_at`), and the timelines of the
profiles linked to it are due.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from anyascii import anyascii
from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from scrm.connectors.payload import clean
from scrm.db import Database, take_turns, upsert
from scrm.errors import CrmAuthError, CrmRetryLaterError
from scrm.failpoints import outside
from scrm.models import (
    Contact,
    ContactKind,
    ContactTurn,
    CrmState,
    Link,
    Turn,
    claim,
    mark_timelines_due,
    still_mine,
    uuid7,
)
from scrm.sync.crm.base import Changes, ContactRecord, Crm
from scrm.sync.crm.local import CRM_ID as LOCAL
from scrm.tombstones import contact_mark, contact_marks, forgotten

PULL_SECONDS = 300.0  # how often a CRM is asked when nothing hints at a change
OUTAGE_SECONDS = 60.0
LEASE_SECONDS = 120.0
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
COPIED = (
    "kind",
    "relation",
    "full_name",
    "first_name",
    "last_name",
    "company",
    "title",
    "city",
    "country",
    "language",
    "owner",
)
LISTED = ("emails", "phones", "urls")
NOT_COMPARED = frozenset({"relation", "owner", "owner_email", "sort_name"})  # no rule of matching looks at them


def pull(db: Database, crm: Crm, crm_id: str, *, lease_seconds: float = LEASE_SECONDS) -> bool:
    """Read one portion of changes if reading is due; True when more is waiting.

    Raises CrmRetryLaterError and CrmAuthError with the cursor unmoved and the next reading put off.
    """
    with db.write("contacts.claim") as session:
        now = db.clock.now()
        _plan_first(session, crm_id, now)
        claimed = claim(session, CrmState, now, CrmState.crm_id == crm_id, seconds=lease_seconds)
    if not claimed:
        return False
    state = claimed[0]
    try:
        with outside("contacts.read_changes"):
            changes = crm.read_changes(state.cursor)
        records = with_survivors(db, crm, crm_id, changes.contacts)
    except Exception as why:
        _put_off(db, state, why)
        raise
    with db.write("contacts.pull") as session:
        if not _finish(session, state, changes, db.clock.now()):
            return False  # somebody else read this portion
        if crm_id == LOCAL:  # its order is told by versions that sources count, which it keeps itself
            _store(session, crm_id, records, db.clock.now())
        else:
            take_over(session, crm_id, records, db.clock.now())
    return changes.has_more


def mark_pull_due(session: Session, crm_id: str, now: datetime) -> None:
    """Say that the CRM has something new (inside a write transaction)."""
    statement = upsert(session, CrmState)
    session.execute(
        statement.on_conflict_do_update(index_elements=["crm_id"], set_={"due_at": now}),
        [{"crm_id": crm_id, "due_at": now, "generation": 0, "crash_count": 0}],
    )


def take_over(session: Session, crm_id: str, records: Sequence[ContactRecord], now: datetime) -> None:
    """Store contacts that were read out of turn (inside a write transaction); what we hold newer stays."""
    take_turns(session, zlib.crc32(f"contacts/{crm_id}".encode()))  # two readers may find one new contact
    ids = [record.native_id for record in records]
    stored = session.execute(
        select(Contact.native_id, Contact.updated_at).where(Contact.crm_id == crm_id, Contact.native_id.in_(ids))
    )
    held = dict(stored.all())
    fresh = [one for one in records if one.native_id not in held or held[one.native_id] <= one.updated_at]
    _store(session, crm_id, fresh, now)


def with_survivors(db: Database, crm: Crm, crm_id: str, records: Sequence[ContactRecord]) -> list[ContactRecord]:
    """The records, preceded by survivors of merges that we have not heard of yet."""
    known = {record.native_id for record in records}
    wanted = {record.merged_into for record in records if record.merged_into} - known
    if wanted:
        with db.read() as session:
            stored = select(Contact.native_id).where(Contact.crm_id == crm_id, Contact.native_id.in_(wanted))
            wanted -= set(session.scalars(stored))
    if not wanted:
        return list(records)
    with outside("contacts.read_survivors"):
        return [*crm.read(sorted(wanted)), *records]


def sort_name(record: ContactRecord) -> str:
    """The name to sort by and to search from the start of: family name first, folded."""
    name = f"{record.last_name} {record.first_name or ''}" if record.last_name else record.full_name
    return fold(name)


def fold(name: str) -> str:
    """A name in lower-case ASCII letters, umlauts as ae, oe, ue."""
    return " ".join(anyascii(clean(name).translate(UMLAUTS)).lower().split())


def _plan_first(session: Session, crm_id: str, now: datetime) -> None:
    session.execute(
        upsert(session, CrmState).on_conflict_do_nothing(index_elements=["crm_id"]),
        [{"crm_id": crm_id, "due_at": now, "generation": 0, "crash_count": 0}],
    )


def _put_off(db: Database, state: CrmState, why: Exception) -> None:
    seconds = why.retry_after if isinstance(why, CrmRetryLaterError) and why.retry_after else OUTAGE_SECONDS
    with db.write("contacts.put_off") as session:
        session.execute(
            update(CrmState)
            .where(CrmState.crm_id == state.crm_id, still_mine(state))
            .values(lease_until=None, crash_count=0, due_at=db.clock.now() + timedelta(seconds=seconds))
        )


def _finish(session: Session, state: CrmState, changes: Changes, now: datetime) -> bool:
    """Move the cursor and give the lease back; False when it is no longer ours. A newer hint stays due.

    A CRM that answers knows us again, so writing to it may go on.
    """
    is_known_again = CrmState.problem == CrmAuthError.__name__
    next_at = now if changes.has_more else now + timedelta(seconds=PULL_SECONDS)
    moved = session.execute(
        update(CrmState)
        .where(CrmState.crm_id == state.crm_id, still_mine(state))
        .values(
            cursor=changes.cursor,
            lease_until=None,
            crash_count=0,
            due_at=case((CrmState.due_at == state.due_at, next_at), else_=CrmState.due_at),
            problem=case((is_known_again, None), else_=CrmState.problem),
            problem_since=case((is_known_again, None), else_=CrmState.problem_since),
        )
    )
    return moved.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def _store(session: Session, crm_id: str, records: Sequence[ContactRecord], now: datetime) -> None:
    """Bring our copies in line; every row is an upsert, so a portion read twice changes nothing."""
    records = _without_forgotten(session, crm_id, records)
    targets = {record.merged_into for record in records if record.merged_into}
    ids = {record.native_id for record in records} | targets
    found = session.scalars(select(Contact).where(Contact.crm_id == crm_id, Contact.native_id.in_(ids)))
    rows = {row.native_id: row for row in found}
    reborn: set[int] = set()
    for record in records:
        row = rows.get(record.native_id)
        if row is None and record.is_deleted and record.native_id not in targets:
            continue  # came and went before we looked
        if row is None:
            row = rows[record.native_id] = Contact(
                crm_id=crm_id, native_id=record.native_id, public_id=uuid7(), created_at=now, version=0
            )
            session.add(row)
        _copy(row, record, now)
    session.flush()
    for record in records:
        if record.native_id in rows:
            row = rows[record.native_id]
            if _live_or_die(session, row, record, rows.get(record.merged_into or ""), now):
                reborn.add(row.id)
    session.flush()
    _mark_linked(session, reborn, now)


def _without_forgotten(session: Session, crm_id: str, records: Sequence[ContactRecord]) -> list[ContactRecord]:
    """Contacts of people who were forgotten stay the CRM's own business."""
    marks = {
        record.native_id: {contact_mark(crm_id, record.native_id), *contact_marks(record.emails, record.handles)}
        for record in records
    }
    gone = forgotten(session, (mark for some in marks.values() for mark in some))
    return [record for record in records if not gone & marks[record.native_id]]


def _copy(row: Contact, record: ContactRecord, now: datetime) -> None:
    """Take over what the CRM shows; a deleted contact shows nothing any more."""
    is_new = row.version == 0
    if record.is_deleted and not is_new:
        return
    changed = False
    for name, value in _values(record).items():
        if is_new or getattr(row, name) != value:
            setattr(row, name, value)
            changed = changed or name not in NOT_COMPARED
    if is_new or changed:
        row.key_due_at = now
    if is_new or changed or row.updated_at != record.updated_at:
        row.updated_at = record.updated_at
        row.version += 1


def _values(record: ContactRecord) -> Mapping[str, Any]:
    values: dict[str, Any] = {name: _clean(getattr(record, name)) for name in COPIED}
    values |= {name: [clean(text) for text in getattr(record, name)] for name in LISTED}
    values["handles"] = [{"network": clean(n), "handle": clean(handle)} for n, handle in record.handles]
    values["sort_name"] = sort_name(record)
    values["owner_email"] = _owner_email(record)
    return values


def _owner_email(record: ContactRecord) -> str | None:
    """The owner's address; some exports name nobody else where the owner stands."""
    given = record.owner_email or (record.owner if "@" in (record.owner or "") else None)
    return clean(given).strip().lower() or None if given else None


def _clean(text: str | None) -> str | None:
    return None if text is None else clean(text)


def _live_or_die(
    session: Session, row: Contact, record: ContactRecord, survivor: Contact | None, now: datetime
) -> bool:
    """Note that a contact was deleted, merged or restored; True when that is new."""
    merged_into_id = survivor.id if survivor is not None and survivor is not row else None
    is_gone = record.is_deleted or (bool(record.merged_into) and merged_into_id is None)
    if merged_into_id is not None:
        _open_loop(session, row, merged_into_id, now)
    if (row.deleted_at is not None, row.merged_into_id) == (is_gone, merged_into_id):
        return False
    turn = _turn(row, survivor, is_gone=is_gone)
    session.add(ContactTurn(contact_id=row.id, turn=turn, into_id=merged_into_id, at=now))
    row.deleted_at = (row.deleted_at or now) if is_gone else None
    row.merged_into_id = merged_into_id
    row.key_due_at = now
    row.version += 1
    return True


def _turn(row: Contact, survivor: Contact | None, *, is_gone: bool) -> str:
    if survivor is not None and survivor is not row:
        was_lead = row.kind == ContactKind.LEAD and survivor.kind != ContactKind.LEAD
        return Turn.CONVERTED if was_lead else Turn.MERGED
    return Turn.DELETED if is_gone else Turn.RESTORED


def _open_loop(session: Session, row: Contact, target_id: int, now: datetime) -> None:
    """Before `row` points at its survivor: if the pointers lead back to it, the CRM has just taken the last one back.

    The contact that points at `row` lives again; the CRM's next word about it settles the matter.
    """
    seen = {row.id}
    walker = session.get_one(Contact, target_id)
    while walker.merged_into_id is not None and walker.id not in seen:
        if walker.merged_into_id == row.id:
            walker.merged_into_id, walker.key_due_at = None, now
            walker.version += 1
            return
        seen.add(walker.id)
        walker = session.get_one(Contact, walker.merged_into_id)


def _mark_linked(session: Session, contact_ids: Iterable[int], now: datetime) -> None:
    """The timelines of profiles linked to these contacts, or to one merged into them, are due."""
    reached: set[int] = set()
    fresh = set(contact_ids)
    while fresh:
        reached |= fresh
        fresh = set(session.scalars(select(Contact.id).where(Contact.merged_into_id.in_(fresh)))) - reached
    if reached:
        profiles = session.scalars(select(Link.profile_id).where(Link.contact_id.in_(reached)))
        mark_timelines_due(session, set(profiles), now)
