"""Bulk API 2.0, writing: a job takes one CSV, does its rows in any order, and keeps the results for seven days.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/, read 2026-11-24; the words of faults
and of `sf__Error`, and that a row with the same key twice fails with its twin, are from memory.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from scrm.sandbox.salesforce.bulk_csv import DELIMITERS, LINE_ENDINGS, CsvError, read_rows, write_rows
from scrm.sandbox.salesforce.calls import NO_RESOURCE, Answer, Call, Route, Table
from scrm.sandbox.salesforce.refusals import RefusedError
from scrm.sandbox.salesforce.saving import SeveralError
from scrm.sandbox.salesforce.values import stamp_text

if TYPE_CHECKING:
    from scrm.sandbox.salesforce.saving import Saved, Saving
    from scrm.sandbox.salesforce.schema import SObject
    from scrm.sandbox.salesforce.sobjects import SObjects
    from scrm.sandbox.salesforce.users import Actor

OPERATIONS = frozenset({"insert", "update", "upsert", "delete"})
SETTINGS = frozenset(
    {"object", "operation", "externalIdFieldName", "contentType", "lineEnding", "columnDelimiter", "assignmentRuleId"}
)
ENDED = frozenset({"JobComplete", "Failed", "Aborted"})
# rows that one transaction takes
CHUNK = 200
KEPT = timedelta(days=7)


@dataclass(kw_only=True)
class Job:
    """One job; `polls_left` is how many more askings find it unfinished."""

    id: str
    object: str
    operation: str
    by: str | None
    settings: dict[str, str]
    created_at: datetime
    created_by: str
    api_version: float
    state: str = "Open"
    reported: str = "Open"
    polls_left: int = 0
    data: str | None = None
    columns: list[str] = field(default_factory=list)
    done: list[dict[str, str]] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    unprocessed: list[dict[str, str]] = field(default_factory=list)
    message: str = ""


@dataclass(kw_only=True)
class Bulk:
    """The resources under `jobs/ingest`.

    `polls` is how often a closed job is found unfinished; `break_after` lets the next job fail after so many rows.
    """

    saving: Saving
    sobjects: SObjects
    polls: int = 2
    break_after: int | None = None
    jobs: dict[str, Job] = field(default_factory=dict)

    def add_to(self, table: Table) -> None:
        path = "jobs/ingest"
        one = f"{path}/{{job_id}}"
        table.add(
            Route(method="POST", path=path, handler=self.create),
            Route(
                method="GET", path=path, handler=self.all, query=("jobType", "queryLocator", "isPkChunkingEnabled")
            ),
            Route(method="GET", path=one, handler=self.info),
            Route(method="PATCH", path=one, handler=self.change),
            Route(method="DELETE", path=one, handler=self.delete),
            Route(method="PUT", path=f"{one}/batches", handler=self.upload),
            Route(method="GET", path=f"{one}/successfulResults", handler=self.successful),
            Route(method="GET", path=f"{one}/failedResults", handler=self.failures),
            Route(method="GET", path=f"{one}/unprocessedrecords", handler=self.left_over),
        )

    def create(self, call: Call) -> Answer:
        body = call.json()
        if unknown := set(body) - SETTINGS:
            raise RefusedError("JSON_PARSER_ERROR", f'Unrecognized field "{min(unknown)}"')
        one = self.saving.schema.find(str(body.get("object")))
        if one is None or not call.actor.user.may_read_object(one):
            raise RefusedError("INVALIDENTITY", f"Object {body.get('object')} is unsupported")
        operation = body.get("operation")
        if operation not in OPERATIONS:
            raise RefusedError("INVALIDJOB", f"Operation {operation} is not supported or not allowed")
        by = body.get("externalIdFieldName")
        if operation == "upsert":
            self.sobjects.matched_by(call, one, str(by))
        elif by:
            raise RefusedError("INVALIDJOB", "externalIdFieldName is only for upsert")
        settings = {
            "contentType": body.get("contentType", "CSV"),
            "lineEnding": body.get("lineEnding", "LF"),
            "columnDelimiter": body.get("columnDelimiter", "COMMA"),
        }
        if settings["lineEnding"] not in LINE_ENDINGS or settings["columnDelimiter"] not in DELIMITERS:
            raise RefusedError("INVALIDJOB", "lineEnding or columnDelimiter is not known")
        job = Job(
            id=self.saving.ids.new("750"),
            object=one.name,
            operation=operation,
            by=by,
            settings=settings,
            created_at=self.saving.rows.now(),
            created_by=call.actor.user.id,
            api_version=float(call.base.rsplit("/v", 1)[1]),
        )
        self.jobs[job.id] = job
        content = f"{call.base.lstrip('/')}/jobs/ingest/{job.id}/batches"
        return Answer(body={**self._brief(job), "contentUrl": content})

    def all(self, _call: Call) -> Answer:
        return Answer(
            body={"done": True, "nextRecordsUrl": None, "records": [self._brief(j) for j in self.jobs.values()]}
        )

    def info(self, call: Call, job_id: str) -> Answer:
        del call
        job = self._job(job_id)
        if job.reported not in ENDED and job.state in ENDED:
            job.polls_left -= 1
            job.reported = job.state if job.polls_left < 0 else ("UploadComplete", "InProgress")[job.polls_left == 0]
        return Answer(body=self._info(job))

    def change(self, call: Call, job_id: str) -> Answer:
        job = self._job(job_id)
        wanted = call.json().get("state")
        if wanted == "UploadComplete" and job.state == "Open":
            if job.data is None:
                raise RefusedError("INVALIDJOBSTATE", "No content was uploaded for this job")
            self._run(job, call.actor)
            job.reported, job.polls_left = "UploadComplete", self.polls
        elif wanted == "Aborted" and job.reported not in ENDED:
            job.state = job.reported = "Aborted"
        else:
            raise RefusedError("INVALIDJOBSTATE", f"A job in state {job.reported} cannot become {wanted}")
        return Answer(body=self._brief(job))

    def delete(self, call: Call, job_id: str) -> Answer:
        del call
        if self._job(job_id).reported in {"Open", "InProgress"}:
            raise RefusedError("INVALIDJOBSTATE", "Only a closed, ended or aborted job can be deleted")
        del self.jobs[job_id]
        return Answer(status=204)

    def upload(self, call: Call, job_id: str) -> Answer:
        job = self._job(job_id)
        if job.state != "Open" or job.data is not None:
            sentence = (
                f"Found multiple contents for job: <{job.id}>, please 'Close' / 'Abort' / 'Delete' the current Job"
            )
            raise RefusedError("INVALIDJOBSTATE", sentence)
        if not call.headers.get("content-type", "").startswith("text/csv"):
            raise RefusedError("UNSUPPORTED_MEDIA_TYPE", "Content-Type must be text/csv")
        job.data = str(call.body or "")
        return Answer(status=201)

    def successful(self, call: Call, job_id: str) -> Answer:
        del call
        job = self._ended(job_id)
        return Answer(body=write_rows(job.done, ["sf__Id", "sf__Created", *job.columns], job.settings))

    def failures(self, call: Call, job_id: str) -> Answer:
        del call
        job = self._ended(job_id)
        return Answer(body=write_rows(job.failed, ["sf__Id", "sf__Error", *job.columns], job.settings))

    def left_over(self, call: Call, job_id: str) -> Answer:
        del call
        job = self._ended(job_id)
        return Answer(body=write_rows(job.unprocessed, job.columns, job.settings))

    def _job(self, job_id: str) -> Job:
        job = self.jobs.get(job_id)
        if job is None or job.created_at + KEPT <= self.saving.rows.now():
            raise RefusedError("NOT_FOUND", NO_RESOURCE)
        return job

    def _ended(self, job_id: str) -> Job:
        job = self._job(job_id)
        if job.reported not in ENDED:
            raise RefusedError("INVALIDJOBSTATE", f"The results of a job in state {job.reported} are not available")
        return job

    def _run(self, job: Job, actor: Actor) -> None:
        """Do all rows; what the client is told of it comes later."""
        one = self.saving.schema[job.object]
        try:
            job.columns, rows = read_rows(job.data or "", job.settings)
            self._check_columns(one, job, actor)
        except CsvError as exc:
            job.state, job.message = "Failed", str(exc)
            return
        limit, self.break_after = self.break_after, None
        doing = rows if limit is None else rows[:limit]
        job.unprocessed = [] if limit is None else rows[limit:]
        for start in range(0, len(doing), CHUNK):
            chunk = doing[start : start + CHUNK]
            keys = Counter(row.get(job.by) for row in chunk) if job.by else Counter()
            for row in chunk:
                self._do(one, job, actor, row, is_twice=bool(job.by) and keys[row.get(str(job.by))] > 1)
        dice = random.Random(job.id)
        dice.shuffle(job.done)
        dice.shuffle(job.failed)
        job.state = "JobComplete"
        if job.unprocessed:
            job.state, job.message = "Failed", "InternalServerError : The job was stopped by the server"

    def _check_columns(self, one: SObject, job: Job, actor: Actor) -> None:
        for column in job.columns:
            name, _, parent = column.partition(".")
            known = one.by_relationship(name) if parent else one.find(name)
            if known is None or not actor.user.may_read(one, known):
                raise CsvError(f"InvalidBatch : Field name not found : {column}")
        needed = job.by or ("Id" if job.operation in {"update", "delete"} else None)
        if needed and needed.lower() not in {column.lower() for column in job.columns}:
            raise CsvError(f"InvalidBatch : Field name not found : {needed}")

    def _do(self, one: SObject, job: Job, actor: Actor, row: dict[str, str], *, is_twice: bool) -> None:
        try:
            saved = self._save(one, job, actor, row, is_twice=is_twice)
        except RefusedError as exc:
            job.failed.append({"sf__Id": row.get("Id", ""), "sf__Error": exc.csv(), **row})
        except SeveralError as exc:
            error = RefusedError("DUPLICATE_EXTERNAL_ID", f"{len(exc.found)} records have this external id").csv()
            job.failed.append({"sf__Id": "", "sf__Error": error, **row})
        else:
            is_new = "true" if saved and saved.is_new else "false"
            job.done.append({"sf__Id": saved.id if saved else row["Id"], "sf__Created": is_new, **row})

    def _save(self, one: SObject, job: Job, actor: Actor, row: dict[str, str], *, is_twice: bool) -> Saved | None:
        if is_twice:
            raise RefusedError("DUPLICATE_VALUE", f"Duplicate external id specified: {row[str(job.by)]}")
        # an empty cell leaves the field as it is
        sent: dict[str, Any] = {name: value for name, value in row.items() if value != ""}
        if job.operation == "insert":
            return self.saving.create(actor, one, sent, is_csv=True)
        if job.operation == "upsert":
            by = one.fields[str(job.by).lower()]
            key = next((sent.pop(name) for name in list(sent) if name.lower() == by.name.lower()), None)
            return self.saving.upsert(actor, one, by, key, sent, is_csv=True)
        record_id = next((value for name, value in sent.items() if name.lower() == "id"), "")
        if job.operation == "update":
            return self.saving.update(actor, one, record_id, sent, is_csv=True)
        self.saving.delete(actor, one, record_id)
        return None

    @staticmethod
    def _brief(job: Job) -> dict[str, Any]:
        body = {
            "id": job.id,
            "operation": job.operation,
            "object": job.object,
            "createdById": job.created_by,
            "createdDate": stamp_text(job.created_at),
            "systemModstamp": stamp_text(job.created_at),
            "state": job.reported,
            "concurrencyMode": "Parallel",
            "apiVersion": job.api_version,
            **job.settings,
        }
        return {**body, "externalIdFieldName": job.by} if job.by else body

    def _info(self, job: Job) -> dict[str, Any]:
        body = {**self._brief(job), "jobType": "V2Ingest", "retries": 0, "totalProcessingTime": 0}
        if job.reported in ENDED:
            body["numberRecordsProcessed"] = len(job.done) + len(job.failed)
            body["numberRecordsFailed"] = len(job.failed)
        if job.reported == "Failed":
            body["errorMessage"] = job.message
        return body
