"""Edits and deletions. Nothing tells that a comment was deleted, so every stored object is read again.

That an object is gone is told with the same code as that a call was one too many or that we may not see it (from
memory; airbyte-source-instagram 4.1.0 tries it again). It counts only when a second look agrees, and only for what
stands where we may see everything. A message is gone when its conversation no longer lists it; that a message has no
details any more says nothing. Requests that nobody answered are no longer listed after 30 quiet days.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scrm.connectors.base import RECHECK, Account, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.graph import read_edge
from scrm.connectors.instagram.client import CLIENT, MEDIA, Item, moment, node
from scrm.connectors.instagram.media import PARAMS, TIME
from scrm.connectors.instagram.messages import conversation_with
from scrm.connectors.instagram.told import comment_now, item_records, mentioned_comment, mentioned_media
from scrm.connectors.instagram.translation import ANYWHERE, MENTIONED, MESSAGES, OWN, TAGGED
from scrm.connectors.payload import Payload
from scrm.errors import GoneError, UnavailableError
from scrm.i18n import N_
from scrm.records import Record

MOST_PAGES = 10  # of tags, for one batch
REQUESTS_STAY = timedelta(days=29)  # of 30, so that a difference of clocks deletes nothing


@dataclass(kw_only=True)
class _Seen:
    items: list[Item] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)


class Recheck(ObjectStream):
    """Every stored object as it is now."""

    name = RECHECK
    label = N_("Edits and deletions")
    batch = 10

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        seen = _Seen()
        tagged: dict[str, datetime] = {}
        messages: dict[str, dict[str, datetime]] = {}
        for ref in refs:
            what, _, where = (ref.fetch_ref or "").partition(" ")
            if what == TAGGED:
                tagged[ref.native_id] = moment(where)
            elif what == MESSAGES:
                person, _, at = where.partition(" ")
                messages.setdefault(person, {})[ref.native_id] = moment(at)
            else:
                _look(api, seen, ref.native_id, what, where)
        for person, times in messages.items():
            _look_at_messages(api, seen, person, times)
        if tagged:
            _look_at_tags(api, seen, tagged)
        return ObjectPage(items=tuple(seen.items), gone=tuple(seen.gone), ends=tuple(seen.ends))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from item_records(item, account)


def _look(api: Api, seen: _Seen, native_id: str, what: str, where: str) -> None:
    ways: dict[str, Callable[[], Item]] = {
        OWN: lambda: comment_now(api, native_id) if where else _own_media(api, native_id),
        ANYWHERE: lambda: _comment_anywhere(api, native_id, where),
        MENTIONED: lambda: mentioned_media(api, native_id),
    }
    if what not in ways:  # a message that was told of before anybody knew with whom
        seen.ends.append(native_id)
        return
    try:
        seen.items.append(_twice(ways[what]))
    except GoneError:
        seen.gone.append(native_id)
    except UnavailableError:
        if what == OWN:
            raise
        seen.ends.append(native_id)  # the host does not offer the field


def _twice(look: Callable[[], Item]) -> Item:
    try:
        return look()
    except GoneError:
        return look()


def _own_media(api: Api, native_id: str) -> Item:
    return {"media": node(api, native_id, MEDIA).raw(), "is_own": True}


def _comment_anywhere(api: Api, native_id: str, media_id: str) -> Item:
    """A comment that was told of. Raises GoneError if it stood below a post of ours or named us elsewhere."""
    try:
        return comment_now(api, native_id)
    except GoneError:
        if _is_ours(api, media_id):
            raise
        return mentioned_comment(api, native_id)


def _is_ours(api: Api, media_id: str) -> bool:
    try:
        node(api, media_id, "id")
    except GoneError:
        return False
    return True


def _look_at_messages(api: Api, seen: _Seen, person: str, times: dict[str, datetime]) -> None:
    found = conversation_with(api, person)
    if found is None:  # a young message keeps its conversation on the list, so one that is young was taken back
        gone = [native_id for native_id, at in times.items() if api.now() - at < REQUESTS_STAY]
        seen.gone += gone
        seen.ends += [native_id for native_id in times if native_id not in gone]
        return
    seen.items += found
    listed = {Payload(item["message"]).text("id") for item in found}
    missing = [native_id for native_id in times if native_id not in listed]
    if missing:
        seen.gone += _unlisted(api, person, missing)


def _unlisted(api: Api, person: str, ids: Sequence[str]) -> list[str]:
    """Those that the whole conversation does not list, older messages without details included."""
    params = [("platform", "instagram"), ("user_id", person), ("fields", "id")]
    missing = dict.fromkeys(ids)
    for conversation in read_edge(CLIENT, api, "/me/conversations", params).rows:
        path: str | None = f"/{conversation.text('id')}/messages"
        asked = [("fields", "id"), ("limit", "100")]
        while path is not None and missing:
            page = read_edge(CLIENT, api, path, asked)
            for row in page.rows:
                missing.pop(row.text("id"), None)
            path, asked = page.next, []
    return list(missing)


def _look_at_tags(api: Api, seen: _Seen, tagged: dict[str, datetime]) -> None:
    """The list of tags down to the oldest that is asked for; what is not in it is gone."""
    missing, oldest = dict(tagged), min(tagged.values())
    path: str | None = "/me/tags"
    asked: Sequence[tuple[str, str]] = PARAMS
    for _ in range(MOST_PAGES):
        if path is None or not missing:
            break
        page = read_edge(CLIENT, api, path, asked)
        for row in page.rows:
            if missing.pop(row.text("id"), None):
                seen.items.append({"media": row.raw(), "is_tagged": True})
        is_below = bool(page.rows) and page.rows[-1].time(TIME) < oldest
        path, asked = None if is_below else page.next, ()
    if path is None:
        seen.gone += missing
