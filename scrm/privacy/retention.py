"""Retention: what expired is removed, here and in the CRM.

An expired interaction loses its text at once and its CRM entry is withdrawn; the row itself goes when nothing is left
to withdraw. Works in small portions, so it never holds the database for long.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from scrm.ingest.profiles import forget_profiles
from scrm.models import (
    Announcement,
    Delivery,
    EntryState,
    InboxItem,
    Interaction,
    Journal,
    PaidItem,
    PlanStep,
    Profile,
    RawRecord,
    Run,
    SignInLink,
    TimelineEntry,
    WebSession,
    WritePlan,
    mark_timelines_due,
)
from scrm.runtime import Core

PORTION = 200
INBOX_DAYS = 30  # ids are remembered this long, so that a late repeat has no second effect
RUN_DAYS = 30
DELIVERY_DAYS = 90
PLAN_DAYS = 30
PAID_DAYS = 2
ANNOUNCEMENT_DAYS = 30


def purge(core: Core) -> bool:
    """Remove one portion of what expired; True when more is left."""
    now = core.db.clock.now()
    with core.db.write("privacy.purge") as session:
        counts = [
            _delete_some(session, RawRecord, RawRecord.expires_at < now),
            _blank_profiles(session, now),
            _blank_interactions(session, now),
            _delete_interactions(session, now),
            _delete_some(session, Delivery, Delivery.ended_at < now - timedelta(days=DELIVERY_DAYS)),
            _delete_some(session, Announcement, Announcement.at < now - timedelta(days=ANNOUNCEMENT_DAYS)),
            _delete_plans(session, now - timedelta(days=PLAN_DAYS)),
            _delete_some(session, Run, Run.started_at < now - timedelta(days=RUN_DAYS)),
            _delete_some(
                session,
                InboxItem,
                InboxItem.done_at < now - timedelta(days=INBOX_DAYS),  # quarantined ones too: they may name people
            ),
        ]
        session.execute(delete(PaidItem).where(PaidItem.day <= now.date() - timedelta(days=PAID_DAYS)))
        session.execute(delete(WebSession).where(WebSession.expires_at < now))
        session.execute(delete(SignInLink).where(SignInLink.expires_at < now))
    return PORTION in counts


def _delete_some(session: Session, model: type, condition: object) -> int:
    ids = session.scalars(select(model.id).where(condition).limit(PORTION)).all()  # type: ignore[attr-defined, arg-type]
    if ids:
        session.execute(delete(model).where(model.id.in_(ids)))  # type: ignore[attr-defined]
    return len(ids)


def _delete_plans(session: Session, before: datetime) -> int:
    """Steps of old plans, which hold texts, and then the plans."""
    old = select(WritePlan.id).where(WritePlan.created_at < before)
    count = _delete_some(session, PlanStep, PlanStep.plan_id.in_(old))
    if count == 0:
        session.execute(delete(WritePlan).where(WritePlan.created_at < before))
    return count


def _blank_profiles(session: Session, now: datetime) -> int:
    ids = session.scalars(select(Profile.id).where(Profile.expires_at < now).limit(PORTION)).all()
    if ids:
        forget_profiles(session, ids, now)
    return len(ids)


def _blank_interactions(session: Session, now: datetime) -> int:
    rows = session.execute(
        select(Interaction.id, Interaction.party_id)
        .where(Interaction.expires_at < now, Interaction.deleted_at.is_(None))
        .limit(PORTION)
    ).all()
    if rows:
        session.execute(
            update(Interaction)
            .where(Interaction.id.in_([row.id for row in rows]))
            .values(deleted_at=now, text=None, url=None, version=Interaction.version + 1)
        )
        mark_timelines_due(session, {row.party_id for row in rows if row.party_id}, now)
    return len(rows)


def _delete_interactions(session: Session, now: datetime) -> int:
    """Rows whose time is over and that the CRM no longer holds."""
    is_withdrawn = TimelineEntry.is_wanted.is_(False) & (TimelineEntry.state == EntryState.DONE.value)
    held = exists().where(TimelineEntry.interaction_id == Interaction.id, ~is_withdrawn)  # by whichever CRM
    withdrawn = (
        select(Interaction.id)
        .where(Interaction.expires_at < now, Interaction.deleted_at < now - timedelta(days=1), ~held)
        .limit(PORTION)
    )
    ids = session.scalars(withdrawn).all()
    if ids:
        entries = session.scalars(select(TimelineEntry.id).where(TimelineEntry.interaction_id.in_(ids))).all()
        session.execute(delete(Delivery).where(Delivery.entry_id.in_(entries)))
        session.execute(delete(Journal).where(Journal.entry_id.in_(entries)))
        session.execute(delete(PlanStep).where(PlanStep.entry_id.in_(entries)))
        session.execute(delete(TimelineEntry).where(TimelineEntry.id.in_(entries)))
        session.execute(delete(Interaction).where(Interaction.id.in_(ids)))
    return len(ids)
