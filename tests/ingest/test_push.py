"""What a network tells: verified, kept once, applied like a page, each event for itself."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from scrm.clock import FakeClock
from scrm.connectors.push import STREAM, base64_hmac, hex_hmac
from scrm.errors import EndpointUnknownError, WebhookRefusedError
from scrm.ingest import push
from scrm.ingest.apps import save
from scrm.ingest.connections import pause, resume
from scrm.ingest.replay import replay
from scrm.ingest.run import read_stream
from scrm.models import (
    Connection,
    InboxItem,
    InboxState,
    Interaction,
    NetworkApp,
    RawRecord,
    StreamState,
    Watch,
)
from scrm.models.inbox import MOST_ERRORS
from scrm.runtime import Core
from scrm.sync.webhook import apply_due as apply_from_crm
from tests.ingest.lighthouse import KEY, SECRET, US, Sea, delivery, note, signed


@pytest.fixture(autouse=True)
def _app(core: Core) -> None:
    save(core, KEY, {"secret": SECRET}, None)


def send(core: Core, body: bytes) -> bool:
    return push.receive(core, KEY, signed(body), body)


def texts(core: Core) -> dict[str, str | None]:
    with core.db.read() as session:
        return {row.native_id: row.text for row in session.scalars(select(Interaction))}


def items(core: Core) -> list[InboxItem]:
    with core.db.read() as session:
        return list(session.scalars(select(InboxItem).order_by(InboxItem.id)))


def raws(core: Core) -> list[RawRecord]:
    with core.db.read() as session:
        return list(session.scalars(select(RawRecord).where(RawRecord.stream == STREAM).order_by(RawRecord.id)))


def app_row(core: Core) -> NetworkApp:
    with core.db.read() as session:
        return session.get_one(NetworkApp, KEY)


def state(core: Core, connection: Connection, name: str) -> StreamState:
    with core.db.read() as session:
        mine = (StreamState.connection_id == connection.id) & (StreamState.stream == name)
        return session.scalars(select(StreamState).where(mine)).one()


def test_what_is_told_is_stored_like_a_page(core: Core, connection: Connection, time: FakeClock) -> None:
    assert send(core, delivery(note(1), note(2)))
    assert app_row(core).heard_at == time.now()
    assert texts(core) == {}, "it is applied afterwards"
    assert push.apply_due(core, 20) == 1
    assert texts(core) == {"n1": "Ahoy 1", "n2": "Ahoy 2"}
    assert [row.native_id for row in raws(core)] == ["n1", "n2"]
    (item,) = items(core)
    assert (item.endpoint, item.state, item.body) == ("network/lighthouse", "done", None)
    assert state(core, connection, STREAM).items == 2
    assert push.apply_due(core, 20) == 0


def test_a_repeat_has_no_second_effect(core: Core, connection: Connection) -> None:
    body = delivery(note(1))
    assert [send(core, body) for _time in range(3)] == [True, False, False]
    push.apply_due(core, 20)
    assert send(core, body) is False
    assert push.apply_due(core, 20) == 0
    assert len(items(core)) == 1


def test_a_repeat_in_other_bytes_is_known_by_the_ids_of_its_events(core: Core, connection: Connection) -> None:
    said = json.loads(delivery(note(1), note(2)))
    assert send(core, json.dumps(said).encode())
    assert not send(core, json.dumps(said, indent=1).encode())
    said["events"].pop()
    assert send(core, json.dumps(said).encode())


def test_the_same_event_in_another_delivery_changes_nothing(core: Core, connection: Connection) -> None:
    for _time in range(2):
        send(core, delivery(note(1)))
        push.apply_due(core, 20)
    with core.db.read() as session:
        assert session.scalars(select(Interaction.version)).one() == 1
    assert len(raws(core)) == 1


def test_what_arrives_out_of_order_does_not_bring_back_what_was_before(core: Core, connection: Connection) -> None:
    later = {"text": "Ahoy again", "edited_at": "2026-01-21T12:00:00Z"}
    for item in (note(1, **later), note(1), note(2, deleted=True), note(2)):
        send(core, delivery(item))
        push.apply_due(core, 20)
    assert texts(core)["n1"] == "Ahoy again"


def test_a_deletion_that_is_told_takes_the_text_away(core: Core, connection: Connection) -> None:
    send(core, delivery(note(1), note(2)))
    send(core, delivery(note(1, deleted=True), note(1)))
    while push.apply_due(core, 20):
        pass
    assert texts(core) == {"n1": None, "n2": "Ahoy 2"}


@pytest.mark.parametrize("secret", ["another secret", ""])
def test_a_forged_delivery_is_counted_and_not_kept(core: Core, connection: Connection, secret: str) -> None:
    body = delivery(note(1))
    headers = signed(body, secret) if secret else {}
    for number in (1, 2):
        with pytest.raises(WebhookRefusedError):
            push.receive(core, KEY, headers, body)
        assert app_row(core).refused == number
    assert items(core) == []
    assert app_row(core).heard_at is None


def test_without_a_registered_app_nobody_can_sign(core: Core, connection: Connection) -> None:
    with core.db.write("test.forget") as session:
        session.delete(session.get_one(NetworkApp, KEY))
    body = delivery(note(1))
    with pytest.raises(EndpointUnknownError):
        send(core, body)
    with pytest.raises(EndpointUnknownError):
        push.shake_hands(core, KEY, {"account": US, "token": ""})


@pytest.mark.parametrize("network", ["nowhere", "mastodon", "crm"])
def test_who_never_calls_is_unknown(core: Core, network: str) -> None:
    with pytest.raises(EndpointUnknownError):
        push.receive(core, network, {}, b"{}")


def test_an_event_that_makes_no_sense_is_set_aside_alone(core: Core, connection: Connection) -> None:
    send(core, delivery(note(1), {"id": "n2"}, note(3)))
    push.apply_due(core, 20)
    assert set(texts(core)) == {"n1", "n3"}
    assert [bool(row.quarantine) for row in raws(core)] == [False, True, False]
    assert items(core)[0].state == InboxState.DONE
    assert state(core, connection, STREAM).quarantined == 1


def test_a_fault_of_the_connector_meets_one_event_and_after_five_tries_is_set_aside(
    core: Core, connection: Connection, time: FakeClock
) -> None:
    send(core, delivery(note(1), note(2, broken=True), note(3)))
    send(core, delivery(note(4)))
    for attempt in range(MOST_ERRORS):
        assert push.apply_due(core, 20) == (2 if attempt == 0 else 1)
        assert set(texts(core)) == {"n1", "n3", "n4"}
        assert push.apply_due(core, 20) == 0, "it waits before the next try"
        time.advance(60)
    broken, fine = items(core)
    assert (broken.state, fine.state) == (InboxState.QUARANTINED, InboxState.DONE)
    assert "RuntimeError" in (broken.reason or "")
    assert push.apply_due(core, 20) == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", json.dumps({"events": [{"id": "e1"}]}).encode()])
def test_a_delivery_without_any_sense_is_set_aside_at_once(core: Core, connection: Connection, body: bytes) -> None:
    send(core, body)
    send(core, delivery(note(1)))
    push.apply_due(core, 20)
    assert [item.state for item in items(core)] == [InboxState.QUARANTINED, InboxState.DONE]
    assert items(core)[0].reason


def test_a_delivery_that_stopped_two_workers_is_set_aside(
    core: Core, connection: Connection, time: FakeClock
) -> None:
    send(core, delivery(note(1)))
    with core.db.write("test.crash") as session:
        session.execute(update(InboxItem).values(lease_until=time.now() - timedelta(seconds=1), crash_count=1))
    send(core, delivery(note(2)))
    assert push.apply_due(core, 20) == 2
    assert [item.state for item in items(core)] == [InboxState.QUARANTINED, InboxState.DONE]
    assert set(texts(core)) == {"n2"}


def test_a_connection_that_is_paused_hears_nothing_and_its_lists_catch_up(core: Core, connection: Connection) -> None:
    pause(core, connection.public_id, None)
    send(core, delivery(note(1)))
    send(core, delivery(note(2), account="somebody-else"))
    push.apply_due(core, 20)
    assert texts(core) == {}
    assert {item.state for item in items(core)} == {InboxState.DONE}
    resume(core, connection.public_id, None)
    assert state(core, connection, "notes").due_at is not None


def test_two_connections_of_one_account_both_hear(core: Core, connection: Connection) -> None:
    with core.db.write("test.second") as session:
        session.add(
            Connection(
                public_id=UUID(int=7),
                network=KEY,
                base_url="https://other.example",
                native_id=US,
                label="@other",
                created_at=core.db.clock.now(),
            )
        )
    send(core, delivery(note(1)))
    push.apply_due(core, 20)
    with core.db.read() as session:
        assert session.scalar(select(func.count(func.distinct(RawRecord.connection_id)))) == 2
    assert len(texts(core)) == 1


def test_an_event_orders_objects_and_wakes_lists(core: Core, connection: Connection, time: FakeClock) -> None:
    woken: list[tuple[str, int | None]] = []
    core = replace(core, wake=lambda kind, subject=None: woken.append((kind, subject)))
    with core.db.write("test.quiet") as session:
        session.execute(update(StreamState).values(due_at=time.now() + timedelta(hours=1)))
    send(core, delivery(note(1, thread="t", wakes=True)))
    push.apply_due(core, 20)
    assert state(core, connection, "notes").due_at == time.now()
    assert woken == [("read", state(core, connection, "notes").id)]
    with core.db.read() as session:
        watch = session.scalars(select(Watch).where(Watch.stream == "threads")).one()
        assert (watch.native_id, watch.due_at) == ("t", time.now())
    assert state(core, connection, "threads").due_at == time.now()


def test_a_list_that_fails_keeps_to_its_own_next_try(core: Core, connection: Connection, time: FakeClock) -> None:
    later = time.now() + timedelta(hours=1)
    with core.db.write("test.fails") as session:
        session.execute(update(StreamState).values(due_at=later, problem="UnavailableError"))
    send(core, delivery(note(1, wakes=True)))
    push.apply_due(core, 20)
    assert state(core, connection, "notes").due_at == later


def test_many_events_of_one_delivery_are_all_stored(core: Core, connection: Connection) -> None:
    send(core, delivery(*(note(number) for number in range(120))))
    push.apply_due(core, 20)
    assert len(texts(core)) == 120


def test_the_crms_deliveries_and_the_networks_do_not_touch_each_other(core: Core, connection: Connection) -> None:
    send(core, delivery(note(1)))
    assert apply_from_crm(core.db, 20) == 0
    with core.db.write("test.crm") as session:
        now = core.db.clock.now()
        session.add(InboxItem(endpoint="crm", delivery_key="1", received_at=now, body=b"{}", due_at=now))
    assert push.apply_due(core, 20) == 1
    assert {item.endpoint: item.state for item in items(core)}["crm"] == InboxState.TODO


def test_what_was_told_is_translated_again_with_everything_else(core: Core, connection: Connection) -> None:
    send(core, delivery(note(1)))
    push.apply_due(core, 20)
    with core.db.write("test.forget") as session:
        session.execute(update(RawRecord).values(quarantine="an older connector did not know it"))
    assert replay(core, connection.id) == 0
    assert [row.quarantine for row in raws(core)] == [None]


def test_what_is_told_and_read_at_the_same_time_is_stored_once_and_stops_nobody(
    core: Core, connection: Connection, sea: Sea
) -> None:
    """The list gives what is being told at this moment, by several workers at once."""
    sea.notes = [note(number) for number in range(40)]
    for first in range(4):
        told = sea.notes[first::2] + sea.notes[::-1]
        send(core, delivery(*told))
    list_id = state(core, connection, "notes").id

    def tell() -> bool:
        while push.apply_due(core, 1):
            pass
        return False

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(tell) for _worker in range(3)] + [pool.submit(read_stream, core, list_id)]
        assert [job.result() for job in jobs] == [False, False, False, False]
    assert len(texts(core)) == 40
    assert {(item.state, item.attempts) for item in items(core)} == {(InboxState.DONE, 0)}


@pytest.mark.parametrize("sign", [hex_hmac, base64_hmac])
def test_an_empty_secret_signs_nothing(sign: Callable[[str, bytes], str]) -> None:
    assert sign("x", b"body")
    with pytest.raises(WebhookRefusedError):
        sign("", b"body")
