"""The lists that are read every few minutes: stories, our own board, blogs, and the communities we belong to.

A story tells that something happened; what was said is read from where it stands (IBM's own advice: the activity
stream is for finding, the applications hold the objects). Stories are kept for 30 days (from memory).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from scrm.connectors.base import Account, Api, Gap, Page, Stream, WatchOrder
from scrm.connectors.connections.atom import Item
from scrm.connectors.connections.client import Params, blogs, communities, feed, listed, next_query, params_of, rest
from scrm.connectors.connections.posts import (
    BLOG_ENTRY,
    COMMUNITY,
    ENTRY,
    EVERY_BOARD,
    NOTE,
    TOPIC,
    Ref,
    count,
    ref_of,
    single,
    with_people,
)
from scrm.connectors.connections.stories import story_of, thread_of
from scrm.connectors.connections.translation import community, records
from scrm.connectors.connections.walk import Walk, row, stamp, time_of
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.errors import GoneError
from scrm.i18n import N_
from scrm.records import Record

TOPICS, NOTES, THREADS, MEMBERS = "topics", "notes", "threads", "members"
PAGE = 20
STORIES_KEPT = timedelta(days=30)
WHOLE_EVERY = timedelta(days=1)
OWN_BOARD = "@me"


class Stories(Stream):
    """What happened in our communities and to us: likes, comments and mentions that no other list tells in time."""

    name = "stories"
    label = N_("What happened in your communities")

    def read(self, api: Api, cursor: str | None) -> Page:
        walk = Walk.parse(cursor)
        start = walk.next or "0"
        params = [("startIndex", start), ("count", str(PAGE))]
        if walk.since:
            params.append(("updatedSince", stamp(walk.since)))
        found = listed(api, rest(api, "activitystreams/@me/@all/@all"), params)
        # pages may be short, but what is new since a moment ago is read again anyway
        is_last = not found or (walk.mark is not None and len(found) < PAGE)
        following = None if is_last else str(int(start) + len(found))
        rows = [row(one, time_of(one, "at"), one) for one in map(story_of, found)]
        new, after, has_more = walk.after(rows, following)
        is_first_end = walk.mark is None and after.next is None
        reason = N_("Connections tells what happened for 30 days only.")
        return Page(
            items=tuple(new),
            cursor=after.text(),
            has_more=has_more,
            gaps=(Gap(since=None, until=api.now() - STORIES_KEPT, reason=reason),) if is_first_end else (),
        )

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        """Nothing by itself: the thread that it is about says it all."""
        del item, account
        return iter(())

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        del account
        if ref := thread_of(item):
            yield thread_order(ref)


class Board(Stream):
    """What stands on our own board, whoever wrote it."""

    name = "board"
    label = N_("Messages on your own board")
    every_seconds = 900

    def read(self, api: Api, cursor: str | None) -> Page:
        walk = Walk.parse(cursor)
        new, after, has_more = notes_after(api, walk, OWN_BOARD)
        items = [{"note": note, "board": EVERY_BOARD} for note in new]
        return Page(items=with_people(api, items), cursor=after.text(), has_more=has_more)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from records(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        del account
        yield from _order_if_busy(item)


def notes_after(api: Api, walk: Walk, board: str) -> tuple[list[Item], Walk, bool]:
    """One page of a board, the newest first; a note with more comments or likes than before counts as new."""
    start = walk.next or "0"
    params = [
        ("startIndex", start),
        ("count", str(PAGE)),
        ("sortBy", "published"),
        ("sortOrder", "descending"),
    ]
    found = listed(api, rest(api, f"ublog/{board}/@all"), params)
    is_last = not found or (walk.mark is not None and len(found) < PAGE)
    following = None if is_last else str(int(start) + len(found))
    rows = [row(one, time_of(one, "published"), one) for one in found]
    return walk.after(rows, following)


class BlogEntries(Stream):
    """Entries of every blog that we may read."""

    name = "blog_entries"
    label = N_("Blog entries")
    every_seconds = 900

    def read(self, api: Api, cursor: str | None) -> Page:
        new, after, has_more = _blog_posts(api, Walk.parse(cursor), "feed/entries/atom")
        return Page(items=with_people(api, new), cursor=after.text(), has_more=has_more)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from records(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        del account
        yield from _order_if_busy(item)


class BlogComments(Stream):
    """Comments on them; a new comment moves no entry, so they are a list of their own."""

    name = "blog_comments"
    label = N_("Comments on blog entries")
    every_seconds = 900

    def read(self, api: Api, cursor: str | None) -> Page:
        new, after, has_more = _blog_posts(api, Walk.parse(cursor), "feed/comments/atom")
        return Page(items=with_people(api, _with_entries(api, new)), cursor=after.text(), has_more=has_more)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from records(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        del account
        entry = item.child("post").optional_text("in_reply_to") or ""
        if count(item, "likes") and entry.startswith(BLOG_ENTRY):
            yield thread_order(Ref(kind=ENTRY, id=entry.removeprefix(BLOG_ENTRY)))


def _blog_posts(api: Api, walk: Walk, place: str) -> tuple[list[Item], Walk, bool]:
    path = blogs(api, place)
    params: Params = [("ps", str(PAGE))]
    if walk.next:
        params = params_of(walk.next)
    elif walk.since:
        params = [*params, ("since", stamp(walk.since))]
    found = feed(api, path, params)
    rows = [row({"post": one}, changed_at(one), one.get("id"), one.get("updated")) for one in found.entries]
    return walk.after(rows, next_query(api, path, found))


def _with_entries(api: Api, comments: list[Item]) -> list[Item]:
    """Comments with who wrote the entries they answer."""
    above = {str(comment["post"].get("in_reply_to") or "") for comment in comments}
    authors = {}
    for native_id in sorted(one for one in above if one.startswith(BLOG_ENTRY)):
        try:
            entry = single(api, Ref(kind=ENTRY, id=native_id.removeprefix(BLOG_ENTRY)))
        except GoneError:
            continue
        authors[native_id] = entry["post"].get("author")
    return [
        {**comment, "answered": author}
        if (author := authors.get(str(comment["post"].get("in_reply_to"))))
        else comment
        for comment in comments
    ]


def changed_at(entry: Item) -> datetime | None:
    """When an entry last changed."""
    return time_of(entry, "updated", "published")


class Communities(Stream):
    """The communities we belong to. Once a day all of them: being let into one need not move it in the list."""

    name = "communities"
    label = N_("Communities you belong to")
    every_seconds = 3600

    def read(self, api: Api, cursor: str | None) -> Page:
        kept = unpack(cursor)
        walk, whole_at = Walk.parse(kept.optional_text("walk")), kept.optional_time("whole")
        if walk.next is None and (whole_at is None or api.now() - whole_at > WHOLE_EVERY):
            walk, whole_at = Walk(), api.now()
        path = communities(api, "communities/my")
        params: Params = [("sortField", "lastmod"), ("asc", "false"), ("ps", str(PAGE))]
        found = feed(api, path, params_of(walk.next) if walk.next else params)
        rows = [row({"community": _shown(one)}, changed_at(one), _shown(one)) for one in found.entries]
        new, after, has_more = walk.after(rows, next_query(api, path, found))
        state = pack({"walk": after.text(), "whole": whole_at.isoformat() if whole_at else None})
        return Page(items=tuple(new), cursor=state, has_more=has_more)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield community(item.child("community"), account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        del account
        uuid = item.child("community").text("community")
        for stream in (TOPICS, NOTES, MEMBERS):
            yield WatchOrder(stream=stream, native_id=uuid, fetch_ref=COMMUNITY + uuid, after_seconds=0)


def _shown(entry: Item) -> Item:
    """What of a community is kept: nothing of the person who founded it."""
    shown = ("community", "title", "updated", "community_type", "content", "url")
    return {name: entry[name] for name in shown if name in entry}


def _order_if_busy(item: Payload) -> Iterator[WatchOrder]:
    """The thread of an item, if there is more of it than was shown."""
    ref = ref_of(item)
    if ref.kind in {TOPIC, ENTRY, NOTE} and (count(item, "replies") or count(item, "likes")):
        yield thread_order(ref)


def thread_order(ref: Ref) -> WatchOrder:
    return WatchOrder(stream=THREADS, native_id=ref.native_id, fetch_ref=ref.text(), after_seconds=0)
