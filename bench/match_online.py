"""How long one profile takes against many contacts: looked up, compared and explained, on both databases.

    python -m bench.match_online [--engine sqlite|postgresql|both] [--contacts 100000 1000000] [--queries 2000]
                                 [--folder FOLDER]

Fills a database of ours with invented contacts (bench/crowd.py), their keys and counts, as keying leaves them. Each
query is one profile as read from the database: its keys, the look-up, the choice, the comparison by all rules, the
five best with their evidence. Prints percentiles in milliseconds, by the clock and, as other work may run beside,
in processor time of this process; with PostgreSQL the server's own time is not in the latter. Recall counts profiles
whose contact is there: found at all, compared in full, and first. SQLite's file is kept in FOLDER and used again.
"""

import argparse
import json
import random
import tempfile
import time
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain, repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, text

from bench import crowd
from bench.databases import databases
from scrm.db import Database
from scrm.matching.keys import COUNTED_FROM, contact_keys, profile_keys
from scrm.matching.load import contact_view, counted, profile_view
from scrm.matching.model import SHIPPED
from scrm.matching.online import compare
from scrm.matching.packed import pack
from scrm.migrations import upgrade
from scrm.models import Contact, KeyCount, MatchKey, Profile, Side, ValueCount, uuid7

CHUNK = 10_000
PARTS = 64  # of the numbers that keys are, sorted one after the other
Made = tuple[list[dict[str, Any]], "array[int]", "array[int]", Counter[str]]
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def contact_rows(start: int, stop: int) -> Made:
    """Contacts as rows, with keys, the owner of each, and what they add to the value counts."""
    rows: list[dict[str, Any]] = []
    keys, owners, values = array("q"), array("q"), Counter[str]()
    for person in crowd.contacts(start, stop):
        row = contact_row(person)
        view = contact_view(Contact(id=person.number, handles=[], urls=[], phones=[], kind="contact", **row))
        made = contact_keys(view)
        keys.extend(made)
        owners.extend(repeat(person.number, len(made)))
        adds = counted(view)
        values.update(adds)
        rows.append({**row, "counted": adds, "forms": pack(view), "keyed_version": 1})
    return rows, keys, owners, values


def contact_row(person: crowd.Contact) -> dict[str, Any]:
    first, last = person.first_name.title(), person.last_name.title()
    return {
        "full_name": f"{first} {last}",
        "first_name": first,
        "last_name": last,
        "sort_name": f"{person.last_name} {person.first_name}",
        "emails": [person.email],
        "company": person.company.title(),
        "city": person.city.title(),
    }


def profile_row(person: crowd.Profile) -> Profile:
    return Profile(
        id=person.number,
        network="mastodon",
        scope="",
        native_id=str(person.number),
        handle=f"{person.handle}@social.example",
        display_name=f"{person.first_name} {person.last_name}".title().strip(),
        email=person.email or None,
        email_verified=False,
        links=[],
        company=person.company.title() or None,
        location=person.city.title() or None,
        is_bot=False,
        is_organization=False,
    )


def fill(db: Database, size: int) -> None:
    """Contacts, keys in their order (a table grows fastest by its end), and counts."""
    parts: list[tuple[array[int], array[int]]] = [(array("q"), array("q")) for _ in range(PARTS)]
    values: Counter[str] = Counter()
    spans = [(start, min(start + CHUNK, size + 1)) for start in range(1, size + 1, CHUNK)]
    number = 0
    crowd.world()  # once, before the processes part
    with get_context("fork").Pool(2) as pool:
        for rows, keys, owners, added in pool.imap(_contact_rows, spans):
            for row in rows:
                number += 1
                row.update(id=number, public_id=uuid7(), crm_id="local", native_id=str(number))
                row.update(created_at=NOW, updated_at=NOW)
            with db.write("bench.contacts") as session:
                session.execute(insert(Contact), rows)
            for key, owner in zip(keys, owners, strict=True):
                part = parts[(key + 2**63) * PARTS >> 64]
                part[0].append(key)
                part[1].append(owner)
            values.update(added)
    for keys, owners in parts:
        _store_keys(db, sorted(zip(keys, owners, strict=True)))
    for some in _portions(sorted(values.items())):
        with db.write("bench.values") as session:
            session.execute(insert(ValueCount), [{"value": value, "count": count} for value, count in some])
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if db.is_sqlite else "VACUUM ANALYZE"))


def _contact_rows(span: tuple[int, int]) -> Made:
    return contact_rows(*span)


def _store_keys(db: Database, rows: list[tuple[int, int]]) -> None:
    for some in _portions(rows):
        with db.write("bench.keys") as session:
            cursor = session.connection().connection.cursor()
            if db.is_sqlite:
                cursor.executemany("INSERT INTO match_key (side, key, owner_id) VALUES ('c', ?, ?)", some)
                continue
            with cursor.copy("COPY match_key (side, key, owner_id) FROM STDIN") as copy:
                for key, owner in some:
                    copy.write_row((Side.CONTACT.value, key, owner))
    many = Counter(key for key, _ in rows)
    counts = [{"key": key, "count": count} for key, count in many.items() if count >= COUNTED_FROM]
    if counts:
        with db.write("bench.counts") as session:
            session.execute(insert(KeyCount), counts)


def _portions(rows: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(rows), 100_000):
        yield rows[start : start + 100_000]


def ask(db: Database, size: int, queries: int) -> dict[str, Any]:
    """Compare profiles drawn by chance, after a tenth of them unmeasured."""
    numbers = random.Random(7).sample(range(1, size + 1), min(queries + queries // 10, size))
    people = list(chain.from_iterable(crowd.profiles(n, n + 1, size, nameless=0.3) for n in numbers))
    wall, processor, candidates, compared = [], [], [], []
    there = found = chosen = first = 0
    for place, person in enumerate(people):
        row = profile_row(person)
        with db.read() as session:
            session.execute(select(1))  # the transaction has begun, as it has for one profile of many
            started, worked = time.perf_counter(), time.process_time()
            view = profile_view(row)
            result = compare(session, view, profile_keys(view), SHIPPED)
            best = result.ranking.scored[:5]
            spent = time.perf_counter() - started, time.process_time() - worked
        if place < queries // 10:
            continue
        wall.append(spent[0] * 1000)
        processor.append(spent[1] * 1000)
        everybody = set(chain.from_iterable(result.holders.values()))
        candidates.append(len(everybody))
        compared.append(len(result.versions))
        if person.contact:
            there += 1
            found += person.contact in everybody
            chosen += person.contact in result.versions
            first += bool(best) and best[0].contact_id == person.contact
    return {
        "ms": percentiles(wall),
        "ms_processor": percentiles(processor),
        "candidates": percentiles(candidates),
        "compared": percentiles(compared),
        "recall": round(found / there, 4),
        "recall_compared": round(chosen / there, 4),
        "right_first": round(first / there, 4),
        "per_second": round(len(wall) / sum(wall) * 1000),
    }


def percentiles(values: Iterable[float]) -> dict[str, float]:
    ranked = sorted(values)
    return {f"p{p}": round(ranked[min(len(ranked) * p // 100, len(ranked) - 1)], 2) for p in (50, 95, 99)}


def size_of(db: Database) -> float:
    """Megabytes of the keys' table with its indexes; on SQLite of the whole file."""
    question = (
        "select page_count * page_size from pragma_page_count, pragma_page_size"
        if db.is_sqlite
        else f"select pg_total_relation_size('{MatchKey.__tablename__}')"
    )
    with db.engine.connect() as connection:
        return round(float(connection.execute(text(question)).scalar_one()) / 1e6, 1)


def measure(engine: str, size: int, queries: int, folder: Path) -> dict[str, Any]:
    kept = folder / f"contacts-{size}.db"
    urls, drop = databases(engine, folder)
    url = f"sqlite:///{kept}" if engine == "sqlite" else urls[0]
    db = Database(url)
    try:
        started = time.perf_counter()
        upgrade(url)
        with db.read() as session:
            is_filled = session.scalar(select(Contact.id).limit(1)) is not None
        if not is_filled:
            fill(db, size)
        filled = round(time.perf_counter() - started, 1)
        return {
            "engine": engine,
            "contacts": size,
            "fill_seconds": filled,
            "megabytes": size_of(db),
            **ask(db, size, queries),
        }
    finally:
        db.close()
        drop()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", default="both", choices=["sqlite", "postgresql", "both"])
    parser.add_argument("--contacts", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folder = asked.folder or Path(passing)
        folder.mkdir(exist_ok=True)
        for size in asked.contacts:
            for engine in ("sqlite", "postgresql") if asked.engine == "both" else (asked.engine,):
                print(json.dumps(measure(engine, size, asked.queries, folder)), flush=True)


if __name__ == "__main__":
    main()
