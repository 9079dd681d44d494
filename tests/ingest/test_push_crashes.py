"""Kill -9 between storing a delivery, applying it and saying so: nothing is lost, nothing is doubled."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from scrm.clock import FakeClock
from scrm.ingest import push
from scrm.ingest.apps import save
from scrm.models import Connection, InboxItem, InboxState, Interaction, RawRecord, StreamState
from scrm.runtime import Core
from tests.ingest.lighthouse import KEY, SECRET, Sea, delivery, note, signed

CHILD = """
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from scrm import failpoints
from scrm.clock import FakeClock
from scrm.config import Settings
from scrm.ingest import push
from scrm.ingest.subscriptions import plan_subscriptions, subscribe
from scrm.runtime import open_core
from tests.ingest import lighthouse

act, folder, url, host, now, point = sys.argv[1:]
lighthouse.register()
settings = Settings(
    state_dir=Path(folder), database_url=url, allowed_hosts=(host,), public_url="https://crm.nordwerk.example"
)
core = open_core(settings)
core.db.clock = FakeClock(datetime.fromisoformat(now))
failpoints.arm_by(point)
body = sys.stdin.buffer.read()
if act == "receive":
    push.receive(core, lighthouse.KEY, lighthouse.signed(body), body)
elif act == "forge":
    push.receive(core, lighthouse.KEY, {}, body)
elif act == "plan":
    plan_subscriptions(core)
elif act == "apply":
    push.apply_due(core, 20)
else:
    subscribe(core, int(act))
"""
pytestmark = pytest.mark.processes


@pytest.fixture(autouse=True)
def _app(core: Core) -> None:
    save(core, KEY, {"secret": SECRET}, None)


def run(core: Core, tmp_path: Path, point: str, act: str, body: bytes = b"") -> int:
    """Do one thing in a process that dies at a point."""
    file = tmp_path / "point"
    file.write_text(f"{point} self")
    url = core.settings.database_url.replace("+psycopg", "")
    arguments = [
        act, str(core.settings.state_dir), url, core.settings.allowed_hosts[0], core.db.clock.now().isoformat()
    ]  # fmt: skip
    done = subprocess.run([sys.executable, "-c", CHILD, *arguments, str(file)], input=body, timeout=60, check=False)
    return done.returncode


def counts(core: Core) -> tuple[int, int]:
    with core.db.read() as session:
        return (
            session.scalar(select(func.count()).select_from(Interaction)) or 0,
            session.scalar(select(func.count()).select_from(RawRecord)) or 0,
        )


@pytest.mark.parametrize(("point", "kept"), [("push.store:before", 0), ("push.store:after", 1)])
def test_a_death_while_storing_is_answered_by_sending_it_again(
    core: Core, connection: Connection, tmp_path: Path, time: FakeClock, point: str, kept: int
) -> None:
    body = delivery(note(1))
    assert run(core, tmp_path, point, "receive", body) == -signal.SIGKILL
    assert push.receive(core, KEY, signed(body), body) is not bool(kept)
    push.apply_due(core, 20)
    assert counts(core) == (1, 1)


@pytest.mark.parametrize(
    "point",
    [
        "push.claim:before",
        "push.claim:after",
        "push.apply:before",
        "push.apply:after",
        "push.finish:before",
        "push.finish:after",
    ],
)
def test_a_death_while_applying_loses_and_doubles_nothing(
    core: Core, connection: Connection, tmp_path: Path, time: FakeClock, point: str
) -> None:
    for body in (delivery(note(1), note(2)), delivery(note(3))):
        push.receive(core, KEY, signed(body), body)
    assert run(core, tmp_path, point, "apply") == -signal.SIGKILL
    time.advance(core.settings.lease_seconds + 1)
    while push.apply_due(core, 20):
        pass
    assert counts(core) == (3, 3)
    with core.db.read() as session:
        assert set(session.scalars(select(InboxItem.state))) == {InboxState.DONE}


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_death_while_refusing_keeps_nothing(core: Core, connection: Connection, tmp_path: Path, side: str) -> None:
    assert run(core, tmp_path, f"push.refuse:{side}", "forge", b"{}") == -signal.SIGKILL
    with core.db.read() as session:
        assert session.scalars(select(InboxItem)).all() == []


@pytest.mark.parametrize(
    "point",
    [
        f"{step}:{side}"
        for step in ("push.begin", "push.subscribe", "push.subscribed")
        for side in ("before", "after")
    ],
)
def test_a_death_while_subscribing_is_made_good(
    core: Core, connection: Connection, sea: Sea, tmp_path: Path, time: FakeClock, point: str
) -> None:
    with core.db.read() as session:
        state_id = session.scalars(select(StreamState.id).where(StreamState.stream == "push")).one()
    assert run(core, tmp_path, point, str(state_id)) == -signal.SIGKILL
    time.advance(core.settings.lease_seconds + 1)
    assert run(core, tmp_path, "push.nowhere:before", str(state_id)) == 0
    assert len(sea.subscribed) in {1, 2}
    with core.db.read() as session:
        state = session.get_one(StreamState, state_id)
    assert (state.lease_until, state.problem) == (None, None)
    assert state.read_at is not None


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_death_while_the_subscription_is_put_off_or_planned_is_made_good(
    core: Core, connection: Connection, sea: Sea, tmp_path: Path, time: FakeClock, side: str
) -> None:
    with core.db.read() as session:
        state_id = session.scalars(select(StreamState.id).where(StreamState.stream == "push")).one()
    sea.answers["/subscriptions"] = 503
    assert run(core, tmp_path, f"push.postpone:{side}", str(state_id)) == -signal.SIGKILL
    sea.answers.clear()
    time.advance(core.settings.lease_seconds + 1)
    assert run(core, tmp_path, f"push.plan:{side}", "plan") == -signal.SIGKILL
    assert run(core, tmp_path, "push.nowhere:before", str(state_id)) == 0
    assert len(sea.subscribed) == 1
