"""The real processes of an installation, started by a test that kills them."""

import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Self

from sqlalchemy import select

from scrm.cli import processes, valkey
from scrm.config import Settings
from scrm.db import Database
from scrm.models import User
from scrm.web.people import make_sign_in_link
from tests.cli.running import free_port
from tests.kills.nursery import Child

PATIENCE = 60.0
NAMES = ("valkey", "web", "worker", "scheduler")


class Fleet:
    """Web, worker, scheduler and Valkey; whoever dies is started again at the next look."""

    def __init__(self, folder: Path, database_url: str, *, code: Path | None = None, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.failpoints = folder / "failpoint"
        environment = {
            "PATH": os.environ["PATH"],
            "SCRM_STATE_DIR": str(folder),
            "DATABASE_URL": database_url,
            "SCRM_PORT": str(self.port),
            "SCRM_FAILPOINT_FILE": str(self.failpoints),
            "SCRM_LEASE_SECONDS": "2",
            "SCRM_FAST_INTERVALS": "1",
            "SCRM_LOG_LEVEL": "warning",
            **settings,
        }
        if code is not None:
            environment["PYTHONPATH"] = str(code)
        self.environment = environment
        self.settings = Settings.from_env({k: v for k, v in environment.items() if k not in {"PATH", "PYTHONPATH"}})
        self._code = code
        self._running: dict[str, Popen[bytes] | Child] = {}
        self.deaths: dict[str, int] = {}

    def __enter__(self) -> Self:
        self.run("migrate")
        self.look()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait()

    def look(self) -> None:
        """Start whatever is not running."""
        for name in NAMES:
            process = self._running.get(name)
            if process is not None and process.poll() is None:
                continue
            if process is not None:
                self.deaths[name] = self.deaths.get(name, 0) + 1
            self._running[name] = self._valkey() if name == "valkey" else self._command(name, name)

    def _valkey(self) -> Popen[bytes]:
        return processes.spawn(valkey.program(self.settings), self.folder / "valkey.log")

    def _command(self, name: str, *arguments: str) -> Popen[bytes] | Child:
        log = self.folder / f"{name}.log"
        if self._code is None:
            return Child(arguments, self.environment, log)
        here = Path.cwd()
        os.chdir(self._code)  # `python -m` looks in the working directory first
        try:
            return processes.spawn(processes.scrm_program(name, *arguments, environment=self.environment), log)
        finally:
            os.chdir(here)

    def run(self, *arguments: str) -> int | None:
        """Run one command to its end; returns its exit status."""
        return self._command("command", *arguments).wait(PATIENCE)

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def kill(self, name: str) -> None:
        """Kill -9 one process here and now."""
        self._running[name].kill()

    def sign_in_link(self, db: Database, email: str) -> str:
        """A path that signs one of the people in, once."""
        with db.write("test.sign_in_link") as session:
            user = session.scalars(select(User).where(User.email == email)).one()
            return f"/sign-in/{make_sign_in_link(session, user.id, db.clock.now())}"

    def arm(self, point: str, victim: str = "self") -> None:
        """Kill a process (the one that gets there, or another one by name) when a point is reached."""
        whom = victim if victim == "self" else str(self.pid(victim))
        temporary = self.failpoints.with_suffix(".new")
        temporary.write_text(f"{point} {whom}")
        temporary.rename(self.failpoints)

    def has_fired(self) -> bool:
        return not self.failpoints.exists()

    def disarm(self) -> None:
        self.failpoints.unlink(missing_ok=True)

    def wait(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Look after the processes until something is so."""
        if not self.is_soon(condition, seconds):
            logs = {name: (self.folder / f"{name}.log").read_text()[-1500:] for name in NAMES}
            raise AssertionError(f"not within {seconds:.0f} s: {what}\n{logs}")

    def is_soon(self, condition: Callable[[], bool], seconds: float, *, every: float = 0.03) -> bool:
        """Whether something becomes so, looking after the processes meanwhile."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            self.look()
            if condition():
                return True
            time.sleep(every)
        return False


def token() -> str:
    return secrets.token_hex(4)
