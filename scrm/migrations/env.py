"""Runs migrations on the connection that `scrm.migrations` opened: one process at a time, no long waits for locks.

lock_timeout and statement_timeout keep a migration from queueing behind a long query and stopping everybody else.
"""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, text

from scrm.db import BigId, Json, UtcDateTime
from scrm.migrations import ONE_AT_A_TIME, beside_search
from scrm.models import Row, audit, words


def _render(kind: str, item: object, autogen: AutogenContext) -> str | Literal[False]:
    if kind == "type":
        for name, ours in (("BigId", BigId), ("Json", Json)):
            if item is ours:
                autogen.imports.add(f"from scrm.db import {name}")
                return name
        if isinstance(item, UtcDateTime):
            autogen.imports.add("from scrm.db import UtcDateTime")
            return "UtcDateTime()"
    return False


def _included(item: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:  # noqa: FBT001
    only = context.config.attributes["only"]
    return beside_search(item, name, kind, reflected, other) and (kind != "table" or only is None or name in only)


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Row.metadata,
        render_as_batch=context.config.attributes["batch"],
        include_object=_included,
        render_item=_render,
        compare_type=True,
        transaction_per_migration=connection.dialect.name == "postgresql",
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _on_sqlite(connection: Connection) -> None:
    # batch mode drops the old table, which would delete what refers to it; only outside a transaction can this be set
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection is closed")
    driver.execute("PRAGMA foreign_keys=OFF").close()
    with connection.begin():
        _migrate(connection)
        words.install(connection)
        audit.install(connection)
        if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise RuntimeError("a migration left rows that refer to nothing")
    driver.execute("PRAGMA foreign_keys=ON").close()


def _on_postgresql(connection: Connection) -> None:
    connection.execute(text("SET lock_timeout = '120s'"))
    connection.execute(text("SET statement_timeout = '120s'"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ONE_AT_A_TIME})
    connection.execute(text("SET lock_timeout = '4s'"))
    connection.execute(text("SET statement_timeout = '5s'"))
    connection.commit()
    try:
        _migrate(connection)
        connection.commit()
        connection.execute(text("SET statement_timeout = 0"))  # the index of texts may take its time, once
        words.install(connection)
        audit.install(connection)
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ONE_AT_A_TIME})
        connection.commit()


def _run(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        _on_sqlite(connection)
    else:
        _on_postgresql(connection)


_run(context.config.attributes["connection"])
