"""Compares what the connector reads with what stands in the repositories of the live network."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from scrm.connectors.base import Api, ObjectRef, ObjectStream
from scrm.connectors.bluesky import connector
from scrm.connectors.payload import Payload
from scrm.http import GuardedSession
from scrm.records import DeletionRecord, InteractionKind, InteractionRecord, ProfileRecord, Record
from tests.live.bluesky.network import FOLLOW, LIKE, POST, REPOST, LiveNetwork

TOLD_ABOVE = 4  # ancestors of a reply that are told of it


def concerning(network: LiveNetwork, company: str) -> dict[str, InteractionKind]:
    """Every record that exists and concerns the company, by at-uri, judged from the repositories alone."""
    us = network.people[company].did
    posts = network.records(POST)
    found = {uri: kind for uri, value in posts.items() if (kind := _post_kind(uri, value, us, posts))}
    for collection, kind in ((LIKE, InteractionKind.REACTION), (REPOST, InteractionKind.SHARE)):
        for uri, value in network.records(collection).items():
            subject = str(value["subject"]["uri"])
            is_ours = _did(subject) == us and subject in posts
            if is_ours or (_did(uri) == us and collection == REPOST):
                found[uri] = kind
    for uri, value in network.records(FOLLOW).items():
        if value["subject"] == us:
            found[uri] = InteractionKind.FOLLOW
    return found


def _post_kind(uri: str, value: dict[str, Any], us: str, posts: dict[str, Any]) -> InteractionKind | None:
    quoted = value.get("embed", {}).get("record", {}).get("uri")
    features = [feature for facet in value.get("facets", []) for feature in facet["features"]]
    is_naming_us = any(feature.get("did") == us for feature in features)
    concerns_us = _did(uri) == us or is_naming_us or _did(quoted or "") == us or _is_below_ours(value, us, posts)
    if not concerns_us:
        return None
    if "reply" in value:
        return InteractionKind.REPLY
    if quoted:
        return InteractionKind.QUOTE
    return InteractionKind.MENTION if is_naming_us and _did(uri) != us else InteractionKind.POST


def _is_below_ours(value: dict[str, Any], us: str, posts: dict[str, Any]) -> bool:
    while "reply" in value:
        parent = value["reply"]["parent"]["uri"]
        if _did(parent) == us and parent in posts:
            return True
        if parent not in posts:
            return False
        value = posts[parent]
    return False


def _did(uri: str) -> str:
    return uri.removeprefix("at://").split("/")[0]


@dataclass(kw_only=True)
class Reader:
    """Drives the connector as a run does, and keeps what it gives."""

    api: Api
    cursors: dict[str, str | None] = field(default_factory=dict)
    interactions: dict[str, InteractionRecord] = field(default_factory=dict)
    profiles: dict[str, ProfileRecord] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    handed: Counter[tuple[str, str]] = field(default_factory=Counter)
    orders: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def connect(cls, network: LiveNetwork, person: str, password: str) -> "Reader":
        host = urlsplit(network.pds_url).netloc
        credentials = {"identifier": "@" + network.people[person].handle, "app_password": password}
        api = Api(
            network="bluesky",
            base_url=network.pds_url,
            session=GuardedSession(allowed=[host]),
            credentials=credentials,
            renew=connector.renew,
        )
        api.account, own = connector.sign_in(api)
        reader = cls(api=api)
        reader.profiles[own.key.native_id] = own
        return reader

    def read_lists(self) -> dict[str, int]:
        """Read every list to its end; requests by stream."""
        cost = {}
        assert self.api.account is not None
        for stream in connector.streams:
            before, more = self.api.requests, True
            while more:
                page = stream.read(self.api, self.cursors.get(stream.name))
                self.cursors[stream.name], more = page.cursor, page.has_more
                for item in page.items:
                    payload = Payload(item)
                    for record in stream.translate(payload, self.api.account):
                        self._take(stream.name, record)
                    for order in stream.watch(payload, self.api.account):
                        self.orders.add((order.stream, order.native_id))
            cost[stream.name] = self.api.requests - before
        return cost

    def read_ordered(self) -> None:
        """Read threads and profiles that the lists asked for."""
        for stream in connector.object_streams:
            wanted = sorted(native_id for name, native_id in self.orders if name == stream.name)
            self._read_objects(stream, wanted)
        self.orders.clear()

    def recheck(self) -> None:
        self._read_objects(connector.object_stream("recheck"), sorted(self.interactions))

    def _read_objects(self, stream: ObjectStream, native_ids: list[str]) -> None:
        assert self.api.account is not None
        for at in range(0, len(native_ids), stream.batch):
            refs = [ObjectRef(native_id=one, fetch_ref=None) for one in native_ids[at : at + stream.batch]]
            page = stream.read(self.api, refs)
            for item in page.items:
                for record in stream.translate(Payload(item), self.api.account):
                    self._take(stream.name, record)
            self.deleted |= set(page.gone)
        for uri in self.deleted:
            self.interactions.pop(uri, None)

    def _take(self, stream: str, record: Record) -> None:
        native_id = record.key.native_id
        if isinstance(record, InteractionRecord):
            self.interactions[native_id] = record
            self.handed[stream, native_id] += 1
        elif isinstance(record, ProfileRecord):
            known = self.profiles.get(native_id)
            if known is None or record.full or not known.full:
                self.profiles[native_id] = record
        elif isinstance(record, DeletionRecord):
            self.deleted.add(native_id)
