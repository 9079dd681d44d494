"""An org as a process of its own, filled with the sandbox's cast: `python -m scrm.sandbox.salesforce --access FILE`.

Writes to FILE where it is and how one signs in, then lives until it is told to stop, and sends outbound messages.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from scrm.sandbox.salesforce.filling import fill
from scrm.sandbox.salesforce.org import INTEGRATION_USER, Salesforce

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS_BETWEEN_MESSAGES = 1.0


def main(argv: Sequence[str] | None = None) -> None:
    """Serve one org until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m scrm.sandbox.salesforce")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--access", type=Path, required=True, help="file to write the access to")
    parser.add_argument("--source", help="folder of metadata to deploy")
    parser.add_argument("--assign", action="append", default=[], help="permission set for the integration user")
    options = parser.parse_args(argv)
    stop = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda _number, _frame: stop.set())
    with Salesforce(port=options.port) as org:
        if options.source and (faults := org.people.deploy_source(options.source)):
            parser.exit(1, f"{faults[0]}\n")
        for name in options.assign:
            org.people.assign(name, INTEGRATION_USER)
        fill(org, INTEGRATION_USER)
        new = options.access.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump({"base_url": org.base_url, "ca_file": org.ca_file, **org.app()}, out)
        new.replace(options.access)
        while not stop.wait(SECONDS_BETWEEN_MESSAGES):
            org.outbound.deliver()


if __name__ == "__main__":
    main()
