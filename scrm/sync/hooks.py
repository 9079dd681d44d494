"""Hooks are made, changed and ended here, and told again what they missed; every change stands in the audit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from scrm.db import Database
from scrm.errors import HostRefusedError, InputError
from scrm.http import check_url
from scrm.i18n import N_, gettext
from scrm.models import Announcement, AnnouncementState, AuditEntry, Hook, HookEvent, HookState, uuid7
from scrm.models.hooks import ANNOUNCEMENTS, announcement_row
from scrm.runtime import Core
from scrm.sync.signature import new_secret
from scrm.vault import Vault

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
LONGEST_ADDRESS = 500
OLD_SECRET_HOURS = 24
PORTION = 200
SUBSCRIBABLE = tuple(event for event in HookEvent if event is not HookEvent.TEST)
FAILED = (AnnouncementState.FAILED.value,)
ENDED = (*FAILED, AnnouncementState.DONE.value, AnnouncementState.DROPPED.value)
NO_HOOK = N_("There is no such webhook.")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody wants to be told, and where."""

    name: str
    address: str
    events: Sequence[HookEvent]
    networks: Sequence[str] = ()  # only what happens there; empty: everywhere


def make_hook(session: Session, core: Core, wish: Wish, user_id: int | None = None) -> tuple[Hook, str]:
    """A new hook and its secret, which is never shown again; raises InputError."""
    if not NAME.fullmatch(wish.name):
        raise InputError(gettext("The name may hold small letters, digits and hyphens, at most 40 characters."))
    if not wish.events or HookEvent.TEST in wish.events:
        raise InputError(gettext("Choose at least one thing to be told."))
    if session.scalar(select(Hook.id).where(Hook.name == wish.name)) is not None:
        raise InputError(gettext("There is a webhook with this name already."))
    _check(wish.address, core.settings.allowed_hosts)
    now, secret, public_id = core.db.clock.now(), new_secret(), uuid7()
    row = Hook(
        public_id=public_id,
        name=wish.name,
        address=wish.address,
        events=sorted({event.value for event in wish.events}),
        networks=sorted(set(wish.networks)),
        secrets=core.vault.seal({"current": secret}, _place(public_id)),
        created_at=now,
        due_at=now,
    )
    session.add(row)
    session.flush()
    _audit(session, row, "made", now, user_id, events=row.events, networks=row.networks)
    return row, secret


def rotate_hook(session: Session, vault: Vault, hook: Hook, now: datetime, user_id: int | None = None) -> str:
    """A new secret; for another 24 hours we sign with the present one too."""
    secret = new_secret()
    present = vault.open(hook.secrets, _place(hook.public_id))["current"]
    hook.secrets = vault.seal({"current": secret, "old": present}, _place(hook.public_id))
    hook.old_secret_until = now + timedelta(hours=OLD_SECRET_HOURS)
    _audit(session, hook, "rotated", now, user_id)
    return secret


def switch(session: Session, hook: Hook, now: datetime, *, is_on: bool, user_id: int | None = None) -> None:
    """Call it no longer, or again; what happens meanwhile waits for it, 30 days at most."""
    if is_on == (hook.state == HookState.ON):
        return
    before, hook.state = hook.state, (HookState.ON if is_on else HookState.OFF).value
    hook.due_at = now if is_on else None
    hook.lease_until = hook.failing_since = None
    hook.generation += 1  # a send under way is told again: by the same id
    hook.failures = hook.crash_count = 0
    _audit(session, hook, "switched-on" if is_on else "switched-off", now, user_id, was=before, now_is=hook.state)


def remove(session: Session, hook: Hook, now: datetime, user_id: int | None = None) -> None:
    """End it, with all it was told."""
    session.execute(delete(Announcement).where(Announcement.hook_id == hook.id))
    _audit(session, hook, "removed", now, user_id)
    session.delete(hook)


def send_test(session: Session, hook: Hook, now: datetime) -> UUID:
    """Have it told something that means nothing; returns the id of what is sent."""
    row = announcement_row(hook.id, HookEvent.TEST, now)
    session.execute(insert(ANNOUNCEMENTS), [row])
    public_id: UUID = row["public_id"]
    return public_id


def replay_one(session: Session, hook: Hook, public_id: UUID, now: datetime, user_id: int | None = None) -> None:
    """Tell one thing again, by the same id; raises InputError when it is unknown or waits already."""
    told = session.execute(
        update(Announcement)
        .where(Announcement.hook_id == hook.id, Announcement.public_id == public_id, Announcement.state.in_(ENDED))
        .values(_again(now))
    )
    if not told.rowcount:  # type: ignore[attr-defined]
        raise InputError(gettext("There is nothing of this kind to be sent again."))
    _audit(session, hook, "replayed", now, user_id, announcement=str(public_id))


def replay_since(db: Database, hook: Hook, since: datetime, *, only_failed: bool, user_id: int | None = None) -> int:
    """Tell everything since a time again, or only what failed, each by its id; returns how many."""
    states, count, after = FAILED if only_failed else ENDED, 0, 0
    with db.read() as session:
        last = session.scalar(select(Announcement.id).order_by(Announcement.id.desc()).limit(1)) or 0
    while True:
        with db.write("hooks.replay") as session:
            now = db.clock.now()
            wanted = (
                select(Announcement.id)
                .where(
                    Announcement.hook_id == hook.id,
                    Announcement.at >= since,
                    Announcement.state.in_(states),
                    Announcement.id > after,
                    Announcement.id <= last,  # what comes back meanwhile is not sent a third time
                )
                .order_by(Announcement.id)
                .limit(PORTION)
            )
            ids = session.scalars(wanted).all()
            if ids:
                session.execute(update(Announcement).where(Announcement.id.in_(ids)).values(_again(now)))
            count += len(ids)
            if len(ids) < PORTION:
                _audit(session, hook, "replayed", now, user_id, since=since.isoformat(), count=count)
                return count
        after = ids[-1]


def find_hook(session: Session, name: str) -> Hook:
    """The hook of this name; raises InputError."""
    row = session.scalars(select(Hook).where(Hook.name == name).with_for_update()).one_or_none()
    if row is None:
        raise InputError(gettext(NO_HOOK))
    return row


def secrets_of(vault: Vault, hook: Hook, now: datetime) -> list[str]:
    """What we sign with now, newest first."""
    opened = vault.open(hook.secrets, _place(hook.public_id))
    is_old_used = hook.old_secret_until is not None and hook.old_secret_until > now
    return [opened["current"], *([opened["old"]] if is_old_used else [])]


def _check(address: str, allowed: Sequence[str]) -> None:
    if len(address) > LONGEST_ADDRESS or not address.isprintable() or " " in address:
        raise InputError(gettext("The address is too long, or holds what no address holds."))
    try:
        check_url(address, allowed)
    except (HostRefusedError, ValueError) as why:
        raise InputError(
            gettext("The address must begin with https:// and lead to a public host, without a name or password.")
        ) from why


def _again(now: datetime) -> dict[str, Any]:
    todo = AnnouncementState.TODO.value
    return {"state": todo, "due_at": now, "attempts": 0, "reason": None, "done_at": None}


def _place(public_id: UUID) -> str:
    return f"hook/{public_id}/secrets"


def _audit(session: Session, hook: Hook, what: str, now: datetime, user_id: int | None, **after: Any) -> None:
    about = f"hook/{hook.public_id}"
    session.add(AuditEntry(at=now, user_id=user_id, action=f"hook.{what}", object=about, after=after))
