"""Deliveries that fail, workers that die at them, and histories in any order."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from scrm.clock import FakeClock
from scrm.db import METADATA, Database
from scrm.errors import InputError
from scrm.models.inbox import MOST_ERRORS
from scrm.runtime import Core
from scrm.sync import webhook
from scrm.sync.webhook import apply_due, replay
from tests.sync import deliveries
from tests.sync.crm.worlds import START
from tests.sync.deliveries import drain, event, items, names, put, send

clock, secret = deliveries.clock, deliveries.secret


def test_a_delivery_that_fails_is_tried_again_then_set_aside(
    core: Core, clock: FakeClock, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = webhook.put_contacts

    def fails_for_bad(db: Database, statements: Sequence[Any]) -> Any:
        if any(statement.source_id == "bad" for statement in statements):
            raise RuntimeError("canary")
        return take(db, statements)

    put(core.db, 1, event("created", "good", clock.now(), full_name="Good"))
    put(core.db, 2, event("created", "bad", clock.now(), full_name="Bad"))
    put(core.db, 3, event("created", "fine", clock.now(), full_name="Fine"))
    with monkeypatch.context() as patch:
        patch.setattr(webhook, "put_contacts", fails_for_bad)
        for attempt in range(1, MOST_ERRORS + 1):
            assert apply_due(core.db, 50) == (3 if attempt == 1 else 1)
            assert apply_due(core.db, 50) == 0, "it waits before the next try"
            assert names(core.db) == {"good": "Good", "fine": "Fine"}
            clock.advance(60)
    bad = items(core.db)[1]
    assert (bad.state, bad.attempts) == ("quarantined", MOST_ERRORS)
    assert "RuntimeError" in (bad.reason or "")
    assert "canary" not in (bad.reason or "")
    with core.db.write("test.replay") as session:
        replay(session, bad.id, clock.now())
    drain(core.db)
    assert names(core.db)["bad"] == "Bad"
    with pytest.raises(InputError), core.db.write("test.replay_done") as session:
        replay(session, bad.id, clock.now())


def test_a_delivery_that_stops_two_workers_is_set_aside_alone(
    core: Core, clock: FakeClock, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    read = webhook.read_event

    def kills(body: bytes, received_at: datetime) -> Any:
        if b"deadly" in body:
            raise Killed
        return read(body, received_at)

    for number in range(6):
        put(
            core.db, number, event("created", f"c{number}", clock.now(), full_name="deadly" if number == 3 else "Ada")
        )
    with monkeypatch.context() as patch:
        patch.setattr(webhook, "read_event", kills)
        deaths = 0
        for _ in range(12):
            try:
                drain(core.db)
            except Killed:
                deaths += 1
            clock.advance(121)
    assert deaths == 2
    states = [item.state for item in items(core.db)]
    assert states == ["done"] * 3 + ["quarantined"] + ["done"] * 2
    assert "stopped a worker twice" in (items(core.db)[3].reason or "")


def test_an_outage_of_the_database_is_no_fault_of_a_delivery(
    core: Core, clock: FakeClock, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_down(_db: Database, _statements: Sequence[Any]) -> Any:
        raise OperationalError("insert", {}, Exception("gone"))

    put(core.db, 1, event("created", "c1", clock.now(), full_name="Ada"))
    with monkeypatch.context() as patch:
        patch.setattr(webhook, "put_contacts", is_down)
        with pytest.raises(OperationalError):
            apply_due(core.db, 50)
    assert items(core.db)[0].attempts == 0
    clock.advance(121)
    drain(core.db)
    assert names(core.db) == {"c1": "Ada"}


POINTS = ["inbox.claim:before", "inbox.claim:after", "local_crm.contacts:before", "local_crm.contacts:after"]


@pytest.mark.parametrize("point", [*POINTS, "inbox.finish:before", "inbox.finish:after"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_kill_between_transactions_loses_and_doubles_nothing(
    core: Core, clock: FakeClock, secret: str, point: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = times

    def kill(reached: str) -> None:
        nonlocal left
        if reached == point and left:
            left -= 1
            raise KeyboardInterrupt

    for number in range(3):
        assert send(core, secret, f"msg_{number}", event("created", f"c{number}", clock.now(), full_name="Ada"))
    monkeypatch.setattr("scrm.db.failpoint", kill)
    for _ in range(6):
        try:
            drain(core.db)
        except KeyboardInterrupt:
            clock.advance(121)
    assert left < times
    for item in items(core.db):
        if item.state == "quarantined":  # it was there at both kills; it is kept and can be replayed
            assert times == 2
            with core.db.write("test.replay_killed") as session:
                replay(session, item.id, clock.now())
    drain(core.db)
    assert names(core.db) == {f"c{number}": "Ada" for number in range(3)}
    assert {item.state for item in items(core.db)} == {"done"}


def test_a_kill_after_storing_is_answered_by_the_repeat(
    core: Core, clock: FakeClock, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(reached: str) -> None:
        if reached == "inbox.store:after":
            raise KeyboardInterrupt

    body = event("created", "c1", clock.now(), full_name="Ada")
    with monkeypatch.context() as patch:
        patch.setattr("scrm.db.failpoint", kill)
        with pytest.raises(KeyboardInterrupt):
            send(core, secret, "msg_1", body)
    assert not send(core, secret, "msg_1", body)
    drain(core.db)
    assert names(core.db) == {"c1": "Ada"}


def test_a_deletion_and_a_merge_before_the_contact_are_remembered(core: Core, clock: FakeClock, secret: str) -> None:
    put(core.db, 1, event("deleted", "gone", START + timedelta(minutes=5)))
    put(core.db, 2, event("merged", "loser", START + timedelta(minutes=5), merged_into="unknown"))
    drain(core.db)
    for number, source_id in enumerate(("gone", "loser", "unknown"), start=3):
        put(core.db, number, event("created", source_id, START + timedelta(minutes=1), full_name=source_id.title()))
    drain(core.db)
    assert names(core.db) == {"gone": "deleted", "loser": "merged into unknown", "unknown": "Unknown"}


# One history of three contacts: what happened, in the order in which it happened.
HAPPENINGS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["updated", "updated", "deleted", "merged"])),
    min_size=1,
    max_size=8,
)


@pytest.mark.parametrize("has_versions", [False, True])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happenings=HAPPENINGS, data=st.data())
def test_a_history_in_any_order_with_repeats_ends_as_it_happened(
    database: Database, has_versions: bool, happenings: list[tuple[str, str]], data: st.DataObject
) -> None:
    bodies, expected = history(happenings, has_versions=has_versions)
    order = data.draw(st.permutations(range(len(bodies))))
    order += data.draw(st.lists(st.sampled_from(range(len(bodies))), max_size=4))
    sizes = data.draw(st.lists(st.integers(1, 3), min_size=len(order), max_size=len(order)))
    database.clock = FakeClock(START + timedelta(days=1))
    with database.write("test.empty") as session:
        for table in ("inbox_item", "local_contact"):
            session.execute(METADATA.tables[table].delete())
    for number, index in enumerate(order):
        put(database, number, bodies[index])
        if number % sizes[number] == 0:
            apply_due(database, 2)
    drain(database)
    shown = names(database)
    assert {source: shown[source].split(" ")[0] for source in expected} == expected
    assert {item.state for item in items(database)} == {"done"}


def history(happenings: list[tuple[str, str]], *, has_versions: bool) -> tuple[list[bytes], dict[str, str]]:
    """The events of a history, and how each contact stands after it; merges go to a contact that stays."""
    bodies, expected, versions = [], {}, dict.fromkeys("abc", 0)
    for number, (source_id, kind) in enumerate(happenings):
        versions[source_id] += 1
        more: dict[str, Any] = {"version": versions[source_id]} if has_versions else {}
        if kind == "updated":
            more["full_name"] = f"name{number}"
        elif kind == "merged":
            more["merged_into"] = "survivor"
        bodies.append(event(kind, source_id, START + timedelta(seconds=number), **more))
        expected[source_id] = {"updated": f"name{number}"}.get(kind, kind)
    return bodies, expected
