"""How fast webhooks are answered at a steady pace, a sixth of them repeats and all out of order.

    python -m bench.webhooks [--seconds 60] [--rate 50] [--engine sqlite|postgresql|both] [--at rest|backfill|both]

A real web process; what was stored is applied at the same time, in this process. During a backfill another process
takes contacts into the built-in CRM, copies them and computes their keys for as long as the sending lasts. Says the
median, the 99th percentile and the longest answer, and whether each event had one effect: every contact of the sender
ends at its newest version.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import requests
from sqlalchemy import func, select

from bench.databases import databases
from scrm.cli.opening import open_prepared
from scrm.config import Settings
from scrm.db import Database
from scrm.matching.blocking import rekey_due
from scrm.migrations import upgrade
from scrm.models import InboxItem, LocalContact
from scrm.runtime import Core
from scrm.sync.contacts import mark_pull_due, pull
from scrm.sync.crm import LOCAL
from scrm.sync.crm.local import LocalCrm
from scrm.sync.crm.local_contacts import Statement, put_contacts
from scrm.sync.webhook import apply_due, make_endpoint
from scrm.vault import Vault

CONTACTS = 200
PORT = 18765


def headers(secret: str, delivery: str, body: bytes) -> dict[str, str]:
    """Signed as Standard Webhooks wants it."""
    stamp = int(time.time())
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{delivery}.{stamp}.".encode() + body, hashlib.sha256)
    signature = "v1," + base64.b64encode(digest).decode()
    names = {"webhook-id": delivery, "webhook-timestamp": str(stamp), "webhook-signature": signature}
    return names | {"content-type": "application/json"}


def events(count: int) -> list[tuple[str, bytes]]:
    """Versions of some contacts, a sixth of them repeats, shuffled."""
    made = []
    for number in range(count * 5 // 6):
        version, contact = divmod(number, CONTACTS)
        data = {"id": f"c{contact}", "version": version + 1, "full_name": f"Person {contact} v{version + 1}"}
        event = {"type": "contact.updated", "timestamp": "2026-11-24T09:00:00Z", "data": data}
        made.append((f"e{number}", json.dumps(event).encode()))
    made += made[: count - len(made)]
    random.Random(1).shuffle(made)
    return made


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--engine", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--at", choices=["rest", "backfill", "both"], default="both")
    parser.add_argument("--fill", help=argparse.SUPPRESS)  # the other process: takes contacts in until it is killed
    chosen = parser.parse_args()
    if chosen.fill:
        fill(chosen.fill)
    for engine in ["sqlite", "postgresql"] if chosen.engine == "both" else [chosen.engine]:
        for state in ["rest", "backfill"] if chosen.at == "both" else [chosen.at]:
            print(f"{engine}, {'at rest' if state == 'rest' else 'during a backfill'}:")
            run(engine, state, events(chosen.seconds * chosen.rate), chosen.rate)


def run(engine: str, state: str, told: list[tuple[str, bytes]], rate: int) -> None:
    """One measurement on a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        (url, _other), drop = databases(engine, Path(folder))
        settings = Settings(state_dir=Path(folder), database_url=url.replace("+psycopg", ""))
        upgrade(settings.database)
        core = open_prepared(settings)
        with core.db.write("bench.webhooks") as session:
            secret = make_endpoint(session, core.vault, "bench", LOCAL, core.db.clock.now())
        environment = os.environ | {"SCRM_STATE_DIR": folder, "DATABASE_URL": settings.database_url}
        command = [sys.executable, "-m", "scrm.cli", "web", "--host", "127.0.0.1", "--port", str(PORT)]
        others = [subprocess.Popen(command, env=environment)]
        if state == "backfill":
            others.append(subprocess.Popen([sys.executable, "-m", "bench.webhooks", "--fill", settings.database]))
        try:
            _measure(core, secret, told, rate)
        finally:
            for process in others:
                process.terminate()
                process.wait()
            core.db.close()
            drop()


def fill(url: str) -> None:
    """Take contacts in, copy them and compute their keys, as a first import does."""
    core = Core(settings=Settings(), db=Database(url), vault=Vault({"bench": bytes(32)}))
    crm = LocalCrm(core.db)
    for portion in count():
        at = core.db.clock.now()
        statements = [
            Statement(
                source_id=f"fill-{portion}-{number}",
                at=at,
                fields={
                    "full_name": f"Person {number} Number {portion}",
                    "emails": [f"p{portion}.{number}@company{number}.example"],
                },
            )
            for number in range(200)
        ]
        put_contacts(core.db, statements)
        with core.db.write("bench.fill") as session:
            mark_pull_due(session, LOCAL, at)
        while pull(core.db, crm, LOCAL):
            pass
        while rekey_due(core):
            pass


def _measure(core: Core, secret: str, told: list[tuple[str, bytes]], rate: int) -> None:
    url = f"http://127.0.0.1:{PORT}"
    for _try in range(300):
        try:
            requests.get(f"{url}/health/live", timeout=1)
            break
        except requests.RequestException:
            time.sleep(0.2)
    ended = threading.Event()

    def apply() -> None:
        while not ended.wait(0.2):
            apply_due(core.db, 50)

    applying = threading.Thread(target=apply)
    applying.start()
    local = threading.local()
    began = time.perf_counter()

    def send(number: int, delivery: str, body: bytes) -> tuple[float, int]:
        if not hasattr(local, "session"):
            local.session = requests.Session()
        due = began + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        at = time.perf_counter()
        answer = local.session.post(f"{url}/webhooks/crm/bench", data=body, headers=headers(secret, delivery, body))
        return time.perf_counter() - at, answer.status_code

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda one: send(one[0], *one[1]), enumerate(told)))
    ended.set()
    applying.join()
    while apply_due(core.db, 200):
        pass
    _report(core, told, answers)


def _report(core: Core, told: list[tuple[str, bytes]], answers: list[tuple[float, int]]) -> None:
    took = sorted(seconds for seconds, _status in answers)
    statuses = {status: sum(1 for _s, one in answers if one == status) for status in {one for _s, one in answers}}
    with core.db.read() as session:
        stored = session.scalar(select(func.count()).select_from(InboxItem))
        mine = select(LocalContact.source_id, LocalContact.version).where(LocalContact.source_id.startswith("c"))
        versions = session.execute(mine).all()
    newest: dict[str, int] = {}
    for _delivery, body in told:
        data = json.loads(body)["data"]
        newest[data["id"]] = max(newest.get(data["id"], 0), data["version"])
    right = dict(versions) == newest
    median, high = took[len(took) // 2], took[len(took) * 99 // 100]
    print(f"{len(told)} sent, {stored} stored, answers {statuses}")
    print(f"median {median * 1000:.0f} ms, p99 {high * 1000:.0f} ms, longest {took[-1] * 1000:.0f} ms")
    print(f"every contact at its newest version: {right}")


if __name__ == "__main__":
    main()
