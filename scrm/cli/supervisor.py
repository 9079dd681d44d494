"""Keeps the processes of an installation alive: starts them, starts again what died, stops them cleanly.

One thread, because children end with the thread that started them. A child that dies is started again after half a
second, then after twice as long each time, up to half a minute; one that never lived long enough to be of use is
given up after three tries, with the end of its log in the message.
"""

import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from scrm.cli import processes, state_folder
from scrm.cli.processes import Program
from scrm.errors import ScrmError
from scrm.i18n import _

LIVED_SECONDS = 5.0  # a child this old has been of use
TRIES = 3
LONGEST_PAUSE = 30.0
LONGEST_LOG = 20_000_000
TURN_SECONDS = 0.2
VALKEY = "valkey"  # ends last: the others work with it


class StartError(ScrmError):
    """A process of the installation cannot be started."""


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    born: float = 0.0
    deaths: int = 0
    was_of_use: bool = False
    due: float = 0.0


class Supervisor:
    """Owns one state folder and the processes that work on it."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self.folder = folder.resolve()
        self.stopping = False
        self._say = say
        self._children: list[_Child] = []
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        lock = state_folder.supervise(self.folder)
        self._cleanup.callback(lock.release)
        for wanted in (signal.SIGTERM, signal.SIGINT):
            self._cleanup.callback(signal.signal, wanted, signal.signal(wanted, self._asked_to_stop))
        for name in processes.stop_recorded(self._record):
            self._say(_("Stopped a process an earlier run had left behind: %(name)s", name=name))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _t: TracebackType | None
    ) -> None:
        self._stop()
        self._cleanup.close()

    def start(self, program: Program) -> None:
        """Start a child and keep it alive from now on; raises StartError."""
        child = _Child(program)
        self._children.append(child)
        self._spawn(child)

    def wait_for(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Look after the children until the condition holds; raises StartError when it takes too long."""
        deadline = time.monotonic() + seconds
        while not self.stopping and not condition():
            if time.monotonic() > deadline:
                raise StartError(
                    _("%(what)s does not answer; its log is in %(folder)s", what=what, folder=self._logs)
                )
            self.turn()

    def turn(self) -> None:
        """Look after every child once, then rest a moment; raises StartError."""
        for child in list(self._children):
            self._look_after(child)
        time.sleep(TURN_SECONDS)

    def renew(self) -> None:
        """Stop everything that runs our code, and start it again."""
        children = [child for child in self._children if child.program.name != VALKEY and child.process]
        processes.stop_all([child.process for child in children if child.process], TURN_SECONDS * 10)
        for child in children:
            self._spawn(child)

    @property
    def _record(self) -> Path:
        return self.folder / "pids.json"

    @property
    def _logs(self) -> Path:
        return self.folder / "log"

    def _asked_to_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _spawn(self, child: _Child) -> None:
        self._logs.mkdir(mode=0o700, exist_ok=True)
        log = self._logs / f"{child.program.name}.log"
        if log.exists() and log.stat().st_size > LONGEST_LOG:
            log.replace(log.with_suffix(".old.log"))
        try:
            child.process = processes.spawn(child.program, log)
        except OSError as why:
            raise StartError(_("%(name)s cannot be started: %(why)s", name=child.program.name, why=why)) from why
        child.born = time.monotonic()
        self._write_record()

    def _look_after(self, child: _Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.due and not self.stopping:
                self._spawn(child)
            return
        status = child.process.poll()
        if status is None:
            child.was_of_use = child.was_of_use or now - child.born >= LIVED_SECONDS
            return
        child.process = None
        if child.program.runs_once:
            self._children.remove(child)
            if status:
                self._say(_("%(name)s failed; its log is in %(folder)s", name=child.program.name, folder=self._logs))
        elif not self.stopping:
            self._bury(child, now)
        self._write_record()

    def _bury(self, child: _Child, now: float) -> None:
        child.deaths = 1 if now - child.born >= LONGEST_PAUSE else child.deaths + 1
        if not child.was_of_use and child.deaths >= TRIES:
            raise StartError(
                _("%(name)s cannot be started; the end of its log:", name=child.program.name)
                + f"\n{self._tail(child)}"
            )
        pause = min(LONGEST_PAUSE, 0.5 * 2 ** (child.deaths - 1))
        child.due = now + pause
        self._say(_("%(name)s ended; starting it again in %(seconds)s s", name=child.program.name, seconds=pause))

    def _tail(self, child: _Child) -> str:
        lines = (self._logs / f"{child.program.name}.log").read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-8:])

    def _write_record(self) -> None:
        processes.write_record(self._record, {c.process.pid: c.program for c in self._children if c.process})

    def _stop(self) -> None:
        """Everything that works first, together; then what it works with, last started last."""
        self.stopping = True
        kept = [c for c in self._children if c.program.name == VALKEY]
        for group in ([c for c in self._children if c not in kept], kept):
            running = [c.process for c in group if c.process]
            processes.stop_all(running, max((c.program.drain_seconds for c in group), default=0.0))
        self._children.clear()
        self._record.unlink(missing_ok=True)
