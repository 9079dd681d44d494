"""One line per promise: whether it was kept just now, by how many checks, and how long that took.

    python -m bench.promise_table [P1 P7 …] [--long] [--engine sqlite|postgresql]

The short form asks the tests that need no processes of their own; `--long` adds those that kill real ones or drive a
browser for minutes. A check that was skipped shows nothing, so a promise of skipped checks alone counts as not shown.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from bench.promise_list import PROMISES, Promise

ROOT = Path(__file__).parents[1]
COUNTS = ("tests", "failures", "errors", "skipped")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the checks of one promise gave."""

    passed: int
    failed: int
    skipped: int
    seconds: float

    @property
    def verdict(self) -> str:
        if self.failed:
            return "BROKEN"
        return "kept" if self.passed else "not shown"


def ask(promise: Promise, *, is_long: bool, engine: str | None) -> Outcome:
    """Run the checks of one promise."""
    chosen = [*promise.by, *(promise.more if is_long else ())]
    other = {"sqlite": "not postgresql", "postgresql": "not sqlite"}.get(engine or "")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="scrm") as folder:
        report = Path(folder) / "report.xml"
        options = ["-q", "-p", "no:randomly", "-p", "no:cacheprovider", f"--junitxml={report}"]
        options += ["-k", other] if other else []
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *chosen], cwd=ROOT, capture_output=True, check=False
        )
        if not report.exists():
            sys.stderr.write(done.stdout.decode(errors="replace"))
            return Outcome(passed=0, failed=1, skipped=0, seconds=time.monotonic() - began)
        total, failures, errors, skipped = _counts(report)
    return Outcome(
        passed=total - failures - errors - skipped,
        failed=failures + errors,
        skipped=skipped,
        seconds=time.monotonic() - began,
    )


def _counts(report: Path) -> list[int]:
    suites = ET.parse(report).getroot().iter("testsuite")  # noqa: S314 - pytest wrote it a moment ago
    rows = [[int(suite.get(name, 0)) for name in COUNTS] for suite in suites]
    return [sum(column) for column in zip(*rows, strict=True)]


def line(name: str, promise: Promise, found: Outcome) -> str:
    checks = f"{found.passed} of {found.passed + found.failed}"
    skipped = f", {found.skipped} skipped" if found.skipped else ""
    return f"{name:4} {found.verdict:9} {checks:>12} checks{skipped} {found.seconds:6.1f} s  {promise.words}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[*PROMISES, []], metavar="P1", help="only these; else all")
    parser.add_argument("--long", action="store_true", help="also what kills real processes")
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], help="one engine alone")
    options = parser.parse_args()
    names = options.names or list(PROMISES)
    kept = 0
    for name in names:
        found = ask(PROMISES[name], is_long=options.long, engine=options.engine)
        kept += found.verdict == "kept"
        print(line(name, PROMISES[name], found), flush=True)
    print(f"{kept} of {len(names)} kept")
    sys.exit(kept < len(names))


if __name__ == "__main__":
    main()
