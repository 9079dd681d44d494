"""People, invitations, roles and sessions, as an admin and as the person themselves."""

import re
import threading
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from scrm.clock import FakeClock
from scrm.errors import InputError
from scrm.models import AuditEntry, Role, User, WebSession
from scrm.runtime import Core
from scrm.web import accounts, agents
from scrm.web.auth import ensure_user
from tests.web.conftest import TOKEN, Browser
from tests.web.seed import Seeded

Browse = Callable[[str], Browser]
LINK = re.compile(r'value="(http[^"]+/sign-in/[^"]+)"')
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@pytest.fixture
def clock(core: Core) -> FakeClock:
    core.db.clock = FakeClock(core.db.clock.now())
    return core.db.clock


def actions(core: Core) -> list[str]:
    with core.db.read() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all())


def act(admin: Browser, user: User, what: str, **more: object):
    return admin.post(f"/admin/users/{user.public_id}", f"/admin/users/{user.public_id}", act=what, **more)


def enter(app: Flask, link: str):
    client = app.test_client()
    path = link[link.index("/sign-in/") :]
    page = client.get(path)
    if page.status_code != 200:
        return page
    return client.post(path, data={"csrf_token": TOKEN.search(page.get_data(as_text=True))[1]})


def test_an_invitation_lets_one_person_in_once_within_three_days(
    app: Flask, core: Core, browse: Browse, clock: FakeClock
) -> None:
    admin = browse("admin")
    fields = {"name": "Jana Novák", "email": " Jana@Nordwerk.example ", "role": "steward"}
    page = admin.post("/admin/users", "/admin/users", **fields).get_data(as_text=True)
    link = LINK.search(page)[1]
    assert "Invited until" in admin.get("/admin/users?q=jana")
    with core.db.read() as session:
        user = session.scalars(select(User).where(User.email == "jana@nordwerk.example")).one()
    assert user.role == "steward"
    assert enter(app, link).location == "/me?first=1"
    assert enter(app, link).status_code == 410
    assert LINK.search(admin.get("/admin/users")) is None, "the link is shown once"
    second = LINK.search(act(admin, user, "link").get_data(as_text=True))[1]
    third = LINK.search(act(admin, user, "link").get_data(as_text=True))[1]
    assert enter(app, second).status_code == 410, "a new link ends the one before"
    clock.advance(accounts.INVITED_FOR.total_seconds() + 1)
    assert enter(app, third).status_code == 410
    assert [one for one in actions(core) if one.startswith(("user", "session"))] == [
        "user.invited",
        "session.begun",
        "user.link_made",
        "user.link_made",
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("name", "x" * 201), ("email", "nobody"), ("email", "a@b"), ("email", "rep@nordwerk.example")],
)
def test_an_invitation_that_cannot_be_is_told(browse: Browse, core: Core, field: str, value: str) -> None:
    fields = {"name": "Jana", "email": "jana@nordwerk.example", "role": "rep", field: value}
    answer = browse("admin").post("/admin/users", "/admin/users", **fields)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert "user.invited" not in actions(core)


def test_another_role_counts_from_the_next_request_on(browse: Browse, core: Core, seeded: Seeded) -> None:
    admin, rep = browse("admin"), browse("rep")
    rep.get("/review", 403)
    assert act(admin, seeded.rep, "role", role="steward").status_code == 302
    rep.get("/review")
    assert act(admin, seeded.rep, "role", role="king").status_code == 400
    with core.db.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "user.role_changed")).one()
    assert (entry.before, entry.after) == ({"role": "rep"}, {"role": "steward"})


def test_who_is_disabled_is_out_at_once_and_comes_back_when_enabled(
    app: Flask, browse: Browse, seeded: Seeded
) -> None:
    admin, rep = browse("admin"), browse("rep")
    assert act(admin, seeded.rep, "disable").status_code == 302
    rep.get("/", 302)
    assert "Disabled" in admin.get("/admin/users")
    assert act(admin, seeded.rep, "link").status_code == 409
    assert act(admin, seeded.rep, "enable").status_code == 302
    link = LINK.search(act(admin, seeded.rep, "link").get_data(as_text=True))[1]
    assert enter(app, link).status_code == 302


def test_the_last_admin_stays_and_nobody_disables_themselves(browse: Browse, core: Core, seeded: Seeded) -> None:
    admin = browse("admin")
    for what, more in (("disable", {}), ("role", {"role": "rep"})):
        answer = act(admin, seeded.admin, what, **more)
        assert answer.status_code == 409
    with core.db.write("test.second") as session:
        second = ensure_user(session, "B", "b@nordwerk.example", Role.ADMIN, core.db.clock.now())
    assert act(admin, seeded.admin, "disable").status_code == 409
    assert act(admin, second, "disable").status_code == 302
    answer = act(admin, seeded.admin, "role", role="rep")
    assert answer.status_code == 409
    assert "last admin" in answer.get_data(as_text=True)


def test_two_admins_who_remove_each_other_at_once_leave_one(core: Core, seeded: Seeded) -> None:
    with core.db.write("test.second") as session:
        second = ensure_user(session, "B", "b@nordwerk.example", Role.ADMIN, core.db.clock.now())
    start, told = threading.Barrier(2), []

    def remove(victim: User, by: User) -> None:
        start.wait()
        try:
            with core.db.write(f"test.remove_{victim.id}") as session:
                accounts.disable(session, accounts.find(session, victim.public_id), by, core.db.clock.now())
            told.append("done")
        except InputError:
            told.append("refused")

    threads = [
        threading.Thread(target=remove, args=pair) for pair in ((seeded.admin, second), (second, seeded.admin))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with core.db.read() as session:
        left = session.scalar(
            select(func.count()).select_from(User).where(User.role == "admin", User.disabled_at.is_(None))
        )
    assert left == 1
    assert sorted(told) == ["done", "refused"]


def test_sessions_are_listed_by_browser_and_end_one_by_one_or_together(
    app: Flask, core: Core, browse: Browse, seeded: Seeded
) -> None:
    admin, mine, other, third = browse("admin"), browse("rep"), browse("rep"), browse("rep")
    page = mine.get("/me")
    assert page.count("End this session") == 2
    assert "this one" in page
    marks = re.findall(r'name="session" value="([^"]+)"', page)
    assert mine.post("/me", "/me/sessions", session=marks[0], act="end").status_code == 302
    alive = [browser for browser in (other, third) if browser.client.get("/").status_code == 200]
    assert len(alive) == 1
    assert mine.post("/me", "/me/sessions", act="end").status_code == 302
    assert alive[0].client.get("/").status_code == 302
    mine.get("/")
    assert "End all sessions" in admin.get(f"/admin/users/{seeded.rep.public_id}")
    assert act(admin, seeded.rep, "end").status_code == 302
    mine.get("/", 302)
    admin.get("/")
    assert actions(core).count("session.ended") == 3


def test_nobody_ends_the_session_of_another_by_its_mark(core: Core, browse: Browse, seeded: Seeded) -> None:
    steward, rep = browse("steward"), browse("rep")
    with core.db.read() as session:
        theirs = session.scalars(select(WebSession).where(WebSession.user_id == seeded.steward.id)).one().mark
    rep.post("/me", "/me/sessions", session=theirs, act="end")
    steward.get("/")


def test_last_seen_is_kept_to_the_minute_and_outlives_the_session(
    core: Core, browse: Browse, seeded: Seeded, clock: FakeClock
) -> None:
    browser = browse("rep")
    clock.advance(600)
    browser.get("/")
    browser.post("/", "/sign-out")
    with core.db.read() as session:
        assert session.get_one(User, seeded.rep.id).seen_at == clock.now()


def test_a_page_of_people_ends_and_the_next_goes_on(core: Core, browse: Browse) -> None:
    now = core.db.clock.now()
    with core.db.write("test.many") as session:
        for number in range(accounts.PAGE + 5):
            ensure_user(session, f"Person {number:03}", f"p{number:03}@many.example", Role.REP, now)
    admin = browse("admin")
    first = admin.get("/admin/users?q=many.example")
    onward = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = admin.get(onward)
    found = re.findall(r"Person \d{3}", first + second)
    assert len(set(found)) == accounts.PAGE + 5
    assert 'rel="next"' not in second
    assert "Nobody found." in admin.get("/admin/users?q=100%25")


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari, iPhone"),
        ("curl/8", ""),
        ("<script>alert(1)</script>", ""),
    ],
)
def test_a_browser_is_told_in_two_words(agent: str, words: str) -> None:
    assert agents.short(agent) == words
