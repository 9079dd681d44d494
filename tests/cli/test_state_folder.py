"""Who may use a state folder at the same time."""

import subprocess
import sys
from pathlib import Path

import pytest

from scrm.cli import state_folder
from scrm.cli.backup import make_backup
from scrm.cli.restore import restore_backup
from scrm.config import Settings
from scrm.errors import ConfigError
from tests.cli.conftest import Call


def test_one_supervisor_at_a_time(state: Path) -> None:
    first = state_folder.supervise(state)
    with pytest.raises(ConfigError):
        state_folder.supervise(state)
    first.release()
    state_folder.supervise(state).release()


def test_many_processes_may_work_with_it_at_once(state: Path) -> None:
    locks = [state_folder.use(state) for _ in range(3)]
    with pytest.raises(ConfigError):
        state_folder.take_over(state)
    for lock in locks:
        lock.release()
    state_folder.take_over(state).release()


def test_a_lock_ends_with_its_process(state: Path) -> None:
    program = (
        "import sys, pathlib; from scrm.cli import state_folder; state_folder.supervise(pathlib.Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", program, str(state)], check=True)
    state_folder.supervise(state).release()


def test_the_folder_is_closed_to_others(state: Path) -> None:
    state_folder.use(state).release()
    assert state.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("hold", [state_folder.supervise, state_folder.use])
def test_nothing_is_restored_under_a_running_process(
    call: Call, installed: Settings, tmp_path: Path, hold: object
) -> None:
    file = tmp_path / "backup.tar.gz"
    make_backup(installed, file)
    lock = hold(installed.state_dir)  # type: ignore[operator]
    told = call("restore", str(file))
    assert told.exit_code == 2
    assert "stop it first" in told.output
    assert not list(tmp_path.glob("state.before-*"))
    assert call("restore", "--force", str(file)).exit_code == 0
    lock.release()
    restore_backup(installed, file)
