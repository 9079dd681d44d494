"""What must not be stored is left out of a batch first: of forgotten people, and what is too old to be kept."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from scrm.ingest.translate import Batch, RawItem
from scrm.keeping import oldest
from scrm.records import Key
from scrm.tombstones import Mark, any_set, email_mark, forgotten, names_forgotten, profile_mark

if TYPE_CHECKING:
    from scrm.ingest.store import Context


def without_forgotten(session: Session, context: "Context", batch: Batch) -> Batch:
    """The batch without forgotten people, what they said or were told, and the items that show them.

    An item in which nobody is understood is left out when one of its values is theirs.
    """
    if not any_set(session):
        return batch
    people = _forgotten_people(session, batch)
    gone = {
        key
        for key, row in batch.interactions.items()
        if row.author in people or (row.counterpart is not None and row.counterpart in people)
    }
    return Batch(
        raw=[item for item in batch.raw if not _shows(session, context, item, people)],
        profiles={key: row for key, row in batch.profiles.items() if key not in people},
        interactions={key: row for key, row in batch.interactions.items() if key not in gone},
        deletions=batch.deletions,
        communities=batch.communities,
        memberships={key: row for key, row in batch.memberships.items() if key[1] not in people},
        rosters=batch.rosters,
        orders={
            key: order for key, order in batch.orders.items() if order.native_id not in {k.native_id for k in gone}
        },
    )


def without_overdue(session: Session, context: "Context", batch: Batch) -> Batch:
    """The batch without what was said before the admin's days; it would go again tomorrow, and from the CRM too."""
    limits = oldest(session, context.network, context.now)
    gone = {
        key for key, row in batch.interactions.items() if row.kind in limits and row.occurred_at < limits[row.kind]
    }
    if not gone:
        return batch
    ids = {key.native_id for key in gone}
    return replace(
        batch,
        raw=[item for item in batch.raw if item.interaction is None or item.interaction not in gone],
        interactions={key: row for key, row in batch.interactions.items() if key not in gone},
        orders={key: order for key, order in batch.orders.items() if order.native_id not in ids},
    )


def _forgotten_people(session: Session, batch: Batch) -> set[Key]:
    marks: dict[Mark, list[Key]] = {}
    for key in _people(batch):
        marks.setdefault(profile_mark(key.network, key.scope, key.native_id), []).append(key)
    for key, profile in batch.profiles.items():
        if profile.email:
            marks.setdefault(email_mark(profile.email), []).append(key)
    return {key for mark in forgotten(session, marks) for key in marks[mark]}


def _people(batch: Batch) -> Iterable[Key]:
    yield from batch.profiles
    for row in batch.interactions.values():
        yield row.author
        if row.counterpart is not None:
            yield row.counterpart
    for _community, member in batch.memberships:
        yield member
    for item in batch.raw:
        yield from item.people


def _shows(session: Session, context: "Context", item: RawItem, people: set[Key]) -> bool:
    if item.people:
        return not people.isdisjoint(item.people)
    return names_forgotten(session, context.network, item.body)
