"""Lets writers of one SQLite file through one after the other, whichever process they are in.

SQLite has one writer and no queue: whoever waits asks again after ever longer pauses, and somebody who writes one
transaction after the other takes the lock each time before the others ask. Beside two such writers a third one waited
for half a minute and was then told that the database is locked. Here who waits for the gate holds the queue, so the
one who has just been through stands behind. Both are locks of the kernel on files beside the database; a process that
dies gives them back.
"""

import fcntl
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WAIT_SECONDS = 20.0  # then SQLite itself decides
ASK_SECONDS = (0.0002, 0.002)


class Turnstile:
    """The queue and the gate of one database file."""

    def __init__(self, database: Path) -> None:
        self._queue = database.with_name(f"{database.name}-queue")
        self._gate = database.with_name(f"{database.name}-gate")

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn and keep it to the end of the block."""
        ends = time.monotonic() + WAIT_SECONDS
        gate = _open(self._gate)
        try:
            queue = _open(self._queue)
            try:
                if _lock(queue, ends):
                    _lock(gate, ends)
            finally:
                os.close(queue)  # the next in line steps up
            yield
        finally:
            os.close(gate)


def _open(file: Path) -> int:
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _lock(handle: int, ends: float) -> bool:
    """Take a lock as soon as it is free; False when it is not in time."""
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > ends:
                return False
            time.sleep(random.uniform(*ASK_SECONDS))  # noqa: S311 - keeps two from asking in step
        else:
            return True
