"""Who subscribed to us, as far as they show it: private subscriptions are listed nowhere.

From youtube.v3 revision 20261104 (read 2026-11-23): `mySubscribers` lists all of them, in no order, and
`myRecentSubscribers` the newest first; how many of those there are is from memory (1,000). All of them are read first
and then every 20 days, because what is not read again has to be forgotten after 30; in between the newest are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from scrm.connectors.base import Account, Api, Page, Stream
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.connectors.youtube.client import Item, LostPlaceError, listed, people, texts
from scrm.connectors.youtube.translation import subscription_records
from scrm.connectors.youtube.walk import Seen, Walk, row, sign
from scrm.errors import PayloadError, RetryLaterError
from scrm.i18n import N_
from scrm.records import Record

PAGE = 50
FIRST_PAGE = "-"
LATE = timedelta(days=1)
ALL_AGAIN = timedelta(days=20)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where reading stands: in the list of all (`page`), or in that of the newest (`walk`)."""

    began: datetime | None  # the last reading of all
    page: str | None
    newest: datetime | None  # of those read in the list of all
    walk: str | None

    @classmethod
    def parse(cls, cursor: str | None) -> "_Place":
        fields = unpack(cursor)
        return cls(
            began=fields.optional_time("began"),
            page=fields.optional_text("page"),
            newest=fields.optional_time("newest"),
            walk=fields.optional_text("walk"),
        )

    def text(self) -> str:
        return pack(
            {
                "began": self.began.isoformat() if self.began else None,
                "page": self.page,
                "newest": self.newest.isoformat() if self.newest else None,
                "walk": self.walk,
            }
        )


class Subscribers(Stream):
    """Channels that follow ours and say so."""

    name = "subscribers"
    label = N_("New subscribers")
    every_seconds = 3600

    def read(self, api: Api, cursor: str | None) -> Page:
        place = _Place.parse(cursor)
        if place.page is None and (place.began is None or api.now() - place.began > ALL_AGAIN):
            place = _Place(began=api.now(), page=FIRST_PAGE, newest=None, walk=None)
        try:
            return _all(api, place) if place.page is not None else _newest(api, place)
        except LostPlaceError:
            if place.page in {None, FIRST_PAGE} and Walk.parse(place.walk).next is None:
                raise
            walk = Walk.parse(place.walk).from_the_beginning().text() if place.page is None else None
            page = None if place.page is None else FIRST_PAGE
            start = _Place(began=place.began, page=page, newest=None, walk=walk)
            return Page(items=(), cursor=start.text(), has_more=True)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from subscription_records(item, account)


def _all(api: Api, place: _Place) -> Page:
    token = None if place.page == FIRST_PAGE else place.page
    found, following = _listed(api, "mySubscribers", token)
    if following is not None and following == place.page:
        raise RetryLaterError("the next page leads to itself", network=api.network)
    times = [one.at for one in map(_seen, found) if one.at]
    newest = max([*times, *([place.newest] if place.newest else [])], default=None)
    walk = None if following else Walk(mark=newest).text()
    after = _Place(began=place.began, page=following, newest=newest if following else None, walk=walk)
    return Page(items=tuple(_items(api, found)), cursor=after.text(), has_more=True)


def _newest(api: Api, place: _Place) -> Page:
    walk = Walk.parse(place.walk)
    found, following = _listed(api, "myRecentSubscribers", walk.next)
    new, after = walk.after(map(_seen, found), following, overlap=LATE)
    cursor = _Place(began=place.began, page=None, newest=None, walk=after.text()).text()
    return Page(items=tuple(_items(api, new)), cursor=cursor, has_more=after.next is not None)


def _listed(api: Api, which: str, token: str | None) -> tuple[list[Item], str | None]:
    params = [("part", "snippet,subscriberSnippet"), (which, "true"), ("maxResults", str(PAGE))]
    return listed(api, "subscriptions", params, token=token)


def _seen(subscription: Item) -> Seen:
    try:
        number, snippet = Payload(subscription).text("id"), Payload(subscription).child("snippet")
    except PayloadError:
        return Seen(at=None, sign=sign(subscription), item=subscription)
    return row(subscription, lambda: snippet.optional_time("publishedAt"), number)


def _items(api: Api, subscriptions: list[Item]) -> Iterator[Item]:
    """Subscriptions with the channels of whom they name."""
    place = ("subscriberSnippet", "channelId")
    found = people(api, texts(subscriptions, *place))
    for one in subscriptions:
        person = next((found[number] for number in texts([one], *place) if number in found), None)
        yield {"subscription": one} | ({"author": person} if person else {})
