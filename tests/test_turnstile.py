"""Writers of one SQLite file take turns: nobody is passed for ever, and who dies holds nobody up."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from scrm import turnstile
from scrm.cli.processes import wait_until
from scrm.db import Database
from scrm.turnstile import Turnstile

pytestmark = pytest.mark.processes
BUSY = """
import sys, time
from sqlalchemy import text
from scrm.db import Database
db = Database(sys.argv[1])
while True:
    with db.write("test.busy") as session:
        session.execute(text("insert into place values (1)"))
        time.sleep(0.03)
"""
HOLDING = """
import sys, time
from pathlib import Path
from scrm.turnstile import Turnstile
with Turnstile(Path(sys.argv[1])).turn():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def writers(sqlite_url: str) -> Iterator[Database]:
    """A database into which two others write one transaction after the other, without a pause."""
    db = Database(sqlite_url)
    with db.write("test.table") as session:
        session.execute(text("create table place (number integer)"))
    others = [subprocess.Popen([sys.executable, "-c", BUSY, sqlite_url]) for _ in range(2)]

    def busy() -> bool:
        with db.read() as session:
            return bool(session.scalar(text("select count(*) from place")))

    assert wait_until(busy, 60)
    yield db
    for other in others:
        other.kill()
        other.wait()
    db.close()


def test_beside_busy_writers_one_gets_its_turn_soon(writers: Database) -> None:
    """Without turns one waits until SQLite says, after half a minute, that the database is locked."""
    began = time.monotonic()
    for number in range(10):
        with writers.write("test.mine") as session:
            session.execute(text("insert into place values (:n)"), {"n": number})
    assert time.monotonic() - began < 15


def test_a_turn_ends_with_the_process_that_has_it(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path / "x.db")], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    began = time.monotonic()
    with Turnstile(tmp_path / "x.db").turn():
        assert time.monotonic() - began < 5


def test_who_never_gives_the_turn_back_holds_others_up_for_a_while_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turnstile, "WAIT_SECONDS", 0.1)
    one = Turnstile(tmp_path / "x.db")
    with one.turn():
        began = time.monotonic()
        with one.turn():  # SQLite decides
            assert 0.1 <= time.monotonic() - began < 5
