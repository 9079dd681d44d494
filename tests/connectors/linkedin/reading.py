"""Reads a page as ingest would."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from scrm.clock import FakeClock
from scrm.connectors.base import Account, Again, Api, ObjectRef
from scrm.connectors.linkedin import connector
from scrm.connectors.payload import Payload
from scrm.http import GuardedSession
from scrm.records import DeletionRecord, InteractionRecord, ProfileRecord, Record
from scrm.sandbox.linkedin import LinkedIn
from tests.connectors.linkedin.scenario import app, form


@contextmanager
def access(network: LinkedIn, time: FakeClock) -> Iterator[Api]:
    """An access to the page that has signed in."""
    page = network.post("nordwerk", "We are here", at=time.now())
    with GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session:
        defaults = {one.name: one.default for one in connector.manifest.app_fields}
        api = Api(
            network="linkedin",
            base_url=network.base_url,
            session=session,
            credentials=form(network),
            app=defaults | app(network),
            now=time.now,
        )
        network.delete(page, at=time.now())
        api.account, _ = connector.sign_in(api)
        yield api


def account_of(api: Api) -> Account:
    assert api.account is not None
    return api.account


@dataclass(kw_only=True)
class Reading:
    """What was read, and where each watched object stands."""

    interactions: dict[str, InteractionRecord] = field(default_factory=dict)
    profiles: dict[str, ProfileRecord] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    times: dict[str, int] = field(default_factory=dict)  # how often each interaction was given
    watched: dict[tuple[str, str], ObjectRef] = field(default_factory=dict)
    again: dict[tuple[str, str], Again] = field(default_factory=dict)
    cursors: dict[str, str | None] = field(default_factory=dict)

    def note(self, records: Iterator[Record]) -> None:
        for record in records:
            native_id = record.key.native_id
            if isinstance(record, ProfileRecord):
                known = self.profiles.get(native_id)
                if known is None or record.full or not known.full:
                    self.profiles[native_id] = record
            elif isinstance(record, InteractionRecord):
                self.interactions[native_id] = record
                self.times[native_id] = self.times.get(native_id, 0) + 1
            elif isinstance(record, DeletionRecord):
                self.deleted.add(native_id)


def read_lists(api: Api, reading: Reading) -> Reading:
    """Every list from where it stands to its end."""
    for stream in connector.streams:
        while True:
            page = stream.read(api, reading.cursors.get(stream.name))
            reading.cursors[stream.name] = page.cursor
            for item in map(Payload, page.items):
                reading.note(stream.translate(item, account_of(api)))
                for order in stream.watch(item, account_of(api)):
                    place = (order.stream, order.native_id)
                    ref = ObjectRef(native_id=order.native_id, fetch_ref=order.fetch_ref)
                    reading.watched.setdefault(place, ref)
            if not page.has_more:
                break
    return reading


def read_objects(api: Api, reading: Reading, name: str) -> None:
    """Every watched object of a stream, each until nothing more of it is waiting."""
    stream = connector.object_stream(name)
    for place, ref in list(reading.watched.items()):
        if place[0] != name:
            continue
        one, wish = ref, Again(after_seconds=0)
        while wish.after_seconds == 0:
            page = stream.read(api, [one])
            for item in map(Payload, page.items):
                reading.note(stream.translate(item, account_of(api)))
            reading.deleted |= set(page.gone)
            if one.native_id not in page.again:
                del reading.watched[place]
                reading.again.pop(place, None)
                break
            wish = page.again[one.native_id]
            one = ObjectRef(native_id=one.native_id, fetch_ref=one.fetch_ref, cursor=wish.cursor)
            reading.watched[place], reading.again[place] = one, wish


def read(api: Api, reading: Reading | None = None) -> Reading:
    """All lists, then what is said below the posts that they name."""
    reading = read_lists(api, reading or Reading())
    for name in ("comments", "reactions"):
        read_objects(api, reading, name)
    return reading


def recheck(api: Api, reading: Reading, *native_ids: str) -> tuple[dict[str, Again], tuple[str, ...]]:
    """Some interactions again; when they are due next, and which are not any more."""
    stream = connector.object_stream("recheck")
    again: dict[str, Again] = {}
    ends: tuple[str, ...] = ()
    refs = [
        ObjectRef(native_id=one, fetch_ref=reading.interactions[one].fetch_ref)
        for one in native_ids or reading.interactions
    ]
    for start in range(0, len(refs), stream.batch):
        page = stream.read(api, refs[start : start + stream.batch])
        for item in map(Payload, page.items):
            reading.note(stream.translate(item, account_of(api)))
        reading.deleted |= set(page.gone)
        again |= page.again
        ends += page.ends
    return again, ends


def shown(network: LinkedIn) -> dict[str, str]:
    """What LinkedIn shows the page's people and still exists, by kind."""
    names = {"posts", "comments", "reactions", "notifications"}
    return {
        str(entry["native_id"]): str(entry["kind"])
        for entry in network.truth()
        if entry["shown"] in names and not entry["deleted"]
    }
