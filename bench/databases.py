"""Two empty databases of one engine, and how to drop them."""

import os
import uuid
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import create_engine, text

SERVER = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"


def databases(engine: str, folder: Path) -> tuple[list[str], Callable[[], None]]:
    """Addresses of two new databases; call the second value when done."""
    if engine == "sqlite":
        return [f"sqlite:///{folder / name}.db" for name in ("ours", "peer")], lambda: None
    server = create_engine(os.environ.get("SCRM_TEST_POSTGRES", SERVER), isolation_level="AUTOCOMMIT")
    names = [f"scrm_bench_{uuid.uuid4().hex[:8]}" for _ in range(2)]
    with server.connect() as connection:
        for name in names:
            connection.execute(text(f"CREATE DATABASE {name}"))

    def drop() -> None:
        with server.connect() as connection:
            for name in names:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))

    return [server.url.set(database=name).render_as_string(hide_password=False) for name in names], drop
