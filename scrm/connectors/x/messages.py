"""Direct messages of the last 30 days, read only when the admin chose so and the account allowed it.

docs.x.com, direct messages lookup, read 2026-11-23: newest first, no "after this one". Encrypted messages are not
among them. X wants the express consent of the people who write before their messages are stored.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from scrm.connectors.base import Account, Api, Gap, Page, Stream
from scrm.connectors.paging import NewestFirst
from scrm.connectors.payload import Payload
from scrm.connectors.x.client import Listing, PlaceLostError, is_granted, listing
from scrm.connectors.x.ids import moment, order
from scrm.connectors.x.translation import message_records
from scrm.connectors.x.vocabulary import vocabulary
from scrm.i18n import N_
from scrm.records import Record

PAGE = 10  # the first page is paid for anew every day, so it is kept small
KEPT = timedelta(days=30)
SCOPE = "dm.read"
WINDOW = N_("X shows only the direct messages of the last 30 days.")


class Messages(Stream):
    """What is written to us, and by us, in private."""

    name = "messages"
    label = N_("Direct messages")
    every_seconds = 900  # 15 calls in 15 minutes are allowed

    def is_on(self, app: Mapping[str, str]) -> bool:
        return app.get("direct_messages") == "yes"

    def read(self, api: Api, cursor: str | None) -> Page:
        if not self.is_on(api.app) or not is_granted(api, SCOPE):
            return Page(items=(), cursor=cursor, has_more=False)
        position, page = _page(api, NewestFirst.parse(cursor))
        mark = order(position.mark or "0")
        new = [one for one in page.data if order(str(one.get("id"))) > mark or one["id"] not in page.ids]
        has_arrived = len(new) < len(page.data)
        after = position.after_page(
            newest=max(page.ids, key=order, default=None),
            next_=None if has_arrived else page.next_token,
            has_reached_mark=has_arrived,
        )
        if after.next is None and after.mark is None:
            after = NewestFirst(mark="0")  # there are none yet; what comes now is read completely
        is_at_the_end = page.next_token is None and not has_arrived
        return Page(
            items=tuple(_item(one, page) for one in new),
            cursor=after.text(),
            has_more=after.next is not None,
            gaps=tuple(_gap(api, position)) if is_at_the_end else (),
        )

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from message_records(item, account)


def _page(api: Api, position: NewestFirst) -> tuple[NewestFirst, Listing]:
    query = [("max_results", str(PAGE)), ("event_types", "MessageCreate"), *vocabulary(api.app).messages()]
    if position.next is None:
        return position, listing(api, "/2/dm_events", query)
    try:
        return position, listing(api, "/2/dm_events", [*query, ("pagination_token", position.next)])
    except PlaceLostError:
        return NewestFirst(mark=position.mark), listing(api, "/2/dm_events", query)


def _item(message: dict[str, object], page: Listing) -> dict[str, object]:
    """A message with those who write in it, as far as the page knows them."""
    names = {message.get("sender_id"), *str(message.get("dm_conversation_id")).split("-")}
    return {"message": message, "users": [user for native, user in page.users.items() if native in names]}


def _gap(api: Api, position: NewestFirst) -> Iterator[Gap]:
    """A walk that ends where X stops showing messages has missed those before, unless it knew them all."""
    oldest = api.now() - KEPT
    last = moment(position.mark)
    if position.mark is None or (last is not None and last < oldest):
        yield Gap(since=last, until=oldest, reason=WINDOW)
