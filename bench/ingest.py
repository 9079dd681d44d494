"""Interactions per second from page to committed rows, as a ratio to a bare insert of the same rows.

    python -m bench.ingest [--engine sqlite|postgresql|both] [--interactions 1000000] [--page 80]

Ours: a page of Mastodon notifications as bytes is parsed, translated and stored with its cursor, one transaction per
page. The peer: SQLAlchemy Core `executemany` of the very rows that ours left, into the same tables with the same
indexes, pragmas and transactions of the same size, nothing computed. Both run in this process on the same disk; the
peer is timed in stretches between ours, so that a drifting machine hits both alike. Beside the seconds on the wall
stand those of processors, the database server's with them, which other work on the machine disturbs less.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, update

from bench.databases import databases
from bench.timing import Meter, workers_for
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
NUMBERED: tuple[Any, ...] = (Profile, HandleHistory, RawRecord, Interaction)
Rows = dict[Any, list[dict[str, Any]]]
Marks = dict[Any, int]
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
        "note": f"<p>Person {number}, invented for a measurement.</p>",
        "bot": False,
        "fields": [{"name": "Web", "value": f"https://{name}.example", "verified_at": None}],
        "created_at": "2024-01-01T00:00:00.000Z",
    }


def _follower(number: int) -> dict[str, Any]:
    """Somebody who was not there before, under a handle that nobody had."""
    name = f"follower{number}"
    return {"id": f"f{number}", "username": name, "acct": f"{name}@{HOST}", "uri": f"https://{HOST}/users/{name}"}


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
        "account": author | (_follower(number) if kind == "follow" else {}),
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
    """A bare insert of the same rows, page by page as ours wrote them."""

    def __init__(self, url: str, ours: Ours) -> None:
        self.db = Database(url)
        METADATA.create_all(self.db.engine)
        with self.db.write("bench.peer_connection") as session:
            for row in (ours.connection, ours.state):
                values = {c.key: getattr(row, c.key) for c in row.__table__.columns}
                session.execute(insert(type(row)), [values])
        self.state_id = ours.state.id
        self.due: set[int] = set()

    def take(self, ours: Ours, marks: list[Marks]) -> list[Rows]:
        """The rows ours wrote, page by page; `marks` are the highest ids before the first and after each page."""
        taken = []
        with ours.db.read() as session:
            for before, after in pairwise(marks):
                rows: Rows = {}
                for model in NUMBERED:
                    numbers = model.__table__.c.id
                    query = select(*model.__table__.columns).where(numbers > before[model], numbers <= after[model])
                    rows[model] = [dict(row) for row in session.execute(query).mappings()]
                ids = [row["native_id"] for row in rows[Interaction]]
                watched = select(*Watch.__table__.columns).where(Watch.native_id.in_(ids))
                rows[Watch] = [dict(row) for row in session.execute(watched).mappings()]
                fresh = {row["party_id"] for row in rows[Interaction]} - self.due - {None}
                due = select(*TimelineDue.__table__.columns).where(TimelineDue.profile_id.in_(fresh))
                rows[TimelineDue] = [dict(row) for row in session.execute(due).mappings()]
                self.due |= fresh
                taken.append(rows)
        return taken

    def insert(self, rows: Rows, cursor: str) -> None:
        with self.db.write("bench.peer_page") as session:
            for model, everything in rows.items():
                if everything:
                    session.connection().execute(insert(model.__table__), everything)
            session.execute(update(StreamState).where(StreamState.id == self.state_id).values(cursor=cursor))


def highest(ours: Ours) -> Marks:
    """The highest id in each table that counts its rows."""
    with ours.db.read() as session:
        return {model: session.scalar(select(func.max(model.__table__.c.id))) or 0 for model in NUMBERED}


def measure(engine: str, interactions: int, size: int, folder: Path) -> dict[str, Any]:
    """Both ways in stretches of a tenth each; seconds per stretch."""
    urls, drop = databases(engine, folder)
    ours, per = Ours(urls[0]), interactions // STRETCHES
    peer = Peer(urls[1], ours)
    mine: list[Meter] = []
    theirs: list[Meter] = []
    source = pages(interactions, size)
    for stretch in range(STRETCHES):
        bodies = [next(source) for _ in range(per // size)]
        mine.append(Meter(workers_for(ours.db)))
        marks = [highest(ours)]
        for number, body in enumerate(bodies):
            with mine[-1]:
                ours.page(body, f"{stretch}-{number}")
            marks.append(highest(ours))
        taken = peer.take(ours, marks)
        theirs.append(Meter(workers_for(peer.db)))
        with theirs[-1]:
            for number, rows in enumerate(taken):
                peer.insert(rows, f"{stretch}-{number}")
        done = (stretch + 1) * (per // size) * size
        print(f"{engine:11} {done:>9,} interactions: ours {mine[-1]}, bare insert {theirs[-1]}", flush=True)
    ours.db.close()
    peer.db.close()
    drop()
    wall, used = [m.wall for m in mine], [m.processor for m in mine]
    peer_wall, peer_used = [m.wall for m in theirs], [m.processor for m in theirs]
    return {
        "engine": engine,
        "per_second": round((per // size) * size * STRETCHES / sum(wall)),
        "ratio": round(sum(peer_wall) / sum(wall), 2),
        "ratio_of_processors": round(sum(peer_used) / sum(used), 2),
        "last_to_first_tenth": round(wall[-1] / wall[0], 2),
        "peer_last_to_first_tenth": round(peer_wall[-1] / peer_wall[0], 2),
        "last_to_first_tenth_of_processors": round(used[-1] / used[0], 2),
        "peer_last_to_first_tenth_of_processors": round(peer_used[-1] / peer_used[0], 2),
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
