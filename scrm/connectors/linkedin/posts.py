"""The page's own posts, those last changed first; each has its comments and reactions read for a while.

posts-api (learn.microsoft.com/linkedin, read 2026-11-23). What members post is closed to the app of a page.
"""

from collections.abc import Iterator
from datetime import timedelta

from scrm.connectors.base import Account, Api, Page, Stream, WatchOrder
from scrm.connectors.linkedin.people import own_account
from scrm.connectors.linkedin.translation import post_records
from scrm.connectors.linkedin.watching import COMMENTS, HISTORY, REACTIONS, orders
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.connectors.restli import Window, encoded, milliseconds, part_of, stamp, whole_number
from scrm.i18n import N_
from scrm.records import Record

EVER = timedelta(days=365 * 50)
COUNT = 25


class Posts(Stream):
    """Read from the top down to what is known, so that edits are found as well."""

    name = "posts"
    label = N_("Posts of the page")
    every_seconds = 3600

    def read(self, api: Api, cursor: str | None) -> Page:
        fields = unpack(cursor)
        window = Window.parse(fields, since=api.now() - EVER)
        own = own_account(api).key.native_id
        part = part_of(
            api,
            "/rest/posts",
            f"q=author&author={encoded(own)}&sortBy=LAST_MODIFIED",
            start=whole_number(fields, "start") or 0,
            count=COUNT,
        )
        recent = milliseconds(api.now() - HISTORY)
        items = [
            {"post": raw, "is_recent": (stamp(raw, "createdAt") or 0) > recent}
            for raw in part.items
            if window.takes_item(raw, "id", "lastModifiedAt")
        ]
        times = [at for raw in part.items if (at := stamp(raw, "lastModifiedAt")) is not None]
        following = part.next if not times or min(times) > window.mark else None
        if following is None:
            window.close()
        place = {"start": None if following is None else str(following)}
        return Page(items=tuple(items), cursor=pack(window.fields() | place), has_more=following is not None)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from post_records(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        del account
        post = item.child("post")
        if item.flag("is_recent") and post.optional_text("lifecycleState") == "PUBLISHED":
            visibility = post.optional_text("visibility") or "UNKNOWN"
            yield from orders((COMMENTS, REACTIONS), post.text("id"), visibility, after_seconds=0)
