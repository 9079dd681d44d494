"""Finds the servers that tests need."""

import os

from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError


def postgres_url() -> tuple[str | None, str]:
    url = os.environ.get("SCRM_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
    try:
        create_engine(url).connect().close()
    except OperationalError:
        return None, "no PostgreSQL server found"
    return url, ""
