"""Queries over REST: pages, cursors, and deleted records for who asks for them.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm, read 2026-11-24; page
sizes and the life of a cursor from memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from scrm.sandbox.salesforce.calls import Answer, Call, Route, Table
from scrm.sandbox.salesforce.refusals import RefusedError
from scrm.sandbox.salesforce.soql import parse
from scrm.sandbox.salesforce.soql_parts import Path, Select
from scrm.sandbox.salesforce.soql_run import Reader

if TYPE_CHECKING:
    from scrm.sandbox.salesforce.ids import Ids
    from scrm.sandbox.salesforce.rows import Row, Rows
    from scrm.sandbox.salesforce.schema import Schema, SObject

PAGE = 2000
SMALLEST_PAGE = 200
CURSOR_LIFE = timedelta(days=2)


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """A query whose records wait to be fetched, as they were when it was asked."""

    records: list[dict[str, Any]]
    expires_at: datetime
    size: int


class Queries:
    """The resources `query`, `queryAll` and the pages that follow; `page` is how many records one holds at most."""

    def __init__(self, schema: Schema, rows: Rows, ids: Ids) -> None:
        self.page = PAGE
        self._schema = schema
        self._rows = rows
        self._ids = ids
        self._cursors: dict[str, Cursor] = {}

    def add_to(self, table: Table) -> None:
        for name in ("query", "queryAll"):
            table.add(
                Route(method="GET", path=name, handler=self.ask, query=("q",)),
                Route(method="GET", path=f"{name}/{{cursor}}", handler=self.more),
            )

    def ask(self, call: Call) -> Answer:
        if "q" not in call.query:
            raise RefusedError("MALFORMED_QUERY", "A query string has to be specified")
        with_deleted = call.path.strip("/").lower().startswith("queryall")
        total, records = self.run(call, call.query["q"], with_deleted=with_deleted)
        return Answer(body=self._page(call, total, records))

    def run(self, call: Call, text: str, *, with_deleted: bool) -> tuple[int, list[dict[str, Any]]]:
        """Return how many records a query names, and them."""
        select = parse(text)
        reader = Reader(schema=self._schema, rows=self._rows, user=call.actor.user, base=call.base)
        one = reader.source(select)
        for item in select.fields:
            if isinstance(item, Path):
                reader.reach(select, one, item)
        rows = reader.found(select, one, with_deleted=with_deleted)
        if not select.fields:
            return len(rows), []
        if any(isinstance(item, Path) and item.aggregate for item in select.fields):
            return 1, [self._aggregate(reader, select, one, rows)]
        return len(rows), [reader.shown(select, one, row) for row in rows]

    def _aggregate(self, reader: Reader, select: Select, one: SObject, rows: list[Row]) -> dict[str, Any]:
        answer: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
        for number, item in enumerate(select.fields):
            if not isinstance(item, Path) or not item.aggregate:
                sentence = "Field must be grouped or aggregated: " + select.text
                raise RefusedError("MALFORMED_QUERY", sentence)
            reached = reader.reach(select, one, item)
            values = [value for row in rows if (value := reached.value(row, self._rows)) is not None]
            chosen = {"count": len(values), "min": min(values, default=None), "max": max(values, default=None)}
            answer[f"expr{number}"] = chosen[item.aggregate]
        return answer

    def more(self, call: Call, cursor: str) -> Answer:
        key, _, start = cursor.partition("-")
        known = self._cursors.get(key)
        if known is None or not start.isdigit() or known.expires_at <= self._rows.now():
            raise RefusedError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return Answer(body=self._part(call, key, known, int(start)))

    def _page(self, call: Call, total: int, records: list[dict[str, Any]]) -> dict[str, Any]:
        size = self._size(call)
        if len(records) <= size:
            return {"totalSize": total, "done": True, "records": records}
        key = self._ids.new("01g")
        expires = self._rows.now() + CURSOR_LIFE
        known = self._cursors[key] = Cursor(records=records, expires_at=expires, size=size)
        return self._part(call, key, known, 0)

    @staticmethod
    def _part(call: Call, key: str, known: Cursor, start: int) -> dict[str, Any]:
        end = start + known.size
        body: dict[str, Any] = {"totalSize": len(known.records), "done": end >= len(known.records)}
        if not body["done"]:
            body["nextRecordsUrl"] = f"{call.base}/query/{key}-{end}"
        return {**body, "records": known.records[start:end]}

    def _size(self, call: Call) -> int:
        """The size asked for by Sforce-Query-Options counts between 200 and 2000."""
        options = call.headers.get("sforce-query-options", "")
        _, _, wanted = options.partition("batchSize=")
        asked = int(wanted) if wanted.isdigit() else PAGE
        return min(self.page, max(SMALLEST_PAGE, min(PAGE, asked)))
