"""How long a steward waits for the next case: cases settled by keyboard in a real browser, each read from the page.

    python -m bench.steward [--decisions 200] [--waiting 400]

A temporary SQLite database with invented people, the web application in this process, Chromium of the system. The
decisions include one that is taken back and one that a colleague in another browser settled first. Says the median,
the 95th percentile and the longest time from the key press to the next case on the screen, and how long it took in
all; ends with an error when a decision was not stored as it was made, or the 95th percentile is above 150 ms.

The next case is fetched while one reads. The script, which reads in no time, waits for that; how long is told, too.
"""

import argparse
import logging
import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from scrm.config import Settings
from scrm.db import Database
from scrm.migrations import upgrade
from scrm.models import Contact, Link, Profile
from scrm.runtime import Core, sleepers
from scrm.vault import Vault
from scrm.web import create_app
from scrm.web.people import open_session
from tests.web import keyboard, networks, seed

CHROMIUM = "/usr/bin/chromium"
SLOWEST = 150.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--decisions", type=int, default=200)
    parser.add_argument("--waiting", type=int, default=400)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _run(Path(folder), asked.decisions, asked.waiting)


def _run(folder: Path, decisions: int, waiting: int) -> None:
    url = f"sqlite:///{folder / 'scrm.db'}"
    upgrade(url)
    db = Database(url)
    core = Core(
        settings=Settings(state_dir=folder, database_url=url), db=db, vault=Vault.load("", folder), wake=sleepers
    )
    networks.register()
    people = seed.seed(db, cases=waiting)
    with db.write("bench.steward") as session:
        right = keyboard.confuse(session)
        tokens = [open_session(session, user.id, db.clock.now()) for user in (people.admin, people.steward)]
    logging.getLogger("werkzeug").disabled = True
    server = make_server("127.0.0.1", 0, create_app(core), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        steward, met, seconds = _work(f"http://127.0.0.1:{server.server_port}", tokens, decisions)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    wrong = _wrong(core, right, steward, met)
    db.close()
    taken = sorted(steward.taken)
    tell = {"median": taken[len(taken) // 2], "p95": taken[int(len(taken) * 0.95) - 1], "longest": taken[-1]}
    print(f"{len(steward.decided)} of {waiting} cases in {seconds:.0f} s")
    print("key to next case: " + ", ".join(f"{name} {value:.0f} ms" for name, value in tell.items()))
    ahead = seconds * 1000 / len(taken) - tell["median"]
    print(f"until the next case was there: {ahead:.0f} ms on average")
    if wrong or tell["p95"] > SLOWEST:
        raise SystemExit(f"{wrong} decisions are not as they were made; p95 {tell['p95']:.0f} ms")


def _work(address: str, tokens: list[str], decisions: int) -> tuple[keyboard.Steward, str, float]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        contexts = [browser.new_context(viewport={"width": 1440, "height": 1000}, locale="en-GB") for _ in tokens]
        for context, token in zip(contexts, tokens, strict=True):
            context.add_cookies([{"name": "scrm", "value": token, "url": address}])

        def colleague(case: str) -> None:
            page = contexts[1].new_page()
            page.goto(f"{address}/review/{case}")
            page.keyboard.press("0")
            page.locator(".toast").wait_for()

        steward = keyboard.Steward(page=contexts[0].new_page(), address=address)
        begun = time.monotonic()
        met = keyboard.work(
            steward, decisions, undo_at=decisions // 2, conflict_at=decisions // 3, colleague=colleague
        )
        seconds = time.monotonic() - begun
        browser.close()
    return steward, met, seconds


def _wrong(core: Core, right: dict[str, str], steward: keyboard.Steward, met: str) -> int:
    """Decisions that are stored otherwise than they were made, or made otherwise than the page asked for."""
    wrong = sum(right[case] != name for case, name in steward.decided.items())
    with core.db.read() as session:
        for public_id, name in session.execute(
            select(Profile.public_id, Contact.full_name)
            .outerjoin(Link, Link.profile_id == Profile.id)
            .outerjoin(Contact, Contact.id == Link.contact_id)
            .where(Profile.native_id.startswith("w"))
        ):
            case = str(public_id)
            wrong += case != met and (name or "") != steward.decided.get(case, "")
    return wrong


if __name__ == "__main__":
    main()
