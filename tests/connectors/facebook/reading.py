"""Reads what a test wants to see, and names what the fake says happened by our keys."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from scrm.connectors.base import Account, Api, ObjectPage, ObjectRef
from scrm.connectors.facebook import connector
from scrm.connectors.facebook.translation import reaction_id
from scrm.connectors.payload import Payload
from scrm.http import GuardedSession
from scrm.records import InteractionRecord, Record
from scrm.sandbox.facebook import Facebook
from tests.connectors.facebook.scenario import NOW, app, form
from tests.connectors.replay import read_all


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@contextmanager
def unsigned(network: Facebook, clock: Callable[[], datetime], credentials: Mapping[str, str]) -> Iterator[Api]:
    """HTTP with the app's values; nobody has signed in."""
    defaults = {one.name: one.default for one in connector.manifest.app_fields}
    with GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session:
        yield Api(
            network="facebook",
            base_url=network.base_url,
            session=session,
            credentials=dict(credentials),
            app=defaults | app(network),
            now=clock,
        )


@contextmanager
def access(network: Facebook, clock: Callable[[], datetime]) -> Iterator[Api]:
    with unsigned(network, clock, form(network)) as api:
        api.account, _ = connector.sign_in(api)
        yield api


def account_of(api: Api) -> Account:
    assert api.account is not None
    return api.account


def interactions(records: list[Record]) -> dict[str, InteractionRecord]:
    return {one.key.native_id: one for one in records if isinstance(one, InteractionRecord)}


def listed(api: Api, name: str, cursor: str | None = None) -> tuple[dict[str, InteractionRecord], str | None]:
    """What a list gives from a cursor on, and the cursor after it."""
    stream = connector.stream(name)
    pages = read_all(stream, api, cursor)
    items = [Payload(item) for page in pages for item in page.items]
    return interactions([one for item in items for one in stream.translate(item, account_of(api))]), pages[-1].cursor


def looked_at(
    api: Api, name: str, native_id: str, fetch_ref: str | None = None, cursor: str | None = None
) -> tuple[dict[str, InteractionRecord], ObjectPage]:
    """What an object stream gives for one object, read until nothing of it is waiting, and the last page."""
    stream = connector.object_stream(name)
    found: list[Record] = []
    while True:
        page = stream.read(api, [ObjectRef(native_id=native_id, fetch_ref=fetch_ref, cursor=cursor)])
        found += [one for item in page.items for one in stream.translate(Payload(item), account_of(api))]
        again = page.again.get(native_id)
        if again is None or again.after_seconds > 0:
            return interactions(found), page
        cursor = again.cursor


def our_key(entry: Mapping[str, Any]) -> str:
    """Under which id we know an entry of the fake's truth."""
    if entry["kind"] == "reaction":
        return reaction_id(entry["object"], entry["author"])
    return str(entry["native_id"])


def asked(network: Facebook, part: str) -> list[dict[str, Any]]:
    """The requests whose path has this part."""
    return [one for one in network.requests() if part in str(one["path"])]
