"""Conversations, and the profiles that a message to us opens.

Of a conversation the network shows details of the 20 newest messages only, and none at all once a request that was
never answered has been quiet for 30 days (Meta's page "Conversations API", updated 2026-02-11, read 2026-11-23). A
person's name is shown after they wrote to us (page "User Profile API").
"""

from collections.abc import Iterator, Sequence

from scrm.connectors.base import Account, Api, Gap, ObjectPage, ObjectRef, ObjectStream, Page, Stream, WatchOrder
from scrm.connectors.graph import next_of, read_edge
from scrm.connectors.instagram.client import CLIENT, MESSAGE, PERSON, Item, newest_page, node
from scrm.connectors.instagram.translation import author_of, message_records, person
from scrm.connectors.payload import Payload
from scrm.errors import GoneError
from scrm.i18n import N_
from scrm.records import Record

PEOPLE = "people"
DETAILED = 20
CONVERSATIONS = 5  # a page: each brings its messages along
FIELDS = f"id,updated_time,messages.limit({DETAILED}){{{MESSAGE}}}"
PARAMS = (("platform", "instagram"), ("fields", FIELDS), ("limit", str(CONVERSATIONS)))
TIME = "updated_time"
OUT_OF_REACH = N_("Instagram shows only the 20 newest messages of a conversation.")


class Conversations(Stream):
    """Conversations as they were last written in, each with its newest messages."""

    name = "conversations"
    label = N_("Private messages")

    def read(self, api: Api, cursor: str | None) -> Page:
        rows, after, has_more = newest_page(api, cursor, TIME, "/me/conversations", PARAMS)
        items = tuple(item for row in rows for item in messages_in(row))
        gaps = [gap for row in rows if (gap := _gap(api, row))]
        return Page(items=items, cursor=after.text(), has_more=has_more, gaps=tuple(gaps))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from message_records(item.child("message"), account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        message = item.child("message")
        if message.has("from"):
            yield from person_order(author_of(message, account).key.native_id, account)


class People(ObjectStream):
    """The profiles of people who wrote to us; asking for anybody else's is refused."""

    name = PEOPLE
    label = N_("Profiles of people who write to you")
    batch = 5

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        items = []
        for ref in refs:
            try:
                items.append({"person": node(api, ref.native_id, PERSON).raw()})
            except GoneError:  # they blocked us, or never wrote: what they said stays
                continue
        return ObjectPage(items=tuple(items), ends=tuple(ref.native_id for ref in refs))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield person(item.child("person"), account)


def person_order(native_id: str, account: Account) -> Iterator[WatchOrder]:
    """Have the profile read of somebody who wrote to us."""
    if native_id != account.key.native_id:
        yield WatchOrder(stream=PEOPLE, native_id=native_id, fetch_ref=None, after_seconds=0)


def messages_in(conversation: Payload) -> Iterator[Item]:
    """The messages that came with their conversation."""
    edge = conversation.optional_child("messages")
    if edge is not None:
        yield from ({"message": row.raw()} for row in edge.children("data"))


def conversation_with(api: Api, native_id: str) -> list[Item] | None:
    """The newest messages between us and a person; None when the network lists no such conversation."""
    page = read_edge(CLIENT, api, "/me/conversations", [*PARAMS, ("user_id", native_id)])
    return [item for row in page.rows for item in messages_in(row)] if page.rows else None


def _gap(api: Api, conversation: Payload) -> Gap | None:
    """What lies before the oldest message with details, where there is more."""
    edge = conversation.optional_child("messages")
    if edge is None or next_of(api, edge) is None:
        return None
    times = [row.time("created_time") for row in edge.children("data")]
    return Gap(since=None, until=min(times), reason=OUT_OF_REACH) if times else None
