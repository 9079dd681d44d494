"""Reactions to our posts, newest first.

reactions-api (learn.microsoft.com/linkedin, read 2026-11-23; the list's form by others' clients). A reaction costs
nothing, a name costs a call of the day's: of a crowd only the newest few are asked for.
"""

from collections.abc import Iterator, Sequence

from scrm.connectors.base import Account, Again, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.linkedin.people import people
from scrm.connectors.linkedin.translation import Place, reaction_records
from scrm.connectors.linkedin.watching import HISTORY, REACTIONS, pause_after, place_in
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.connectors.restli import Item, Window, milliseconds, part_of, record, stamp, whole_number
from scrm.errors import GoneError
from scrm.i18n import N_
from scrm.records import Record

COUNT = 50
NAMED = 10  # of those who reacted since the last time
MOST_PAGES = 20
NEWEST = "q=entity&sort=(value:REVERSE_CHRONOLOGICAL)"


class Reactions(ObjectStream):
    """One part of one post's reactions at a time."""

    name = REACTIONS
    label = N_("Reactions")
    batch = 1

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        items: list[Item] = []
        gone, ends, again = [], [], {}
        for ref in refs:
            fields, place = unpack(ref.cursor), place_in(ref)
            window = Window.parse(fields, since=api.now() - HISTORY)
            begun = whole_number(fields, "begun") or milliseconds(api.now())
            try:
                found, following = _part(api, place, place.post, window, whole_number(fields, "start") or 0)
            except GoneError:
                gone.append(ref.native_id)
                continue
            items += found
            if following is None:
                window.close()
            pause = pause_after(window, begun, api.now())
            if following is None and pause is None:
                ends.append(ref.native_id)
                continue
            place_now = {"begun": str(begun), "start": None if following is None else str(following)}
            again[ref.native_id] = Again(
                after_seconds=0 if following is not None or pause is None else pause.total_seconds(),
                cursor=pack(window.fields() | place_now),
            )
        return ObjectPage(items=tuple(items), gone=tuple(gone), ends=tuple(ends), again=again)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from reaction_records(item, account)


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
