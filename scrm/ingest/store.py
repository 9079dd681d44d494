"""Write a batch: raw rows, profiles, interactions, what to watch and whose timeline is due, in one transaction.

Runs inside the caller's write transaction, together with the cursor. Everything is an upsert by key, so the same page
stored twice changes nothing. An older reading never overwrites a newer one, and a deleted object stays deleted.
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, tuple_, update
from sqlalchemy.orm import Session

from scrm.connectors.base import RECHECK as RECHECK_STREAM
from scrm.db import METADATA, among, take_turns, upsert
from scrm.ingest.communities import store_communities
from scrm.ingest.identity import holding, key_of
from scrm.ingest.internal import InternalCheck
from scrm.ingest.profiles import Known, forget_profiles, store_profiles
from scrm.ingest.spared import without_forgotten, without_overdue
from scrm.ingest.translate import Batch
from scrm.models import Interaction, Link, Profile, RawRecord, Watch, mark_timelines_due, uuid7, watch_again
from scrm.models.hooks import announce_interactions
from scrm.records import DeletedKind, Direction, InteractionRecord, Key

RECHECK_DAYS = 30  # items up to this age are read again …
RECHECK = timedelta(hours=20)  # … this often, so that 24 hours are kept with room to spare
CONTENTLESS = frozenset({"reaction", "share", "follow"})  # may be taken back and done again under the same key
INTERACTIONS = METADATA.tables[Interaction.__tablename__]
LINKED = METADATA.tables[Link.__tablename__].c.profile_id
Named = tuple[Mapping[Key, Known], Mapping[Key, int]]  # profiles, and in which community an interaction stands
COMPARED = ("kind", "audience", "text", "url", "language", "thread_key", "in_reply_to", "target")


@dataclass(frozen=True, kw_only=True)
class Context:
    """Whose page it is and how long its rows may stay."""

    connection_id: int | None  # None: an archive without a connection
    network: str
    stream: str
    now: datetime
    raw_hours: int
    keep_hours: int | None
    keep_profile_hours: int | None = None
    is_kept_by_refresh: bool = False
    is_internal: InternalCheck
    is_archive: bool = False
    recheck_after: timedelta = RECHECK

    @property
    def expires_at(self) -> datetime | None:
        """When what is read now has to go."""
        return self.now + timedelta(hours=self.keep_hours) if self.keep_hours else None

    @property
    def profile_expires_at(self) -> datetime | None:
        """When what a profile shows now has to go."""
        hours = self.keep_profile_hours or self.keep_hours
        return self.now + timedelta(hours=hours) if hours else None


@dataclass(kw_only=True)
class Stored:
    """What a batch changed."""

    new: int = 0
    changed: int = 0
    deleted: int = 0
    parties: set[int] = field(default_factory=set)
    told: dict[UUID, int] = field(default_factory=dict)  # new interactions, with their party


def store(session: Session, context: Context, batch: Batch) -> Stored:
    """Store a batch; returns what changed.

    One network's batches take turns: what a list gives is often told by a push in the same moment, and two who both
    find somebody new would both insert them.
    """
    take_turns(session, zlib.crc32(f"store/{context.network}".encode()))
    batch = without_overdue(session, context, without_forgotten(session, context, batch))
    stored = Stored()
    profiles = store_profiles(session, context, batch)
    _store_raw(session, context, batch)
    communities = store_communities(session, context, batch, profiles)
    _store_interactions(session, context, batch, (profiles, communities), stored)
    _store_deletions(session, context, batch, stored)
    _store_orders(session, context, batch)
    mark_timelines_due(session, _linked(session, stored.parties), context.now)
    announce_interactions(session, context.network, stored.told, context.now)
    return stored


def _linked(session: Session, profile_ids: set[int]) -> list[int]:
    """Those of the parties whose timelines the CRM holds.

    Asked after the interactions were inserted: their foreign keys hold the profiles against a judgment (which locks
    its profile FOR UPDATE), so either we see its link here, or its own due row comes after our commit.
    """
    if not profile_ids:
        return []
    return list(session.scalars(select(LINKED).where(among(session, LINKED, profile_ids))))


def _store_raw(session: Session, context: Context, batch: Batch) -> None:
    if context.connection_id is None:
        return
    expires = context.now + timedelta(hours=context.raw_hours)
    rows = [
        {
            "connection_id": context.connection_id,
            "stream": context.stream,
            "digest": item.digest,
            "network": context.network,
            "native_id": item.interaction.native_id if item.interaction else None,
            "author_id": item.author.native_id if item.author else None,
            "body": item.body,
            "received_at": context.now,
            "expires_at": expires,
            "quarantine": item.quarantine,
        }
        for item in batch.raw
    ]
    if rows:
        session.execute(
            upsert(session, RawRecord).on_conflict_do_nothing(index_elements=["connection_id", "stream", "digest"]),
            rows,
        )


def _store_interactions(session: Session, context: Context, batch: Batch, named: Named, stored: Stored) -> None:
    if not batch.interactions:
        return
    known = _stored(session, batch.interactions)
    fresh: list[dict[str, Any]] = []
    watches: list[dict[str, Any]] = []
    confirmed: list[int] = []
    for key, record in batch.interactions.items():
        row = known.get(key)
        if row is None:
            fresh.append(_new_row(context, record, named))
            stored.parties.update(p for p in (fresh[-1]["party_id"],) if p)
            if context.connection_id and record.occurred_at > context.now - timedelta(days=RECHECK_DAYS):
                watches.append(_recheck(context, record))
        elif not context.is_archive:
            if _update(row, record, context, named[1].get(key)):
                stored.changed += 1
                stored.parties.update(p for p in (row.party_id,) if p)
            else:
                confirmed.append(row.id)
    session.flush()
    if fresh:
        session.execute(insert(INTERACTIONS), fresh)
        stored.new = len(fresh)
        if not context.is_archive:  # what an archive holds is history
            stored.told = {row["public_id"]: row["party_id"] for row in fresh if row["party_id"]}
    watch_again(session, watches)  # also wakes the recheck, which nothing else would begin
    if confirmed and context.stream == RECHECK_STREAM:
        session.execute(update(Interaction).where(Interaction.id.in_(confirmed)).values(checked_at=context.now))


def _stored(session: Session, keys: Iterable[Key]) -> dict[Key, Interaction]:
    found: dict[Key, Interaction] = {}
    for mine in holding(session, INTERACTIONS, keys):
        found |= {key_of(row): row for row in session.scalars(select(Interaction).where(mine))}
    return found


def _new_row(context: Context, record: InteractionRecord, named: Named) -> dict[str, Any]:
    profiles, communities = named
    author = profiles[record.author]
    counterpart = profiles.get(record.counterpart) if record.counterpart else None
    party = counterpart if author.is_internal else author
    return {
        "public_id": uuid7(),
        "network": record.key.network,
        "scope": record.key.scope,
        "native_id": record.key.native_id,
        "kind": record.kind.value,
        "direction": (Direction.OUT if author.is_internal else Direction.IN).value,
        "audience": record.audience.value,
        "profile_id": author.id,
        "party_id": party.id if party is not None and not party.is_internal else None,
        "community_id": communities.get(record.key),
        "connection_id": context.connection_id,
        "fetch_ref": record.fetch_ref,
        "occurred_at": record.occurred_at,
        "received_at": context.now,
        "text": record.text,
        "url": record.url,
        "language": record.language,
        "thread_key": record.thread_key,
        "in_reply_to": record.in_reply_to,
        "target": record.target,
        "version": 1,
        "edited_at": record.edited_at,
        "checked_at": None if context.is_archive else context.now,
        "expires_at": context.expires_at,
    }


def _recheck(context: Context, record: InteractionRecord) -> dict[str, Any]:
    return {
        "connection_id": context.connection_id,
        "stream": RECHECK_STREAM,
        "native_id": record.key.native_id,
        "fetch_ref": record.fetch_ref,
        "due_at": context.now + context.recheck_after,
        "until_at": record.occurred_at + timedelta(days=RECHECK_DAYS),
    }


def _update(row: Interaction, record: InteractionRecord, context: Context, community_id: int | None) -> bool:
    """Bring a known row up to date; True when something a reader sees changed."""
    is_moved = community_id is not None and row.community_id != community_id
    if row.deleted_at is not None:
        if row.kind not in CONTENTLESS or record.occurred_at <= row.deleted_at:
            return False
        row.deleted_at, row.occurred_at = None, record.occurred_at
    elif _is_older(row, record) or (not is_moved and _says_nothing_new(row, record)):
        if context.is_kept_by_refresh:
            row.expires_at = context.expires_at
        return False
    for name in COMPARED:
        value = _plain(getattr(record, name))
        setattr(row, name, value if value is not None else getattr(row, name))
    row.community_id = community_id or row.community_id
    row.edited_at = record.edited_at
    row.checked_at = context.now
    if context.is_kept_by_refresh:
        row.expires_at = context.expires_at
    row.version += 1
    return True


def _is_older(row: Interaction, record: InteractionRecord) -> bool:
    return row.edited_at is not None and (record.edited_at is None or record.edited_at < row.edited_at)


def _says_nothing_new(row: Interaction, record: InteractionRecord) -> bool:
    """Equal, or only lacking what we know (a thread's root, say)."""
    return all(
        getattr(record, name) is None or getattr(row, name) == _plain(getattr(record, name)) for name in COMPARED
    )


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)


def _store_deletions(session: Session, context: Context, batch: Batch, stored: Stored) -> None:
    gone = [key for key, record in batch.deletions.items() if record.kind is DeletedKind.INTERACTION]
    for key, row in _stored(session, gone).items():
        if row.deleted_at is None:
            row.deleted_at = batch.deletions[key].deleted_at or context.now
            row.text = None
            row.version += 1
            stored.deleted += 1
            stored.parties.update(p for p in (row.party_id,) if p)
    if gone:
        ids = [key.native_id for key in gone]
        session.execute(delete(RawRecord).where(RawRecord.network == context.network, RawRecord.native_id.in_(ids)))
        session.execute(delete(Watch).where(Watch.connection_id == context.connection_id, Watch.native_id.in_(ids)))
    for key, record in batch.deletions.items():
        if record.kind is DeletedKind.PROFILE:
            _delete_profile(session, context, key, record.deleted_at or context.now)


def _delete_profile(session: Session, context: Context, key: Key, at: datetime) -> None:
    """The profile is gone at the network: what it showed goes here too."""
    gone = session.scalars(
        update(Profile)
        .where(
            tuple_(Profile.network, Profile.scope, Profile.native_id) == (key.network, key.scope, key.native_id),
            Profile.deleted_at.is_(None),
        )
        .values(deleted_at=at)
        .returning(Profile.id)
    ).all()
    if gone:
        forget_profiles(session, gone, context.now)


def _store_orders(session: Session, context: Context, batch: Batch) -> None:
    if context.connection_id is None or not batch.orders:
        return
    rows = [
        {
            "connection_id": context.connection_id,
            "stream": order.stream,
            "native_id": order.native_id,
            "fetch_ref": order.fetch_ref,
            "due_at": context.now + timedelta(seconds=order.after_seconds),
            "until_at": context.now + timedelta(seconds=order.after_seconds),
        }
        for order in batch.orders.values()
    ]
    watch_again(session, rows)
