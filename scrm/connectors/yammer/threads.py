"""Threads looked at again: answers that no feed shows, edits, and who likes what stands in them.

A like moves nothing, so each thread is looked at again after an eighth of the time that nothing was said in it, at
least an hour and at most a week, and no longer after half a year of silence. A message names only some of those who
like it; where there are more, and not those known, they are listed in a call of their own (`/users/liked_message`,
from memory). A thread's cursor is who liked what when it was last looked at, and while it is being read also where.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scrm.connectors.base import Account, Again, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.paging import unpack
from scrm.connectors.payload import Payload
from scrm.connectors.yammer.client import Feed, Item, Refusals, feed, likers_of, moment, number_of
from scrm.connectors.yammer.feeds import THREADS, pause_after
from scrm.connectors.yammer.items import is_system, like_item, message_items, shown_likers
from scrm.connectors.yammer.translation import like_id, records
from scrm.errors import GoneError, PayloadError, UnavailableError
from scrm.i18n import N_
from scrm.records import Record

MOST_PAGES = 5  # of a thread that was read before
MOST_LISTS = 2  # of likers, in one reading


class Threads(ObjectStream):
    """Everything that stands in a thread, and who likes it."""

    name = THREADS
    label = N_("Answers, and who likes what")

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        ref = refs[0]
        look = _Look.parse(ref.cursor)
        try:
            page = feed(api, f"messages/in_thread/{ref.native_id}", older_than=look.next)
        except GoneError:
            return ObjectPage(items=(), gone=(ref.native_id,))
        except UnavailableError as why:
            Refusals(api).check(why)
            return ObjectPage(items=(), gone=(ref.native_id,))
        likes = _Likes(api=api, look=look)
        for message in page.messages:
            likes.of(message)
        items, gone = (*message_items(page), *likes.items), tuple(likes.gone)
        look.saw(page)
        again = look.after(page, api.now(), has_more=likes.has_more)
        if again is None:
            return ObjectPage(items=items, gone=gone, ends=(ref.native_id,))
        return ObjectPage(items=items, gone=gone, again={ref.native_id: again})

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from records(item, account)


@dataclass(kw_only=True)
class _Look:
    """One look at a thread, from page to page."""

    known: dict[str, tuple[str, ...]]  # who likes each of its messages
    was_read: bool  # to its end, once
    next: str | None
    pages: int
    newest: datetime | None
    listed: set[str]  # messages of this page whose likers were listed in this look

    @classmethod
    def parse(cls, cursor: str | None) -> "_Look":
        """Read a stored cursor. Raises PayloadError."""
        fields = unpack(cursor)
        entries = [entry.split() for entry in fields.texts("likes")]
        return cls(
            known={entry[0]: tuple(entry[1:]) for entry in entries if entry},
            was_read=fields.flag("was_read"),
            next=fields.optional_text("next"),
            pages=fields.number("pages") or 0,
            newest=fields.optional_time("newest"),
            listed=set(fields.texts("listed")),
        )

    def text(self) -> str:
        fields: dict[str, Any] = {
            "likes": [" ".join((message, *people)) for message, people in self.known.items()],
            "was_read": self.was_read,
            "next": self.next,
            "pages": self.pages,
            "newest": self.newest.isoformat() if self.newest else None,
            "listed": sorted(self.listed),
        }
        return json.dumps({name: value for name, value in fields.items() if value}, sort_keys=True)

    def saw(self, page: Feed) -> None:
        """Note when something was last said."""
        for message in page.messages:
            try:
                at = moment(Payload(message, "message"), "created_at")
            except PayloadError:
                continue
            self.newest = max(at, self.newest or at)

    def after(self, page: Feed, now: datetime, *, has_more: bool) -> Again | None:
        """When the thread is to be looked at next; None: never."""
        if has_more:
            return Again(after_seconds=0, cursor=self.text())
        self.pages, self.listed = self.pages + 1, set()
        if page.older_than is not None and not (self.was_read and self.pages >= MOST_PAGES):
            self.next = page.older_than
            return Again(after_seconds=0, cursor=self.text())
        seconds = pause_after(now - self.newest) if self.newest else None
        if seconds is None:
            return None
        self.was_read, self.next, self.pages, self.newest = True, None, 0, None
        return Again(after_seconds=seconds, cursor=self.text())


@dataclass(kw_only=True)
class _Likes:
    """Likes of a page's messages that are new or were taken back."""

    api: Api
    look: _Look
    items: list[Item] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    has_more: bool = False
    _lists: int = 0

    def of(self, message: Item) -> None:
        number = str(number_of(message))
        before = self.look.known.get(number)
        try:
            if is_system(message):
                return
            people, is_whole = self._people(message, number, before)
        except PayloadError:
            return  # the message itself is quarantined, or named without those who like it
        if people is None:
            return
        now = self.api.now().replace(microsecond=0) if before is not None else None
        found = {str(one["id"]): one for one in people}
        known = before or ()
        self.items += [like_item(message, one, now) for who, one in found.items() if who not in known]
        lost = [who for who in known if who not in found]
        if is_whole:
            self.gone += [like_id(number, who) for who in lost]
        self.look.known[number] = (*found, *(() if is_whole else lost))

    def _people(self, message: Item, number: str, before: tuple[str, ...] | None) -> tuple[list[Item] | None, bool]:
        """Those who like a message, and whether these are all; None where nothing changed or it is not their turn."""
        count, named = shown_likers(message)
        if count <= len(named):
            return named, True
        is_known = before is not None and count == len(before) and _ids(named) == before[: len(named)]
        if is_known or number in self.look.listed:
            return None, True
        if self._lists == MOST_LISTS:
            self.has_more = True
            return None, True
        self._lists += 1
        self.look.listed.add(number)
        found, is_whole = likers_of(self.api, number)
        return [*named, *found], is_whole  # those named first: by them and the number a change is noticed


def _ids(people: list[Item]) -> tuple[str, ...]:
    return tuple(str(one["id"]) for one in people)
