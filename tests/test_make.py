"""The Makefile explains itself and stays small; the Procfile and CI call what exists."""

import re
import subprocess
from pathlib import Path

from scrm.cli import COMMANDS

ROOT = Path(__file__).parents[1]
WANTED = [
    "setup",
    "demo",
    "run",
    "dev",
    "test",
    "contract",
    "check",
    "new-connector",
    "record",
    "replay",
    "migration",
    "evaluate",
    "promises",
    "kills",
    "docs",
    "check-specs",
    "lock",
    "test-live-bluesky",
]


def rules() -> dict[str, list[str]]:
    """Each target with its lines."""
    found: dict[str, list[str]] = {}
    target = ""
    for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines():
        if head := re.match(r"([a-z-]+):(?!=)", line):
            target = head[1]
            found[target] = []
        elif line.startswith("\t"):
            found[target].append(line.strip())
    return found


def test_help_lists_every_target_with_its_words() -> None:
    told = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = {line.split()[1]: line.split(maxsplit=2)[2] for line in told.splitlines()}
    assert set(listed) == set(rules())
    assert set(listed) >= set(WANTED)


def test_no_target_is_longer_than_three_lines() -> None:
    assert {target for target, lines in rules().items() if len(lines) > 3} == set()


def test_every_script_that_is_called_is_there_and_sound() -> None:
    scripts = set(re.findall(r"bash (bin/[a-z-]+)", (ROOT / "Makefile").read_text(encoding="utf-8"))) | {".ci/run"}
    for script in scripts:
        subprocess.run(["bash", "-n", script], cwd=ROOT, check=True)
    assert {f"bin/{file.name}" for file in (ROOT / "bin").iterdir()} | {".ci/run"} == scripts


def test_every_command_of_the_procfile_exists() -> None:
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    called = {line.partition(":")[0]: line.partition(":")[2].split()[1] for line in lines}
    assert set(called) == {"release", "web", "worker", "scheduler"}
    assert set(called.values()) <= set(COMMANDS)


def test_an_installation_that_is_up_to_date_is_left_as_it_is(tmp_path: Path) -> None:
    """`make setup` runs before every start, so it must cost nothing."""
    for name in ("requirements.txt", "requirements.in", "pyproject.toml", "README.md"):
        (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "setup").write_bytes((ROOT / "bin" / "setup").read_bytes())
    for name in ("scrm", "python"):
        program = tmp_path / ".venv" / "bin" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text("#!/bin/sh\nexit 0\n")
        program.chmod(0o755)
    content = b"".join(
        (tmp_path / name).read_bytes()
        for name in ("requirements.txt", "pyproject.toml", "requirements.in", "bin/setup")
    )
    stamp = subprocess.run(["sha256sum"], input=content, capture_output=True, check=True).stdout
    (tmp_path / ".venv" / ".installed-requirements").write_bytes(stamp)
    told = subprocess.run(["bash", "bin/setup", "requirements.txt"], cwd=tmp_path, capture_output=True, check=True)
    assert told.stdout == b""


def test_a_python_without_venv_is_told_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "setup").write_bytes((ROOT / "bin" / "setup").read_bytes())
    for name in ("requirements.txt", "requirements.in", "pyproject.toml"):
        (tmp_path / name).write_text("", encoding="utf-8")
    only = tmp_path / "only"
    only.mkdir()
    for tool in ("bash", "cat", "sha256sum", "dirname", "basename", "grep"):
        (only / tool).symlink_to(subprocess.check_output(["which", tool], text=True).strip())
    python = only / "python3.11"
    python.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\n')
    python.chmod(0o755)
    told = subprocess.run(
        ["bash", "bin/setup", "requirements.txt"],
        cwd=tmp_path,
        env={"PATH": str(only)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode != 0
    assert "apt-get install python3-venv" in told.stderr
