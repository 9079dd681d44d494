"""Import a text and see what the built-in CRM holds afterwards."""

import io
from pathlib import Path

from scrm.db import Database
from scrm.sync.crm.base import ContactRecord
from scrm.sync.crm.local import LocalCrm
from scrm.sync.imports import ImportReport, import_contacts


def load(database: Database, text: str | bytes, **more: object) -> ImportReport:
    body = text.encode() if isinstance(text, str) else text
    return import_contacts(database, io.BytesIO(body), **more)  # type: ignore[arg-type]


def held(database: Database) -> list[ContactRecord]:
    return list(LocalCrm(database, page=100_000).read_changes(None).contacts)


def only(database: Database) -> ContactRecord:
    (contact,) = held(database)
    return contact


def reasons(report: ImportReport) -> list[tuple[int, str, str]]:
    return [(reject.line, reject.column, reject.reason) for reject in report.rejected]


def database_at(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'scrm.db'}")
