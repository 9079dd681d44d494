"""Single records over REST: describe, read, create, change, upsert, delete, and what changed since when.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/ (resources_sobject_upsert,
resources_getdeleted, resources_getupdated), read 2026-11-24; the span of getUpdated is from memory.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from scrm.sandbox.salesforce.calls import NO_RESOURCE, Answer, Call, Route, Table
from scrm.sandbox.salesforce.describe import brief, describe_global, describe_object
from scrm.sandbox.salesforce.ids import normal_id
from scrm.sandbox.salesforce.refusals import RefusedError
from scrm.sandbox.salesforce.saving import SeveralError
from scrm.sandbox.salesforce.soql_run import Reached
from scrm.sandbox.salesforce.values import stamp_text, stamp_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrm.sandbox.salesforce.rows import Row
    from scrm.sandbox.salesforce.saving import Saved, Saving
    from scrm.sandbox.salesforce.schema import Field, SObject

# versions from which an upsert that changed a record answers with a body
WITH_BODY = 46
KEPT = timedelta(days=15)
# a key in the path that ends like a file of the server is never found: the documentation names this one
CONFLICTING = ".inc"
MOST_IDS = 600_000
LONGEST_SPAN = timedelta(days=30)
SHORTEST_SPAN = timedelta(minutes=1)


class SObjects:
    """The resources under `sobjects/`."""

    def __init__(self, saving: Saving, site: str) -> None:
        self._saving = saving
        self._rows = saving.rows
        self._site = site
        self.most_ids = MOST_IDS

    def add_to(self, table: Table) -> None:
        table.add(
            Route(method="GET", path="sobjects", handler=self.all),
            Route(method="GET", path="sobjects/{name}", handler=self.basic),
            Route(method="GET", path="sobjects/{name}/describe", handler=self.describe),
            Route(method="GET", path="sobjects/{name}/updated", handler=self.updated, query=("start", "end")),
            Route(method="GET", path="sobjects/{name}/deleted", handler=self.deleted, query=("start", "end")),
            Route(method="POST", path="sobjects/{name}", handler=self.create),
            Route(method="POST", path="sobjects/{name}/Id", handler=self.create),
            Route(method="GET", path="sobjects/{name}/{key}", handler=self.read, query=("fields",)),
            Route(method="PATCH", path="sobjects/{name}/{key}", handler=self.update),
            Route(method="DELETE", path="sobjects/{name}/{key}", handler=self.delete),
            Route(method="GET", path="sobjects/{name}/{by}/{value}", handler=self.read_by, query=("fields",)),
            Route(method="PATCH", path="sobjects/{name}/{by}/{value}", handler=self.upsert, query=("updateOnly",)),
            Route(method="DELETE", path="sobjects/{name}/{by}/{value}", handler=self.delete_by),
        )

    def one(self, call: Call, name: str) -> SObject:
        """Return an object the user may see; raises RefusedError."""
        found = self._saving.schema.find(name)
        if found is None or not call.actor.user.may_read_object(found):
            raise RefusedError("NOT_FOUND", NO_RESOURCE)
        return found

    def matched_by(self, call: Call, one: SObject, name: str) -> Field:
        """Return a field records are found by; raises RefusedError."""
        field = one.find(name)
        if field is None or not field.is_matchable or not call.actor.user.may_read(one, field):
            sentence = f"Provided external ID field does not exist or is not accessible: {name}"
            raise RefusedError("NOT_FOUND", sentence)
        return field

    def all(self, call: Call) -> Answer:
        return Answer(body=describe_global(self._saving.schema, call.actor.user, call.base))

    def basic(self, call: Call, name: str) -> Answer:
        return Answer(body={"objectDescribe": brief(self.one(call, name), call.base), "recentItems": []})

    def describe(self, call: Call, name: str) -> Answer:
        one = self.one(call, name)
        return Answer(body=describe_object(one, self._saving.schema, call.actor.user, call.base, self._site))

    def create(self, call: Call, name: str) -> Answer:
        one = self.one(call, name)
        saved = self._saving.create(call.actor, one, call.json())
        headers = {"Location": f"{call.base}/sobjects/{one.name}/{saved.id}"}
        return Answer(status=201, body={"id": saved.id, "success": True, "errors": []}, headers=headers)

    def read(self, call: Call, name: str, key: str) -> Answer:
        one = self.one(call, name)
        return self._shown(call, one, self._found(call, one, key))

    def read_by(self, call: Call, name: str, by: str, value: str) -> Answer:
        one = self.one(call, name)
        rows = self._rows.matching(one, self.matched_by(call, one, by), value)
        if len(rows) > 1:
            return _several(call, one, [row.id for row in rows])
        if not rows:
            raise RefusedError("NOT_FOUND", NO_RESOURCE)
        return self._shown(call, one, rows[0])

    def update(self, call: Call, name: str, key: str) -> Answer:
        one = self.one(call, name)
        self._saving.update(call.actor, one, self._found(call, one, key).id, call.json())
        return Answer(status=204)

    def upsert(self, call: Call, name: str, by: str, value: str) -> Answer:
        one = self.one(call, name)
        field = self.matched_by(call, one, by)
        if value.lower().endswith(CONFLICTING):
            raise RefusedError("NOT_FOUND", NO_RESOURCE)
        body = call.json()
        if any(sent.lower() == field.name.lower() for sent in body):
            sentence = f"The {field.name} field should not be specified in the sobject data."
            raise RefusedError("INVALID_FIELD", sentence, (field.name,))
        only = call.query.get("updateOnly", "false").lower() == "true"
        try:
            saved = self._saving.upsert(call.actor, one, field, value, body, update_only=only)
        except SeveralError as exc:
            return _several(call, one, exc.found)
        return _upserted(call, saved)

    def delete(self, call: Call, name: str, key: str) -> Answer:
        one = self.one(call, name)
        self._saving.delete(call.actor, one, self._found(call, one, key).id)
        return Answer(status=204)

    def delete_by(self, call: Call, name: str, by: str, value: str) -> Answer:
        one = self.one(call, name)
        rows = self._rows.matching(one, self.matched_by(call, one, by), value)
        if len(rows) > 1:
            return _several(call, one, [row.id for row in rows])
        if not rows:
            raise RefusedError("NOT_FOUND", NO_RESOURCE)
        self._saving.delete(call.actor, one, rows[0].id)
        return Answer(status=204)

    def updated(self, call: Call, name: str) -> Answer:
        one = self.one(call, name)
        start, end = self._span(call)
        rows = [row for row in self._rows.of(one).values() if not row.is_deleted]
        ids = [row.id for row in rows if stamp_text(start) <= row.values["SystemModstamp"] < stamp_text(end)]
        self._check_number(ids)
        return Answer(body={"ids": ids, "latestDateCovered": stamp_text(min(end, self._rows.now()))})

    def deleted(self, call: Call, name: str) -> Answer:
        one = self.one(call, name)
        if not one.facts["replicateable"]:
            raise RefusedError("INVALID_TYPE", f"{one.name} is not replicable")
        start, end = self._span(call)
        if start < self._rows.now() - KEPT:
            raise RefusedError("INVALID_REPLICATION_DATE", "startDate before org replication enabled date")
        gone = [pair for pair in self._rows.deletions(one).items() if start <= pair[1] < end]
        self._check_number(gone)
        earliest = max(self._rows.now() - KEPT, self._rows.deletions_since)
        return Answer(
            body={
                "deletedRecords": [
                    {"id": record_id, "deletedDate": stamp_text(at)}
                    for record_id, at in sorted(gone, key=lambda pair: (pair[1], pair[0]))
                ],
                "earliestDateAvailable": stamp_text(earliest),
                "latestDateCovered": stamp_text(min(end, self._rows.now())),
            }
        )

    def _check_number(self, found: Sequence[object]) -> None:
        if len(found) > self.most_ids:
            raise RefusedError("EXCEEDED_ID_LIMIT", "the span holds too many records: ask for a shorter one")

    def _span(self, call: Call) -> tuple[datetime, datetime]:
        try:
            start, end = (stamp_time(call.query[name]).astimezone(UTC) for name in ("start", "end"))
        except (KeyError, ValueError):
            raise RefusedError("INVALID_REPLICATION_DATE", "start and end must be times with their offset") from None
        if end - start < SHORTEST_SPAN:
            raise RefusedError(
                "INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than startDate"
            )
        if end - start > LONGEST_SPAN:
            raise RefusedError("INVALID_REPLICATION_DATE", "startDate and endDate must be within 30 days")
        return start, end

    def _found(self, call: Call, one: SObject, key: str) -> Row:
        full = normal_id(key)
        row = self._rows.of(one).get(full) if full else None
        if row is None or row.id in call.actor.user.unshared:
            raise RefusedError("NOT_FOUND", NO_RESOURCE)
        if row.is_deleted:
            raise RefusedError("ENTITY_IS_DELETED", "entity is deleted")
        return row

    def _shown(self, call: Call, one: SObject, row: Row) -> Answer:
        user = call.actor.user
        if "fields" in call.query:
            fields = []
            for name in call.query["fields"].split(","):
                field = one.find(name.strip())
                if field is None or not user.may_read(one, field):
                    sentence = f"No such column '{name}' on sobject of type {one.name}"
                    raise RefusedError("INVALID_FIELD", sentence)
                fields.append(field)
        else:
            fields = [field for field in one.fields.values() if user.may_read(one, field)]
        attributes = {"type": one.name, "url": f"{call.base}/sobjects/{one.name}/{row.id}"}
        body: dict[str, Any] = {"attributes": attributes, "Id": row.id}
        for field in fields:
            body[field.name] = Reached(through=(), field=field).value(row, self._rows)
        return Answer(body=body)


def _several(call: Call, one: SObject, ids: list[str]) -> Answer:
    return Answer(status=300, body=[f"{call.base}/sobjects/{one.name}/{record_id}" for record_id in ids])


def _upserted(call: Call, saved: Saved) -> Answer:
    body: dict[str, Any] = {"id": saved.id, "success": True, "errors": []}
    if call.version >= WITH_BODY:
        body["created"] = saved.is_new
    elif not saved.is_new:
        return Answer(status=204)
    return Answer(status=201 if saved.is_new else 200, body=body)
