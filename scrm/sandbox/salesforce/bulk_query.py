"""Bulk API 2.0, reading: a query as a job, its records as CSV in parts, each naming the next.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm, read 2026-11-24; that times
end in Z there is from memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from scrm.sandbox.salesforce.bulk_csv import DELIMITERS, LINE_ENDINGS, write_rows
from scrm.sandbox.salesforce.calls import NO_RESOURCE, Answer, Call, Route, Table
from scrm.sandbox.salesforce.refusals import RefusedError
from scrm.sandbox.salesforce.soql import parse
from scrm.sandbox.salesforce.soql_parts import Path
from scrm.sandbox.salesforce.values import stamp_text

if TYPE_CHECKING:
    from scrm.sandbox.salesforce.ids import Ids
    from scrm.sandbox.salesforce.queries import Queries
    from scrm.sandbox.salesforce.rows import Rows

KEPT = timedelta(days=7)
MOST = 250_000
STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000)\+0000")
SETTINGS = frozenset({"operation", "query", "contentType", "lineEnding", "columnDelimiter"})


@dataclass(kw_only=True)
class QueryJob:
    """One query; `polls_left` is how many more askings find it unfinished."""

    id: str
    operation: str
    object: str
    settings: dict[str, str]
    created_at: datetime
    created_by: str
    columns: list[str]
    rows: list[dict[str, Any]]
    polls_left: int
    state: str = "UploadComplete"


@dataclass(kw_only=True)
class BulkQuery:
    """The resources under `jobs/query`; `polls` is how often a job is found unfinished."""

    queries: Queries
    rows: Rows
    ids: Ids
    polls: int = 2
    jobs: dict[str, QueryJob] = field(default_factory=dict)

    def add_to(self, table: Table) -> None:
        one = "jobs/query/{job_id}"
        table.add(
            Route(method="POST", path="jobs/query", handler=self.create),
            Route(method="GET", path=one, handler=self.info),
            Route(method="PATCH", path=one, handler=self.abort),
            Route(method="DELETE", path=one, handler=self.delete),
            Route(method="GET", path=f"{one}/results", handler=self.results, query=("locator", "maxRecords")),
        )

    def create(self, call: Call) -> Answer:
        body = call.json()
        if unknown := set(body) - SETTINGS:
            raise RefusedError("JSON_PARSER_ERROR", f'Unrecognized field "{min(unknown)}"')
        operation, text = body.get("operation"), str(body.get("query", ""))
        if operation not in {"query", "queryAll"}:
            raise RefusedError("API_ERROR", "operation must be query or queryAll")
        select = parse(text)
        if not all(isinstance(item, Path) and not item.aggregate for item in select.fields) or not select.fields:
            raise RefusedError("API_ERROR", "Aggregate relationships and functions are not supported in Bulk Query")
        if select.offset:
            raise RefusedError("API_ERROR", "OFFSET is not supported in Bulk Query")
        _, records = self.queries.run(call, text, with_deleted=operation == "queryAll")
        columns = [".".join(item.names) for item in select.fields if isinstance(item, Path)]
        settings = {
            name: body.get(name, usual)
            for name, usual in (("lineEnding", "LF"), ("columnDelimiter", "COMMA"), ("contentType", "CSV"))
        }
        if settings["lineEnding"] not in LINE_ENDINGS or settings["columnDelimiter"] not in DELIMITERS:
            raise RefusedError("API_ERROR", "lineEnding or columnDelimiter is not known")
        job = QueryJob(
            id=self.ids.new("750"),
            operation=operation,
            object=select.source,
            settings=settings,
            created_at=self.rows.now(),
            created_by=call.actor.user.id,
            columns=columns,
            rows=[{column: _cell(record, column) for column in columns} for record in records],
            polls_left=self.polls,
        )
        self.jobs[job.id] = job
        return Answer(body=self._body(job, call))

    def info(self, call: Call, job_id: str) -> Answer:
        job = self._job(job_id)
        if job.state in {"UploadComplete", "InProgress"}:
            job.polls_left -= 1
            job.state = "JobComplete" if job.polls_left < 0 else "InProgress"
        return Answer(body=self._body(job, call))

    def abort(self, call: Call, job_id: str) -> Answer:
        job = self._job(job_id)
        if call.json().get("state") != "Aborted" or job.state == "JobComplete":
            raise RefusedError("INVALIDJOBSTATE", "Only an unfinished job can be aborted")
        job.state = "Aborted"
        return Answer(body=self._body(job, call))

    def delete(self, call: Call, job_id: str) -> Answer:
        del call
        self._job(job_id)
        del self.jobs[job_id]
        return Answer(status=204)

    def results(self, call: Call, job_id: str) -> Answer:
        job = self._job(job_id)
        if job.state != "JobComplete":
            raise RefusedError("INVALIDJOBSTATE", f"The results of a job in state {job.state} are not available")
        asked, start = call.query.get("maxRecords", str(MOST)), call.query.get("locator", "0")
        if not asked.isdigit() or not start.isdigit() or not int(asked):
            raise RefusedError("INVALID_LOCATOR", "maxRecords and locator must be numbers")
        end = int(start) + min(int(asked), MOST)
        part = job.rows[int(start) : end]
        headers = {
            "Sforce-NumberOfRecords": str(len(part)),
            "Sforce-Locator": str(end) if end < len(job.rows) else "null",
        }
        return Answer(body=write_rows(part, job.columns, job.settings), headers=headers)

    def _job(self, job_id: str) -> QueryJob:
        job = self.jobs.get(job_id)
        if job is None or job.created_at + KEPT <= self.rows.now():
            raise RefusedError("NOT_FOUND", NO_RESOURCE)
        return job

    @staticmethod
    def _body(job: QueryJob, call: Call) -> dict[str, Any]:
        body: dict[str, Any] = {
            "id": job.id,
            "operation": job.operation,
            "object": job.object,
            "createdById": job.created_by,
            "createdDate": stamp_text(job.created_at),
            "systemModstamp": stamp_text(job.created_at),
            "state": job.state,
            "concurrencyMode": "Parallel",
            "apiVersion": float(call.base.rsplit("/v", 1)[1]),
            **job.settings,
        }
        if job.state == "JobComplete":
            body |= {"jobType": "V2Query", "numberRecordsProcessed": len(job.rows), "retries": 0}
        return body


def _cell(record: dict[str, Any], column: str) -> object:
    value: Any = record
    for name in column.split("."):
        # capitals of a query need not be those of the field
        known = {key.lower(): inner for key, inner in value.items()} if isinstance(value, dict) else {}
        value = known.get(name.lower())
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and (match := STAMP.fullmatch(value)):
        return f"{match[1]}Z"
    return value
