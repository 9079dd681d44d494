"""What we publish, and what others publish that shows us.

The network lists the 10,000 newest media, stories in none of these lists (Meta's page "IG Media", read 2026-11-23).
In which order tags come is written nowhere; newest first is from memory.
"""

from collections.abc import Iterator

from scrm.connectors.base import Account, Api, Page, Stream, WatchOrder
from scrm.connectors.instagram.client import MEDIA, PAGE, newest_page
from scrm.connectors.instagram.comments import COMMENTS
from scrm.connectors.instagram.translation import media_records
from scrm.connectors.payload import Payload
from scrm.i18n import N_
from scrm.records import Record

PARAMS = (("fields", MEDIA), ("limit", str(PAGE)))
TIME = "timestamp"


class OwnMedia(Stream):
    """Our own posts; each is watched for comments."""

    name = "media"
    label = N_("Our own posts")
    every_seconds = 900

    def read(self, api: Api, cursor: str | None) -> Page:
        rows, after, has_more = newest_page(api, cursor, TIME, "/me/media", PARAMS)
        items = tuple({"media": row.raw(), "is_own": True} for row in rows)
        return Page(items=items, cursor=after.text(), has_more=has_more)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from media_records(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        del account
        media = item.child("media")
        yield WatchOrder(
            stream=COMMENTS,
            native_id=media.text("id"),
            fetch_ref=media.time(TIME).isoformat(),
            after_seconds=0,
        )


class Tags(Stream):
    """Media of others in which we are tagged."""

    name = "tags"
    label = N_("Posts in which you are tagged")
    every_seconds = 1800

    def read(self, api: Api, cursor: str | None) -> Page:
        rows, after, has_more = newest_page(api, cursor, TIME, "/me/tags", PARAMS)
        items = tuple({"media": row.raw(), "is_tagged": True} for row in rows)
        return Page(items=items, cursor=after.text(), has_more=has_more)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from media_records(item, account)
