"""Brings a database to the tables this version needs. Alembic, configured here, so that no ini file can disagree.

A migration is named `<date>_pre_<what>` or `<date>_post_<what>`: `pre` suits the code before and after it and runs
before a deployment, `post` removes what the new code no longer needs. On SQLite a table is changed by copying it
(batch mode); foreign keys are checked once at the end of the transaction.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url

from scrm.db import Database
from scrm.models import Row, words

FOLDER = Path(__file__).parent
ONE_AT_A_TIME = 0x5C12  # key of the PostgreSQL advisory lock under which one process migrates


def upgrade(database_url: str) -> None:
    """Bring the database to the newest revision; harmless to repeat and to run from several processes at once."""
    with opened(database_url) as connection:
        command.upgrade(config_for(connection), "head")


def is_current(database_url: str) -> bool:
    """Whether the database has exactly the tables this version needs."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).exists()):
        return False  # asking would create the file
    with opened(database_url) as connection:
        found = MigrationContext.configure(connection).get_current_heads()
    return set(found) == set(heads())


def heads() -> list[str]:
    """The revisions that this version brings a database to."""
    return ScriptDirectory.from_config(config_for(None)).get_heads()


def knows(revisions: Collection[str]) -> bool:
    """Whether this version knows how to go on from these revisions."""
    known = {script.revision for script in ScriptDirectory.from_config(config_for(None)).walk_revisions()}
    return known.issuperset(revisions)


def differences(database_url: str) -> list[str]:
    """What the models say and the database does not, in Alembic's words; empty when they agree."""
    with opened(database_url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": beside_search})
        return [str(difference) for difference in compare_metadata(context, Row.metadata)]


def beside_search(_item: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:  # noqa: FBT001
    """Whether the models speak for a table or index; search by words is installed beside them, after each upgrade."""
    return kind not in {"table", "index"} or not words.is_ours(name)


def write_revision(message: str, kind: str, database_url: str) -> Path:
    """Write a migration from what the models say beyond the (current) database; `kind` is `pre` or `post`."""
    name = f"{kind}_{'_'.join(message.lower().split())}"
    with opened(database_url) as connection:
        made = command.revision(
            config_for(connection), name, autogenerate=True, rev_id=f"{datetime.now(UTC):%Y%m%d%H%M%S}"
        )
    if made is None or isinstance(made, list):
        raise RuntimeError("expected one revision")
    return Path(made.path)


def config_for(connection: Connection | None, *, only: Collection[str] | None = None) -> Config:
    """Alembic's configuration; `only` narrows a written revision to these tables, which are new and need no batch."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    config.set_main_option("timezone", "UTC")
    config.attributes.update(connection=connection, only=only, batch=only is None)
    return config


@contextmanager
def opened(database_url: str) -> Iterator[Connection]:
    """A connection that migrates; on SQLite it begins with BEGIN IMMEDIATE, so that a second process waits."""
    db = Database(database_url)
    try:
        with db.engine.execution_options(scrm_write=True).connect() as connection:
            yield connection
    finally:
        db.close()
