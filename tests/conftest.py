"""Databases, a core, and the wall around the machine: nothing a test does leaves loopback."""

import os
import shutil
import socket
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import create_engine, text

from scrm.config import Settings
from scrm.db import METADATA, Database
from scrm.models import Row
from scrm.runtime import Core, sleepers
from scrm.vault import VAULT, Vault
from tests.services import postgres_url

MEMORY = Path("/dev/shm")  # noqa: S108  pytest and tempfile make folders of their own in it
ENOUGH = 4 << 30  # bytes; a run of everything needs about one
if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
    # tests kill processes, never the machine: waiting for a disk shows nothing, and it was most of the time
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


class CompiledTemplates(BytecodeCache):
    """Templates compiled once for all applications of a run: each test has its own, and compiling took a third."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Ask for what was compiled; jinja compares the source's checksum."""
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


Flask.jinja_options["bytecode_cache"] = CompiledTemplates()

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@pytest.fixture(autouse=True)
def _nothing_leaves_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in LOOPBACK and not str(address[0]).startswith("127."):
            raise AssertionError(f"a test wants to reach {address[0]}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _logs_go_nowhere_afterwards() -> Iterator[None]:
    """What a test configured wrote to the standard error of that test, which is closed for the next one."""
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def engine_urls() -> list[str]:
    return ["sqlite", "postgresql"]


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """Address of a PostgreSQL server; skips with the reason, or fails when SCRM_TEST_REQUIRE names postgres."""
    url, reason = postgres_url()
    if url is None:
        if "postgres" in os.environ.get("SCRM_TEST_REQUIRE", ""):
            pytest.fail(reason)
        pytest.skip(reason)
    return url


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str) -> Iterator[str]:
    """One database for this run, with every table; tests empty it."""
    name = f"scrm_test_{uuid.uuid4().hex[:12]}"
    server = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = server.url.set(database=name).render_as_string(hide_password=False)
    tables = create_engine(url)
    METADATA.create_all(tables)
    tables.dispose()
    yield url
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(scope="session")
def emptied(postgres_database: str) -> Iterator[Callable[[], str]]:
    """Empties the database of this run and gives its address.

    The server does it in one call, and only where something is: a hundred DELETEs one by one took longer than most
    tests, and TRUNCATE takes longer still for a few rows.
    """
    tables = [table.name for table in reversed(Row.metadata.sorted_tables)]
    delete = {name: f'DELETE FROM "{name}";' for name in tables}
    guarded = "audit_entry"  # whose trigger refuses it
    switch = f"ALTER TABLE {guarded} {{}} TRIGGER USER;"
    delete[guarded] = switch.format("DISABLE") + delete[guarded] + switch.format("ENABLE")
    each = "".join(f'IF EXISTS (SELECT FROM "{name}") THEN {delete[name]} END IF; ' for name in tables)
    server = create_engine(postgres_database, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(
            f"CREATE FUNCTION pg_temp.empty() RETURNS void LANGUAGE plpgsql AS $$BEGIN {each}END$$"
        )

        def empty() -> str:
            connection.exec_driver_sql("SELECT pg_temp.empty()")
            return postgres_database

        yield empty
    server.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database file with every table."""
    file = tmp_path_factory.mktemp("template") / "scrm.db"
    db = Database(f"sqlite:///{file}")
    METADATA.create_all(db.engine)
    db.close()
    return file


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "scrm.db")
    return f"sqlite:///{tmp_path / 'scrm.db'}"


@pytest.fixture(params=engine_urls())
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database on each engine."""
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite_url")
    empty: Callable[[], str] = request.getfixturevalue("emptied")
    return empty()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    db = Database(database_url)
    db.info[VAULT] = Vault({"test": bytes(32)})  # a core brings its own
    yield db
    db.close()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(state_dir=tmp_path, database_url=database_url)


@pytest.fixture
def core(settings: Settings, database: Database) -> Core:
    """A core on each engine that wakes nobody."""
    return Core(settings=settings, db=database, vault=Vault.load("", settings.state_dir), wake=sleepers)
