"""Say what the CRM should hold of one record; the outbox makes it so."""

from datetime import datetime

from sqlalchemy import null, update
from sqlalchemy.orm import Session

from scrm.models import Consent, Contact, EntryState, PlanStep, Profile, TimelineEntry
from scrm.policy import Use, permit


def want(
    entry: TimelineEntry,
    now: datetime,
    *,
    contact: Contact | None,
    is_wanted: bool,
    held: str | None,
    is_urgent: bool,
) -> None:
    """A new version of an entry: wanted with this contact, or to be withdrawn; `held`: why it may not be written."""
    may_be_there = entry.record_id is not None or (
        entry.generation > 0 and entry.state in {EntryState.TODO.value, EntryState.PARKED.value}
    )
    entry.version += 1
    entry.contact_id = contact.id if contact is not None else entry.contact_id
    entry.is_wanted, entry.is_urgent = is_wanted, is_urgent and not is_wanted
    entry.attempts, entry.is_forced, entry.fault = 0, False, None
    entry.reason, entry.waits_for_plan = held, False
    if is_wanted or may_be_there:
        entry.state, entry.due_at = EntryState.TODO.value, now
    else:
        entry.state, entry.due_at = (EntryState.HELD if held else EntryState.DONE).value, None
        entry.written_version = entry.version


def lost_its_right(session: Session, profile: Profile) -> bool:
    """Whether the network's terms do not let this profile be linked by all it shows, as when consent was taken back.

    What is withdrawn then is withdrawn because it must be.
    """
    has_consent = session.get(Consent, profile.id) is not None
    return not permit(profile.network, Use.MATCH, has_consent=has_consent).allowed


def leave_no_text(session: Session, entry: TimelineEntry) -> None:
    """What was deleted at its source stays in no plan either."""
    if entry.id is not None:
        session.execute(update(PlanStep).where(PlanStep.entry_id == entry.id).values(before=null(), after=null()))
