"""Where a network's terms ask for consent: whom a profile may be linked to, and who agreed.

Without consent only a handle counts that the contact's record names: the person, or whoever keeps the record, gave it
for this purpose. X's developer policy, "off-X matching" (docs.x.com, developer terms, read 2026-08-22), is the model.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from scrm.matching.load import contact_view, profile_view
from scrm.matching.views import ContactView, ProfileView
from scrm.models import AuditEntry, Basis, Consent, Contact, Profile
from scrm.policy import UNKNOWN, Permission, Use, permit
from scrm.purposes import Entry, end_consents, record


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
    record(session, profile_id, Entry(basis=Basis.CONSENT, source=source, given_at=now, user_id=user_id), now)
    _audit(session, profile_id, user_id, "consent.given", now)


def withdraw_consent(session: Session, profile_id: int, user_id: int | None, now: datetime) -> None:
    """The person no longer agrees; a link that rested on it is dissolved when the profile is matched again."""
    end_consents(session, profile_id, user_id, now)
    _audit(session, profile_id, user_id, "consent.withdrawn", now)


def _audit(session: Session, profile_id: int, user_id: int | None, action: str, now: datetime) -> None:
    profile = session.get_one(Profile, profile_id)
    session.add(AuditEntry(at=now, user_id=user_id, action=action, object=f"profile/{profile.public_id}", after={}))
