"""Hooks, the addresses of others that we call when something happens, and what each is told.

An announcement is written in the transaction of what it tells, one row for each hook that wants it, and sent
afterwards (`sync/announce.py`). It holds numbers and no words: what may be told is decided when it is sent.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from scrm.db import METADATA, among
from scrm.models.base import Leased, Row, WithPublicId, uuid7
from scrm.models.matching import Link


class HookEvent(StrEnum):
    """What a hook may be told."""

    INTERACTION = "interaction.added"  # new to us, of a profile that is linked with a contact
    LINKED = "link.made"
    UNLINKED = "link.undone"
    BROKEN = "connection.broken"
    ALERT_BEGAN = "alert.began"  # what admins are told of by mail, too
    ALERT_ENDED = "alert.ended"
    TEST = "test"  # only when somebody asks for it


class HookState(StrEnum):
    """Whether a hook is called."""

    ON = "on"
    OFF = "off"  # by an admin
    FAILING = "failing"  # it took nothing for three days
    GONE = "gone"  # it answered 410: do not call again


class AnnouncementState(StrEnum):
    """Where an announcement stands."""

    TODO = "todo"
    DONE = "done"
    DROPPED = "dropped"  # not to be told (any more); `reason` says why
    FAILED = "failed"  # tried for three days


class Hook(WithPublicId, Leased, Row):
    """Somebody we call. Due while it is on, from the time it may be called; one process at a time calls it."""

    __tablename__ = "hook"

    name: Mapped[str] = mapped_column(unique=True)
    address: Mapped[str]
    events: Mapped[list[Any]]
    networks: Mapped[list[Any]] = mapped_column(default=list)  # empty: all
    secrets: Mapped[str]  # sealed for `hook/<public_id>/secrets`
    old_secret_until: Mapped[datetime | None]  # until then we sign with both
    state: Mapped[str] = mapped_column(default=HookState.ON)
    created_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(default=0)  # one after the other
    failing_since: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]  # the last time it took something


class Announcement(WithPublicId, Row):
    """One thing told to one hook; its public id is the one receivers know it by, however often it is sent."""

    __tablename__ = "announcement"
    __table_args__ = (
        Index("ix_announcement_due", "hook_id", "state", "due_at"),
        Index("ix_announcement_at", "at"),
    )

    hook_id: Mapped[int] = mapped_column(ForeignKey("hook.id"))
    event: Mapped[str]
    at: Mapped[datetime]
    network: Mapped[str | None]
    profile_id: Mapped[int | None]  # no foreign keys: erasing somebody does not wait for what was told
    contact_id: Mapped[int | None]
    interaction: Mapped[uuid.UUID | None]
    connection_id: Mapped[int | None]
    alert_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(default=AnnouncementState.TODO)
    due_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    status: Mapped[int | None]  # of the last answer
    reason: Mapped[str | None]
    done_at: Mapped[datetime | None]


ANNOUNCEMENTS = METADATA.tables[Announcement.__tablename__]
LINKS = METADATA.tables[Link.__tablename__].c
EMPTY = dict.fromkeys(("profile_id", "contact_id", "interaction", "connection_id", "alert_id"))


def announce(session: Session, event: HookEvent, now: datetime, *, network: str | None, **about: int) -> None:
    """Write down for every hook that wants it that something happened; `about`: ids, by the names of the columns."""
    _write(session, event, network, now, [about])


def announce_interactions(session: Session, network: str, parties: Mapping[uuid.UUID, int], now: datetime) -> None:
    """The same for new interactions, by public id with the party, where the party is linked with a contact."""
    if not parties or not _wanting(session, HookEvent.INTERACTION, network):
        return
    profiles = set(parties.values())
    found = session.execute(
        select(LINKS.profile_id, LINKS.contact_id).where(among(session, LINKS.profile_id, profiles))
    )
    contacts = {row.profile_id: row.contact_id for row in found}
    rows = [
        {"interaction": public_id, "profile_id": profile_id, "contact_id": contacts[profile_id]}
        for public_id, profile_id in parties.items()
        if profile_id in contacts
    ]
    _write(session, HookEvent.INTERACTION, network, now, rows)


def announcement_row(hook_id: int, event: HookEvent, now: datetime, **about: Any) -> dict[str, Any]:
    """One row, due at once."""
    return {
        **EMPTY,
        "network": None,
        "public_id": uuid7(),
        "hook_id": hook_id,
        "event": event.value,
        "at": now,
        "state": AnnouncementState.TODO.value,
        "due_at": now,
        "attempts": 0,
        **about,
    }


def _write(
    session: Session, event: HookEvent, network: str | None, now: datetime, told: Sequence[Mapping[str, object]]
) -> None:
    rows = [
        announcement_row(hook_id, event, now, network=network, **about)
        for hook_id in _wanting(session, event, network)
        for about in told
    ]
    if rows:
        session.execute(insert(ANNOUNCEMENTS), rows)


def _wanting(session: Session, event: HookEvent, network: str | None) -> list[int]:
    """Hooks that want to be told this; also those that are not called at present, which are told later."""
    rows = session.execute(select(Hook.id, Hook.events, Hook.networks).order_by(Hook.id))
    return [
        hook_id for hook_id, events, networks in rows if event in events and (not networks or network in networks)
    ]
