"""`scrm up` as a whole: it serves, it heals, and it leaves nothing behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scrm.cli.processes import command_of, started_at, wait_until
from tests.cli.running import Running, belonging, environment, free_port, running

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "s"


def test_a_kill_leaves_no_process_and_the_next_start_goes_on(state: Path) -> None:
    port = free_port()
    with running(["up"], state, state, port) as first:
        first.wait_until_ready()
        assert first.page() == 200
        assert set(first.pids()) == {"valkey", "web", "worker-1", "scheduler"}
        for row in json.loads((state / "pids.json").read_text()):
            assert command_of(row["pid"]) == row["command"], "the next start would not know it again"
            assert started_at(row["pid"]) == row["started"]
        assert len(belonging(state)) >= 6  # those, the supervisor, and the process that serves
        first.process.kill()
        first.process.wait()
        assert wait_until(lambda: not belonging(state), 5), belonging(state)
    with running(["up"], state, state, port) as second:
        second.wait_until_ready()
        assert second.has_said(f"Ready: http://127.0.0.1:{port} ")
        assert second.page() == 200
        assert second.stop() == 0
        assert not belonging(state)


def is_replaced(started: Running, name: str, old: int) -> bool:
    return started.pids().get(name, old) != old


def test_whatever_is_killed_comes_back(state: Path) -> None:
    with running(["up"], state, state, free_port()) as started:
        started.wait_until_ready()
        for name in ("valkey", "web", "worker-1", "scheduler"):
            old = started.pids()[name]
            os.kill(old, signal.SIGKILL)
            assert wait_until(lambda name=name, old=old: is_replaced(started, name, old), 15), started.said()
        assert wait_until(lambda: started.page() == 200, 30), started.said()
        assert wait_until(lambda: doctor(started) == 0, 60), started.said()
        assert started.stop() == 0
        assert not belonging(state)


def doctor(started: Running) -> int:
    """What `scrm doctor` thinks of it."""
    settings = environment(started.folder, started.port)
    command = [sys.executable, "-m", "scrm.cli", "doctor"]
    return subprocess.run(command, env=settings, capture_output=True, check=False).returncode


def test_a_taken_port_is_left_to_its_owner_and_the_printed_links_name_the_other(state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as owner:
        port = owner.getsockname()[1]
        with running(["up"], state, state, port) as started:
            started.wait_until_ready()
            said = re.search(r"Ready: http://127\.0\.0\.1:(\d+) ", started.output.read_text())
            assert said is not None
            free = int(said.group(1))  # the next one, unless something else on this machine has it
            assert port < free < port + 100
            command = [sys.executable, "-m", "scrm.cli", "user", "add", "Mia", "mia@nordwerk.example", "rep"]
            settings = environment(state, port)
            told = subprocess.run(command, env=settings, capture_output=True, text=True, check=True)
            assert told.stdout.startswith(f"http://127.0.0.1:{free}/sign-in/")
            started.port = free
            assert started.page(told.stdout.strip().partition(f":{free}")[2]) == 200


def test_the_first_admin_gets_a_link_that_works(state: Path) -> None:
    with running(["up"], state, state, free_port()) as started:
        started.wait_until_ready()
        assert wait_until(lambda: started.has_said("/sign-in/"), 10)
        path = started.output.read_text().rpartition("/sign-in/")[2].split()[0]
        assert started.page(f"/sign-in/{path}") == 200
        assert started.page("/sign-in/another") == 410


def test_a_second_start_on_the_same_folder_is_refused_and_the_first_goes_on(state: Path) -> None:
    port = free_port()
    with running(["up"], state, state, port) as first:
        first.wait_until_ready()
        with running(["up"], state, state, port) as second:
            assert second.process.wait(30) == 2
            assert second.has_said("in use by another scrm")
        assert first.page() == 200


def test_wrong_settings_stop_it_before_anything_is_started(state: Path) -> None:
    state.mkdir()
    settings = environment(state, 8000) | {"SCRM_LOG_LEVEL": "loud"}
    command = [sys.executable, "-m", "scrm.cli", "up"]
    told = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "SCRM_LOG_LEVEL" in told.stderr
    assert list(state.iterdir()) == []
