"""Reads a whole connection as ingest would."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from scrm.connectors.base import Account, Api, ObjectPage, ObjectRef
from scrm.connectors.payload import Payload
from scrm.connectors.youtube import connector
from scrm.http import GuardedSession
from scrm.records import InteractionRecord, ProfileRecord, Record
from scrm.sandbox.youtube import YouTube
from tests.connectors.replay import read_all
from tests.connectors.youtube.scenario import Clock, app, form


@contextmanager
def access(network: YouTube, clock: Clock, **values: str) -> Iterator[Api]:
    """An access of the company that has signed in and renews itself."""
    with GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session:
        api = Api(
            network="youtube",
            base_url=network.base_url,
            session=session,
            credentials=form(network),
            app=app(network) | values,
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
class Watched:
    """An object that is to be read again."""

    after_seconds: float
    fetch_ref: str | None
    cursor: str | None = None


@dataclass(kw_only=True)
class Reading:
    """What was read: the last record of every object, how often each came, and what is to be watched."""

    interactions: dict[str, InteractionRecord] = field(default_factory=dict)
    profiles: dict[str, ProfileRecord] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    replies: dict[str, Watched] = field(default_factory=dict)
    cursors: dict[str, str | None] = field(default_factory=dict)

    def note(self, records: list[Record]) -> None:
        for record in records:
            native_id = record.key.native_id
            if isinstance(record, ProfileRecord):
                known = self.profiles.get(native_id)
                if known is None or record.full or not known.full:
                    self.profiles[native_id] = record
            elif isinstance(record, InteractionRecord):
                self.interactions[native_id] = record
                self.times[native_id] = self.times.get(native_id, 0) + 1


def read_lists(api: Api, reading: Reading) -> Reading:
    """Every list from where it stands to its end."""
    for stream in connector.streams:
        for page in read_all(stream, api, reading.cursors.get(stream.name)):
            reading.cursors[stream.name] = page.cursor
            for item in map(Payload, page.items):
                reading.note(list(stream.translate(item, account_of(api))))
                for order in stream.watch(item, account_of(api)):
                    asked = Watched(after_seconds=order.after_seconds, fetch_ref=order.fetch_ref)
                    known = reading.replies.setdefault(order.native_id, asked)
                    known.after_seconds = min(known.after_seconds, order.after_seconds)
    return reading


def read_replies(api: Api, reading: Reading, *, within: timedelta = timedelta(minutes=1)) -> list[ObjectPage]:
    """Look at the threads that are due within some time, at each until nothing more of it is waiting."""
    stream = connector.object_stream("replies")
    pages: list[ObjectPage] = []
    due = [one for one, watched in reading.replies.items() if watched.after_seconds <= within.total_seconds()]
    while due:
        asked, due = due[: stream.batch], due[stream.batch :]
        known = [(one, reading.replies[one]) for one in asked]
        page = stream.read(
            api, [ObjectRef(native_id=one, fetch_ref=it.fetch_ref, cursor=it.cursor) for one, it in known]
        )
        pages.append(page)
        assert len(pages) < 100, "the reading does not end"
        for item in page.items:
            reading.note(list(stream.translate(Payload(item), account_of(api))))
        for native_id in (*page.gone, *page.ends):
            del reading.replies[native_id]
        for native_id, again in page.again.items():
            reading.replies[native_id].after_seconds = again.after_seconds
            reading.replies[native_id].cursor = again.cursor
        due += [native_id for native_id, again in page.again.items() if again.after_seconds == 0]
    return pages


def read(api: Api) -> Reading:
    """All lists, then what their threads do not embed."""
    reading = read_lists(api, Reading())
    read_replies(api, reading)
    return reading


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


def reachable(network: YouTube, *, searches: bool = True) -> dict[str, dict[str, object]]:
    """What of the fake's truth the API tells an owner, by its id."""
    return {
        str(entry["native_id"]): entry
        for entry in network.truth()
        if not entry["deleted"]
        and entry.get("moderation", "published") == "published"
        and (entry["kind"] != "follow" or entry["visibility"] == "public")
        and (searches or entry["kind"] != "mention")
    }
