"""Memory of the whole embedded product at rest, per process.

    python -m bench.idle [--seconds 60]

Starts `scrm up` in an empty state folder, waits until it has been idle for a while, and reads from /proc what each
process holds: RSS counts shared pages in full, PSS divides them among the processes that share them, so the sum of
PSS is what the product costs. The peer is the bare interpreter with Flask and SQLAlchemy imported.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def processes_below(pid: int) -> list[int]:
    """A process and everything it started."""
    found = [pid]
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += processes_below(int(child))
    return found


def memory(pid: int) -> dict[str, object]:
    """Name, RSS and PSS of a process in MB."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    size = {line.split(":")[0]: int(line.split()[1]) for line in rollup.splitlines()[1:] if line.endswith("kB")}
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    name = next((w for w in reversed(words) if w in {"web", "worker", "scheduler", "up"}), Path(words[0]).name)
    return {"process": name, "rss_mb": round(size["Rss"] / 1024, 1), "pss_mb": round(size["Pss"] / 1024, 1)}


def peer() -> dict[str, object]:
    """A bare interpreter that imported Flask and SQLAlchemy and does nothing."""
    script = "import flask, sqlalchemy, sqlalchemy.orm, time; print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = memory(process.pid)
        process.kill()
    return {**found, "process": "peer: python + flask + sqlalchemy"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "SCRM_STATE_DIR": folder}
        up = subprocess.Popen([sys.executable, "-m", "scrm.cli", "up"], env=environment, stdout=subprocess.DEVNULL)
        time.sleep(options.seconds)
        rows = [memory(pid) for pid in processes_below(up.pid)]
        up.send_signal(signal.SIGTERM)
        up.wait(30)
    for row in [*rows, peer()]:
        print(json.dumps(row))
    print(json.dumps({"process": "all of scrm", "pss_mb": round(sum(float(str(row["pss_mb"])) for row in rows), 1)}))


if __name__ == "__main__":
    main()
