"""The sweeper: what it finds, whom it wakes, and what it does itself when Redis is away."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis.exceptions import RedisError
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from scrm import schedule
from scrm.cli import processes
from scrm.models import (
    Chore,
    Connection,
    Contact,
    CrmState,
    EntryState,
    EvidencePattern,
    InboxItem,
    InboxState,
    LocalRecord,
    ModelTrial,
    Profile,
    ReviewBatch,
    StreamState,
    TimelineDue,
    TimelineEntry,
    mark_timelines_due,
)
from scrm.runtime import Core
from scrm.schedule import CHORES, HEARTBEAT, do_it_here, find_due, plan_chores, run, sweep
from scrm.sync.crm.local_contacts import Statement, put_contacts
from tests.factories import NOW, make_connection, make_contact, make_interaction, make_profile, make_user
from tests.redis_server import RedisServer
from tests.test_jobs import environment

LATER = NOW + timedelta(seconds=1)
AGO = NOW - timedelta(seconds=1)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with TemporaryDirectory(prefix="scrm-") as folder:
        made = RedisServer(Path(folder))
        yield made
        made.stop()


def due(core: Core) -> list[tuple[str, int | None]]:
    with core.db.read() as session:
        return list(find_due(session, NOW))


def stream(session: Session) -> type:
    session.add(StreamState(connection_id=make_connection(session).id, stream="posts", due_at=NOW))
    return StreamState


def inbox(session: Session) -> type:
    session.add(InboxItem(endpoint="crm", delivery_key="1", received_at=NOW, body=b"{}", due_at=NOW))
    return InboxItem


def crm(session: Session) -> type:
    session.add(CrmState(crm_id="local", due_at=NOW))
    return CrmState


def timeline(session: Session) -> type:
    mark_timelines_due(session, [make_profile(session).id], NOW)
    return TimelineDue


def entry(session: Session) -> type:
    interaction = make_interaction(session, make_profile(session))
    contact = make_contact(session)
    session.add(
        TimelineEntry(
            crm_id="local",
            external_key="k",
            interaction_id=interaction.id,
            contact_id=contact.id,
            interaction_version=1,
            due_at=NOW,
        )
    )
    return TimelineEntry


def chore(session: Session) -> type:
    session.add(Chore(name="purge", due_at=NOW))
    return Chore


def batch(session: Session) -> type:
    pattern = EvidencePattern(levels="")
    session.add(pattern)
    session.flush()
    told = {"verdict": "positive", "state": "doing", "total": 1, "user_id": make_user(session).id}
    session.add(ReviewBatch(pattern_id=pattern.id, created_at=NOW, due_at=NOW, **told))
    return ReviewBatch


def trial(session: Session) -> type:
    session.add(ModelTrial(change={}, result={}, user_id=make_user(session).id, created_at=NOW, due_at=NOW))
    return ModelTrial


LEASED: dict[str, Callable[[Session], type]] = {
    "read": stream,
    "inbox": inbox,
    "pull": crm,
    "expand": timeline,
    "deliver": entry,
    "purge": chore,
    "batch": batch,
    "trial": trial,
}


def test_nothing_is_due_in_an_empty_installation(core: Core) -> None:
    assert due(core) == []


@pytest.mark.parametrize("kind", LEASED)
def test_a_due_row_is_found_and_no_other(core: Core, kind: str) -> None:
    with core.db.write("test.due") as session:
        LEASED[kind](session)
    assert [name for name, _subject in due(core)] == [kind]


@pytest.mark.parametrize("kind", LEASED)
@pytest.mark.parametrize(
    ("values", "is_due"),
    [
        ({"due_at": LATER}, False),
        ({"due_at": None}, False),
        ({"lease_until": LATER}, False),
        ({"lease_until": AGO}, True),
    ],
)
def test_a_row_is_due_when_its_time_has_come_and_nobody_is_at_it(
    core: Core, kind: str, values: dict[str, object], is_due: bool
) -> None:
    with core.db.write("test.due") as session:
        model = LEASED[kind](session)
        session.flush()
        session.execute(update(model).values(**values))
    assert bool(due(core)) is is_due


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("keys", lambda session, at: make_contact(session, key_due_at=at)),
        ("match", lambda session, at: make_profile(session, match_due_at=at)),
    ],
)
def test_contacts_to_key_and_profiles_to_match_are_found(
    core: Core, kind: str, make: Callable[..., Contact | Profile]
) -> None:
    with core.db.write("test.later") as session:
        make(session, LATER)
        make(session, None)
    assert due(core) == []
    with core.db.write("test.due") as session:
        make(session, NOW)
        make(session, AGO)
    assert due(core) == [(kind, None)]


def test_every_due_stream_is_named(core: Core) -> None:
    with core.db.write("test.due") as session:
        stream(session)
        stream(session)
        ids = set(session.scalars(select(StreamState.id)))
    assert set(due(core)) == {("read", number) for number in ids}


@pytest.mark.parametrize("state", [EntryState.DONE, EntryState.HELD, EntryState.PARKED])
def test_what_is_settled_is_not_delivered(core: Core, state: EntryState) -> None:
    with core.db.write("test.due") as session:
        entry(session)
        session.flush()
        session.execute(update(TimelineEntry).values(state=state.value))
    assert due(core) == []


@pytest.mark.parametrize("state", [InboxState.DONE, InboxState.QUARANTINED])
def test_what_was_dealt_with_is_not_applied(core: Core, state: InboxState) -> None:
    with core.db.write("test.due") as session:
        inbox(session)
        session.flush()
        session.execute(update(InboxItem).values(state=state.value))
    assert due(core) == []


def test_a_start_plans_the_chores_and_the_reading_of_the_crm_once(core: Core) -> None:
    plan_chores(core)
    with core.db.write("test.moved") as session:
        moved = core.db.clock.now() + timedelta(days=1)
        session.execute(update(Chore).values(due_at=moved))
        session.execute(update(CrmState).values(due_at=moved))
    plan_chores(core)
    with core.db.read() as session:
        assert session.scalars(select(Chore.due_at)).all() == [moved] * len(CHORES)
        assert session.scalars(select(CrmState.due_at)).all() == [moved]


def test_a_crm_that_nobody_planned_to_read_is_read(core: Core) -> None:
    with core.db.write("test.state") as session:
        session.add(CrmState(crm_id="local", due_at=None, problem="CrmRetryLaterError"))
    plan_chores(core)
    with core.db.read() as session:
        row = session.get_one(CrmState, "local")
    assert (row.due_at is not None, row.problem) == (True, "CrmRetryLaterError")


def test_a_lost_wake_up_is_found_and_waits_only_once(core: Core, server: RedisServer) -> None:
    server.start()
    with core.db.write("test.due") as session:
        timeline(session)
        stream(session)
    for _ in range(2):
        sweep(core, server.queue())
    waiting = server.waiting()
    assert waiting[0].startswith("read-")
    assert waiting[1:] == ["expand"]
    server.redis.flushall()
    sweep(core, server.queue())
    assert len(server.waiting()) == 2


def test_without_redis_sweeping_says_so(core: Core, server: RedisServer) -> None:
    with core.db.write("test.due") as session:
        timeline(session)
    with pytest.raises((RedisError, OSError)):
        sweep(core, server.queue())


def arrive(core: Core) -> None:
    """A contact in the CRM and a profile of the same person that said something."""
    now = core.db.clock.now()
    fields = {"full_name": "Ada Quickenborough", "emails": ["ada@quickenborough.example"]}
    put_contacts(core.db, [Statement(source_id="1", fields=fields, at=now)])
    with core.db.write("test.arrive") as session:
        profile = make_profile(
            session,
            network="bluesky",
            display_name="Ada Quickenborough",
            email="ada@quickenborough.example",
            email_verified=True,
            match_due_at=now,
        )
        make_interaction(session, profile)
        mark_timelines_due(session, [profile.id], now)


def records(core: Core) -> int:
    with core.db.read() as session:
        return session.scalar(select(func.count()).select_from(LocalRecord)) or 0


def test_without_redis_the_sweeper_does_everything_itself(core: Core) -> None:
    plan_chores(core)
    arrive(core)
    for _sweep in range(6):  # the last one hangs what was said on the record of who said it
        do_it_here(core, threading.Event())
    assert records(core) == 2  # who it is, and what was said
    with core.db.read() as session:
        assert list(find_due(session, core.db.clock.now())) == []


def test_work_that_fails_stops_no_other(core: Core) -> None:
    with core.db.write("test.due") as session:
        connection = make_connection(session, network="gone", native_id="x")
        session.add(StreamState(connection_id=connection.id, stream="posts", due_at=NOW))
        timeline(session)
    do_it_here(core, threading.Event())
    with core.db.read() as session:
        assert session.scalars(select(TimelineDue)).all() == []
        assert session.scalars(select(Connection)).all() != []


def test_a_sweeper_that_is_told_to_stop_begins_nothing_more(core: Core) -> None:
    with core.db.write("test.due") as session:
        timeline(session)
    stop = threading.Event()
    stop.set()
    do_it_here(core, stop)
    with core.db.read() as session:
        assert len(session.scalars(select(TimelineDue)).all()) == 1


def test_the_sweeper_works_alone_and_hands_over_when_redis_comes_back(
    core: Core, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "SWEEP_SECONDS", 0.05)
    arrive(core)
    stop = threading.Event()
    failed: list[BaseException] = []
    settings = replace(server.settings, database_url=core.settings.database_url)

    def sweeping() -> None:
        try:
            run(settings, stop)
        except BaseException as why:
            failed.append(why)
            raise

    thread = threading.Thread(target=sweeping)
    thread.start()
    try:
        assert processes.wait_until(lambda: records(core) == 2 or bool(failed), 30)
        server.start()
        with core.db.write("test.due") as session:
            timeline(session)
        assert processes.wait_until(lambda: server.waiting() == ["expand"], 30)
        assert processes.wait_until(lambda: bool(server.redis.exists(HEARTBEAT)), 30)
    finally:
        stop.set()
        thread.join(30)
    assert failed == []


@pytest.mark.processes
def test_a_real_scheduler_and_a_real_worker_find_what_nobody_woke(core: Core, server: RedisServer) -> None:
    server.start()
    arrive(core)
    log = server.settings.state_dir / "log"
    running = [
        processes.spawn(processes.scrm_program(name, name, environment=environment(server, core)), log)
        for name in ("scheduler", "worker")
    ]
    try:
        assert processes.wait_until(lambda: records(core) == 2, 60), log.read_text()
    finally:
        processes.stop_all(running, 15)
