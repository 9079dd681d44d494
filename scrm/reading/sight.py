"""What the person signed in may see of interactions: the one place that every page asks before it shows a word.

Asked for many rows at once, it reads their communities and connections in two queries. What a role may not see is
left out altogether: author, words, link and community; only that there is something is told.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.i18n import N_
from scrm.models import Community, Connection, Interaction, Membership, audience_of
from scrm.policy import NOTHING, OF_CLOSED, Opening, Use, opening_of, permit
from scrm.records import Visibility

EXPIRED: Final = N_("Text not shown: the network allows it for a short time, which has passed.")
OPEN: Final = frozenset({Visibility.PUBLIC.value, Visibility.ORGANIZATION.value})
MOST_MEMBERSHIPS: Final = 400


@dataclass(frozen=True, kw_only=True)
class Sight:
    """One interaction as a role may see it."""

    audience: str  # who may read it at the network now
    is_hidden: bool  # nothing of it may be shown but that it is there
    text: str
    held: str  # why the text is not shown; a message of the catalogue
    community: Community | None


@dataclass(frozen=True, kw_only=True)
class Belonging:
    """A community that a profile belongs to."""

    community: Community
    role: str


@dataclass(frozen=True, kw_only=True)
class Around:
    """Communities and connections of some rows, read once."""

    communities: Mapping[int, Community]
    openings: Mapping[int, Opening]

    @classmethod
    def of(cls, db: Session, rows: Iterable[Interaction]) -> "Around":
        """Read what these rows need."""
        communities, connections = set[int](), set[int]()
        for row in rows:
            communities |= {row.community_id} - {None}  # type: ignore[arg-type]
            connections |= {row.connection_id} - {None}  # type: ignore[arg-type]
        found = db.scalars(select(Community).where(Community.id.in_(communities))) if communities else ()
        return cls(communities={row.id: row for row in found}, openings=_openings(db, connections))

    def see(self, row: Interaction, role: str, now: datetime) -> Sight:
        """One of these rows as this role may see it."""
        community = self.communities.get(row.community_id or 0)
        audience = audience_of(row, community)
        opening = self.openings.get(row.connection_id or 0, NOTHING)
        permission = permit(row.network, Use.SHOW, audience=audience, role=role, opening=opening)
        if not permission.allowed:
            is_hidden = permit(row.network, Use.SHOW, role=role).allowed  # shown, were it public
            return Sight(audience=audience, is_hidden=is_hidden, text="", held=permission.reason, community=None)
        is_over = row.expires_at is not None and row.expires_at <= now
        text = "" if is_over or row.deleted_at is not None else row.text or ""
        held = EXPIRED if is_over else ""
        return Sight(audience=audience, is_hidden=False, text=text, held=held, community=community)


def belongings(db: Session, profile_ids: Sequence[int], role: str) -> dict[int, list[Belonging]]:
    """The communities that profiles belong to, by profile, as far as this role may know of them."""
    rows = db.execute(
        select(Membership, Community)
        .join(Community, Community.id == Membership.community_id)
        .where(Membership.profile_id.in_(profile_ids), Community.name.is_not(None))
        .order_by(Community.name, Community.id)
        .limit(MOST_MEMBERSHIPS)
    ).all()
    openings = _openings(db, {community.connection_id for _row, community in rows if community.connection_id})
    found: dict[int, list[Belonging]] = {}
    for row, community in rows:
        if _may_know(community, role, openings):
            found.setdefault(row.profile_id, []).append(Belonging(community=community, role=row.role))
    return found


def community_for(db: Session, asked: str, role: str) -> Community | None:
    """The community of this number, if this role may know of it."""
    row = db.get(Community, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) <= 18 else None
    if row is None:
        return None
    return row if _may_know(row, role, _openings(db, {row.connection_id} - {None})) else None  # type: ignore[arg-type]


def _may_know(community: Community, role: str, openings: Mapping[int, Opening]) -> bool:
    audience = "" if community.visibility in OPEN else OF_CLOSED
    opening = openings.get(community.connection_id or 0, NOTHING)
    return permit(community.network, Use.SHOW, audience=audience, role=role, opening=opening).allowed


def _openings(db: Session, connection_ids: set[int]) -> dict[int, Opening]:
    if not connection_ids:
        return {}
    found = db.scalars(select(Connection).where(Connection.id.in_(connection_ids)))
    return {row.id: opening_of(row) for row in found}
