"""A mock server that refuses what an OpenAPI document does not allow: Prism, from npm, on loopback."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.specs.asked import Call

PACKAGE = "@stoplight/prism-cli@5.16.0"
START_SECONDS = 180  # the first start may fetch it
ACCESS = {"Authorization": "Bearer check"}


@contextmanager
def prism(document: Path, port: int) -> Iterator[str]:
    """Serve the document; yields the address. Raises RuntimeError without npm's npx."""
    npx = shutil.which("npx")
    if npx is None:
        raise RuntimeError("npx is not installed: it comes with Node.js")
    command = [npx, "--yes", PACKAGE, "mock", "--errors", "--port", str(port), str(document)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        try:
            requests.get(f"http://127.0.0.1:{port}/", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.5)
        else:
            return
    raise RuntimeError("Prism does not start")


def refusal(address: str, call: Call, document: Path) -> str | None:
    """Why the request is not allowed by the document; None when it is."""
    answer = requests.request(call.method, address + call.path, params=list(call.query), headers=ACCESS, timeout=60)
    # Prism makes answers up and may fail at that; what it says of the request is all that counts here
    if answer.headers.get("Content-Type", "").startswith("application/problem+json") and answer.status_code < 500:
        problem = answer.json()
        faults = problem.get("validation", [])
        told = "; ".join(f"{'.'.join(map(str, one.get('location', [])))}: {one.get('message')}" for one in faults)
        return told or str(problem.get("title"))
    return None if operation(document, call) else "no such operation"


def operation(document: Path, call: Call) -> str | None:
    """The operation's name in the document."""
    paths: dict[str, Any] = json.loads(document.read_text(encoding="utf-8"))["paths"]
    for template in sorted(paths, key=lambda one: one.count("{")):
        pattern = re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, call.path) and call.method.lower() in paths[template]:
            return str(paths[template][call.method.lower()].get("operationId", template))
    return None
