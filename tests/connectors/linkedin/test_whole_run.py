"""From the fake LinkedIn to rows: connecting, reading, being called, forgetting, on each database."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from scrm.clock import FakeClock
from scrm.ingest import apps
from scrm.ingest.connections import connect
from scrm.ingest.run import read_stream
from scrm.models import Connection, Interaction, Profile, RawRecord, StreamState
from scrm.policy import Use, permit
from scrm.privacy import purge
from scrm.runtime import Core
from scrm.sandbox.linkedin import LinkedIn
from tests.connectors.linkedin.reading import shown
from tests.connectors.linkedin.scenario import app, change, form, play

HOUR = 3600.0
WORDS = {"like": "reaction"}  # the truth's word for it


@pytest.fixture
def core(core: Core, network: LinkedIn, time: FakeClock) -> Core:
    core.db.clock = time
    host = urlsplit(network.base_url).netloc
    core = replace(core, settings=replace(core.settings, allowed_hosts=(host,)))
    apps.save(core, "linkedin", app(network), None)
    return core


def drain(core: Core, time: FakeClock, *, seconds: float = 60.0) -> None:
    """Let time pass and run whatever is due, until nothing is."""
    time.advance(seconds)
    for _ in range(100):
        with core.db.read() as session:
            due = session.scalars(
                select(StreamState.id).where(StreamState.due_at <= time.now(), StreamState.stream != "push")
            ).all()
        if not due:
            return
        for state_id in due:
            read_stream(core, state_id)
    raise AssertionError("something stays due for ever")


def live(core: Core) -> dict[str, str]:
    with core.db.read() as session:
        rows = session.execute(
            select(Interaction.native_id, Interaction.kind).where(Interaction.deleted_at.is_(None))
        )
        return {row.native_id: row.kind for row in rows}


def expected(network: LinkedIn) -> dict[str, str]:
    return {native_id: WORDS.get(kind, kind) for native_id, kind in shown(network).items()}


def test_everything_shown_is_read_once_and_followed(core: Core, network: LinkedIn, time: FakeClock) -> None:
    urns = play(network)
    connect(core, "linkedin", form(network), None)
    drain(core, time, seconds=0)
    drain(core, time)
    assert live(core) == expected(network)

    before = len(network.requests())
    drain(core, time, seconds=1000)  # a quarter of an hour, give or take a tenth
    assert len(network.requests()) - before == 1  # the notices
    change(network, urns)
    drain(core, time, seconds=21 * HOUR)
    assert live(core) == expected(network)
    with core.db.read() as session:
        answer = session.scalars(select(Interaction).where(Interaction.native_id == urns["answer"])).one()
        assert answer.text == "Katharina Groß The green one, always."
        names = session.scalars(select(Profile.display_name).where(Profile.display_name.is_not(None))).all()
    assert not any("private" in name.lower() for name in names)


def test_everything_is_forgotten_in_two_days_and_never_read_again(
    core: Core, network: LinkedIn, time: FakeClock
) -> None:
    play(network)
    connect(core, "linkedin", form(network), None)
    drain(core, time, seconds=0)
    drain(core, time)

    def hours(number: int) -> None:
        for _ in range(number // 5):
            drain(core, time, seconds=5 * HOUR)
            while purge(core):
                pass

    hours(25)
    with core.db.read() as session:
        named = session.scalars(
            select(Profile.native_id).where(Profile.display_name.is_not(None), Profile.is_internal.is_(False))
        ).all()
    assert named == []
    assert live(core) == expected(network)
    hours(50)
    with core.db.read() as session:
        texts = session.scalars(select(Interaction.id).where(Interaction.text.is_not(None))).all()
        kept = session.scalar(select(func.count()).select_from(RawRecord))
    assert (live(core), texts, kept) == ({}, [], 0)
    network.post("katharina", "Still there?", at=time.now(), reply_to=next(iter(shown(network))))
    hours(30)
    assert list(live(core).values()) == ["reply"]


def test_nothing_of_it_may_be_matched_or_written(core: Core) -> None:
    assert [permit("linkedin", use).allowed for use in Use] == [False, True, True, False]


def test_a_day_of_refusals_ends_at_midnight(core: Core, network: LinkedIn, time: FakeClock) -> None:
    play(network)
    connection = connect(core, "linkedin", form(network), None)
    network.fail(status=429, times=1000, path="/rest/organizationalEntityNotifications")
    for _ in range(20):
        drain(core, time, seconds=900)
    paths = Counter(str(one["path"]) for one in network.requests())
    assert paths["/rest/organizationalEntityNotifications"] <= 10
    with core.db.read() as session:
        state = session.scalars(select(StreamState).where(StreamState.stream == "notifications")).one()
        assert session.get_one(Connection, connection.id).state == "active"
    assert state.problem == "BudgetSpentError"
    midnight = (time.now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert state.due_at == midnight
