"""Match keys in the database: a contact that changed is re-keyed alone, and profiles it may concern are due again.

The same key functions serve both sides. Keys too common to help are capped by how many contacts hold them; for keys
of many that number is kept in a table, so that nobody counts eighty thousand Smiths for each look-up.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from scrm.db import among, take_turns, upsert
from scrm.matching.keys import COUNTED_FROM, MOST_CONTACTS_PER_KEY, Key, choose, contact_keys
from scrm.matching.load import contact_view, counted
from scrm.matching.lookup import Lookup, each
from scrm.matching.packed import pack
from scrm.models import Contact, Judgment, KeyCount, MatchKey, MatchState, Profile, Side, ValueCount
from scrm.runtime import Core

CAP = MOST_CONTACTS_PER_KEY  # profiles that share a key with more others are not woken by it
CHUNK = 25
LOCK = 7_265_378  # any number of our own
KEYS, COUNTS = MatchKey.__table__, KeyCount.__table__
REMATCHED = (MatchState.NEW, MatchState.NONE, MatchState.REVIEW, MatchState.UNSURE)


def rekey_due(core: Core) -> bool:
    """Make the keys of changed contacts anew, a few per transaction; True when more are waiting."""
    with core.db.read() as session:
        rows = session.scalars(
            select(Contact).where(Contact.key_due_at <= core.db.clock.now()).order_by(Contact.key_due_at).limit(CHUNK)
        ).all()
    if rows:
        _rekey(core, rows)
    return len(rows) == CHUNK


def rekey(core: Core, contact_ids: Sequence[int]) -> None:
    """Make the keys of these contacts anew now, whatever else is waiting."""
    for start in range(0, len(contact_ids), CHUNK):
        with core.db.read() as session:
            mine = Contact.id.in_(contact_ids[start : start + CHUNK])
            rows = session.scalars(select(Contact).where(mine)).all()
        _rekey(core, rows)


def _rekey(core: Core, rows: Sequence[Contact]) -> None:
    made = {}
    for row in rows:
        alive = row.deleted_at is None and row.merged_into_id is None
        view = contact_view(row)
        keys, values = (set(contact_keys(view)), counted(view)) if alive else (set(), [])
        made[row.id] = (row.version, keys, values, pack(view) if alive else None)
    with core.db.write("matching.rekey") as session:
        one_writer(session)
        now = core.db.clock.now()
        touched: set[int] = set()
        counts: Counter[str] = Counter()
        held: Counter[int] = Counter()
        for row in session.scalars(
            select(Contact).where(Contact.id.in_(made)).order_by(Contact.id).with_for_update()
        ):
            version, keys, values, forms = made[row.id]
            if row.version != version:
                continue  # changed meanwhile; it is due still
            old = _replace_keys(session, Side.CONTACT, row.id, keys)
            touched |= keys | old
            held.update(keys - old)
            held.subtract(old - keys)
            counts.update(values)
            counts.subtract(row.counted)
            row.counted, row.forms, row.keyed_version, row.key_due_at = values, forms, version, None
        _recount(session, counts)
        _recount_keys(session, held)
        _rematch(session, touched, [row.id for row in rows], now)


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
        changed = [row["value"] for row in rows]
        session.execute(delete(ValueCount).where(ValueCount.value.in_(changed), ValueCount.count <= 0))


def _recount_keys(session: Session, changes: Counter[int]) -> None:
    """Keep the counts of keys that many contacts hold; a key without a count has fewer than COUNTED_FROM."""
    changed = [key for key, count in changes.items() if count]
    known = set(session.scalars(select(KeyCount.key).where(among(session, COUNTS.c.key, changed))))
    rows = [{"key": key, "count": changes[key]} for key in sorted(known)]
    if rows:
        statement = upsert(session, KeyCount)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["key"], set_={"count": KeyCount.count + statement.excluded.count}
            ),
            rows,
        )
        few = KeyCount.count < COUNTED_FROM
        session.execute(delete(KeyCount).where(among(session, COUNTS.c.key, known), few))
    grown = [key for key in changed if changes[key] > 0 and key not in known]
    found = session.execute(
        select(MatchKey.key, func.count())
        .where(MatchKey.side == Side.CONTACT.value, among(session, KEYS.c.key, grown))
        .group_by(MatchKey.key)
        .having(func.count() >= COUNTED_FROM)
    ).all()
    if found:
        session.execute(insert(KeyCount), [{"key": key, "count": count} for key, count in found])


def _rematch(session: Session, keys: set[int], contact_ids: list[int], now: datetime) -> None:
    """Profiles that share a key with a changed contact, or were judged beside it, are to be matched again."""
    holders: set[int] = set()
    if rare := _rare_among_profiles(session, keys):
        holders = set(
            session.scalars(
                select(MatchKey.owner_id).where(MatchKey.side == Side.PROFILE.value, among(session, KEYS.c.key, rare))
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


def _rare_among_profiles(session: Session, keys: set[int]) -> list[int]:
    """The keys that at most CAP profiles hold: a million are not counted, the one after the cap is looked for."""
    key = each(session, sorted(keys))
    too_many = (
        select(MatchKey.owner_id).where(MatchKey.side == Side.PROFILE.value, MatchKey.key == key).offset(CAP).limit(1)
    )
    return list(session.scalars(select(key).where(~too_many.exists())))


_COUNTS = Lookup(COUNTS.c.key, (COUNTS.c.key, COUNTS.c["count"]))
_HOLDERS = Lookup(KEYS.c.key, (KEYS.c.key, KEYS.c.owner_id), KEYS.c.side == Side.CONTACT.value)


def holders_of(session: Session, keys: Iterable[Key]) -> dict[Key, list[int]]:
    """The contacts under each of a profile's keys, keys too common to help left out (`choose` says which)."""
    wanted = sorted(set(keys))
    held = dict.fromkeys(wanted, 0)
    held.update((Key(key), count) for key, count in _COUNTS.rows(session, wanted))
    found: dict[Key, list[int]] = {}
    for key, owner_id in _HOLDERS.rows(session, choose(held)):
        found.setdefault(Key(key), []).append(owner_id)
    return {key: sorted(contacts) for key, contacts in found.items()}
