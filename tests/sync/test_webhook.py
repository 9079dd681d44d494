"""What a CRM sends by webhook: verified, stored once, applied; what is not as agreed is set aside."""

import random
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select

from scrm.clock import FakeClock
from scrm.errors import EndpointUnknownError, InputError, SealError, WebhookRefusedError
from scrm.models import CrmState, WebhookEndpoint
from scrm.runtime import Core
from scrm.sync.crm.local import LocalCrm
from scrm.sync.webhook import apply_due, make_endpoint, receive, rotate
from scrm.vault import Vault
from tests.sync import deliveries
from tests.sync.crm.worlds import START
from tests.sync.deliveries import NAME, drain, event, items, names, put, refused_count, send, signed

clock, secret = deliveries.clock, deliveries.secret


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
