"""What became of things already read: edits, deletions, what was taken back.

Posts and comments are read by their ids. A message is looked for among the latest 20 of its conversation: asked for
by itself, an older one is answered with "deleted" though it is not (Meta's page "Conversations API", 2026-02-11).
Recommendations and reactions have no address of their own; their lists are read.

Error 100 with subcode 33 is told of what is gone, of what we may not see, and now and then of too many calls (Airbyte
retries it for that). Because a deletion here is for good, it is believed when it is told again ten minutes later.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from scrm.connectors.base import RECHECK, Account, Again, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.facebook.client import CLIENT, RefusedError, own_id
from scrm.connectors.facebook.conversations import REQUESTS_REST, conversation_items
from scrm.connectors.facebook.fields import COMMENT, CONVERSATION, POST, RATING, REACTION, Asked
from scrm.connectors.facebook.ratings import rating_id
from scrm.connectors.facebook.translation import (
    COMMENT_KIND,
    MESSAGE_KIND,
    POST_KIND,
    RATING_KIND,
    REACTION_KIND,
    comment_records,
    message_records,
    post_records,
    rating_records,
)
from scrm.connectors.graph import read_edge
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.errors import GoneError
from scrm.i18n import N_
from scrm.records import Record

CONFIRM_SECONDS = 600.0
CONFIRMED_FROM, CONFIRMED_UNTIL = timedelta(minutes=5), timedelta(days=1)  # after it was first missed
LIST_PAGE = "100"
MOST_PAGES = 25


@dataclass(kw_only=True)
class _Found:
    now: datetime
    items: list[dict[str, Any]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    again: dict[str, Again] = field(default_factory=dict)

    def miss(self, ref: ObjectRef) -> None:
        """Believe it when it was missed some minutes ago as well; the cursor says when."""
        first = unpack(ref.cursor).optional_time("missed_at") or self.now
        if CONFIRMED_FROM <= self.now - first <= CONFIRMED_UNTIL:
            self.gone.append(ref.native_id)
            return
        missed_at = self.now if self.now - first > CONFIRMED_UNTIL else first
        cursor = pack({"missed_at": missed_at.isoformat()})
        self.again[ref.native_id] = Again(after_seconds=CONFIRM_SECONDS, cursor=cursor)


class Recheck(ObjectStream):
    """Reads again what may have been edited, deleted or taken back."""

    name = RECHECK
    label = N_("Edits, deletions and what was taken back")
    batch = 20

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        found = _Found(now=api.now())
        together: dict[tuple[str, str], list[ObjectRef]] = {}
        for ref in refs:
            kind, _, rest = (ref.fetch_ref or "").partition(" ")
            if kind == POST_KIND:
                _read_node(api, ref, found, POST, {})
            elif kind == COMMENT_KIND:
                _read_node(api, ref, found, COMMENT, {"post": rest})
            elif kind in TOGETHER:
                together.setdefault((kind, rest.partition(" ")[0]), []).append(ref)
            else:
                found.ends.append(ref.native_id)
        for (kind, where), some in together.items():
            TOGETHER[kind](api, where, some, found)
        return ObjectPage(items=tuple(found.items), gone=tuple(found.gone), ends=tuple(found.ends), again=found.again)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        if item.has(COMMENT_KIND):
            yield from comment_records(item, account)
        elif item.has(MESSAGE_KIND):
            yield from message_records(item, account)
        elif item.has(RATING_KIND):
            yield from rating_records(item.child(RATING_KIND), account)
        else:
            yield from post_records(item.child(POST_KIND), account)


def _read_node(api: Api, ref: ObjectRef, found: _Found, asked: Asked, more: dict[str, str]) -> None:
    try:
        node = CLIENT.json(api, f"/{ref.native_id}", {"fields": asked.text})
    except GoneError:
        found.miss(ref)
    except RefusedError:
        found.ends.append(ref.native_id)
    else:
        found.items.append({COMMENT_KIND if asked is COMMENT else POST_KIND: node, **more})


def _read_messages(api: Api, psid: str, refs: Sequence[ObjectRef], found: _Found) -> None:
    """Gone is what is missing among messages that are older and newer than it, or all that there are."""
    params = [("platform", "messenger"), ("user_id", psid), ("fields", CONVERSATION.text), ("limit", "1")]
    rows = read_edge(CLIENT, api, f"/{own_id(api)}/conversations", params).rows
    items = {Payload(one["message"]).text("id"): one for row in rows for one in conversation_items(api, row)}
    times = [Payload(item["message"]).time("created_time").timestamp() for item in items.values()]
    is_whole = sum(row.number("message_count") or 0 for row in rows) <= len(items)
    for ref in refs:
        written = int((ref.fetch_ref or "").rpartition(" ")[2])
        if ref.native_id in items:
            found.items.append(items[ref.native_id])
        elif not rows and found.now.timestamp() - written < REQUESTS_REST.total_seconds():
            found.miss(ref)  # the whole conversation
        elif times and (is_whole or written > min(times)):
            found.gone.append(ref.native_id)
        else:
            found.ends.append(ref.native_id)  # out of sight, and nothing is known of it


def _read_ratings(api: Api, _where: str, refs: Sequence[ObjectRef], found: _Found) -> None:
    wanted = {ref.native_id for ref in refs}
    rows, is_complete = _find(api, f"/{own_id(api)}/ratings", RATING.text, wanted, rating_id)
    found.items += [{RATING_KIND: row.raw()} for row in rows.values()]
    if is_complete:
        found.gone += [ref.native_id for ref in refs if ref.native_id not in rows]


def _read_reactions(api: Api, object_id: str, refs: Sequence[ObjectRef], found: _Found) -> None:
    """Whoever is not on the complete list has taken the reaction back. Who is on it tells nothing new."""
    authors = {ref.native_id: (ref.fetch_ref or "").rpartition(" ")[2] for ref in refs}
    try:
        rows, is_complete = _find(api, f"/{object_id}/reactions", REACTION.text, set(authors.values()), _author_id)
    except GoneError:
        for ref in refs:
            found.miss(ref)
    except RefusedError:
        found.ends += authors
    else:
        if is_complete:
            found.gone += [native for native, author in authors.items() if author not in rows]


def _author_id(row: Payload) -> str:
    return row.optional_text("id") or ""


def _find(
    api: Api, path: str, fields: str, wanted: set[str], id_of: Callable[[Payload], str]
) -> tuple[dict[str, Payload], bool]:
    """Those of a list that are wanted, and whether the others are surely not on it: the list may be too long."""
    found: dict[str, Payload] = {}
    place, params = path, [("fields", fields), ("limit", LIST_PAGE)]
    for _ in range(MOST_PAGES):
        page = read_edge(CLIENT, api, place, params)
        found |= {native: row for row in page.rows if (native := id_of(row)) in wanted}
        if page.next is None or found.keys() == wanted:
            return found, True
        place, params = page.next, []
    return found, False


TOGETHER: Mapping[str, Callable[[Api, str, Sequence[ObjectRef], _Found], None]] = {
    MESSAGE_KIND: _read_messages,
    REACTION_KIND: _read_reactions,
    RATING_KIND: _read_ratings,
}
