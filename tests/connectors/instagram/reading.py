"""Reads a whole connection as ingest would."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from scrm.connectors.base import Account, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.instagram import connector
from scrm.connectors.payload import Payload
from scrm.http import GuardedSession
from scrm.records import DeletionRecord, InteractionRecord, ProfileRecord, Record
from scrm.sandbox.instagram import Instagram
from tests.connectors.instagram.scenario import minute
from tests.connectors.replay import read_all


@dataclass(kw_only=True)
class Clock:
    """The fake's clock."""

    now: datetime = field(default_factory=lambda: minute(10_000))

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


def unsigned(network: Instagram, session: GuardedSession, **credentials: str) -> Api:
    defaults = {one.name: one.default for one in connector.manifest.app_fields}
    return Api(
        network="instagram",
        base_url=network.base_url,
        session=session,
        credentials=credentials,
        app=defaults | network.app(),
        now=network.tokens._clock,
    )


@contextmanager
def access(network: Instagram, *scopes: str) -> Iterator[Api]:
    """An access of the company, with these scopes or all, that has signed in."""
    token = network.token("nordwerk", scopes) if scopes else network.credentials("nordwerk")["access_token"]
    with GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session:
        api = unsigned(network, session, access_token=token)
        api.account, _ = connector.sign_in(api)
        yield api


def account_of(api: Api) -> Account:
    assert api.account is not None
    return api.account


@dataclass(kw_only=True)
class Reading:
    """What was read: the last record of every object, what is gone, and what is to be watched."""

    interactions: dict[str, InteractionRecord] = field(default_factory=dict)
    profiles: dict[str, ProfileRecord] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    orders: dict[str, dict[str, str | None]] = field(default_factory=dict)

    def note(self, records: Sequence[Record]) -> None:
        for record in records:
            if isinstance(record, ProfileRecord):
                self.profiles[record.key.native_id] = record
            elif isinstance(record, InteractionRecord):
                self.interactions[record.key.native_id] = record
            elif isinstance(record, DeletionRecord):
                self.gone.add(record.key.native_id)


def read(api: Api) -> Reading:
    """All lists to their end, then what they have watched."""
    reading, account = Reading(), account_of(api)
    for stream in connector.streams:
        for item in [Payload(item) for page in read_all(stream, api) for item in page.items]:
            reading.note(list(stream.translate(item, account)))
            for order in stream.watch(item, account):
                reading.orders.setdefault(order.stream, {})[order.native_id] = order.fetch_ref
    for name, refs in reading.orders.items():
        follow(api, reading, name, refs)
    return reading


def follow(api: Api, reading: Reading, name: str, refs: dict[str, str | None]) -> None:
    """Read objects until nothing of them is waiting."""
    stream = connector.object_stream(name)
    waiting = [ObjectRef(native_id=native_id, fetch_ref=ref) for native_id, ref in refs.items()]
    while waiting:
        asked, waiting = waiting[: stream.batch], waiting[stream.batch :]
        page = look(api, stream, asked)
        reading.gone |= set(page.gone)
        reading.note(records_of(api, stream, page))
        more = [(one, page.again[one.native_id]) for one in asked if one.native_id in page.again]
        waiting += [
            ObjectRef(native_id=one.native_id, fetch_ref=one.fetch_ref, cursor=again.cursor)
            for one, again in more
            if not again.after_seconds
        ]


def look(api: Api, stream: ObjectStream, refs: Sequence[ObjectRef]) -> ObjectPage:
    page = stream.read(api, refs)
    asked = {one.native_id for one in refs}
    assert {*page.gone, *page.ends, *page.again} <= asked
    return page


def records_of(api: Api, stream: ObjectStream, page: ObjectPage) -> list[Record]:
    return [one for item in page.items for one in stream.translate(Payload(item), account_of(api))]


def recheck(api: Api, reading: Reading) -> Reading:
    """Everything that was read, as it is now."""
    again = Reading()
    follow(api, again, "recheck", {native_id: one.fetch_ref for native_id, one in reading.interactions.items()})
    return again


def shown(network: Instagram, *, deleted: bool = False) -> dict[str, dict[str, Any]]:
    """What lists tell of the fake's truth, by id: no stories, and mentions in text only where we are tagged, too."""
    return {
        str(one["native_id"]): one
        for one in network.truth()
        if one["shown"]
        and one["deleted"] is deleted
        and one.get("product") != "STORY"
        and (one["kind"] != "mention" or one.get("tagged"))
    }
