"""Our processes forked from one that has imported everything, so that a killed one is back before it is missed.

They are processes like any other, with a command's whole life from its first line on; only the second or two that
reading the modules takes is spent once. multiprocessing's fork server does the forking: it has no thread and has
opened nothing.
"""

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

from scrm.cli import main
from scrm.cli.processes import end_with_parent

NURSERY = multiprocessing.get_context("forkserver")
PRELOADED = [
    *(f"scrm.cli.{name}" for name in ("web", "worker", "scheduler", "migrate", "imports")),
    "scrm.web",
    "scrm.connectors.mastodon.connector",
    "scrm.connectors.bluesky.connector",
    "gunicorn.workers.gthread",
    "psycopg",
    "tests.kills.nursery",
]
NURSERY.set_forkserver_preload(PRELOADED)


class Child:
    """A command of ours as a process, with what a Popen of it would offer."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._process: BaseProcess = NURSERY.Process(target=_live, args=(tuple(arguments), dict(environment), log))
        self._process.start()
        self.pid = self._process.pid or 0

    def poll(self) -> int | None:
        """Its exit status; None while it runs."""
        return self._process.exitcode

    def kill(self) -> None:
        """Kill -9."""
        self._process.kill()

    def wait(self, seconds: float | None = None) -> int | None:
        """Its exit status when it has ended."""
        self._process.join(seconds)
        return self._process.exitcode


def _live(arguments: tuple[str, ...], environment: dict[str, str], log: Path) -> None:
    end_with_parent(os.getppid())
    os.setsid()
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for number in (sys.stdout.fileno(), sys.stderr.fileno()):
        os.dup2(out, number)
    os.environ.clear()
    os.environ.update(environment)
    main(list(arguments), prog_name="scrm")
