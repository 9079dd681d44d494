"""Engine, transactions and column types, the same on SQLite and PostgreSQL.

`Database.read()` gives a session that only reads; `Database.write(name)` is the only way to change anything: one
transaction with failpoints before and after its commit. On SQLite a write begins with BEGIN IMMEDIATE (a deferred
transaction that reads and then writes fails as soon as two processes do so) and commits with synchronous=FULL (with
NORMAL the answer to a webhook leaves before its row is on disk).
"""

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
import pysqlite3.dbapi2
from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    TypeDecorator,
    any_,
    bindparam,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from scrm.clock import Clock, SystemClock
from scrm.errors import ConfigError
from scrm.failpoints import failpoint
from scrm.turnstile import Turnstile

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BigId = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts up by itself on SQLite
Json = JSON().with_variant(JSONB(), "postgresql")

# Several processes on one WAL file may corrupt it in these versions (sqlite.org/wal.html, "WAL-reset bug"):
# 3.7.0 to 3.51.2, repaired in the named patch releases too.
RACE_FIXED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; a naive one is refused, because nobody knows what it means."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("expected a time with a zone")
        utc = value if value.tzinfo is UTC else value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def sqlite_has_wal_race(version: tuple[int, ...]) -> bool:
    """Whether this SQLite version may corrupt a WAL file that several processes use."""
    newest, *backports = RACE_FIXED
    return not (version < (3, 7, 0) or version >= newest or any(b <= version < (b[0], b[1] + 1) for b in backports))


class DatabaseClock:
    """The database's time: asked for once a minute, carried on by the host's monotonic clock between."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._at = datetime.min.replace(tzinfo=UTC)
        self._mark = float("-inf")

    def now(self) -> datetime:
        elapsed = monotonic() - self._mark
        if elapsed > 60:
            with self._engine.connect() as connection:
                self._at = connection.execute(text("select clock_timestamp()")).scalar_one().astimezone(UTC)
            self._mark, elapsed = monotonic(), 0.0
        return self._at + timedelta(seconds=elapsed)


class Database:
    """One database: its engine, its clock, and the two ways to talk to it."""

    def __init__(self, url: str, *, clock: Clock | None = None) -> None:
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self.clock: Clock = clock or (SystemClock() if self.is_sqlite else DatabaseClock(self.engine))
        self._writer = self.engine.execution_options(scrm_write=True)
        self._pid = os.getpid()
        file = self.engine.url.database if self.is_sqlite else None
        self._turn: Callable[[], AbstractContextManager[None]] = Turnstile(Path(file)).turn if file else nullcontext
        self.info: dict[str, Any] = {}  # what every session brings along: the vault, see `scrm.tombstones`

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; whatever it changed is rolled back."""
        with Session(self.engine, expire_on_commit=False, info=self.info) as session:
            yield session

    @contextmanager
    def write(self, name: str) -> Iterator[Session]:
        """One write transaction; `name` (`area.step`) is unique in the code and names its failpoints.

        Compute before entering: no HTTP inside, no more than about 200 rows or 50 ms.
        """
        if os.getpid() != self._pid:
            raise RuntimeError("a database handle must not cross a fork")
        with self._turn(), Session(self._writer, expire_on_commit=False, info=self.info) as session:
            yield session
            session.flush()
            failpoint(f"{name}:before")
            session.commit()
            failpoint(f"{name}:after")

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def upsert(session: Session, model: type[Any]) -> Any:
    """The INSERT of this database that knows ON CONFLICT, on the bare table: many rows pass it fast."""
    table = model.__table__
    return sqlite.insert(table) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(table)


def take_turns(session: Session, lock: int) -> None:
    """Wait until no other transaction holds this lock; held to the end of ours. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": lock})


def among(session: Session, column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Whether the column holds one of these values.

    On PostgreSQL as one array, so that the statement stays the same however many there are: a list of a new length
    would be parsed and planned anew, by the driver and by the server.
    """
    if session.get_bind().dialect.name == "sqlite":
        return column.in_(list(values))
    return column == any_(bindparam(None, list(values), type_=postgresql.ARRAY(column.type)))


def to_json(value: Any) -> str:
    """JSON as it is stored: keys in order, so that equal values are equal texts."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # whole numbers beyond 64 bits, lone surrogates, keys that are no texts
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(
            url,
            hide_parameters=True,
            json_serializer=to_json,
            json_deserializer=orjson.loads,
            pool_pre_ping=True,
            pool_size=5,
            max_overflow=15,
            connect_args={
                "connect_timeout": 10,
                "options": "-c statement_timeout=30000 -c lock_timeout=10000"
                " -c idle_in_transaction_session_timeout=60000"
                # a plan kept from when the tables were small scans them whole when they have grown
                " -c plan_cache_mode=force_custom_plan",
            },
        )
    if sqlite_has_wal_race(pysqlite3.dbapi2.sqlite_version_info):
        raise ConfigError(["this SQLite may corrupt a database that several processes use; install pysqlite3 0.6.1"])
    engine = create_engine(
        url,
        module=pysqlite3.dbapi2,
        hide_parameters=True,  # they are people's names and texts; an error's message goes into the log
        json_serializer=to_json,
        json_deserializer=orjson.loads,
        connect_args={"timeout": 30},
        pool_size=5,
        max_overflow=15,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver would begin transactions at moments of its own choice
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",
        "cache_size=-32000",
        "mmap_size=268435456",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Any) -> None:
    writing = connection.get_execution_options().get("scrm_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
