"""Connecting networks and seeing how they are."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from scrm.models import Connection, ConnectionState, StreamState
from scrm.runtime import Core
from scrm.web.guides import render
from tests.web.conftest import Browser
from tests.web.seed import Seeded

Browse = Callable[[str], Browser]


@pytest.fixture
def connection(core: Core, seeded: Seeded) -> Connection:
    with core.db.read() as session:
        return session.scalars(select(Connection)).one()


@pytest.fixture
def path(connection: Connection) -> str:
    return f"/connections/{connection.public_id}"


def change(core: Core, **values: object) -> None:
    with core.db.write("test.change") as session:
        row = session.scalars(select(Connection)).one()
        for name, value in values.items():
            setattr(row, name, value)


def test_the_form_asks_for_what_the_manifest_names_and_shows_the_terms(browse: Browse) -> None:
    page = browse("admin").get("/connections/new/harbor")
    assert 'name="handle"' in page
    assert 'name="token" type="password"' in page
    assert "https://harbor.example/terms" in page
    assert "read on 5 January 2026" in page
    assert "Replies" in page
    browse("admin").get("/connections/new/nowhere", 404)
    assert "Harbor" in browse("admin").get("/connections/new")


def test_connecting_tests_the_access_and_stores_it_sealed(browse: Browse, core: Core) -> None:
    admin, form = browse("admin"), "/connections/new/quay"
    wrong = admin.post(form, form, handle="nordwerk", token="canary-wrong")
    assert wrong.status_code == 400
    assert "does not accept this access" in wrong.get_data(as_text=True)
    assert "canary-wrong" not in wrong.get_data(as_text=True)
    assert 'value="nordwerk"' in wrong.get_data(as_text=True)
    assert admin.post(form, form, handle="nordwerk", token="").status_code == 400
    right = admin.post(form, form, handle="nordwerk", token="right")
    assert right.status_code == 302
    assert "Reading begins now" in admin.get(right.location)
    with core.db.read() as session:
        row = session.scalars(select(Connection).where(Connection.network == "quay")).one()
    assert row.credentials
    assert "right" not in row.credentials
    assert admin.post(form, form, handle="nordwerk", token="right").status_code == 400


def test_the_list_says_in_plain_words_how_each_one_is(browse: Browse, core: Core, path: str) -> None:
    now, admin = core.db.clock.now(), browse("admin")
    assert "Works. What was said before is still being read." in admin.get("/connections")
    cases = (
        (
            {"state": ConnectionState.SUSPENDED.value, "problem": "AccessRevokedError", "problem_since": now},
            "no longer accepts our access",
        ),
        ({"state": ConnectionState.PAUSED.value, "problem": None}, "Paused."),
        ({"state": ConnectionState.ACTIVE.value, "problem": "RetryLaterError"}, "asks us to wait"),
        ({"problem": "SomethingNewError"}, "Reading fails."),
        ({"problem": None, "problem_since": None, "wait_until": now + timedelta(hours=1)}, "asked us to wait until"),
    )
    for values, words in cases:
        change(core, **values)
        assert words in admin.get("/connections"), words
        assert words in admin.get(path), words
    change(core, wait_until=None)
    with core.db.write("test.stream") as session:
        session.scalars(select(StreamState)).one().problem = "UnavailableError"
    assert "Mentions: The network no longer offers this list" in admin.get("/connections")


def test_pausing_resuming_and_reading_now(browse: Browse, core: Core, path: str) -> None:
    admin = browse("admin")

    def state() -> str:
        with core.db.read() as session:
            return session.scalars(select(Connection.state)).one()

    assert admin.post(path, path, act="pause").status_code == 302
    assert state() == "paused"
    assert admin.post(path, path, act="pause").status_code == 409
    assert admin.post(path, path, act="read").status_code == 409
    assert admin.post(path, path, act="resume").status_code == 302
    assert admin.post(path, path, act="read").status_code == 302
    assert admin.post(path, path, act="explode").status_code == 400
    assert state() == "active"


def test_signing_in_again_keeps_the_account(browse: Browse, core: Core, path: str) -> None:
    admin = browse("admin")
    form = f"{path}/reconnect"
    other = admin.post(form, form, handle="nordwerk", token="right")
    assert other.status_code == 400
    assert "belongs to another account" in other.get_data(as_text=True)
    change(core, native_id="own-1", state=ConnectionState.SUSPENDED.value)
    assert admin.post(form, form, handle="nordwerk", token="right").status_code == 302
    with core.db.read() as session:
        assert session.scalars(select(Connection.state)).one() == "active"


def test_removing_says_what_happens_and_then_does_it(browse: Browse, core: Core, path: str) -> None:
    admin = browse("admin")
    page = admin.get(f"{path}/remove")
    assert "8,412 items" in page
    assert admin.post(f"{path}/remove", f"{path}/remove").status_code == 302
    for address in (path, f"{path}/remove", f"{path}/progress.json", f"{path}/reconnect"):
        admin.get(address, 404)
    assert "No network is connected yet" in admin.get("/connections")


def test_progress_is_told_as_text_ready_to_show(browse: Browse, path: str) -> None:
    told = browse("admin").client.get(f"{path}/progress.json").get_json()
    assert told["items"] == "8,412"
    assert told["streams"]["notes"]["state"] == "reads what was said before"
    assert told["streams"]["notes"]["reached"].split()[-1].isdigit()


def test_a_set_up_page_is_rendered_without_anything_that_runs() -> None:
    text = "# Title\n\nOpen *Settings* and [read](https://a.example).\n\n1. One\n\n|a|b|\n|-|-|\n|1|2|\n"
    html = render(text)
    assert "<h2>Title</h2>" in html
    assert "<em>Settings</em>" in html
    assert "<table>" in html
    assert 'rel="noreferrer noopener"' in html
    hostile = render('<script>x</script> [a](javascript:alert(1)) ![p](https://t.example/p.png) <b onclick="x">b</b>')
    assert "<script" not in hostile
    assert 'href="javascript' not in hostile
    assert "<img" not in hostile
    assert "<b " not in hostile
