"""Batch compliance: a job, ids sent to its upload address, and a file that says which must be deleted.

docs.x.com, batch compliance quickstart, read 2026-11-24: one id a line up, one JSON object a line down, and only ids
with something to say. Addresses live 15 minutes and a week, one job of a type at a time (from memory, same day).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, json, request

from scrm.sandbox.x.errors import XError, problem
from scrm.sandbox.x.ids import stamp
from scrm.sandbox.x.state import Standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrm.sandbox.x.serving import Ask, Core

UPLOAD_LIFE = timedelta(minutes=15)
DOWNLOAD_LIFE = timedelta(days=7)
KINDS = frozenset({"tweets", "users"})
REASONS = {
    Standing.PROTECTED: "protected",
    Standing.SUSPENDED: "suspended",
    Standing.DEACTIVATED: "deactivated",
    Standing.DELETED: "deleted",
}
UNASKED = frozenset({"created_at", "download_url", "id", "name", "resumable", "status", "type", "upload_url"})


@dataclass(kw_only=True)
class Job:
    """One job and the ids uploaded for it."""

    id: int
    kind: str
    name: str | None
    is_resumable: bool
    created_at: datetime
    signature: str
    uploaded_at: datetime | None = None
    ids: tuple[str, ...] = ()


class Compliance:
    """The jobs of one app; each takes `delay` after its upload."""

    def __init__(self, core: Core, *, delay: timedelta) -> None:
        self._core = core
        self._delay = delay
        self._jobs: dict[int, Job] = {}

    def handlers(self) -> dict[tuple[str, str], Callable[[Ask], dict[str, Any]]]:
        return {
            ("GET", "/2/compliance/jobs"): self.known,
            ("POST", "/2/compliance/jobs"): self.create,
            ("GET", "/2/compliance/jobs/{id}"): self.get,
        }

    def add_store(self, app: Flask) -> None:
        app.add_url_rule("/storage/compliance/<number>/upload", "upload", self.upload, methods=["PUT"])
        app.add_url_rule("/storage/compliance/<number>/download", "download", self.download)

    def create(self, ask: Ask) -> dict[str, Any]:
        kind = ask.body["type"]
        if kind not in KINDS:
            message = f"type [{kind}] is not one of [tweets,users]"
            raise XError("invalid-request", errors=[{"parameters": {"type": [kind]}, "message": message}])
        if any(
            one.kind == kind and self._status(one, ask.now) in {"created", "in_progress"}
            for one in self._jobs.values()
        ):
            raise XError("conflict")
        number = self._core.state.ids.make(ask.now)
        job = Job(
            id=number,
            kind=kind,
            name=ask.body.get("name"),
            is_resumable=bool(ask.body.get("resumable", False)),
            created_at=ask.now,
            signature=self._core.access.secret(f"job {number}"),
        )
        self._jobs[number] = job
        return {"data": self._view(job, ask)}

    def known(self, ask: Ask) -> dict[str, Any]:
        wanted = ask.values.get("status")
        found = [
            self._view(job, ask)
            for job in self._jobs.values()
            if job.kind == ask.values["type"] and wanted in {None, self._status(job, ask.now)}
        ]
        meta = {"meta": {"result_count": len(found)}}
        return {"data": found, **meta} if found else meta

    def get(self, ask: Ask) -> dict[str, Any]:
        job = self._jobs.get(int(ask.parts["id"]))
        if job is None:
            raise XError(
                "resource-not-found", detail="Could not find compliance job.", resource_type="compliance_job"
            )
        return {"data": self._view(job, ask)}

    def _status(self, job: Job, now: datetime) -> str:
        if job.uploaded_at is None:
            return "created" if now < job.created_at + UPLOAD_LIFE else "expired"
        return "complete" if now >= job.uploaded_at + self._delay else "in_progress"

    def _view(self, job: Job, ask: Ask) -> dict[str, Any]:
        base = f"{request.host_url}storage/compliance/{job.id}"
        values = {
            "id": str(job.id),
            "type": job.kind,
            "name": job.name,
            "resumable": job.is_resumable,
            "status": self._status(job, ask.now),
            "created_at": stamp(job.created_at),
            "upload_url": f"{base}/upload?signature={job.signature}",
            "upload_expires_at": stamp(job.created_at + UPLOAD_LIFE),
            "download_url": f"{base}/download?signature={job.signature}",
            "download_expires_at": stamp(job.created_at + DOWNLOAD_LIFE),
        }
        wanted = UNASKED | set(ask.values.get("compliance_job.fields", ()))
        return {name: value for name, value in values.items() if name in wanted and value is not None}

    def upload(self, number: str) -> Response:
        """Take the ids; the signature of the address is the only key."""
        now = self._core.access.now()
        with self._core.lock:
            job = self._signed(number)
            if job is None or self._status(job, now) != "created":
                return Response(status=403)
            lines = request.get_data(as_text=True).split()
            if not all(re.fullmatch(r"[0-9]{1,19}", line) for line in lines):
                return Response(status=400)
            job.ids, job.uploaded_at = tuple(lines), now
        return Response(status=200)

    def download(self, number: str) -> Response:
        now = self._core.access.now()
        with self._core.lock:
            job = self._signed(number)
            if job is None or now >= job.created_at + DOWNLOAD_LIFE:
                return Response(status=403)
            if self._status(job, now) != "complete":
                body = problem("resource-not-found", self._core.vocabulary)
                return Response(json.dumps(body), status=404, content_type="application/json")
            judge = self._post_line if job.kind == "tweets" else self._user_line
            lines = [judge(one) for one in job.ids]
        text = "".join(f"{json.dumps(line)}\n" for line in lines if line)
        return Response(text, content_type="application/json")

    def _signed(self, number: str) -> Job | None:
        job = self._jobs.get(int(number)) if number.isdigit() else None
        return job if job and request.args.get("signature") == job.signature else None

    def _post_line(self, number: str) -> dict[str, str] | None:
        version = self._core.state.gone.get(int(number))
        if version and version.post.deleted_at:
            return _line(number, version.at, version.post.deleted_at, "deleted")
        version = self._core.state.versions.get(int(number))
        if version is None:
            return None
        author = version.post.author
        reason = REASONS.get(author.standing)
        return _line(number, version.at, author.stands_since, reason) if reason else None

    def _user_line(self, number: str) -> dict[str, str] | None:
        user = self._core.state.users.get(int(number))
        reason = REASONS.get(user.standing) if user else None
        return _line(number, user.created_at, user.stands_since, reason) if user and reason else None


def _line(number: str, created_at: datetime, since: datetime | None, reason: str) -> dict[str, str]:
    found = {"id": number, "action": "delete", "created_at": stamp(created_at), "reason": reason}
    return found | ({"redacted_at": stamp(since)} if since else {})
