"""What an admin does with accounts: invite, change a role, disable, end sessions. Each act leaves an audit entry.

The last admin stays: who could let others in must not be lost, also when two admins act on each other at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from scrm.db import take_turns
from scrm.errors import InputError
from scrm.i18n import N_
from scrm.models import AuditEntry, Role, SignInLink, User, WebSession, uuid7
from scrm.web.people import IDLE, close_sessions, make_sign_in_link

INVITED_FOR: Final = timedelta(days=3)
LONGEST_NAME: Final = 200
LONGEST_EMAIL: Final = 320
PAGE: Final = 100
Change = tuple[dict[str, object] | None, dict[str, object] | None]
LOCK: Final = 7_331_002  # whoever changes who is an admin takes turns


@dataclass(frozen=True, kw_only=True)
class Account:
    """A person in the list."""

    user: User
    sessions: int
    invited_until: datetime | None  # an invitation that nobody used yet

    @property
    def is_waiting(self) -> bool:
        return self.invited_until is not None and self.user.seen_at is None


def listed(session: Session, asked: str, after: str, now: datetime) -> list[Account]:
    """People in the order of their addresses, one more than a page; `asked` is part of a name or address."""
    query = select(User).order_by(User.email).limit(PAGE + 1)
    if after:
        query = query.where(User.email > after)
    if asked:
        folded = f"%{_escaped(asked.strip().lower())}%"
        query = query.where(
            or_(User.email.like(folded, escape="\\"), func.lower(User.name).like(folded, escape="\\"))
        )
    users = session.scalars(query).all()
    ids = [user.id for user in users]
    live = (WebSession.expires_at > now) & (WebSession.seen_at > now - IDLE)
    counts: dict[int, int] = dict(
        session.execute(
            select(WebSession.user_id, func.count())
            .where(WebSession.user_id.in_(ids), live)
            .group_by(WebSession.user_id)
        ).all()
    )
    links: dict[int, datetime] = dict(
        session.execute(
            select(SignInLink.user_id, func.max(SignInLink.expires_at))
            .where(SignInLink.user_id.in_(ids), SignInLink.used_at.is_(None), SignInLink.expires_at > now)
            .group_by(SignInLink.user_id)
        ).all()
    )
    return [Account(user=user, sessions=counts.get(user.id, 0), invited_until=links.get(user.id)) for user in users]


def sessions_of(session: Session, user_id: int, now: datetime) -> list[WebSession]:
    """Live sessions of a person, the one used last first."""
    live = (WebSession.expires_at > now) & (WebSession.seen_at > now - IDLE)
    query = select(WebSession).where(WebSession.user_id == user_id, live).order_by(WebSession.seen_at.desc())
    return list(session.scalars(query).all())


def find(session: Session, public_id: UUID) -> User:
    """One person; raises InputError when there is none."""
    found = session.scalars(select(User).where(User.public_id == public_id)).one_or_none()
    if found is None:
        raise InputError(N_("There is no such person."))
    return found


def invite(session: Session, name: str, email: str, role: Role, by: User, now: datetime) -> tuple[User, str]:
    """Make an account that is entered by a link, once; the link's token comes back."""
    name, email = _checked(session, name, email)
    row = User(public_id=uuid7(), name=name, email=email, role=role.value, created_at=now)
    session.add(row)
    session.flush()
    _note(session, now, by, "user.invited", row, (None, {"role": role.value}))
    return row, make_sign_in_link(session, row.id, now, lasts=INVITED_FOR)


def rename(session: Session, user_id: int, name: str, email: str, now: datetime) -> None:
    """Let a person say what they are called and where they are reached; raises InputError."""
    user = session.get_one(User, user_id)
    user.name, user.email = _checked(session, name, email, but=user.id)
    _note(session, now, user, "user.renamed", user)


def _checked(session: Session, name: str, email: str, but: int | None = None) -> tuple[str, str]:
    """A name and an address that nobody else here has, as they are stored."""
    name, email = name.strip(), email.strip().lower()
    local, _, host = email.rpartition("@")
    if not name or len(name) > LONGEST_NAME:
        raise InputError(N_("A person needs a name of at most 200 characters."))
    if not local or "." not in host or len(email) > LONGEST_EMAIL or any(char.isspace() for char in email):
        raise InputError(N_("The e-mail address is not complete."))
    if session.execute(select(User.id).where(User.email == email, User.id != (but or 0))).first() is not None:
        raise InputError(N_("Somebody with this e-mail address is here already."))
    return name, email


def new_link(session: Session, user: User, by: User, now: datetime) -> str:
    """A link that signs this person in once; earlier ones end."""
    if user.disabled_at is not None:
        raise InputError(N_("This account is disabled. Enable it first."))
    for old in session.scalars(select(SignInLink).where(SignInLink.user_id == user.id, SignInLink.used_at.is_(None))):
        old.expires_at = min(old.expires_at, now)
    _note(session, now, by, "user.link_made", user)
    return make_sign_in_link(session, user.id, now, lasts=INVITED_FOR)


def change_role(session: Session, user: User, role: Role, by: User, now: datetime) -> None:
    """Give another role; it counts from the next request on."""
    if user.role == role:
        return
    if user.role == Role.ADMIN:
        _keep_an_admin(session, user)
    _note(session, now, by, "user.role_changed", user, ({"role": user.role}, {"role": role.value}))
    user.role = role.value


def disable(session: Session, user: User, by: User, now: datetime) -> None:
    """Let nobody in to this account any more; who is in is out at once."""
    if user.id == by.id:
        raise InputError(N_("You cannot disable your own account. Another admin can."))
    if user.disabled_at is not None:
        return
    if user.role == Role.ADMIN:
        _keep_an_admin(session, user)
    user.disabled_at = now
    close_sessions(session, user.id)
    _note(session, now, by, "user.disabled", user, ({"may_sign_in": True}, {"may_sign_in": False}))


def enable(session: Session, user: User, by: User, now: datetime) -> None:
    """Let the person in again, with the password they had."""
    if user.disabled_at is None:
        return
    user.disabled_at, user.failed_count, user.next_try_at = None, 0, None
    _note(session, now, by, "user.enabled", user, ({"may_sign_in": False}, {"may_sign_in": True}))


def end_sessions(
    session: Session, user: User, by: User, now: datetime, *, mark: str = "", but: str | None = None
) -> None:
    """End one session, named by the mark the page shows, or all; perhaps except the one in use."""
    if mark:
        for row in sessions_of(session, user.id, now):
            if row.mark == mark:
                session.delete(row)
    else:
        close_sessions(session, user.id, but=but)
    _note(session, now, by, "session.ended", user, (None, {"all": not mark}))


def _keep_an_admin(session: Session, user: User) -> None:
    take_turns(session, LOCK)
    others = (
        select(User.id)
        .where(User.role == Role.ADMIN.value, User.disabled_at.is_(None), User.id != user.id)
        .with_for_update()
        .limit(1)
    )
    if session.execute(others).first() is None:
        raise InputError(N_("This is the last admin. Make somebody else an admin first."))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _note(session: Session, now: datetime, by: User, action: str, user: User, change: Change = (None, None)) -> None:
    before, after = change
    about = f"user/{user.public_id}"
    session.add(AuditEntry(at=now, user_id=by.id, action=action, object=about, before=before, after=after))
