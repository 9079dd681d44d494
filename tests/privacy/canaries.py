"""A person with canaries on five networks and in the CRM, and where a canary may hide."""

import subprocess
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import inspect, make_url, text
from sqlalchemy.orm import Session

from scrm.ingest.store import Context, store
from scrm.ingest.translate import Batch, RawItem
from scrm.matching.judgments import Decision, decide
from scrm.models import Connection, Contact, Judge, Profile, Verdict
from scrm.records import Audience, InteractionKind, InteractionRecord, Key, ProfileRecord
from scrm.runtime import Core
from scrm.sync.contacts import pull
from scrm.sync.crm.local import LocalCrm
from scrm.sync.crm.local_contacts import Statement, put_contacts
from scrm.sync.outbox import deliver
from scrm.sync.timeline import expand_due
from tests.factories import make_connection

NETWORKS = ("mastodon", "bluesky", "facebook", "youtube", "jive")
MARK = "kanarie"  # stands in every canary, so that one search finds them all
EMAIL = f"erika.{MARK}@beispiel.example"
SOURCE = f"crm-{MARK}-4711"


@dataclass(frozen=True, kw_only=True)
class Planted:
    """Whom we planted."""

    contact_id: int
    profile_ids: dict[str, int]
    connections: dict[str, int] = field(default_factory=dict)


def statement(at: Any, **values: Any) -> Statement:
    fields = {
        "full_name": f"Erika {MARK.title()}",
        "last_name": MARK.title(),
        "emails": [EMAIL],
        "phones": [f"+49 30 {MARK}"],
        "company": f"{MARK} GmbH",
    }
    return Statement(source_id=SOURCE, fields=fields | values, at=at)


def key_on(network: str) -> Key:
    return Key(network=network, native_id=f"id-{MARK}-{network}")


def batch_of(core: Core, network: str, ours: Key) -> Batch:
    """What a page of this network says: a mention by the person, our answer, and an item nobody understood."""
    now = core.db.clock.now()
    who = key_on(network)
    said = Key(network=network, native_id=f"said-{MARK}-{network}")
    answer = Key(network=network, native_id=f"answer-{MARK}-{network}")
    profile = ProfileRecord(
        key=who,
        handle=f"{MARK}_{network}",
        display_name=f"Erika {MARK.title()} {network}",
        url=f"https://{network}.example/@{MARK}",
        bio=f"Segelt. {MARK}",
        full=True,
    )
    us = ProfileRecord(key=ours, handle="nordwerk", display_name="Nordwerk", full=True)

    def interaction(key: Key, author: Key, counterpart: Key | None, words: str) -> InteractionRecord:
        return InteractionRecord(
            key=key,
            kind=InteractionKind.MENTION,
            author=author,
            counterpart=counterpart,
            audience=Audience.PUBLIC,
            occurred_at=now - timedelta(hours=1),
            text=words,
            url=f"https://{network}.example/{key.native_id}",
            thread_key=said.native_id,
        )

    def raw(number: int, body: dict[str, Any], **more: Any) -> RawItem:
        written = orjson.dumps(body).decode()
        return RawItem(digest=f"{network}{number}".encode()[:16].ljust(16), body=written, **more)

    return Batch(
        raw=[
            raw(1, {"text": f"Frage {MARK}", "author": who.native_id}, interaction=said, author=who, people={who}),
            raw(2, {"text": f"@{MARK} Gern."}, interaction=answer, author=ours, people={ours, who}),
            raw(3, {"odd": {"account": {"id": who.native_id}}}, quarantine="account.name: expected a text"),
        ],
        profiles={who: profile, ours: us},
        interactions={
            said: interaction(said, who, ours, f"Frage von {MARK} an @nordwerk"),
            answer: interaction(answer, ours, who, f"@{MARK} Gern."),
        },
    )


def take_in(core: Core, connections: dict[str, int]) -> None:
    """Everything that ever says something of the person, once: networks and the CRM."""
    for network, connection_id in connections.items():
        with core.db.read() as session:
            connection = session.get_one(Connection, connection_id)
        ours = Key(network=network, native_id=connection.native_id)
        batch = batch_of(core, network, ours)
        with core.db.write("test.take_in") as session:
            store(
                session,
                Context(
                    connection_id=connection_id,
                    network=network,
                    stream="mentions",
                    now=core.db.clock.now(),
                    raw_hours=720,
                    keep_hours=None,
                    is_internal=lambda key, _record, ours=ours: key == ours,
                ),
                batch,
            )
    put_contacts(core.db, [statement(core.db.clock.now())])
    while pull(core.db, LocalCrm(core.db), "local"):
        pass


def plant(core: Core) -> Planted:
    """The person says something on each network, is linked with her contact, and it is written to the CRM."""
    with core.db.write("test.connections") as session:
        connections = {network: make_connection(session, network=network).id for network in NETWORKS}
    take_in(core, connections)
    with core.db.write("test.link") as session:
        contact = session.query(Contact).one()
        profiles = {network: _profile(session, network).id for network in NETWORKS}
        for profile_id in profiles.values():
            decision = Decision(
                profile_id=profile_id,
                contact_id=contact.id,
                verdict=Verdict.POSITIVE,
                judge=Judge.STEWARD,
                reason=f"Sie sagte es selbst ({MARK})",
            )
            decide(session, core.db.clock.now(), decision)
        contact_id = contact.id
    write_out(core)
    return Planted(contact_id=contact_id, profile_ids=profiles, connections=connections)


def _profile(session: Session, network: str) -> Profile:
    return session.query(Profile).filter_by(network=network, native_id=key_on(network).native_id).one()


def write_out(core: Core) -> None:
    while expand_due(core):
        pass
    while deliver(core, LocalCrm(core.db)):
        pass


def hits(core: Core, *wanted: str) -> dict[str, int]:
    """Where a canary still stands: tables, and on SQLite every byte of the files, free pages and the log included."""
    words = [word.casefold() for word in wanted or (MARK,)]
    found: dict[str, int] = {}
    with core.db.engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            rows = connection.execute(text(f'SELECT * FROM "{table}"')).all()
            shown = [repr(tuple(row)).casefold() for row in rows]
            count = sum(any(word in row for word in words) for row in shown)
            if count:
                found[table] = count
    folder = core.settings.state_dir
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = file.read_bytes().lower()
        if any(word.encode() in content for word in words):
            found[file.name] = sum(content.count(word.encode()) for word in words)
    return found


def dumped(core: Core) -> bytes:
    """PostgreSQL's own dump, as a backup holds it."""
    url = make_url(core.settings.database).set(drivername="postgresql").render_as_string(hide_password=False)
    done = subprocess.run(["pg_dump", f"--dbname={url}"], capture_output=True, check=True)
    return done.stdout.lower()


def database_file(core: Core) -> Path:
    return Path(make_url(core.settings.database).database or "")
