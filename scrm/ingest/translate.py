"""Turn the items of a page into what is to be stored; computed before any transaction begins."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scrm.connectors.base import Account, WatchOrder
from scrm.connectors.payload import Payload, clean
from scrm.db import to_json
from scrm.errors import PayloadError
from scrm.records import (
    CommunityRecord,
    DeletionRecord,
    InteractionRecord,
    Key,
    MembershipRecord,
    ProfileRecord,
    Record,
    RosterRecord,
)

Translate = Callable[[Payload, Account], Iterator[Record]]
Orders = Callable[[Payload, Account], Iterator[WatchOrder]]


@dataclass(kw_only=True)
class RawItem:
    """One item as received, and what became of it."""

    digest: bytes
    body: str
    interaction: Key | None = None
    author: Key | None = None
    people: set[Key] = field(default_factory=set)  # everybody it shows
    quarantine: str | None = None


@dataclass(kw_only=True)
class Batch:
    """What a page says, each object once; the last word on an object counts."""

    raw: list[RawItem] = field(default_factory=list)
    profiles: dict[Key, ProfileRecord] = field(default_factory=dict)
    interactions: dict[Key, InteractionRecord] = field(default_factory=dict)
    deletions: dict[Key, DeletionRecord] = field(default_factory=dict)
    communities: dict[Key, CommunityRecord] = field(default_factory=dict)
    memberships: dict[tuple[Key, Key], MembershipRecord] = field(default_factory=dict)
    rosters: dict[Key, RosterRecord] = field(default_factory=dict)
    orders: dict[tuple[str, str], WatchOrder] = field(default_factory=dict)

    @property
    def quarantined(self) -> int:
        return sum(item.quarantine is not None for item in self.raw)

    @property
    def is_mostly_bad(self) -> bool:
        """More than half of at least ten items make no sense: the network changed the shape of its answers."""
        return len(self.raw) >= 10 and self.quarantined * 2 > len(self.raw)


def translate(
    items: Iterable[Mapping[str, Any]], account: Account, to_records: Translate, to_orders: Orders | None = None
) -> Batch:
    """Translate every item; one that cannot be is quarantined with the place and the expectation."""
    batch = Batch()
    for item in items:
        body = to_json(item)
        if not body.isascii():
            body = body.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        raw = RawItem(digest=hashlib.sha256(body.encode()).digest()[:16], body=body)
        batch.raw.append(raw)
        try:
            payload = Payload(item)
            records = list(to_records(payload, account))
            orders = list(to_orders(payload, account)) if to_orders else []
        except PayloadError as why:
            raw.quarantine = clean(str(why))
            continue
        _collect(batch, raw, records)
        for order in orders:
            batch.orders[order.stream, order.native_id] = order
    return batch


def _collect(batch: Batch, raw: RawItem, records: list[Record]) -> None:
    for record in records:
        raw.people.update(_shown(record))
        if isinstance(record, ProfileRecord):
            known = batch.profiles.get(record.key)
            if known is None or record.full or not known.full:
                batch.profiles[record.key] = record
        elif isinstance(record, InteractionRecord):
            batch.interactions[record.key] = record
            raw.interaction, raw.author = record.key, record.author
        elif isinstance(record, DeletionRecord):
            batch.deletions[record.key] = record
        elif isinstance(record, CommunityRecord):
            batch.communities[record.key] = record
        elif isinstance(record, MembershipRecord):
            batch.memberships[record.community, record.member] = record
        else:
            batch.rosters[record.community] = record


def _shown(record: Record) -> Iterator[Key]:
    """Whom a record names."""
    if isinstance(record, ProfileRecord):
        yield record.key
    elif isinstance(record, InteractionRecord):
        yield record.author
        if record.counterpart is not None:
            yield record.counterpart
    elif isinstance(record, MembershipRecord):
        yield record.member
