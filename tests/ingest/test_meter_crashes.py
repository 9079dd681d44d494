"""Kill -9 while counting: what was set aside stays spent, nothing is spent twice, the cap holds."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from scrm.ingest.meter import DurableMeter
from scrm.models import AuditEntry, Connection, PaidItem, Usage
from scrm.runtime import Core
from tests.ingest import lighthouse

CHILD = """
import sys
from datetime import datetime
from pathlib import Path
from sqlalchemy import select
from scrm import failpoints
from scrm.clock import FakeClock
from scrm.config import Settings
from scrm.ingest.meter import DurableMeter, set_cap
from scrm.models import Connection
from scrm.runtime import open_core
from tests.ingest import lighthouse

folder, url, now, point = sys.argv[1:]
lighthouse.register()
core = open_core(Settings(state_dir=Path(folder), database_url=url))
core.db.clock = FakeClock(datetime.fromisoformat(now))
with core.db.read() as session:
    connection = session.scalars(select(Connection)).one()
failpoints.arm_by(point)
meter = DurableMeter(core.db, connection, lighthouse.Lighthouse.manifest.budget)
meter.reserve(60)
meter.settle(60, 5 * meter.unpaid("note", ["a", "b"]))
set_cap(core, connection.public_id, 70, None)
"""
pytestmark = pytest.mark.processes


def spend(core: Core, tmp_path: Path, point: str) -> int:
    file = tmp_path / "point"
    file.write_text(f"{point} self")
    url = core.settings.database_url.replace("+psycopg", "")
    arguments = [str(core.settings.state_dir), url, core.db.clock.now().isoformat(), str(file)]
    return subprocess.run([sys.executable, "-c", CHILD, *arguments], timeout=60, check=False).returncode


@pytest.mark.parametrize(
    ("point", "left"),
    [
        ("meter.reserve:before", (0, 0, None)),
        ("meter.reserve:after", (60, 0, None)),
        ("meter.unpaid:before", (60, 0, None)),
        ("meter.unpaid:after", (60, 2, None)),
        ("meter.settle:before", (60, 2, None)),
        ("meter.settle:after", (10, 2, None)),
        ("meter.cap:before", (10, 2, None)),
        ("meter.cap:after", (10, 2, 70)),
    ],
)
def test_a_death_while_counting_never_gives_more_than_there_is(
    core: Core, connection: Connection, tmp_path: Path, point: str, left: tuple[int, int, int | None]
) -> None:
    spent, paid, cap = left
    assert spend(core, tmp_path, point) == -signal.SIGKILL
    with core.db.read() as session:
        assert sum(session.scalars(select(Usage.spent))) == spent
        assert len(session.scalars(select(PaidItem)).all()) == paid
        assert session.scalars(select(Connection.budget_cap)).one() == cap
        written = session.scalars(select(AuditEntry).where(AuditEntry.action == "connection.budget_changed")).all()
        assert len(written) == (1 if cap else 0)
        again = session.scalars(select(Connection)).one()
    meter = DurableMeter(core.db, again, lighthouse.Lighthouse.manifest.budget)
    assert meter.unpaid("note", ["a", "b"]) == 2 - paid
