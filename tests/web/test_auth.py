"""Signing in and out: passwords, single-use links, sessions, delays."""

from datetime import datetime, timedelta
from statistics import median
from time import process_time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from scrm.clock import FakeClock
from scrm.errors import InputError
from scrm.models import Role, SignInLink, User, WebSession
from scrm.runtime import Core
from scrm.web.auth import ensure_user, make_sign_in_link
from scrm.web.people import (
    ABSOLUTE,
    IDLE,
    LINK_LASTS,
    LONGEST_WAIT,
    check_password,
    first_admin_link,
    hash_password,
    set_password,
)
from tests.web.conftest import TOKEN, Browser

PASSWORD = "seven-quiet-harbors"


@pytest.fixture
def clock(core: Core) -> FakeClock:
    """Time that moves only when told to, from now on."""
    fake = FakeClock(core.db.clock.now())
    core.db.clock = fake
    return fake


@pytest.fixture
def user(core: Core, clock: FakeClock) -> User:
    with core.db.write("test.user") as session:
        row = ensure_user(session, "Mei Tanaka", "Mei@Nordwerk.example", Role.REP, clock.now())
        set_password(session, row.id, hash_password(PASSWORD))
    return row


def sign_in(client: FlaskClient, password: str = PASSWORD, email: str = "mei@nordwerk.example", **more: str):
    page = client.get("/sign-in").get_data(as_text=True)
    fields = {"csrf_token": TOKEN.search(page)[1], "email": email, "password": password, **more}
    return client.post("/sign-in", data=fields)


def cookie(client: FlaskClient) -> str | None:
    found = client.get_cookie("scrm")
    return found.value if found else None


def test_the_right_password_signs_in_and_leads_on(client: FlaskClient, user: User) -> None:
    answer = sign_in(client, next="/contacts?q=a")
    assert (answer.status_code, answer.location) == (302, "/contacts?q=a")
    assert "Mei Tanaka" in client.get("/").get_data(as_text=True)
    flags = answer.headers.getlist("Set-Cookie")[-1]
    assert "HttpOnly" in flags
    assert "SameSite=Lax" in flags


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", ""])
def test_nobody_is_led_to_another_host(client: FlaskClient, user: User, target: str) -> None:
    assert sign_in(client, next=target).location == "/"


def test_over_https_the_cookie_is_bound_to_the_host(core: Core, user: User) -> None:
    import dataclasses

    from scrm.web import create_app

    secure = dataclasses.replace(core, settings=dataclasses.replace(core.settings, public_url="https://scrm.example"))
    client = create_app(secure).test_client()
    page = client.get("/sign-in", base_url="https://scrm.example")
    assert page.headers["Strict-Transport-Security"]
    token = TOKEN.search(page.get_data(as_text=True))[1]
    answer = client.post(
        "/sign-in",
        base_url="https://scrm.example",
        headers={"Referer": "https://scrm.example/sign-in"},
        data={"csrf_token": token, "email": user.email, "password": PASSWORD},
    )
    assert answer.status_code == 302
    flags = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith("__Host-scrm="))
    assert "Secure" in flags
    assert "Path=/" in flags
    assert "Domain" not in flags


def test_the_session_id_changes_at_sign_in_and_only_its_hash_is_stored(
    core: Core, client: FlaskClient, user: User
) -> None:
    sign_in(client)
    first = cookie(client)
    sign_in_again = client.application.test_client()
    sign_in(sign_in_again)
    assert first
    assert first != cookie(sign_in_again)
    with core.db.read() as session:
        stored = session.scalars(select(WebSession.id_hash)).all()
    assert len(stored) == 2
    assert first not in stored


def test_a_form_from_before_signing_in_is_worth_nothing_afterwards(client: FlaskClient, user: User) -> None:
    before = TOKEN.search(client.get("/sign-in").get_data(as_text=True))[1]
    sign_in(client)
    assert client.post("/sign-out", data={"csrf_token": before}).status_code == 400
    assert client.get("/").status_code == 200


def test_signing_out_ends_the_session_on_our_side(client: FlaskClient, user: User) -> None:
    sign_in(client)
    stolen = cookie(client)
    token = TOKEN.search(client.get("/").get_data(as_text=True))[1]
    assert client.post("/sign-out", data={"csrf_token": token}).location == "/sign-in"
    assert cookie(client) is None
    client.set_cookie("scrm", stolen)
    assert client.get("/").status_code == 302


def test_an_idle_session_ends_and_a_used_one_does_not(client: FlaskClient, user: User, clock: FakeClock) -> None:
    sign_in(client)
    for _visit in range(4):
        clock.advance(IDLE.total_seconds() - 60)
        assert client.get("/").status_code == 200
    clock.advance(IDLE.total_seconds() + 1)
    assert client.get("/").status_code == 302


def test_polling_alone_keeps_no_session_alive(client: FlaskClient, user: User, clock: FakeClock) -> None:
    sign_in(client)
    clock.advance(IDLE.total_seconds() - 60)
    assert client.get("/counts.json").status_code == 200
    clock.advance(120)
    assert client.get("/counts.json").status_code == 401


def test_a_session_ends_after_twelve_hours_however_busy(client: FlaskClient, user: User, clock: FakeClock) -> None:
    sign_in(client)
    ends = clock.now() + ABSOLUTE
    while clock.now() < ends - timedelta(minutes=20):
        clock.advance(1200)
        status = client.get("/").status_code
    assert status == 302 or clock.now() < ends
    clock.advance(1200)
    assert client.get("/").status_code == 302


def test_a_disabled_user_is_out_at_once(core: Core, client: FlaskClient, user: User, clock: FakeClock) -> None:
    sign_in(client)
    with core.db.write("test.disable") as session:
        session.get_one(User, user.id).disabled_at = clock.now()
    assert client.get("/").status_code == 302
    assert sign_in(client).status_code == 401


def test_wrong_passwords_cost_a_growing_wait_and_never_lock_for_good(
    core: Core, user: User, clock: FakeClock
) -> None:
    waits = []
    for _try in range(14):
        assert check_password(core, user.email, "wrong") is None
        with core.db.read() as session:
            until = session.get_one(User, user.id).next_try_at
        waits.append((until - clock.now()).total_seconds() if until else 0.0)
        assert not until or check_password(core, user.email, PASSWORD) is None
        clock.advance(waits[-1] + 1)
    assert waits[:3] == [0.0, 0.0, 0.0]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT.total_seconds()
    assert check_password(core, user.email, PASSWORD) is not None
    with core.db.read() as session:
        assert session.get_one(User, user.id).failed_count == 0


def test_an_unknown_user_gets_the_same_answer_in_similar_time(client: FlaskClient, user: User, core: Core) -> None:
    known, unknown = sign_in(client, "wrong"), sign_in(client, "wrong", "nobody@nordwerk.example")
    assert (known.status_code, unknown.status_code) == (401, 401)
    strip = lambda answer, email: TOKEN.sub("", answer.get_data(as_text=True)).replace(email, "")  # noqa: E731
    assert strip(known, user.email) == strip(unknown, "nobody@nordwerk.example")

    def took(email: str) -> float:
        started = process_time()  # a busy machine takes none of it
        check_password(core, email, "wrong")
        return process_time() - started

    # both must do one full hash: a missing one would be tens of times quicker, so a wide margin suffices
    assert median(took("nobody@x.example") for _ in range(3)) > 0.3 * median(took(user.email) for _ in range(3))


def test_looking_at_a_sign_in_link_uses_nothing_up(core: Core, client: FlaskClient, user: User) -> None:
    with core.db.write("test.link") as session:
        token = make_sign_in_link(session, user.id, core.db.clock.now())
    for _look in range(3):
        page = client.get(f"/sign-in/{token}")
        assert page.status_code == 200
    form = TOKEN.search(page.get_data(as_text=True))[1]
    answer = client.post(f"/sign-in/{token}", data={"csrf_token": form})
    assert answer.status_code == 302
    other = client.application.test_client()
    again = other.get(f"/sign-in/{token}")
    assert again.status_code == 410
    form = TOKEN.search(again.get_data(as_text=True))[1]
    assert other.post(f"/sign-in/{token}", data={"csrf_token": form}).status_code == 410
    with core.db.read() as session:
        assert session.scalars(select(SignInLink)).one().token_hash != token


def test_a_sign_in_link_ends_after_a_day(core: Core, client: FlaskClient, user: User, clock: FakeClock) -> None:
    with core.db.write("test.link") as session:
        token = make_sign_in_link(session, user.id, clock.now())
    clock.advance(LINK_LASTS.total_seconds())
    assert client.get(f"/sign-in/{token}").status_code == 410


def test_an_empty_installation_gets_one_admin_by_a_link_and_later_none(core: Core, client: FlaskClient) -> None:
    first, second = first_admin_link(core), first_admin_link(core)
    assert first
    assert second
    with core.db.read() as session:
        admin = session.scalars(select(User)).one()
    assert admin.role == Role.ADMIN
    path = second.removeprefix(core.settings.base_url)
    form = TOKEN.search(client.get(path).get_data(as_text=True))[1]
    assert client.post(path, data={"csrf_token": form}).location == "/me?first=1"
    with core.db.write("test.password") as session:
        set_password(session, admin.id, hash_password(PASSWORD))
    assert first_admin_link(core) is None


@pytest.mark.parametrize(
    "password", ["password12345", "qwertyuiop1234", "aaaaaaaaaaaaaaaa", "ClementineBoot", "scrm-scrm-scrm"]
)
def test_what_is_common_or_names_its_owner_is_no_password(password: str) -> None:
    with pytest.raises(InputError, match="easily guessed"):
        hash_password(password, ("Clementine Boot", "c.boot@nordwerk.example", "scrm.nordwerk.example"))


def test_a_password_is_set_once_typed_twice_and_ends_other_sessions(
    app: Flask, core: Core, user: User, clock: FakeClock
) -> None:
    mine, other = Browser(app, user.id), Browser(app, user.id)
    fields = {"old": PASSWORD, "password": "a-much-better-one", "again": "a-much-better-one"}
    faults = (
        {**fields, "old": "wrong"},
        {**fields, "again": "different-from-it"},
        {**fields, "password": "short", "again": "short"},
        {**fields, "password": "password12345", "again": "password12345"},
        {**fields, "password": "x" * 201, "again": "x" * 201},
    )
    for fault in faults:
        assert mine.post("/me", "/me/password", **fault).status_code == 400
    assert mine.post("/me", "/me/password", **fields).status_code == 302
    other.get("/", 302)
    mine.get("/")
    assert check_password(core, user.email, "a-much-better-one") is not None
    assert check_password(core, user.email, PASSWORD) is None


def test_ensuring_a_user_twice_makes_one(core: Core) -> None:
    now: datetime = core.db.clock.now()
    with core.db.write("test.twice") as session:
        one = ensure_user(session, "A", "a@nordwerk.example", Role.REP, now)
        two = ensure_user(session, "B", " A@NORDWERK.example ", Role.ADMIN, now)
        assert one.id == two.id
        assert two.role == Role.REP
