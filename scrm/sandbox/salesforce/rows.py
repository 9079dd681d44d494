"""The records of an org, its recycle bin, and the append-only ledger of everything that was ever written.

`SystemModstamp` never goes back, but is kept to the second, so that many records share one; and a change that was
begun early may be committed late, with the stamp of its beginning: a reader who asks for what is newer than the
newest it saw would miss it.
"""

from __future__ import annotations

import contextlib
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrm.sandbox.salesforce.values import stamp_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scrm.sandbox.salesforce.schema import Field, Schema, SObject
    from scrm.sandbox.salesforce.users import Actor


BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(kw_only=True)
class Row:
    """One record; a deleted one waits in the recycle bin."""

    object: str
    values: dict[str, Any]
    deleted_at: datetime | None = None
    # lookups to it that its deletion emptied, as (child, field)
    released: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        return str(self.values["Id"])

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None


@dataclass(kw_only=True)
class Rows:
    """All records by object and id. Whoever calls holds the org's lock."""

    schema: Schema
    clock: Callable[[], datetime]
    by_object: dict[str, dict[str, Row]] = field(default_factory=dict)
    # when records were purged from the recycle bin or deleted for good, by object and id
    graves: dict[str, dict[str, datetime]] = field(default_factory=dict)
    # deletions before are no longer listed
    deletions_since: datetime = BEGINNING
    ledger: list[dict[str, Any]] = field(default_factory=list)
    _index: dict[tuple[str, str], dict[str, dict[str, None]]] = field(default_factory=dict)
    # one list for each block of all or none that is open
    _undo: list[list[Callable[[], object]]] = field(default_factory=list)
    _newest: str = ""

    def now(self) -> datetime:
        return self.clock().astimezone(UTC)

    def deletions(self, one: SObject) -> dict[str, datetime]:
        """Return when records were deleted, by id, those purged since too."""
        gone = {row.id: row.deleted_at for row in self.of(one).values() if row.deleted_at}
        gone |= self.graves.get(one.name, {})
        return {record_id: at for record_id, at in gone.items() if at >= self.deletions_since}

    def forget_deletions(self) -> None:
        self.deletions_since = self.now()

    def stamp(self) -> str:
        self._newest = max(self._newest, stamp_text(self.now()))
        return self._newest

    def of(self, one: SObject) -> dict[str, Row]:
        return self.by_object.setdefault(one.name, {})

    def get(self, record_id: str) -> Row | None:
        one = self.schema.by_prefix(record_id)
        return self.of(one).get(record_id) if one else None

    def matching(self, one: SObject, by: Field, value: object) -> list[Row]:
        """Records not deleted whose field has the value, with capitals told apart where the field does."""
        found = self._index.get((one.name, by.name), {}).get(index_key(by, value), {})
        return [self.of(one)[record_id] for record_id in found]

    def put(self, one: SObject, row: Row) -> None:
        """Store a new record, or what an old one has become."""
        before = self.of(one).get(row.id)
        if before:
            self._unlist(one, before)
        self.of(one)[row.id] = row
        self._list(one, row)
        self._keep(lambda: self._restore(one, row.id, before))

    def remove(self, one: SObject, row: Row) -> None:
        """Take a record out of the recycle bin for good."""
        self.of(one).pop(row.id, None)
        self._unlist(one, row)
        self._keep(lambda: self._restore(one, row.id, row))

    def _restore(self, one: SObject, record_id: str, before: Row | None) -> None:
        if now := self.of(one).pop(record_id, None):
            self._unlist(one, now)
        if before:
            self.of(one)[record_id] = before
            self._list(one, before)

    def _indexed(self, one: SObject) -> Iterator[Field]:
        return (each for each in one.fields.values() if each.is_matchable and each.type != "id")

    def _list(self, one: SObject, row: Row) -> None:
        if row.is_deleted:
            return
        for each in self._indexed(one):
            if (value := row.values.get(each.name)) is not None:
                found = self._index.setdefault((one.name, each.name), {})
                found.setdefault(index_key(each, value), {})[row.id] = None

    def _unlist(self, one: SObject, row: Row) -> None:
        for each in self._indexed(one):
            if (value := row.values.get(each.name)) is not None:
                self._index.get((one.name, each.name), {}).get(index_key(each, value), {}).pop(row.id, None)

    def note(self, kind: str, one: SObject, row: Row, actor: Actor, **more: Any) -> None:
        """Write one line of the ledger; taken back with what it tells of."""
        keys = {each.name: row.values.get(each.name) for each in one.fields.values() if each.facts["externalId"]}
        self.ledger.append(
            {
                "number": len(self.ledger) + 1,
                "kind": kind,
                "object": one.name,
                "id": row.id,
                "external_ids": {name: value for name, value in keys.items() if value is not None},
                "by": actor.user.username,
                "client": actor.client,
                "request": actor.request,
                "at": self.now().isoformat(),
                "stamp": row.values.get("SystemModstamp"),
                **deepcopy(more),
            }
        )
        self._keep(self.ledger.pop)

    @contextlib.contextmanager
    def all_or_none(self) -> Iterator[None]:
        """Take back every change of the block when it ends in an exception."""
        self._undo.append([])
        try:
            yield
        except BaseException:
            for back in reversed(self._undo.pop()):
                back()
            raise
        for back in self._undo.pop():
            self._keep(back)

    def _keep(self, back: Callable[[], object]) -> None:
        if self._undo:
            self._undo[-1].append(back)

    def snapshot(self) -> dict[str, list[dict[str, Any]]]:
        """Return all records by object and id, for comparison."""
        return {
            name: [{**row.values, "IsDeleted": row.is_deleted} for _, row in sorted(rows.items())]
            for name, rows in sorted(self.by_object.items())
            if rows
        }


def index_key(by: Field, value: object) -> str:
    """Capitals count where the field says so, and for external ids that need not be unique."""
    counts = by.facts["caseSensitive"] or (by.facts["externalId"] and not by.facts["unique"])
    return str(value) if counts else str(value).lower()
