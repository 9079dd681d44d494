"""Reads a whole connection as ingest would."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from scrm.connectors.base import Account, Api, ObjectRef
from scrm.connectors.bluesky import connector
from scrm.connectors.bluesky.archive import ARCHIVE
from scrm.connectors.payload import Payload
from scrm.http import GuardedSession
from scrm.records import DeletionRecord, InteractionRecord, ProfileRecord, Record
from scrm.sandbox.bluesky import Bluesky
from tests.connectors.bluesky.scenario import minute
from tests.connectors.replay import read_all


@dataclass(kw_only=True)
class Clock:
    """The fake's clock."""

    now: datetime = field(default_factory=lambda: minute(10_000))

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@contextmanager
def access(network: Bluesky, *, base_url: str = "") -> Iterator[Api]:
    """An access of the company that has signed in and renews itself."""
    with GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session:
        api = Api(
            network="bluesky",
            base_url=base_url or network.base_url,
            session=session,
            credentials=network.credentials("nordwerk"),
            renew=connector.renew,
        )
        api.account, _ = connector.sign_in(api)
        yield api


def account_of(api: Api) -> Account:
    assert api.account is not None
    return api.account


@dataclass(kw_only=True)
class Reading:
    """What was read: the last record of every object, how often each came, and what is to be watched."""

    interactions: dict[str, InteractionRecord] = field(default_factory=dict)
    profiles: dict[str, ProfileRecord] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    times: dict[str, int] = field(default_factory=dict)
    orders: dict[tuple[str, str], float] = field(default_factory=dict)
    cursors: dict[str, str | None] = field(default_factory=dict)

    def note(self, records: list[Record]) -> None:
        for record in records:
            native_id = record.key.native_id
            if isinstance(record, ProfileRecord):
                known = self.profiles.get(native_id)
                if known is None or record.full or not known.full:
                    self.profiles[native_id] = record
            elif isinstance(record, InteractionRecord):
                known_deed = self.interactions.get(native_id)
                assert known_deed is None or (known_deed.kind, known_deed.author) == (record.kind, record.author)
                self.interactions[native_id] = record
                self.times[native_id] = self.times.get(native_id, 0) + 1
            elif isinstance(record, DeletionRecord):
                self.left.add(native_id)


def read_lists(api: Api, reading: Reading) -> Reading:
    """Every list from where it stands to its end."""
    for stream in connector.streams:
        for page in read_all(stream, api, reading.cursors.get(stream.name)):
            reading.cursors[stream.name] = page.cursor
            for item in map(Payload, page.items):
                reading.note(list(stream.translate(item, account_of(api))))
                for order in stream.watch(item, account_of(api)):
                    reading.orders[order.stream, order.native_id] = order.after_seconds
    return reading


def read(api: Api) -> Reading:
    """All lists, then the threads and profiles that they ordered."""
    reading = read_lists(api, Reading())
    for name in ("threads", "profiles"):
        assert not read_objects(api, reading, name, [one for stream, one in reading.orders if stream == name])
    return reading


def read_objects(api: Api, reading: Reading, name: str, native_ids: list[str]) -> set[str]:
    """Named objects again; returns which are gone."""
    stream = connector.object_stream(name)
    gone: set[str] = set()
    for at in range(0, len(native_ids), stream.batch):
        page = stream.read(api, [ObjectRef(native_id=one, fetch_ref=None) for one in native_ids[at:][: stream.batch]])
        gone |= set(page.gone)
        for item in page.items:
            reading.note(list(stream.translate(Payload(item), account_of(api))))
    return gone


def recheck(api: Api, reading: Reading) -> set[str]:
    return read_objects(api, reading, "recheck", list(reading.interactions))


def exported(network: Bluesky, folder: Path) -> Path:
    file = folder / "download"
    file.write_bytes(network.export_archive("nordwerk"))
    return file


def archived(file: Path) -> dict[str, InteractionRecord]:
    owner = ARCHIVE.owner(file)
    records = [one for item, _ in ARCHIVE.items(file, None) for one in ARCHIVE.translate(Payload(item), owner)]
    return {one.key.native_id: one for one in records if isinstance(one, InteractionRecord)}
