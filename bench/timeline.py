"""First page of a contact's timeline over HTTP, with a small and with a large table behind it.

    python -m bench.timeline [--engine sqlite|postgresql|both] [--interactions 1000000]

Starts the web process as in production (gunicorn), signs in, and asks for the pages of contacts drawn by chance, one
of them with a hundredth of all interactions; each interaction has its entry in the CRM. Prints p50 and p99 at a tenth
of the size and at full size, and the ratios of the two: a page must not grow with the table. Where other work
disturbs the machine, the web process's own processor time per page says more.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import insert, text

from bench.databases import databases
from bench.idle import processes_below
from bench.timing import processor_seconds
from scrm.config import Settings
from scrm.db import Database
from scrm.migrations import upgrade
from scrm.models import (
    Contact,
    EntryState,
    Interaction,
    Judgment,
    Link,
    Profile,
    Role,
    TimelineEntry,
    uuid7,
)
from scrm.runtime import open_core
from scrm.web.people import ensure_user, make_sign_in_link
from tests.cli.running import free_port

REQUESTS = 1000
PER_CONTACT = 100
CHUNK = 5000
NOW = datetime.now(UTC)


def fill(db: Database, interactions: int) -> list[Any]:
    """Contacts with about a hundred interactions each, the first one with a hundredth of all."""
    contacts = max(interactions // PER_CONTACT, 10)
    for start in range(1, contacts + 1, CHUNK):
        numbers = range(start, min(start + CHUNK, contacts + 1))
        with db.write("bench.people") as session:
            session.execute(insert(Contact), [_contact(n) for n in numbers])
            session.execute(insert(Profile), [_profile(n) for n in numbers])
            session.execute(insert(Judgment), [_judgment(n) for n in numbers])
            session.execute(insert(Link), [_link(n) for n in numbers])
    rng = random.Random(2)
    heavy = interactions // 100
    for start in range(0, interactions, CHUNK):
        owners = [1 if number < heavy else rng.randint(2, contacts) for number in range(start, start + CHUNK)]
        with db.write("bench.interactions") as session:
            session.execute(
                insert(Interaction), [_interaction(start + i, owner, rng) for i, owner in enumerate(owners, 1)]
            )
            session.execute(insert(TimelineEntry), [_entry(start + i, owner) for i, owner in enumerate(owners, 1)])
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    with db.read() as session:
        rows = session.execute(text("select public_id from contact order by id limit 1000")).scalars().all()
    return [
        str(row) if "-" in str(row) else f"{row[:8]}-{row[8:12]}-{row[12:16]}-{row[16:20]}-{row[20:]}" for row in rows
    ]


def _contact(n: int) -> dict[str, Any]:
    return {
        "id": n, "public_id": uuid7(), "crm_id": "local", "native_id": f"c{n}", "full_name": f"Person {n}",
        "sort_name": f"person {n}", "emails": [], "phones": [], "handles": [], "urls": [], "counted": [],
        "created_at": NOW, "updated_at": NOW, "company": "Invented AG",
    }  # fmt: skip


def _profile(n: int) -> dict[str, Any]:
    return {
        "id": n, "public_id": uuid7(), "network": "mastodon", "native_id": f"https://social.example/users/p{n}",
        "handle": f"p{n}@social.example", "display_name": f"Person {n}", "links": [], "first_seen_at": NOW,
        "updated_at": NOW, "match_state": "linked",
    }  # fmt: skip


def _judgment(n: int) -> dict[str, Any]:
    return {"id": n, "profile_id": n, "contact_id": n, "verdict": "positive", "judge": "engine", "created_at": NOW}


def _link(n: int) -> dict[str, Any]:
    return {"profile_id": n, "contact_id": n, "judgment_id": n, "linked_at": NOW}


def _interaction(n: int, owner: int, rng: random.Random) -> dict[str, Any]:
    return {
        "id": n, "public_id": uuid7(), "network": "mastodon", "native_id": f"https://social.example/statuses/{n}",
        "kind": rng.choice(["mention", "reply", "reaction"]), "direction": "in", "audience": "public",
        "profile_id": owner, "party_id": owner, "occurred_at": NOW - timedelta(seconds=rng.randint(0, 10**8)),
        "received_at": NOW, "text": f"Message {n}: when does the spare part arrive, and who can tell?",
        "thread_key": f"https://social.example/statuses/{n}", "version": 1,
    }  # fmt: skip


def _entry(n: int, owner: int) -> dict[str, Any]:
    return {
        "id": n, "interaction_id": n, "contact_id": owner, "crm_id": "local", "external_key": f"{n:032x}",
        "state": EntryState.DONE, "written_version": 1, "interaction_version": 1, "record_id": str(n),
    }  # fmt: skip


def ask(url: str, state: Path, contacts: list[Any]) -> dict[str, float]:
    """Start the web process, sign in as a rep, and time the pages; milliseconds, `processor` as a mean."""
    port = free_port()
    environment = {**os.environ, "DATABASE_URL": url, "SCRM_STATE_DIR": str(state), "SCRM_PORT": str(port),
                   "REDIS_URL": "redis://127.0.0.1:1"}  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "scrm.cli", "web"], env=environment, stderr=subprocess.DEVNULL
    ) as web:
        try:
            base = f"http://127.0.0.1:{port}"
            browser = requests.Session()
            _sign_in(browser, base, url, state)
            rng, times = random.Random(3), []
            serving, used = processes_below(web.pid), 0.0
            for number in range(REQUESTS + 50):
                if number == 50:
                    used = processor_seconds(serving)
                contact = contacts[0] if number % 20 == 0 else rng.choice(contacts)
                started = time.perf_counter()
                answer = browser.get(f"{base}/contacts/{contact}")
                elapsed = (time.perf_counter() - started) * 1000
                if answer.status_code != 200 or "spare part" not in answer.text:
                    raise SystemExit(f"the timeline page answers {answer.status_code}")
                if number >= 50:
                    times.append(elapsed)
            used = processor_seconds(serving) - used
        finally:
            web.terminate()
    times.sort()
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    return {"p50": round(p50, 1), "p99": round(p99, 1), "processor": round(used * 1000 / len(times), 1)}


def _sign_in(browser: requests.Session, base: str, url: str, state: Path) -> None:
    core = open_core(Settings(database_url=url, state_dir=state))
    with core.db.write("bench.user") as session:
        user = ensure_user(session, "Rep", "rep@nordwerk.example", Role.REP, core.db.clock.now())
        token = make_sign_in_link(session, user.id, core.db.clock.now())
    core.db.close()
    for _ in range(100):
        try:
            page = browser.get(f"{base}/sign-in/{token}")
            break
        except requests.ConnectionError:
            time.sleep(0.2)
    csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    answer = browser.post(f"{base}/sign-in/{token}", data={"csrf_token": csrf.group(1) if csrf else ""})
    if answer.status_code != 200:
        raise SystemExit(f"signing in answers {answer.status_code}")


def measure(engine: str, interactions: int, folder: Path) -> dict[str, Any]:
    urls, drop = databases(engine, folder)
    found = {}
    for name, url, count in (("small", urls[0], interactions // 10), ("full", urls[1], interactions)):
        upgrade(url)
        db = Database(url)
        contacts = fill(db, count)
        db.close()
        state = folder / name
        state.mkdir()
        found[name] = ask(url, state, contacts)
        print(f"{engine:11} {count:>9,} interactions: {found[name]}")
    drop()
    ratios = {f"full_to_small_{name}": round(found["full"][name] / found["small"][name], 2) for name in found["full"]}
    return {"engine": engine, **found, **ratios}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--interactions", type=int, default=1_000_000)
    options = parser.parse_args()
    engines = ["sqlite", "postgresql"] if options.engine == "both" else [options.engine]
    results = []
    for engine in engines:
        with tempfile.TemporaryDirectory(dir=".") as folder:
            results.append(measure(engine, options.interactions, Path(folder).resolve()))
    for result in results:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
