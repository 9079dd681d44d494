"""Child processes that never outlive us, and the record by which the next start finds any that did.

A child asks the kernel to be killed when the thread that forked it ends (prctl PR_SET_PDEATHSIG, man 2 prctl, read
2026-11-24), so a kill -9 of the supervisor leaves nothing. Durable work is in the database: a hard end costs nothing
that is not read again. The record covers what escaped; a pid is only believed with its start time and command.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run as a child, and how."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    files: tuple[int, ...] = ()  # open files the child keeps
    runs_once: bool = False  # its end is no failure
    drain_seconds: float = 10.0


def scrm_program(name: str, *arguments: str, environment: Mapping[str, str], files: tuple[int, ...] = ()) -> Program:
    """A program that is one of our own commands; found through this very interpreter."""
    command = (sys.executable, "-m", "scrm.cli", *arguments)
    return Program(name=name, command=command, environment=environment, files=files)


def end_with_parent(parent: int) -> None:
    """Let the kernel kill this process with its parent; for a child that has just been forked."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)


def spawn(program: Program, log: Path) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that Ctrl-C reaches only us; raises OSError. Main thread only."""
    parent = os.getpid()
    with log.open("ab") as out:
        return subprocess.Popen(  # noqa: S603 - our own command line
            program.command,
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            pass_fds=program.files,
            start_new_session=True,
            preexec_fn=lambda: end_with_parent(parent),  # noqa: PLW1509 - this process has no other thread
        )


def started_at(pid: int) -> int | None:
    """Clock ticks from boot to the start of this process; None when it is gone or only waits to be reaped."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *rest = stat.rpartition(")")[2].split()
    return None if state == "Z" else int(rest[18])


def command_of(pid: int) -> list[str]:
    """The command line of a process; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def write_record(file: Path, running: Mapping[int, Program]) -> None:
    """Note which processes we started, by pid; whole or not at all."""
    # what /proc says of a process that has just been started may still be empty
    rows = [
        {"name": program.name, "pid": pid, "started": started_at(pid), "command": program.command}
        for pid, program in running.items()
    ]
    new = file.with_suffix(".new")
    new.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    new.replace(file)


def stop_recorded(file: Path) -> list[str]:
    """Stop what an earlier supervisor left behind; returns the names. A stranger with the same pid is left alone."""
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    left = [row for row in rows if row["started"] and _is_it(row)]
    for sent in (signal.SIGTERM, signal.SIGKILL):
        for row in left:
            if _is_it(row):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(row["pid"], sent)
        wait_until(lambda: not any(_is_it(row) for row in left), 5.0)
    return [row["name"] for row in left]


def _is_it(row: Mapping[str, object]) -> bool:
    pid = row["pid"]
    return isinstance(pid, int) and started_at(pid) == row["started"] and command_of(pid) == row["command"]


def stop_all(running: Sequence[subprocess.Popen[bytes]], seconds: float) -> None:
    """Ask these processes to end, and end those that have not after `seconds`, with everything they started."""
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    wait_until(lambda: all(process.poll() is not None for process in running), seconds)
    for process in running:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition came true within the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
