"""The lists of an account: who names it, what it says itself, and what is said about its subjects.

Depths and windows: docs.x.com, timelines and search, read 2026-11-23.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from scrm.connectors.base import Account, Api, Gap, Page, Stream, WatchOrder
from scrm.connectors.payload import Payload
from scrm.connectors.x.client import own_account
from scrm.connectors.x.ids import first_id_at, moment, order
from scrm.connectors.x.items import page_query, post_items
from scrm.connectors.x.objects import own_orders
from scrm.connectors.x.translation import edit_order, post_records
from scrm.connectors.x.walk import Walk, step
from scrm.i18n import N_
from scrm.records import Record

PAGE = 25  # what is paid for is each post, not each page; small pages need little of the budget at once
SEARCHABLE = timedelta(days=7)
MARGIN = timedelta(minutes=1)
WINDOW = N_("X's search finds only the last seven days.")


class Posts(Stream):
    """A list of posts of which only the newest can be read."""

    depth: ClassVar[int]
    shallow: ClassVar[str]  # why the rest is missing

    @abstractmethod
    def path(self, account: Account) -> str: ...

    def read(self, api: Api, cursor: str | None) -> Page:
        walk = Walk.parse(cursor)
        page, after = step(api, self.path(own_account(api)), page_query(api, PAGE), walk)
        return Page(
            items=post_items(api, page),
            cursor=after.text(),
            has_more=walk.has_more(after),
            gaps=() if after.is_under_way else tuple(self._gap(walk, page.ids, len(page.data))),
        )

    def _gap(self, walk: Walk, ids: list[str], count: int) -> Iterator[Gap]:
        """A walk that ends at the depth of the list did not end where it wanted to."""
        until = moment(min([*ids, *([walk.until] if walk.until else [])], key=order, default=None))
        if walk.count + count + PAGE > self.depth and until:
            yield Gap(since=moment(walk.since), until=until, reason=self.shallow)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from post_records(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        del account
        yield from edit_order(item)


class Mentions(Posts):
    """Posts that name us, answers and quotes among them."""

    name = "mentions"
    label = N_("Mentions, replies and quotes")
    depth = 800
    shallow = N_("X shows only the 800 newest mentions.")

    def path(self, account: Account) -> str:
        return f"/2/users/{account.key.native_id}/mentions"


class OwnPosts(Posts):
    """What the account itself says; what becomes of it is watched for a week."""

    name = "posts"
    label = N_("Our own posts, replies and reposts")
    depth = 3200
    shallow = N_("X shows only the 3,200 newest posts of an account.")

    def path(self, account: Account) -> str:
        return f"/2/users/{account.key.native_id}/tweets"

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        yield from super().watch(item, account)
        yield from own_orders(item)


class Keywords(Stream):
    """Posts about our subjects, by whomever; without keywords nothing is read and nothing is paid."""

    name = "keywords"
    label = N_("Posts with your keywords")
    every_seconds = 900

    def is_on(self, app: Mapping[str, str]) -> bool:
        return bool(app.get("keywords", "").strip())

    def read(self, api: Api, cursor: str | None) -> Page:
        if not self.is_on(api.app):
            return Page(items=(), cursor=cursor, has_more=False)
        keywords = api.app["keywords"].strip()
        walk, gaps = within_window(Walk.parse(cursor), api.now())
        # our own posts are read anyway, and reposts only repeat
        query = [("query", f"({keywords}) -is:retweet -from:{own_account(api).handle}"), *page_query(api, PAGE)]
        page, after = step(api, "/2/tweets/search/recent", query, walk)
        return Page(items=post_items(api, page), cursor=after.text(), has_more=walk.has_more(after), gaps=gaps)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from post_records(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        del account
        yield from edit_order(item)


def within_window(walk: Walk, now: datetime) -> tuple[Walk, tuple[Gap, ...]]:
    """The walk moved into the seven days that can be searched, and what was missed if it had to be.

    An id older than that is refused. An id made from the time takes its place and not `start_time`, which cannot be
    asked for together with the ids that a walk needs.
    """
    oldest = now - SEARCHABLE + MARGIN
    last = datetime.fromisoformat(walk.at) if walk.at else None
    gaps: tuple[Gap, ...] = ()
    if not walk.is_under_way and (last is None or last < oldest):
        gaps = (Gap(since=last, until=oldest, reason=WINDOW),)
    if walk.since is not None and order(walk.since) < order(first_id_at(oldest)):
        walk = replace(walk, since=first_id_at(oldest))
    return walk, gaps
