"""Match keys in the database: a contact that changed is re-keyed alone, and profiles it may concern are due again.

The same key functions serve both sides. Keys too common to help are capped by how many contacts hold them.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from scrm.db import take_turns, upsert
from scrm.matching.keys import contact_keys
from scrm.matching.load import contact_view, counted
from scrm.models import Contact, Judgment, MatchKey, MatchState, Profile, Side, ValueCount
from scrm.runtime import Core

CAP = 400  # a key held by more contacts than this says too little
CHUNK = 25
LOCK = 7_265_378  # any number of our own
REMATCHED = (MatchState.NEW, MatchState.NONE, MatchState.REVIEW, MatchState.UNSURE)


def rekey_due(core: Core) -> bool:
    """Make the keys of changed contacts anew, a few per transaction; True when more are waiting."""
    with core.db.read() as session:
        rows = session.scalars(
            select(Contact).where(Contact.key_due_at <= core.db.clock.now()).order_by(Contact.key_due_at).limit(CHUNK)
        ).all()
    if not rows:
        return False
    made = {}
    for row in rows:
        alive = row.deleted_at is None and row.merged_into_id is None
        view = contact_view(row)
        made[row.id] = (row.version, set(contact_keys(view)) if alive else set(), counted(view) if alive else [])
    with core.db.write("matching.rekey") as session:
        one_writer(session)
        now = core.db.clock.now()
        touched: set[int] = set()
        counts: Counter[str] = Counter()
        for row in session.scalars(
            select(Contact).where(Contact.id.in_(made)).order_by(Contact.id).with_for_update()
        ):
            version, keys, values = made[row.id]
            if row.version != version:
                continue  # changed meanwhile; it is due still
            touched |= keys | _replace_keys(session, Side.CONTACT, row.id, keys)
            counts.update(values)
            counts.subtract(row.counted)
            row.counted, row.key_due_at = values, None
        _recount(session, counts)
        _rematch(session, touched, [row.id for row in rows], now)
    return len(rows) == CHUNK


def _replace_keys(session: Session, side: Side, owner_id: int, keys: Iterable[int]) -> set[int]:
    """Store the keys of one owner; returns those it had before."""
    mine = (MatchKey.side == side.value) & (MatchKey.owner_id == owner_id)
    old = set(session.scalars(select(MatchKey.key).where(mine)))
    new = set(keys)
    if gone := old - new:
        session.execute(delete(MatchKey).where(mine, MatchKey.key.in_(gone)))
    if fresh := new - old:
        session.execute(
            insert(MatchKey), [{"side": side.value, "key": key, "owner_id": owner_id} for key in sorted(fresh)]
        )
    return old


def keep_profile_keys(session: Session, profile_id: int, keys: Iterable[int]) -> None:
    """Store a profile's keys, so that a contact that changes finds the profiles it may concern."""
    _replace_keys(session, Side.PROFILE, profile_id, keys)


def one_writer(session: Session) -> None:
    """Let whoever stores keys follow one another: of two at once neither would see the other's (SQLite does this)."""
    take_turns(session, LOCK)


def _recount(session: Session, changes: Counter[str]) -> None:
    rows = [{"value": value, "count": count} for value, count in sorted(changes.items()) if count]
    if rows:
        statement = upsert(session, ValueCount)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["value"], set_={"count": ValueCount.count + statement.excluded.count}
            ),
            rows,
        )


def _rematch(session: Session, keys: set[int], contact_ids: list[int], now: datetime) -> None:
    """Profiles that share a key with a changed contact, or were judged beside it, are to be matched again."""
    holders: set[int] = set()
    if keys:
        rare = (
            select(MatchKey.key)
            .where(MatchKey.side == Side.PROFILE.value, MatchKey.key.in_(keys))
            .group_by(MatchKey.key)
            .having(func.count() <= CAP)
        )
        holders = set(
            session.scalars(
                select(MatchKey.owner_id).where(MatchKey.side == Side.PROFILE.value, MatchKey.key.in_(rare))
            )
        )
    judged = _judged(session, contact_ids)
    for ids, condition in ((holders, Profile.match_state.in_(REMATCHED)), (judged, Profile.is_internal.is_(False))):
        for start in range(0, len(ids), 500):
            session.execute(
                update(Profile)
                .where(Profile.id.in_(sorted(ids)[start : start + 500]), condition)
                .values(match_due_at=now, match_generation=Profile.match_generation + 1)
            )


def _judged(session: Session, contact_ids: Iterable[int]) -> set[int]:
    """Profiles whose judgments name one of these contacts, or one merged into them: their links may change."""
    reached: set[int] = set()
    fresh = set(contact_ids)
    while fresh:
        reached |= fresh
        fresh = set(session.scalars(select(Contact.id).where(Contact.merged_into_id.in_(fresh)))) - reached
    return set(session.scalars(select(Judgment.profile_id).where(Judgment.contact_id.in_(reached))))


def candidate_ids(session: Session, keys: Iterable[int]) -> set[int]:
    """Contacts that share a key with a profile, common keys left out."""
    wanted = list(keys)
    rare = (
        select(MatchKey.key)
        .where(MatchKey.side == Side.CONTACT.value, MatchKey.key.in_(wanted))
        .group_by(MatchKey.key)
        .having(func.count() <= CAP)
    )
    found = session.scalars(
        select(MatchKey.owner_id).where(MatchKey.side == Side.CONTACT.value, MatchKey.key.in_(rare)).distinct()
    )
    return set(found)
