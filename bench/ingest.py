"""Interactions per second from page to committed rows, as a ratio to a bare insert of the same rows.

    python -m bench.ingest [--engine sqlite|postgresql|both] [--interactions 1000000] [--page 80]

Ours: a page of Mastodon notifications as bytes is parsed, translated and stored with its cursor, one transaction per
page. The peer: SQLAlchemy Core `executemany` of the very rows that ours left, into the same tables with the same
indexes, pragmas and transactions of the same size, nothing computed. Both run in this process on the same disk; the
peer is timed in stretches between ours, so that a drifting machine hits both alike.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from bench.databases import databases
from scrm.config import Settings
from scrm.connectors.payload import parse_json
from scrm.connectors.registry import connector_for
from scrm.db import METADATA, Database
from scrm.ingest.access import account_of
from scrm.ingest.run import context_for
from scrm.ingest.store import store
from scrm.ingest.translate import translate
from scrm.models import (
    Connection,
    HandleHistory,
    Interaction,
    Profile,
    RawRecord,
    StreamState,
    TimelineDue,
    Watch,
)
from scrm.runtime import Core
from scrm.vault import Vault

PEOPLE = 50_000
STRETCHES = 10
TABLES = (Profile, HandleHistory, RawRecord, Interaction, Watch, TimelineDue)
HOST = "social.example"
START = datetime(2026, 1, 1, tzinfo=UTC)


def pages(count: int, size: int, seed: int = 1) -> Iterator[bytes]:
    """Pages of notifications as Mastodon sends them: mentions, favourites, boosts and follows by invented people."""
    rng = random.Random(seed)
    number = 0
    while number < count:
        items = [_notification(rng, number + offset) for offset in range(min(size, count - number))]
        number += len(items)
        yield json.dumps(items, separators=(",", ":")).encode()


def _account(number: int) -> dict[str, Any]:
    name = f"person{number}"
    return {
        "id": str(10**17 + number),
        "username": name,
        "acct": f"{name}@{HOST}",
        "url": f"https://{HOST}/@{name}",
        "uri": f"https://{HOST}/users/{name}",
        "display_name": f"Person {number}",
        "note": "<p>Invented for a measurement.</p>",
        "bot": False,
        "fields": [{"name": "Web", "value": f"https://{name}.example", "verified_at": None}],
        "created_at": "2024-01-01T00:00:00.000Z",
    }


def _notification(rng: random.Random, number: int) -> dict[str, Any]:
    author = _account(int(rng.paretovariate(1.2) * 100) % PEOPLE)
    at = (datetime.now(UTC) - timedelta(days=60) + timedelta(seconds=number * 5.0)).isoformat(timespec="milliseconds")
    kind = rng.choices(["mention", "favourite", "reblog", "follow"], [6, 2, 1, 1])[0]
    status_author = author if kind == "mention" else _account(0) | {"uri": f"https://{HOST}/users/own"}
    status = {
        "id": str(2 * 10**17 + number),
        "uri": f"{status_author['uri']}/statuses/{number}",
        "url": f"https://{HOST}/@{status_author['username']}/{number}",
        "created_at": at,
        "edited_at": None,
        "account": status_author,
        "content": f"<p>Message {number}: when does the spare part for the gearbox arrive, and who can tell?</p>",
        "visibility": "public",
        "language": "en",
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "reblog": None,
        "mentions": [{"id": "1", "username": "own", "acct": f"own@{HOST}", "url": f"https://{HOST}/@own"}],
        "tags": [],
    }
    return {
        "id": str(3 * 10**17 + number),
        "type": kind,
        "created_at": at,
        "account": author | ({"id": f"f{number}", "uri": f"{author['uri']}f{number}"} if kind == "follow" else {}),
        "status": None if kind == "follow" else status,
    }


class Ours:
    """Our path, page by page."""

    def __init__(self, url: str) -> None:
        self.db = Database(url)
        METADATA.create_all(self.db.engine)
        self.core = Core(settings=Settings(database_url=url), db=self.db, vault=Vault({"k": bytes(32)}))
        with self.db.write("bench.connection") as session:
            self.connection = Connection(
                network="mastodon",
                base_url=f"https://{HOST}",
                native_id=f"https://{HOST}/users/own",
                label=f"@own@{HOST}",
                created_at=START,
            )
            session.add(self.connection)
            session.flush()
            self.state = StreamState(connection_id=self.connection.id, stream="notifications", due_at=START)
            session.add(self.state)
        self.stream = connector_for("mastodon").stream("notifications")
        self.account = account_of(self.connection)

    def page(self, body: bytes, cursor: str) -> None:
        batch = translate(parse_json(body), self.account, self.stream.translate, self.stream.watch)
        if batch.quarantined:
            raise SystemExit("the invented page is not as documented: " + str(batch.raw[0].quarantine))
        with self.db.write("bench.page") as session:
            store(session, context_for(session, self.core, self.connection, "notifications"), batch)
            session.execute(update(StreamState).where(StreamState.id == self.state.id).values(cursor=cursor))


class Peer:
    """A bare insert of the same rows, in transactions of the same size."""

    def __init__(self, url: str, ours: Ours) -> None:
        self.db = Database(url)
        METADATA.create_all(self.db.engine)
        with self.db.write("bench.peer_connection") as session:
            for row in (ours.connection, ours.state):
                values = {c.key: getattr(row, c.key) for c in row.__table__.columns}
                session.execute(insert(type(row)), [values])
        self.seen: dict[type, int] = dict.fromkeys(TABLES, 0)
        self.state_id = ours.state.id

    def take(self, ours: Ours) -> list[dict[type, list[dict[str, Any]]]]:
        """The rows that ours wrote since the last time, page by page of the same size."""
        new: dict[type, list[dict[str, Any]]] = {}
        with ours.db.read() as session:
            for model in TABLES:
                order = model.__table__.primary_key.columns
                query = select(*model.__table__.columns).order_by(*order)
                if "id" in model.__table__.columns:
                    query = query.where(model.__table__.c.id > self.seen[model])
                rows = [dict(row) for row in session.execute(query).mappings()]
                if "id" in model.__table__.columns:
                    if rows:
                        self.seen[model] = rows[-1]["id"]
                else:  # no running number: those not handed over yet
                    done = self.seen[model]
                    rows = rows[done:] if done else rows
                    self.seen[model] = done + len(rows)
                new[model] = rows
        return [new]

    def insert(self, rows: dict[type, list[dict[str, Any]]], transactions: int, cursor: str) -> None:
        """Insert them in as many transactions as ours made."""
        for number in range(transactions):
            with self.db.write("bench.peer_page") as session:
                for model, everything in rows.items():
                    start, end = (len(everything) * i // transactions for i in (number, number + 1))
                    if everything[start:end]:
                        session.connection().execute(insert(model.__table__), everything[start:end])
                session.execute(update(StreamState).where(StreamState.id == self.state_id).values(cursor=cursor))


def measure(engine: str, interactions: int, size: int, folder: Path) -> dict[str, Any]:
    """Both ways in stretches of a tenth each; seconds per stretch."""
    urls, drop = databases(engine, folder)
    ours, per = Ours(urls[0]), interactions // STRETCHES
    peer = Peer(urls[1], ours)
    mine: list[float] = []
    theirs: list[float] = []
    source = pages(interactions, size)
    for stretch in range(STRETCHES):
        bodies = [next(source) for _ in range(per // size)]
        started = time.perf_counter()
        for number, body in enumerate(bodies):
            ours.page(body, f"{stretch}-{number}")
        mine.append(time.perf_counter() - started)
        (rows,) = peer.take(ours)
        started = time.perf_counter()
        peer.insert(rows, len(bodies), str(stretch))
        theirs.append(time.perf_counter() - started)
        done = (stretch + 1) * (per // size) * size
        print(f"{engine:11} {done:>9,} interactions: ours {mine[-1]:7.2f} s, bare insert {theirs[-1]:7.2f} s")
    ours.db.close()
    peer.db.close()
    drop()
    count = (per // size) * size
    return {
        "engine": engine,
        "per_second": round(count * STRETCHES / sum(mine)),
        "ratio": round(sum(theirs) / sum(mine), 2),
        "last_to_first_tenth": round(mine[-1] / mine[0], 2),
        "peer_last_to_first_tenth": round(theirs[-1] / theirs[0], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--interactions", type=int, default=1_000_000)
    parser.add_argument("--page", type=int, default=80)
    options = parser.parse_args()
    engines = ["sqlite", "postgresql"] if options.engine == "both" else [options.engine]
    results = []
    for engine in engines:
        with tempfile.TemporaryDirectory(dir=".") as folder:
            results.append(measure(engine, options.interactions, options.page, Path(folder)))
    for result in results:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
