"""Reads a whole connection as ingest would, and counts what it costs."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from scrm.connectors.base import Again, Api, Gap, ObjectRef
from scrm.connectors.payload import Payload
from scrm.connectors.x import connector
from scrm.errors import BudgetSpentError
from scrm.http import GuardedSession
from scrm.records import DeletionRecord, InteractionRecord, ProfileRecord, Record
from scrm.sandbox.x import X
from tests.connectors.replay import read_all
from tests.connectors.x.scenario import NOW, settings


@dataclass(kw_only=True)
class Clock:
    """The fake's clock and ours."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(kw_only=True)
class Counter:
    """A meter that keeps everything in memory."""

    clock: Clock
    cap: int = 50_000_000
    reserved: int = 0
    spent: int = 0
    paid: set[tuple[str, str, str]] = field(default_factory=set)

    def reserve(self, amount: int) -> None:
        if self.spent + self.reserved + amount > self.cap:
            raise BudgetSpentError("spent", resets_at=self.clock())
        self.reserved += amount

    def settle(self, reserved: int, spent: int) -> None:
        assert spent <= reserved
        self.reserved -= reserved
        self.spent += spent

    def unpaid(self, kind: str, ids: Iterable[str]) -> int:
        new = {(self.clock().date().isoformat(), kind, one) for one in ids} - self.paid
        self.paid |= new
        return len(new)


@contextmanager
def access(network: X, clock: Clock, *, person: str = "nordwerk", **app: str) -> Iterator[Api]:
    """An access that has signed in and renews itself."""
    with GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session:
        credentials = network.credentials(person)
        del credentials["bearer_token"]
        defaults = {one.name: one.default for one in connector.manifest.app_fields}
        api = Api(
            network="x",
            base_url=network.base_url,
            session=session,
            credentials=credentials,
            renew=connector.renew,
            app=defaults | settings(network) | app,
            now=clock,
        )
        api.account, _ = connector.sign_in(api)
        yield api


@dataclass(kw_only=True)
class Reading:
    """What was read: the last record of every object, how often each came, what is watched and from where."""

    interactions: dict[str, InteractionRecord] = field(default_factory=dict)
    profiles: dict[str, ProfileRecord] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    times: dict[str, int] = field(default_factory=dict)
    cursors: dict[str, str | None] = field(default_factory=dict)
    gaps: dict[str, list[Gap]] = field(default_factory=dict)
    watched: dict[tuple[str, str], ObjectRef] = field(default_factory=dict)

    def note(self, records: Iterable[Record]) -> None:
        for record in records:
            native_id = record.key.native_id
            if isinstance(record, ProfileRecord):
                if record.full or native_id not in self.profiles:
                    self.profiles[native_id] = record
            elif isinstance(record, InteractionRecord):
                known = self.interactions.get(native_id)
                assert known is None or (known.kind, known.author) == (record.kind, record.author)
                self.interactions[native_id] = record
                self.times[native_id] = self.times.get(native_id, 0) + 1
                ref = ObjectRef(native_id=native_id, fetch_ref=record.fetch_ref)
                self.watched.setdefault(("recheck", native_id), ref)
            else:
                assert isinstance(record, DeletionRecord)
                self.deleted.add(native_id)


def read_list(api: Api, reading: Reading, name: str) -> int:
    """One list from where it stands to its end; returns how many items came."""
    stream = connector.stream(name)
    assert api.account is not None
    items = 0
    for page in read_all(stream, api, reading.cursors.get(name)):
        reading.cursors[name] = page.cursor
        reading.gaps.setdefault(name, []).extend(page.gaps)
        for item in map(Payload, page.items):
            items += 1
            reading.note(stream.translate(item, api.account))
            for order in stream.watch(item, api.account):
                ref = ObjectRef(native_id=order.native_id, fetch_ref=order.fetch_ref)
                reading.watched.setdefault((order.stream, order.native_id), ref)
    return items


def read_lists(api: Api, reading: Reading) -> Reading:
    for stream in connector.streams:
        read_list(api, reading, stream.name)
    return reading


def read_objects(api: Api, reading: Reading, name: str, native_ids: Sequence[str] = ()) -> dict[str, Again]:
    """What is watched by this stream (or some of it), each until nothing more is waiting; when it is read again."""
    stream = connector.object_stream(name)
    assert api.account is not None
    waiting = [
        ref
        for (of, native_id), ref in reading.watched.items()
        if of == name and native_id in (native_ids or [native_id])
    ]
    planned: dict[str, Again] = {}
    while waiting:
        asked, waiting = waiting[: stream.batch], waiting[stream.batch :]
        page = stream.read(api, asked)
        reading.deleted |= set(page.gone)
        for item in page.items:
            reading.note(stream.translate(Payload(item), api.account))
        for ref in asked:
            again = page.again.get(ref.native_id)
            if again is None:
                continue
            later = ObjectRef(native_id=ref.native_id, fetch_ref=ref.fetch_ref, cursor=again.cursor)
            reading.watched[name, ref.native_id] = later
            planned[ref.native_id] = again
            waiting += [later] if again.after_seconds == 0 else []
        for native_id in {*page.ends, *page.gone}:
            reading.watched.pop((name, native_id), None)
            planned.pop(native_id, None)
    return planned


def paths(network: X, method: str = "GET") -> list[str]:
    return [str(one["path"]) for one in network.requests() if one["method"] == method]
