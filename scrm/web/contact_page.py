"""What stands on a contact's page, on ours and within a CRM: profiles, timeline, gaps, activity, what is new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final
from urllib.parse import urlencode

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from scrm.models import Contact, ContactVisit, Interaction, Words
from scrm.reading.sight import Belonging, belongings, community_for
from scrm.web import timeline
from scrm.web.activity import Activity, activity
from scrm.web.frame import zone
from scrm.web.gaps import Gap, between, gaps
from scrm.web.linked import Linked, linked, shown
from scrm.web.timeline import Filter, Hidden, Item, Page, Position, Reader

LATE: Final = timedelta(minutes=1)  # what was being stored while the page was read is new the next time, too
ASKED: Final = ("network", "kind", "community", "words", "open", "from", "to")


@dataclass(frozen=True, kw_only=True)
class Day:
    """What was said on one day."""

    items: Sequence[Item | Hidden]


@dataclass(frozen=True, kw_only=True)
class ContactPage:
    """One page of a contact's timeline with all that stands around it."""

    contact: Contact
    linked: Sequence[Linked]
    belongings: Mapping[int, Sequence[Belonging]]
    page: Page
    blocks: Sequence[Day | Gap]
    wanted: Filter
    asked: Mapping[str, str]
    begin: Position | None
    activity: Activity | None
    seen_at: datetime | None
    until: datetime  # what a reader of this page has seen

    @property
    def networks(self) -> list[str]:
        return sorted({row.profile.network for row in self.linked if row.objection is None})

    def is_new(self, item: Item) -> bool:
        """Whether it arrived since this person's last visit."""
        return self.seen_at is not None and item.interaction.received_at > self.seen_at - LATE

    def calls_for_a_look(self, items: Sequence[Item]) -> bool:
        """Whether something that is folded should stand open: it is new, or a question that waits."""
        return any(item.is_unanswered or (self.is_new(item) and not item.is_ours) for item in items)

    @property
    def count_new(self) -> int:
        """New ones on this page."""
        return sum(self.is_new(item) for item in self.page.items if isinstance(item, Item) and not item.is_ours)


def make(
    db: Session, contact: Contact, reader: Reader, asked: MultiDict[str, str], user_id: int | None
) -> ContactPage:
    """Read one page; `asked` is what stands in the address."""
    rows = linked(db, contact)
    profiles = shown(rows)
    wanted = _filter(db, reader, asked)
    begin = _begin(asked)
    page = timeline.read(db, profiles, wanted, begin, reader)
    visit = db.get(ContactVisit, (user_id, contact.id)) if user_id else None
    found = [] if wanted.asks_for_contents or wanted.community else gaps(db, _networks(rows, wanted), reader.now)
    today = reader.now.astimezone(zone()).date()
    return ContactPage(
        contact=contact,
        linked=rows,
        belongings=belongings(db, [row.id for row in profiles], reader.role),
        page=page,
        blocks=_blocks(page, begin if page.newer else None, found, wanted),
        wanted=wanted,
        asked={name: asked[name][:200] for name in ASKED if asked.get(name)},
        begin=begin if page.newer else None,
        activity=activity(db, [row.id for row in profiles], today, reader.now) if profiles else None,
        seen_at=visit.seen_at if visit else None,
        until=reader.now,
    )


def place_of(row: Interaction) -> str:
    """Where a page begins that has this interaction on top."""
    return str(Position(occurred_at=row.occurred_at, interaction_id=row.id + 1))


def _networks(rows: Sequence[Linked], wanted: Filter) -> set[str]:
    found = {row.profile.network for row in rows if row.objection is None}
    return found & {wanted.network} if wanted.network else found


def _begin(asked: MultiDict[str, str]) -> Position | None:
    after = Position.parse(asked.get("after", ""))
    if after is not None:
        return replace(after, is_upward=True)
    return Position.parse(asked.get("before", ""))


def _filter(db: Session, reader: Reader, asked: MultiDict[str, str]) -> Filter:
    first, last = _day(asked.get("from", "")), _day(asked.get("to", ""))
    return Filter(
        network=asked.get("network", "")[:40],
        kind=asked.get("kind", "")[:20],
        community=community_for(db, asked.get("community", ""), reader.role),
        words=Words.parse(asked.get("words", "")),
        is_open=asked.get("open") == "1",
        since=first,
        until=last + timedelta(days=1) if last else None,
    )


def _day(text: str) -> datetime | None:
    """The beginning of a day where the reader is."""
    try:
        on = date.fromisoformat(text[:10])
    except ValueError:
        return None
    return datetime(on.year, on.month, on.day, tzinfo=zone()) if 1900 < on.year < 9000 else None


def _blocks(page: Page, begin: Position | None, found: Sequence[Gap], wanted: Filter) -> list[Day | Gap]:
    items = timeline.fold(page.items if wanted.asks_for_contents else timeline.fold_threads(page.items))
    newest = page.items[0].occurred_at if begin and page.items else wanted.until
    oldest = page.items[-1].occurred_at if page.older and page.items else wanted.since
    waiting = between(found, newest, oldest)
    blocks: list[Day | Gap] = []
    for _day_of, group in groupby(items, key=lambda item: item.occurred_at.astimezone(zone()).date()):
        mine = list(group)
        while waiting and (waiting[0].until is None or waiting[0].until >= mine[0].occurred_at):
            blocks.append(waiting.pop(0))
        blocks.append(Day(items=mine))
    return [*blocks, *waiting]


def address(view: ContactPage, path: str, **changes: object) -> str:
    """The page's own address with its filter, and with something changed in it."""
    asked = {**view.asked, **{name: str(value) for name, value in changes.items()}}
    return f"{path}?{urlencode(asked)}" if asked else path
