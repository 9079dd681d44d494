"""A contact's timeline: newest first, 50 at a time, over all profiles linked with the contact.

One limited query per profile, each along the index (party_id, occurred_at, id), then merged. So the first page costs
the same at a thousand and at a million interactions. What a role may see is decided in `sight`; of what it may not
see nothing leaves this module but that it is there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import merge
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, raiseload

from scrm.models import EntryState, Interaction, Profile, TimelineEntry
from scrm.policy import OF_PRIVATE
from scrm.reading import answers
from scrm.reading.sight import Around, Sight
from scrm.records import Direction
from scrm.web.timeline_query import PAGE, Filter, Position, Reader, rows_of

__all__ = ["PAGE", "Filter", "Hidden", "Item", "Page", "Position", "Reader", "fold", "read", "thread"]

MOST_PROFILES: Final = 40
ANCESTORS: Final = 3  # posts of the thread folded under an answer; the whole thread is one click away
THREAD: Final = 100


@dataclass(frozen=True, kw_only=True)
class Item:
    """One interaction as it may be shown."""

    interaction: Interaction
    author: Profile | None
    sight: Sight
    entry: TimelineEntry | None = None
    before: Sequence["Item | Hidden"] = field(default=())  # the posts it answers, oldest first
    has_thread: bool = False
    is_unanswered: bool = False  # a question that nobody of us answered
    earlier: Sequence["Item"] = field(default=())  # of the same thread on this page, newest first

    @property
    def occurred_at(self) -> datetime:
        return self.interaction.occurred_at

    @property
    def is_ours(self) -> bool:
        return self.interaction.direction == Direction.OUT

    @property
    def entry_state(self) -> str:
        """written, waiting, held, parked, withdrawn, or nothing when no entry is wanted."""
        row = self.entry
        if row is None:
            return ""
        if row.state == EntryState.DONE:
            return "written" if row.is_wanted else "withdrawn"
        return {EntryState.TODO.value: "waiting", EntryState.HELD.value: "held"}.get(row.state, "parked")


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """Some interactions that the role may not see."""

    count: int
    is_private: bool  # said in private; else in a closed community
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True)
class Page:
    """Items, newest first, and where the next page begins."""

    items: Sequence[Item | Hidden]
    older: Position | None
    newer: Position | None = None


def read(db: Session, profiles: Sequence[Profile], wanted: Filter, begin: Position | None, reader: Reader) -> Page:
    """One page of the timeline of these profiles."""
    mine = [row for row in profiles if not wanted.network or row.network == wanted.network][:MOST_PROFILES]
    is_upward = begin is not None and begin.is_upward
    lists = [rows_of(db, row, wanted, begin, reader) for row in mine]
    ordered = merge(*lists, key=lambda row: (row.occurred_at, row.id), reverse=not is_upward)
    rows = [row for row, _number in zip(ordered, range(PAGE + 1), strict=False)]
    has_more = len(rows) > PAGE
    if is_upward and not has_more:
        return read(db, profiles, wanted, None, reader)  # the newest page, and a full one
    rows = rows[:PAGE][::-1] if is_upward else rows[:PAGE]
    older = Position.of(rows[-1]) if rows and (has_more or is_upward) else None
    newer = replace(Position.of(rows[0]), is_upward=True) if rows and begin is not None else None
    items = _dress(db, rows, profiles, reader)
    if wanted.asks_for_contents:  # what the query left out already, row by row
        items = [item for item in items if isinstance(item, Item)]
    if wanted.words or wanted.is_open:
        items = [item for item in items if isinstance(item, Item) and item.sight.text]
    return Page(items=items, older=older, newer=newer)


def fold_threads(items: Sequence[Item | Hidden]) -> list[Item | Hidden]:
    """What belongs to one thread stands at its newest item, once."""
    heads: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        if isinstance(item, Item) and item.interaction.thread_key is not None:
            heads.setdefault((item.interaction.network, item.interaction.thread_key), []).append(item)
    folded: list[Item | Hidden] = []
    for item in items:
        row = item.interaction if isinstance(item, Item) else None
        mine = heads.get((row.network, row.thread_key or ""), []) if row else []
        if not isinstance(item, Item) or len(mine) < 2:
            folded.append(item)
        elif mine[0] is item:
            shown = {one.interaction.id for one in mine}
            before = [one for one in mine[-1].before if isinstance(one, Hidden) or one.interaction.id not in shown]
            folded.append(replace(item, earlier=mine[1:], before=before))
    return folded


def fold(items: Iterable[Item | Hidden]) -> list[Item | Hidden]:
    """Items with neighbors that are hidden for the same reason counted together."""
    folded: list[Item | Hidden] = []
    for item in items:
        last = folded[-1] if folded else None
        if isinstance(item, Hidden) and isinstance(last, Hidden) and item.is_private == last.is_private:
            folded[-1] = replace(last, count=last.count + item.count)
        else:
            folded.append(item)
    return folded


def thread(db: Session, row: Interaction, reader: Reader) -> Sequence[Item | Hidden]:
    """The thread of one interaction, oldest first; just itself when it has none. Nothing when it may not be seen."""
    if Around.of(db, [row]).see(row, reader.role, reader.now).is_hidden:
        return ()
    if row.thread_key is None:
        return _dress(db, [row], (), reader, with_parents=False)
    found = db.scalars(
        select(Interaction)
        .where(Interaction.network == row.network, Interaction.thread_key == row.thread_key)
        .options(raiseload("*"))
        .order_by(Interaction.occurred_at, Interaction.id)
        .limit(THREAD)
    ).all()
    rows = list(found) if any(other.id == row.id for other in found) else [*found, row]
    return fold(_dress(db, rows, (), reader, with_parents=False))


def _dress(
    db: Session, rows: Sequence[Interaction], known: Sequence[Profile], reader: Reader, *, with_parents: bool = True
) -> list[Item | Hidden]:
    """Add authors, states of the entries and the posts answered: five to eight queries for any number of rows."""
    parents = _ancestors(db, rows) if with_parents else {}
    around = Around.of(db, [*rows, *parents.values()])
    authors = _authors(db, [*rows, *parents.values()], known)
    entries = _entries(db, [row.id for row in rows])
    still_open = answers.unanswered(db, rows)

    def item(row: Interaction, before: Sequence[Item | Hidden] = ()) -> Item | Hidden:
        sight = around.see(row, reader.role, reader.now)
        if sight.is_hidden:
            return Hidden(count=1, is_private=sight.audience == OF_PRIVATE, occurred_at=row.occurred_at)
        return Item(
            interaction=row,
            author=authors.get(row.profile_id),
            sight=sight,
            entry=entries.get(row.id),
            before=before,
            has_thread=row.thread_key is not None and row.in_reply_to is not None,
            is_unanswered=row.id in still_open and bool(sight.text),
        )

    return [item(row, fold(item(parent) for parent in _chain(row, parents))) for row in rows]


Address = tuple[str, str, str]  # network, scope, native id


def _parent_of(row: Interaction) -> Address | None:
    return (row.network, row.scope, row.in_reply_to) if row.in_reply_to else None


def _ancestors(db: Session, rows: Sequence[Interaction]) -> dict[Address, Interaction]:
    """The posts that these answer, a few generations up."""
    found: dict[Address, Interaction] = {(row.network, row.scope, row.native_id): row for row in rows}
    youngest: Sequence[Interaction] = rows
    for _generation in range(ANCESTORS):
        missing = {address for row in youngest if (address := _parent_of(row)) and address not in found}
        if not missing:
            break
        youngest = _by_address(db, missing)
        found.update({(row.network, row.scope, row.native_id): row for row in youngest})
    return found


def _by_address(db: Session, missing: set[Address]) -> Sequence[Interaction]:
    by_home: dict[tuple[str, str], list[str]] = {}
    for network, scope, native_id in missing:
        by_home.setdefault((network, scope), []).append(native_id)
    rows: list[Interaction] = []
    for (network, scope), ids in by_home.items():
        rows += db.scalars(
            select(Interaction)
            .where(Interaction.network == network, Interaction.scope == scope, Interaction.native_id.in_(ids))
            .options(raiseload("*"))
        )
    return rows


def _chain(row: Interaction, parents: Mapping[Address, Interaction]) -> list[Interaction]:
    chain: list[Interaction] = []
    address = _parent_of(row)
    while address is not None and address in parents and len(chain) < ANCESTORS:
        parent = parents[address]
        if parent is row or parent in chain:
            break  # an answer to itself, or a circle
        chain.insert(0, parent)
        address = _parent_of(parent)
    return chain


def _authors(db: Session, rows: Sequence[Interaction], known: Sequence[Profile]) -> dict[int, Profile]:
    found = {row.id: row for row in known}
    missing = {row.profile_id for row in rows} - found.keys()
    if missing:
        found.update({row.id: row for row in db.scalars(select(Profile).where(Profile.id.in_(missing)))})
    return found


def _entries(db: Session, ids: Sequence[int]) -> dict[int, TimelineEntry]:
    if not ids:
        return {}
    rows = db.scalars(select(TimelineEntry).where(TimelineEntry.interaction_id.in_(ids)))
    return {row.interaction_id: row for row in rows if row.interaction_id is not None}
