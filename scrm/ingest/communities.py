"""Communities of a batch and who belongs to them: insert, bring up to date, forget who left.

A community that something was said in before the network told us about it is stored by its id alone, and is closed
until the network says otherwise. An answer or a like that does not name its community stands where its thread does,
as far as that is known. When its visibility changes, all that was said there is seen by others from then on,
and the timelines of its network are looked at again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from scrm.db import METADATA, upsert
from scrm.ingest.identity import holding, key_of
from scrm.ingest.profiles import Known
from scrm.ingest.translate import Batch
from scrm.models import Community, Interaction, Membership, mark_audiences_due, uuid7
from scrm.models.community import OPEN
from scrm.records import Audience, CommunityRecord, Key, Visibility

if TYPE_CHECKING:
    from scrm.ingest.store import Context

INTERACTIONS = METADATA.tables[Interaction.__tablename__]
COMMUNITIES = METADATA.tables[Community.__tablename__]
COMPARED = ("name", "url", "description", "visibility")


def store_communities(
    session: Session, context: "Context", batch: Batch, profiles: Mapping[Key, Known]
) -> dict[Key, int]:
    """Store the batch's communities and memberships; returns for its interactions the community they stand in."""
    wanted: dict[Key, CommunityRecord | None] = {
        row.community: None for row in batch.interactions.values() if row.community is not None
    }
    wanted |= dict.fromkeys([*(community for community, _member in batch.memberships), *batch.rosters])
    wanted |= batch.communities
    ids = _store(session, context, wanted) if wanted else {}
    _store_memberships(session, context, batch, profiles, ids)
    places = {key: ids[row.community] for key, row in batch.interactions.items() if row.community is not None}
    return places | _inherited(session, batch, places)


def _store(session: Session, context: "Context", wanted: dict[Key, CommunityRecord | None]) -> dict[Key, int]:
    known = _find(session, wanted)
    changed = {key for key, row in known.items() if _update(session, context, row, wanted[key])}
    fresh = [_new_row(context, key, record) for key, record in wanted.items() if key not in known]
    if fresh:
        session.execute(insert(COMMUNITIES), fresh)
        known |= _find(session, [key for key in wanted if key not in known])
    mark_audiences_due(session, {key.network for key in changed}, context.now)
    return {key: row.id for key, row in known.items()}


def _inherited(session: Session, batch: Batch, places: Mapping[Key, int]) -> dict[Key, int]:
    """Where interactions stand that do not say it: where their thread, or what they answer or like, does."""
    above = {
        key: [replace(key, native_id=name) for name in (row.thread_key, row.in_reply_to, row.target) if name]
        for key, row in batch.interactions.items()
        if row.community is None and row.audience is Audience.COMMUNITY
    }
    if not above:
        return {}
    found = dict(places)
    named = {one for keys in above.values() for one in keys} - places.keys()
    identity = (INTERACTIONS.c.network, INTERACTIONS.c.scope, INTERACTIONS.c.native_id)
    for mine in holding(session, INTERACTIONS, named):
        asked = select(*identity, INTERACTIONS.c.community_id).where(mine, INTERACTIONS.c.community_id.is_not(None))
        found |= {key_of(row): row.community_id for row in session.execute(asked)}
    for key, keys in above.items():
        place = next((found[one] for one in keys if one in found), None)
        if place is not None:
            found[key] = place
    return {key: found[key] for key in above if key in found}


def _find(session: Session, keys: Iterable[Key]) -> dict[Key, Any]:
    found: dict[Key, Any] = {}
    for mine in holding(session, COMMUNITIES, keys):
        found |= {key_of(row): row for row in session.execute(select(COMMUNITIES).where(mine))}
    return found


def _new_row(context: "Context", key: Key, record: CommunityRecord | None) -> dict[str, Any]:
    return {
        "public_id": uuid7(),
        "network": key.network,
        "scope": key.scope,
        "native_id": key.native_id,
        "connection_id": context.connection_id,
        "name": record.name if record else None,
        "url": record.url if record else None,
        "description": record.description if record else None,
        "visibility": (record.visibility if record else Visibility.CLOSED).value,
        "first_seen_at": context.now,
        "updated_at": context.now,
    }


def _update(session: Session, context: "Context", row: Any, record: CommunityRecord | None) -> bool:
    """Bring a community up to date; True when others may read it now. An archive tells of days long gone."""
    if record is None or (context.is_archive and row.name is not None):
        return False
    values = {name: getattr(record, name) for name in COMPARED} | {"visibility": record.visibility.value}
    new = {name: value for name, value in values.items() if value is not None and getattr(row, name) != value}
    if row.connection_id is None and context.connection_id is not None:
        new["connection_id"] = context.connection_id
    if new:
        session.execute(update(COMMUNITIES).where(COMMUNITIES.c.id == row.id).values(**new, updated_at=context.now))
    return OPEN.get(row.visibility) != OPEN.get(new.get("visibility", row.visibility))


def _store_memberships(
    session: Session, context: "Context", batch: Batch, profiles: Mapping[Key, Known], ids: Mapping[Key, int]
) -> None:
    rows = [
        {
            "community_id": ids[community],
            "profile_id": profiles[member].id,
            "role": record.role.value,
            "first_seen_at": context.now,
            "listed_at": context.now,
        }
        for (community, member), record in batch.memberships.items()
    ]
    if rows:
        statement = upsert(session, Membership)
        new = statement.excluded
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["community_id", "profile_id"],
                set_={"role": new.role, "listed_at": new.listed_at},
            ),
            rows,
        )
    for community, roster in batch.rosters.items():
        is_left = (Membership.community_id == ids[community]) & (Membership.listed_at < roster.listed_at)
        session.execute(delete(Membership).where(is_left))
