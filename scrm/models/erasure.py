"""Forgetting: the requests, how far each is, and the tombstones that keep whoever was forgotten from coming back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from scrm.models.audit import AuditEntry
from scrm.models.base import Leased, Row, WithId, WithPublicId, due_index, uuid7

LONGEST_REFERENCE = 80


class ForgettingState(StrEnum):
    """How far a request is."""

    WAITING = "waiting"  # for the approval of an admin
    REFUSED = "refused"
    LOCAL = "local"  # tombstones are set, our own stores are being emptied
    CRM = "crm"  # gone here; the CRM has not confirmed everything yet
    DONE = "done"


class Origin(StrEnum):
    """How a request came."""

    PAGE = "page"
    API = "api"
    COMMAND = "command"
    CRM = "crm"  # a webhook said that the contact was deleted and is to be erased
    NETWORK = "network"  # the network's own callback
    RESTORE = "restore"  # a backup brought back somebody who was forgotten


class Forgetting(WithPublicId, Leased, Row):
    """One request to forget a person. It names nobody once it is done: only numbers, places and times stay."""

    __tablename__ = "forgetting"
    __table_args__ = (due_index("forgetting"), Index("ix_forgetting_state", "state", "id"))

    state: Mapped[str]
    origin: Mapped[str]
    reference: Mapped[str]  # of whoever asks, e.g. a ticket's number; never a name
    contact_id: Mapped[int | None]  # no foreign keys: the rows go
    profile_id: Mapped[int | None]
    sought: Mapped[str | None]  # sealed for `forgetting/<public_id>/sought`: whom we look for, until all is done
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    asked_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    local_at: Mapped[datetime | None]  # nothing is left here but what the CRM's records are withdrawn by
    done_at: Mapped[datetime | None]
    places: Mapped[list[Any]] = mapped_column(default=list)  # [{"place", "count", "at"}], the certificate


class Tombstone(Row):
    """A keyed hash of something by which a forgotten person could be known again."""

    __tablename__ = "tombstone"

    digest: Mapped[bytes] = mapped_column(LargeBinary(), primary_key=True)
    made_at: Mapped[datetime]


class TombstoneKey(WithId, Row):
    """The key of the hashes, sealed. Made with the first tombstone; a restored backup may add a second."""

    __tablename__ = "tombstone_key"

    sealed: Mapped[str]  # for `tombstone_key/-/key`
    made_at: Mapped[datetime]


OPEN_STATES = (ForgettingState.WAITING.value, ForgettingState.LOCAL.value, ForgettingState.CRM.value)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who is to be forgotten, and who asks for it."""

    origin: Origin
    contact_id: int | None = None
    profile_id: int | None = None
    sought: str | None = None  # sealed for `public_id`: somebody of whom we may hold no row
    public_id: UUID | None = None
    reference: str = ""
    user_id: int | None = None
    is_approved: bool = True


def ask_to_forget(session: Session, now: datetime, asked: Asked) -> Forgetting:
    """Write a request down; the same one that is open already is given back instead."""
    known = _open_request(session, asked)
    if known is not None:
        return known
    row = Forgetting(
        public_id=asked.public_id or uuid7(),
        state=(ForgettingState.LOCAL if asked.is_approved else ForgettingState.WAITING).value,
        origin=asked.origin.value,
        reference=asked.reference.strip()[:LONGEST_REFERENCE],
        contact_id=asked.contact_id,
        profile_id=asked.profile_id,
        sought=asked.sought,
        asked_by=asked.user_id,
        asked_at=now,
        due_at=now if asked.is_approved else None,
        places=[],
    )
    session.add(row)
    session.flush()
    session.add(
        AuditEntry(
            at=now,
            user_id=asked.user_id,
            action="forget.asked",
            object=f"forgetting/{row.public_id}",
            after={"origin": row.origin, "waits": not asked.is_approved},
        )
    )
    return row


def _open_request(session: Session, asked: Asked) -> Forgetting | None:
    if asked.contact_id is not None:
        mine = Forgetting.contact_id == asked.contact_id
    elif asked.profile_id is not None:
        mine = Forgetting.profile_id == asked.profile_id
    else:
        return None
    return session.scalars(select(Forgetting).where(mine, Forgetting.state.in_(OPEN_STATES)).limit(1)).first()
