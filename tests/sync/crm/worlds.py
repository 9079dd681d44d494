"""A CRM with hands: what the contract tests need to arrange and to see, per implementation."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select

from scrm.db import Database
from scrm.models import LocalContact, LocalLedger, LocalRecord, RecordKind
from scrm.runtime import Core
from scrm.sync.crm.base import Crm
from scrm.sync.crm.local import LocalCrm
from scrm.sync.crm.local_contacts import Put, Statement, put_contacts
from tests.sync.crm.salesforce.world import Held, SalesforceWorld

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
PAGE = 3


class World(Protocol):
    """One CRM, empty at first, reading three contacts per portion."""

    crm: Crm
    core: Core  # by which it can be opened

    def add(self, name: str) -> str: ...

    def rename(self, native_id: str, name: str) -> None: ...

    def delete(self, native_id: str) -> None: ...

    def merge(self, native_id: str, into: str) -> None: ...

    def edit(self, key: str, field: str, value: str) -> None: ...

    def records(self) -> Mapping[str, Held]: ...

    def writes(self) -> list[str]: ...


class LocalWorld:
    """The built-in CRM, with contacts told to it as a source would."""

    core: Core

    def __init__(self, database: Database) -> None:
        self.crm: Crm = LocalCrm(database, page=PAGE)
        self._db = database
        self._now = START

    def add(self, name: str) -> str:
        self._say(source_id=f"source of {name}", fields={"full_name": name})
        return self._native_id(f"source of {name}")

    def rename(self, native_id: str, name: str) -> None:
        self._say(source_id=self._source_id(native_id), fields={"full_name": name})

    def delete(self, native_id: str) -> None:
        self._say(source_id=self._source_id(native_id))

    def merge(self, native_id: str, into: str) -> None:
        self._say(source_id=self._source_id(native_id), merged_into=self._source_id(into))

    def edit(self, key: str, field: str, value: str) -> None:
        with self._db.write("test.edit") as session:
            row = session.scalars(select(LocalRecord).where(LocalRecord.external_key == key)).one()
            row.fields = row.fields | {field: value}

    def records(self) -> Mapping[str, Held]:
        with self._db.read() as session:
            return {
                row.external_key: Held(
                    kind=RecordKind(row.kind),
                    contact_native_id=row.contact_native_id,
                    profile_record_id=row.profile_record_id,
                    version=row.version,
                    fields=row.fields,
                )
                for row in session.scalars(select(LocalRecord))
            }

    def writes(self) -> list[str]:
        with self._db.read() as session:
            return list(session.scalars(select(LocalLedger.operation).order_by(LocalLedger.id)))

    def _say(self, **statement: Any) -> None:
        self._now += timedelta(minutes=1)
        assert put_contacts(self._db, [Statement(at=self._now, **statement)]) != [Put.STALE]

    def _source_id(self, native_id: str) -> str:
        with self._db.read() as session:
            return session.get_one(LocalContact, int(native_id)).source_id

    def _native_id(self, source_id: str) -> str:
        with self._db.read() as session:
            return str(session.scalars(select(LocalContact.id).where(LocalContact.source_id == source_id)).one())


@contextmanager
def local(core: Core) -> Iterator[World]:
    world = LocalWorld(core.db)
    world.core = core
    yield world


@contextmanager
def salesforce(core: Core) -> Iterator[World]:
    with SalesforceWorld(core, page=PAGE) as world:
        yield world


WORLDS: dict[str, Callable[[Core], AbstractContextManager[World]]] = {"local": local, "salesforce": salesforce}
