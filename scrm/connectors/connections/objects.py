"""What is read again by name: the forum and the board of each community, and single threads.

A new reply moves its topic in the forum; a new comment moves no note, which stories tell instead. Likes move nothing:
stories tell of them for 30 days, and what is rechecked every day is asked for its likes as well.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from scrm.connectors.base import Account, Again, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.connections.atom import Item
from scrm.connectors.connections.client import ONE, Params, feed, forums, next_query, params_of, who_am_i
from scrm.connectors.connections.lists import NOTES, THREADS, TOPICS, changed_at, notes_after
from scrm.connectors.connections.posts import (
    COMMUNITY,
    Ref,
    part_of,
    ref_of,
    single,
    whole,
    with_people,
)
from scrm.connectors.connections.translation import records
from scrm.connectors.connections.walk import Walk, milliseconds, row, sign
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.errors import GoneError, PayloadError, UnavailableError
from scrm.i18n import N_
from scrm.records import Record

EVERY = 900.0
TOPIC_PAGE = 10  # a topic comes with its whole thread
HOUR = 3600.0
LATEST = 7 * 24 * HOUR
WATCHED_DAYS = 60
EARLY = timedelta(minutes=1)


class Topics(ObjectStream):
    """A community's forum: topics that changed, each with its replies and likes."""

    name = TOPICS
    label = N_("Forum topics and replies")

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        (ref,) = refs
        walk = Walk.parse(ref.cursor)
        path = forums(api, "topics")
        params: Params = [
            ("communityUuid", ref.native_id),
            ("ps", str(TOPIC_PAGE)),
            ("sortBy", "lastmod"),
            ("sortOrder", "desc"),
        ]
        if walk.next:
            params = params_of(walk.next)
        elif walk.since:
            params = [*params, ("since", milliseconds(walk.since))]
        try:
            found = feed(api, path, params, client=ONE)
        except GoneError:  # the community is gone, or we are no longer in it
            return ObjectPage(items=(), ends=(ref.native_id,))
        rows = [row({"post": one}, changed_at(one), one.get("id"), one.get("updated")) for one in found.entries]
        new, after, has_more = walk.after(rows, next_query(api, path, found))
        items = [item for topic in new for item in _thread(api, topic)]
        again = Again(after_seconds=0 if has_more else EVERY, cursor=after.text())
        return ObjectPage(items=with_people(api, items), again={ref.native_id: again})

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from records(item, account)


class Notes(ObjectStream):
    """A community's board: new notes, and those on the first page that were commented or liked."""

    name = NOTES
    label = N_("Messages on the boards of communities")

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        (ref,) = refs
        board = COMMUNITY + ref.native_id
        try:
            new, after, has_more = notes_after(api, Walk.parse(ref.cursor), board)
        except GoneError:
            return ObjectPage(items=(), ends=(ref.native_id,))
        except UnavailableError:
            who_am_i(api)  # refused as well: the access lacks a right
            return ObjectPage(items=(), ends=(ref.native_id,))
        items = [item for note in new for item in _thread(api, {"note": note, "board": board})]
        again = Again(after_seconds=0 if has_more else EVERY, cursor=after.text())
        return ObjectPage(items=with_people(api, items), again={ref.native_id: again})

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from records(item, account)


def _thread(api: Api, root: Item) -> list[Item]:
    try:
        return whole(api, ref_of(Payload(root)), root)
    except GoneError:  # deleted in this moment
        return []
    except PayloadError:
        return [root]  # makes no sense: to be quarantined


class Threads(ObjectStream):
    """Threads that stories tell of, and busy ones of other lists; the older one is, the more seldom it is read."""

    name = THREADS
    label = N_("Comments, answers and likes")

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        (ref,) = refs
        cursor = unpack(ref.cursor)
        asked = Ref.parse((ref.fetch_ref or "").split(" "))
        try:
            root = single(api, asked)
            at = cursor.optional_text("next")
            if at is None and sign(root) == cursor.optional_text("looks") and not _is_early(api, cursor):
                return _later(api, ref, root, ())
            part = part_of(api, asked, root, at)
        except GoneError:
            return ObjectPage(items=(), gone=(ref.native_id,))
        items = with_people(api, part.items)
        if part.next is None:
            return _later(api, ref, root, items)
        again = Again(after_seconds=0, cursor=pack({"next": part.next}))
        return ObjectPage(items=items, again={ref.native_id: again})

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from records(item, account)


def _is_early(api: Api, cursor: Payload) -> bool:
    """Whether something asked for it before its time: then likes of comments may have come, which show nowhere."""
    due = cursor.optional_time("due")
    return due is None or api.now() < due - EARLY


def _later(api: Api, ref: ObjectRef, root: Item, items: tuple[Item, ...]) -> ObjectPage:
    """A thread that was read to its end, and when to look again."""
    age = api.now() - (changed_at(root.get("post") or root["note"]) or api.now())
    if age > timedelta(days=WATCHED_DAYS):
        return ObjectPage(items=items, ends=(ref.native_id,))
    wait = min(max(age.total_seconds() / 8, HOUR), LATEST)
    due = api.now() + timedelta(seconds=wait)
    cursor = pack({"looks": sign(root), "due": due.isoformat()})
    return ObjectPage(items=items, again={ref.native_id: Again(after_seconds=wait, cursor=cursor)})
