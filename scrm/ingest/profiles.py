"""Profiles of a batch: insert, bring up to date, remember handles, and say who must be matched again.

Works on bare rows, not on mapped objects: a page names dozens of profiles, nearly all known and unchanged.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from scrm.db import METADATA, among, upsert
from scrm.ingest.identity import holding, key_of
from scrm.ingest.translate import Batch
from scrm.models import (
    Candidate,
    Chore,
    HandleHistory,
    Interaction,
    Link,
    MatchKey,
    MatchState,
    Membership,
    Profile,
    RawRecord,
    ReviewCase,
    Side,
    mark_timelines_due,
    uuid7,
)
from scrm.records import Direction, Key, ProfileRecord

if TYPE_CHECKING:
    from scrm.ingest.store import Context

PROFILES = METADATA.tables[Profile.__tablename__]
HANDLES = METADATA.tables[HandleHistory.__tablename__]
SHORT = ("handle", "display_name", "url")  # what a short form carries
FULL = (*SHORT, "bio", "location", "company", "title", "email", "language")
FLAGS = ("email_verified", "is_bot", "is_organization")
IDENTITY = ("id", "network", "scope", "native_id", "is_internal")
COMPARED = tuple(PROFILES.c[name] for name in (*IDENTITY, "expires_at", "links", *FULL, *FLAGS))


@dataclass(frozen=True, slots=True)
class Known:
    """A stored profile, as far as an interaction needs it."""

    id: int
    is_internal: bool


def store_profiles(session: Session, context: "Context", batch: Batch) -> dict[Key, Known]:
    """Store the batch's profiles; returns every profile that its interactions and memberships name, by key."""
    wanted = dict.fromkeys(batch.profiles)
    for interaction in batch.interactions.values():
        wanted[interaction.author] = None
        if interaction.counterpart is not None:
            wanted[interaction.counterpart] = None
    wanted |= dict.fromkeys(member for _community, member in batch.memberships)
    known = {}
    renamed: list[tuple[int, str | None]] = []
    for key, row in _find(session, wanted):
        known[key] = Known(row.id, row.is_internal)
        record = batch.profiles.get(key)
        if record is not None and _update(session, row, record, context):
            renamed.append((row.id, record.handle))
    _forget_recycled(session, [profile_id for profile_id, _handle in renamed])
    fresh = [_new_row(key, batch.profiles.get(key), context) for key in wanted if key not in known]
    if fresh:
        session.execute(insert(PROFILES), fresh)
        for key, row in _find(session, [key for key in wanted if key not in known]):
            known[key] = Known(row.id, row.is_internal)
            renamed.append((row.id, row.handle))
    _remember_handles(session, context.now, renamed)
    _notice_recycled(session, context.now, {profile_id: handle for profile_id, handle in renamed if handle})
    _tell_the_crm(session, context.now, [profile_id for profile_id, _handle in renamed])
    return known


def _find(session: Session, keys: Iterable[Key]) -> Iterable[tuple[Key, Row[Any]]]:
    """The stored profiles among these keys."""
    for mine in holding(session, PROFILES, keys):
        for row in session.execute(select(*COMPARED).where(mine)):
            yield key_of(row), row


def _new_row(key: Key, record: ProfileRecord | None, context: "Context") -> dict[str, Any]:
    internal = context.is_internal(key, record)
    row: dict[str, Any] = {name: getattr(record, name) if record else None for name in FULL}
    row |= {name: getattr(record, name) if record else False for name in FLAGS}
    return row | {
        "public_id": uuid7(),
        "network": key.network,
        "scope": key.scope,
        "native_id": key.native_id,
        "links": _links(record) if record else [],
        "is_internal": internal,
        "first_seen_at": context.now,
        "updated_at": context.now,
        "match_state": (MatchState.INTERNAL if internal else MatchState.NEW).value,
        "match_due_at": None if internal or record is None else context.now,
        "expires_at": None if record is None else context.profile_expires_at,
    }


def _links(record: ProfileRecord) -> list[dict[str, Any]]:
    return [{"url": link.url, "verified": link.verified} for link in record.links]


def _update(session: Session, row: Row[Any], record: ProfileRecord, context: "Context") -> bool:
    """Bring a row up to date, True when it changed; a short form must not blank what it does not carry."""
    if context.is_archive and row.display_name is not None:
        return False
    if record.full:
        new: dict[str, Any] = {name: getattr(record, name) for name in (*FULL, *FLAGS)} | {"links": _links(record)}
    else:
        new = {name: value for name in SHORT if (value := getattr(record, name)) is not None}
    changed: dict[str, Any] = {name: value for name, value in new.items() if getattr(row, name) != value}
    stays: dict[str, Any] = {}
    if not row.is_internal and context.is_internal(key_of(row), record):
        stays |= _become_ours(session, row.id, context.now)
    until = context.profile_expires_at
    if until is not None and (row.expires_at is None or (context.is_kept_by_refresh and record.full)):
        stays |= {"expires_at": until}
    if changed:
        stays |= changed | {"updated_at": context.now, "deleted_at": None}
        if not row.is_internal:
            stays |= {"match_due_at": context.now, "match_generation": PROFILES.c.match_generation + 1}
    if changed or stays:
        session.execute(update(PROFILES).where(PROFILES.c.id == row.id).values(**stays))
    return bool(changed)


def _become_ours(session: Session, profile_id: int, now: datetime) -> dict[str, Any]:
    """What changes when somebody turns out to be one of us, say by an address that the directory shows later.

    Matching forgets what it made of them, and what they said is ours, not that of a contact.
    """
    said = (Interaction.profile_id == profile_id) & (Interaction.direction == Direction.IN.value)
    out = {"direction": Direction.OUT.value, "version": Interaction.version + 1}
    session.execute(update(Interaction).where(said).values(**out))
    mark_timelines_due(session, [profile_id], now)
    return {"is_internal": True, "match_due_at": now}


def forget_profiles(session: Session, profile_ids: Sequence[int], now: datetime) -> None:
    """Blank what these profiles showed, and all that was made of it: their time is over, or they are gone.

    The rows stay, because what was said hangs on them. Entries in the CRM that name the author are written anew.
    """
    mine = PROFILES.c.id.in_(profile_ids)
    for row in session.execute(select(PROFILES.c.network, PROFILES.c.native_id).where(mine)):
        session.execute(
            delete(RawRecord).where(RawRecord.network == row.network, RawRecord.author_id == row.native_id)
        )
    blank: dict[str, Any] = dict.fromkeys(FULL) | dict.fromkeys(FLAGS, False)
    again: dict[str, Any] = {"match_due_at": now, "match_generation": PROFILES.c.match_generation + 1}
    session.execute(update(PROFILES).where(mine).values(**blank, links=[], expires_at=None, updated_at=now, **again))
    session.execute(delete(HandleHistory).where(HandleHistory.profile_id.in_(profile_ids)))
    session.execute(delete(Membership).where(Membership.profile_id.in_(profile_ids)))
    session.execute(delete(Candidate).where(Candidate.profile_id.in_(profile_ids)))
    session.execute(delete(ReviewCase).where(ReviewCase.profile_id.in_(profile_ids)))
    session.execute(delete(MatchKey).where(MatchKey.side == Side.PROFILE.value, MatchKey.owner_id.in_(profile_ids)))
    session.execute(
        update(Interaction)
        .where(Interaction.profile_id.in_(profile_ids), Interaction.deleted_at.is_(None))
        .values(version=Interaction.version + 1)
    )
    linked = select(Link.profile_id).where(Link.profile_id.in_(profile_ids))
    mark_timelines_due(session, session.scalars(linked).all(), now)


def _tell_the_crm(session: Session, now: datetime, profile_ids: Sequence[int]) -> None:
    """Of these changed profiles the linked ones have a record in the CRM that is to change, too."""
    if profile_ids:
        linked = select(Link.profile_id).where(Link.profile_id.in_(profile_ids))
        mark_timelines_due(session, session.scalars(linked).all(), now)


def _remember_handles(session: Session, now: datetime, handles: list[tuple[int, str | None]]) -> None:
    rows = [
        {"profile_id": profile_id, "handle": handle, "first_seen_at": now, "last_seen_at": now}
        for profile_id, handle in handles
        if handle
    ]
    if rows:
        statement = upsert(session, HandleHistory)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["profile_id", "handle"], set_={"last_seen_at": statement.excluded.last_seen_at}
            ),
            rows,
        )


def _forget_recycled(session: Session, profile_ids: Sequence[int]) -> None:
    """Who has another handle now is judged anew by it."""
    if profile_ids:
        marked = PROFILES.c.id.in_(profile_ids) & PROFILES.c.handle_is_recycled.is_(True)
        session.execute(update(PROFILES).where(marked).values(handle_is_recycled=False))


def _notice_recycled(session: Session, now: datetime, handles: Mapping[int, str]) -> None:
    """Mark whose handle somebody else of the network had first, and have quality look at it now.

    A contact's record that names the handle may mean the other one: it is no evidence for whoever has it today.
    """
    recycled = _recycled(session, handles)
    if not recycled:
        return
    session.execute(update(PROFILES).where(PROFILES.c.id.in_(recycled)).values(handle_is_recycled=True))
    session.execute(update(Chore).where(Chore.name == "quality").values(due_at=now))


def _recycled(session: Session, handles: Mapping[int, str]) -> Sequence[int]:
    """Those of these profiles whose handle another one of their network had before; most often none."""
    folded = {handle.lower() for handle in handles.values()}
    had = HANDLES.c.folded
    several = select(had).where(among(session, had, folded)).group_by(had).having(func.count() > 1)
    shared = set(session.scalars(several)) if folded else set()
    suspects = [profile_id for profile_id, handle in handles.items() if handle.lower() in shared]
    if not suspects:
        return []
    mine, theirs = aliased(HandleHistory), aliased(HandleHistory)
    me, they = aliased(Profile), aliased(Profile)
    return session.scalars(
        select(me.id)
        .join(mine, (mine.profile_id == me.id) & (mine.handle == me.handle))
        .join(theirs, (theirs.folded == mine.folded) & (theirs.profile_id != me.id))
        .join(they, (they.id == theirs.profile_id) & (they.network == me.network) & (they.scope == me.scope))
        .where(
            me.id.in_(suspects),
            or_(
                theirs.first_seen_at < mine.first_seen_at,
                (theirs.first_seen_at == mine.first_seen_at) & (theirs.profile_id < me.id),
            ),
        )
        .distinct()
    ).all()
