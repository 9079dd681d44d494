"""What writing to and reading from Salesforce costs in calls and time, against the sandbox org.

`python -m bench.crm [ENTRIES] [CONTACTS]`: entries that are new, changed and withdrawn, with 100 ms simulated for
each call; contacts read for the first time by a bulk query, and how long a million would take at that pace.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scrm import migrations
from scrm.config import Settings
from scrm.db import Database
from scrm.runtime import Core
from scrm.sandbox.salesforce import Salesforce
from scrm.sync.contacts import pull
from scrm.sync.crm.base import EntryWrite, Outcome
from scrm.sync.crm.salesforce.adapter import SalesforceCrm
from scrm.vault import Vault
from tests.sync.crm.salesforce.orgs import connected, plant
from tests.sync.crm.worlds import START

ENTRIES, CONTACTS = 10_000, 20_000
BATCH = 200  # what the outbox sends at once
LATENCY = 0.1
PEOPLE = 500


def main(entries: int = ENTRIES, contacts: int = CONTACTS) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    clock = [long_ago]  # people were there before we came

    def now() -> datetime:
        return clock[0] if clock else datetime.now(UTC)

    with (
        tempfile.TemporaryDirectory() as folder,
        Salesforce(tls=False, daily_requests=10_000_000, clock=now) as org,
    ):
        settings = Settings(state_dir=Path(folder), sandbox_urls=(f"salesforce={org.base_url}",))
        migrations.upgrade(settings.database)
        core = Core(settings=settings, db=Database(settings.database), vault=Vault.load("", settings.state_dir))
        plant(org)
        people = [
            org.people.add("Contact", {"LastName": f"Person {number}", "Email": f"p{number}@nordwerk.example"})
            for number in range(contacts)
        ]
        clock.clear()
        connected(core, org)
        SalesforceCrm(core).look_again()
        _read(core, org, contacts)
        _write(core, org, people[:PEOPLE], entries)
        core.db.close()


def _write(core: Core, org: Salesforce, people: Sequence[str], entries: int) -> None:
    crm = SalesforceCrm(core)
    rows = [_entry(people[number % len(people)], number) for number in range(entries)]
    outcomes = _timed(org, "new", rows, crm.write)
    ids = {outcome.external_key: outcome.record_id for outcome in outcomes}

    def known(version: int, **changes: Any) -> list[EntryWrite]:
        return [
            replace(row, version=version, record_id=ids[row.external_key], fields={**row.fields, **changes})
            for row in rows
        ]

    _timed(org, "changed", known(2, text="edited"), crm.write)
    _timed(org, "sent again", known(2, text="edited"), crm.write)
    _timed(org, "withdrawn", known(3), crm.withdraw)


def _timed(
    org: Salesforce, name: str, rows: Sequence[EntryWrite], send: Callable[[Sequence[EntryWrite]], Sequence[Outcome]]
) -> list[Outcome]:
    org.slow(seconds=LATENCY, times=10 * len(rows))
    before, started = len(org.requests()), time.perf_counter()
    outcomes = [outcome for start in range(0, len(rows), BATCH) for outcome in send(rows[start : start + BATCH])]
    seconds = time.perf_counter() - started
    calls = len(org.requests()) - before
    _forget_faults(org)
    least = -(-len(rows) // BATCH)
    kinds = sorted({outcome.result.value for outcome in outcomes})
    sys.stdout.write(
        f"{name:10} {len(rows):6} entries: {calls * 10_000 / len(rows):5.0f} calls per 10,000"
        f" (least: {least * 10_000 / len(rows):.0f}), {len(rows) / seconds:6.0f}/s, {', '.join(kinds)}\n"
    )
    return outcomes


def _forget_faults(org: Salesforce) -> None:
    org._faults._orders.clear()  # noqa: SLF001 - an order of slowness has no end of its own


def _read(core: Core, org: Salesforce, contacts: int) -> None:
    crm = SalesforceCrm(core, bulk_from=1000)
    before, started = len(org.requests()), time.perf_counter()
    while pull(core.db, crm, "salesforce"):
        pass
    seconds = time.perf_counter() - started
    calls = len(org.requests()) - before
    sys.stdout.write(
        f"first reading: {contacts} contacts in {seconds:.1f} s by {calls} calls, {contacts / seconds:.0f}/s;"
        f" a million at that pace: {1_000_000 / contacts * seconds / 60:.0f} minutes\n"
    )


def _entry(contact: str, number: int) -> EntryWrite:
    fields = {
        "subject": "Post on Mastodon",
        "text": "Where is my parcel? " * 10,
        "network": "mastodon",
        "kind": "post",
    }
    key = f"1-{number:064x}"
    return EntryWrite(external_key=key, contact_native_id=contact, version=1, occurred_at=START, fields=fields)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
