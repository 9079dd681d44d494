"""Profiles of a batch: insert, bring up to date, remember handles, and say who must be matched again."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from scrm.db import upsert
from scrm.ingest.translate import Batch
from scrm.models import HandleHistory, MatchState, Profile, uuid7
from scrm.records import Key, ProfileRecord

if TYPE_CHECKING:
    from scrm.ingest.store import Context

SHORT = ("handle", "display_name", "url")  # what a short form carries
FULL = (*SHORT, "bio", "location", "company", "title", "email", "language")


def store_profiles(session: Session, context: "Context", batch: Batch) -> dict[Key, Profile]:
    """Store the batch's profiles; returns every profile that its interactions name, by key."""
    wanted = dict.fromkeys(batch.profiles)
    for interaction in batch.interactions.values():
        wanted[interaction.author] = None
        if interaction.counterpart is not None:
            wanted[interaction.counterpart] = None
    known = find_profiles(session, wanted)
    fresh = [key for key in wanted if key not in known]
    for key, row in known.items():
        record = batch.profiles.get(key)
        if record is not None:
            _update(row, record, context)
    if fresh:
        rows = [_new_row(key, batch.profiles.get(key), context) for key in fresh]
        for row in session.scalars(insert(Profile).returning(Profile), rows):
            known[Key(network=row.network, scope=row.scope, native_id=row.native_id)] = row
    session.flush()
    _remember_handles(session, context, [known[key] for key in wanted])
    return known


def find_profiles(session: Session, keys: "dict[Key, None]") -> dict[Key, Profile]:
    """The stored profiles among these keys."""
    by_scope: dict[tuple[str, str], list[str]] = {}
    for key in keys:
        by_scope.setdefault((key.network, key.scope), []).append(key.native_id)
    found = {}
    for (network, scope), ids in by_scope.items():
        for row in session.scalars(
            select(Profile).where(Profile.network == network, Profile.scope == scope, Profile.native_id.in_(ids))
        ):
            found[Key(network=network, scope=scope, native_id=row.native_id)] = row
    return found


def _new_row(key: Key, record: ProfileRecord | None, context: "Context") -> dict[str, Any]:
    internal = context.is_internal(key, record.handle if record else None)
    row: dict[str, Any] = {name: getattr(record, name) if record else None for name in FULL}
    return row | {
        "public_id": uuid7(),
        "network": key.network,
        "scope": key.scope,
        "native_id": key.native_id,
        "email_verified": record.email_verified if record else False,
        "links": _links(record) if record else [],
        "is_bot": record.is_bot if record else False,
        "is_organization": record.is_organization if record else False,
        "is_internal": internal,
        "first_seen_at": context.now,
        "updated_at": context.now,
        "match_state": (MatchState.INTERNAL if internal else MatchState.NEW).value,
        "match_due_at": None if internal or record is None else context.now,
    }


def _links(record: ProfileRecord) -> list[dict[str, Any]]:
    return [{"url": link.url, "verified": link.verified} for link in record.links]


def _update(row: Profile, record: ProfileRecord, context: "Context") -> None:
    """A full form says all there is; a short form must not blank what it does not carry."""
    if context.is_archive and row.display_name is not None:
        return
    new: dict[str, Any] = {name: getattr(record, name) for name in (FULL if record.full else SHORT)}
    if record.full:
        new |= {
            "links": _links(record),
            "email_verified": record.email_verified,
            "is_bot": record.is_bot,
            "is_organization": record.is_organization,
        }
    else:
        new = {name: value for name, value in new.items() if value is not None}
    changed = {name: value for name, value in new.items() if getattr(row, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(row, name, value)
    row.updated_at = context.now
    row.deleted_at = None
    if not row.is_internal:
        row.match_due_at = context.now
        row.match_generation += 1


def _remember_handles(session: Session, context: "Context", profiles: list[Profile]) -> None:
    rows = [
        {"profile_id": row.id, "handle": row.handle, "first_seen_at": context.now, "last_seen_at": context.now}
        for row in profiles
        if row.handle and row.updated_at == context.now
    ]
    if rows:
        statement = upsert(session, HandleHistory)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["profile_id", "handle"], set_={"last_seen_at": statement.excluded.last_seen_at}
            ),
            rows,
        )
