"""Up to 200 records in one call, each with its own result, in the order they were sent.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm,
read 2026-11-24; shapes as recorded.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

from scrm.sandbox.salesforce.calls import Answer, Call, Route, Table
from scrm.sandbox.salesforce.refusals import RefusedError
from scrm.sandbox.salesforce.saving import SeveralError
from scrm.sandbox.salesforce.soql_run import Reached

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scrm.sandbox.salesforce.saving import Saved, Saving
    from scrm.sandbox.salesforce.schema import SObject
    from scrm.sandbox.salesforce.sobjects import SObjects

Sent = TypeVar("Sent")
Done = TypeVar("Done")
MOST = 200
MOST_READ = 2000
ROLLED_BACK = RefusedError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


class _UndoneError(Exception):
    """Ends a block of all or none."""


class RecordLists:
    """The resources under `composite/sobjects`."""

    def __init__(self, saving: Saving, sobjects: SObjects) -> None:
        self._saving = saving
        self._sobjects = sobjects

    def add_to(self, table: Table) -> None:
        path = "composite/sobjects"
        table.add(
            Route(method="POST", path=path, handler=self.create),
            Route(method="PATCH", path=path, handler=self.update),
            Route(method="DELETE", path=path, handler=self.delete, query=("ids", "allOrNone")),
            Route(method="PATCH", path=f"{path}/{{name}}/{{by}}", handler=self.upsert),
            Route(method="GET", path=f"{path}/{{name}}", handler=self.read, query=("ids", "fields")),
            Route(method="POST", path=f"{path}/{{name}}", handler=self.read),
        )

    def create(self, call: Call) -> Answer:
        def do(record: dict[str, Any]) -> Saved:
            return self._saving.create(call.actor, self._type(call, record), record)

        return self._all(call, do)

    def update(self, call: Call) -> Answer:
        def do(record: dict[str, Any]) -> Saved:
            record_id = next((value for name, value in record.items() if name.lower() == "id"), None)
            if not record_id:
                raise RefusedError("MISSING_ARGUMENT", "Id not specified in an update call")
            return self._saving.update(call.actor, self._type(call, record), str(record_id), record)

        return self._all(call, do)

    def upsert(self, call: Call, name: str, by: str) -> Answer:
        one = self._sobjects.one(call, name)
        field = self._sobjects.matched_by(call, one, by)
        keys = Counter(str(_value(record, field.name)) for record in _records(call) if _value(record, field.name))

        def do(record: dict[str, Any]) -> Saved:
            if self._type(call, record) is not one:
                raise RefusedError("INVALID_TYPE", f"all records must be of type {one.name}")
            key = _value(record, field.name)
            if field.type != "id" and keys[str(key)] > 1:
                sentence = f"Duplicate external id specified: {key}"
                raise RefusedError("DUPLICATE_VALUE", sentence)
            sent = {given: value for given, value in record.items() if given.lower() != field.name.lower()}
            return self._saving.upsert(call.actor, one, field, key, sent)

        return self._all(call, do, with_created=True)

    def delete(self, call: Call) -> Answer:
        ids = [one for one in call.query.get("ids", "").split(",") if one]
        _check_number(ids)

        def do(record_id: str) -> str:
            one = self._saving.schema.by_prefix(record_id)
            if one is None:
                raise RefusedError("MALFORMED_ID", f"malformed id {record_id}")
            found = self._saving.found(one, record_id)
            self._saving.delete(call.actor, one, found.id)
            return found.id

        is_all = call.query.get("allOrNone", "false").lower() == "true"
        results = self._each(ids, do, all_or_none=is_all)
        return Answer(
            body=[
                {"id": one, "success": True, "errors": []} if isinstance(one, str) else _failed(one)
                for one in results
            ]
        )

    def read(self, call: Call, name: str) -> Answer:
        one = self._sobjects.one(call, name)
        if call.method == "POST":
            ids, names = call.json().get("ids", []), call.json().get("fields", [])
        else:
            ids, names = (call.query.get(key, "").split(",") for key in ("ids", "fields"))
        if len(ids) > MOST_READ:
            raise RefusedError("INVALID_BATCH_SIZE", f"at most {MOST_READ} records can be read at once")
        fields = [one.find(each) for each in names]
        if not all(field and call.actor.user.may_read(one, field) for field in fields):
            raise RefusedError("INVALID_FIELD", f"No such column on sobject of type {one.name}")
        found: list[dict[str, Any] | None] = []
        for record_id in ids:
            try:
                row = self._saving.found(one, record_id)
            except RefusedError:
                found.append(None)
                continue
            attributes = {"type": one.name, "url": f"{call.base}/sobjects/{one.name}/{row.id}"}
            values = {f.name: Reached(through=(), field=f).value(row, self._saving.rows) for f in fields if f}
            found.append({"attributes": attributes, "Id": row.id, **values})
        return Answer(body=found)

    def _type(self, call: Call, record: dict[str, Any]) -> SObject:
        attributes = record.get("attributes")
        name = attributes.get("type") if isinstance(attributes, dict) else None
        one = self._saving.schema.find(str(name)) if name else None
        if one is None or not call.actor.user.may_read_object(one):
            raise RefusedError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return one

    def _all(self, call: Call, do: Callable[[dict[str, Any]], Saved], *, with_created: bool = False) -> Answer:
        records = _records(call)
        is_all = call.json().get("allOrNone", False)
        if not isinstance(is_all, bool):
            raise RefusedError("JSON_PARSER_ERROR", "allOrNone must be a boolean")
        body = []
        for one in self._each(records, do, all_or_none=is_all):
            if isinstance(one, RefusedError):
                body.append({**_failed(one), **({"created": False} if with_created else {})})
            else:
                body.append(
                    {"id": one.id, "success": True, "errors": [], **({"created": one.is_new} if with_created else {})}
                )
        return Answer(body=body)

    def _each(
        self, items: Sequence[Sent], do: Callable[[Sent], Done], *, all_or_none: bool
    ) -> list[Done | RefusedError]:
        results: list[Done | RefusedError] = []
        with contextlib.suppress(_UndoneError), self._saving.rows.all_or_none():
            for item in items:
                try:
                    results.append(do(item))
                except RefusedError as exc:
                    results.append(exc)
                except SeveralError as exc:
                    sentence = f"{len(exc.found)} records have this external id"
                    results.append(RefusedError("DUPLICATE_EXTERNAL_ID", sentence))
            if all_or_none and any(isinstance(one, RefusedError) for one in results):
                raise _UndoneError
            return results
        return [one if isinstance(one, RefusedError) else ROLLED_BACK for one in results]


def _value(record: dict[str, Any], name: str) -> object:
    return next((value for given, value in record.items() if given.lower() == name.lower()), None)


def _records(call: Call) -> list[dict[str, Any]]:
    body = call.json()
    if unknown := set(body) - {"allOrNone", "records"}:
        raise RefusedError("JSON_PARSER_ERROR", f'Unrecognized field "{min(unknown)}"')
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise RefusedError("JSON_PARSER_ERROR", "records must be a list of objects")
    _check_number(records)
    return records


def _check_number(items: Sequence[object]) -> None:
    if not 1 <= len(items) <= MOST:
        sentence = f"The number of records must be between 1 and {MOST}, and is {len(items)}"
        raise RefusedError("INVALID_BATCH_SIZE" if items else "REQUIRED_FIELD_MISSING", sentence)


def _failed(refusal: RefusedError) -> dict[str, Any]:
    return {"success": False, "errors": [refusal.row()]}
