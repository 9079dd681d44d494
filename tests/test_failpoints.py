"""Dying on purpose at a named place, once; and the source has a name at every write and every way out."""

import ast
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

import scrm
from scrm import failpoints
from scrm.db import Database
from scrm.failpoints import enumerate_failpoints
from scrm.models import Preference

PACKAGE = Path(scrm.__file__).parent
NAME = re.compile(r"[a-z_]+\.[a-z_]+")
CALLING = """
import sys
from scrm import failpoints
failpoints.arm_by(sys.argv[1])
sys.stdin.readline()
with failpoints.outside("test.call"):
    print("inside", flush=True)
print("done", flush=True)
"""
WRITING = """
import sys
from datetime import UTC, datetime
from scrm import failpoints
from scrm.db import Database
from scrm.models import Preference
failpoints.arm_by(sys.argv[1])
with Database(sys.argv[2]).write("test.write") as session:
    session.add(Preference(name="written", value={}, updated_at=datetime.now(UTC)))
"""


def child(program: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def run(program: str, *arguments: object) -> tuple[int, list[str]]:
    process = child(program, *arguments)
    said = process.communicate("go\n", timeout=60)[0]
    return process.returncode, said.split()


@pytest.mark.processes
@pytest.mark.parametrize(("side", "said"), [("before", []), ("after", ["inside"])])
def test_an_armed_process_dies_at_the_point_and_the_next_one_does_not(
    tmp_path: Path, side: str, said: list[str]
) -> None:
    file = tmp_path / "point"
    file.write_text(f"test.call:{side} self")
    assert run(CALLING, file) == (-signal.SIGKILL, said)
    assert list(tmp_path.iterdir()) == []
    assert run(CALLING, file) == (0, ["inside", "done"])


@pytest.mark.processes
def test_one_arming_kills_one_of_several_processes(tmp_path: Path) -> None:
    file = tmp_path / "point"
    file.write_text("test.call:before self")
    started = [child(CALLING, file) for _ in range(4)]
    ended = [(process.communicate("go\n", timeout=60), process.returncode)[1] for process in started]
    assert sorted(ended) == [-signal.SIGKILL, 0, 0, 0]


@pytest.mark.processes
def test_a_point_may_kill_another_process_and_lets_its_own_go_on(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    file = tmp_path / "point"
    file.write_text(f"test.call:after {other.pid}")
    assert run(CALLING, file) == (0, ["inside", "done"])
    other.communicate(timeout=60)
    assert other.returncode == -signal.SIGKILL


@pytest.mark.parametrize("content", ["", "test.call:before", "test.other:before self", "test.call self", "a b c"])
def test_another_point_or_a_half_written_file_kills_nobody(tmp_path: Path, content: str) -> None:
    file = tmp_path / "point"
    file.write_text(content)
    assert run(CALLING, file) == (0, ["inside", "done"])
    assert file.read_text() == content


@pytest.mark.processes
@pytest.mark.parametrize(("side", "is_there"), [("before", False), ("after", True)])
def test_a_write_is_there_after_its_commit_and_not_before(
    tmp_path: Path, database: Database, database_url: str, side: str, is_there: bool
) -> None:
    file = tmp_path / "point"
    file.write_text(f"test.write:{side} self")
    assert run(WRITING, file, database_url)[0] == -signal.SIGKILL
    with database.read() as session:
        assert bool(session.scalars(select(Preference)).all()) is is_there


def test_nothing_happens_in_a_process_that_was_not_told_of_a_file() -> None:
    failpoints.arm_by(None)
    with failpoints.outside("test.unarmed"):
        pass


def trees() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        yield str(file.relative_to(PACKAGE)), ast.parse(file.read_text(encoding="utf-8"))


def calls(tree: ast.Module) -> Iterator[tuple[str, str, ast.Call]]:
    """Every call as (receiver, name, node)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield ast.unparse(node.func.value), node.func.attr, node
            elif isinstance(node.func, ast.Name):
                yield "", node.func.id, node


def named_places() -> Iterator[tuple[str, ast.Call]]:
    for file, tree in trees():
        for receiver, name, node in calls(tree):
            is_write = name == "write" and re.search(r"(^|[._])(db|database)$", receiver)
            if is_write or name == "outside":
                yield f"{file}:{node.lineno}", node


def test_every_write_and_every_way_out_has_a_literal_name_of_its_own() -> None:
    seen: dict[str, str] = {}
    for place, node in named_places():
        assert len(node.args) == 1, place
        assert not node.keywords, place
        assert isinstance(node.args[0], ast.Constant), f"{place}: the name is not a literal"
        name = node.args[0].value
        assert isinstance(name, str), place
        assert NAME.fullmatch(name), place
        assert name not in seen, f"{place}: {name} stands at {seen.get(name)} already"
        seen[name] = place


def test_the_list_of_failpoints_is_complete() -> None:
    found = enumerate_failpoints(PACKAGE)
    names = {node.args[0].value for _, node in named_places() if isinstance(node.args[0], ast.Constant)}
    assert set(found) == {f"{name}:{side}" for name in names for side in ("before", "after")}
    print(f"{len(found)} failpoints")  # noqa: T201 - shown by pytest -s and in a failure
    assert len(found) >= 40


def test_the_list_names_the_place(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('\nwith core.db.write("area.step") as s:\n    file.write("text")\n')
    assert enumerate_failpoints(tmp_path) == {"area.step:before": "a.py:2", "area.step:after": "a.py:2"}


def test_a_name_used_twice_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('with outside("area.step"):\n    pass\n')
    (tmp_path / "b.py").write_text('with db.write("area.step"):\n    pass\n')
    with pytest.raises(ValueError, match=re.escape("b.py:1: failpoint area.step stands at a.py:1")):
        enumerate_failpoints(tmp_path)


def test_only_the_database_module_and_the_migrations_commit() -> None:
    """Whatever commits by itself has no failpoint and no BEGIN IMMEDIATE."""
    elsewhere = [
        f"{file}:{node.lineno}"
        for file, tree in trees()
        if file != "db.py" and not file.startswith("migrations/")
        for receiver, name, node in calls(tree)
        if (receiver and name in {"commit", "begin", "begin_nested"}) or name in {"Session", "sessionmaker"}
        if receiver
        not in {"sign_in", "throttle"}  # a sign-in at a network begins, too, and so does a try of a password
    ]
    assert elsewhere == []
