"""The first run: each step is ticked by what the installation holds, and nothing is left when all are."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from scrm.models import (
    Connection,
    Contact,
    Interaction,
    Judge,
    Judgment,
    Link,
    MatchState,
    Profile,
    Role,
    StreamState,
    TimelineEntry,
    User,
)
from scrm.runtime import Core
from scrm.web import start
from scrm.web.auth import ensure_user
from scrm.web.people import check_password, hash_password, set_password
from tests.web.conftest import Browser
from tests.web.seed import Seeded

Browse = Callable[[str], Browser]
PASSWORD = "seven-quiet-harbors"
STEP = re.compile(r'<li class="(done|now|)"(?: aria-current="step")?>\s*<div><h3>([^<]+)</h3>')


def steps(page: str) -> list[tuple[str, str]]:
    return STEP.findall(page)


@pytest.fixture
def first(app: Flask, core: Core) -> Browser:
    """Whoever followed the link that an empty installation prints."""
    with core.db.write("test.first") as session:
        admin = ensure_user(session, "Admin", "admin@localhost", Role.ADMIN, core.db.clock.now())
    return Browser(app, admin.id)


def test_an_empty_installation_begins_with_the_first_step(first: Browser) -> None:
    for path in ("/start", "/"):
        page = first.get(path)
        assert [kind for kind, _title in steps(page)] == ["now", "", "", "", ""], path
        assert page.count("button primary") == 1, "one next step, one button"
        assert "0 of 5 done" in page
        assert 'href="/admin/crm"' in page, "Salesforce is the other way to do the second step"


def test_the_first_password_comes_with_name_and_address_and_leads_home(first: Browser, core: Core) -> None:
    page = first.get("/me?first=1")
    assert (
        "admin@localhost" not in re.search(r'<form method="post" action="/me/password".*?</form>', page, re.DOTALL)[0]
    )
    fields = {"password": PASSWORD, "again": PASSWORD, "name": "Ada Nilsson"}
    faulty = first.post("/me", "/me/password", **fields, email="ada@nowhere")
    assert faulty.status_code == 400
    answer = first.post("/me", "/me/password", **fields, email="Ada@Nordwerk.example")
    assert (answer.status_code, answer.location) == (302, "/")
    assert check_password(core, "ada@nordwerk.example", PASSWORD).name == "Ada Nilsson"
    assert [kind for kind, _title in steps(first.get("/start"))][:2] == ["done", "now"]


def test_name_and_address_are_changed_by_whoever_knows_the_password(app: Flask, core: Core, seeded: Seeded) -> None:
    with core.db.write("test.password") as session:
        set_password(session, seeded.rep.id, hash_password(PASSWORD))
    mine = Browser(app, seeded.rep.id)
    wanted = {"name": "Siobhán", "email": "siobhan@nordwerk.example"}
    for fault in ({"old": "wrong"}, {"old": PASSWORD, "email": seeded.admin.email}, {"old": PASSWORD, "name": " "}):
        assert mine.post("/me", "/me/about", **{**wanted, **fault}).status_code == 400
    assert mine.post("/me", "/me/about", **wanted, old=PASSWORD).status_code == 302
    with core.db.read() as session:
        row = session.get_one(User, seeded.rep.id)
    assert (row.name, row.email) == ("Siobhán", "siobhan@nordwerk.example")


def empty(core: Core) -> None:
    """Take from a full installation what the later steps are ticked by."""
    with core.db.write("test.nobody_judged") as session:
        session.execute(update(Judgment).values(judge=Judge.ENGINE.value))


@pytest.mark.parametrize(
    ("change", "undone"),
    [
        (lambda session: session.execute(update(Connection).values(state="removed")), {"network"}),
        (lambda session: session.execute(update(Contact).values(crm_id="local")), set()),
    ],
)
def test_a_step_is_done_by_what_is_there(
    app: Flask, core: Core, seeded: Seeded, change: Callable[[object], object], undone: set[str]
) -> None:
    with core.db.write("test.change") as session:
        set_password(session, seeded.admin.id, hash_password(PASSWORD))
        change(session)
    kinds = [kind for kind, _title in steps(Browser(app, seeded.admin.id).get("/start"))]
    done = {step.key for step, kind in zip(start.STEPS, kinds, strict=False) if kind == "done"}
    if undone:
        assert {step.key for step in start.STEPS} - done == undone
    else:
        assert kinds == [], "nothing is left to show"


def test_when_all_is_done_the_page_says_so_and_home_shows_no_steps(app: Flask, core: Core, seeded: Seeded) -> None:
    admin = Browser(app, seeded.admin.id)
    assert "4 of 5 done" in admin.get("/"), "no admin has a password yet"
    with core.db.write("test.password") as session:
        set_password(session, seeded.admin.id, hash_password(PASSWORD))
    assert "All five steps are done" in admin.get("/start")
    assert steps(admin.get("/")) == []


def test_a_connection_that_was_read_to_the_end_in_silence_counts_as_read(
    app: Flask, core: Core, seeded: Seeded
) -> None:
    empty(core)
    with core.db.write("test.silence") as session:
        for model in (TimelineEntry, Interaction):
            session.execute(delete(model))
    kind = dict(
        zip([step.key for step in start.STEPS], steps(Browser(app, seeded.admin.id).get("/start")), strict=True)
    )
    assert kind["read"][0] == "", "the past is still being read"
    with core.db.write("test.end") as session:
        session.execute(update(StreamState).values(backfilled_at=core.db.clock.now()))
    kind = dict(
        zip([step.key for step in start.STEPS], steps(Browser(app, seeded.admin.id).get("/start")), strict=True)
    )
    assert kind["read"][0] == "done"


def test_what_the_engine_linked_alone_needs_no_judgment(app: Flask, core: Core, seeded: Seeded) -> None:
    empty(core)
    admin = Browser(app, seeded.admin.id)

    def last() -> str:
        return steps(admin.get("/start"))[-1][0]

    assert last() == "", "profiles wait in review"
    with core.db.write("test.none_waits") as session:
        waiting = select(Profile.id).where(Profile.match_state == MatchState.REVIEW.value)
        session.execute(
            update(Profile).where(Profile.id.in_(waiting)).values(match_state=MatchState.NEW, match_due_at=None)
        )
        session.execute(update(StreamState).values(backfilled_at=core.db.clock.now()))
    assert last() == "done"
    with core.db.write("test.nothing_linked") as session:
        session.execute(delete(Link))
    assert last() == ""


def test_the_steps_alone_are_drawn_again_with_what_was_read(browse: Browse) -> None:
    part = browse("admin").client.get("/start/part.json").get_json()["part"]
    assert len(steps(part)) == 5
    assert re.search(r"Harbor \([^)]+\): [\d,]+ items", part)
    assert browse("steward").client.get("/start/part.json").status_code == 403
