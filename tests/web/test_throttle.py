"""Trying to sign in costs a growing wait, per account and address, told in plain words, and locks nobody out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from scrm.clock import FakeClock
from scrm.models import Role, User
from scrm.runtime import Core
from scrm.web.auth import ensure_user
from scrm.web.people import hash_password, set_password
from scrm.web.throttle import FREE_PER_ADDRESS, FREE_PER_PAIR, LONGEST_WAIT, MOST_HELD, Asker, Throttle
from tests.redis_server import RedisServer
from tests.web.conftest import TOKEN

PASSWORD = "seven-quiet-harbors"
MEI, JANA = "mei@nordwerk.example", "jana@nordwerk.example"


@pytest.fixture
def clock(core: Core) -> FakeClock:
    core.db.clock = FakeClock(core.db.clock.now())
    return core.db.clock


@pytest.fixture
def user(core: Core, clock: FakeClock) -> User:
    with core.db.write("test.user") as session:
        row = ensure_user(session, "Mei Tanaka", MEI, Role.REP, clock.now())
        set_password(session, row.id, hash_password(PASSWORD))
    return row


@pytest.fixture
def server(core: Core, tmp_path: Path) -> Iterator[RedisServer]:
    found = RedisServer(tmp_path)
    found.start()
    yield found
    found.stop()


def sign_in(client: FlaskClient, password: str, email: str = MEI, address: str = "203.0.113.7"):
    where = {"REMOTE_ADDR": address}
    page = client.get("/sign-in", environ_base=where).get_data(as_text=True)
    fields = {"csrf_token": TOKEN.search(page)[1], "email": email, "password": password}
    return client.post("/sign-in", data=fields, environ_base=where)


def test_ten_wrong_passwords_cost_a_wait_that_is_told_and_ends(app: Flask, user: User, clock: FakeClock) -> None:
    client = app.test_client()
    told = [sign_in(client, "wrong").status_code for _try in range(FREE_PER_PAIR)]
    assert told == [401] * FREE_PER_PAIR
    refused = sign_in(client, PASSWORD)
    assert refused.status_code == 429
    assert "Too many wrong tries." in refused.get_data(as_text=True)
    assert 0 < int(refused.headers["Retry-After"]) <= LONGEST_WAIT.total_seconds()
    for _try in range(6):
        clock.advance(LONGEST_WAIT.total_seconds() + 1)
        assert sign_in(client, "wrong").status_code == 401
    assert sign_in(client, "wrong").status_code == 429
    clock.advance(LONGEST_WAIT.total_seconds() + 1)
    assert sign_in(client, PASSWORD).status_code == 302


def test_an_account_nobody_has_is_told_exactly_the_same(app: Flask, user: User) -> None:
    def story(email: str, address: str) -> list[tuple[int, str]]:
        client = app.test_client()
        answers = [sign_in(client, "wrong", email, address) for _try in range(FREE_PER_PAIR + 2)]
        return [(one.status_code, TOKEN.sub("", one.get_data(as_text=True)).replace(email, "")) for one in answers]

    assert story(MEI, "203.0.113.7") == story("nobody@nordwerk.example", "203.0.113.8")


def test_a_stranger_cannot_keep_the_owner_out(app: Flask, user: User) -> None:
    owner, stranger = app.test_client(), app.test_client()
    assert sign_in(owner, PASSWORD, address="198.51.100.1").status_code == 302
    for number in range(30):
        sign_in(stranger, "wrong", address=f"203.0.113.{number}")
    again = app.test_client()
    again.set_cookie("scrm-known", owner.get_cookie("scrm-known").value)
    assert sign_in(again, PASSWORD, address="198.51.100.1").status_code == 302


def test_the_mark_of_a_known_browser_is_for_its_account_alone_and_cannot_be_made_up(app: Flask, user: User) -> None:
    owner = app.test_client()
    sign_in(owner, PASSWORD, address="198.51.100.1")
    mark = owner.get_cookie("scrm-known").value
    name, _, seal = mark.partition(".")
    for number, forged in enumerate((f"x{name}.{seal}", f"{name}.{seal[:-1]}0", f"{name}.", ".", "", "é.é")):
        with app.app_context():
            from scrm.web import known

            assert known.read(app.extensions["scrm"], forged, MEI) is None, number
            assert known.read(app.extensions["scrm"], mark, JANA) is None
            assert known.read(app.extensions["scrm"], mark, MEI.upper()) == name


def test_a_known_browser_must_wait_for_its_own_wrong_tries(app: Flask, user: User) -> None:
    owner = app.test_client()
    sign_in(owner, PASSWORD)
    thief = app.test_client()
    thief.set_cookie("scrm-known", owner.get_cookie("scrm-known").value)
    told = [sign_in(thief, "wrong", address=f"203.0.113.{n}").status_code for n in range(FREE_PER_PAIR + 1)]
    assert told == [401] * FREE_PER_PAIR + [429]


def test_one_address_that_tries_many_accounts_waits_too(core: Core, clock: FakeClock) -> None:
    throttle = Throttle(core)
    waits = [
        throttle.ask(Asker(account=f"{n}@x.example", address="203.0.113.7")) for n in range(FREE_PER_ADDRESS + 1)
    ]
    assert waits[:-1] == [0] * FREE_PER_ADDRESS
    assert waits[-1] > 0
    assert throttle.ask(Asker(account=MEI, address="203.0.113.8")) == 0


def test_a_house_of_version_6_counts_as_one_address(core: Core, clock: FakeClock) -> None:
    throttle = Throttle(core)
    for number in range(FREE_PER_PAIR):
        assert throttle.ask(Asker(account=MEI, address=f"2001:db8:0:1::{number:x}")) == 0
    assert throttle.ask(Asker(account=MEI, address="2001:db8:0:1:ffff::1")) > 0
    assert throttle.ask(Asker(account=MEI, address="2001:db8:0:2::1")) == 0


def test_whoever_signs_in_right_uses_up_nothing_of_the_address(core: Core, clock: FakeClock) -> None:
    throttle = Throttle(core)
    for number in range(3 * FREE_PER_ADDRESS):
        asker = Asker(account=f"{number}@x.example", address="203.0.113.7")
        assert throttle.ask(asker) == 0
        throttle.succeeded(asker)


def test_all_web_processes_count_together_and_each_alone_while_redis_is_away(
    core: Core, clock: FakeClock, server: RedisServer
) -> None:
    one, two = Throttle(core), Throttle(core)
    asker = Asker(account=MEI, address="203.0.113.7")
    for number in range(FREE_PER_PAIR):
        assert (one, two)[number % 2].ask(asker) == 0
    assert one.ask(asker) > 0
    assert two.ask(asker) > 0
    held = [key.decode() for key in server.redis.keys("*")]
    assert held
    assert not [key for key in held if "nordwerk" in key or "203.0" in key]
    assert all(server.redis.ttl(key) > 0 for key in held)
    two.succeeded(Asker(account=JANA, address="203.0.113.9"))
    server.stop()
    third = Asker(account=JANA, address="203.0.113.10")
    assert [one.ask(third) for _try in range(FREE_PER_PAIR)] == [0] * FREE_PER_PAIR
    assert one.ask(third) > 0


def test_what_is_held_in_the_process_stays_bounded(core: Core, clock: FakeClock) -> None:
    throttle = Throttle(core)
    throttle._held = dict.fromkeys(map(str, range(MOST_HELD)), (1, clock.now(), clock.now()))
    clock.advance(1)
    throttle.ask(Asker(account=MEI, address="203.0.113.7"))
    assert len(throttle._held) == 2
