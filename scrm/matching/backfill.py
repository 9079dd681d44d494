"""Matches everything that is due with all processors, or everything there is: after an import, or with a new model.

The work is rows that are due, as always: it may stop anywhere, and goes on where it stopped. Each process takes the
profiles whose number leaves its own remainder, so that none compares what another does.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select, update

from scrm.matching.blocking import rekey_due
from scrm.matching.candidates import EVERYTHING, Share, match_due
from scrm.matching.follow import follow_shipped
from scrm.models import Contact, Profile
from scrm.runtime import Core

PORTION = 200


@dataclass(frozen=True, kw_only=True)
class Left:
    """What is still to be done."""

    contacts: int  # to be keyed
    profiles: int  # to be matched


def mark_all(core: Core) -> Iterator[int]:
    """Make due every contact, whose keys may come from an older version, and every profile that may be matched.

    Gives how many so far after each portion.
    """
    last = marked = 0
    while True:
        with core.db.write("matching.mark_contacts") as session:
            ids = session.scalars(
                select(Contact.id).where(Contact.id > last).order_by(Contact.id).limit(PORTION)
            ).all()
            session.execute(
                update(Contact)
                .where(Contact.id.in_(ids), Contact.key_due_at.is_(None))
                .values(key_due_at=core.db.clock.now(), keyed_version=None)
            )
        if not ids:
            break
        last, marked = ids[-1], marked + len(ids)
        yield marked
    yield from _mark_profiles(core, marked)


def _mark_profiles(core: Core, marked: int) -> Iterator[int]:
    last = 0
    while True:
        with core.db.write("matching.mark_profiles") as session:
            wanted = select(Profile.id).where(
                Profile.id > last, Profile.is_internal.is_(False), Profile.deleted_at.is_(None)
            )
            ids = session.scalars(wanted.order_by(Profile.id).limit(PORTION)).all()
            session.execute(
                update(Profile)
                .where(Profile.id.in_(ids), Profile.match_due_at.is_(None))
                .values(match_due_at=core.db.clock.now(), match_generation=Profile.match_generation + 1)
            )
        if not ids:
            return
        last, marked = ids[-1], marked + len(ids)
        yield marked


def left(core: Core) -> Left:
    """Count what is due."""
    now = core.db.clock.now()
    with core.db.read() as session:
        return Left(
            contacts=session.scalar(select(func.count()).where(Contact.key_due_at <= now)) or 0,
            profiles=session.scalar(select(func.count()).where(Profile.match_due_at <= now)) or 0,
        )


def key_all(core: Core) -> Iterator[None]:
    """Key every changed contact, a portion at each step: matching finds nobody before. Newer weights come first."""
    follow_shipped(core)
    while rekey_due(core):
        yield


def match_all(core: Core, share: Share = EVERYTHING) -> Iterator[None]:
    """Match every due profile of a share, a portion at each step."""
    while match_due(core, share):
        yield
