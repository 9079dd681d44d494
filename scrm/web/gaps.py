"""Times of which something may be missing in a timeline: shown in their place, with the reason, never skipped."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.connectors.registry import connectors
from scrm.i18n import N_, gettext
from scrm.ingest.coverage import Coverage, Range, coverages
from scrm.models import Connection, ConnectionState

MOST_CONNECTIONS: Final = 40
ENDED: Final = N_("Our access has ended; an admin has to sign in again.")
PROBLEMS: Final = {  # as whoever reads a timeline wants to know it; the admin is told more
    "AccessRevokedError": ENDED,
    "AccessExpiredError": ENDED,
    "SealError": ENDED,
    "RetryLaterError": N_("The network does not answer now."),
    "BudgetSpentError": N_("The budget for reading is used up until it begins anew."),
}
OTHER_PROBLEM: Final = N_("Reading fails; an admin sees why.")
PAUSED: Final = N_("Reading is paused.")
BEGUN: Final = N_("It is still being read.")


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Something of this network may be missing; `since` None: all before, `until` None: to this day."""

    network: str
    since: datetime | None
    until: datetime | None
    why: str


def gaps(db: Session, networks: Collection[str], now: datetime) -> list[Gap]:
    """The gaps of all connections to these networks, newest first; the same gap of several lists once."""
    if not networks:
        return []
    connections = db.scalars(
        select(Connection)
        .where(Connection.network.in_(networks), Connection.state != ConnectionState.REMOVED.value)
        .order_by(Connection.id)
        .limit(MOST_CONNECTIONS)
    ).all()
    found: dict[Gap, None] = {}
    known = [row for row in connections if row.network in connectors()]
    read = coverages(db, known, now)
    for row in known:
        for one in (part for part_of in read[row.id] for part in part_of.ranges):
            if one.coverage is not Coverage.COMPLETE and (why := _why(one, row)):
                until = None if one.until >= now else one.until
                found.setdefault(Gap(network=row.network, since=one.since, until=until, why=why))
    return sorted(_joined(list(found)), key=lambda gap: gap.until or now, reverse=True)


def _why(one: Range, row: Connection) -> str:
    if one.reason is not None:
        return gettext(one.reason)
    problem = one.problem or row.problem
    if problem:
        return gettext(PROBLEMS.get(problem, OTHER_PROBLEM))
    if row.state == ConnectionState.PAUSED:
        return gettext(PAUSED)
    return gettext(BEGUN) if one.since is None else ""


def _joined(found: Sequence[Gap]) -> list[Gap]:
    """Of gaps that differ only in where they begin, the longest."""
    longest: dict[tuple[str, datetime | None, str], Gap] = {}
    for gap in found:
        key = (gap.network, gap.until, gap.why)
        known = longest.get(key)
        if known is None or gap.since is None or (known.since is not None and gap.since < known.since):
            longest[key] = gap
    return list(longest.values())


def between(found: Sequence[Gap], newest: datetime | None, oldest: datetime | None) -> list[Gap]:
    """Those that belong on a page: it ends after `oldest` and not after `newest`; None: no bound."""
    return [
        gap
        for gap in found
        if (newest is None or (gap.until is not None and gap.until <= newest))
        and (oldest is None or gap.until is None or gap.until > oldest)
    ]
