"""Seconds on the wall and of processors, so that a figure says something while other work disturbs the machine."""

import os
import time
from pathlib import Path
from typing import Self

from sqlalchemy import text

from scrm.db import Database


def processor_seconds(pids: list[int]) -> float:
    """What these processes have used of any processor since they began: Linux counts it per thread, in ns."""
    threads = [thread for pid in pids for thread in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def workers_for(db: Database) -> list[int]:
    """This process and those of a database server on this machine that serve it."""
    if db.is_sqlite:
        return [os.getpid()]
    serving = (
        "select pid from pg_stat_activity where datname = current_database() and backend_type = 'client backend'"
    )
    with db.read() as session:
        return [os.getpid(), *session.scalars(text(serving))]


class Meter:
    """Adds up what is done under it."""

    def __init__(self, pids: list[int]) -> None:
        self.wall = self.processor = 0.0
        self._pids = pids

    def __str__(self) -> str:
        return f"{self.wall:7.2f} s ({self.processor:7.2f} s of processors)"

    def __enter__(self) -> Self:
        self._used, self._began = processor_seconds(self._pids), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter() - self._began
        self.processor += processor_seconds(self._pids) - self._used
