"""Migrations and models say the same, on both engines, however often and by however many processes they are run."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from scrm import migrations
from scrm.db import Database
from scrm.models import Row, words


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server = create_engine(request.getfixturevalue("postgres_server"), isolation_level="AUTOCOMMIT")
    name = f"scrm_test_{uuid.uuid4().hex[:12]}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.url.set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def tables(url: str) -> set[str]:
    db = Database(url)
    try:
        return {name for name in inspect(db.engine).get_table_names() if not words.is_ours(name)}
    finally:
        db.close()


def test_an_empty_database_gets_every_table_of_the_models(empty_url: str) -> None:
    migrations.upgrade(empty_url)
    assert tables(empty_url) == {table.name for table in Row.metadata.sorted_tables} | {"alembic_version"}


def test_the_migrated_database_is_what_the_models_say(empty_url: str) -> None:
    migrations.upgrade(empty_url)
    assert migrations.differences(empty_url) == []


def test_a_difference_between_models_and_database_is_seen(empty_url: str) -> None:
    migrations.upgrade(empty_url)
    db = Database(empty_url)
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE chore DROP COLUMN done_at"))
    db.close()
    assert any("done_at" in difference for difference in migrations.differences(empty_url))


def test_upgrading_twice_changes_nothing_and_keeps_the_rows(empty_url: str) -> None:
    migrations.upgrade(empty_url)
    db = Database(empty_url)
    with db.engine.begin() as connection:
        connection.execute(text("INSERT INTO chore (name, generation, crash_count) VALUES ('sweep', 0, 0)"))
    migrations.upgrade(empty_url)
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM chore")).scalars().all() == ["sweep"]
    db.close()


def test_several_processes_may_upgrade_at_once(empty_url: str) -> None:
    program = "import sys; from scrm.migrations import upgrade; upgrade(sys.argv[1])"
    command = [sys.executable, "-W", "error", "-c", program, empty_url]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    for process in started:
        _, complaint = process.communicate(timeout=120)
        assert process.returncode == 0, complaint.decode()
    assert migrations.is_current(empty_url)
    assert migrations.differences(empty_url) == []


def test_only_a_fully_migrated_database_is_current(empty_url: str) -> None:
    assert not migrations.is_current(empty_url)
    migrations.upgrade(empty_url)
    assert migrations.is_current(empty_url)
    db = Database(empty_url)
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'first_1'"))
    db.close()
    assert not migrations.is_current(empty_url)


def test_asking_whether_a_database_is_current_does_not_make_it(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    assert not migrations.is_current(f"sqlite:///{file}")
    assert not file.exists()
