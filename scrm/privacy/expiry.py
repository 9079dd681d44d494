"""Grounds that ran out end, and with them what rested on them."""

from scrm.purposes import PORTION, expire
from scrm.runtime import Core


def end_due(core: Core) -> bool:
    """End a portion of what ran out; True when more is waiting."""
    with core.db.write("grounds.expire") as session:
        return expire(session, core.db.clock.now()) == PORTION
