"""Recommendations of the page.

Meta's own library (v26.0) gives their list no parameters: it is read from the top until what is older than the last
reading. That the newest comes first is from memory, 2026-11-24; deletions do not rest on it.
"""

from collections.abc import Iterator
from datetime import timedelta

from scrm.connectors.base import Account, Api, Page, Stream
from scrm.connectors.facebook.client import own_id
from scrm.connectors.facebook.fields import RATING
from scrm.connectors.facebook.position import Entry, Walk, step
from scrm.connectors.facebook.translation import rating_records
from scrm.connectors.payload import Payload
from scrm.errors import PayloadError
from scrm.i18n import N_
from scrm.records import Record

OVERLAP = timedelta(days=1)
RATING_PARAMS = (("fields", RATING.text), ("limit", "25"))


class Ratings(Stream):
    """Who recommends the page, or warns of it."""

    name = "ratings"
    label = N_("Recommendations of your page")
    every_seconds = 3600

    def read(self, api: Api, cursor: str | None) -> Page:
        page, walk = step(api, Walk.parse(cursor, OVERLAP), f"/{own_id(api)}/ratings", RATING_PARAMS)
        entries = {row: entry for row in page.rows if (entry := rating_entry(row))}
        items = [row.raw() for row in page.rows if row not in entries or walk.is_fresh(entries[row])]
        is_past = any(walk.is_past(row.time("created_time")) for row in entries)
        after = walk.after(list(entries.values()), None if is_past else page.next)
        has_more = after.next is not None or after.mark != walk.mark
        return Page(items=tuple(items), cursor=after.text(), has_more=has_more)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from rating_records(item, account)


def rating_id(rating: Payload) -> str:
    return rating.child("open_graph_story").text("id")


def rating_entry(rating: Payload) -> Entry | None:
    """None for one that makes no sense; it is handed over to be put aside."""
    try:
        return Entry.of(rating_id(rating), rating.time("created_time"))
    except PayloadError:
        return None
