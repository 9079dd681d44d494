"""Webhooks as senders meet them: what is forged leaves a count and nothing else, what is repeated has one effect."""

import dataclasses
import hashlib
import hmac
import json
import random
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from scrm.clock import FakeClock
from scrm.models import InboxItem, LocalContact, Row, WebhookEndpoint
from scrm.privacy import purge
from scrm.runtime import Core
from scrm.sync.signature import key_of
from scrm.sync.webhook import apply_due, make_endpoint, rotate
from scrm.web import create_app
from tests.web.test_webhooks import send, signed

CANARY = "canary-in-a-body"
BODY = json.dumps({"type": "contact.updated", "data": {"id": CANARY}}).encode()
MUTATIONS = 320
Mutation = tuple[dict[str, str], bytes]
Event = tuple[str, bytes]


@pytest.fixture
def clock(core: Core) -> FakeClock:
    core.db.clock = FakeClock(core.db.clock.now().replace(microsecond=0))
    return core.db.clock


@pytest.fixture
def secret(core: Core, clock: FakeClock) -> str:
    with core.db.write("test.endpoint") as session:
        return make_endpoint(session, core.vault, "crm", "local", core.db.clock.now())


def short(core: Core, secret: str, body: bytes = BODY, seconds: int = 0) -> dict[str, str]:
    stamp = str(int(core.db.clock.now().timestamp()) + seconds)
    mark = hmac.digest(key_of(secret), f"{stamp}.".encode() + body, hashlib.sha256).hex()
    return {"X-Signature": f"t={stamp},v1={mark}"}


def damaged(rng: random.Random, headers: dict[str, str], body: bytes) -> Iterator[Mutation]:
    """Valid requests with one thing wrong, without end."""
    names = list(headers)
    while True:
        mutation = _one(rng, headers, rng.choice(names), body)
        if mutation != (headers, body) and not any("\r" in text or "\n" in text for text in mutation[0].values()):
            yield mutation


def _one(rng: random.Random, headers: dict[str, str], name: str, body: bytes) -> Mutation:
    value = headers[name]
    at = rng.randrange(len(value))
    flipped = chr(ord(value[at]) ^ (1 << rng.randrange(7)))
    cut = at % len(body)
    texts = (
        value[:at] + flipped + value[at + 1 :],
        f"{value},{value}",
        value[:at] + "\u00e9" + value[at:],
        value.replace(",", ""),
        value.replace("v1", "v0"),
        value[:-1] + "!",
        "",
        rng.choice(["nan", "1e9", "0", "-1", "17.5", "9" * 400]),
    )
    changes: list[Mutation] = [({**headers, name: text}, body) for text in texts]
    changes.append(({key: text for key, text in headers.items() if key != name}, body))
    changes += [(headers, bad) for bad in (body + b" ", body[:-1], body[:cut] + b"\x00" + body[cut + 1 :])]
    return rng.choice(changes)


def counted(core: Core) -> dict[str, int]:
    with core.db.read() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Row.metadata.sorted_tables
        }


@pytest.mark.parametrize("scheme", ["full", "short"])
def test_three_hundred_forgeries_are_401_and_leave_a_count(
    client: FlaskClient, core: Core, secret: str, scheme: str, capsys: pytest.CaptureFixture
) -> None:
    headers = signed(core, secret, BODY) if scheme == "full" else short(core, secret)
    stale = [short(core, secret, seconds=gap) for gap in (301, -301, 10**9)] if scheme == "short" else []
    before, sent = counted(core), 0
    made = damaged(random.Random(7), headers, BODY)
    for mutation, body in [*((one, BODY) for one in stale), *(next(made) for _ in range(MUTATIONS))]:
        given = headers_of_the_wire(mutation)
        if given == headers and body == BODY:
            continue
        assert send(client, given, body).status_code == 401, (given, body)
        sent += 1
    assert sent > 300
    assert counted(core) == before
    assert CANARY not in "".join(capsys.readouterr())
    with core.db.read() as session:
        assert session.scalars(select(WebhookEndpoint.refused)).one() == sent
    assert send(client, headers, BODY).status_code == 202


def headers_of_the_wire(given: dict[str, str]) -> dict[str, str]:
    """As HTTP carries them: spaces at the edges are not part of a value."""
    return {name: value.strip(" \t") for name, value in given.items()}


def send_at_once(core: Core, secret: str, todo: list[Event]) -> list[int]:
    """Eight senders share the work."""
    app, lock = create_app(core), threading.Lock()
    told: list[int] = []

    def work() -> None:
        mine = app.test_client()
        while True:
            with lock:
                if not todo:
                    return
                delivery, body = todo.pop()
            told.append(send(mine, signed(core, secret, body, delivery), body).status_code)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def apply_all(core: Core) -> None:
    while apply_due(core.db, 50, lease_seconds=60):
        pass


def test_a_delivery_that_comes_fifty_times_eight_at_once_has_one_effect(
    core: Core, secret: str, clock: FakeClock
) -> None:
    rng = random.Random(3)
    now = clock.now().isoformat()
    events = [
        (f"msg_{n}", json.dumps({"type": "contact.created", "timestamp": now, "data": data}).encode())
        for n, data in enumerate({"id": f"c{number}", "full_name": f"N{number}"} for number in range(8))
    ]
    todo = [event for event in events for _again in range(rng.randint(1, 50))]
    rng.shuffle(todo)
    told = send_at_once(core, secret, todo)
    assert set(told) <= {200, 202}
    assert told.count(202) == len(events)
    apply_all(core)
    for days in (1, 15, 13):
        clock.advance(timedelta(days=days).total_seconds())
        while purge(core):
            pass
        assert set(send_at_once(core, secret, list(events))) == {200}
    apply_all(core)
    with core.db.read() as session:
        assert session.scalar(select(func.count()).select_from(InboxItem)) == len(events)
        assert session.scalar(select(func.count()).select_from(LocalContact)) == len(events)


def test_replacing_a_secret_refuses_nobody_until_its_day_is_over(
    client: FlaskClient, core: Core, secret: str, clock: FakeClock
) -> None:
    def both(number: int, fresh: str) -> list[int]:
        return [
            send(client, signed(core, one, BODY, f"msg_{number}_{which}"), BODY).status_code
            for which, one in enumerate((secret, fresh))
        ]

    with core.db.write("test.rotate") as session:
        fresh = rotate(session, core.vault, "crm", clock.now())
    for number in range(12):
        assert both(number, fresh) == [202, 202]
        clock.advance(2 * 3600 - 10)
    clock.advance(3600)
    assert both(99, fresh) == [401, 202]


def test_a_new_key_of_the_installation_refuses_no_sender(core: Core, secret: str) -> None:
    from scrm.vault import Vault

    old = core.vault._ring
    newer = Vault({"k9": b"9" * 32, **old})
    client = create_app(dataclasses.replace(core, vault=newer)).test_client()
    assert send(client, signed(core, secret, BODY), BODY).status_code == 202
