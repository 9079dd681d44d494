"""The daily look at the audit trail: whether it fits from the first entry to the last, and where it ends."""

from scrm import logs
from scrm.models import AuditChain, audit
from scrm.runtime import Core

log = logs.get(__name__)


def check(core: Core, *, expected: tuple[int, str] | None = None) -> audit.Verdict:
    """Go through the trail and note what was found; the log keeps where it ends, out of the database's reach."""
    found = audit.verify(core.db, core.vault, expected=expected)
    with core.db.write("trail.check") as session:
        chain = session.get(AuditChain, audit.ONLY)
        if chain is not None:
            chain.checked_at, chain.broken_at = core.db.clock.now(), found.broken
    if found.broken is None:
        log.info("audit_trail_fits", number=found.entries, seal=found.seal)
    else:
        log.error("audit_trail_broken", number=found.broken)
    return found
