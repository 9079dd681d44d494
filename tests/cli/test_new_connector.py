"""A new connector begins as a working copy of the example."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Call

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Enough of a checkout to run the contract suite in."""
    root = tmp_path / "checkout"
    networks = [one.name for one in (ROOT / "tests" / "connectors").iterdir() if one.is_dir() and one.name[0] != "_"]
    leave_out = shutil.ignore_patterns("__pycache__", "*.pyc", *networks)
    shutil.copytree(ROOT / "scrm", root / "scrm", ignore=leave_out)
    shutil.copytree(ROOT / "tests" / "connectors", root / "tests" / "connectors", ignore=leave_out)
    for file in ("__init__.py", "conftest.py", "services.py"):
        shutil.copy(ROOT / "tests" / file, root / "tests")
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def test_the_copy_passes_the_contract_suite_before_anything_is_written(call: Call, checkout: Path) -> None:
    told = call("new-connector", "my_threads", "--root", str(checkout))
    assert told.exit_code == 0, told.output
    assert "make contract N=my_threads" in told.output
    environment = dict(os.environ) | {"PYTHONPATH": str(checkout)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/connectors", "-k", "my_threads"]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout


def test_nothing_of_the_example_shows_through(call: Call, checkout: Path) -> None:
    call("new-connector", "my_threads", "--root", str(checkout))
    code = (checkout / "scrm/connectors/my_threads/connector.py").read_text()
    assert "class MyThreads(Connector)" in code
    assert 'NETWORK = "my_threads"' in code
    for place in ("scrm/connectors/my_threads", "tests/connectors/my_threads"):
        for file in (checkout / place).rglob("*.*"):
            if "__pycache__" not in file.parts:
                assert '"example"' not in file.read_text()


@pytest.mark.parametrize("name", ["Threads", "../threads", "my-threads", "1threads", "t", "é" * 3])
def test_a_name_that_is_no_folder_name_is_refused(call: Call, checkout: Path, name: str) -> None:
    told = call("new-connector", "--root", str(checkout), "--", name)
    assert told.exit_code == 1
    assert "lower-case letters" in told.output


def test_an_existing_connector_is_left_alone(call: Call, checkout: Path) -> None:
    call("new-connector", "threads", "--root", str(checkout))
    file = checkout / "scrm/connectors/threads/README.md"
    file.write_text("mine")
    told = call("new-connector", "threads", "--root", str(checkout))
    assert told.exit_code == 1
    assert "exists already" in told.output
    assert file.read_text() == "mine"


def test_outside_a_checkout_it_says_so(call: Call, tmp_path: Path) -> None:
    told = call("new-connector", "threads", "--root", str(tmp_path))
    assert told.exit_code == 1
    assert "checkout" in told.output
