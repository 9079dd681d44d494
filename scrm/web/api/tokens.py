"""Tokens of the API: made, revoked, and asked for at every call."""

import secrets
import threading
from datetime import datetime, timedelta
from enum import StrEnum
from time import monotonic
from typing import Final
from uuid import UUID

from flask import abort, g, request
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scrm.errors import InputError
from scrm.i18n import gettext
from scrm.models import ApiToken, AuditEntry, Role, uuid7
from scrm.web import current
from scrm.web.people import hash_token

MARK: Final = "scrm_"  # so that scanners of leaked secrets find it
USED_EVERY: Final = timedelta(minutes=1)
LONGEST_NAME: Final = 80
PER_MINUTE: Final = 600  # calls of one token, counted in each web process
MOST_COUNTED: Final = 10_000


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
}


def may(role: str, scope: Scope) -> bool:
    """Whether a role can have a scope."""
    return scope not in MAY or role in MAY[scope]


def make_token(
    session: Session, name: str, role: Role, scopes: list[Scope], now: datetime, user_id: int | None = None
) -> str:
    """Make a token, which is never shown again; raises InputError."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InputError(gettext("A token needs a name of at most 80 characters."))
    if not scopes:
        raise InputError(gettext("Choose at least one thing that the token may do."))
    if not all(may(role.value, scope) for scope in scopes):
        raise InputError(gettext("This role may not do all of that."))
    token = MARK + secrets.token_urlsafe(32)
    row = ApiToken(
        public_id=uuid7(),
        name=name,
        token_hash=hash_token(token),
        role=role.value,
        scopes=sorted({scope.value for scope in scopes}),
        user_id=user_id,
        created_at=now,
    )
    session.add(row)
    session.flush()
    after = {"role": row.role, "scopes": row.scopes}
    session.add(
        AuditEntry(at=now, user_id=user_id, action="token.made", object=f"token/{row.public_id}", after=after)
    )
    return token


def revoke(session: Session, public_id: UUID, now: datetime, user_id: int | None = None) -> None:
    """End a token at once; raises InputError when there is none."""
    row = session.scalars(select(ApiToken).where(ApiToken.public_id == public_id)).one_or_none()
    if row is None:
        raise InputError(gettext("There is no such token."))
    if row.revoked_at is None:
        row.revoked_at = now
        session.add(AuditEntry(at=now, user_id=user_id, action="token.revoked", object=f"token/{public_id}"))


def caller() -> ApiToken:
    """Whose call this is."""
    found: ApiToken = g.api_token
    return found


def check(scope: Scope) -> None:
    """Answer 401 without a token that is good, 403 without the scope, 429 when it calls too often."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    now = current.now()
    found = None
    if kind.lower() == "bearer" and token.startswith(MARK):
        with current.core().db.read() as db:
            found = db.scalars(select(ApiToken).where(ApiToken.token_hash == hash_token(token))).one_or_none()
    if found is None or found.revoked_at is not None or (found.expires_at is not None and found.expires_at <= now):
        abort(401)
    if scope.value not in found.scopes or not may(found.role, scope):
        abort(403)
    if not _rate.allows(found.id):
        abort(429)
    if found.last_used_at is None or now - found.last_used_at >= USED_EVERY:
        with current.core().db.write("api.use") as db:
            db.execute(update(ApiToken).where(ApiToken.id == found.id).values(last_used_at=now))
    g.api_token = found


class _Rate:
    """Calls of each token in this minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[int, tuple[int, int]] = {}

    def allows(self, token_id: int) -> bool:
        minute = int(monotonic() // 60)
        with self._lock:
            if len(self._counts) > MOST_COUNTED:
                self._counts.clear()
            since, count = self._counts.get(token_id, (minute, 0))
            count = count + 1 if since == minute else 1
            self._counts[token_id] = (minute, count)
        return count <= PER_MINUTE


_rate = _Rate()
