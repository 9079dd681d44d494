"""Whether what was read still stands as it was read: messages and likes, thread by thread.

An edit leaves no trace but the text; what is missing in its thread is asked for by itself before it counts as gone.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from scrm.connectors.base import RECHECK, Account, Again, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.payload import Payload
from scrm.connectors.yammer.client import API, CALLS, CLIENT, Feed, Item, Refusals, feed, likers_of, number_of
from scrm.connectors.yammer.items import like_item, message_items, shown_likers
from scrm.connectors.yammer.translation import LIKE, LIKE_REF, MESSAGE_REF, records
from scrm.errors import GoneError, PayloadError, UnavailableError
from scrm.i18n import N_
from scrm.records import Record

MOST_CALLS = CALLS // 2  # in one reading; the rest waits for the next

Asked = TypeVar("Asked")


class Recheck(ObjectStream):
    """Messages by the page of their thread on which they stand, likes by their message."""

    name = RECHECK
    label = N_("Edits, deletions and likes taken back")
    batch = 20

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        threads: dict[str, dict[int, list[ObjectRef]]] = {}
        for ref in refs:
            thread, message = _place(api, ref)
            threads.setdefault(thread, {}).setdefault(message, []).append(ref)
        look = _Look(api=api, refusals=Refusals(api), last_call=api.requests + MOST_CALLS)
        for thread, wanted in threads.items():
            look.at(thread, wanted)
        return ObjectPage(items=tuple(look.items), gone=tuple(look.gone), again=look.again)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from records(item, account)


def _place(api: Api, ref: ObjectRef) -> tuple[str, int]:
    """The thread of what is to be looked at, and the message."""
    kind, *rest = (ref.fetch_ref or "").split(" ")
    if kind == MESSAGE_REF and len(rest) == 1:
        rest.append(ref.native_id)
    if kind not in {MESSAGE_REF, LIKE_REF} or len(rest) != 2 or not rest[1].isdecimal():
        raise PayloadError("expected a reference of ours", network=api.network)
    return rest[0], int(rest[1])


@dataclass(kw_only=True)
class _Look:
    """What was found of some messages and likes."""

    api: Api
    refusals: Refusals
    last_call: int
    items: list[Item] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    again: dict[str, Again] = field(default_factory=dict)

    def at(self, thread: str, wanted: dict[int, list[ObjectRef]]) -> None:
        """Read the page that begins with the newest of what is wanted, and the next, until no page can hold more."""
        left = sorted(wanted, reverse=True)
        while left:
            asked = [ref for number in left for ref in wanted[number]]
            path = f"messages/in_thread/{thread}"
            page = self._ask(asked, partial(feed, self.api, path, older_than=str(left[0] + 1)))
            if page is None:
                return
            lowest = min(page.ids) if page.older_than else 0
            there = {number_of(one): one for one in page.messages}
            for number in [one for one in left if one >= lowest]:
                self._one(there.get(number), number, page, wanted[number])
            left = [one for one in left if one < lowest]

    def _ask(self, refs: list[ObjectRef], ask: Callable[[], Asked]) -> Asked | None:
        """What is answered; None when these are gone, or have to wait because enough was asked."""
        if self.api.requests >= self.last_call:
            self.again |= {ref.native_id: Again(after_seconds=0) for ref in refs}
            return None
        try:
            found = ask()
        except GoneError:
            self.gone += [ref.native_id for ref in refs]
            return None
        except UnavailableError as why:
            self.refusals.check(why)
            self.gone += [ref.native_id for ref in refs]
            return None
        self.refusals.heard()
        return found

    def _one(self, message: Item | None, number: int, page: Feed, refs: list[ObjectRef]) -> None:
        """A message and its likes; one that is not in its thread is asked for by itself."""
        if message is None:
            message = self._ask(refs, partial(_message, self.api, number))
        if message is None:
            return
        likes = [ref for ref in refs if LIKE in ref.native_id]
        if len(likes) < len(refs):
            self.items += message_items(Feed(messages=(message,), references=page.references))
        if likes:
            self._likes(message, number, likes)

    def _likes(self, message: Item, number: int, refs: list[ObjectRef]) -> None:
        count, people = shown_likers(message)
        is_whole = count <= len(people)
        if not is_whole:
            listed = self._ask(refs, partial(likers_of, self.api, str(number)))
            if listed is None:
                return
            people, is_whole = listed
        found = {str(one["id"]): one for one in people}
        for ref in refs:
            who = ref.native_id.partition(LIKE)[2]
            if who in found:
                self.items.append(like_item(message, found[who], None))
            elif is_whole:
                self.gone.append(ref.native_id)


def _message(api: Api, number: int) -> Item:
    return Payload(CLIENT.json(api, f"{API}messages/{number}.json"), "message").raw()
