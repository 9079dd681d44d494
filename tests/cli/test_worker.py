"""A worker runs our jobs and nothing else, survives the loss of Redis, and takes its job along when it is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from rq.job import Callback, Job

import scrm.jobs
from scrm import migrations
from scrm.cli import processes, valkey
from scrm.cli.processes import wait_until
from scrm.cli.worker import KnownJob, RefusedJobError
from scrm.config import Settings, as_environment, embedded_socket
from scrm.vault import Vault

ROOT = Path(__file__).parents[2]
STRANGE = [
    "os.system",
    "scrm.jobs.os.system",
    "scrm.jobs.Redis",
    "scrm.jobs.read_stream",
    "scrm.jobs._read",
    "scrm.privacy.purge",
    "scrm.jobs.nothing",
    "drain",
    "",
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator["Server"]:
    short = tmp_path / "s"
    short.mkdir(mode=0o700)
    running = Server(Settings(state_dir=short))
    running.start()
    yield running
    running.kill()


class Server:
    """An embedded Valkey and workers on it, each to be killed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._valkey: subprocess.Popen[bytes] | None = None
        self._workers: list[subprocess.Popen[bytes]] = []

    @property
    def redis(self) -> Redis:
        return Redis.from_url(self.settings.redis, retry=None)

    @property
    def queue(self) -> Queue:
        return Queue(scrm.jobs.QUEUE, connection=self.redis, serializer=scrm.jobs.SERIALIZER)

    @property
    def log(self) -> str:
        return (self.settings.state_dir / "log").read_text()

    def start(self) -> None:
        program = valkey.program(self.settings)
        self._valkey = subprocess.Popen(program.command, stdout=subprocess.DEVNULL)
        place = embedded_socket(self.settings.state_dir)
        assert wait_until(lambda: valkey.answers(place), 10)

    def stop_valkey(self) -> None:
        assert self._valkey is not None
        self._valkey.kill()
        self._valkey.wait()

    def worker(self, *, program: Path = ROOT / "worker.py") -> "subprocess.Popen[bytes]":
        with (self.settings.state_dir / "log").open("ab") as log:
            environment = as_environment(self.settings) | {"PYTHONPATH": str(ROOT)}
            started = subprocess.Popen([sys.executable, program], env=environment, stderr=log, cwd=ROOT)
        self._workers.append(started)
        return started

    def kill(self) -> None:
        for one in self._workers:
            one.kill()
            one.wait()
        self.stop_valkey()


def job(server: Server, name: str) -> KnownJob:
    made = KnownJob.create(name or "x.y", connection=server.redis, serializer="json")
    made.func_name = name
    return made


@pytest.mark.processes
@pytest.mark.parametrize("name", STRANGE)
def test_only_functions_defined_in_our_jobs_are_run(server: Server, name: str) -> None:
    with pytest.raises(RefusedJobError):
        _ = job(server, name).func


@pytest.mark.processes
def test_our_own_job_is_found_but_not_as_a_method_of_something(server: Server) -> None:
    ours = job(server, "scrm.jobs.drain")
    assert ours.func is scrm.jobs.drain
    ours.instance = {"scrm.jobs": "x"}
    with pytest.raises(RefusedJobError):
        _ = ours.func


@pytest.mark.processes
def test_callbacks_that_a_job_names_do_not_exist(server: Server) -> None:
    made = Job.create("scrm.jobs.drain", connection=server.redis, serializer="json", on_success=Callback("os.getpid"))
    made.save()
    found = KnownJob.fetch(made.id, connection=server.redis, serializer="json")
    assert found.success_callback is None
    assert found.failure_callback is None
    assert found.stopped_callback is None


@pytest.fixture
def prepared(server: Server) -> Server:
    migrations.upgrade(server.settings.database)
    Vault.load("", server.settings.state_dir)
    return server


@pytest.mark.processes
def test_a_worker_does_our_job_and_leaves_no_trace_of_it(prepared: Server) -> None:
    prepared.worker()
    scrm.jobs.enqueue(prepared.queue, "match", None)
    assert wait_until(lambda: not prepared.redis.exists("rq:job:match"), 30), prepared.log
    assert "job_failed" not in prepared.log


@pytest.mark.processes
def test_a_strange_job_is_not_run_and_the_next_one_is(prepared: Server, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    prepared.worker()
    prepared.queue.enqueue("os.mkdir", str(canary), result_ttl=0, failure_ttl=0)
    scrm.jobs.enqueue(prepared.queue, "match", None)
    assert wait_until(lambda: not prepared.redis.exists("rq:job:match"), 30), prepared.log
    assert not canary.exists()


@pytest.mark.processes
def test_a_worker_waits_for_a_redis_that_is_not_there_yet_and_for_one_that_went_away(prepared: Server) -> None:
    prepared.stop_valkey()
    worker = prepared.worker()
    assert wait_until(lambda: "redis_away" in prepared.log, 30), prepared.log
    for _ in range(2):
        prepared.start()
        scrm.jobs.enqueue(prepared.queue, "match", None)
        assert wait_until(lambda: not prepared.redis.exists("rq:job:match"), 40), prepared.log
        prepared.stop_valkey()
        time.sleep(1)
        assert worker.poll() is None
    prepared.start()


@pytest.mark.processes
def test_an_idle_worker_ends_on_request(prepared: Server) -> None:
    worker = prepared.worker()
    assert wait_until(lambda: "worker_ready" in prepared.log, 30)
    time.sleep(0.5)
    worker.terminate()
    assert worker.wait(10) == 0


SLOW = """
import os, pathlib, time
import scrm.jobs
from scrm.cli.opening import settings_for_service
from scrm.cli.worker import run

def drain(kind, subject=None):
    pathlib.Path(kind).with_suffix(".pid").write_text(str(os.getpid()))
    time.sleep(3)
    pathlib.Path(kind).with_suffix(".done").write_text("")

drain.__module__ = "scrm.jobs"
scrm.jobs.drain = drain
run(settings_for_service())
"""


@pytest.fixture
def slow(prepared: Server, tmp_path: Path) -> Callable[[], tuple["subprocess.Popen[bytes]", int, Path]]:
    """A worker in the middle of a job that takes three seconds."""

    def begin() -> tuple["subprocess.Popen[bytes]", int, Path]:
        program = tmp_path / "slow.py"
        program.write_text(SLOW)
        worker = prepared.worker(program=program)
        marker = tmp_path / "job"
        prepared.queue.enqueue("scrm.jobs.drain", str(marker), result_ttl=0, failure_ttl=0)
        pid = marker.with_suffix(".pid")
        assert wait_until(lambda: pid.exists() and bool(pid.read_text()), 30), prepared.log
        return worker, int(pid.read_text()), marker.with_suffix(".done")

    return begin


@pytest.mark.processes
def test_a_killed_worker_takes_its_job_along(slow: Callable[[], tuple["subprocess.Popen[bytes]", int, Path]]) -> None:
    worker, horse, done = slow()
    worker.kill()
    worker.wait()
    assert wait_until(lambda: processes.started_at(horse) is None, 2)
    assert not done.exists()


@pytest.mark.processes
def test_a_worker_finishes_its_job_before_it_ends_on_request(
    slow: Callable[[], tuple["subprocess.Popen[bytes]", int, Path]],
) -> None:
    worker, _, done = slow()
    os.kill(worker.pid, signal.SIGTERM)
    assert worker.wait(10) == 0
    assert done.exists()
