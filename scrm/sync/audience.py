"""Who may read something has changed: whose timelines that concerns is noted portion by portion.

Marks every linked profile of the network; the expansion compares and finds most of them as they should be. So closing
a community, or switching the writing of closed content off, withdraws what was written, and the reverse writes it.
"""

from sqlalchemy import delete, select, update

from scrm.models import AudienceChange, Link, Profile, claim, mark_timelines_due, still_mine
from scrm.runtime import Core

PORTION = 200


def spread_due(core: Core) -> bool:
    """Mark one portion of the timelines that a change concerns; True when more is waiting."""
    now = core.db.clock.now()
    with core.db.write("audience.claim") as session:
        claimed = claim(session, AudienceChange, now, seconds=core.settings.lease_seconds)
    if not claimed:
        return False
    change = claimed[0]
    with core.db.write("audience.spread") as session:
        concerned = (
            select(Link.profile_id)
            .join(Profile, Profile.id == Link.profile_id)
            .where(Profile.network == change.network, Link.profile_id > change.after_id)
            .order_by(Link.profile_id)
            .limit(PORTION)
        )
        ids = session.scalars(concerned).all()
        mark_timelines_due(session, ids, now)
        mine = (AudienceChange.network == change.network) & still_mine(change)
        same = AudienceChange.changes == change.changes  # a newer change begins at the first profile again
        if len(ids) < PORTION:
            session.execute(delete(AudienceChange).where(mine, same))
        else:
            session.execute(update(AudienceChange).where(mine, same).values(after_id=ids[-1]))
        session.execute(update(AudienceChange).where(mine).values(lease_until=None, crash_count=0))
    return True
