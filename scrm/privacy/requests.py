"""Requests to forget somebody: made by people, approved by a second one where that is wanted, and shown."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.connectors.registry import connectors
from scrm.errors import ConflictError, InputError
from scrm.i18n import N_
from scrm.models import (
    Asked,
    AuditEntry,
    Contact,
    Forgetting,
    ForgettingState,
    Origin,
    Preference,
    Profile,
    Role,
    User,
    ask_to_forget,
    uuid7,
)
from scrm.models.erasure import OPEN_STATES
from scrm.privacy.sought import check
from scrm.tombstones.sought import Sought, seal
from scrm.vault import VAULT, Vault

CODES: Final = NAMESPACE_URL
PREFERENCE: Final = "privacy"
WITHIN: Final = timedelta(hours=24)
UNKNOWN_NETWORK = N_("There is no such network.")
NO_EMAIL = N_("Expected an address like name@company.example.")
NONE_SUCH = N_("There is no such request.")
OWN_REQUEST = N_("Whoever asked cannot approve it: a second person has to.")
SETTLED = "this request was settled already"


@dataclass(frozen=True, kw_only=True)
class Who:
    """By what somebody is named; one of these."""

    contact: UUID | None = None
    profile: UUID | None = None
    email: str | None = None
    account: tuple[str, str] | None = None  # network and native id


def four_eyes(session: Session) -> bool:
    """Whether a second person approves forgetting and mass recall."""
    row = session.get(Preference, PREFERENCE)
    return bool(row is not None and row.value.get("four_eyes"))


def set_four_eyes(session: Session, *, wanted: bool, user_id: int | None, now: datetime) -> None:
    row = session.get(Preference, PREFERENCE)
    before = dict(row.value) if row is not None else {}
    session.merge(Preference(name=PREFERENCE, value=before | {"four_eyes": wanted}, updated_at=now))
    session.add(
        AuditEntry(
            at=now,
            user_id=user_id,
            action="privacy.four-eyes",
            object=f"preference/{PREFERENCE}",
            before={"four_eyes": bool(before.get("four_eyes"))},
            after={"four_eyes": wanted},
        )
    )


def request(
    session: Session, who: Who, now: datetime, origin: Origin, *, user: User | None = None, reference: str = ""
) -> Forgetting:
    """Ask that somebody be forgotten. A steward's wish waits for an admin, an admin's for a second one if so set.

    Raises InputError when nobody can be meant.
    """
    asked = Asked(
        origin=origin,
        reference=reference,
        user_id=user.id if user else None,
        is_approved=not four_eyes(session) and (user is None or user.role == Role.ADMIN),
    )
    if who.email is not None or who.account is not None:
        public_id = uuid7()
        sealed = seal(session.info[VAULT], public_id, _sought(who))
        return ask_to_forget(session, now, replace(asked, sought=sealed, public_id=public_id))
    contact = _id(session, Contact, who.contact)
    profile = _id(session, Profile, who.profile)
    check(session, contact_id=contact, profile_id=profile)
    return ask_to_forget(session, now, replace(asked, contact_id=contact, profile_id=profile))


def by_network(session: Session, network: str, native_id: str, now: datetime) -> Forgetting:
    """A network demands that somebody be forgotten; a repeat gets the same request."""
    sought = Sought(natives=[[network, "", native_id]])
    ids = [uuid5(CODES, f"{network}/{code}") for code in _codes(session, network, native_id)]
    public_id = ids[0]
    known = session.scalars(select(Forgetting).where(Forgetting.public_id.in_(ids)).limit(1)).first()
    if known is not None:
        return known
    sealed = seal(session.info[VAULT], public_id, sought)
    return ask_to_forget(session, now, Asked(origin=Origin.NETWORK, sought=sealed, public_id=public_id))


def _codes(session: Session, network: str, native_id: str) -> list[str]:
    """The same for the same account, and nobody's guess; one per key of the installation, the newest first."""
    vault: Vault = session.info[VAULT]
    account = f"{network}/{native_id}".encode()
    return [hmac.digest(key, account, "sha256").hex() for key in vault.derive("privacy.codes")]


def _sought(who: Who) -> Sought:
    if who.account is not None:
        network, native_id = who.account
        if network not in connectors():
            raise InputError(UNKNOWN_NETWORK)
        return Sought(natives=[[network, "", native_id]])
    email = (who.email or "").strip()
    if "@" not in email.strip("@"):
        raise InputError(NO_EMAIL)
    return Sought(emails=[email])


def _id(session: Session, model: type[Contact] | type[Profile], public_id: UUID | None) -> int | None:
    if public_id is None:
        return None
    found: int | None = session.scalar(select(model.id).where(model.public_id == public_id))
    return found


def settle(session: Session, public_id: UUID, user: User, *, is_approved: bool, now: datetime) -> Forgetting:
    """Approve or refuse a request that waits; raises ConflictError when somebody was first."""
    row = find(session, public_id, lock=True)
    if row.state != ForgettingState.WAITING:
        raise ConflictError(SETTLED)
    if is_approved and row.asked_by == user.id:
        raise InputError(OWN_REQUEST)
    row.state = (ForgettingState.LOCAL if is_approved else ForgettingState.REFUSED).value
    row.approved_by, row.approved_at = user.id, now
    row.due_at = now if is_approved else None
    if not is_approved:
        row.sought, row.done_at = None, now
    action = "forget.approved" if is_approved else "forget.refused"
    session.add(AuditEntry(at=now, user_id=user.id, action=action, object=f"forgetting/{row.public_id}", after={}))
    return row


def find(session: Session, public_id: UUID, *, lock: bool = False) -> Forgetting:
    query = select(Forgetting).where(Forgetting.public_id == public_id)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise InputError(NONE_SUCH)
    return row


def listed(session: Session, limit: int, before: int | None = None) -> Sequence[Forgetting]:
    """Requests, the newest first."""
    query = select(Forgetting).order_by(Forgetting.id.desc()).limit(limit)
    return session.scalars(query.where(Forgetting.id < before) if before else query).all()


def is_late(row: Forgetting, now: datetime) -> bool:
    """Whether the person waits longer than a day."""
    return row.state in OPEN_STATES and now - (row.approved_at or row.asked_at) > WITHIN
