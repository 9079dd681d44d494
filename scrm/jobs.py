"""Every job, and what follows what. A job drains what is due for a few seconds; the database holds the work.

Redis carries only a kind and a number. A wake-up that is lost, or swallowed because the same job is running, costs
delay: the sweeper (`schedule.py`) finds what is due. There are no retries here: the row holds its next due time.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job
from sqlalchemy import select

from scrm import i18n, logs
from scrm.config import Settings
from scrm.errors import CrmAuthError, CrmRetryLaterError
from scrm.ingest import archives, push
from scrm.ingest.run import read_stream
from scrm.ingest.subscriptions import subscribe
from scrm.mail import alerts, digest, outbox
from scrm.matching import batches, quality, trials
from scrm.matching.blocking import rekey_due
from scrm.matching.candidates import match_due
from scrm.matching.follow import follow_shipped
from scrm.models import Chore, claim, still_mine
from scrm.privacy import end_due, forget_due, purge, trail
from scrm.runtime import Core, Wake, open_core
from scrm.sync import bulk
from scrm.sync.announce import announce_due
from scrm.sync.audience import spread_due
from scrm.sync.contacts import pull
from scrm.sync.crm import crms_in_use, open_crm
from scrm.sync.outbound import apply_messages
from scrm.sync.outbox import deliver
from scrm.sync.plan_run import advance
from scrm.sync.resend import resend
from scrm.sync.timeline import expand_due
from scrm.sync.webhook import apply_due

log = logs.get(__name__)

QUEUE = "scrm"
SERIALIZER = "json"
JOB_SECONDS = 300  # far above what any job may take; ours end by themselves
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
DRAIN_SECONDS = 5.0
LOST_SECONDS = 30.0  # three times what a job usually takes


def waker(redis_url: str) -> Wake:
    """A way to wake workers; never fails, because the database already holds the work."""
    redis = Redis.from_url(redis_url, socket_connect_timeout=1, socket_timeout=1, retry=None)
    queue = Queue(QUEUE, connection=redis, serializer=SERIALIZER)

    def wake(kind: str, subject: int | None = None) -> None:
        with suppress(RedisError, OSError):
            enqueue(queue, kind, subject)

    return wake


def enqueue(queue: Queue, kind: str, subject: int | None) -> None:
    """Queue a wake-up unless the same one waits or is being followed already; raises RedisError."""
    name = kind if subject is None else f"{kind}-{subject}"
    try:
        _enqueue(queue, name, kind, subject)
    except DuplicateJobError:
        if _is_lost(queue, name):
            with suppress(NoSuchJobError):
                Job.fetch(name, connection=queue.connection, serializer=SERIALIZER).delete()
            with suppress(DuplicateJobError):
                _enqueue(queue, name, kind, subject)


def _enqueue(queue: Queue, name: str, kind: str, subject: int | None) -> None:
    queue.enqueue(
        drain,
        kind,
        subject,
        job_id=name,
        unique=True,
        result_ttl=0,
        failure_ttl=0,
        job_timeout=JOB_SECONDS,
    )


def _is_lost(queue: Queue, name: str) -> bool:
    """Whether a wake-up left the queue long ago and is still there: its worker was killed.

    RQ 3.0.0 notices that after a minute and a half, and until then would refuse the name. Should the worker be alive
    after all, two do the same work for a while, and the leases in the database keep them apart.
    """
    try:
        job = Job.fetch(name, connection=queue.connection, serializer=SERIALIZER)
    except NoSuchJobError:
        return True
    if job.enqueued_at is None or queue.get_job_position(name) is not None:
        return False
    return datetime.now(UTC) - job.enqueued_at > timedelta(seconds=LOST_SECONDS)


def drain(kind: str, subject: int | None = None) -> None:
    """The one function that workers run: open what a process needs, do what is due, wake what follows."""
    settings = Settings.from_env()
    core = open_core(settings, wake=waker(settings.redis))
    structlog.contextvars.bind_contextvars(job=kind, subject=subject)
    try:
        work(core, kind, subject)
    except Exception:
        log.exception("job_failed")
        raise
    finally:
        core.db.close()


def work(core: Core, kind: str, subject: int | None) -> None:
    """Do one kind of work and wake what follows it; the same in a worker, in the sweeper and in tests."""
    i18n.language.set(core.settings.locale)  # what is written to the CRM is in the installation's language
    more = JOBS[kind](core, subject)
    if more:
        core.wake(kind, subject)
    for next_kind in FOLLOWS.get(kind, ()):
        core.wake(next_kind, None)


def _read(core: Core, subject: int | None) -> bool:
    return subject is not None and read_stream(core, subject)


def _subscribe(core: Core, subject: int | None) -> bool:
    if subject is not None:
        subscribe(core, subject)
    return False


def _push(core: Core, _subject: int | None) -> bool:
    return _until_done(lambda: push.apply_due(core, 20) > 0)


def _archive(core: Core, _subject: int | None) -> bool:
    return archives.read_due(core)


def _until_done(step: Callable[[], bool]) -> bool:
    """Repeat a step until nothing is left or the seconds are up; True when more is waiting."""
    ends = monotonic() + DRAIN_SECONDS
    while step():
        if monotonic() > ends:
            return True
    return False


def _keys(core: Core, _subject: int | None) -> bool:
    return _until_done(lambda: rekey_due(core))


def _match(core: Core, _subject: int | None) -> bool:
    follow_shipped(core)
    return _until_done(lambda: match_due(core))


def _audience(core: Core, _subject: int | None) -> bool:
    return _until_done(lambda: spread_due(core))


def _expand(core: Core, _subject: int | None) -> bool:
    return _until_done(lambda: expand_due(core))


def _deliver(core: Core, _subject: int | None) -> bool:
    crms = [open_crm(core, crm_id) for crm_id in _in_use(core)]
    more = [deliver(core, crm, in_bulk=bulk.start(core, crm.describe())) for crm in crms]
    return any(more)


def _bulk(core: Core, _subject: int | None) -> bool:
    more = [_until_done(partial(bulk.advance, core, open_crm(core, crm_id))) for crm_id in _in_use(core)]
    return any(more)


def _pull(core: Core, _subject: int | None) -> bool:
    more = [_pull_one(core, crm_id) for crm_id in _in_use(core)]  # each, even when one has more
    return any(more)


def _pull_one(core: Core, crm_id: str) -> bool:
    crm = open_crm(core, crm_id)
    try:
        return _until_done(lambda: pull(core.db, crm, crm_id, lease_seconds=core.settings.lease_seconds))
    except (CrmRetryLaterError, CrmAuthError) as why:
        log.warning("pull_waits", crm_id=crm_id, error=type(why).__name__)
        return False


def _in_use(core: Core) -> list[str]:
    with core.db.read() as session:
        return crms_in_use(session)


def _inbox(core: Core, _subject: int | None) -> bool:
    seconds = core.settings.lease_seconds
    more = _until_done(lambda: apply_due(core.db, 50, lease_seconds=seconds) > 0)
    return _until_done(lambda: apply_messages(core, lease_seconds=seconds) > 0) or more


def _announce(core: Core, subject: int | None) -> bool:
    return subject is not None and _until_done(lambda: announce_due(core, subject))


def _digest(core: Core, _subject: int | None) -> bool:
    return _until_done(lambda: digest.order_due(core))


def _mail(core: Core, _subject: int | None) -> bool:
    return _until_done(lambda: outbox.send_due(core))


def _batch(core: Core, _subject: int | None) -> bool:
    return _until_done(lambda: batches.advance(core))


def _trial(core: Core, _subject: int | None) -> bool:
    return _until_done(lambda: trials.advance(core))


def _quality(core: Core, _subject: int | None) -> bool:
    return _chore(core, "quality", lambda: quality.look(core))


def _purge(core: Core, _subject: int | None) -> bool:
    def everything() -> None:
        while purge(core):
            pass

    return _chore(core, "purge", everything)


def _trail(core: Core, _subject: int | None) -> bool:
    return _chore(core, "trail", lambda: trail.check(core))


def _alerts(core: Core, _subject: int | None) -> bool:
    return _chore(core, "alerts", lambda: alerts.look(core), every=MINUTE)


def _chore(core: Core, name: str, do: Callable[[], object], *, every: timedelta = DAY) -> bool:
    """A chore that comes round: claimed for as long as it takes, finished when nothing is left."""
    with core.db.write("chores.claim") as session:
        now = core.db.clock.now()
        claimed = claim(session, Chore, now, Chore.name == name, seconds=core.settings.lease_seconds)
    if not claimed:
        return False
    do()
    with core.db.write("chores.finish") as session:
        row = session.scalars(select(Chore).where(Chore.name == name, still_mine(claimed[0]))).one_or_none()
        if row is not None:
            row.lease_until, row.crash_count, row.done_at = None, 0, core.db.clock.now()
            row.due_at = row.done_at + every
    return False


def _grounds(core: Core, _subject: int | None) -> bool:
    return _until_done(lambda: end_due(core))


def _forget(core: Core, _subject: int | None) -> bool:
    return _until_done(lambda: forget_due(core))


def _plan(core: Core, _subject: int | None) -> bool:
    more = [_until_done(partial(advance, core, open_crm(core, crm_id))) for crm_id in _in_use(core)]
    return any(more)


def _setup(core: Core, _subject: int | None) -> bool:
    from scrm.sync.crm.salesforce import setting_up  # noqa: PLC0415 - its library takes long to load

    return _until_done(lambda: setting_up.advance(core))


def _resend(core: Core, _subject: int | None) -> bool:
    resend(core)
    return False


JOBS: dict[str, Callable[[Core, int | None], bool]] = {
    "read": _read,
    "subscribe": _subscribe,
    "push": _push,
    "archive": _archive,
    "keys": _keys,
    "match": _match,
    "audience": _audience,
    "expand": _expand,
    "deliver": _deliver,
    "bulk": _bulk,
    "pull": _pull,
    "inbox": _inbox,
    "purge": _purge,
    "forget": _forget,
    "grounds": _grounds,
    "resend": _resend,
    "plan": _plan,
    "setup": _setup,
    "batch": _batch,
    "trial": _trial,
    "quality": _quality,
    "trail": _trail,
    "alerts": _alerts,
    "announce": _announce,
    "digest": _digest,
    "mail": _mail,
}

FOLLOWS: dict[str, tuple[str, ...]] = {
    "read": ("match", "expand"),
    "push": ("match", "expand"),
    "archive": ("match", "expand"),
    "keys": ("match",),
    "match": ("expand",),
    "audience": ("expand",),
    "expand": ("deliver",),
    "bulk": ("expand", "deliver"),
    "pull": ("keys", "expand"),
    "inbox": ("pull", "keys", "expand", "forget"),
    "purge": ("expand",),
    "forget": ("deliver",),
    "grounds": ("match", "expand"),
    "resend": ("deliver",),
    "batch": ("expand",),
    "digest": ("mail",),
    "alerts": ("mail",),
}
