"""The places where somebody may stand, and how each is emptied: a portion at a time, safe to repeat.

`uproot` follows every foreign key, so that a table added later is emptied too. What a CRM still holds leaves an empty
entry behind, by which it is withdrawn; the entry and what it hangs on go when the CRM has confirmed it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, Text, cast, delete, func, or_, select, update
from sqlalchemy.orm import Session

from scrm.models import (
    Announcement,
    Contact,
    EntryState,
    InboxItem,
    InboxState,
    Interaction,
    Journal,
    MatchKey,
    PaidItem,
    PlanStep,
    Profile,
    RawRecord,
    Row,
    Side,
    TimelineEntry,
    Watch,
    uuid7,
)
from scrm.models.inbox import NETWORKS
from scrm.tombstones import names_forgotten
from scrm.tombstones.sought import Sought

PORTION: Final = 200
BODIES: Final = 20  # of webhooks, which may be large
GONE: Final = "forgotten:"  # in place of a native id, until the row goes
ENTRIES: Final[Table] = TimelineEntry.__table__  # type: ignore[assignment]
INTERACTIONS: Final[Table] = Interaction.__table__  # type: ignore[assignment]
PROFILES: Final[Table] = Profile.__table__  # type: ignore[assignment]
CONTACTS: Final[Table] = Contact.__table__  # type: ignore[assignment]
DETACHED: Final = frozenset(
    {("write_plan", "contact_id"), ("contact_turn", "into_id"), ("contact", "merged_into_id")}
)
CLEARED: Final = (
    *("first_name", "last_name", "company", "title", "city", "country", "language", "owner", "owner_email"),
)
EMPTY: Final = dict.fromkeys(("text", "url", "language", "thread_key", "in_reply_to", "target", "fetch_ref"))
Place = Callable[[Session, Sought, datetime], int]


def interactions(session: Session, sought: Sought, now: datetime) -> int:
    """What they said and what we said to them, with raw records, what was to be read again, and entries."""
    mine = or_(Interaction.profile_id.in_(sought.profiles), Interaction.party_id.in_(sought.profiles))
    rows = session.scalars(
        select(Interaction).where(mine, Interaction.native_id.not_like(f"{GONE}%")).limit(PORTION).with_for_update()
    ).all()
    by_network: dict[str, list[str]] = {}
    for row in rows:
        by_network.setdefault(row.network, []).append(row.native_id)
    for network, ids in by_network.items():
        session.execute(delete(RawRecord).where(RawRecord.network == network, RawRecord.native_id.in_(ids)))
        session.execute(delete(Watch).where(Watch.native_id.in_(ids)))
        session.execute(delete(PaidItem).where(PaidItem.native_id.in_(ids)))
    for row in rows:
        row.native_id, row.deleted_at, row.version = f"{GONE}{uuid7()}", now, row.version + 1
        for name in EMPTY:
            setattr(row, name, None)
    session.flush()
    _withdraw(session, ENTRIES.c.interaction_id.in_([row.id for row in rows]), now)
    held = select(ENTRIES.c.interaction_id).where(ENTRIES.c.interaction_id.in_([row.id for row in rows]))
    kept = set(session.scalars(held))
    uproot(session, INTERACTIONS, [row.id for row in rows if row.id not in kept])
    return len(rows)


def profiles(session: Session, sought: Sought, now: datetime) -> int:
    """What they showed, what matching made of it, and whom they were linked with."""
    rows = session.scalars(
        select(Profile)
        .where(Profile.id.in_(sought.profiles), Profile.native_id.not_like(f"{GONE}%"))
        .limit(PORTION)
        .with_for_update()
    ).all()
    ids = [row.id for row in rows]
    for row in rows:
        session.execute(
            delete(RawRecord).where(RawRecord.network == row.network, RawRecord.author_id == row.native_id)
        )
        session.execute(delete(Watch).where(Watch.native_id == row.native_id))
        session.execute(delete(PaidItem).where(PaidItem.native_id == row.native_id))
        row.native_id, row.deleted_at, row.updated_at = f"{GONE}{uuid7()}", now, now
        for name in ("handle", "display_name", "url", "bio", "location", "company", "title", "email", "language"):
            setattr(row, name, None)
        row.links, row.email_verified, row.expires_at, row.match_due_at = [], False, None, None
    session.execute(delete(MatchKey).where(MatchKey.side == Side.PROFILE.value, MatchKey.owner_id.in_(ids)))
    session.execute(delete(Announcement).where(Announcement.profile_id.in_(ids)))
    session.flush()
    _withdraw(session, ENTRIES.c.profile_id.in_(ids), now)
    for table, column in dependents(PROFILES):
        if table not in (INTERACTIONS, ENTRIES):
            _delete_where(session, table, table.c[column].in_(ids))
    return len(ids)


def contacts(session: Session, sought: Sought, now: datetime) -> int:
    """Our copy of the contact, and whatever was judged or planned about it."""
    rows = session.scalars(
        select(Contact).where(Contact.id.in_(sought.contacts), Contact.sort_name != GONE).limit(PORTION)
    ).all()
    ids = [row.id for row in rows]
    for row in rows:
        for name in CLEARED:
            setattr(row, name, None)
        row.full_name, row.sort_name, row.forms = "", GONE, None
        row.emails, row.phones, row.handles, row.urls = [], [], [], []
        row.deleted_at, row.key_due_at, row.version = now, now, row.version + 1
    session.flush()
    session.execute(delete(Announcement).where(Announcement.contact_id.in_(ids)))
    _withdraw(session, ENTRIES.c.contact_id.in_(ids) & ENTRIES.c.record_id.is_not(None), now)
    for table, column in dependents(CONTACTS):
        if (table.name, column) not in DETACHED and table is not ENTRIES:
            _delete_where(session, table, table.c[column].in_(ids))
    return len(ids)


def _withdraw(session: Session, which: ColumnElement[bool], now: datetime) -> None:
    """Entries that a CRM may hold are to be withdrawn, whoever edited them and whatever waits; others go."""
    rows = session.scalars(select(TimelineEntry).where(which).order_by(TimelineEntry.id).with_for_update()).all()
    ids = [row.id for row in rows]
    for model in (Journal, PlanStep):
        session.execute(delete(model).where(model.entry_id.in_(ids)))
    never_there = []
    for row in rows:
        if row.record_id is None and (row.generation == 0 or row.state == EntryState.HELD.value):
            never_there.append(row.id)
            continue
        about = session.get(Interaction, row.interaction_id) if row.interaction_id is not None else None
        row.interaction_version = about.version if about is not None else row.interaction_version
        row.is_wanted, row.is_forced, row.is_urgent, row.version = False, True, True, row.version + 1
        row.state, row.due_at, row.attempts = EntryState.TODO.value, now, 0
        row.reason = row.fault = None
    session.flush()
    uproot(session, ENTRIES, never_there)


def mentions(session: Session, sought: Sought, after: int) -> tuple[int, int]:
    """Raw records that show them though nobody understood it: how many, and the id to go on after (0: end)."""
    ids = session.scalars(
        select(RawRecord.id).where(RawRecord.id > after).order_by(RawRecord.id).limit(PORTION * 10)
    ).all()
    if not ids or not sought.texts():
        return 0, 0
    here = RawRecord.id.in_(ids) & _contains(RawRecord.body, sought.texts())
    gone: int = session.execute(delete(RawRecord).where(here)).rowcount  # type: ignore[attr-defined]
    return gone, ids[-1]


def deliveries(session: Session, sought: Sought, after: int) -> tuple[int, int]:
    """Bodies of webhooks that were set aside and name them; the ids stay, so that a repeat has no second effect."""
    rows = _bodies(session, InboxItem.state != InboxState.TODO.value, after)
    gone = 0
    for row in rows:
        if _names(session, row, sought):
            row.body = None
            gone += 1
    return gone, rows[-1].id if rows else 0


def is_waiting(session: Session, sought: Sought) -> bool:
    """Whether a delivery that nobody applied yet names them; what it says of others must not be lost with it."""
    after = 0
    while rows := _bodies(session, InboxItem.state == InboxState.TODO.value, after):
        after = rows[-1].id
        if any(_names(session, row, sought) for row in rows):
            return True
    return False


def _bodies(session: Session, which: ColumnElement[bool], after: int) -> Sequence[InboxItem]:
    query = select(InboxItem).where(InboxItem.id > after, InboxItem.body.is_not(None), which)
    return session.scalars(query.order_by(InboxItem.id).limit(BODIES)).all()


def _names(session: Session, row: InboxItem, sought: Sought) -> bool:
    body = (row.body or b"").decode("utf-8", "replace").casefold()
    if any(text.casefold() in body for text in sought.texts()):
        return True
    network = row.endpoint.removeprefix(NETWORKS) if row.endpoint.startswith(NETWORKS) else None
    return names_forgotten(session, network, row.body or b"")


def _contains(column: Any, texts: Iterable[str]) -> ColumnElement[bool]:
    """Letters count as equal in either case, beyond ASCII where the database knows them."""
    whole = func.lower(cast(column, Text))
    return or_(
        *(column.contains(text, autoescape=True) for text in texts),
        *(whole.contains(text.lower(), autoescape=True) for text in texts),
    )


def dependents(table: Table) -> list[tuple[Table, str]]:
    """Which columns point at a table."""
    return [
        (other, column.name)
        for other in Row.metadata.sorted_tables
        for column in other.columns
        for key in column.foreign_keys
        if key.column.table is table
    ]


def uproot(session: Session, table: Table, ids: Sequence[int]) -> int:
    """Delete rows and all that hangs on them; returns how many rows went."""
    return _delete_where(session, table, table.c.id.in_(ids)) if ids else 0


def _delete_where(session: Session, table: Table, which: ColumnElement[bool]) -> int:
    gone = 0
    hanging = dependents(table)
    if hanging:
        ids = session.scalars(select(table.c.id).where(which)).all()
        if not ids:
            return 0
        for other, column in hanging:
            mine = other.c[column].in_(ids)
            if (other.name, column) in DETACHED:
                session.execute(update(other).where(mine).values({column: None}))
            else:
                gone += _delete_where(session, other, mine)
    done = session.execute(delete(table).where(which))
    return gone + done.rowcount  # type: ignore[attr-defined,no-any-return]
