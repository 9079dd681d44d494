"""After a restore from a backup nothing we believe of the CRM is certain: every entry goes out once more.

What was written or withdrawn since the backup is unknown to us, and the CRM's versions are ahead of ours. Sending all
of it again, each a version higher, ends with the CRM holding what we know now (`outcomes.py` goes above what is newer
there); what is the same already is only looked at.
"""

from datetime import datetime

from sqlalchemy import case, null, select, update

from scrm.db import Database, upsert
from scrm.models import Chore, EntryState, TimelineEntry, claim, still_mine
from scrm.runtime import Core

CHORE = "resend"
PORTION = 200


def order(db: Database, now: datetime) -> None:
    """Say that everything is to be sent again; the sweeper finds it."""
    with db.write("resend.order") as session:
        session.execute(
            upsert(session, Chore).on_conflict_do_update(index_elements=["name"], set_={"due_at": now}),
            [{"name": CHORE, "due_at": now, "generation": 0, "crash_count": 0}],
        )


def resend(core: Core) -> None:
    """Make every entry due, if that was ordered; stopped half-way it begins again, harmlessly."""
    with core.db.write("resend.claim") as session:
        now = core.db.clock.now()
        claimed = claim(session, Chore, now, Chore.name == CHORE, seconds=core.settings.lease_seconds)
    if not claimed:
        return
    after: int | None = 0
    while after is not None:
        after = _portion(core, after)
    with core.db.write("resend.finish") as session:
        session.execute(
            update(Chore)
            .where(Chore.name == CHORE, still_mine(claimed[0]))
            .values(lease_until=None, crash_count=0, due_at=None, done_at=core.db.clock.now())
        )


def _portion(core: Core, after: int) -> int | None:
    """Make the next entries due; the number of the last one, or None when there are no more."""
    with core.db.write("resend.portion") as session:
        ids = session.scalars(
            select(TimelineEntry.id).where(TimelineEntry.id > after).order_by(TimelineEntry.id).limit(PORTION)
        ).all()
        if ids:
            is_held = TimelineEntry.state == EntryState.HELD.value
            session.execute(
                update(TimelineEntry)
                .where(TimelineEntry.id.in_(ids), TimelineEntry.state != EntryState.TODO.value)
                .values(
                    state=EntryState.TODO.value,
                    version=TimelineEntry.version + 1,
                    due_at=core.db.clock.now(),
                    attempts=0,
                    fault=None,
                    reason=case((is_held, TimelineEntry.reason), else_=null()),
                )
            )
    return ids[-1] if ids else None
