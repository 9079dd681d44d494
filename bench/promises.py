"""Kill -9 every process at every failpoint, on both engines, and judge by the ledgers of CRM and networks.

    python -m bench.promises [--engine sqlite|postgresql|both] [--victims self,valkey,web,scheduler] [--only PREFIX …]
                             [--part 1/4] [--random 1000 [--seed 1]] [--minutes 60]

`self` is the process that reaches the point: the worker mostly, web or scheduler where they do. `--part` takes every
fourth point, from the first. `--random` kills at random moments instead. After `--minutes` for each engine, or at
Ctrl-C, what was done until then is judged. Prints a line per kill and a verdict per engine; what is found belongs,
dated, into docs/measurements.md.
"""

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from bench.databases import databases
from tests.kills.sweep import Verdict, every_point, shoot, sweep


class End:
    """When enough is enough: the time is up, or somebody said so."""

    def __init__(self, minutes: float) -> None:
        self._at = time.monotonic() + minutes * 60
        signal.signal(signal.SIGINT, self._now)
        signal.signal(signal.SIGTERM, self._now)

    def _now(self, *_: object) -> None:
        self._at = 0.0

    def __call__(self) -> bool:
        return time.monotonic() > self._at


def run(engine: str, options: argparse.Namespace) -> Verdict:
    """Everything asked for, on one engine."""
    which, _, parts = options.part.partition("/")
    points = [point for point in every_point() if point.startswith(tuple(options.only))]
    points = points[int(which) - 1 :: int(parts)]
    end = End(options.minutes)
    with tempfile.TemporaryDirectory(prefix="scrm") as name:
        folder = Path(name)
        urls, drop = databases(engine, folder)
        url = urls[0].replace("+psycopg", "")
        if options.random:
            verdict = shoot(folder, url, options.random, seed=options.seed, say=print, is_over=end)
        else:
            print(f"{len(points)} failpoints")
            victims = tuple(options.victims.split(","))
            verdict = sweep(folder, url, points, victims=victims, say=print, is_over=end)
        drop()
    return verdict


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--engine", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--victims", default="self,valkey,web,scheduler")
    parser.add_argument("--only", nargs="*", default=[""])
    parser.add_argument("--part", default="1/1")
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e6)
    options = parser.parse_args()
    failed = False
    for engine in ["sqlite", "postgresql"] if options.engine == "both" else [options.engine]:
        verdict = run(engine, options)
        print(f"{engine}: {verdict}")
        for kind, found in (("missed", verdict.missed), ("lost", verdict.lost), ("too many", verdict.extra)):
            for row in found:
                print(f"  {kind}: {row}")
        failed = failed or bool(verdict.missed) or not verdict.is_clean
    sys.exit(failed)


if __name__ == "__main__":
    main()
