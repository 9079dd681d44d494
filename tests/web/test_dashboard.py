"""The dashboard: numbers that are right, words for what is wrong, drawings that say the same, live."""

import dataclasses
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from scrm.ingest.coverage import Coverage, ListCoverage, Range
from scrm.models import Connection, CoverageGap, Delivery, InboxItem, Profile, Run, StreamState, TimelineEntry
from scrm.runtime import Core
from scrm.web import board, dashboard
from tests.web.conftest import Browser
from tests.web.fill import fill
from tests.web.seed import Seeded

Browse = Callable[[str], Browser]


def test_a_day_is_as_good_as_its_worst_list(core: Core) -> None:
    now = core.db.clock.now()
    good = Range(since=None, until=now, coverage=Coverage.COMPLETE)
    gap = Range(since=now - timedelta(days=5), until=now - timedelta(days=3), coverage=Coverage.MISSING)
    late = Range(since=now - timedelta(hours=5), until=now, coverage=Coverage.PARTIAL)
    lists = [
        ListCoverage(name="a", label="A", ranges=(good,)),
        ListCoverage(name="b", label="B", ranges=(gap, late)),
    ]
    days = board.days_of(lists, now)
    assert len(days) == board.DAYS
    assert [number for number, day in enumerate(days) if day is Coverage.MISSING] == [25, 26]
    assert days[-1] is Coverage.PARTIAL
    assert set(days[:25]) == {Coverage.COMPLETE}


def test_neighbors_of_a_kind_are_one_line_and_the_lines_fill_the_bar(core: Core, seeded: Seeded) -> None:
    one = board.board(core, core.db.clock.now()).hookups[0]
    days = (Coverage.COMPLETE,) * 10 + (Coverage.MISSING,) * 5 + (Coverage.COMPLETE,) * 15
    bars = dashboard.bars(dataclasses.replace(one, days=days))
    assert [(bar.kind, bar.x, bar.width) for bar in bars] == [
        ("fill", 0.0, 100.0),
        ("miss", 100.0, 50.0),
        ("fill", 150.0, 150.0),
    ]


def test_columns_stand_on_the_ground_and_the_busiest_is_the_highest() -> None:
    found = dashboard.columns([0, 5, 10])
    assert [bar.height for bar in found] == [20.0, 40.0]
    assert all(bar.y + bar.height == dashboard.CHART_HEIGHT for bar in found)
    assert dashboard.columns([0] * 24) == []


def test_the_board_counts_what_waits_and_since_when(core: Core, seeded: Seeded) -> None:
    fill(core, seeded)
    now = core.db.clock.now()
    with core.db.write("test.waiting") as session:
        session.execute(update(StreamState).values(due_at=now - timedelta(minutes=7)))
        session.execute(
            update(Profile).where(Profile.id == seeded.linked[0].id).values(match_due_at=now - timedelta(hours=2))
        )
        session.add(InboxItem(endpoint="crm", delivery_key="m2", received_at=now - timedelta(hours=1), due_at=now))
    found = {queue.name: queue for queue in board.board(core, now).queues}
    assert (found["read"].count, now - found["read"].oldest) == (1, timedelta(minutes=7))
    assert (found["match"].count, now - found["match"].oldest) == (1, timedelta(hours=2))
    assert (found["inbox"].count, now - found["inbox"].oldest) == (1, timedelta(hours=1))
    assert found["review"].count == 3
    with core.db.read() as session:
        todo = len(session.scalars(select(TimelineEntry.id).where(TimelineEntry.state == "todo")).all())
    assert found["deliver"].count == todo > 0


def test_the_lag_is_that_of_the_last_deliveries(core: Core, seeded: Seeded) -> None:
    now = core.db.clock.now()
    assert board.board(core, now).lag is None
    with core.db.write("test.lag") as session:
        entry = session.scalars(select(TimelineEntry).where(TimelineEntry.state == "done")).first()
        from scrm.models import Interaction

        came = session.get_one(Interaction, entry.interaction_id).received_at
        for seconds in (10, 30, 500):
            ended = came + timedelta(seconds=seconds)
            session.add(Delivery(entry_id=entry.id, version=1, started_at=came, ended_at=ended, outcome="written"))
    assert board.board(core, now).lag == timedelta(seconds=30)


def test_what_was_stored_stands_in_its_hour(core: Core, seeded: Seeded) -> None:
    now = core.db.clock.now()
    with core.db.write("test.runs") as session:
        connection = session.scalars(select(Connection)).one()
        for hours, stored in ((2, 7), (30, 99)):
            started = now - timedelta(hours=hours, minutes=30)
            session.add(
                Run(connection_id=connection.id, stream="notes", started_at=started, ended_at=started, stored=stored)
            )
    hours = board.board(core, now).hours
    assert (hours[-3], hours[-1], sum(hours)) == (7, 118, 125)


def test_a_connection_in_trouble_is_told_first_with_its_next_step(browse: Browse, core: Core, seeded: Seeded) -> None:
    admin = browse("admin")
    assert "All connections work." in admin.get("/admin/health")
    with core.db.write("test.trouble") as session:
        row = session.scalars(select(Connection)).one()
        row.state, row.problem, row.problem_since = "suspended", "AccessRevokedError", core.db.clock.now()
        session.add(
            CoverageGap(
                connection_id=row.id,
                stream="notes",
                since=core.db.clock.now() - timedelta(days=4),
                until=core.db.clock.now() - timedelta(days=2),
                reason="x",
                found_at=core.db.clock.now(),
            )
        )
    dashboard_now = browse("admin")
    page = re.sub(r"\s+", " ", _fresh(dashboard_now))
    assert "One connection needs you." in page
    assert "Sign in again" in page
    assert 'class="miss"' in page


def _fresh(admin: Browser) -> str:
    admin.client.application.extensions.pop("scrm_board", None)
    return admin.get("/admin/health")


def test_the_part_is_the_page_s_and_keeps_nobody_signed_in(browse: Browse, core: Core, seeded: Seeded) -> None:
    fill(core, seeded)
    admin = browse("admin")
    page, part = admin.get("/admin/health"), admin.client.get("/admin/health/part.json").get_json()["part"]
    for words in ("What waits", "Last runs", "Set aside by the CRM"):
        assert words in page
        assert words in part
    assert "<html" not in part
    browse("rep").get("/admin/health/part.json", 403)
    assert admin.client.application.test_client().get("/admin/health/part.json").status_code == 401


def test_the_home_page_of_an_admin_is_the_dashboard_and_that_of_others_is_not(browse: Browse) -> None:
    assert 'data-refresh="/admin/health/part.json"' in browse("admin").get("/")
    assert "data-refresh" not in browse("steward").get("/")


@pytest.mark.parametrize("language", ["en", "de"])
def test_an_installation_without_anything_has_a_whole_page(core: Core, app, language: str) -> None:
    from scrm.models import Role
    from scrm.web.auth import ensure_user

    with core.db.write("test.first") as session:
        admin = ensure_user(session, "A", "a@nordwerk.example", Role.ADMIN, core.db.clock.now())
        admin.locale = language
    page = Browser(app, admin.id).get("/admin/health")
    assert "<svg" in page
    assert ("Nothing was read yet." if language == "en" else "Noch wurde nichts gelesen.") in page
