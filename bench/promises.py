"""Kill -9 every process at every failpoint, on both engines, and judge by the ledgers of CRM and networks.

    python -m bench.promises [--engine sqlite|postgresql|both] [--victims self,valkey,web,scheduler] [--only PREFIX …]

`self` is the process that reaches the point: the worker mostly, web or scheduler where they do. Prints a line per
kill and a verdict per engine; what is found belongs, dated, into docs/measurements.md.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from bench.databases import databases
from tests.kills.sweep import every_point, sweep


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--engine", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--victims", default="self,valkey,web,scheduler")
    parser.add_argument("--only", nargs="*", default=[""])
    options = parser.parse_args()
    points = [point for point in every_point() if point.startswith(tuple(options.only))]
    print(f"{len(points)} failpoints")
    failed = False
    for engine in ["sqlite", "postgresql"] if options.engine == "both" else [options.engine]:
        with tempfile.TemporaryDirectory(prefix="scrm") as name:
            folder = Path(name)
            urls, drop = databases(engine, folder)
            url = urls[0].replace("+psycopg", "")
            verdict = sweep(folder, url, points, victims=tuple(options.victims.split(",")), say=print)
            drop()
        print(f"{engine}: {verdict}")
        for kind, found in (("missed", verdict.missed), ("lost", verdict.lost), ("too many", verdict.extra)):
            for row in found:
                print(f"  {kind}: {row}")
        failed = failed or bool(verdict.missed) or not verdict.is_clean
    sys.exit(failed)


if __name__ == "__main__":
    main()
