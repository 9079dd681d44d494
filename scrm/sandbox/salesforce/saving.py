"""Saving, deleting and bringing back single records, with every check an org makes, whoever asks for it.

REST, lists of records, Bulk 2.0 and the people of the org all come through here. Each call does one record or
raises RefusedError; the caller holds the org's lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrm.sandbox.salesforce.derived import derive
from scrm.sandbox.salesforce.ids import Ids, normal_id
from scrm.sandbox.salesforce.intake import DELETED, Intake
from scrm.sandbox.salesforce.refusals import RefusedError
from scrm.sandbox.salesforce.rows import Row, Rows
from scrm.sandbox.salesforce.values import stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrm.sandbox.salesforce.rules import Rules
    from scrm.sandbox.salesforce.schema import Field, Schema, SObject
    from scrm.sandbox.salesforce.users import Actor


class SeveralError(Exception):
    """An upsert found more than one record; carries their ids."""

    def __init__(self, found: list[str]) -> None:
        super().__init__("several records have this external id")
        self.found = found


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What became of a record."""

    id: str
    is_new: bool


@dataclass(kw_only=True)
class Saving:
    """Writes to one org."""

    schema: Schema
    rows: Rows
    rules: Rules
    ids: Ids

    @property
    def intake(self) -> Intake:
        return Intake(schema=self.schema, rows=self.rows)

    def create(
        self,
        actor: Actor,
        one: SObject,
        sent: Mapping[str, Any],
        *,
        is_csv: bool = False,
        stamp: str | None = None,
    ) -> Saved:
        """Make a record of the fields sent; `stamp` is that of a change begun earlier and committed only now."""
        self._demand(actor, one, "createable")
        given = self.intake.given(actor, one, sent, "createable", is_csv=is_csv)
        values = {each.name: each.facts["defaultValue"] for each in one.fields.values() if each.type != "address"}
        values |= {name: value for name, value in given.items() if value is not None}
        missing = [each.name for each in one.fields.values() if each.is_required and values[each.name] is None]
        if missing:
            sentence = f"Required fields are missing: [{', '.join(missing)}]"
            raise RefusedError("REQUIRED_FIELD_MISSING", sentence, tuple(missing))
        stamp = stamp or self.rows.stamp()
        if "OwnerId" in values and not values["OwnerId"]:
            values["OwnerId"] = actor.user.id
        values |= {"CreatedDate": stamp, "CreatedById": actor.user.id}
        self._finish(actor, one, None, values, stamp)
        values["Id"] = self.ids.new(one.prefix)
        row = Row(object=one.name, values=_known(one, values))
        self.rows.put(one, row)
        self.rows.note("create", one, row, actor, fields=given)
        return Saved(id=row.id, is_new=True)

    def update(
        self,
        actor: Actor,
        one: SObject,
        record_id: str,
        sent: Mapping[str, Any],
        *,
        is_csv: bool = False,
        stamp: str | None = None,
    ) -> Saved:
        """Change the fields sent; `stamp` is that of a change begun earlier and committed only now."""
        row = self.found(one, record_id)
        self._demand(actor, one, "updateable", row)
        given = self.intake.given(actor, one, sent, "updateable", is_csv=is_csv)
        if one.name == "Lead" and row.values.get("IsConverted") and not actor.user.is_administrator:
            raise RefusedError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        emptied = [name for name in given if one.fields[name.lower()].is_required and given[name] is None]
        if emptied:
            sentence = f"Required fields are missing: [{', '.join(emptied)}]"
            raise RefusedError("REQUIRED_FIELD_MISSING", sentence, tuple(emptied))
        values = {**row.values, **given}
        if one.name == "Event":
            _move_event(values, given)
        self._finish(actor, one, row.id, values, stamp or self.rows.stamp())
        changed = {name: value for name, value in values.items() if value != row.values.get(name)}
        new = Row(object=one.name, values=_known(one, values))
        self.rows.put(one, new)
        self.rows.note("update", one, new, actor, fields=given, changed=changed)
        return Saved(id=row.id, is_new=False)

    def upsert(  # noqa: PLR0913 - a write is made of these
        self,
        actor: Actor,
        one: SObject,
        by: Field,
        value: object,
        sent: Mapping[str, Any],
        *,
        update_only: bool = False,
        is_csv: bool = False,
    ) -> Saved:
        """Change the record whose field has the value, or make one; raises SeveralError."""
        if by.type == "id":
            if value:
                return self.update(actor, one, str(value), sent, is_csv=is_csv)
            return self.create(actor, one, sent, is_csv=is_csv)
        key = stored(by, value, is_csv=is_csv)
        if key is None:
            raise RefusedError("MISSING_ARGUMENT", f"{by.name} not specified", ())
        found = self.rows.matching(one, by, key)
        if len(found) > 1:
            raise SeveralError([row.id for row in found])
        if found:
            return self.update(actor, one, found[0].id, sent, is_csv=is_csv)
        if update_only:
            raise RefusedError("NOT_FOUND", "The requested resource does not exist")
        return self.create(actor, one, {**sent, by.name: value}, is_csv=is_csv)

    def delete(self, actor: Actor, one: SObject, record_id: str) -> None:
        """Put a record into the recycle bin."""
        row = self.found(one, record_id)
        self._demand(actor, one, "deletable", row)
        self.rules.check_locks(one, row.id, row.values)
        for child, by in self.children(row.id):
            if self.schema[child.object].fields[by.lower()].facts["restrictedDelete"]:
                sentence = f"Your attempt to delete could not be completed because of the following: {child.id}"
                raise RefusedError("DELETE_FAILED", sentence)
        with self.rows.all_or_none():
            self.bury(actor, one, row, kind="delete")

    def bury(self, actor: Actor, one: SObject, row: Row, *, kind: str, **changes: str) -> None:
        """Mark a record as deleted, with further changes such as the record it was merged into."""
        values = {**row.values, "SystemModstamp": self.rows.stamp(), **changes}
        released = []
        for child, by in self.children(row.id):
            kind_of_child = self.schema[child.object]
            if kind_of_child.fields[by.lower()].facts["cascadeDelete"]:
                self.bury(actor, kind_of_child, child, kind=kind)
                continue
            # a lookup to a deleted record is emptied, without a new stamp
            self.rows.put(kind_of_child, Row(object=child.object, values={**child.values, by: None}))
            released.append((child.id, by))
        gone = Row(object=one.name, values=values, deleted_at=self.rows.now(), released=tuple(released))
        self.rows.put(one, gone)
        self.rows.note(kind, one, gone, actor, **changes)

    def undelete(self, actor: Actor, one: SObject, record_id: str) -> None:
        """Bring a record back out of the recycle bin, under its old id."""
        row = self.rows.of(one).get(record_id)
        if row is None or not row.is_deleted:
            raise RefusedError("UNDELETE_FAILED", "Entity is not in the recycle bin")
        self.check_unique(one, row.id, row.values)
        values = {**row.values, "SystemModstamp": self.rows.stamp()}
        back = Row(object=one.name, values=values)
        self.rows.put(one, back)
        for child_id, by in row.released:
            child = self.rows.get(child_id)
            if child and not child.is_deleted and child.values[by] is None:
                self.rows.put(
                    self.schema[child.object], Row(object=child.object, values={**child.values, by: row.id})
                )
        self.rows.note("undelete", one, back, actor)

    def found(self, one: SObject, record_id: str) -> Row:
        """Return a record that is there; raises RefusedError for one that is deleted, unknown or of another kind."""
        full = normal_id(record_id)
        if full is None:
            raise RefusedError("MALFORMED_ID", f"malformed id {record_id}", ("Id",))
        row = self.rows.of(one).get(full)
        if row is None:
            raise RefusedError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if row.is_deleted:
            raise RefusedError("ENTITY_IS_DELETED", DELETED)
        return row

    def children(self, record_id: str) -> list[tuple[Row, str]]:
        """Return the records not deleted that refer to this one, each with the field it does so by."""
        kind = self.schema.by_prefix(record_id)
        found = []
        for one in self.schema.objects.values() if kind else ():
            for by in one.fields.values():
                if kind and kind.name in by.refers_to and by.facts["createable"]:
                    rows = self.rows.of(one).values()
                    found += [(row, by.name) for row in rows if row.values.get(by.name) == record_id]
        return [(row, by) for row, by in found if not row.is_deleted]

    def check_unique(self, one: SObject, record_id: str | None, values: Mapping[str, Any]) -> None:
        """Refuse a value that must be unique and is another record's."""
        for by in one.fields.values():
            if not by.facts["unique"] or (value := values.get(by.name)) is None:
                continue
            for other in self.rows.matching(one, by, value):
                if other.id != record_id:
                    sentence = f"duplicate value found: {by.name} duplicates value on record with id: {other.id[:15]}"
                    raise RefusedError("DUPLICATE_VALUE", sentence)

    def _demand(self, actor: Actor, one: SObject, right: str, row: Row | None = None) -> None:
        if not one.facts[right]:
            raise RefusedError(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type {one.name} does not support this"
            )
        if not actor.user.may_write_object(one, right):
            sentence = "insufficient access rights on object id" if right != "createable" else ""
            sentence = sentence or f"You don't have permission to create records of {one.facts['label']}."
            raise RefusedError("INSUFFICIENT_ACCESS_OR_READONLY", sentence)
        if row is not None and row.id in actor.user.unshared:
            # what is not shared looks like what is not there
            raise RefusedError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")

    def _finish(self, actor: Actor, one: SObject, record_id: str | None, values: dict[str, Any], stamp: str) -> None:
        """Derive and check what the record would be."""
        values |= {"LastModifiedDate": stamp, "LastModifiedById": actor.user.id, "SystemModstamp": stamp}
        derive(one, self.rows, values)
        self.check_unique(one, record_id, values)
        self.rules.check(one, self.rows, record_id, values, actor)


def _known(one: SObject, values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the object has no field for."""
    return {name: value for name, value in values.items() if name.lower() in one.fields}


def _move_event(values: dict[str, Any], given: Mapping[str, Any]) -> None:
    """A new start keeps the length, a new end changes it."""
    if "ActivityDateTime" in given and "StartDateTime" not in given:
        values["StartDateTime"] = given["ActivityDateTime"]
    if "EndDateTime" in given and "DurationInMinutes" not in given:
        values["DurationInMinutes"] = None
