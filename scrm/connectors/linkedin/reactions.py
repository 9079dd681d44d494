"""Reactions to our posts, newest first.

reactions-api (learn.microsoft.com/linkedin, read 2026-11-23; the list's form by others' clients). A reaction costs
nothing, a name costs a call of the day's: of a crowd only the newest few are asked for.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial

from scrm.connectors.base import Account, Again, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.linkedin.people import people
from scrm.connectors.linkedin.translation import Place, reaction_records
from scrm.connectors.linkedin.watching import HISTORY, REACTIONS, pause_after, place_in, visited
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.connectors.restli import Item, Window, milliseconds, part_of, record, stamp, whole_number
from scrm.i18n import N_
from scrm.records import Record

COUNT = 50
NAMED = 10  # of those who reacted since the last time
MOST_PAGES = 20
NEWEST = "q=entity&sort=(value:REVERSE_CHRONOLOGICAL)"


class Reactions(ObjectStream):
    """One part of each post's reactions at a time."""

    name = REACTIONS
    label = N_("Reactions")
    batch = 5

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        return visited(refs, partial(_visit, api))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from reaction_records(item, account)


def _visit(api: Api, ref: ObjectRef) -> tuple[list[Item], Again | None]:
    fields, place, now = unpack(ref.cursor), place_in(ref), api.now()
    window = Window.parse(fields, since=now - HISTORY)
    begun = whole_number(fields, "begun") or milliseconds(now)
    found, following = _part(api, place, place.post, window, whole_number(fields, "start") or 0)
    if following is None:
        window.close()
    stands = {"begun": str(begun), "start": None if following is None else str(following)}
    pause = timedelta() if following is not None else pause_after(max(begun, window.head or 0), now)
    if pause is None:
        return found, None
    return found, Again(after_seconds=pause.total_seconds(), cursor=pack(window.fields() | stands))


def list_of(urn: str) -> str:
    """Where the reactions to a post or a comment are listed."""
    return f"/rest/reactions/{record({'entity': urn})}"


def reactions_to(api: Api, place: Place, target: str, window: Window) -> Iterator[Item]:
    """The reactions to something that are new; raises GoneError."""
    start: int | None = 0
    for _ in range(MOST_PAGES):
        if start is None:
            return
        found, start = _part(api, place, target, window, start)
        yield from found


def _part(api: Api, place: Place, target: str, window: Window, start: int) -> tuple[list[Item], int | None]:
    """What is new on one page, and where the next one begins, unless it would hold nothing new."""
    part = part_of(api, list_of(target), NEWEST, start=start, count=COUNT)
    fresh = [one for one in part.items if window.takes_item(one, "id", "created", "time")]
    shown = people(api, [urn for one in fresh[: NAMED if not start else 0] if (urn := _actor(one))])
    items = []
    for one in fresh:
        author = shown.get(_actor(one) or "")
        known = {"author": author} if author else {}
        items.append({"reaction": one, "on": place.item(), "target": target, **known})
    times = [at for one in part.items if (at := stamp(one, "created", "time")) is not None]
    is_known = bool(times) and min(times) <= window.mark
    return items, None if is_known else part.next


def _actor(reaction: Item) -> str | None:
    created = reaction.get("created")
    actor = created.get("actor") if isinstance(created, dict) else None
    return actor if isinstance(actor, str) else None
