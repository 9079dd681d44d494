"""Retention: what expired, or is older than the admin's days, is removed, here and in the CRM.

An expired interaction loses its text at once and its CRM entry is withdrawn; the row itself goes when nothing is left
to withdraw. Works in small portions, so it never holds the database for long.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from scrm.ingest.profiles import forget_profiles
from scrm.keeping import Kept, model_of, overdue
from scrm.models import (
    Alert,
    Announcement,
    AuditEntry,
    Delivery,
    EntryState,
    InboxItem,
    Interaction,
    Journal,
    Mail,
    PaidItem,
    PlanStep,
    Profile,
    RawRecord,
    RetentionRule,
    Run,
    SignInLink,
    TimelineEntry,
    Watch,
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
MAIL_DAYS = 30
ALERT_DAYS = 30


def purge(core: Core) -> bool:
    """Remove one portion of what expired; True when more is left."""
    now = core.db.clock.now()
    with core.db.write("privacy.purge") as session:
        counts = [
            _delete_some(session, RawRecord, RawRecord.expires_at < now),
            _blank_profiles(session, now),
            _blank_interactions(session, now),
            _delete_interactions(session, now),
            _apply_days(session, now),
            _delete_some(session, Delivery, Delivery.ended_at < now - timedelta(days=DELIVERY_DAYS)),
            _delete_some(session, Announcement, Announcement.at < now - timedelta(days=ANNOUNCEMENT_DAYS)),
            _delete_some(session, Mail, Mail.done_at < now - timedelta(days=MAIL_DAYS)),
            _delete_some(session, Alert, Alert.ended_at < now - timedelta(days=ALERT_DAYS)),
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


def _apply_days(session: Session, now: datetime) -> int:
    """One portion of what is older than the admin's days; what a rule removed in a day is one audit entry."""
    for rule in session.scalars(select(RetentionRule).order_by(RetentionRule.network, RetentionRule.kind)):
        kind = Kept(rule.kind)
        model, condition = model_of(kind), overdue(rule.network, kind, rule.days, now)
        ids = session.scalars(select(model.id).where(condition).limit(PORTION)).all()
        _remove(session, kind, ids, now)
        rule.removed, rule.removing = rule.removed + len(ids), rule.removing + len(ids)
        if len(ids) == PORTION:
            return PORTION
        rule.applied_at = now
        if rule.removing:
            entry = AuditEntry(at=now, action="retention.applied", object=f"network/{rule.network}")
            entry.after = {"kind": rule.kind, "days": rule.days, "removed": rule.removing}
            session.add(entry)
            rule.removing = 0
    return 0


def _remove(session: Session, kind: Kept, ids: Sequence[int], now: datetime) -> None:
    if kind is Kept.RAW:
        session.execute(delete(RawRecord).where(RawRecord.id.in_(ids)))
    elif kind is Kept.PROFILE:
        forget_profiles(session, ids, now)
    else:
        rows = session.execute(
            select(Interaction.network, Interaction.native_id, Interaction.party_id).where(Interaction.id.in_(ids))
        ).all()
        told, networks = [row.native_id for row in rows], {row.network for row in rows}
        session.execute(delete(RawRecord).where(RawRecord.network.in_(networks), RawRecord.native_id.in_(told)))
        session.execute(delete(Watch).where(Watch.native_id.in_(told)))
        _blank(session, ids, {row.party_id for row in rows if row.party_id}, now)


def _blank(session: Session, ids: Sequence[int], parties: set[int], now: datetime) -> None:
    """Take the words; the row goes when the CRM no longer holds it."""
    gone = {"deleted_at": now, "text": None, "url": None, "version": Interaction.version + 1}
    session.execute(update(Interaction).where(Interaction.id.in_(ids)).values(**gone, expires_at=now))
    mark_timelines_due(session, parties, now)


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
        _blank(session, [row.id for row in rows], {row.party_id for row in rows if row.party_id}, now)
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
