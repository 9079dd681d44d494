"""Reads a whole connection as ingest would."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from scrm.connectors.base import Account, Api, ObjectPage, ObjectRef
from scrm.connectors.payload import Payload
from scrm.connectors.yammer import connector
from scrm.http import GuardedSession
from scrm.records import InteractionRecord, ProfileRecord, Record
from scrm.sandbox.yammer import Yammer
from tests.connectors.replay import read_all
from tests.connectors.yammer.scenario import Clock, app, form


@contextmanager
def access(network: Yammer, clock: Clock) -> Iterator[Api]:
    """An access of the company that has signed in and renews itself."""
    with GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session:
        api = Api(
            network="yammer",
            base_url=network.base_url,
            session=session,
            credentials=form(network),
            app=app(network),
            renew=connector.renew,
            now=clock,
        )
        api.account, _ = connector.sign_in(api)
        api.requests = 0
        yield api


def account_of(api: Api) -> Account:
    assert api.account is not None
    return api.account


@dataclass(kw_only=True)
class Reading:
    """What was read: the last record of every object, how often each came, what is gone and what is to be watched."""

    interactions: dict[str, InteractionRecord] = field(default_factory=dict)
    profiles: dict[str, ProfileRecord] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    threads: dict[str, float] = field(default_factory=dict)
    cursors: dict[str, str | None] = field(default_factory=dict)

    def note(self, records: list[Record]) -> None:
        for record in records:
            if not isinstance(record, ProfileRecord | InteractionRecord):
                continue
            native_id = record.key.native_id
            if isinstance(record, ProfileRecord):
                known = self.profiles.get(native_id)
                if known is None or record.full or not known.full:
                    self.profiles[native_id] = record
            elif isinstance(record, InteractionRecord):
                self.interactions[native_id] = record
                self.times[native_id] = self.times.get(native_id, 0) + 1


def read_lists(api: Api, reading: Reading, *names: str) -> Reading:
    """Lists from where they stand to their end."""
    for stream in connector.streams:
        if names and stream.name not in names:
            continue
        for page in read_all(stream, api, reading.cursors.get(stream.name)):
            reading.cursors[stream.name] = page.cursor
            for item in map(Payload, page.items):
                reading.note(list(stream.translate(item, account_of(api))))
                for order in stream.watch(item, account_of(api)):
                    reading.threads[order.native_id] = order.after_seconds
    return reading


def look(api: Api, reading: Reading, thread: str, cursor: str | None = None) -> tuple[str | None, list[ObjectPage]]:
    """Look at a thread until nothing more of it is waiting; its cursor afterwards."""
    stream = connector.object_stream("threads")
    pages: list[ObjectPage] = []
    while True:
        page = stream.read(api, [ObjectRef(native_id=thread, fetch_ref=None, cursor=cursor)])
        pages.append(page)
        assert len(pages) < 50, "the reading does not end"
        for item in page.items:
            reading.note(list(stream.translate(Payload(item), account_of(api))))
        reading.gone |= set(page.gone)
        again = page.again.get(thread)
        if again is None:
            return None, pages
        assert again.cursor != cursor or again.after_seconds > 0, "the cursor does not move"
        cursor = again.cursor
        if again.after_seconds:
            return cursor, pages


def recheck(api: Api, records: list[InteractionRecord]) -> tuple[Reading, list[ObjectPage]]:
    """Read again what is known, until everything had its turn."""
    stream, reading = connector.object_stream("recheck"), Reading()
    left = [ObjectRef(native_id=one.key.native_id, fetch_ref=one.fetch_ref) for one in records]
    pages: list[ObjectPage] = []
    while left:
        asked, left = left[: stream.batch], left[stream.batch :]
        page = stream.read(api, asked)
        pages.append(page)
        assert len(pages) < 50, "the reading does not end"
        reading.gone |= set(page.gone)
        for item in page.items:
            reading.note(list(stream.translate(Payload(item), account_of(api))))
        left += [ref for ref in asked if ref.native_id in page.again]
    return reading, pages


def there(network: Yammer) -> dict[str, dict[str, object]]:
    """What of the fake's truth still stands, by its id."""
    return {str(entry["native_id"]): entry for entry in network.truth() if not entry["deleted"]}
