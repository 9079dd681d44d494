"""The state folder and who uses it: one supervisor at a time, and nobody while a backup is put back."""

import fcntl
import os
from pathlib import Path

from scrm.errors import ConfigError
from scrm.i18n import _


def make(folder: Path) -> Path:
    """The folder, closed to other users; made when missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


class Lock:
    """A lock on a file of the state folder that the kernel gives back when the process ends, however it ends."""

    def __init__(self, file: Path, *, shared: bool = False) -> None:
        self._handle = os.open(make(file.parent) / file.name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._handle)
            raise ConfigError([_("The state folder is in use by another scrm; stop it first.")]) from None

    def release(self) -> None:
        os.close(self._handle)


def supervise(folder: Path) -> Lock:
    """Be the only supervisor of this folder; raises ConfigError."""
    return Lock(folder / "lock")


def use(folder: Path) -> Lock:
    """Say that a process works with this folder, so that nobody puts a backup in its place; raises ConfigError."""
    return Lock(folder / "in-use", shared=True)


def take_over(folder: Path) -> Lock:
    """Keep every other process off this folder; raises ConfigError while one works with it."""
    return Lock(folder / "in-use")


def note_port(folder: Path, port: int) -> None:
    """Say on which port the web process listens, for commands that print addresses."""
    (folder / "port").write_text(str(port), encoding="utf-8")


def noted_port(folder: Path) -> int | None:
    """The port on which the web process listens; None when no supervisor runs here."""
    if not (folder / "port").exists():
        return None
    try:
        supervise(folder).release()
    except ConfigError:
        return int((folder / "port").read_text(encoding="utf-8"))
    return None  # the note of a run that has ended
