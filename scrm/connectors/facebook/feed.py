"""Posts: the page's own, visitors' on it, and those elsewhere that name it, in one list.

Meta's page "Page feed", as a study quotes it, 2026-11-23: at most 100 a page, some 600 ranked posts of a year, posts
that expired and reels are not among them. `since` as in Meta's page "Paged results" (v18, read 2026-11-23).
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from scrm.connectors.base import Account, Api, Gap, Page, Stream, WatchOrder
from scrm.connectors.facebook.below import COMMENTS, REACTIONS, below_ref
from scrm.connectors.facebook.client import own_id
from scrm.connectors.facebook.fields import POST
from scrm.connectors.facebook.position import Entry, Walk, step
from scrm.connectors.facebook.translation import post_records, someone
from scrm.connectors.payload import Payload
from scrm.errors import PayloadError
from scrm.i18n import N_
from scrm.records import Record

OVERLAP = timedelta(days=1)  # posts that were written earlier and published now
PAGE_SIZE = "25"
POSTS_A_YEAR = 600
RANKED = N_("Of a year with more than about 600 posts, Facebook lists only some.")
REELS = N_("Facebook does not list reels, nor what is written below them.")


class Feed(Stream):
    """What is posted on the page and about it."""

    name = "feed"
    label = N_("Posts by your page, on your page and about it")
    every_seconds = 600

    def read(self, api: Api, cursor: str | None) -> Page:
        before = Walk.parse(cursor, OVERLAP)
        params = [("fields", POST.text), ("limit", PAGE_SIZE)]
        if before.since is not None:
            params.append(("since", str(int(before.since.timestamp()))))
        page, walk = step(api, before, f"/{own_id(api)}/feed", params)
        entries = {row: entry for row in page.rows if (entry := _entry(row))}
        items = [row.raw() for row in page.rows if row not in entries or walk.is_fresh(entries[row])]
        counted = walk.counting(_times(page.rows)) if walk.mark is None else walk
        after = counted.after(list(entries.values()), page.next)
        gaps = tuple(_gaps(counted, api.now())) if walk.mark is None and after.next is None else ()
        has_more = after.next is not None or after.mark != walk.mark  # once more for what came meanwhile
        return Page(items=tuple(items), cursor=after.text(), has_more=has_more, gaps=gaps)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from post_records(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        author = someone(item.optional_child("from"), account)
        ref = below_ref(item.time("created_time"), author.key.native_id if author else None)
        for stream in (COMMENTS, REACTIONS):
            yield WatchOrder(stream=stream, native_id=item.text("id"), fetch_ref=ref, after_seconds=0)


def _entry(post: Payload) -> Entry | None:
    """None for a post that makes no sense; it is handed over to be put aside."""
    try:
        return Entry.of(post.text("id"), post.time("created_time"))
    except PayloadError:
        return None


def _times(posts: Iterable[Payload]) -> Iterator[datetime]:
    for post in posts:
        with suppress(PayloadError):
            yield post.time("created_time")


def _gaps(walk: Walk, now: datetime) -> Iterator[Gap]:
    """What the first complete reading could not see."""
    yield Gap(since=None, until=now, reason=REELS)
    for name, count in sorted(walk.years.items()):
        if count >= POSTS_A_YEAR:
            begin, end = datetime(int(name), 1, 1, tzinfo=UTC), datetime(int(name) + 1, 1, 1, tzinfo=UTC)
            yield Gap(since=begin, until=min(end, now), reason=RANKED)
