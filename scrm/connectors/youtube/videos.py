"""Our own videos, and those of others that a search finds."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from scrm.connectors.base import Account, Api, Gap, Page, Stream
from scrm.connectors.payload import Payload
from scrm.connectors.youtube.client import PUBLIC, Item, LostPlaceError, listed, own_account, people, texts, videos
from scrm.connectors.youtube.translation import video_records
from scrm.connectors.youtube.walk import Seen, Walk, row, sign
from scrm.errors import GoneError, PayloadError
from scrm.i18n import N_
from scrm.records import Record

PAGE = 50
EDITED = timedelta(days=30)  # videos so young are compared at each reading
FOUND_LATE = timedelta(days=2)
SEARCHED_BACK = timedelta(days=30)
UPLOADS = "uploads_id"  # among the credentials since the sign-in


class Uploads(Stream):
    """The channel's own videos, private ones included; the hub tells of new ones sooner."""

    name = "uploads"
    label = N_("Our own videos")
    every_seconds = 3600

    def read(self, api: Api, cursor: str | None) -> Page:
        walk = Walk.parse(cursor)
        params = [
            ("part", "snippet,contentDetails,status"),
            ("playlistId", api.credentials[UPLOADS]),
            ("maxResults", str(PAGE)),
        ]
        try:
            found, following = listed(api, "playlistItems", params, token=walk.next)
        except GoneError:  # a channel without videos has no list of them
            return Page(items=(), cursor=cursor, has_more=False)
        except LostPlaceError:
            if walk.next is None:
                raise
            return Page(items=(), cursor=walk.from_the_beginning().text(), has_more=True)
        new, after = walk.after([_upload(entry) for entry in found], following, overlap=EDITED)
        return Page(
            items=tuple({"video": entry} for entry in new), cursor=after.text(), has_more=after.next is not None
        )

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from video_records(item, account)


def _upload(entry: Item) -> Seen:
    """An entry of the list as a row of the walk: another title or text makes it look different."""
    try:
        snippet = Payload(entry).child("snippet")
        number = snippet.child("resourceId").text("videoId")
        looks = (number, snippet.optional_text("title"), snippet.optional_text("description"), entry.get("status"))
    except PayloadError:
        return Seen(at=None, sign=sign(entry), item=entry)
    return row(entry, lambda: snippet.optional_time("publishedAt"), *looks)


class Search(Stream):
    """Videos of others that hold the app's words; a search never finds comments."""

    name = "search"
    label = N_("Videos of others that your search words find")
    every_seconds = 3600  # a project may search 100 times a day, a page each

    def is_on(self, app: Mapping[str, str]) -> bool:
        return bool(app.get("search_words", "").strip())

    def read(self, api: Api, cursor: str | None) -> Page:
        if not self.is_on(api.app):
            return Page(items=(), cursor=cursor, has_more=False)
        words = api.app["search_words"].strip()
        walk = Walk.parse(cursor)
        params = [
            ("part", "snippet"),
            ("q", words),
            ("type", "video"),
            ("order", "date"),
            ("maxResults", str(PAGE)),
        ]
        try:
            found, following = listed(api, "search", params, client=PUBLIC, token=walk.next)
        except LostPlaceError:
            if walk.next is None:
                raise
            return Page(items=(), cursor=walk.from_the_beginning().text(), has_more=True)
        oldest = api.now() - SEARCHED_BACK
        new, after = walk.after([_hit(hit) for hit in found], following, overlap=FOUND_LATE, oldest=oldest)
        is_first_end = walk.mark is None and after.next is None
        reason = N_("YouTube's search gives only the newest results.")
        return Page(
            items=tuple(_whole_videos(api, new)),
            cursor=after.text(),
            has_more=after.next is not None,
            gaps=(Gap(since=None, until=oldest, reason=reason),) if is_first_end else (),
        )

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from video_records(item, account)


def _hit(hit: Item) -> Seen:
    try:
        number = Payload(hit).child("id").text("videoId")
        snippet = Payload(hit).child("snippet")
    except PayloadError:
        return Seen(at=None, sign=sign(hit), item=hit)
    return row(hit, lambda: snippet.optional_time("publishedAt"), number)


def _whole_videos(api: Api, hits: list[Item]) -> Iterator[Item]:
    """Hits as whole videos with their channels: a hit shows only the beginning of a description."""
    us = own_account(api).key.native_id
    found = videos(api, texts(hits, "id", "videoId"))
    others = [one for one in found.values() if us not in owners_of([one])]
    yield from owned(others, people(api, owners_of(others)))
    for hit in hits:
        if not list(texts([hit], "id", "videoId")):
            yield {"video": hit}  # makes no sense: to be quarantined


def owners_of(found: Iterable[Item]) -> Iterator[str]:
    """Ids of the channels that videos belong to."""
    return texts(found, "snippet", "channelId")


def owned(found: Iterable[Item], who: Mapping[str, Item]) -> Iterator[Item]:
    """Videos as items, each with the channel it belongs to."""
    for video in found:
        owner = next((who[one] for one in owners_of([video]) if one in who), None)
        yield {"video": video} | ({"author": owner} if owner else {})
