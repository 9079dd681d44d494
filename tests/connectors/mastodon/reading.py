"""Reads a whole connection as ingest would, and names what the fake says happened by our keys."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrm.connectors.base import Account, Api, ObjectRef, WatchOrder
from scrm.connectors.mastodon import connector
from scrm.connectors.mastodon.archive import ARCHIVE
from scrm.connectors.payload import Payload
from scrm.records import InteractionRecord, ProfileRecord, Record
from scrm.sandbox.mastodon import Mastodon
from tests.connectors.replay import read_all


@dataclass(kw_only=True)
class Reading:
    """What a complete reading gave: the last record of every object, and what is to be watched."""

    interactions: dict[str, InteractionRecord]
    profiles: dict[str, ProfileRecord]
    times: dict[str, int]
    orders: dict[tuple[str, str], WatchOrder]


def account_of(api: Api) -> Account:
    assert api.account is not None
    return api.account


def read(api: Api) -> Reading:
    """All lists to their end, then the threads they ordered."""
    reading = Reading(interactions={}, profiles={}, times={}, orders={})
    for stream in connector.streams:
        for item in [Payload(item) for page in read_all(stream, api) for item in page.items]:
            note(reading, list(stream.translate(item, account_of(api))))
            for order in stream.watch(item, account_of(api)):
                reading.orders[order.stream, order.native_id] = order
    threads = connector.object_stream("threads")
    refs = [ObjectRef(native_id=one.native_id, fetch_ref=one.fetch_ref) for one in reading.orders.values()]
    for start in range(0, len(refs), threads.batch):
        page = threads.read(api, refs[start : start + threads.batch])
        assert not page.gone
        for item in page.items:
            note(reading, list(threads.translate(Payload(item), account_of(api))))
    return reading


def note(reading: Reading, records: list[Record]) -> None:
    for record in records:
        if isinstance(record, ProfileRecord):
            reading.profiles[record.key.native_id] = record
        elif isinstance(record, InteractionRecord):
            reading.times[record.key.native_id] = reading.times.get(record.key.native_id, 0) + 1
            known = reading.interactions.get(record.key.native_id)
            assert known is None or (known.kind, known.author) == (record.kind, record.author)
            reading.interactions[record.key.native_id] = record


def recheck(api: Api, reading: Reading) -> tuple[list[Record], set[str]]:
    """Read everything again; the records and what is gone."""
    stream = connector.object_stream("recheck")
    refs = [ObjectRef(native_id=one.key.native_id, fetch_ref=one.fetch_ref) for one in reading.interactions.values()]
    records: list[Record] = []
    gone: set[str] = set()
    for start in range(0, len(refs), stream.batch):
        page = stream.read(api, refs[start : start + stream.batch])
        gone |= set(page.gone)
        for item in page.items:
            records += stream.translate(Payload(item), account_of(api))
    return records, gone


def our_key(entry: dict[str, Any]) -> str:
    """Under which id we know an entry of the fake's truth."""
    if entry["kind"] == "like":
        return f"favourite:{entry['author']}:{entry['object']}"
    if entry["kind"] == "share":
        return f"reblog:{entry['author']}:{entry['object']}"
    if entry["kind"] == "follow":
        return f"follow:{entry['author']}:https://social.example/users/nordwerk"
    return str(entry["native_id"])


def liked(network: Mastodon) -> dict[str, Any]:
    entry = next(one for one in network.truth() if one["kind"] == "like" and one["deleted"])
    return {"author": entry["author"], "object": entry["object"]}


def exported(network: Mastodon, folder: Path) -> Path:
    file = folder / "download"
    file.write_bytes(network.export_archive("nordwerk"))
    return file


def archived(file: Path) -> dict[str, InteractionRecord]:
    owner = ARCHIVE.owner(file)
    records = [one for item, _ in ARCHIVE.items(file, None) for one in ARCHIVE.translate(Payload(item), owner)]
    return {one.key.native_id: one for one in records if isinstance(one, InteractionRecord)}
