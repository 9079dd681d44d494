"""Batch compliance: a job, ids sent to its upload address, and a file that says which of them must be deleted.

docs.x.com, batch compliance quickstart, read 2026-11-24: one id a line up, one JSON object a line down, and only ids
with something to say. One job of a type runs at a time (from memory, same day). Jobs are the app's own and cost
nothing. The addresses of the files carry their own signature, so they are called without any access of ours.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from scrm.connectors.base import Api, asked_to_wait, origin
from scrm.connectors.payload import Payload, parse_json
from scrm.connectors.x.client import AppClient, own_account
from scrm.errors import NetworkError, PayloadError, RetryLaterError, UnavailableError
from scrm.http import Answer

JOBS = "/2/compliance/jobs"
POSTS, USERS = "tweets", "users"
NOT_DONE = frozenset({"created", "in_progress"})
LOST = frozenset({"failed", "expired"})
GEO = "scrub_geo"  # only a place must go, and we keep none


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of one id."""

    id: str
    reason: str
    redacted_at: str | None


def begin(api: Api, client: AppClient, kind: str, ids: Iterable[str]) -> str:
    """Start a job for these ids; returns its id. One that a killed run began with the same ids is taken over."""
    wanted = sorted(set(ids))
    name = _name(own_account(api).key.native_id, kind, wanted)
    job = _under_way(api, client, kind, name)
    if job is None:
        answer = client.call(api, "POST", JOBS, json={"type": kind, "name": name})
        job = Payload(client.decoded(api, answer), "job").child("data")
    if job.optional_text("status") in {None, "created"}:
        upload(api, job.text("upload_url"), wanted)
    return job.text("id")


def _under_way(api: Api, client: AppClient, kind: str, name: str) -> Payload | None:
    jobs = Payload(client.json(api, JOBS, [("type", kind)]), "jobs")
    if not jobs.has("data") and not jobs.has("meta"):
        raise RetryLaterError("expected data from the network", network=api.network)
    return next(
        (
            job
            for job in jobs.children("data")
            if job.optional_text("name") == name and job.optional_text("status") in NOT_DONE
        ),
        None,
    )


def _name(account: str, kind: str, ids: list[str]) -> str:
    """The same for the same ids, and no longer than the 64 signs that are allowed."""
    digest = hashlib.sha256("\n".join([account, kind, *ids]).encode()).hexdigest()
    return f"scrm-{kind}-{digest[:32]}"


def verdicts(api: Api, client: AppClient, job_id: str) -> tuple[Verdict, ...] | None:
    """What a job found; None while it is not finished. Raises UnavailableError for one that will never be."""
    job = Payload(client.json(api, f"{JOBS}/{job_id}"), "job").child("data")
    status = job.text("status")
    if status in LOST:
        raise JobLostError("the network did not finish the job", network=api.network)
    if status != "complete":
        return None
    lines = download(api, job.text("download_url")).splitlines()
    return tuple(_verdict(Payload(parse_json(line), "line")) for line in lines if line.strip())


class JobLostError(UnavailableError):
    """The job failed or ran out of time: begin another one."""


def _verdict(line: Payload) -> Verdict:
    return Verdict(
        id=line.text("id"), reason=line.optional_text("reason") or "", redacted_at=line.optional_text("redacted_at")
    )


def upload(api: Api, url: str, ids: list[str]) -> None:
    _bare(api, "PUT", url, "\n".join(ids).encode())


def download(api: Api, url: str) -> bytes:
    return _bare(api, "GET", url).body


def _bare(api: Api, method: str, url: str, data: bytes | None = None) -> Answer:
    """Call a signed address, and send nothing by which anybody could know or impersonate us.

    It leads to a host that X chose; only its own and the one that the app's settings name are called.
    """
    trusted = {origin(api.base_url), ("https", api.app.get("files_host", ""))}
    if not urlsplit(url).netloc or origin(url) not in trusted:
        raise PayloadError("a file's address leads to another host", network=api.network)
    api.requests += 1
    headers = {"Content-Type": "text/plain"} if data is not None else {}
    try:
        answer = api.session.call(method, url, headers=headers, data=data)
    except NetworkError as why:
        why.network = api.network
        raise
    if answer.status >= 300:
        raise RetryLaterError(
            f"the network's file store answers {answer.status}",
            network=api.network,
            retry_after=asked_to_wait(answer),
        )
    return answer
