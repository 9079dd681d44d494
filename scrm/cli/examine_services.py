"""Examines what runs: the database and its clock, Redis, the workers and the scheduler."""

from collections.abc import Iterator
from datetime import UTC, datetime

from redis import Redis
from redis.exceptions import RedisError
from rq.worker import BaseWorker, Worker
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

from scrm import migrations
from scrm.cli.backup import is_sqlite
from scrm.cli.findings import Finding, good, mend, warn
from scrm.cli.worker import WORKER_TTL
from scrm.config import Settings
from scrm.db import Database
from scrm.errors import ConfigError
from scrm.i18n import _, ngettext
from scrm.schedule import HEARTBEAT

SKEW_SECONDS = 5.0
SILENT_SECONDS = WORKER_TTL + 60.0


def database(settings: Settings) -> Iterator[Finding]:
    try:
        is_current = migrations.is_current(settings.database)
        skew = 0.0 if is_sqlite(settings) else _skew(settings)
    except ConfigError as why:
        for fault in why.faults:
            yield mend(fault)
        return
    except SQLAlchemyError:
        yield mend(_("The database %(name)s cannot be reached", name=_name(settings)))
        return
    if is_current:
        yield good(_("The database %(name)s is reachable and up to date", name=_name(settings)))
    else:
        yield mend(_("The database %(name)s is not up to date; run `scrm migrate`", name=_name(settings)))
    if abs(skew) > SKEW_SECONDS:
        yield mend(_("This machine's clock differs from the database's by %(seconds).0f s", seconds=skew))


def _name(settings: Settings) -> str:
    """Which database, without its password."""
    return make_url(settings.database).render_as_string(hide_password=True)


def _skew(settings: Settings) -> float:
    db = Database(settings.database)
    try:
        with db.engine.connect() as connection:
            theirs: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
        return (datetime.now(UTC) - theirs).total_seconds()
    finally:
        db.close()


def redis(settings: Settings) -> Iterator[Finding]:
    server = _redis(settings, decode=True)
    try:
        server.ping()
    except (RedisError, OSError):
        if settings.redis_url:
            yield mend(_("Redis cannot be reached (REDIS_URL); work goes on slowly without it"))
        else:
            yield mend(_("The embedded Valkey does not run; `scrm up` starts it"))
        return
    yield good(_("Redis answers"))
    try:
        said: dict[str, str] = server.config_get("maxmemory-policy", "appendonly")  # type: ignore[assignment]
    except RedisError:
        yield warn(_("Redis does not tell its settings; it should have maxmemory-policy noeviction"))
        return
    if said.get("maxmemory-policy") != "noeviction":
        yield mend(_("Redis may throw away waiting work; set maxmemory-policy to noeviction"))
    if said.get("appendonly") != "yes":
        yield warn(_("Redis keeps nothing over a restart (appendonly no); work is then found again by the sweeper"))


def processes(settings: Settings) -> Iterator[Finding]:
    server = _redis(settings)
    try:
        workers = Worker.all(connection=server)
        has_scheduler = bool(server.exists(HEARTBEAT))
    except (RedisError, OSError):
        return  # already said
    now = datetime.now(UTC)
    alive = [one for one in workers if (now - _seen(one)).total_seconds() < SILENT_SECONDS]
    if alive:
        yield good(ngettext("%(num)s worker is alive", "%(num)s workers are alive", len(alive)))
    else:
        yield mend(_("No worker is alive; start one: scrm worker"))
    if has_scheduler:
        yield good(_("The scheduler is alive"))
    else:
        yield mend(_("The scheduler is not alive; start it: scrm scheduler"))


def _redis(settings: Settings, *, decode: bool = False) -> Redis:
    return Redis.from_url(
        settings.redis, socket_connect_timeout=2, socket_timeout=5, retry=None, decode_responses=decode
    )


def _seen(worker: BaseWorker) -> datetime:
    seen = worker.last_heartbeat or datetime.min.replace(tzinfo=UTC)
    return seen if seen.tzinfo else seen.replace(tzinfo=UTC)
