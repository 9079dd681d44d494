"""Named places at which a test may stop a process with SIGKILL.

`db.write` puts one before and after every write transaction, `outside` one before and after every call that
leaves the process. The names are literals, so `enumerate_failpoints` reads them from the source and a test can
prove that it has visited every one. Nothing happens unless SCRM_FAILPOINT_FILE names a file; production leaves
it empty. The file holds `<point> <whom>`: `self` kills the process that reaches the point, a number that pid.
"""

import ast
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_armed_by: Path | None = None


def arm_by(file: str | None) -> None:
    """Watch this file for the name of the point to die at; None switches failpoints off."""
    global _armed_by  # noqa: PLW0603 - one switch for the whole process, set once at start-up
    _armed_by = Path(file) if file else None


def failpoint(point: str) -> None:
    """Die here, once, if a test asked for this point."""
    if _armed_by is None:
        return
    try:
        name, whom = _armed_by.read_text().split()
    except (OSError, ValueError):
        return
    if name != point:
        return
    claimed = _armed_by.with_suffix(f".{os.getpid()}")
    try:
        _armed_by.rename(claimed)  # only one process wins the rename, so each arming kills once
    except OSError:
        return
    claimed.unlink()
    os.kill(os.getpid() if whom == "self" else int(whom), signal.SIGKILL)


@contextmanager
def outside(name: str) -> Iterator[None]:
    """Wrap a call that leaves the process; gives the points `<name>:before` and `<name>:after`."""
    failpoint(f"{name}:before")
    try:
        yield
    finally:
        failpoint(f"{name}:after")  # also when the call failed


def enumerate_failpoints(package: Path) -> dict[str, str]:
    """Every failpoint in the source below `package`, with `file:line`; a name used twice is an error."""
    found: dict[str, str] = {}
    for file in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called not in {"write", "outside"}:
                continue
            names = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            place = f"{file.relative_to(package)}:{node.lineno}"
            for name in names:
                if "." not in name:
                    continue
                for side in ("before", "after"):
                    if f"{name}:{side}" in found:
                        raise ValueError(f"{place}: failpoint {name} stands at {found[f'{name}:{side}']} already")
                    found[f"{name}:{side}"] = place
    return found
