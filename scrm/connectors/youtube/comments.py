"""Comments on our videos: threads newest first, the rest of their replies, and old threads that grow again.

From youtube.v3 revision 20261104 (read 2026-11-23): a thread embeds only some of its replies, `totalReplyCount` says
how many there are, and 50 threads are looked at in one call by their ids. There is no "since" and a new reply moves
no thread, so each thread is looked at again, the older the more seldom; only where the number changed is more read.
An item is one comment with what its own JSON lacks, so that it can be forgotten without its neighbors.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from scrm.connectors.base import (
    Account,
    Again,
    Api,
    ObjectPage,
    ObjectRef,
    ObjectStream,
    Page,
    Stream,
    WatchOrder,
)
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.connectors.youtube.client import MOST_IDS, Item, LostPlaceError, by_ids, closed, listed, own_account
from scrm.connectors.youtube.said import embedded, from_threads, in_thread, total
from scrm.connectors.youtube.translation import comment_records
from scrm.connectors.youtube.walk import Seen, Walk, row, sign
from scrm.errors import GoneError, PayloadError, RetryLaterError
from scrm.i18n import N_
from scrm.records import Record

REPLIES = "replies"
PAGE = 50  # threads; with what they embed a page is stored in one short transaction
REPLY_PAGE = 100
MOST_REPLY_PAGES = 10  # in one reading of the object stream
PLAIN = ("textFormat", "plainText")
LATE = timedelta(days=2)  # a comment held back that long still appears where we look
GROWS_SECONDS = 30.0
FIRST_PAGE = "-"
HOUR = 3600.0
SOONEST, LATEST = 6 * HOUR, 7 * 24 * HOUR
WATCHED_DAYS = 180


def looked_at_after(age: timedelta) -> float | None:
    """Seconds until a thread of this age is looked at again; None: never."""
    if age > timedelta(days=WATCHED_DAYS):
        return None
    return min(max(age.total_seconds() / 8, SOONEST), LATEST)


class Comments(Stream):
    """Everything said below any of our videos, newest first."""

    name = "comments"
    label = N_("Comments on our videos")
    every_seconds = 900

    def read(self, api: Api, cursor: str | None) -> Page:
        walk = Walk.parse(cursor)
        params = [
            ("part", "snippet,replies"),
            ("allThreadsRelatedToChannelId", own_account(api).key.native_id),
            ("order", "time"),
            ("maxResults", str(PAGE)),
            PLAIN,
        ]
        try:
            found, following = listed(api, "commentThreads", params, token=walk.next)
        except LostPlaceError:
            if walk.next is None:
                raise
            return Page(items=(), cursor=walk.from_the_beginning().text(), has_more=True)
        new, after = walk.after([_seen(thread) for thread in found], following, overlap=LATE)
        return Page(items=tuple(from_threads(api, new)), cursor=after.text(), has_more=after.next is not None)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from comment_records(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        """The thread, when its first comment comes along."""
        del account
        video = item.optional_text("video")
        if video is None or not item.has("replies"):
            return
        number = item.number("replies") or 0
        is_cut = number > (item.number("embedded") or 0)
        yield WatchOrder(
            stream=REPLIES,
            native_id=item.child("comment").text("id"),
            fetch_ref=video if is_cut else f"{video} {number}",
            after_seconds=GROWS_SECONDS if is_cut else SOONEST,
        )


def _seen(thread: Item) -> Seen:
    """A thread as a row of the walk: an edit or another number of replies makes it look different."""
    shown = Payload(thread)
    try:
        first = shown.child("snippet").child("topLevelComment")
        snippet = first.child("snippet")
        looks = (first.text("id"), snippet.optional_text("updatedAt"), total(thread))
    except PayloadError:
        return Seen(at=None, sign=sign(thread), item=thread)
    return row(thread, lambda: snippet.optional_time("publishedAt"), *looks)


class Replies(ObjectStream):
    """Threads looked at again: what was answered since, and what a thread does not embed."""

    name = REPLIES
    label = N_("Answers to comments")
    batch = MOST_IDS

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        params = [("part", "snippet,replies"), PLAIN]
        look = _Look(api=api, threads=by_ids(api, "commentThreads", [ref.native_id for ref in refs], params))
        for ref in refs:
            look.at(ref)
        look.tell_missing_apart()
        named = {*look.again, *look.gone}
        return ObjectPage(
            items=(*from_threads(api, look.changed), *look.items),
            gone=tuple(look.gone),
            ends=tuple(ref.native_id for ref in refs if ref.native_id not in named),
            again=look.again,
        )

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from comment_records(item, account)


@dataclass(kw_only=True)
class _Look:
    """One look at some threads.

    A thread's cursor is the number of its replies when they were last read (`count`), and while they are being read
    also where that stopped (`page`). Before the first look that number is what `fetch_ref` names after the video.
    """

    api: Api
    threads: dict[str, Item]
    changed: list[Item] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    missing: list[ObjectRef] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    again: dict[str, Again] = field(default_factory=dict)
    pages: int = 0

    def at(self, ref: ObjectRef) -> None:
        thread, cursor = self.threads.get(ref.native_id), unpack(ref.cursor)
        if thread is None:
            self.missing.append(ref)
            return
        count = str(total(thread))
        page = cursor.optional_text("page")
        if page is not None:
            self._read_on(ref, thread, cursor.text("count"), page)
        elif count == (cursor.optional_text("count") or _place(ref)[1]):
            self._later(ref, thread, count)
        else:
            self.changed.append(thread)
            if total(thread) > len(embedded(thread)):
                self._at_once(ref, count, FIRST_PAGE)
            else:
                self._later(ref, thread, count)

    def tell_missing_apart(self) -> None:
        """What its owner closed may be opened again; anything else that is missing is gone."""
        hidden = closed(self.api, filter(None, (_place(ref)[0] for ref in self.missing)))
        for ref in self.missing:
            if _place(ref)[0] in hidden:
                self.again[ref.native_id] = Again(after_seconds=LATEST, cursor=ref.cursor)
            else:
                self.gone.append(ref.native_id)

    def _read_on(self, ref: ObjectRef, thread: Item, count: str, page: str) -> None:
        if self.pages == MOST_REPLY_PAGES:
            self._at_once(ref, count, page)
            return
        self.pages += 1
        params = [("part", "snippet"), ("parentId", ref.native_id), ("maxResults", str(REPLY_PAGE)), PLAIN]
        try:
            found, following = listed(self.api, "comments", params, token=None if page == FIRST_PAGE else page)
        except GoneError:
            self.missing.append(ref)
            return
        except LostPlaceError:
            self._at_once(ref, count, FIRST_PAGE)
            return
        if following == page:
            raise RetryLaterError("the next page leads to itself", network=self.api.network)
        self.items += in_thread(self.api, thread, found)
        if following is not None:
            self._at_once(ref, count, following)
        else:
            self._later(ref, thread, count)

    def _at_once(self, ref: ObjectRef, count: str, page: str) -> None:
        self.again[ref.native_id] = Again(after_seconds=0, cursor=pack({"count": count, "page": page}))

    def _later(self, ref: ObjectRef, thread: Item, count: str) -> None:
        began = Payload(thread).child("snippet").child("topLevelComment").child("snippet").time("publishedAt")
        seconds = looked_at_after(self.api.now() - began)
        if seconds is not None:
            self.again[ref.native_id] = Again(after_seconds=seconds, cursor=pack({"count": count}))


def _place(ref: ObjectRef) -> tuple[str, str]:
    """The video a thread is below, and the number of replies that came along with it (empty: not all did)."""
    video, _, number = (ref.fetch_ref or "").partition(" ")
    return video, number
