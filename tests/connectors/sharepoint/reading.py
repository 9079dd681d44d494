"""Reads a site as ingest would."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from scrm.clock import FakeClock
from scrm.connectors.base import Again, Api, ObjectRef
from scrm.connectors.payload import Payload
from scrm.connectors.sharepoint import connector
from scrm.http import GuardedSession
from scrm.records import InteractionRecord, ProfileRecord
from scrm.sandbox.sharepoint import SharePoint
from tests.connectors.sharepoint.scenario import app, form


@contextmanager
def access(network: SharePoint, time: FakeClock) -> Iterator[Api]:
    """An access to the open site that has signed in."""
    with stranger(network, time) as api:
        api.credentials = form(network)
        api.account, _ = connector.sign_in(api)
        api.renew = connector.renew
        yield api


@contextmanager
def stranger(network: SharePoint, time: FakeClock) -> Iterator[Api]:
    """HTTP before anybody signed in."""
    with GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session:
        defaults = {one.name: one.default for one in connector.manifest.app_fields}
        yield Api(
            network="sharepoint",
            base_url=network.base_url,
            session=session,
            app=defaults | app(network),
            now=time.now,
        )


@dataclass(kw_only=True)
class Reading:
    """What was read of one list, and what it wants watched."""

    interactions: dict[str, InteractionRecord] = field(default_factory=dict)
    profiles: dict[str, ProfileRecord] = field(default_factory=dict)
    refs: dict[str, ObjectRef] = field(default_factory=dict)
    cursor: str | None = None
    pages: int = 0


def read_list(api: Api, name: str, cursor: str | None = None) -> Reading:
    """A list from where it stands to its end."""
    stream, reading = connector.stream(name), Reading(cursor=cursor)
    assert api.account is not None
    while True:
        page = stream.read(api, reading.cursor)
        reading.cursor, reading.pages = page.cursor, reading.pages + 1
        for item in map(Payload, page.items):
            for record in stream.translate(item, api.account):
                if isinstance(record, InteractionRecord):
                    reading.interactions[record.key.native_id] = record
                elif isinstance(record, ProfileRecord):
                    reading.profiles[record.key.native_id] = record
            for order in stream.watch(item, api.account):
                reading.refs[order.native_id] = ObjectRef(native_id=order.native_id, fetch_ref=order.fetch_ref)
        if not page.has_more:
            return reading


@dataclass(kw_only=True)
class Looked:
    """What one look at some objects gave."""

    interactions: dict[str, InteractionRecord] = field(default_factory=dict)
    profiles: dict[str, ProfileRecord] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    again: dict[str, Again] = field(default_factory=dict)


def look(api: Api, name: str, refs: Sequence[ObjectRef]) -> Looked:
    stream, looked = connector.object_stream(name), Looked()
    assert api.account is not None
    page = stream.read(api, refs)
    for item in map(Payload, page.items):
        for record in stream.translate(item, api.account):
            if isinstance(record, InteractionRecord):
                looked.interactions[record.key.native_id] = record
            elif isinstance(record, ProfileRecord):
                looked.profiles[record.key.native_id] = record
    looked.gone, looked.again = set(page.gone), dict(page.again)
    return looked
