"""Messages between the page and people, by the conversations that were updated last.

Meta's pages "Page Conversations" (v25) and "Conversations API" (2026-02-11), read 2026-11-23: no paging by time,
details of the latest 20 messages of a conversation only, no message requests that rested for more than 30 days.
`updated_after_ms` stands in Meta's own library from v26.0 on.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from scrm.connectors.base import Account, Api, Gap, Page, Stream
from scrm.connectors.facebook.client import CLIENT, own_id
from scrm.connectors.facebook.fields import CONVERSATION, MESSAGES_WITH_DETAILS, NAMES
from scrm.connectors.facebook.position import Entry, Walk, step
from scrm.connectors.facebook.translation import message_records
from scrm.connectors.graph import VERSION
from scrm.connectors.payload import Payload
from scrm.errors import GoneError, PayloadError
from scrm.i18n import N_
from scrm.records import Record

Item = dict[str, Any]

OVERLAP = timedelta(minutes=10)
PAGE_SIZE = "10"  # of up to 20 messages each
KNOWS_UPDATED_AFTER = (26, 0)
REQUESTS_REST = timedelta(days=30)
OLDER = N_("Of a conversation, Facebook shows the latest 20 messages only.")
REQUESTS = N_("Facebook does not show message requests that nobody touched for 30 days.")


class Conversations(Stream):
    """What people write to the page in private, and what it answers."""

    name = "conversations"
    label = N_("Private messages")
    every_seconds = 600

    def read(self, api: Api, cursor: str | None) -> Page:
        before = Walk.parse(cursor, OVERLAP)
        params = [("platform", "messenger"), ("fields", CONVERSATION.text), ("limit", PAGE_SIZE)]
        if before.since is not None and _version(api) >= KNOWS_UPDATED_AFTER:
            params.append(("updated_after_ms", str(int(before.since.timestamp() * 1000))))
        page, walk = step(api, before, f"/{own_id(api)}/conversations", params)
        items: list[Item] = []
        entries: list[Entry] = []
        hidden: list[datetime] = []
        for conversation in page.rows:
            found = conversation_items(api, conversation)
            updated_at = conversation.time("updated_time")
            entries.append(Entry.of(conversation.text("id"), updated_at))
            items += [item for item in found if walk.is_fresh(_entry(item))]
            entries += [_entry(item) for item in found]
            hidden += _hidden(conversation, walk)
        is_past = any(walk.is_past(one.time("updated_time")) for one in page.rows)
        after = walk.after(entries, None if is_past else page.next)
        has_more = after.next is not None or after.mark != walk.mark  # once more for what came meanwhile
        gaps = _gaps(api, walk, hidden, is_last=not has_more or after.next is None)
        return Page(items=tuple(items), cursor=after.text(), has_more=has_more, gaps=gaps)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from message_records(item, account)


def conversation_items(api: Api, conversation: Payload) -> list[Item]:
    """The messages of a conversation that have details, each with the person whom it is with."""
    own = own_id(api)
    listed = conversation.optional_child("participants")
    others = [one for one in listed.children("data") if one.optional_text("id") != own] if listed else []
    other = _named(api, others[0]) if others else None
    messages = conversation.optional_child("messages")
    return [
        {"message": one.raw(), "conversation": conversation.text("id"), "with": other}
        for one in (messages.children("data") if messages else ())
        if one.has("from")
    ]


def _named(api: Api, who: Payload) -> Item:
    """Somebody with a name: asked for by itself where the conversation does not tell it."""
    native, name = who.optional_text("id"), who.optional_text("name")
    if native and not name:
        try:
            told = Payload(CLIENT.json(api, f"/{native}", {"fields": NAMES.text}), "person")
        except GoneError:
            return who.raw()
        parts = [told.optional_text(one) for one in NAMES.names]
        return {**who.raw(), "name": " ".join(part for part in parts if part) or None}
    return who.raw()


def _entry(item: Item) -> Entry:
    message = Payload(item["message"], "message")
    return Entry.of(message.text("id"), message.time("created_time"))


def _hidden(conversation: Payload, walk: Walk) -> Iterator[datetime]:
    """The time before which messages of a conversation are out of reach, if some of them were never read."""
    messages = conversation.optional_child("messages")
    told = [one for one in messages.children("data") if one.has("from")] if messages else []
    times = [one.time("created_time") for one in told]
    count = conversation.number("message_count") or 0
    if len(times) >= MESSAGES_WITH_DETAILS and count > len(times) and not walk.is_past(min(times)):
        yield min(times)


def _gaps(api: Api, walk: Walk, hidden: list[datetime], *, is_last: bool) -> tuple[Gap, ...]:
    gaps = []
    if hidden:
        gaps.append(Gap(since=walk.since, until=max(hidden), reason=OLDER))
    if is_last and walk.mark is None:
        gaps.append(Gap(since=None, until=api.now() - REQUESTS_REST, reason=REQUESTS))
    return tuple(gaps)


def _version(api: Api) -> tuple[int, int]:
    major, _, minor = api.app.get("version", VERSION).removeprefix("v").partition(".")
    try:
        return int(major), int(minor)
    except ValueError:
        raise PayloadError("expected a version like v26.0", network=api.network) from None
