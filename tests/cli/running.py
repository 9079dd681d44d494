"""The whole product in processes of its own, as a person starts it, and what is left when it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from scrm.cli.processes import wait_until

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def environment(base: Path, port: int) -> dict[str, str]:
    ours = {"SCRM_STATE_DIR": str(base), "SCRM_PORT": str(port), "SCRM_LOCALE": "en", "PYTHONPATH": str(ROOT)}
    ours |= {"DATABASE_URL": "", "REDIS_URL": "", "PYTHONWARNINGS": ""}
    return dict(os.environ) | ours


def belonging(folder: Path) -> set[int]:
    """Every process on this machine that was started for this state folder."""
    mark = f"SCRM_STATE_DIR={folder}".encode()
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                told = (entry / "environ").read_bytes().split(b"\0") + (entry / "cmdline").read_bytes().split(b"\0")
                is_alive = ") Z " not in (entry / "stat").read_text()
            except OSError:
                continue
            is_valkey = any(str(folder / "valkey").encode() in part for part in told)
            if is_alive and (mark in told or is_valkey):
                found.add(int(entry.name))
    return found


@dataclass(kw_only=True)
class Running:
    """One start of the product."""

    process: "subprocess.Popen[str]"
    folder: Path
    port: int
    output: Path

    def has_said(self, text: str) -> bool:
        return text in self.output.read_text()

    def said(self) -> str:
        """All it has said, with the ends of its logs, for messages."""
        logs = sorted((self.folder / "log").glob("*.log"))
        return self.output.read_text() + "".join(f"\n{log.name}: {log.read_text()[-1500:]}" for log in logs)

    def wait_until_ready(self) -> None:
        ready = wait_until(lambda: self.has_said("Ready: ") or self.process.poll() is not None, START_SECONDS)
        assert ready, self.said()
        assert self.process.poll() is None, self.said()

    def page(self, path: str = "/sign-in") -> int:
        """Status of a page; 0 when nobody answers."""
        ask = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            ask.request("GET", path)
            return ask.getresponse().status
        except OSError:
            return 0
        finally:
            ask.close()

    def pids(self) -> dict[str, int]:
        try:
            return {row["name"]: row["pid"] for row in json.loads((self.folder / "pids.json").read_text())}
        except OSError:
            return {}

    def counts(self) -> dict[str, int]:
        """The last line of counts it has shown."""
        lines = re.findall(r"fetched (\d+) · linked (\d+) · in review (\d+) · written to the CRM (\d+)", self.said())
        numbers = map(int, lines[-1]) if lines else (0, 0, 0, 0)
        return dict(zip(("fetched", "linked", "review", "written"), numbers, strict=True))

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextmanager
def running(command: Sequence[str], base: Path, folder: Path, port: int) -> Iterator[Running]:
    """Start `scrm …` and take care that nothing of it outlives the test."""
    base.mkdir(exist_ok=True)
    output = base / f"said-{len(list(base.glob('said-*')))}"
    with output.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "scrm.cli", *command],
            env=environment(base, port),
            stdout=out,
            stderr=out,
            cwd=base,
            text=True,
        )
    try:
        yield Running(process=process, folder=folder, port=port, output=output)
    finally:
        process.kill()
        process.wait()
