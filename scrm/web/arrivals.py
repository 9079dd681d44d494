"""Who of the company's directory is who here: found by issuer and subject, made at the first arrival."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.db import take_turns
from scrm.i18n import N_
from scrm.models import AuditEntry, DirectoryIdentity, Role, User, uuid7
from scrm.web.directory import Arrival
from scrm.web.people import close_sessions

NO_GROUP = N_(
    "You are in none of the groups that may come in here. Whoever looks after company accounts can change it."
)
DISABLED = N_("This account is disabled. An admin can enable it.")
HAS_ACCOUNT = N_(
    "There is an account with your e-mail address already. Sign in to it as before, then connect it under My account."
)
TAKEN = N_("This company account belongs to somebody else here.")


LOCK = 7_331_003  # two first arrivals at once take turns


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why somebody whom the directory knows does not come in; in words for them."""

    why: str


def find_or_add(session: Session, arrival: Arrival, now: datetime) -> User | Refusal:
    """Whose account this is, with the name, address and role that the directory says; or why nobody comes in.

    Somebody who has lost their group is signed out everywhere.
    """
    take_turns(session, LOCK)
    known = _identity(session, arrival)
    who = session.get_one(User, known.user_id) if known is not None else None
    if who is not None and who.disabled_at is not None:
        return Refusal(why=DISABLED)
    if arrival.role is None:
        if who is not None:
            close_sessions(session, who.id)
            _note(session, now, who, "session.refused", {"how": "company account", "why": "no group"})
        return Refusal(why=NO_GROUP)
    if who is not None and known is not None:
        known.seen_at = now
        _follow(session, who, arrival, now)
        return who
    if _somebody_with(session, arrival.email) is not None:
        return Refusal(why=HAS_ACCOUNT)
    return _add(session, arrival, arrival.role, now)


def connect_to(session: Session, who: User, arrival: Arrival, now: datetime) -> Refusal | None:
    """Let somebody who is signed in come by their company account from now on, unless it is somebody else's."""
    known = _identity(session, arrival)
    if known is not None and known.user_id != who.id:
        return Refusal(why=TAKEN)
    if arrival.role is None:
        return Refusal(why=NO_GROUP)
    if known is None:
        _tie(session, who, arrival, now)
        _note(session, now, who, "user.company_account", None)
    return None


def comes_by_company(session: Session, user_id: int) -> bool:
    """Whether somebody has connected their company account."""
    query = select(DirectoryIdentity.id).where(DirectoryIdentity.user_id == user_id).limit(1)
    return session.execute(query).first() is not None


def _identity(session: Session, arrival: Arrival) -> DirectoryIdentity | None:
    query = select(DirectoryIdentity).where(
        DirectoryIdentity.issuer == arrival.issuer, DirectoryIdentity.subject == arrival.subject
    )
    return session.scalars(query).one_or_none()


def _follow(session: Session, who: User, arrival: Arrival, now: datetime) -> None:
    """What the directory says of them counts; an address that somebody else here has is left alone."""
    role = arrival.role
    if role is not None and who.role != role.value:
        change: dict[str, object] = {"role": role.value, "how": "company account"}
        _note(session, now, who, "user.role_changed", change, {"role": who.role})
        who.role = role.value
    who.name = arrival.name
    if who.email != arrival.email and _somebody_with(session, arrival.email) is None:
        who.email = arrival.email


def _add(session: Session, arrival: Arrival, role: Role, now: datetime) -> User:
    who = User(public_id=uuid7(), name=arrival.name, email=arrival.email, role=role.value, created_at=now)
    session.add(who)
    session.flush()
    _tie(session, who, arrival, now)
    _note(session, now, who, "user.joined", {"role": role.value, "how": "company account"})
    return who


def _tie(session: Session, who: User, arrival: Arrival, now: datetime) -> None:
    session.add(
        DirectoryIdentity(issuer=arrival.issuer, subject=arrival.subject, user_id=who.id, created_at=now, seen_at=now)
    )


def _somebody_with(session: Session, email: str) -> int | None:
    return session.scalars(select(User.id).where(User.email == email)).one_or_none()


def _note(
    session: Session,
    now: datetime,
    who: User,
    action: str,
    after: dict[str, object] | None,
    before: dict[str, object] | None = None,
) -> None:
    about = f"user/{who.public_id}"
    session.add(AuditEntry(at=now, user_id=who.id, action=action, object=about, before=before, after=after))
