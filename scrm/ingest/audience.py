"""Who may see what a connection reads from closed communities and in private, as the admin sets it."""

from dataclasses import asdict
from uuid import UUID

from sqlalchemy import select

from scrm.errors import InputError
from scrm.i18n import N_
from scrm.models import AuditEntry, Connection, ConnectionState, mark_audiences_due
from scrm.policy import Opening, opening_of
from scrm.runtime import Core


def set_opening(core: Core, public_id: UUID, opening: Opening, user_id: int | None) -> None:
    """Set it; what may be written to the CRM now is written, and what may not is withdrawn."""
    now = core.db.clock.now()
    with core.db.write("audience.set") as session:
        row = session.scalars(select(Connection).where(Connection.public_id == public_id)).one_or_none()
        if row is None or row.state == ConnectionState.REMOVED:
            raise InputError(N_("There is no such connection."))
        before = opening_of(row)
        if before == opening:
            return
        for name, value in asdict(opening).items():
            setattr(row, name, value)
        session.add(
            AuditEntry(
                at=now,
                user_id=user_id,
                action="connection.audience_changed",
                object=f"connection/{row.public_id}",
                before=asdict(before),
                after=asdict(opening),
            )
        )
        mark_audiences_due(session, [row.network], now)
    core.wake("audience", None)
