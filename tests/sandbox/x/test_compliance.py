"""Batch compliance on the X fake: what must be deleted, by file."""

import json
from datetime import timedelta

import pytest
import requests

from scrm.sandbox.x import X
from tests.sandbox.x.conftest import Reader, minute, populate, user_id

JOBS = "/2/compliance/jobs"


def make(reader, kind, **more):
    answer = reader.call("POST", JOBS, json={"type": kind, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def upload(job, *ids):
    text = "".join(f"{one}\n" for one in ids)
    return requests.put(job["upload_url"], data=text, headers={"Content-Type": "text/plain"}, timeout=10)


def lines(job):
    answer = requests.get(job["download_url"], timeout=10)
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_job_is_made_filled_polled_and_read(network, app_reader):
    kept = network.post("katharina", "Bleibt", at=minute(0))
    gone = network.post("katharina", "Weg", at=minute(1))
    hidden = network.post("helene", "Salut", at=minute(2))
    network.delete(gone, at=minute(3))
    network.set_standing("helene", "suspended", at=minute(4))
    job = make(app_reader, "tweets", name="nightly")
    assert (job["status"], job["type"], job["name"]) == ("created", "tweets", "nightly")
    assert upload(job, kept, gone, hidden, "99").status_code == 200
    polled = app_reader.json(f"{JOBS}/{job['id']}")["data"]
    assert polled["status"] == "complete"
    found = lines(polled)
    assert [(one["id"], one["action"], one["reason"]) for one in found] == [
        (gone, "delete", "deleted"),
        (hidden, "delete", "suspended"),
    ]
    assert found[0]["redacted_at"] == "2026-11-20T08:03:00.000Z"


def test_users_are_judged_by_their_standing(network, app_reader):
    standings = {"katharina": "active", "helene": "protected", "femke": "deactivated", "jane_doe": "deleted"}
    for key, standing in standings.items():
        network.set_standing(key, standing, at=minute(1))
    job = make(app_reader, "users")
    upload(job, *(user_id(network, key) for key in standings))
    assert [one["reason"] for one in lines(job)] == ["protected", "deactivated", "deleted"]


def test_a_job_takes_its_time(clock):
    with X(clock=clock, compliance_delay=timedelta(minutes=2)) as network:
        populate(network)
        reader = Reader(network, network.app()["bearer_token"])
        job = make(reader, "users")
        upload(job, "1")
        assert reader.json(f"{JOBS}/{job['id']}")["data"]["status"] == "in_progress"
        assert requests.get(job["download_url"], timeout=10).status_code == 404
        second = reader.call("POST", JOBS, json={"type": "users"})
        assert (second.status_code, second.json()["title"]) == (409, "Conflict")
        clock.move(minutes=2)
        assert lines(job) == []
        make(reader, "users")


def test_the_addresses_need_their_signature_and_end(network, app_reader, clock):
    job = make(app_reader, "tweets")
    unsigned = job["upload_url"].partition("?")[0]
    assert requests.put(unsigned, data="1", timeout=10).status_code == 403
    assert upload(job, "not-an-id").status_code == 400
    clock.move(minutes=15)
    assert upload(job, "1").status_code == 403
    assert app_reader.json(f"{JOBS}/{job['id']}")["data"]["status"] == "expired"
    other = make(app_reader, "tweets")
    upload(other, "1")
    clock.move(days=7)
    assert requests.get(other["download_url"], timeout=10).status_code == 403


def test_jobs_are_listed_by_type_and_status(app_reader):
    upload(make(app_reader, "tweets"), "1")
    waiting = make(app_reader, "tweets")
    assert app_reader.ids(JOBS, type="tweets", status="created") == [waiting["id"]]
    assert app_reader.json(JOBS, type="tweets")["meta"] == {"result_count": 2}
    assert app_reader.json(JOBS, type="users") == {"meta": {"result_count": 0}}


@pytest.mark.parametrize("body", [{"type": "likes"}, {}, {"type": "users", "webhook": "x"}])
def test_a_wrong_order_is_refused(app_reader, body):
    answer = app_reader.call("POST", JOBS, json=body)
    assert answer.status_code == 400
    assert answer.json()["title"] == "Invalid Request"


def test_an_unknown_job_is_not_found(app_reader):
    assert app_reader.answer(f"{JOBS}/1").status_code == 404
