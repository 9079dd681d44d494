"""Tokens of the API: made, revoked, and asked for at every call."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from flask import abort, current_app, g, request
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scrm.errors import InputError
from scrm.i18n import gettext
from scrm.models import ApiToken, AuditEntry, Judge, Judgment, Role, User, uuid7
from scrm.web import current
from scrm.web.api.rate import Rate
from scrm.web.people import hash_token

MARK: Final = "scrm_"  # so that scanners of leaked secrets find it
USED_EVERY: Final = timedelta(minutes=1)
LONGEST_NAME: Final = 80
RATE: Final = "scrm.rate"
RANKS: Final = (Role.REP, Role.STEWARD, Role.ADMIN)


class Scope(StrEnum):
    """What a token may do."""

    CONTACTS = "contacts:read"
    TIMELINE = "timeline:read"
    PROFILES = "profiles:read"
    CANDIDATES = "candidates:read"
    JUDGE = "judgments:write"
    CONSENTS = "consents:read"
    CONSENT = "consents:write"
    DELIVERIES = "webhooks:read"
    REDELIVER = "webhooks:write"
    HEALTH = "health:read"
    FORGET = "people:forget"


STEWARDS: Final = frozenset({Role.STEWARD.value, Role.ADMIN.value})
ADMINS: Final = frozenset({Role.ADMIN.value})
MAY: Final = {
    Scope.CANDIDATES: STEWARDS,
    Scope.JUDGE: STEWARDS,
    Scope.CONSENTS: STEWARDS,
    Scope.CONSENT: STEWARDS,
    Scope.DELIVERIES: ADMINS,
    Scope.REDELIVER: ADMINS,
    Scope.HEALTH: ADMINS,
    Scope.FORGET: ADMINS,
}


def may(role: str, scope: Scope) -> bool:
    """Whether a role can have a scope."""
    return scope not in MAY or role in MAY[scope]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A token that somebody wants made."""

    name: str
    role: Role
    scopes: Sequence[Scope]
    owner: User | None = None  # whose it is; it ends with them, and undoes what they may
    expires_at: datetime | None = None


def reaches(owner_role: str, role: str) -> bool:
    """Whether somebody with a role may have a token with another."""
    return RANKS.index(Role(role)) <= RANKS.index(Role(owner_role))


def make_token(session: Session, wish: Wish, now: datetime, by: int | None = None) -> str:
    """Make a token, which is never shown again; raises InputError."""
    name = wish.name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InputError(gettext("A token needs a name of at most 80 characters."))
    if not wish.scopes:
        raise InputError(gettext("Choose at least one thing that the token may do."))
    if not all(may(wish.role.value, scope) for scope in wish.scopes):
        raise InputError(gettext("This role may not do all of that."))
    if wish.owner is not None and not reaches(wish.owner.role, wish.role.value):
        raise InputError(gettext("A token sees no more than the person whose it is."))
    if wish.expires_at is not None and wish.expires_at <= now:
        raise InputError(gettext("The end of a token lies in the future."))
    token = MARK + secrets.token_urlsafe(32)
    row = ApiToken(
        public_id=uuid7(),
        name=name,
        token_hash=hash_token(token),
        role=wish.role.value,
        scopes=sorted({scope.value for scope in wish.scopes}),
        user_id=wish.owner.id if wish.owner else None,
        created_at=now,
        expires_at=wish.expires_at,
    )
    session.add(row)
    session.flush()
    after = {
        "role": row.role,
        "scopes": row.scopes,
        "owner": row.user_id,
        "expires_at": wish.expires_at.isoformat() if wish.expires_at else None,
    }
    session.add(AuditEntry(at=now, user_id=by, action="token.made", object=f"token/{row.public_id}", after=after))
    return token


def revoke(session: Session, public_id: UUID, now: datetime, by: int | None = None) -> None:
    """End a token at once; raises InputError when there is none."""
    row = session.scalars(select(ApiToken).where(ApiToken.public_id == public_id)).one_or_none()
    if row is None:
        raise InputError(gettext("There is no such token."))
    if row.revoked_at is None:
        row.revoked_at = now
        session.add(AuditEntry(at=now, user_id=by, action="token.revoked", object=f"token/{public_id}"))


def caller() -> ApiToken:
    """Whose call this is."""
    found: ApiToken = g.api_token
    return found


def may_undo(row: Judgment) -> bool:
    """Whether the caller may take this judgment back: what it judged itself, and what its owner may on the pages."""
    token = caller()
    is_own = row.token_id == token.id
    return row.judge == Judge.STEWARD and (is_own or (token.user_id is not None and row.user_id == token.user_id))


def check(scope: Scope) -> None:
    """Answer 401 without a token that is good, 403 without the scope, 429 when it calls too often."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    found = _find(token) if kind.lower() == "bearer" and token.startswith(MARK) else None
    if found is None:
        abort(401)
    if scope.value not in found.scopes or not may(found.role, scope):
        abort(403)
    rate: Rate = current_app.extensions[RATE]
    if not rate.allows(found.id):
        abort(429)
    now = current.now()
    if found.last_used_at is None or now - found.last_used_at >= USED_EVERY:
        with current.core().db.write("api.use") as db:
            db.execute(update(ApiToken).where(ApiToken.id == found.id).values(last_used_at=now))
    g.api_token = found


def _find(token: str) -> ApiToken | None:
    """The token, unless it was revoked or is at its end, or its owner is gone or no longer has its role."""
    now = current.now()
    with current.core().db.read() as db:
        found = db.scalars(select(ApiToken).where(ApiToken.token_hash == hash_token(token))).one_or_none()
        owner = db.get(User, found.user_id) if found is not None and found.user_id is not None else None
    if found is None:
        return None
    is_over = found.revoked_at is not None or (found.expires_at is not None and found.expires_at <= now)
    is_orphan = owner is not None and (owner.disabled_at is not None or not reaches(owner.role, found.role))
    return None if is_over or is_orphan else found
