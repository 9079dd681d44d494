"""For what a profile may be used: the ledger of grounds, and what the admin allows for which purpose at each network.

The network's terms come first (`policy.py`); this only narrows them. Consent is a ground like others, and the one
that networks ask for before a profile may be linked: `Consent` is what follows from the ledger now.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from scrm.errors import InputError
from scrm.i18n import N_
from scrm.models import (
    AuditEntry,
    Basis,
    Consent,
    Ground,
    Preference,
    Profile,
    Purpose,
    mark_audiences_due,
    mark_timelines_due,
)

PREFERENCE: Final = "purposes"
LONGEST_SOURCE: Final = 200
PORTION: Final = 100
DEFAULT: Final[Mapping[str, bool]] = {Purpose.SUPPORT: True, Purpose.SALES: True, Purpose.COMMUNITY: False}
NEEDED: Final = "needs_purpose"
NO_PURPOSE = N_("Held back: no purpose is recorded for this profile.")
OTHER_PURPOSE = N_("Held back: the recorded purposes do not cover the CRM.")
NO_SOURCE = N_("Say how the person agreed.")
NO_PROFILE = N_("There is no such profile.")
NO_ENTRY = N_("There is no such entry.")
ENDS_BEFORE = N_("It must end after it begins.")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is to be recorded."""

    basis: Basis
    source: str
    given_at: datetime
    purpose: Purpose | None = None
    expires_at: datetime | None = None
    recorded_by: str = "page"
    user_id: int | None = None


def is_live(now: datetime) -> Any:
    """Grounds that hold now."""
    return (
        Ground.ended_at.is_(None)
        & (Ground.given_at <= now)
        & or_(Ground.expires_at.is_(None), Ground.expires_at > now)
    )


def live(session: Session, profile_ids: Iterable[int], now: datetime) -> dict[int, list[Ground]]:
    """The grounds that hold now, by profile."""
    found: dict[int, list[Ground]] = {}
    rows = session.scalars(select(Ground).where(Ground.profile_id.in_(list(profile_ids)), is_live(now)))
    for row in rows:
        found.setdefault(row.profile_id, []).append(row)
    return found


def rules(session: Session) -> dict[str, dict[str, bool]]:
    """What the admin set, by network; nothing for those that were never touched."""
    row = session.get(Preference, PREFERENCE)
    return dict(row.value) if row is not None else {}


def rule_of(rules: Mapping[str, Mapping[str, bool]], network: str) -> dict[str, bool]:
    """What counts for one network."""
    return {NEEDED: False, **DEFAULT, **rules.get(network, {})}


def hold(session: Session, profile: Profile, now: datetime) -> str:
    """Why what this profile says stays out of the CRM, by its purposes; empty when it does not."""
    rule = rule_of(rules(session), profile.network)
    recorded = [one.purpose for one in live(session, [profile.id], now).get(profile.id, ()) if one.purpose]
    if not recorded:
        was_any = select(Ground.id).where(Ground.profile_id == profile.id, Ground.purpose.is_not(None)).limit(1)
        ran_out = session.scalar(was_any) is not None  # what rested on a purpose does not go on without one
        return NO_PURPOSE if rule[NEEDED] or ran_out else ""
    return "" if any(rule.get(purpose, False) for purpose in recorded) else OTHER_PURPOSE


def set_rules(session: Session, network: str, wanted: Mapping[str, bool], user_id: int | None, now: datetime) -> None:
    """Change what counts for a network; held entries are released, others withdrawn."""
    all_rules = rules(session)
    before, after = rule_of(all_rules, network), dict(wanted)
    if before == {**before, **after}:
        return
    session.merge(Preference(name=PREFERENCE, value={**all_rules, network: after}, updated_at=now))
    session.add(
        AuditEntry(
            at=now,
            user_id=user_id,
            action="purposes.changed",
            object=f"network/{network}",
            before=before,
            after=after,
        )
    )
    mark_audiences_due(session, [network], now)


def record(session: Session, profile_id: int, entry: Entry, now: datetime) -> Ground:
    """Add an entry; one of the same purpose and basis that holds is replaced. Raises InputError."""
    source = entry.source.strip()[:LONGEST_SOURCE]
    if not source:
        raise InputError(NO_SOURCE)
    if entry.expires_at is not None and entry.expires_at <= entry.given_at:
        raise InputError(ENDS_BEFORE)
    profile = _locked(session, profile_id)
    same = Ground.purpose.is_(None) if entry.purpose is None else Ground.purpose == entry.purpose.value
    mine = (Ground.profile_id == profile_id) & same & (Ground.basis == entry.basis.value)
    for old in session.scalars(select(Ground).where(mine, Ground.ended_at.is_(None))):
        old.ended_at = now
    row = Ground(
        profile_id=profile_id,
        purpose=entry.purpose.value if entry.purpose else None,
        basis=entry.basis.value,
        source=source,
        given_at=entry.given_at,
        expires_at=entry.expires_at,
        recorded_by=entry.recorded_by,
        user_id=entry.user_id,
    )
    session.add(row)
    _follow(session, profile, now)
    _audit(session, row, profile, "ground.recorded", entry.user_id, now)
    return row


def end(session: Session, row: Ground, user_id: int | None, now: datetime) -> None:
    """An entry no longer holds; what rested on it is withdrawn."""
    if row.ended_at is not None:
        return
    row.ended_at = now
    profile = _locked(session, row.profile_id)
    _follow(session, profile, now)
    _audit(session, row, profile, "ground.ended", user_id, now)


def end_consents(session: Session, profile_id: int, user_id: int | None, now: datetime) -> None:
    """The person takes back whatever they agreed to."""
    consents = (Ground.profile_id == profile_id) & (Ground.basis == Basis.CONSENT.value) & Ground.ended_at.is_(None)
    for row in session.scalars(select(Ground).where(consents)).all():
        end(session, row, user_id, now)
    _follow(session, _locked(session, profile_id), now)


def expire(session: Session, now: datetime) -> int:
    """End a portion of what ran out; returns how many."""
    rows = session.scalars(
        select(Ground)
        .where(Ground.expires_at <= now, Ground.ended_at.is_(None))
        .order_by(Ground.expires_at)
        .limit(PORTION)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        end(session, row, None, now)
    return len(rows)


def _follow(session: Session, profile: Profile, now: datetime) -> None:
    """Bring consent in line with the ledger, and have the profile matched and its timeline looked at again."""
    session.flush()
    grounds = live(session, [profile.id], now).get(profile.id, ())
    agreed = [row for row in grounds if row.basis == Basis.CONSENT]
    held = session.get(Consent, profile.id)
    if agreed:
        newest = max(agreed, key=lambda row: row.id)
        session.merge(
            Consent(profile_id=profile.id, given_at=newest.given_at, source=newest.source, user_id=newest.user_id)
        )
    elif held is not None:
        session.execute(delete(Consent).where(Consent.profile_id == profile.id))
        session.expunge(held)
    if not profile.is_internal:
        profile.match_due_at, profile.match_generation = now, profile.match_generation + 1
    mark_timelines_due(session, [profile.id], now)


def _locked(session: Session, profile_id: int) -> Profile:
    row = session.get(Profile, profile_id, with_for_update=True)
    if row is None:
        raise InputError(NO_PROFILE)
    return row


def _audit(session: Session, row: Ground, profile: Profile, action: str, user_id: int | None, now: datetime) -> None:
    session.flush()
    after = {
        "purpose": row.purpose,
        "basis": row.basis,
        "until": row.expires_at.isoformat() if row.expires_at else None,
    }
    where = f"profile/{profile.public_id}"
    session.add(AuditEntry(at=now, user_id=user_id, action=action, object=where, after=after))
