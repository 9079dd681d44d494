"""Which interactions of one profile belong on a page of the timeline: where it begins, and what is left out.

Each query goes along the index (party_id, occurred_at, id). A filter that asks for contents (words, kind, questions)
leaves out in the query whatever the role may not see, so neither hits nor further pages tell of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Select, or_, select, tuple_
from sqlalchemy.orm import Session, raiseload

from scrm.models import Community, Connection, Interaction, Profile, Words
from scrm.models.words import said_by
from scrm.policy import is_for_role
from scrm.reading import answers

PAGE: Final = 50
MOST_STEPS: Final = 10  # portions walked for a filter that the database cannot answer alone


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where a page begins: behind this interaction, going to older or to newer ones."""

    occurred_at: datetime
    interaction_id: int
    is_upward: bool = False  # the page before: what is newer

    def __str__(self) -> str:
        return f"{int(self.occurred_at.timestamp() * 1_000_000)}.{self.interaction_id}"

    @classmethod
    def of(cls, row: Interaction) -> "Position":
        return cls(occurred_at=row.occurred_at, interaction_id=row.id)

    @classmethod
    def parse(cls, text: str) -> "Position | None":
        """Read what an address says; None for what is no position."""
        micros, dot, number = text.partition(".")
        if not (dot and micros.isascii() and micros.isdigit() and number.isascii() and number.isdigit()):
            return None
        if len(micros) > 17 or len(number) > 18:
            return None
        seconds, rest = divmod(int(micros), 1_000_000)
        return cls(
            occurred_at=datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest), interaction_id=int(number)
        )


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What is left out; stands in the address."""

    network: str = ""
    kind: str = ""
    community: Community | None = None  # one that the role may know of
    words: Words = field(default=Words())
    is_open: bool = False  # only questions that nobody answered
    since: datetime | None = None
    until: datetime | None = None  # not itself

    @property
    def asks_for_contents(self) -> bool:
        """Whether what is found tells something of what was said: then the hidden is not even counted."""
        return bool(self.kind or self.words or self.is_open)

    def __bool__(self) -> bool:
        return self != Filter()


@dataclass(frozen=True, kw_only=True)
class Reader:
    """For whom a page is made, and when."""

    role: str
    now: datetime


def rows_of(
    db: Session, profile: Profile, wanted: Filter, begin: Position | None, reader: Reader
) -> Sequence[Interaction]:
    """A page and one more of what this profile said or was answered; newest first, or oldest first upward."""
    query = _query(db, profile, wanted, reader)
    found: list[Interaction] = []
    for _step in range(MOST_STEPS):
        rows = db.scalars(_from(query, begin)).all()
        found += [row for row in rows if not wanted.is_open or answers.asks(row)]
        if len(rows) <= PAGE or len(found) > PAGE:
            break
        begin = replace(Position.of(rows[-1]), is_upward=begin is not None and begin.is_upward)
    return found[: PAGE + 1]


def _query(db: Session, profile: Profile, wanted: Filter, reader: Reader) -> Select[Interaction]:
    query = select(Interaction).where(Interaction.party_id == profile.id)
    if wanted.kind:
        query = query.where(Interaction.kind == wanted.kind)
    if wanted.community is not None:
        query = query.where(Interaction.community_id == wanted.community.id)
    if wanted.since is not None:
        query = query.where(Interaction.occurred_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(Interaction.occurred_at < wanted.until)
    if wanted.words:
        query = query.where(said_by(db, profile.id, wanted.words))
    if wanted.is_open:
        query = query.where(answers.is_open())
    if wanted.asks_for_contents:
        query = (
            query.outerjoin(Community, Community.id == Interaction.community_id)
            .outerjoin(Connection, Connection.id == Interaction.connection_id)
            .where(Interaction.network == profile.network, is_for_role(profile.network, reader.role))
        )
    if wanted.words or wanted.is_open:
        query = query.where(
            Interaction.deleted_at.is_(None),
            or_(Interaction.expires_at.is_(None), Interaction.expires_at > reader.now),
        )
    return query


def _from(query: Select[Interaction], begin: Position | None) -> Select[Interaction]:
    at, number = Interaction.occurred_at, Interaction.id
    if begin is not None and begin.is_upward:
        query = query.where(at >= begin.occurred_at, tuple_(at, number) > (begin.occurred_at, begin.interaction_id))
    elif begin is not None:
        # the first condition alone can be looked up in the index by every planner
        query = query.where(at <= begin.occurred_at, tuple_(at, number) < (begin.occurred_at, begin.interaction_id))
    is_upward = begin is not None and begin.is_upward
    order = (at.asc(), number.asc()) if is_upward else (at.desc(), number.desc())
    return query.order_by(*order).limit(PAGE + 1).options(raiseload("*"))
