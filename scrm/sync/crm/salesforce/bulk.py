"""Bulk API 2.0, writing: a job that inserts new records from one CSV, whatever order their rows are done in.

An insert changes nothing where the key is taken, so a job does no harm that is carried out after all when nobody
counts on it any more. Facts: Bulk API 2.0 guide, read 2026-11-24.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from scrm.errors import CrmError
from scrm.models import RecordKind
from scrm.sync.crm.base import BulkRow, EntryWrite, Outcome, Result
from scrm.sync.crm.salesforce.faults import SalesforceRefusedError, row_error
from scrm.sync.crm.salesforce.held import KEY, VERSION
from scrm.sync.crm.salesforce.mapping import OBJECT_OF
from scrm.sync.crm.salesforce.org import Org
from scrm.sync.crm.salesforce.records import Records

WRITE_FROM = 2_000  # new records from which on a job is cheaper: ten calls of 200 each
MOST_BYTES = 90_000_000  # of 100 MB that an upload may have
JOBS = "jobs/ingest"
DONE, BROKEN, NOT_YET = "JobComplete", frozenset({"Failed", "Aborted"}), "Open"
HAD_ALREADY = "INVALIDJOBSTATE"


class BulkJobs:
    """Bulk jobs of one org."""

    def __init__(self, org: Org, user_id: str, records_of: Callable[[RecordKind], Records]) -> None:
        self._org, self._user_id, self._records_of = org, user_id, records_of

    def open(self, kind: RecordKind) -> str:
        """A job for new records; one that we left open before we noted its id is found again."""
        name = OBJECT_OF[kind]
        for job in self._all():
            is_ours = (job["object"], job["operation"], job["createdById"]) == (name, "insert", self._user_id)
            if is_ours and job["state"] == NOT_YET:
                return str(job["id"])
        body = {"object": name, "operation": "insert", "contentType": "CSV", "lineEnding": "LF"}
        return str(self._org.call("POST", JOBS, json=body)["id"])

    def upload(self, job_id: str, batch: Sequence[EntryWrite]) -> None:
        """Give it its rows, if it has none; rows that Salesforce would refuse are not among them."""
        if batch:
            rows = self._records_of(batch[0].kind).new(batch)
            self._unless_done(lambda: self._put(job_id, rows))

    def close(self, job_id: str) -> None:
        self._unless_done(lambda: self._org.call("PATCH", f"{JOBS}/{job_id}", json={"state": "UploadComplete"}))

    def ended(self, job_id: str) -> bool:
        """Raises CrmError when Salesforce gave the job up; what it did of it stays."""
        state = str(self._org.call("GET", f"{JOBS}/{job_id}")["state"])
        if state in BROKEN | {NOT_YET}:
            raise CrmError(f"Salesforce did not carry out a bulk job ({state})")
        return state == DONE

    def results(self, job_id: str) -> list[BulkRow]:
        done = [
            BulkRow(
                version=_version(row),
                outcome=Outcome(external_key=row[KEY], result=Result.CREATED, record_id=row["sf__Id"]),
            )
            for row in self._rows(job_id, "successfulResults")
        ]
        return done + [one for row in self._rows(job_id, "failedResults") if (one := _failed(row)) is not None]

    def forget(self, job_id: str) -> None:
        """Its rows would lie there for a week."""
        try:
            self._org.call("DELETE", f"{JOBS}/{job_id}")
        except SalesforceRefusedError as why:
            if why.status != 404:
                raise

    def _all(self) -> Iterator[Mapping[str, Any]]:
        page = self._org.call("GET", JOBS, params={"jobType": "V2Ingest"})
        yield from page["records"]

    def _put(self, job_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self._org.raw("PUT", f"{JOBS}/{job_id}/batches", data=as_csv(rows), content_type="text/csv; charset=UTF-8")

    def _unless_done(self, do: Callable[[], object]) -> None:
        """Do what may have been done already by a process that ended before it could say so."""
        try:
            do()
        except SalesforceRefusedError as why:
            if why.code != HAD_ALREADY:
                raise

    def _rows(self, job_id: str, which: str) -> Iterator[dict[str, str]]:
        text = self._org.raw("GET", f"{JOBS}/{job_id}/{which}").content.decode("utf-8-sig")
        return csv.DictReader(io.StringIO(text, newline=""))


def as_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """UTF-8, lines ended by LF, nothing quoted but what has to be; rows that no longer fit are left out."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    parts = [out.getvalue().encode()]
    size = len(parts[0])
    for row in rows:
        out.seek(0)
        out.truncate()
        writer.writerow({name: "" if value is None else value for name, value in row.items()})
        line = out.getvalue().encode("utf-8", "replace")
        if size + len(line) > MOST_BYTES:
            break
        parts.append(line)
        size += len(line)
    return b"".join(parts)


def _failed(row: Mapping[str, str]) -> BulkRow | None:
    """What the error of a row means; None when its key is taken, which the careful way looks into."""
    error = bulk_error(row["sf__Error"])
    if error["statusCode"] == "DUPLICATE_VALUE":
        return None
    result, fault, words = row_error([error])
    outcome = Outcome(external_key=row[KEY], result=result, error=words, fault=fault)
    return BulkRow(version=_version(row), outcome=outcome)


def bulk_error(text: str) -> dict[str, Any]:
    """`CODE:words:fields --` as the collections tell an error."""
    code, _colon, rest = text.partition(":")
    message, _colon, fields = rest.rpartition(":")
    names = [name for name in fields.removesuffix("--").strip().split(",") if name]
    return {"statusCode": code, "message": message, "fields": names}


def _version(row: Mapping[str, str]) -> int:
    return int(float(row[VERSION]))
