"""What the webhook told of, read once for its time and whatever else it did not tell.

Comments below our posts are nodes of their own. Those elsewhere that name us, and captions that do, are shown by the
fields `mentioned_comment` and `mentioned_media`; Meta describes these for the other login only, though many apps ask
for them with this one (names from its Python SDK 26.0.3, the form of the call from third parties, read 2026-11-23).
Where they are not offered, what was told is all there is.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from scrm.connectors.base import Account, Api, ObjectPage, ObjectRef, ObjectStream, WatchOrder
from scrm.connectors.instagram.client import COMMENT, MEDIA, WRITTEN, Item, node, own_account
from scrm.connectors.instagram.messages import conversation_with
from scrm.connectors.instagram.translation import (
    ANYWHERE,
    MENTIONED,
    MESSAGES,
    comment_records,
    media_records,
    message_records,
)
from scrm.connectors.payload import Payload
from scrm.errors import GoneError, UnavailableError
from scrm.i18n import N_
from scrm.records import Record

TOLD = "told"


class Told(ObjectStream):
    """Objects that a webhook named."""

    name = TOLD
    label = N_("Comments and mentions that Instagram tells of")
    batch = 5

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        items: list[Item] = []
        for ref in refs:
            what, _, where = (ref.fetch_ref or "").partition(" ")
            with suppress(GoneError):  # gone before we looked
                items += _found(api, ref.native_id, what, where)
        return ObjectPage(items=tuple(items), ends=tuple(ref.native_id for ref in refs))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from item_records(item, account)


def _found(api: Api, native_id: str, what: str, where: str) -> list[Item]:
    if what == MESSAGES:
        return conversation_with(api, where) or []
    if what == MENTIONED:
        return _if_offered(mentioned_media, api, native_id)
    try:
        return [_with_answered(api, comment_now(api, native_id))]
    except GoneError:
        return _if_offered(mentioned_comment, api, native_id)


def _if_offered(look: Callable[[Api, str], Item], api: Api, native_id: str) -> list[Item]:
    try:
        return [look(api, native_id)]
    except UnavailableError:
        return []


def _with_answered(api: Api, item: Item) -> Item:
    """Our own answer stands on the timeline of whom it answers."""
    comment = Payload(item["comment"], "comment")
    parent, author = comment.optional_text("parent_id"), comment.optional_child("from")
    if parent and author and author.optional_text("id") == own_account(api).key.native_id:
        item["parent"] = node(api, parent, WRITTEN).raw()
    return item


def item_records(item: Payload, account: Account) -> Iterator[Record]:
    """Records of an object that was read by itself, whatever it is."""
    if item.has("comment"):
        yield from comment_records(item, account)
    elif item.has("message"):
        yield from message_records(item.child("message"), account)
    else:
        yield from media_records(item, account)


def comment_now(api: Api, native_id: str) -> Item:
    """A comment below a medium of ours. Raises GoneError."""
    comment = node(api, native_id, COMMENT)
    return {"comment": comment.raw(), "media": comment.child("media").raw(), "is_own": True}


def mentioned_comment(api: Api, native_id: str) -> Item:
    """A comment elsewhere that names us. Raises GoneError, UnavailableError where the field is not offered."""
    found = node(api, "me", f"mentioned_comment.comment_id({native_id}){{{COMMENT}}}").child("mentioned_comment")
    return {"comment": found.raw(), "media": found.child("media").raw()}


def mentioned_media(api: Api, native_id: str) -> Item:
    """A medium whose caption names us. Raises GoneError, UnavailableError where the field is not offered."""
    found = node(api, "me", f"mentioned_media.media_id({native_id}){{{MEDIA}}}").child("mentioned_media")
    return {"media": found.raw()}


def comment_order(value: Payload) -> Iterator[WatchOrder]:
    yield WatchOrder(stream=TOLD, native_id=value.text("id"), fetch_ref=ANYWHERE, after_seconds=0)


def mention_order(value: Payload) -> Iterator[WatchOrder]:
    """`mentions` names a comment and its medium, or a medium alone."""
    comment_id = value.optional_text("comment_id")
    native_id, what = (comment_id, ANYWHERE) if comment_id else (value.text("media_id"), MENTIONED)
    yield WatchOrder(stream=TOLD, native_id=native_id, fetch_ref=what, after_seconds=0)


def message_order(native_id: str, person: str) -> Iterator[WatchOrder]:
    """A message that was edited: when it was written stands in the conversation only."""
    yield WatchOrder(stream=TOLD, native_id=native_id, fetch_ref=f"{MESSAGES} {person}", after_seconds=0)
