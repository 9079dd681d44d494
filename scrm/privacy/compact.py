"""After rows are gone: see to it that the files hold nothing of them either, and say what was found.

SQLite overwrites what is deleted with zeros (secure_delete), and the write-ahead log is emptied into the database
(wal_checkpoint TRUNCATE, sqlite.org/pragma.html, read 2026-11-24). Then both files are read through for the person's
ids and addresses; only if any is found is the whole file written anew (VACUUM). PostgreSQL leaves dead tuples until
VACUUM, and their bytes until the space is used again; copies of its log and replicas follow their own retention.
"""

import shutil
from pathlib import Path
from typing import Final

from sqlalchemy import inspect, make_url, text
from sqlalchemy.exc import OperationalError

from scrm import logs
from scrm.i18n import N_
from scrm.runtime import Core
from scrm.tombstones.sought import Sought

log = logs.get(__name__)

BLOCK: Final = 1 << 20
SHORTEST: Final = 6  # bytes; shorter ids stand in any file by chance
FILES = N_("Database file and write-ahead log read through: ids and addresses found (others may have written them)")
VACUUMED = N_("Tables whose dead rows PostgreSQL took away (VACUUM; it overwrites them when it uses the space again)")
FOUND = N_("Tables in which ids or addresses are found still (others may have written them)")
TRIES: Final = 20


def compact(core: Core, sought: Sought) -> list[tuple[str, int]]:
    """Returns lines for the certificate."""
    texts = [one for one in sought.texts() if len(one.encode()) >= SHORTEST]
    if not core.db.is_sqlite:
        return [(VACUUMED, _vacuum_postgresql(core)), (FOUND, _found_in_tables(core, texts))]
    file = Path(make_url(core.settings.database).database or "")
    _truncate_log(core)
    found = found_in_files(file, texts)
    if found and shutil.disk_usage(file.parent).free > 2 * file.stat().st_size:
        _vacuum_sqlite(core)
        _truncate_log(core)
        found = found_in_files(file, texts)
    return [(FILES, found)]


def found_in_files(file: Path, texts: list[str]) -> int:
    """How many of the texts stand anywhere in a database file or its write-ahead log."""
    wanted = {one.encode() for one in texts}
    if not wanted:
        return 0
    longest = max(map(len, wanted))
    found: set[bytes] = set()
    for path in (file, file.with_name(f"{file.name}-wal")):
        if not path.exists():
            continue
        with path.open("rb") as source:
            tail = b""
            while block := source.read(BLOCK):
                seen = tail + block
                found |= {one for one in wanted - found if one in seen}
                tail = seen[-longest:]
    return len(found)


def _truncate_log(core: Core) -> bool:
    """Empty the write-ahead log; False when somebody was reading all the while."""
    for _ in range(TRIES):
        with core.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            raw = connection.connection.driver_connection
            busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] if raw is not None else 1
        if not busy:
            return True
    log.warning("log_not_emptied")
    return False


def _vacuum_sqlite(core: Core) -> None:
    with core.db.engine.connect() as connection:
        raw = connection.connection.driver_connection
        if raw is not None:
            raw.execute("VACUUM")


def _vacuum_postgresql(core: Core) -> int:
    done = 0
    with core.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        for table in inspect(connection).get_table_names():
            try:
                connection.execute(text(f'VACUUM "{table}"'))
                done += 1
            except OperationalError:
                log.warning("vacuum_put_off", table=table)
        connection.execute(text("RESET statement_timeout"))
    return done


def _found_in_tables(core: Core, texts: list[str]) -> int:
    """In how many tables a row, written out, holds one of the texts."""
    if not texts:
        return 0
    found = 0
    wanted = [*texts, *(one.encode().hex() for one in texts)]  # what is kept as bytes is written out in hex
    with core.db.engine.connect() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        for table in inspect(connection).get_table_names():
            query = text(
                f'SELECT 1 FROM "{table}" t WHERE EXISTS'  # noqa: S608 - our own tables
                " (SELECT 1 FROM unnest(CAST(:texts AS text[])) AS one WHERE strpos(t::text, one) > 0) LIMIT 1"
            )
            found += connection.execute(query, {"texts": wanted}).first() is not None
    return found
