"""The whole chain on the live network: contacts from a CSV, ingest, matching, the built-in CRM; judged by the server.

What the CRM's timeline must hold is read from the repositories of the network: everything that concerns the company
and was done by a contact, and what the company answered or reposted of theirs. Nothing else, nothing twice.
"""

import io
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import select

from scrm import migrations
from scrm.config import Settings
from scrm.db import Database
from scrm.ingest.connections import connect
from scrm.jobs import work
from scrm.models import Interaction, LocalLedger, LocalRecord, RecordKind
from scrm.runtime import Core
from scrm.schedule import find_due
from scrm.sync.imports import import_contacts
from scrm.vault import Vault
from tests.live.bluesky import life
from tests.live.bluesky.judging import concerning
from tests.live.bluesky.network import POST, REPOST, LiveNetwork

CONTACTS = ("katharina", "helene", "mae")  # bilal is nobody's contact
PATIENCE = 120.0
Check = Callable[[str, object, object], None]


def whole_chain(network: LiveNetwork, check: Check, change: Callable[[], object]) -> None:
    """Connect, drain, compare; let things change, drain, compare again."""
    with tempfile.TemporaryDirectory(prefix="scrm-chain-") as name:
        core = _core(Path(name), network)
        import_contacts(core.db, io.BytesIO(_csv(network).encode()))
        person = network.people[life.COMPANY]
        form = {
            "base_url": network.pds_url,
            "identifier": person.handle,
            "app_password": network.app_password(life.COMPANY),
        }
        connect(core, "bluesky", form, None)
        _compare(core, network, check, "history")
        change()
        network.settle()
        _compare(core, network, check, "changes")
        core.db.close()


def _core(folder: Path, network: LiveNetwork) -> Core:
    settings = Settings(state_dir=folder, allowed_hosts=(urlsplit(network.pds_url).netloc,), fast_intervals=True)
    migrations.upgrade(settings.database)
    return Core(settings=settings, db=Database(settings.database), vault=Vault.load("", folder))


def _csv(network: LiveNetwork) -> str:
    rows = [f"{name},{name.title()},Live,{network.people[name].handle}" for name in CONTACTS]
    return "\n".join(["Id,FirstName,LastName,Bluesky", *rows]) + "\n"


def _compare(core: Core, network: LiveNetwork, check: Check, what: str) -> None:
    """Drain until the CRM agrees with the server, or patience ends; then say what differs."""
    ends = time.monotonic() + PATIENCE
    expected = _expected(network)
    while time.monotonic() < ends and set(_held(core)) != expected:
        with core.db.read() as session:
            due = list(find_due(session, core.db.clock.now()))
        for kind, subject in due:
            work(core, kind, subject)
        if not due:
            time.sleep(0.5)
    held = _held(core)
    check(f"{what}: the CRM lacks nothing", sorted(expected - set(held)), [])
    check(f"{what}: the CRM holds nothing else", sorted(set(held) - expected), [])
    check(f"{what}: nothing is in the CRM twice", [uri for uri, count in Counter(held).items() if count > 1], [])
    with core.db.read() as session:
        created = Counter(session.scalars(select(LocalLedger.external_key).where(LocalLedger.operation == "created")))
        alive = set(session.scalars(select(Interaction.native_id).where(Interaction.deleted_at.is_(None))))
    check(f"{what}: the ledger created nothing twice", [key for key, count in created.items() if count > 1], [])
    server = set(concerning(network, life.COMPANY))
    check(f"{what}: {len(server)} interactions at the server, as many here", len(alive), len(server))
    check(f"{what}: {len(expected)} timeline entries by the server, as many in the CRM", len(held), len(expected))


SAID = LocalRecord.kind == RecordKind.INTERACTION.value


def _held(core: Core) -> list[str]:
    with core.db.read() as session:
        return [str(row.fields["native_id"]) for row in session.scalars(select(LocalRecord).where(SAID))]


def _expected(network: LiveNetwork) -> set[str]:
    """At-uris that belong on a contact's timeline, by the repositories alone."""
    theirs = {network.people[name].did for name in CONTACTS}
    us = network.people[life.COMPANY].did
    deeds = network.records(POST) | network.records(REPOST)
    found = set()
    for uri in concerning(network, life.COMPANY):
        author = uri.removeprefix("at://").split("/")[0]
        deed = deeds.get(uri, {})
        about = deed.get("reply", {}).get("parent") or deed.get("subject") or {}
        is_for_them = about.get("uri", "").removeprefix("at://").split("/")[0] in theirs
        if author in theirs or (author == us and is_for_them):
            found.add(uri)
    return found
