"""What runs when: the sweeper that finds due rows and wakes work for them, and the chores that come round.

Without Redis the sweeper does the work itself, slowly: an absent Redis costs delay, not data.
"""

import threading
from collections.abc import Iterator
from datetime import datetime

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from scrm import logs
from scrm.config import Settings
from scrm.connectors.push import STREAM as PUSH
from scrm.db import upsert
from scrm.ingest.subscriptions import plan_subscriptions
from scrm.jobs import QUEUE, SERIALIZER, enqueue, work
from scrm.models import (
    Announcement,
    AnnouncementState,
    ArchiveFile,
    AudienceChange,
    BulkWrite,
    Chore,
    Contact,
    CrmSetup,
    CrmState,
    Forgetting,
    Ground,
    Hook,
    InboxItem,
    Mail,
    ModelTrial,
    Profile,
    ReviewBatch,
    StreamState,
    TimelineDue,
    User,
    WritePlan,
)
from scrm.models.inbox import is_from_network, is_todo
from scrm.runtime import Core, open_core
from scrm.sync.crm import crms_in_use
from scrm.sync.outbox import has_due

log = logs.get(__name__)

SWEEP_SECONDS = 2.0
HEARTBEAT = "scrm:scheduler"
HEARTBEAT_SECONDS = 30
CHORES = ("purge", "quality", "trail", "alerts")


def run(settings: Settings, stop: threading.Event) -> None:
    """Sweep until told to stop."""
    core = open_core(settings)
    redis = Redis.from_url(settings.redis, socket_connect_timeout=1, socket_timeout=1, retry=None)
    queue = Queue(QUEUE, connection=redis, serializer=SERIALIZER)
    is_away = False
    plan_chores(core)
    plan_subscriptions(core)
    while not stop.is_set():
        try:
            sweep(core, queue)
            redis.set(HEARTBEAT, "1", ex=HEARTBEAT_SECONDS)
            if is_away:
                log.info("redis_back")
            is_away = False
        except (RedisError, OSError):
            if not is_away:
                log.warning("redis_away")
            is_away = True
            do_it_here(core, stop)
        stop.wait(SWEEP_SECONDS)
    core.db.close()


def sweep(core: Core, queue: Queue) -> None:
    """Queue a wake-up for every kind of work that is due; raises RedisError."""
    with core.db.read() as session:
        due = list(find_due(session, core.db.clock.now()))
    for kind, subject in due:
        enqueue(queue, kind, subject)


def do_it_here(core: Core, stop: threading.Event) -> None:
    """Work off what is due in this process, each piece once, until told to stop."""
    with core.db.read() as session:
        due = list(find_due(session, core.db.clock.now()))
    for kind, subject in due:
        if stop.is_set():
            return
        try:
            work(core, kind, subject)
        except Exception:
            log.exception("job_failed", job=kind, subject=subject)


def find_due(session: Session, now: datetime) -> Iterator[tuple[str, int | None]]:
    """Every kind of work that is due, with its subject."""
    for state_id, name in session.execute(
        select(StreamState.id, StreamState.stream).where(_is_due(StreamState, now))
    ):
        yield "subscribe" if name == PUSH else "read", state_id
    questions: dict[str, tuple[type, ColumnElement[bool]]] = {
        "push": (InboxItem, _is_due(InboxItem, now) & is_todo() & is_from_network()),
        "inbox": (InboxItem, _is_due(InboxItem, now) & is_todo() & ~is_from_network()),
        "archive": (ArchiveFile, _is_due(ArchiveFile, now)),
        "pull": (CrmState, _is_due(CrmState, now)),
        "keys": (Contact, Contact.key_due_at <= now),
        "match": (Profile, Profile.match_due_at <= now),
        "audience": (AudienceChange, _is_due(AudienceChange, now)),
        "expand": (TimelineDue, _is_due(TimelineDue, now)),
        "grounds": (Ground, (Ground.expires_at <= now) & Ground.ended_at.is_(None)),
        "forget": (Forgetting, _is_due(Forgetting, now)),
        "plan": (WritePlan, _is_due(WritePlan, now)),
        "batch": (ReviewBatch, _is_due(ReviewBatch, now)),
        "trial": (ModelTrial, _is_due(ModelTrial, now)),
        "bulk": (BulkWrite, _is_due(BulkWrite, now)),
        "digest": (User, (User.digest_due_at <= now) & User.disabled_at.is_(None)),
        "mail": (Mail, _is_due(Mail, now)),
        "setup": (CrmSetup, _is_due(CrmSetup, now)),
    }
    for kind, (model, condition) in questions.items():
        if session.execute(select(1).select_from(model).where(condition).limit(1)).first():
            yield kind, None
    if any(has_due(session, crm_id, now) for crm_id in crms_in_use(session)):
        yield "deliver", None
    for hook_id in session.scalars(select(Hook.id).where(_is_due(Hook, now), _is_awaited(now))):
        yield "announce", hook_id
    for name in session.scalars(select(Chore.name).where(_is_due(Chore, now))):
        yield name, None


def _is_awaited(now: datetime) -> ColumnElement[bool]:
    """Whether something is to be told to a hook."""
    is_todo = (Announcement.state == AnnouncementState.TODO.value) & (Announcement.due_at <= now)
    return exists().where(Announcement.hook_id == Hook.id, is_todo)


def _is_due(model: type, now: datetime) -> ColumnElement[bool]:
    due: ColumnElement[bool] = (model.due_at <= now) & or_(  # type: ignore[attr-defined]
        model.lease_until.is_(None),  # type: ignore[attr-defined]
        model.lease_until < now,  # type: ignore[attr-defined]
    )
    return due


def plan_chores(core: Core) -> None:
    """Make sure that every chore and the reading of the CRM is planned; the first time is now."""
    now = core.db.clock.now()
    with core.db.write("chores.plan") as session:
        session.execute(
            upsert(session, Chore).on_conflict_do_nothing(index_elements=["name"]),
            [{"name": name, "due_at": now, "generation": 0, "crash_count": 0} for name in CHORES],
        )
        session.execute(
            upsert(session, CrmState).on_conflict_do_update(
                index_elements=["crm_id"], set_={"due_at": func.coalesce(CrmState.due_at, now)}
            ),
            [{"crm_id": crm_id, "due_at": now, "generation": 0, "crash_count": 0} for crm_id in crms_in_use(session)],
        )
