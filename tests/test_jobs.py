"""Every kind of work on real rows, what it wakes, and wake-ups through a real Valkey and a real worker."""

import base64
import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from rq.job import Job
from sqlalchemy import func, select

from scrm import jobs
from scrm.cli import processes
from scrm.config import Settings, as_environment
from scrm.ingest.access import place
from scrm.jobs import FOLLOWS, JOBS, SERIALIZER, drain, enqueue, waker, work
from scrm.models import (
    Candidate,
    Chore,
    Contact,
    InboxItem,
    Link,
    LocalContact,
    LocalRecord,
    MatchKey,
    Profile,
    RawRecord,
    StreamState,
    TimelineDue,
    TimelineEntry,
    mark_timelines_due,
)
from scrm.runtime import Core
from scrm.schedule import plan_chores
from scrm.sync.contacts import mark_pull_due
from scrm.sync.crm import LOCAL
from scrm.sync.crm.local_contacts import Statement, put_contacts
from tests.factories import make_connection, make_contact, make_interaction, make_profile
from tests.redis_server import RedisServer

Wakes = list[tuple[str, int | None]]


@pytest.fixture
def wakes() -> Wakes:
    return []


@pytest.fixture
def noting(core: Core, wakes: Wakes) -> Core:
    """A core that writes down whom it wakes."""
    return replace(core, wake=lambda kind, subject=None: wakes.append((kind, subject)))


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with TemporaryDirectory(prefix="scrm-") as folder:  # a socket's path must be short
        made = RedisServer(Path(folder))
        made.start()
        yield made
        made.stop()


def count(core: Core, model: type) -> int:
    with core.db.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def tell_crm(core: Core, name: str = "Ada Example", **fields: object) -> None:
    statement = Statement(source_id=name, fields={"full_name": name, **fields}, at=core.db.clock.now())
    put_contacts(core.db, [statement])
    with core.db.write("test.hint") as session:
        mark_pull_due(session, LOCAL, core.db.clock.now())


def meet(core: Core, **values: object) -> int:
    """A profile that has just been read, with one interaction."""
    with core.db.write("test.meet") as session:
        now = core.db.clock.now()
        profile = make_profile(session, network="bluesky", match_due_at=now, **values)
        make_interaction(session, profile)
        mark_timelines_due(session, [profile.id], now)
        return profile.id


# what each kind does and wakes


def test_every_kind_that_follows_is_a_kind() -> None:
    assert set(FOLLOWS) <= set(JOBS)
    assert {kind for kinds in FOLLOWS.values() for kind in kinds} <= set(JOBS)


@pytest.mark.parametrize("kind", sorted(JOBS))
def test_with_nothing_due_a_job_only_wakes_what_follows(noting: Core, wakes: Wakes, kind: str) -> None:
    work(noting, kind, None)
    assert wakes == [(following, None) for following in FOLLOWS.get(kind, ())]


def test_read_reads_one_stream_and_an_unreachable_network_is_asked_later(
    noting: Core, wakes: Wakes, settings: Settings
) -> None:
    with noting.db.write("test.connection") as session:
        row = make_connection(session, network="bluesky", base_url="http://127.0.0.1:9", native_id="did:plc:ours")
        row.credentials = noting.vault.seal({"handle": "ours.example", "app_password": "x"}, place(row))
        session.add(StreamState(connection_id=row.id, stream="posts", due_at=noting.db.clock.now()))
        session.flush()
        state_id = session.scalars(select(StreamState.id)).one()
    work(replace(noting, settings=replace(settings, allowed_hosts=("127.0.0.1:9",))), "read", state_id)
    with noting.db.read() as session:
        state = session.get_one(StreamState, state_id)
    assert (state.failures, state.lease_until) == (1, None)
    assert state.due_at is not None
    assert state.due_at > noting.db.clock.now()
    assert wakes == [("match", None), ("expand", None)]


def test_pull_takes_contacts_over_and_wakes_keys_and_expand(noting: Core, wakes: Wakes) -> None:
    tell_crm(noting)
    work(noting, "pull", None)
    assert count(noting, Contact) == 1
    assert wakes == [("keys", None), ("expand", None)]


def test_keys_makes_a_changed_contact_findable_and_wakes_match(noting: Core, wakes: Wakes) -> None:
    with noting.db.write("test.contact") as session:
        make_contact(session, full_name="Ada Example", key_due_at=noting.db.clock.now())
    work(noting, "keys", None)
    assert count(noting, MatchKey) > 0
    assert wakes == [("match", None)]


def test_match_judges_what_is_due_and_wakes_expand(noting: Core, wakes: Wakes) -> None:
    profile_id = meet(noting)
    work(noting, "match", None)
    with noting.db.read() as session:
        profile = session.get_one(Profile, profile_id)
    assert (profile.match_due_at, profile.match_state) == (None, "none")
    assert wakes == [("expand", None)]


def test_expand_works_off_due_timelines_and_wakes_deliver(noting: Core, wakes: Wakes) -> None:
    meet(noting)
    meet(noting)
    work(noting, "expand", None)
    assert count(noting, TimelineDue) == 0
    assert wakes == [("deliver", None)]


def test_inbox_applies_what_was_sent_and_wakes_what_follows(noting: Core, wakes: Wakes) -> None:
    now = noting.db.clock.now()
    body = {"type": "contact.created", "timestamp": now.isoformat(), "data": {"id": "7", "full_name": "Ada Example"}}
    with noting.db.write("test.inbox") as session:
        session.add(
            InboxItem(endpoint="crm", delivery_key="1", received_at=now, body=json.dumps(body).encode(), due_at=now)
        )
    work(noting, "inbox", None)
    assert count(noting, LocalContact) == 1
    # who was sent as a whole needs no pull; what was sent may ask to forget somebody
    assert wakes == [("pull", None), ("keys", None), ("expand", None), ("forget", None)]


def test_purge_removes_what_expired_and_comes_back_tomorrow(noting: Core, wakes: Wakes) -> None:
    plan_chores(noting)
    now = noting.db.clock.now()
    with noting.db.write("test.raw") as session:
        connection = make_connection(session)
        for number, expires_at in enumerate([now - timedelta(days=1), now + timedelta(days=1)]):
            session.add(
                RawRecord(
                    connection_id=connection.id,
                    stream="posts",
                    digest=bytes([number]),
                    network="bluesky",
                    body="{}",
                    received_at=now,
                    expires_at=expires_at,
                )
            )
    work(noting, "purge", None)
    assert count(noting, RawRecord) == 1
    with noting.db.read() as session:
        chore = session.get_one(Chore, "purge")
    assert chore.lease_until is None
    assert chore.due_at is not None
    assert chore.due_at > now + timedelta(hours=23)
    assert wakes == [("expand", None)]


def test_one_wake_up_carries_everything_through_to_the_crm(core: Core) -> None:
    waiting: Wakes = [("pull", None)]
    chained = replace(core, wake=lambda kind, subject=None: waiting.append((kind, subject)))
    tell_crm(core, "Ada Quickenborough", emails=["ada@quickenborough.example"])
    meet(core, display_name="Ada Quickenborough", email="ada@quickenborough.example", email_verified=True)
    while waiting:
        work(chained, *waiting.pop(0))
    assert count(core, Candidate) == 1
    assert count(core, Link) == 1
    assert count(core, LocalRecord) == 2  # who it is, and what was said


def test_work_that_is_not_finished_in_time_wakes_itself(
    noting: Core, wakes: Wakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "DRAIN_SECONDS", -1.0)
    meet(noting)
    meet(noting)
    work(noting, "expand", None)
    assert wakes == [("expand", None), ("deliver", None)]
    assert count(noting, TimelineDue) == 1


def test_a_chore_that_somebody_else_is_at_is_left_to_them(noting: Core) -> None:
    plan_chores(noting)
    with noting.db.write("test.lease") as session:
        chore = session.get_one(Chore, "purge")
        chore.lease_until = noting.db.clock.now() + timedelta(minutes=1)
    work(noting, "purge", None)
    with noting.db.read() as session:
        assert session.get_one(Chore, "purge").done_at is None


def test_a_kind_nobody_knows_is_an_error(core: Core) -> None:
    with pytest.raises(KeyError):
        work(core, "dance", None)


# wake-ups


def test_the_same_wake_up_waits_only_once(server: RedisServer) -> None:
    wake = waker(server.settings.redis)
    for _ in range(3):
        wake("match", None)
        wake("read", 7)
        wake("read", 8)
    assert server.waiting() == ["match", "read-7", "read-8"]


def test_a_wake_up_carries_a_name_and_a_number_as_json(server: RedisServer) -> None:
    waker(server.settings.redis)("read", 7)
    job = Job.fetch("read-7", connection=server.redis, serializer=SERIALIZER)
    assert (job.func_name, job.args) == ("scrm.jobs.drain", ["read", 7])
    assert (job.result_ttl, job.failure_ttl, job.retries_left) == (0, 0, None)


def test_a_wake_up_survives_that_redis_is_away(server: RedisServer) -> None:
    wake = waker(server.settings.redis)
    server.stop()
    wake("match", None)  # raises nothing
    server.start()
    wake("match", None)
    assert server.waiting() == ["match"]


def test_a_wake_up_survives_the_crash_of_redis(server: RedisServer) -> None:
    waker(server.settings.redis)("match", None)
    processes.wait_until(lambda: False, 1.2)  # the append-only file reaches the disk every second
    server.stop()
    server.start()
    assert server.waiting() == ["match"]


def leave_queue(server: RedisServer, name: str, seconds_ago: float) -> None:
    """What a worker leaves behind that is killed after it took a wake-up."""
    server.redis.lrem(server.queue().key, 0, name)
    job = Job.fetch(name, connection=server.redis, serializer=SERIALIZER)
    job.enqueued_at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    job.save()


def test_a_wake_up_lost_with_its_worker_does_not_block_the_next_one(server: RedisServer) -> None:
    enqueue(server.queue(), "match", None)
    leave_queue(server, "match", seconds_ago=31)
    enqueue(server.queue(), "match", None)
    assert server.waiting() == ["match"]


def test_a_wake_up_that_is_being_followed_is_not_doubled(server: RedisServer) -> None:
    enqueue(server.queue(), "match", None)
    leave_queue(server, "match", seconds_ago=5)
    enqueue(server.queue(), "match", None)
    assert server.waiting() == []


def test_a_wake_up_that_waits_long_is_not_lost(server: RedisServer) -> None:
    enqueue(server.queue(), "match", None)
    job = Job.fetch("match", connection=server.redis, serializer=SERIALIZER)
    job.enqueued_at = datetime.now(UTC) - timedelta(hours=1)
    job.save()
    enqueue(server.queue(), "match", None)
    assert server.waiting() == ["match"]


# in a worker's process


def environment(server: RedisServer, core: Core, **more: str) -> dict[str, str]:
    key = "k1:" + base64.b64encode(bytes(32)).decode()
    settings = replace(server.settings, database_url=core.settings.database_url, keys=key, log_level="warning")
    return {**as_environment(settings), **more}


@pytest.mark.processes
def test_drain_opens_what_it_needs_and_wakes_what_follows(
    core: Core, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(server, core).items():
        monkeypatch.setenv(name, value)
    meet(core)
    drain("expand", None)
    assert count(core, TimelineDue) == 0
    assert server.waiting() == ["deliver"]


@pytest.mark.processes
def test_a_real_worker_drains_and_one_killed_at_work_is_replaced(
    core: Core, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies with its job in the middle of a transaction; the next one finds the same wake-up in its way."""
    monkeypatch.setattr(jobs, "LOST_SECONDS", 1.0)
    point = server.settings.state_dir / "failpoint"
    program = processes.scrm_program(
        "worker",
        "worker",
        environment=environment(server, core, SCRM_FAILPOINT_FILE=str(point), SCRM_LEASE_SECONDS="1"),
    )
    log = server.settings.state_dir / "worker.log"
    tell_crm(core, "Ada Quickenborough", emails=["ada@quickenborough.example"])
    meet(core, display_name="Ada Quickenborough", email="ada@quickenborough.example", email_verified=True)
    first = processes.spawn(program, log)
    try:
        point.write_text(f"outbox.finish:before {first.pid}")
        enqueue(server.queue(), "pull", None)
        assert first.wait(60) == -signal.SIGKILL
        assert count(core, LocalRecord) == 1  # the profile, which goes first
    finally:
        first.kill()
        first.wait()
    second = processes.spawn(program, log)

    def is_done() -> bool:
        enqueue(server.queue(), "deliver", None)  # as the sweeper does
        with core.db.read() as session:
            return session.scalars(select(TimelineEntry.state)).all() == ["done"] * 2

    try:
        assert processes.wait_until(is_done, 60), log.read_text()
    finally:
        second.terminate()
        second.wait(20)
    assert count(core, LocalRecord) == 2
