"""The first reading of a large object: a Bulk API 2.0 query, its results handed on in portions, resumed by locator.

A job costs a handful of calls where paging costs one for every 2,000 rows, and its results keep for seven days
(Bulk API 2.0 guide, read 2026-11-24). The place inside an answer is in the cursor; the answer itself is kept in
memory only, so a process that takes over asks for it once more.
"""

import csv
import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scrm.errors import CrmRetryLaterError
from scrm.sync.crm.salesforce.cursor import Job, in_ms
from scrm.sync.crm.salesforce.faults import SalesforceRefusedError
from scrm.sync.crm.salesforce.org import Org
from scrm.sync.crm.salesforce.people import when

BULK_FROM = 10_000  # rows of an object from which on a bulk query is the cheaper way
CHUNK = 10_000  # rows of one answer
WAIT_SECONDS = 4.0
POLL_SECONDS = 0.5
DONE = "JobComplete"
BROKEN = frozenset({"Failed", "Aborted"})


class JobLostError(CrmRetryLaterError):
    """The job broke or its results are gone: the object is read page by page instead."""


@dataclass(frozen=True, kw_only=True)
class Portion:
    """Rows of a job and where it stands after them; `job` None: all were read."""

    rows: Sequence[Mapping[str, Any]]
    job: Job | None


class Backfill:
    """Reads bulk queries; keeps the answer it is in the middle of."""

    def __init__(self, org: Org, *, chunk: int = CHUNK) -> None:
        self._org = org
        self._chunk = chunk
        self._held: tuple[str, str, str, list[Mapping[str, Any]]] | None = None  # job, locator, next locator, rows

    def start(self, soql: str, total: int) -> Job:
        """Order the query; nothing is read yet."""
        made = self._org.call("POST", "jobs/query", json={"operation": "query", "query": soql})
        return Job(id=str(made["id"]), total=total, since=in_ms(when(made["createdDate"])))

    def read(self, job: Job, most: int) -> Portion:
        """The next rows; none while Salesforce is still at it. Raises JobLostError."""
        try:
            if not (self._held and self._held[0] == job.id) and not self._is_done(job):
                return Portion(rows=(), job=job)
            following, rows = self._answer(job)
        except SalesforceRefusedError as why:
            if why.status == 404:
                raise JobLostError("Salesforce no longer knows the job of the first reading") from None
            raise
        part = rows[job.skip : job.skip + most]
        read = replace(job, skip=job.skip + len(part), read=job.read + len(part))
        if read.skip >= len(rows):
            is_last = following in {"", "null"}
            return Portion(rows=part, job=None if is_last else replace(read, locator=following, skip=0))
        return Portion(rows=part, job=read)

    def _is_done(self, job: Job) -> bool:
        ends = time.monotonic() + WAIT_SECONDS
        while True:
            state = self._org.call("GET", f"jobs/query/{job.id}")["state"]
            if state in BROKEN:
                raise JobLostError(f"Salesforce could not carry out the first reading ({state})")
            if state == DONE or time.monotonic() > ends:
                return bool(state == DONE)
            time.sleep(POLL_SECONDS)

    def _answer(self, job: Job) -> tuple[str, list[Mapping[str, Any]]]:
        if self._held is None or self._held[:2] != (job.id, job.locator):
            params = {"maxRecords": self._chunk} | ({"locator": job.locator} if job.locator else {})
            response = self._org.raw("GET", f"jobs/query/{job.id}/results", params=params)
            text = response.content.decode("utf-8-sig")
            rows: list[Mapping[str, Any]] = list(csv.DictReader(io.StringIO(text, newline="")))
            self._held = (job.id, job.locator, response.headers.get("Sforce-Locator", ""), rows)
        return self._held[2], self._held[3]
