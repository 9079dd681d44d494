"""What the connection's page says about budget, coverage, calls of the network and the version of its API."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from scrm.clock import FakeClock
from scrm.i18n import language
from scrm.ingest.apps import save
from scrm.models import AuditEntry, Connection, CoverageGap, NetworkApp, StreamState, Usage
from scrm.runtime import Core
from tests.factories import make_connection
from tests.ingest import lighthouse
from tests.ingest.lighthouse import KEY, SECRET, US
from tests.web.conftest import Browser

Browse = Callable[[str], Browser]
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def core(core: Core) -> Iterator[Core]:
    core.db.clock = FakeClock(NOW)
    lighthouse.register()
    yield replace(core, settings=replace(core.settings, public_url="https://crm.nordwerk.example"))
    lighthouse.unregister()


@pytest.fixture
def app(core: Core, app: Flask) -> Flask:
    app.config["TRUSTED_HOSTS"] = None
    return app


@pytest.fixture
def path(core: Core) -> str:
    save(core, KEY, {"secret": SECRET}, None)
    with core.db.write("test.connection") as session:
        row = make_connection(session, network=KEY, native_id=US, label="@nordwerk")
        for name in ("notes", "push"):
            session.add(StreamState(connection_id=row.id, stream=name, due_at=NOW))
        return f"/connections/{row.public_id}"


def spend(core: Core, spent: int, calls: int = 3) -> None:
    with core.db.write("test.spend") as session:
        row = session.scalars(select(Connection).where(Connection.network == KEY)).one()
        session.add(Usage(connection_id=row.id, begins_on=NOW.date(), spent=spent, calls=calls))


def set_state(core: Core, stream: str, **values: Any) -> None:
    with core.db.write("test.state") as session:
        session.execute(update(StreamState).where(StreamState.stream == stream).values(**values))


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_meter_says_how_much_is_used_and_when_it_begins_anew(browse: Browse, core: Core, path: str) -> None:
    spend(core, 40)
    page = browse("admin").get(path)
    assert "40 of 100 units" in words(page)
    assert "3 calls so far" in words(page)
    assert "used up" not in words(page).replace("When it is used up", "")
    assert 'class="fill" width="80.0"' in page


def test_a_spent_budget_is_said_and_nothing_looks_broken(browse: Browse, core: Core, path: str) -> None:
    spend(core, 100)
    set_state(core, "notes", problem="BudgetSpentError", due_at=NOW + timedelta(hours=20))
    page = browse("admin").get(path)
    assert "The budget is used up. Nothing is lost" in words(page)
    assert "Mentions: The budget is used up." in words(page)
    assert 'class="state bad"' not in page
    assert "fails" not in words(page)


def test_the_cap_can_be_changed_and_it_is_written_down_who_did(browse: Browse, core: Core, path: str) -> None:
    admin = browse("admin")
    answer = admin.post(path, f"{path}/budget", cap="250")
    assert (answer.status_code, answer.location) == (302, f"{path}#budget")
    page = admin.get(path)
    assert "Saved." in page
    assert "0 of 250 units" in words(page)
    with core.db.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "connection.budget_changed")).one()
    assert entry.user_id is not None
    assert (entry.before, entry.after) == ({"cap": 100}, {"cap": 250})


@pytest.mark.parametrize("cap", ["", "much", "-1", "99999999999", "NaN", "1e999"])
def test_a_cap_that_is_no_number_changes_nothing(browse: Browse, core: Core, path: str, cap: str) -> None:
    admin = browse("admin")
    admin.post(path, f"{path}/budget", cap=cap)
    page = admin.get(path)
    assert 'role="alert"' in page
    assert "0 of 100 units" in words(page)


def test_only_an_admin_changes_a_cap(browse: Browse, core: Core, path: str) -> None:
    assert browse("steward").client.post(f"{path}/budget", data={"cap": "1"}).status_code in {400, 403}
    with core.db.read() as session:
        assert session.scalars(select(Connection.budget_cap).where(Connection.network == KEY)).one() is None


def test_a_network_without_a_budget_shows_none(browse: Browse, seeded: Any, core: Core) -> None:
    with core.db.read() as session:
        row = session.scalars(select(Connection)).one()
    page = browse("admin").get(f"/connections/{row.public_id}")
    assert 'id="budget"' not in page
    assert 'id="push"' not in page


def test_coverage_is_drawn_and_said(browse: Browse, core: Core, path: str) -> None:
    day = timedelta(days=1)
    set_state(core, "notes", backfilled_at=NOW - day, read_at=NOW, reached_at=NOW - 20 * day)
    with core.db.write("test.gap") as session:
        number = session.scalars(select(Connection.id).where(Connection.network == KEY)).one()
        for since, until, reason in (
            (None, NOW - 18 * day, "Only the last week is <given>."),
            (NOW - 9 * day, NOW - 7 * day, "The network was away."),
        ):
            session.add(
                CoverageGap(
                    connection_id=number, stream="notes", since=since, until=until, reason=reason, found_at=NOW
                )
            )
    page = browse("admin").get(path)
    label = re.search(r'role="img" aria-label="([^"]+)"', page)
    assert label
    assert label[1] == (
        "before 13 January 2026: missing; 13 January 2026 to 22 January 2026: complete; "
        "22 January 2026 to 24 January 2026: missing; since 24 January 2026: complete"
    )
    assert "Only the last week is &lt;given&gt;." in page
    drawn = re.findall(r'<rect class="(\w+)" x="([\d.]+)" width="([\d.]+)"', page)
    assert sum(float(width) for _kind, _x, width in drawn) == pytest.approx(200, abs=1)
    assert sorted(kind for kind, _x, _width in drawn) == ["complete", "complete", "missing", "missing"]


def test_what_is_read_for_the_first_time_is_said_too(browse: Browse, core: Core, path: str) -> None:
    assert "everything: still being read" in words(browse("admin").get(path))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"read_at": NOW}, "On. The network tells us at once what happens."),
        ({}, "Not yet. We are asking the network to call us."),
        ({"problem": "RetryLaterError"}, "Off. Asking for it fails; we try again by ourselves."),
        ({"problem": "UnavailableError"}, "Off. The network does not offer it to this app."),
    ],
)
def test_whether_the_network_calls_is_said(
    browse: Browse, core: Core, path: str, values: dict[str, Any], expected: str
) -> None:
    set_state(core, "push", due_at=NOW, **values)
    page = words(browse("admin").get(path))
    assert expected in page
    assert "Last heard never" in page


def test_what_was_heard_and_refused_is_counted(browse: Browse, core: Core, path: str) -> None:
    with core.db.write("test.heard") as session:
        row = session.get_one(NetworkApp, KEY)
        row.heard_at, row.refused = NOW - timedelta(minutes=4), 2
    page = words(browse("admin").get(path))
    assert "Last heard 4 minutes ago" in page
    assert "2 deliveries with a wrong signature" in page


@pytest.mark.parametrize(
    ("version", "today", "expected"),
    [
        ("v1", NOW, "Version v1 of this network's API is served until 31 March 2026."),
        ("v1", NOW + timedelta(days=60), "Version v1 of this network's API ended on 31 March 2026."),
        ("v1", NOW - timedelta(days=60), None),
        ("v2", NOW, None),
        ("v0", NOW, None),
    ],
)
def test_a_version_that_ends_is_said_in_time(
    browse: Browse, core: Core, path: str, version: str, today: datetime, expected: str | None
) -> None:
    save(core, KEY, {"version": version}, None)
    core.db.clock = FakeClock(today)
    page = words(browse("admin").get(path).replace("&#39;", "'"))
    assert (expected in page) if expected else ("of this network's API" not in page)


def test_everything_is_said_in_german_too(browse: Browse, core: Core, path: str) -> None:
    spend(core, 100)
    admin = browse("admin")
    admin.post(path, "/language", language="de")
    page = words(admin.get(path))
    language.set("en")
    assert "100 von 100 Einheiten" in page
    assert "alles: wird noch gelesen" in page
