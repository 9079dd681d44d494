"""A worker: RQ 3 on one queue, running nothing but the functions of scrm.jobs.

Whoever can write to Redis could otherwise name any function of any module; so a job is looked up here, and callbacks
and webhooks of jobs do not exist. With Redis away the worker waits for it. The time to live is short because an idle
worker tidies up only when it wakes (RQ 3.0.0, read 2026-11-24).
"""

import signal
import sys
import time
from types import FrameType
from typing import Any

import click
import rq
from redis import Redis
from redis.exceptions import RedisError
from rq.job import Job

import scrm.jobs
from scrm import logs
from scrm.cli import state_folder
from scrm.cli.opening import settings_for_service
from scrm.cli.processes import end_with_parent
from scrm.config import Settings
from scrm.errors import ScrmError
from scrm.i18n import _

WORKER_TTL = 20
MAINTENANCE_SECONDS = 5
PAUSE_SECONDS = 1.0

log = logs.get(__name__)


class RefusedJobError(ScrmError):
    """A job in Redis names something that is no job of ours."""


class KnownJob(Job):
    """A job that can only be a function defined in scrm.jobs."""

    success_callback = None
    failure_callback = None
    stopped_callback = None

    @property
    def func(self) -> Any:
        module, _dot, name = (self.func_name or "").rpartition(".")
        found = getattr(scrm.jobs, name, None) if module == scrm.jobs.__name__ and not self.instance else None
        if not callable(found) or getattr(found, "__module__", "") != module or name.startswith("_"):
            raise RefusedJobError("a job names a function that is none of scrm.jobs")
        return found

    def send_webhooks(self, status: str, *, exc_string: str | None = None) -> None:
        """Call nobody."""


class Worker(rq.Worker):
    """A worker whose job ends with it, and that knows whether it was asked to stop."""

    job_class = KnownJob
    was_asked_to_stop = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.was_asked_to_stop = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def main_work_horse(self, job: Job, queue: rq.Queue) -> None:
        # without this a job outlives a killed worker and runs beside its own second start
        end_with_parent(self.pid or 0)
        super().main_work_horse(job, queue)


def run(settings: Settings) -> None:
    """Work until told to stop; Redis may come and go."""
    away = False
    while True:
        for wanted in (signal.SIGTERM, signal.SIGINT):
            signal.signal(wanted, _stop_waiting)
        try:
            worker = Worker(
                [scrm.jobs.QUEUE],
                connection=Redis.from_url(settings.redis),
                serializer=scrm.jobs.SERIALIZER,
                default_result_ttl=0,
                worker_ttl=WORKER_TTL,
                maintenance_interval=MAINTENANCE_SECONDS,
                log_job_description=False,
            )
            log.info("worker_ready", worker=worker.name)
            away = False
            worker.work(logging_level="WARNING")
            if worker.was_asked_to_stop:
                return
        except (RedisError, OSError) as why:
            if not away:
                log.warning("redis_away", error=type(why).__name__)
            away = True
        time.sleep(PAUSE_SECONDS)


def _stop_waiting(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


@click.command(help=_("Work off what is due: one worker process. Several may run, also on several machines."))
def worker() -> None:
    settings = settings_for_service()
    state_folder.use(settings.state_dir)
    run(settings)
