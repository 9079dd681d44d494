"""Users, their passwords, browser sessions and single-use sign-in links; only hashes of secrets are stored.

Passwords: argon2id with the library's defaults (RFC 9106, low-memory profile). Wrong ones are answered after a wait
that grows per account and never locks it for good, because a stranger could otherwise lock anybody out.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.orm import Session
from zxcvbn import zxcvbn

from scrm.errors import InputError
from scrm.i18n import N_
from scrm.models import DirectoryIdentity, Role, SignInLink, User, WebSession, uuid7
from scrm.runtime import Core

IDLE: Final = timedelta(minutes=30)
ABSOLUTE: Final = timedelta(hours=12)
LINK_LASTS: Final = timedelta(days=1)
SEEN_EVERY: Final = timedelta(minutes=1)  # a session is not written more often than this
FREE_TRIES: Final = 4
LONGEST_WAIT: Final = timedelta(minutes=5)
SHORTEST_PASSWORD: Final = 12
HARD_TO_GUESS: Final = 3  # of 0 to 4 by zxcvbn: more than 10^8 guesses
JUDGED: Final = 72  # its first characters: the time that takes grows faster than their number
OURSELVES: Final = "scrm social crm"
EASILY_GUESSED: Final = N_(
    "This password is easily guessed: it is common, repeats itself or holds names. Take a few words that do not"
    " belong together."
)
LONGEST_PASSWORD: Final = 200

_hasher = PasswordHasher()


def hash_token(token: str) -> str:
    """What is stored of a random token; it is long enough to need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def ensure_user(session: Session, name: str, email: str, role: Role, now: datetime) -> User:
    """The user with this address, made when there is none."""
    address = email.strip().lower()
    found = session.scalars(select(User).where(User.email == address)).one_or_none()
    if found is None:
        found = User(public_id=uuid7(), name=name, email=address, role=role.value, created_at=now)
        session.add(found)
        session.flush()
    return found


def active_user(session: Session, email: str) -> User:
    """The user with this address who may sign in; raises InputError."""
    query = select(User).where(User.email == email.strip().lower(), User.disabled_at.is_(None))
    found = session.scalars(query).one_or_none()
    if found is None:
        raise InputError(N_("There is no such person."))
    return found


def make_sign_in_link(session: Session, user_id: int, now: datetime, lasts: timedelta = LINK_LASTS) -> str:
    """A token that signs this user in once within a day or as long as is said, at /sign-in/<token>."""
    token = secrets.token_urlsafe(32)
    session.add(SignInLink(token_hash=hash_token(token), user_id=user_id, expires_at=now + lasts))
    session.flush()
    return token


def can_come_back() -> ColumnElement[bool]:
    """Users who need no link to sign in."""
    has_identity = exists().where(DirectoryIdentity.user_id == User.id)
    return or_(User.password_hash.is_not(None), has_identity)


def first_admin_link(core: Core) -> str | None:
    """The address that signs in the first admin of an empty installation, to be printed on its terminal."""
    now = core.db.clock.now()
    with core.db.write("people.first_admin") as session:
        active = select(User.id).where(User.disabled_at.is_(None), can_come_back())
        if session.execute(active.limit(1)).first() is not None:
            return None
        somebody = session.scalars(select(User).where(User.role == Role.ADMIN.value).order_by(User.id)).first()
        admin = somebody or ensure_user(session, "Admin", "admin@localhost", Role.ADMIN, now)
        token = make_sign_in_link(session, admin.id, now)
    return f"{core.settings.base_url}/sign-in/{token}"


def link_owner(session: Session, token: str, now: datetime) -> User | None:
    """Whom a sign-in link would sign in; None when it is unknown, used or too old."""
    query = (
        select(User)
        .join(SignInLink, SignInLink.user_id == User.id)
        .where(
            SignInLink.token_hash == hash_token(token),
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now,
            User.disabled_at.is_(None),
        )
    )
    return session.scalars(query).one_or_none()


def use_link(session: Session, token: str, now: datetime) -> User | None:
    """Sign in by link; the link is used up, also when two browsers press at once."""
    owner = link_owner(session, token, now)
    used = session.execute(
        update(SignInLink)
        .where(SignInLink.token_hash == hash_token(token), SignInLink.used_at.is_(None))
        .values(used_at=now)
    )
    return owner if used.rowcount == 1 else None  # type: ignore[attr-defined]


def open_session(session: Session, user_id: int, now: datetime, agent: str = "") -> str:
    """A new browser session; old ones that ended are cleared away."""
    token = secrets.token_urlsafe(32)
    session.execute(delete(WebSession).where(WebSession.user_id == user_id, WebSession.expires_at <= now))
    session.add(
        WebSession(
            id_hash=hash_token(token),
            user_id=user_id,
            created_at=now,
            seen_at=now,
            expires_at=now + ABSOLUTE,
            agent=agent or None,
        )
    )
    session.execute(update(User).where(User.id == user_id).values(seen_at=now))
    return token


def close_sessions(session: Session, user_id: int, *, only: str | None = None, but: str | None = None) -> None:
    """End one session, or all of a user, perhaps except the one in use."""
    query = delete(WebSession).where(WebSession.user_id == user_id)
    if only is not None:
        query = query.where(WebSession.id_hash == hash_token(only))
    if but is not None:
        query = query.where(WebSession.id_hash != hash_token(but))
    session.execute(query)


def find_session(session: Session, token: str, now: datetime) -> tuple[WebSession, User] | None:
    """The live session of a cookie with its user."""
    row = session.execute(
        select(WebSession, User)
        .join(User, User.id == WebSession.user_id)
        .where(
            WebSession.id_hash == hash_token(token),
            WebSession.expires_at > now,
            WebSession.seen_at > now - IDLE,
            User.disabled_at.is_(None),
        )
    ).one_or_none()
    return (row[0], row[1]) if row else None


def check_password(core: Core, email: str, password: str, *, is_known: bool = False) -> User | None:
    """The user whose password this is. Takes as long for an address nobody has, and says as little.

    A browser that signed in before (`is_known`) need not wait for what strangers tried.
    """
    now = core.db.clock.now()
    with core.db.read() as session:
        found = session.scalars(select(User).where(User.email == email.strip().lower())).one_or_none()
    usable = found is not None and found.disabled_at is None and found.password_hash is not None
    waits = not is_known and found is not None and found.next_try_at is not None and found.next_try_at > now
    stored = found.password_hash if found is not None and found.password_hash and usable else _decoy()
    is_right = _matches(stored, password[:LONGEST_PASSWORD])
    if found is None or not usable or waits:
        return None
    failed = 0 if is_right else found.failed_count + 1
    if failed or found.failed_count:
        with core.db.write("people.tried") as session:
            session.execute(
                update(User)
                .where(User.id == found.id)
                .values(failed_count=failed, next_try_at=_next_try(failed, now))
            )
    return found if is_right else None


def hash_password(password: str, about: Sequence[str] = ()) -> str:
    """What is stored of a password; raises InputError when it is too short or too easily guessed to be worth having.

    `about` are words that somebody who knows its owner would try first: names, addresses.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise InputError(N_("The password needs at least 12 characters."))
    if len(password) > LONGEST_PASSWORD:
        raise InputError(N_("The password may have at most 200 characters."))
    known = [part for text in (OURSELVES, *about) for part in re.split(r"[\W_]+", text) if part]
    judged = zxcvbn(password[:JUDGED], user_inputs=known)  # type: ignore[no-untyped-call]
    if judged["score"] < HARD_TO_GUESS:
        raise InputError(EASILY_GUESSED)
    return _hasher.hash(password)


def set_password(session: Session, user_id: int, hashed: str) -> None:
    session.execute(
        update(User).where(User.id == user_id).values(password_hash=hashed, failed_count=0, next_try_at=None)
    )


def _next_try(failed: int, now: datetime) -> datetime | None:
    if failed < FREE_TRIES:
        return None
    return now + min(timedelta(seconds=2 ** min(failed - FREE_TRIES + 1, 12)), LONGEST_WAIT)


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _decoy() -> str:
    """The hash of a password nobody knows, so that unknown users cost the same time."""
    return _hasher.hash(secrets.token_urlsafe(24))
