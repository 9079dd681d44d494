import json
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from scrm.clock import FakeClock
from scrm.db import METADATA, Database
from scrm.errors import EndpointUnknownError, InputError, SealError, WebhookRefusedError
from scrm.models import CrmState, InboxItem, LocalContact, WebhookEndpoint
from scrm.models.inbox import MOST_ERRORS
from scrm.runtime import Core
from scrm.sync import webhook
from scrm.sync.crm.local import LocalCrm
from scrm.sync.webhook import apply_due, make_endpoint, receive, replay, rotate
from scrm.vault import Vault
from tests.sync.crm.worlds import START
from tests.sync.test_signature import sign

NAME = "crm"


@pytest.fixture
def clock(database: Database) -> FakeClock:
    clock = FakeClock(START + timedelta(days=1))
    database.clock = clock
    return clock


@pytest.fixture
def secret(core: Core, clock: FakeClock) -> str:
    with core.db.write("test.endpoint") as session:
        return make_endpoint(session, core.vault, NAME, "local", clock.now())


def event(kind: str, source_id: str, at: datetime, /, **data: Any) -> bytes:
    return json.dumps(
        {"type": f"contact.{kind}", "timestamp": at.isoformat(), "data": {"id": source_id} | data}
    ).encode()


def signed(secret: str, delivery: str, body: bytes, now: datetime) -> dict[str, str]:
    seconds = int(now.timestamp())
    return {
        "Webhook-Id": delivery,
        "Webhook-Timestamp": str(seconds),
        "Webhook-Signature": sign(secret, delivery, seconds, body),
    }


def send(core: Core, secret: str, delivery: str, body: bytes) -> bool:
    now = core.db.clock.now()
    return receive(core.db, core.vault, NAME, signed(secret, delivery, body, now), body, now)


def put(db: Database, number: int, body: bytes) -> None:
    """A delivery that was verified and stored before."""
    now = db.clock.now()
    with db.write("test.put") as session:
        session.add(InboxItem(endpoint=NAME, delivery_key=f"put-{number}", received_at=now, body=body, due_at=now))


def items(db: Database) -> list[InboxItem]:
    with db.read() as session:
        return list(session.scalars(select(InboxItem).order_by(InboxItem.id)))


def names(db: Database) -> dict[str, str]:
    """The built-in CRM's contacts, by source id."""
    with db.read() as session:
        sources = {str(row.id): row.source_id for row in session.scalars(select(LocalContact))}
    shown = {}
    for contact in LocalCrm(db).read(list(sources)):
        ended = f"merged into {sources[contact.merged_into]}" if contact.merged_into else "deleted"
        is_over = contact.is_deleted or contact.merged_into
        shown[sources[contact.native_id]] = ended if is_over else contact.full_name
    return shown


def drain(db: Database) -> None:
    while apply_due(db, 50):
        pass


def refused_count(db: Database) -> int:
    with db.read() as session:
        return session.scalars(select(WebhookEndpoint.refused)).one()


def test_a_delivery_is_stored_then_applied(core: Core, clock: FakeClock, secret: str) -> None:
    body = event("created", "c1", clock.now(), full_name="Ada Example", handles=[{"network": "x", "handle": "@ada"}])
    assert send(core, secret, "msg_1", body)
    (item,) = items(core.db)
    assert (item.endpoint, item.delivery_key, item.body, item.state) == (NAME, "msg_1", body, "todo")
    assert names(core.db) == {}
    assert apply_due(core.db, 50) == 1
    assert names(core.db) == {"c1": "Ada Example"}
    (item,) = items(core.db)
    assert (item.state, item.body, item.due_at, item.lease_until) == ("done", None, None, None)
    with core.db.read() as session:
        assert session.get_one(CrmState, "local").due_at == clock.now()


def test_a_repeat_is_fine_and_has_no_second_effect(core: Core, clock: FakeClock, secret: str) -> None:
    body = event("created", "c1", clock.now(), full_name="Ada")
    assert send(core, secret, "msg_1", body)
    assert not send(core, secret, "msg_1", body)
    drain(core.db)
    clock.advance(86_400 * 20)
    assert not send(core, secret, "msg_1", event("updated", "c1", clock.now(), full_name="Replayed"))
    drain(core.db)
    assert len(items(core.db)) == 1
    assert names(core.db) == {"c1": "Ada"}
    assert refused_count(core.db) == 0


def test_the_same_id_on_another_address_is_another_delivery(core: Core, clock: FakeClock, secret: str) -> None:
    with core.db.write("test.other") as session:
        other = make_endpoint(session, core.vault, "other", "local", clock.now())
    body = event("created", "c1", clock.now(), full_name="Ada")
    now = clock.now()
    assert send(core, secret, "msg_1", body)
    assert receive(core.db, core.vault, "other", signed(other, "msg_1", body, now), body, now)
    with pytest.raises(WebhookRefusedError):
        receive(core.db, core.vault, "other", signed(secret, "msg_2", body, now), body, now)


def test_a_forgery_leaves_nothing_but_a_count(core: Core, clock: FakeClock, secret: str) -> None:
    body = event("created", "c1", clock.now(), full_name="Ada")
    now, dice, sent = clock.now(), random.Random(7), 0
    good = signed(secret, "msg_1", body, now)
    for _ in range(40):
        headers, name = dict(good), dice.choice(list(good))
        position = dice.randrange(len(headers[name]))
        flipped = chr(ord(headers[name][position]) ^ (1 << dice.randrange(7)))
        headers[name] = headers[name][:position] + flipped + headers[name][position + 1 :]
        with pytest.raises(WebhookRefusedError):
            receive(core.db, core.vault, NAME, headers, body, now)
        sent += 1
    for stale in (now + timedelta(seconds=301), now - timedelta(seconds=301)):
        with pytest.raises(WebhookRefusedError):
            receive(core.db, core.vault, NAME, good, body, stale)
        sent += 1
    with pytest.raises(WebhookRefusedError):
        receive(core.db, core.vault, NAME, good, body + b" ", now)
    assert refused_count(core.db) == sent + 1
    assert items(core.db) == []
    assert names(core.db) == {}


def test_an_unknown_address_is_told_apart_from_a_forgery(core: Core, clock: FakeClock) -> None:
    with pytest.raises(EndpointUnknownError):
        receive(core.db, core.vault, "nobody", {}, b"", clock.now())
    with pytest.raises(EndpointUnknownError), core.db.write("test.rotate") as session:
        rotate(session, core.vault, "nobody", clock.now())


def test_a_key_store_we_cannot_open_is_not_the_senders_fault(core: Core, clock: FakeClock, secret: str) -> None:
    body, now = event("deleted", "c1", clock.now()), clock.now()
    stranger = Vault({"k9": b"9" * 32})
    with pytest.raises(SealError):
        receive(core.db, stranger, NAME, signed(secret, "msg_1", body, now), body, now)
    assert refused_count(core.db) == 0


def test_the_secret_is_sealed(core: Core, clock: FakeClock, secret: str) -> None:
    with core.db.read() as session:
        assert secret.removeprefix("whsec_") not in session.scalars(select(WebhookEndpoint.secrets)).one()


def test_rotating_refuses_nobody_for_a_day(core: Core, clock: FakeClock, secret: str) -> None:
    with core.db.write("test.rotate") as session:
        new = rotate(session, core.vault, NAME, clock.now())
    body = event("deleted", "c1", clock.now())
    assert send(core, secret, "old", body)
    assert send(core, new, "new", body)
    clock.advance(86_399)
    assert send(core, secret, "still", body)
    clock.advance(2)
    with pytest.raises(WebhookRefusedError):
        send(core, secret, "too late", body)
    assert send(core, new, "goes-on", body)
    with core.db.write("test.rotate_again") as session:
        newest = rotate(session, core.vault, NAME, clock.now())
    assert send(core, new, "previous", body)
    assert send(core, newest, "newest", body)


@pytest.mark.parametrize(
    ("name", "crm_id"), [("", "local"), ("Ümlaut", "local"), ("a/b", "local"), ("x" * 41, "local"), ("ok", "other")]
)
def test_an_address_has_a_plain_name_and_a_crm_we_know(core: Core, clock: FakeClock, name: str, crm_id: str) -> None:
    with pytest.raises(InputError), core.db.write("test.bad_endpoint") as session:
        make_endpoint(session, core.vault, name, crm_id, clock.now())


def test_an_address_is_made_once(core: Core, clock: FakeClock, secret: str) -> None:
    with pytest.raises(InputError), core.db.write("test.twice") as session:
        make_endpoint(session, core.vault, NAME, "local", clock.now())


def test_an_event_tells_everything_about_a_contact(core: Core, clock: FakeClock, secret: str) -> None:
    full = {
        "version": 3,
        "kind": "lead",
        "relation": "prospect",
        "full_name": " Ada Example ",
        "first_name": "Ada",
        "last_name": "Example",
        "company": "Acme",
        "title": None,
        "emails": ["ada@example.test"],
        "handles": [{"network": "mastodon", "handle": "@ada@social.example"}],
    }
    put(core.db, 1, b"\xef\xbb\xbf" + event("updated", "c1", clock.now(), **full))
    drain(core.db)
    (contact,) = LocalCrm(core.db).read_changes(None).contacts
    assert (contact.kind, contact.relation, contact.full_name, contact.title) == (
        "lead",
        "prospect",
        "Ada Example",
        None,
    )
    assert contact.handles == (("mastodon", "@ada@social.example"),)
    assert (contact.emails, contact.phones) == (("ada@example.test",), ())


AT = START.isoformat()
POISON: Mapping[str, tuple[bytes, str]] = {
    "empty": (b"", "JSON"),
    "null": (b"null", "object"),
    "list": (b"[]", "object"),
    "number": (b"3", "object"),
    "not JSON": (b"{", "JSON"),
    "not UTF-8": (b'{"type": "\xff"}', "UTF-8"),
    "UTF-16": ("{}".encode("utf-16"), "UTF-8"),
    "NaN": (b'{"type": NaN}', "JSON"),
    "infinite": (b'{"type": 1e400}', "JSON"),
    "doubled key": (b'{"type": "a", "type": "b"}', "JSON"),
    "deep": (b"[" * 100_000, "JSON"),
    "long number": (b'{"type": ' + b"9" * 5_000 + b"}", "JSON"),
    "no type": (f'{{"timestamp": "{AT}", "data": {{}}}}'.encode(), "type: "),
    "unknown type": (f'{{"type": "x", "timestamp": "{AT}", "data": {{}}}}'.encode(), "contact.created"),
    "naive time": (b'{"type": "contact.deleted", "timestamp": "2026-03-01T09:00:00", "data": {}}', "timestamp: "),
    "impossible day": (
        b'{"type": "contact.deleted", "timestamp": "2026-02-29T09:00:00Z", "data": {}}',
        "timestamp: ",
    ),
    "year one": (b'{"type": "contact.deleted", "timestamp": "0001-01-01T00:00:00+14:00", "data": {}}', "timestamp: "),
    "last year": (
        b'{"type": "contact.deleted", "timestamp": "9999-12-31T23:59:59-14:00", "data": {}}',
        "timestamp: ",
    ),
    "far ahead": (event("deleted", "c", START + timedelta(days=3)), "timestamp: "),
    "unknown field": (event("created", "c", START, full_name="Ada", shoe_size=41), "data.shoe_size: "),
    "unknown inside": (
        event("created", "c", START, full_name="A", handles=[{"network": "x", "handle": "a", "n": 1}]),
        "data.handles.0.n: ",
    ),
    "no name": (event("created", "c", START), "data.full_name: "),
    "blank name": (event("created", "c", START, full_name=""), "data.full_name: "),
    "number as id": (
        f'{{"type": "contact.deleted", "timestamp": "{AT}", "data": {{"id": 7}}}}'.encode(),
        "data.id: ",
    ),
    "long id": (event("deleted", "x" * 256, START), "data.id: "),
    "long name": (event("created", "c", START, full_name="canary" * 1000), "data.full_name: "),
    "huge version": (event("deleted", "c", START, version=2**63), "data.version: "),
    "version as text": (event("deleted", "c", START, version="7"), "data.version: "),
    "unknown relation": (event("created", "c", START, full_name="A", relation="foe"), "data.relation: "),
    "many e-mails": (event("created", "c", START, full_name="A", emails=["a@b.example"] * 51), "data.emails: "),
    "into itself": (event("merged", "c", START, merged_into="c"), "data.merged_into: "),
    "into nobody": (event("merged", "c", START), "data.merged_into: "),
    "fields of a deleted one": (event("deleted", "c", START, full_name="canary"), "data.full_name: "),
}


def test_poison_is_set_aside_with_a_reason_and_its_neighbors_go_on(core: Core, clock: FakeClock, secret: str) -> None:
    for number, (body, _reason) in enumerate(POISON.values()):
        put(core.db, number, body)
        put(core.db, 1000 + number, event("created", f"good {number}", clock.now(), full_name=f"Good {number}"))
    drain(core.db)
    found = {item.delivery_key: item for item in items(core.db)}
    for number, (what, (body, reason)) in enumerate(POISON.items()):
        item = found[f"put-{number}"]
        assert item.state == "quarantined", what
        assert reason in (item.reason or ""), what
        assert "canary" not in (item.reason or ""), what
        assert (item.body, item.due_at, item.lease_until) == (body, None, None), what
        assert found[f"put-{1000 + number}"].state == "done", what
    assert len(names(core.db)) == len(POISON)


def test_text_no_database_takes_is_cleaned(core: Core, clock: FakeClock, secret: str) -> None:
    put(core.db, 1, event("created", "c\x00\ud800", clock.now(), full_name="Ada\x00", emails=["\ud800"]))
    drain(core.db)
    assert names(core.db) == {"c\ufffd\ufffd": "Ada\ufffd"}


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
