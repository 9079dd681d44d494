"""Read a list that comes newest first and may give empty pages on the way.

Lexicons app.bsky.notification.listNotifications and app.bsky.feed.getAuthorFeed (read 2026-11): the cursor is opaque,
and the list has ended only when there is none.
"""

import contextlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scrm.connectors.base import Api, Page
from scrm.connectors.bluesky.client import CLIENT
from scrm.connectors.bluesky.position import Entry, Position, digest
from scrm.connectors.payload import Payload
from scrm.errors import PayloadError, RetryLaterError

PAGE = 100
PORTION = 40  # items with their authors and what is to be watched make some 160 rows
MOST_EMPTY_PAGES = 10  # the network may filter out a whole page and still have more


def read_down(api: Api, cursor: str | None, nsid: str, params: Mapping[str, Any], field: str) -> Page:
    """One page that has items, of a list that comes newest first."""
    position = Position.parse(cursor)
    for _ in range(MOST_EMPTY_PAGES):
        paging = {"cursor": position.next} if position.next else {}
        answer = CLIENT.query(api, nsid, {**params, "limit": PAGE, **paging})
        if not answer.has(field):
            raise RetryLaterError("expected a list from the network", network=api.network)
        entries = [_entry(item.raw()) for item in answer.children(field)]
        next_ = answer.optional_text("cursor")
        if entries or next_ is None:
            break
        position = position.going_on(next_)
    else:
        raise RetryLaterError("the network gives only empty pages", network=api.network)
    fresh = position.fresh(entries)
    portion = fresh[:PORTION]
    after = position.after(entries, next_) if len(fresh) == len(portion) else position.amid(entries, portion)
    return Page(items=tuple(entry.item for entry in portion), cursor=after.text(), has_more=after.is_running)


def _entry(item: dict[str, Any]) -> Entry:
    """What tells an item of a list from others; an item that makes no sense goes on to be quarantined."""
    item.pop("isRead", None)  # changes when somebody looks at the app
    about = Payload(item)
    try:
        shared = about.optional_child("reason") if isinstance(item.get("reason"), dict) else None
        source = shared or about
        if not source.has("uri"):
            source = about.child("post")
        uri = source.text("uri")
        return Entry(digest=digest(uri), at=_sorted_at(source), item=item)
    except PayloadError:
        return Entry(digest=digest(repr(item)), at=None, item=item)


def _sorted_at(source: Payload) -> datetime | None:
    """By which time the network sorts it: the earlier of what is claimed and when it was seen."""
    times = [source.optional_time("indexedAt")]
    record = source.optional_child("record")
    with contextlib.suppress(PayloadError):
        times.append(record.optional_time("createdAt") if record else None)
    return min((at for at in times if at is not None), default=None)
