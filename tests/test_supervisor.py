"""The supervisor leaves nothing behind, however it ends, and brings back what dies. Real processes throughout."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scrm.cli.processes import command_of, started_at, wait_until

pytestmark = pytest.mark.processes

# a program under the supervisor; each argument is one child: name=shell command
SUPERVISED = """
import os, sys
from pathlib import Path
from scrm.cli.processes import Program
from scrm.cli.supervisor import Supervisor
with Supervisor(Path(sys.argv[1]), lambda text: print(text, flush=True)) as supervisor:
    for child in sys.argv[2:]:
        name, _, command = child.partition("=")
        supervisor.start(Program(name=name, command=("sh", "-c", command), environment=os.environ, drain_seconds=2))
    print("running", flush=True)
    while not supervisor.stopping:
        supervisor.turn()
"""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Start a supervisor over children; it is ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def begin(*children: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", SUPERVISED, str(folder), *children]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def until_running(process: "subprocess.Popen[str]") -> list[str]:
    """What it said before it said that it is running."""
    assert process.stdout is not None
    said = []
    while (line := process.stdout.readline()) and line != "running\n":
        said.append(line.strip())
    return said


def pids(folder: Path) -> dict[str, int]:
    try:
        return {row["name"]: row["pid"] for row in json.loads((folder / "pids.json").read_text())}
    except OSError:
        return {}


def is_gone(pid: int) -> bool:
    return started_at(pid) is None


def test_a_killed_supervisor_leaves_no_child(start: Start, folder: Path) -> None:
    supervisor = start("one=exec sleep 300", "two=exec sleep 300")
    until_running(supervisor)
    children = pids(folder)
    assert set(children) == {"one", "two"}
    supervisor.kill()
    assert wait_until(lambda: all(map(is_gone, children.values())), 5)


def test_a_killed_supervisor_can_be_started_again_at_once(start: Start, folder: Path) -> None:
    first = start("one=exec sleep 300")
    until_running(first)
    before = pids(folder)["one"]
    first.kill()
    first.wait()
    second = start("one=exec sleep 300")
    until_running(second)
    assert second.poll() is None
    assert pids(folder)["one"] != before
    assert is_gone(before)


def test_an_end_on_request_stops_every_child_and_forgets_them(start: Start, folder: Path) -> None:
    supervisor = start("one=exec sleep 300", "deaf=trap '' TERM; while :; do sleep 1; done")
    until_running(supervisor)
    children = pids(folder)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(15) == 0
    assert all(map(is_gone, children.values()))
    assert not (folder / "pids.json").exists()


def test_valkey_is_stopped_after_what_uses_it(start: Start, folder: Path) -> None:
    tell = "trap 'echo {} >> %s/order; exit 0' TERM; touch %s/{}; while :; do sleep 0.05; done"
    folder.mkdir(parents=True)
    children = [f"{name}={(tell % (folder, folder)).format(name, name)}" for name in ("valkey", "web")]
    supervisor = start(*children)
    until_running(supervisor)
    assert wait_until(lambda: (folder / "web").exists() and (folder / "valkey").exists(), 5)
    supervisor.send_signal(signal.SIGINT)
    supervisor.wait(15)
    assert (folder / "order").read_text().split() == ["web", "valkey"]


def test_a_killed_child_is_started_again(start: Start, folder: Path) -> None:
    supervisor = start("one=exec sleep 300")
    until_running(supervisor)
    before = pids(folder)["one"]
    os.kill(before, signal.SIGKILL)
    assert wait_until(lambda: pids(folder).get("one", before) != before, 5)
    assert supervisor.poll() is None


def test_a_child_that_never_comes_up_ends_the_supervisor_with_its_last_words(start: Start, folder: Path) -> None:
    supervisor = start("good=exec sleep 300", "bad=echo the disk is full >&2; exit 3")
    until_running(supervisor)
    good = pids(folder)["good"]
    _, complaint = supervisor.communicate(timeout=20)
    assert supervisor.returncode != 0
    assert "bad cannot be started" in complaint
    assert "the disk is full" in complaint
    assert is_gone(good)


def test_every_recorded_child_is_known_again_by_its_record(start: Start, folder: Path) -> None:
    until_running(start(*(f"child{number}=exec sleep 300" for number in range(8))))
    for row in json.loads((folder / "pids.json").read_text()):
        # `exec` puts the sleep in the place of the shell that was started
        assert wait_until(lambda row=row: command_of(row["pid"]) == ["sleep", "300"], 5)
        assert started_at(row["pid"]) == row["started"]
        assert row["command"] == ["sh", "-c", "exec sleep 300"]


def test_a_second_supervisor_of_the_same_folder_is_refused(start: Start, folder: Path) -> None:
    until_running(start("one=exec sleep 300"))
    child = pids(folder)["one"]
    second = start("one=exec sleep 300")
    _, complaint = second.communicate(timeout=20)
    assert second.returncode != 0
    assert "in use by another scrm" in complaint
    assert not is_gone(child)


def test_a_recorded_orphan_is_stopped_at_the_next_start(start: Start, folder: Path) -> None:
    orphan = subprocess.Popen(["sleep", "300"])
    folder.mkdir(parents=True)
    row = {"name": "web", "pid": orphan.pid, "started": started_at(orphan.pid), "command": orphan.args}
    (folder / "pids.json").write_text(json.dumps([row]))
    said = until_running(start("one=exec sleep 300"))
    assert orphan.wait(5) == -signal.SIGTERM
    assert said == ["Stopped a process an earlier run had left behind: web"]


@pytest.mark.parametrize("change", [{"started": 1}, {"command": ["sleep", "301"]}])
def test_a_stranger_with_a_recorded_pid_is_left_alone(start: Start, folder: Path, change: dict[str, object]) -> None:
    stranger = subprocess.Popen(["sleep", "300"])
    try:
        folder.mkdir(parents=True)
        row = {"name": "web", "pid": stranger.pid, "started": started_at(stranger.pid)}
        row |= {"command": stranger.args} | change
        (folder / "pids.json").write_text(json.dumps([row]))
        until_running(start("one=exec sleep 300"))
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("content", ["", "not json", "[]"])
def test_a_damaged_record_of_processes_hinders_nobody(start: Start, folder: Path, content: str) -> None:
    folder.mkdir(parents=True)
    (folder / "pids.json").write_text(content)
    supervisor = start("one=exec sleep 300")
    assert until_running(supervisor) == []
    assert supervisor.poll() is None
