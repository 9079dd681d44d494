"""Where a network's terms ask for consent: whom a profile may be linked to, and who agreed.

Without consent only a handle counts that the contact's record names: the person, or whoever keeps the record, gave it
for this purpose. X's developer policy, "off-X matching" (docs.x.com, developer terms, read 2026-08-22), is the model.
"""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from scrm.errors import InputError
from scrm.i18n import N_
from scrm.matching.load import contact_view, profile_view
from scrm.matching.views import ContactView, ProfileView
from scrm.models import AuditEntry, Consent, Contact, Profile
from scrm.policy import UNKNOWN, Permission, Use, permit

LONGEST_SOURCE = 200


def match_permission(session: Session, profile: Profile) -> Permission:
    """Whether this profile may be matched by everything it shows."""
    return permit(profile.network, Use.MATCH, has_consent=session.get(Consent, profile.id) is not None)


def names_account(contact: ContactView, profile: ProfileView) -> bool:
    """Whether the contact's own record names this account."""
    return profile.account is not None and profile.account in contact.accounts


def link_permission(session: Session, profile: Profile, contact: Contact) -> Permission:
    """Whether the network's terms let this profile be linked to this contact, and why not."""
    permission = match_permission(session, profile)
    if permission.reason == UNKNOWN:  # its connector is gone: what was linked stays, and nothing more is written
        return Permission(allowed=True)
    if permission.needs_consent and names_account(contact_view(contact), profile_view(profile)):
        return Permission(allowed=True, source=permission.source, read_on=permission.read_on)
    return permission


def give_consent(session: Session, profile_id: int, source: str, user_id: int | None, now: datetime) -> None:
    """Record that the person agreed, and how; the profile is matched by all it shows from now on."""
    source = source.strip()[:LONGEST_SOURCE]
    if not source:
        raise InputError(N_("Say how the person agreed."))
    profile = _locked(session, profile_id)
    session.merge(Consent(profile_id=profile_id, given_at=now, source=source, user_id=user_id))
    _match_again(session, profile, now)
    _audit(session, profile, user_id, "consent.given", now)


def withdraw_consent(session: Session, profile_id: int, user_id: int | None, now: datetime) -> None:
    """Forget that the person agreed; a link that rested on it is dissolved when the profile is matched again."""
    profile = _locked(session, profile_id)
    session.execute(delete(Consent).where(Consent.profile_id == profile_id))
    _match_again(session, profile, now)
    _audit(session, profile, user_id, "consent.withdrawn", now)


def _locked(session: Session, profile_id: int) -> Profile:
    row = session.get(Profile, profile_id, with_for_update=True)
    if row is None:
        raise InputError(N_("There is no such profile."))
    return row


def _match_again(session: Session, profile: Profile, now: datetime) -> None:
    session.flush()
    if not profile.is_internal:
        profile.match_due_at, profile.match_generation = now, profile.match_generation + 1


def _audit(session: Session, profile: Profile, user_id: int | None, action: str, now: datetime) -> None:
    session.add(AuditEntry(at=now, user_id=user_id, action=action, object=f"profile/{profile.public_id}", after={}))
