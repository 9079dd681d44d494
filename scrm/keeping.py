"""How long what a network gave may stay: the admin's days by network and kind, never longer than its terms allow.

Days count from when something was said (profiles: from when they last changed and nothing they said is left; raw
records: from when they were received). The terms' own time counts besides, row by row (`expires_at`), and reading
again within it still prolongs that where the terms say so.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from scrm.connectors.manifest import Terms
from scrm.connectors.registry import connectors
from scrm.errors import InputError
from scrm.i18n import _
from scrm.models import AuditEntry, Interaction, Profile, RawRecord, RetentionRule, TimelineEntry
from scrm.records import InteractionKind

RAW_DAYS: Final = 30  # raw records are there to be translated again, not to be kept
MOST_DAYS: Final = 36_500


class Kept(StrEnum):
    """What has a time of its own."""

    SAID = "said"
    MESSAGE = "message"
    SIGN = "sign"  # reactions, shares, follows: no words of their own
    PROFILE = "profile"
    RAW = "raw"


OF_KIND: Final[Mapping[InteractionKind, Kept]] = {
    InteractionKind.POST: Kept.SAID,
    InteractionKind.REPLY: Kept.SAID,
    InteractionKind.MENTION: Kept.SAID,
    InteractionKind.QUOTE: Kept.SAID,
    InteractionKind.MESSAGE: Kept.MESSAGE,
    InteractionKind.REACTION: Kept.SIGN,
    InteractionKind.SHARE: Kept.SIGN,
    InteractionKind.FOLLOW: Kept.SIGN,
}
Days = dict[Kept, int]


def allowed_days(terms: Terms, kind: Kept) -> int | None:
    """How many days the terms allow at most, at least one; None: as many as one likes."""
    if kind is Kept.RAW:
        return min(RAW_DAYS, _days(terms.keep_hours) or RAW_DAYS)
    return _days((terms.keep_profile_hours or terms.keep_hours) if kind is Kept.PROFILE else terms.keep_hours)


def _days(hours: int | None) -> int | None:
    return max(1, hours // 24) if hours else None


def days_of(session: Session, network: str) -> Days:
    """What the admin set for a network; nothing for kinds that were left to the terms."""
    rows = session.scalars(select(RetentionRule).where(RetentionRule.network == network))
    return {Kept(row.kind): row.days for row in rows}


def check(network: str, wanted: Mapping[Kept, int]) -> None:
    """Raises InputError for days that make no sense or that the terms forbid."""
    terms = connectors()[network].manifest.terms
    for kind, days in wanted.items():
        most = allowed_days(terms, kind)
        if most is not None and days > most:
            raise InputError(_("The network's terms allow %(num)s days at most.", num=most))
        if not 1 <= days <= MOST_DAYS:
            raise InputError(_("A number of days from 1 to %(num)s, or nothing.", num=MOST_DAYS))


def set_days(session: Session, network: str, wanted: Days, user_id: int | None, now: datetime) -> None:
    """Let these days count from now on, and the terms alone for every other kind; raises InputError."""
    check(network, wanted)
    rows = {
        Kept(row.kind): row for row in session.scalars(select(RetentionRule).where(RetentionRule.network == network))
    }
    before = {kind: row.days for kind, row in rows.items()}
    if before == wanted:
        return
    for kind in before.keys() - wanted.keys():
        session.delete(rows[kind])
    for kind, days in wanted.items():
        row = rows.get(kind)
        if row is None:
            row = RetentionRule(network=network, kind=kind.value)
            session.add(row)
        row.days, row.set_at, row.set_by = days, now, user_id
    session.add(
        AuditEntry(
            at=now,
            user_id=user_id,
            action="retention.changed",
            object=f"network/{network}",
            before={kind.value: days for kind, days in sorted(before.items())},
            after={kind.value: days for kind, days in sorted(wanted.items())},
        )
    )


def overdue(network: str, kind: Kept, days: int, now: datetime) -> ColumnElement[bool]:
    """What of this kind is older than so many days, as SQL about Interaction, Profile or RawRecord (`model_of`)."""
    before = now - timedelta(days=days)
    if kind is Kept.RAW:
        return (RawRecord.network == network) & (RawRecord.received_at < before)
    if kind is Kept.PROFILE:
        shows_something = or_(Profile.display_name.is_not(None), Profile.handle.is_not(None))
        said = exists().where(Interaction.profile_id == Profile.id, Interaction.deleted_at.is_(None))
        is_old = (Profile.network == network) & (Profile.updated_at < before) & Profile.is_internal.is_(False)
        return is_old & shows_something & ~said
    kinds = [one.value for one, of in OF_KIND.items() if of is kind]
    is_old = (Interaction.network == network) & Interaction.kind.in_(kinds) & (Interaction.occurred_at < before)
    return is_old & Interaction.deleted_at.is_(None)


def model_of(kind: Kept) -> type[Any]:
    """Which rows are of this kind."""
    return {Kept.RAW: RawRecord, Kept.PROFILE: Profile}.get(kind, Interaction)


def would_go(session: Session, network: str, days: Mapping[Kept, int], now: datetime) -> dict[Kept, tuple[int, int]]:
    """How many rows would go at once, and how many of these stand in the CRM; changes nothing."""
    found = {}
    for kind, number in days.items():
        model, condition = model_of(kind), overdue(network, kind, number, now)
        rows = session.scalar(select(func.count()).select_from(model).where(condition)) or 0
        in_crm = 0
        if rows and model is Interaction:
            held = exists().where(
                TimelineEntry.interaction_id == Interaction.id,
                TimelineEntry.record_id.is_not(None),
                TimelineEntry.is_wanted.is_(True),
            )
            in_crm = session.scalar(select(func.count()).select_from(model).where(condition, held)) or 0
        found[kind] = (rows, in_crm)
    return found


def oldest(session: Session, network: str, now: datetime) -> dict[InteractionKind, datetime]:
    """What was said before these times is not stored any more, where the admin set days."""
    days = days_of(session, network)
    return {one: now - timedelta(days=days[of]) for one, of in OF_KIND.items() if of in days}
