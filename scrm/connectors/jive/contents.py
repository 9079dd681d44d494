"""Lists: contents by their latest activity, private messages, and who likes what.

ContentService, DirectMessageService and ActivityService of developers.jivesoftware.com/api/v3/cloud/rest (read
2026-11-23). A new answer or an edit lifts a content to the top of its list; a like does not, but stands in the stream
of activities, with its time. That stream comes in collections: all that happened to one content stands together,
where the latest of it belongs. That private messages come in the same order as contents is from memory.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from scrm.connectors.base import Account, Api, Page, Stream, WatchOrder
from scrm.connectors.jive.client import Item, Params, listed, people, with_authors
from scrm.connectors.jive.likes import activity_like_records
from scrm.connectors.jive.replies import REPLIES
from scrm.connectors.jive.translation import (
    NATIVE,
    native_of,
    optional_native_in,
    said_records,
)
from scrm.connectors.jive.walk import Walk
from scrm.connectors.payload import Payload
from scrm.errors import GoneError, PayloadError, UnavailableError
from scrm.i18n import N_
from scrm.records import Record

PAGE = 50  # with their authors a page is stored in one short transaction
MESSAGES_PAGE = 25
ACTIVITIES_PAGE = 100
GROWS_SECONDS = 30.0  # several answers to one content arrive together
LIKED = "jive:liked"


def _place(content: Item) -> tuple[datetime, str]:
    """When something last happened to a content, and its name."""
    shown = Payload(content)
    active = shown.optional_time("lastActivityDate") or shown.optional_time("updated") or shown.time("published")
    return active, native_of(shown)


def _page(api: Api, cursor: str | None, path: str, params: Params) -> Page:
    walk = Walk.parse(cursor)
    found, following = listed(api, walk.next or path, () if walk.next else params)
    new, after = walk.after(found, following, _place)
    items = with_authors(api, [{"said": content} for content in new], "said")
    return Page(items=tuple(items), cursor=after.text(), has_more=after.next is not None)


def _order(item: Payload) -> Iterator[WatchOrder]:
    """Have what stands below a content read, where there is something; what comes later is told by the lists."""
    content = item.child("said")
    numbers = [content.number(name) for name in ("replyCount", "likeCount")]
    if numbers != [0, 0]:
        yield WatchOrder(stream=REPLIES, native_id=native_of(content), fetch_ref=None, after_seconds=GROWS_SECONDS)


class Contents(Stream):
    """Everything that is said in the community where the account may read: discussions, posts, updates and others."""

    name = "contents"
    label = N_("Discussions, posts, documents and updates")

    def read(self, api: Api, cursor: str | None) -> Page:
        return _page(api, cursor, "/contents", [("sort", "latestActivityDesc"), ("count", str(PAGE))])

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from said_records(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        del account
        yield from _order(item)


class Messages(Stream):
    """Private messages in which the account takes part; only where the admin wants that."""

    name = "messages"
    label = N_("Private messages on Jive")

    def is_on(self, app: Mapping[str, str]) -> bool:
        return app.get("direct_messages") == "yes"

    def read(self, api: Api, cursor: str | None) -> Page:
        if not self.is_on(api.app):
            return Page(items=(), cursor=cursor, has_more=False)
        try:
            return _page(api, cursor, "/dms", [("count", str(MESSAGES_PAGE))])
        except GoneError as why:
            raise UnavailableError("the community has no private messages", network=api.network) from why

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from said_records(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        del account
        yield from _order(item)


class Likes(Stream):
    """Who likes what, from the stream of activities; everything else in it is read from its own list."""

    name = "likes"
    label = N_("Likes on Jive")

    def read(self, api: Api, cursor: str | None) -> Page:
        walk = Walk.parse(cursor)
        found, following = listed(
            api, walk.next or "/activities", () if walk.next else [("count", str(ACTIVITIES_PAGE))]
        )
        new, after = walk.after(found, following, _collection)
        items = _with_actors(api, [slim(activity) for activity in new if _is_like(activity)])
        return Page(items=tuple(items), cursor=after.text(), has_more=after.next is not None)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from activity_like_records(item, account)


def _collection(activity: Item) -> tuple[datetime, str]:
    """When something last happened to what an activity is about, and the activity's name."""
    shown = Payload(activity)
    jive = shown.optional_child("jive")
    last = jive.optional_time("collectionUpdated") if jive else None
    return last or shown.optional_time("updated") or shown.time("published"), shown.text("id")


def _is_like(activity: Item) -> bool:
    """Whether it is a like of something that is read here; places and people may be liked, too."""
    try:
        shown = Payload(activity)
        if shown.optional_text("verb") != LIKED:
            return False
        liked = shown.child("object").optional_text("id")
        return liked is None or optional_native_in(shown.child("object"), "id") is not None
    except PayloadError:
        return True


def slim(activity: Mapping[str, Any]) -> Item:
    """What a like consists of: the rest of an activity changes with everything that happens around it."""
    kept = {name: activity[name] for name in ("id", "verb", "published", "actor") if name in activity}
    about = activity.get("object")
    actor = activity.get("actor")
    if isinstance(about, dict):
        kept["object"] = {"id": about.get("id")}
    if isinstance(actor, dict):
        kept["actor"] = {name: actor[name] for name in ("id", "displayName", "url") if name in actor}
    return {"like": kept}


def _with_actors(api: Api, items: list[Item]) -> list[Item]:
    named = {}
    for number, item in enumerate(items):
        try:
            native = optional_native_in(Payload(item).child("like").child("actor"), "id")
        except PayloadError:
            continue
        if native and NATIVE.fullmatch(native):
            named[number] = native.rpartition("/")[2]
    found = people(api, named.values()) if named else {}
    for number, person in named.items():
        if person in found:
            items[number]["actor_profile"] = found[person]
    return items
