"""The record of a linked profile: whether it is wanted, and what it says: who it is, and why it is this contact."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from scrm.i18n import N_, gettext
from scrm.models import (
    Candidate,
    Contact,
    EntryState,
    Judge,
    Judgment,
    Link,
    Profile,
    RecordKind,
    TimelineEntry,
)
from scrm.policy import Use, permit, within_purposes
from scrm.purposes import hold
from scrm.records import Key
from scrm.sync.crm.base import Fault
from scrm.sync.text import cut
from scrm.sync.wanted import leave_no_text, lost_its_right, want

MOST_FINDINGS = 20
SAYS_SOMETHING = 0.5  # bits
JUDGES = {
    Judge.STEWARD: N_("A steward"),
    Judge.ENGINE: N_("The rules of scrm"),
    Judge.CRM: N_("The CRM"),
}
SHOWN = ("display_name", "handle", "network", "url", "native_id", "company", "title", "location", "bio")


@dataclass(frozen=True, kw_only=True)
class Match:
    """Why a profile is its contact."""

    judgment: Judgment
    linked_at: datetime
    probability: float | None
    evidence: Sequence[Mapping[str, Any]] = field(default_factory=tuple)  # the prior first


def matches(session: Session, profile_ids: Iterable[int]) -> dict[int, Match]:
    """Of the linked ones among these profiles, why they are linked."""
    same_pair = and_(Candidate.profile_id == Link.profile_id, Candidate.contact_id == Link.contact_id)
    rows = session.execute(
        select(Link.profile_id, Link.linked_at, Judgment, Candidate.probability, Candidate.evidence)
        .join(Judgment, Judgment.id == Link.judgment_id)
        .outerjoin(Candidate, same_pair)
        .where(Link.profile_id.in_(set(profile_ids)))
    )
    return {
        profile_id: Match(
            judgment=judgment,
            linked_at=linked_at,
            probability=judgment.probability if judgment.probability is not None else probability,
            evidence=evidence or (),
        )
        for profile_id, linked_at, judgment, probability, evidence in rows
    }


def bring_profile_in_line(
    session: Session, profile: Profile, contact: Contact | None, now: datetime
) -> TimelineEntry | None:
    """Say what each CRM should hold of this profile; gives the entry of the contact's CRM, if it has one."""
    held = select(TimelineEntry).where(TimelineEntry.profile_id == profile.id)
    # locked, so that the outbox does not claim what is being changed
    entries = {row.crm_id: row for row in session.scalars(held.order_by(TimelineEntry.id).with_for_update())}
    for crm_id, other in entries.items():
        if contact is None or crm_id != contact.crm_id or not is_shown(profile):
            _withdraw(session, other, profile, now)
    if contact is None or not is_shown(profile):
        return None
    entry = entries.get(contact.crm_id)
    permission = within_purposes(permit(profile.network, Use.WRITE), hold(session, profile, now))
    if entry is None:
        entry = _new_entry(profile, contact)
        session.add(entry)
    elif not _is_outdated(session, entry, profile, contact, is_allowed=permission.allowed):
        return entry
    entry.said = _digest(session, profile)
    reason = None if permission.allowed else permission.reason
    want(entry, now, contact=contact, is_wanted=permission.allowed, held=reason, is_urgent=True)
    session.flush()
    return entry


def is_shown(profile: Profile) -> bool:
    """Whether there is anything to say of it: what was deleted or has run out shows nothing any more."""
    return profile.deleted_at is None and bool(profile.display_name or profile.handle or profile.url)


def fields_of_profile(profile: Profile, match: Match | None, limit: int) -> Mapping[str, Any]:
    """What a profile's record says: plain values."""
    said = {name: getattr(profile, name) or "" for name in SHOWN}
    said["bio"] = cut(said["bio"], limit)
    return said | {
        "probability": None if match is None else _percent(match.probability),
        "judged_by": gettext(JUDGES[Judge(match.judgment.judge)]) if match else "",
        "matched_at": match.linked_at.isoformat() if match else None,
        "evidence": cut(_in_words(match), limit) if match else "",
    }


def _withdraw(session: Session, entry: TimelineEntry, profile: Profile, now: datetime) -> None:
    """Unless that is so already. What was left because somebody edited it still loses what its network deleted."""
    must_go = not is_shown(profile)
    was_left = must_go and entry.record_id is not None and entry.said is not None
    if not (entry.is_wanted or entry.state == EntryState.HELD or was_left):
        return
    if must_go:
        entry.said = None
        leave_no_text(session, entry)
    is_urgent = must_go or lost_its_right(session, profile)
    want(entry, now, contact=None, is_wanted=False, held=None, is_urgent=is_urgent)


def _is_outdated(
    session: Session, entry: TimelineEntry, profile: Profile, contact: Contact, *, is_allowed: bool
) -> bool:
    if entry.is_wanted is not is_allowed or entry.contact_id != contact.id:
        return True
    if not is_allowed:
        return False
    return entry.fault == Fault.CONTACT_GONE or entry.said != _digest(session, profile)


def _new_entry(profile: Profile, contact: Contact) -> TimelineEntry:
    key = Key(network=profile.network, scope=profile.scope, native_id=profile.native_id)
    return TimelineEntry(
        crm_id=contact.crm_id,
        external_key=key.external("profile"),
        kind=RecordKind.PROFILE.value,
        profile_id=profile.id,
        contact_id=contact.id,
        version=0,
        written_version=0,
        interaction_version=0,
        state=EntryState.TODO.value,
        generation=0,
    )


def _digest(session: Session, profile: Profile) -> str:
    """A hash of what the record says, in no language; findings count by their kind, not by each tenth of a bit."""
    match = matches(session, [profile.id]).get(profile.id)
    said: list[Any] = [getattr(profile, name) for name in SHOWN]
    if match is not None:
        findings = [(row.get("rule"), row.get("level")) for row in _telling(match.evidence)]
        said += [match.judgment.id, _percent(match.judgment.probability), findings]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _percent(probability: float | None) -> float | None:
    """In hundredths with one decimal; never 0 and never 100 for what is merely near it."""
    return None if probability is None else min(99.9, max(0.1, round(100 * probability, 1)))


def _telling(evidence: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The findings that say something, the strongest first."""
    told = [row for row in evidence[1:] if abs(_bits(row)) >= SAYS_SOMETHING]
    return sorted(told, key=lambda row: -abs(_bits(row)))[:MOST_FINDINGS]


def _bits(row: Mapping[str, Any]) -> float:
    return float(row.get("bits") or 0.0)


def _in_words(match: Match) -> str:
    """One finding on each line, with a plus or a minus, after what the person who decided wrote."""
    lines = [match.judgment.reason] if match.judgment.reason else []
    for row in _telling(match.evidence):
        sign = "+" if _bits(row) > 0 else "\N{MINUS SIGN}"
        lines.append(f"{sign} {_said(row)}")
    return "\n".join(lines)


def _said(row: Mapping[str, Any]) -> str:
    """A finding's own words; one that lost a parameter is shown without it."""
    message, params = str(row.get("message") or row.get("rule") or ""), row.get("params") or {}
    text = gettext(message)
    try:
        return text % params if params else text
    except (KeyError, TypeError, ValueError):
        return text
