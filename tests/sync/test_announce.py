"""Hooks are called: signed, at least once by a stable id, gently with who is away, and never a private host."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from scrm.clock import FakeClock
from scrm.models import Announcement, AnnouncementState, Hook, HookEvent, HookState
from scrm.models.hooks import ANNOUNCEMENTS, announcement_row
from scrm.runtime import Core
from scrm.sandbox.receiver import Receiver
from scrm.schedule import find_due
from scrm.sync import announce
from scrm.sync.announce import announce_due, retry_after
from scrm.sync.hooks import Wish, make_hook, replay_one, replay_since, rotate_hook, send_test, switch
from tests.factories import make_connection

EVENTS = (HookEvent.INTERACTION, HookEvent.LINKED, HookEvent.UNLINKED, HookEvent.BROKEN)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def time(core: Core) -> FakeClock:
    clock = FakeClock(datetime.now(UTC))  # the receiver refuses what is not of now
    core.db.clock = clock
    return clock


@pytest.fixture
def near(core: Core, receiver: Receiver, time: FakeClock) -> Core:
    """A core that may call the receiver."""
    return replace(core, settings=replace(core.settings, allowed_hosts=(receiver.host,)))


@pytest.fixture
def hook(near: Core, receiver: Receiver) -> Hook:
    return made(near, receiver)


def made(core: Core, receiver: Receiver, name: str = "crm") -> Hook:
    with core.db.write("test.hook") as session:
        row, secret = make_hook(session, core, Wish(name=name, address=receiver.address, events=EVENTS))
    receiver.secrets.append(secret)
    return row


def put(core: Core, hook: Hook, count: int = 1) -> list[str]:
    """Some things to be told that need nothing else; returns the ids that the receiver knows them by."""
    with core.db.write("test.put") as session:
        network = make_connection(session, problem="AccessRevokedError")
        about = {"network": network.network, "connection_id": network.id}
        rows = [announcement_row(hook.id, HookEvent.BROKEN, core.db.clock.now(), **about) for _ in range(count)]
        session.execute(insert(ANNOUNCEMENTS), rows)
    return [f"msg_{row['public_id'].hex}" for row in rows]


def call(core: Core, hook: Hook) -> None:
    while announce_due(core, hook.id):
        pass


def state(core: Core, hook: Hook) -> Hook:
    with core.db.read() as session:
        return session.get_one(Hook, hook.id)


def rows(core: Core) -> list[Announcement]:
    with core.db.read() as session:
        return list(session.scalars(select(Announcement).order_by(Announcement.id)))


def due(core: Core) -> list[tuple[str, Any]]:
    with core.db.read() as session:
        return [entry for entry in find_due(session, core.db.clock.now()) if entry[0] == "announce"]


def test_what_waits_is_sent_signed_and_once(near: Core, hook: Hook, receiver: Receiver) -> None:
    sent = put(near, hook, 45)
    assert due(near) == [("announce", hook.id)]
    call(near, hook)
    assert list(receiver.effects) == sent  # in order
    assert {body["type"] for body in receiver.effects.values()} == {"connection.broken"}
    assert receiver.repeats.total() == 0
    assert {(row.state, row.status, row.attempts) for row in rows(near)} == {("done", 200, 1)}
    assert due(near) == []


def test_a_lost_answer_is_sent_again_by_the_same_id_and_has_one_effect(
    near: Core, hook: Hook, receiver: Receiver, time: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = put(near, hook)

    def dies(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying, pytest.raises(KeyboardInterrupt):
        dying.setattr(announce, "_finish", dies)
        announce_due(near, hook.id)
    assert due(near) == []  # the dead one's lease holds
    time.advance(near.settings.lease_seconds + 1)
    assert due(near) == [("announce", hook.id)]
    call(near, hook)
    assert (list(receiver.effects), receiver.repeats[sent[0]]) == (sent, 1)
    assert state(near, hook).crash_count == 0


def test_two_at_once_send_each_thing_once(near: Core, hook: Hook, receiver: Receiver) -> None:
    put(near, hook, 30)
    threads = [threading.Thread(target=call, args=(near, hook)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    call(near, hook)
    assert (len(receiver.effects), receiver.repeats.total()) == (30, 0)


@pytest.mark.parametrize("status", [500, 502, 429, 408])
def test_a_receiver_that_is_down_is_left_alone_and_then_asked_with_one(
    near: Core, hook: Hook, receiver: Receiver, time: FakeClock, status: int
) -> None:
    sent = put(near, hook, 8)
    receiver.answer(status, times=3)
    for calls in (1, 2, 3):
        call(near, hook)
        assert len(receiver.requests) == calls
        assert due(near) == []
        time.advance(60)
    call(near, hook)
    time.advance(7200)  # those that were refused have times of their own
    call(near, hook)
    assert set(receiver.effects) == set(sent)
    assert receiver.repeats.total() == 0
    assert (state(near, hook).failures, state(near, hook).failing_since) == (0, None)


def test_retry_after_is_obeyed(near: Core, hook: Hook, receiver: Receiver, time: FakeClock) -> None:
    put(near, hook, 2)
    receiver.answer(429, headers={"Retry-After": "900"})
    call(near, hook)
    time.advance(899)
    assert due(near) == []
    time.advance(2)
    assert due(near) == [("announce", hook.id)]


def test_one_thing_that_is_refused_lets_its_neighbors_go_on_and_comes_again(
    near: Core, hook: Hook, receiver: Receiver, time: FakeClock
) -> None:
    sent = put(near, hook, 5)
    receiver.answer(422)
    call(near, hook)
    call(near, hook)
    assert list(receiver.effects) == sent[1:]
    assert (rows(near)[0].state, rows(near)[0].status, rows(near)[0].attempts) == ("todo", 422, 1)
    time.advance(10)
    call(near, hook)
    assert set(receiver.effects) == set(sent)


def test_what_is_refused_for_three_days_is_given_up_though_others_are_taken(
    near: Core, hook: Hook, receiver: Receiver, time: FakeClock
) -> None:
    put(near, hook)
    began, tries = time.now(), 0
    while rows(near)[0].state == AnnouncementState.TODO:
        due_at = rows(near)[0].due_at
        assert due_at is not None
        time.advance(max((due_at - time.now()).total_seconds(), 0))
        receiver.secrets.clear()  # it answers 401
        with near.db.write("test.well") as session:  # something else was taken meanwhile
            session.execute(update(Hook).values(failing_since=None, failures=0, due_at=time.now()))
        call(near, hook)
        tries += 1
    assert tries == 10
    assert timedelta(days=2.8) < time.now() - began < timedelta(days=3.6)
    assert (rows(near)[0].state, rows(near)[0].status) == ("failed", 401)
    assert state(near, hook).state == HookState.ON


def test_after_three_days_without_success_the_hook_is_off_and_nothing_is_lost(
    near: Core, hook: Hook, receiver: Receiver, time: FakeClock
) -> None:
    sent = put(near, hook, 3)
    receiver.answer(503, times=1000)
    calls = 0
    while state(near, hook).state == HookState.ON:
        calls += 1
        call(near, hook)
        time.advance(1800)
    assert state(near, hook).state == HookState.FAILING
    assert len(receiver.requests) <= calls
    assert due(near) == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receiver, "_orders", [])
        with near.db.write("test.on") as session:
            switch(session, session.get_one(Hook, hook.id), time.now(), is_on=True)
        time.advance(3600)  # the last ones refused rest as long as the hook did
        patch.setattr("scrm.sandbox.receiver.time.time", lambda: time.now().timestamp())
        call(near, hook)
    assert set(receiver.effects) == set(sent)


def test_410_switches_it_off_at_once(near: Core, hook: Hook, receiver: Receiver) -> None:
    put(near, hook, 2)
    receiver.answer(410)
    call(near, hook)
    assert state(near, hook).state == HookState.GONE
    assert len(receiver.requests) == 1


def test_nobody_follows_where_it_redirects(near: Core, hook: Hook, receiver: Receiver) -> None:
    put(near, hook)
    receiver.answer(307, headers={"Location": "/elsewhere"})
    call(near, hook)
    assert [status for _id, status in receiver.requests] == [307]
    assert receiver.effects == {}
    assert rows(near)[0].status == 307


def test_a_private_host_is_refused_when_it_is_called_even_if_it_was_public_before(
    near: Core, hook: Hook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name now leads elsewhere: the address that is checked is the one that is connected to."""
    put(near, hook)
    with near.db.write("test.moved") as session:
        session.execute(update(Hook).values(address="https://crm.example/hook"))
    asked = []

    def rebound(host: str, port: int, **_options: object) -> list[Any]:
        asked.append(host)
        return [(2, 1, 6, "", ("93.184.215.14", port)), (2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr("scrm.http.socket.getaddrinfo", rebound)
    call(near, hook)
    assert asked == ["crm.example"]
    assert receiver.requests == []
    assert rows(near)[0].reason == announce.PRIVATE


def test_without_permission_this_machine_is_not_called(
    core: Core, near: Core, hook: Hook, receiver: Receiver
) -> None:
    put(near, hook)
    call(core, hook)
    assert receiver.requests == []


def test_during_a_rotation_both_secrets_fit_and_afterwards_the_new_one_alone(
    near: Core, hook: Hook, receiver: Receiver, time: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrm.sandbox.receiver.time.time", lambda: time.now().timestamp())
    old = receiver.secrets[0]
    with near.db.write("test.rotate") as session:
        new = rotate_hook(session, near.vault, session.get_one(Hook, hook.id), time.now())
    for secret, hours, taken in ((old, 0, 1), (new, 0, 2), (new, 25, 3), (old, 0, 3)):
        receiver.secrets = [secret]
        time.advance(hours * 3600)
        put(near, hook)
        call(near, hook)
        assert len(receiver.effects) == taken


def test_a_replay_sends_the_same_ids_again(near: Core, hook: Hook, receiver: Receiver, time: FakeClock) -> None:
    sent = put(near, hook, 3)
    call(near, hook)
    time.advance(60)
    sent += put(near, hook, 220)
    call(near, hook)
    with near.db.write("test.one") as session:
        replay_one(session, hook, rows(near)[0].public_id, time.now())
    call(near, hook)
    assert receiver.repeats == {sent[0]: 1}
    assert replay_since(near.db, hook, time.now(), only_failed=True) == 0
    assert replay_since(near.db, hook, time.now(), only_failed=False) == 220
    call(near, hook)
    assert receiver.repeats.total() == 221
    assert len(receiver.effects) == 223


def test_a_test_is_tried_once(near: Core, hook: Hook, receiver: Receiver) -> None:
    receiver.answer(500)
    with near.db.write("test.test") as session:
        send_test(session, hook, near.db.clock.now())
    call(near, hook)
    assert (rows(near)[0].state, rows(near)[0].status) == ("failed", 500)


def test_a_slow_hook_does_not_hold_up_another(
    near: Core, hook: Hook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce, "ANSWER_SECONDS", 0.2)
    with Receiver() as other:
        near = replace(near, settings=replace(near.settings, allowed_hosts=(receiver.host, other.host)))
        quick = made(near, other, "quick")
        put(near, hook, 3)
        put(near, quick, 3)
        receiver.answer(200, after=1)
        call(near, hook)
        call(near, quick)
        assert len(other.effects) == 3
    assert rows(near)[0].reason == announce.NO_ANSWER


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30),
        ("0", 1),
        ("-5", None),
        ("99999999999999999999", 3600),
        ("soon", None),
        ("٣", None),
        ("Sat, 31 Jan 2026 12:10:00 GMT", 600),
        ("Sat, 31 Jan 2026 11:00:00 GMT", 1),
        ("Sat, 31 Jan 2026 12:10:00", None),
        (None, None),
    ],
)
def test_both_forms_of_retry_after_are_read_and_kept_within_an_hour(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, datetime(2026, 1, 31, 12, tzinfo=UTC)) == seconds
