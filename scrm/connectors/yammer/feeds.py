"""Feeds of messages, newest first: what everybody can read, what the account joined, what is written to it.

"Messages" (learn.microsoft.com/rest/api/yammer, read 2026-11-24): twenty a page, `older_than` and `newer_than` name
messages. `newer_than` gives the newest above the mark and not those next to it, and then nothing tells whether the
mark was reached; so a run walks down from the newest with `older_than` alone until it is past the mark, which costs
one call as long as a page holds all that is new. What was said in closed communities stands only in the feed of what
one follows (from memory).
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from scrm.connectors.base import Account, Api, Page, Stream, WatchOrder
from scrm.connectors.paging import NewestFirst
from scrm.connectors.payload import Payload
from scrm.connectors.yammer.client import Item, feed, moment, number_of
from scrm.connectors.yammer.items import message_items, named_likes
from scrm.connectors.yammer.translation import records
from scrm.errors import PayloadError
from scrm.i18n import N_
from scrm.records import Record

THREADS = "threads"
HOUR = 3600.0
SOONEST, LATEST = HOUR, 7 * 24 * HOUR
PART = 8  # of the silence so far
WATCHED = timedelta(days=180)


def pause_after(silence: timedelta) -> float | None:
    """Seconds until a thread is looked at again, the longer the quieter it is; None: never."""
    if silence > WATCHED:
        return None
    return min(max(silence.total_seconds() / PART, SOONEST), LATEST)


class _Messages(Stream):
    """One feed, from its newest message down to what is known."""

    path: ClassVar[str]

    def read(self, api: Api, cursor: str | None) -> Page:
        walk = NewestFirst.parse(cursor)
        mark = _number(walk.mark)
        page = feed(api, self.path, older_than=walk.next)
        new = replace(page, messages=tuple(one for one in page.messages if _is_above(one, mark)))
        after = walk.after_page(
            newest=str(max(page.ids)) if page.ids else None,
            next_=page.older_than,
            has_reached_mark=len(new.messages) < len(page.messages),
        )
        items = (*(_timed(item, api.now()) for item in message_items(new)), *named_likes(new))
        return Page(items=items, cursor=after.text(), has_more=after.next is not None)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from records(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        """The thread: for answers that no feed shows, and for who likes what stands in it."""
        del account
        seconds = item.number("look_after")
        if seconds is not None:
            thread = item.child("message").text("thread_id")
            yield WatchOrder(stream=THREADS, native_id=thread, fetch_ref=None, after_seconds=float(seconds))


class Messages(_Messages):
    """What everybody in the network can read."""

    name = "messages"
    label = N_("What is said in the network")
    path = "messages"


class Followed(_Messages):
    """What is said where the account is a member."""

    name = "followed"
    label = N_("What is said in communities of the account, closed ones too")
    path = "messages/following"


class PrivateMessages(_Messages):
    """What people write to the account, and it to them."""

    name = "private"
    label = N_("Private messages to the account")
    path = "messages/private"


def _number(mark: str | None) -> int:
    if mark is not None and not mark.isdecimal():
        raise PayloadError("cursor.mark: expected a whole number")
    return int(mark or 0)


def _is_above(message: Item, mark: int) -> bool:
    """Whether a message is new; one without a number goes on to be quarantined."""
    number = number_of(message)
    return number is None or number > mark


def _timed(item: Item, now: datetime) -> Item:
    """The item with the time after which its thread is first looked at: soon, for that shows who likes it."""
    with suppress(PayloadError):
        is_watched = pause_after(now - moment(Payload(item["message"], "message"), "created_at")) is not None
        return item | ({"look_after": int(SOONEST)} if is_watched else {})
    return item
