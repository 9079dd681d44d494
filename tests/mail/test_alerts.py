"""What admins are told: when it begins, that it is over, each once, whatever is killed meanwhile."""

import dataclasses
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from scrm.clock import FakeClock
from scrm.jobs import work
from scrm.mail import alerts, outbox
from scrm.models import (
    Alert,
    Announcement,
    Connection,
    CrmConnection,
    CrmState,
    Forgetting,
    HookEvent,
    Mail,
    MailState,
    TimelineEntry,
    Usage,
    User,
)
from scrm.privacy import purge
from scrm.runtime import Core
from scrm.schedule import find_due, plan_chores
from scrm.sync.hooks import Wish, make_hook
from scrm.sync.telling import message
from tests.factories import make_connection, make_contact, make_interaction, make_profile, make_user
from tests.mail.post_office import PostOffice, opened

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with opened() as found:
        yield found


@pytest.fixture
def post(core: Core, office: PostOffice) -> Core:
    """A core that sends mail, with two admins, a steward, and somebody who was an admin."""
    mail = {"smtp_host": "127.0.0.1", "smtp_port": office.port, "smtp_security": "none"}
    settings = dataclasses.replace(
        core.settings, **mail, mail_from="scrm@nordwerk.example", public_url="https://scrm.nordwerk.example"
    )
    core.db.clock = FakeClock(NOON)
    with core.db.write("test.people") as session:
        make_user(session, role="admin", name="Ada", email="ada@nordwerk.example")
        make_user(
            session, role="admin", name="Dirk", email="dirk@nordwerk.example", locale="de", zone="Europe/Berlin"
        )
        make_user(session, role="admin", email="gone@nordwerk.example", disabled_at=NOON)
        make_user(session, role="steward", email="steward@nordwerk.example")
    return dataclasses.replace(core, settings=settings)


def pass_by(core: Core, **time: float) -> None:
    """Let time pass, look, and send what was ordered."""
    clock = core.db.clock
    assert isinstance(clock, FakeClock)
    clock.advance(timedelta(**time).total_seconds())
    alerts.look(core)
    while outbox.send_due(core):
        pass


def rows(core: Core) -> list[Alert]:
    with core.db.read() as session:
        return list(session.scalars(select(Alert).order_by(Alert.id)))


def subjects(office: PostOffice, to: str = "ada@nordwerk.example") -> list[str]:
    return [mail["Subject"] for receiver, mail in office.taken if receiver == to]


def plain(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content()).replace("\r\n", "\n")


def connection(core: Core, **values: Any) -> Connection:
    with core.db.write("test.connection") as session:
        return make_connection(session, label="@secret-handle@social.example", **values)


def change(core: Core, row: Connection, **values: Any) -> None:
    with core.db.write("test.change") as session:
        found = session.get_one(Connection, row.id)
        for name, value in values.items():
            setattr(found, name, value)


def test_a_connection_that_needs_somebody_is_told_once_and_once_that_it_does_no_longer(
    post: Core, office: PostOffice
) -> None:
    row = connection(post, state="suspended", problem="AccessRevokedError", problem_since=NOON - timedelta(minutes=5))
    for _look in range(3):
        pass_by(post, minutes=1)
    assert [(receiver, mail["Subject"]) for receiver, mail in office.taken] == [
        ("ada@nordwerk.example", "The connection to Mastodon needs you"),
        ("dirk@nordwerk.example", "Die Verbindung zu Mastodon braucht Sie"),
    ]
    english, german = (mail for _receiver, mail in office.taken)
    assert "Since 10 Mar 2026, 11:55 (UTC)." in plain(english)
    assert "Seit 10.03.2026, 12:55 (Europe/Berlin)." in plain(german)
    assert f"https://scrm.nordwerk.example/connections/{row.public_id}\n" in plain(english)
    assert "https://scrm.nordwerk.example/me#alerts" in plain(german)
    assert not any("secret-handle" in str(mail) for _receiver, mail in office.taken)
    change(post, row, state="active", problem=None, problem_since=None)
    for _look in range(3):
        pass_by(post, minutes=1)
    assert subjects(office) == [
        "The connection to Mastodon needs you",
        "The connection to Mastodon needs you no longer",
    ]
    assert "From 10 Mar 2026, 11:55 to 10 Mar 2026, 12:04 (UTC)." in plain(office.taken[2][1])
    (alert,) = rows(post)
    assert (alert.told_at, alert.ended_at) == (NOON + timedelta(minutes=1), NOON + timedelta(minutes=4))
    change(post, row, state="suspended", problem="AccessRevokedError", problem_since=NOON)
    pass_by(post, minutes=1)
    assert len(subjects(office)) == 3  # another time is another happening


def test_a_network_that_is_away_is_told_after_an_hour_and_not_before(post: Core, office: PostOffice) -> None:
    connection(post, problem="RetryLaterError", problem_since=NOON)
    pass_by(post, minutes=59)
    assert office.taken == []
    pass_by(post, minutes=1)
    assert subjects(office) == ["The connection to Mastodon needs you"]


def test_a_budget_is_told_near_its_end_and_not_at_every_up_and_down(post: Core, office: PostOffice) -> None:
    row = connection(post, network="youtube", budget_cap=100)

    def spend(spent: int) -> None:
        with post.db.write("test.spend") as session:
            begins = session.scalars(select(Usage.begins_on)).first() or NOON.date()
            session.merge(Usage(connection_id=row.id, begins_on=begins, spent=spent, calls=1))
        pass_by(post, minutes=1)

    for spent, told in ((89, 0), (90, 1), (85, 1), (91, 1), (79, 2)):
        spend(spent)
        assert len(subjects(office)) == told, spent
    assert subjects(office) == ["The budget of YouTube is nearly used up", "The budget of YouTube has room again"]
    assert f"/connections/{row.public_id}#budget" in plain(office.taken[0][1])
    spend(95)
    change(post, row, state="removed")
    pass_by(post, minutes=1)
    assert len(subjects(office)) == 3  # of a connection that is no more nobody says that it has room
    assert all(alert.ended_at for alert in rows(post))


@pytest.mark.parametrize("count", [{"calls_used": 900, "calls_made": 0}, {"calls_used": 300, "calls_made": 180}])
def test_our_calls_to_the_crm_are_told_by_whichever_end_is_nearer(
    post: Core, office: PostOffice, count: dict[str, int]
) -> None:
    with post.db.write("test.crm") as session:
        about = {"is_active": True, "options": {"share_percent": 20}, "calls_limit": 1000}
        session.add(
            CrmConnection(crm_id="salesforce", credentials="x", calls_at=NOON, calls_since=NOON, **about, **count)
        )
    pass_by(post, minutes=1)
    assert subjects(office) == ["Our calls to the CRM are nearly used up"]
    pass_by(post, hours=24)  # nothing was heard since, and the day of the calls is over
    assert subjects(office)[1:] == ["There is room again for our calls to the CRM"]


def entry(core: Core, **values: Any) -> None:
    with core.db.write("test.entry") as session:
        said = make_interaction(session, make_profile(session))
        about = {"crm_id": "local", "external_key": "k", "interaction_version": 1, "due_at": NOON} | values
        session.add(TimelineEntry(interaction_id=said.id, contact_id=make_contact(session).id, **about))


def test_what_waits_too_long_for_the_crm_is_told(post: Core, office: PostOffice) -> None:
    entry(post)
    pass_by(post, minutes=59)
    assert office.taken == []
    pass_by(post, minutes=2)
    assert subjects(office) == ["What is to be written to the CRM waits"]
    assert "Since 10 Mar 2026, 12:00 (UTC)." in plain(office.taken[0][1])
    with post.db.write("test.written") as session:
        session.scalars(select(TimelineEntry)).one().state = "done"
    pass_by(post, minutes=1)
    assert subjects(office)[1:] == ["Nothing waits too long for the CRM any more"]


def test_what_waits_for_an_approval_waits_for_a_person_and_is_no_alert(post: Core, office: PostOffice) -> None:
    entry(post, waits_for_plan=True)
    pass_by(post, hours=5)
    entry(post, external_key="l")
    with post.db.write("test.planned") as session:
        session.add(CrmState(crm_id="local", is_planned=True))
    pass_by(post, hours=5)
    assert office.taken == []


def test_an_erasure_is_told_once_and_never_as_over(post: Core, office: PostOffice) -> None:
    with post.db.write("test.forget") as session:
        about = {"origin": "page", "reference": "Mei Tanaka wrote", "asked_at": NOON}
        for state, done_at in (("done", NOON), ("crm", None), ("done", NOON - timedelta(days=8))):
            session.add(Forgetting(state=state, done_at=done_at, **about))
        session.flush()
        wanted = session.scalars(select(Forgetting.public_id).order_by(Forgetting.id)).first()
    for _day in range(20):
        pass_by(post, days=1)
    assert subjects(office) == ["A request to forget somebody is done"]
    assert f"https://scrm.nordwerk.example/forgotten/{wanted}\n" in plain(office.taken[0][1])
    assert "Mei" not in str(office.taken[0][1])


def test_each_admin_chooses_what_to_be_mailed(post: Core, office: PostOffice) -> None:
    with post.db.write("test.choose") as session:
        session.scalars(select(User).where(User.name == "Ada")).one().alerts_off = ["connection"]
    connection(post, state="suspended")
    alerts.look(post)
    with post.db.write("test.choose") as session:  # after it was ordered, and before it was sent
        session.scalars(select(User).where(User.name == "Dirk")).one().role = "steward"
    pass_by(post, minutes=1)
    assert office.taken == []
    assert len(rows(post)) == 1


def test_what_is_over_before_the_mail_went_out_is_one_mail(post: Core, office: PostOffice) -> None:
    row = connection(post, state="suspended")
    office.answers = ["451 later", "451 later"]
    pass_by(post, minutes=1)
    change(post, row, state="active")
    pass_by(post, minutes=5)
    pass_by(post, minutes=5)
    assert subjects(office) == ["The connection to Mastodon needs you no longer"]


def test_without_a_mail_server_webhooks_are_told_all_the_same(post: Core, office: PostOffice) -> None:
    silent = dataclasses.replace(post, settings=dataclasses.replace(post.settings, smtp_host=""))
    events = (HookEvent.ALERT_BEGAN, HookEvent.ALERT_ENDED)
    with post.db.write("test.hook") as session:
        make_hook(session, post, Wish(name="all", address="https://hooks.example/in", events=events))
        elsewhere = Wish(name="x", address="https://hooks.example/in", events=events, networks=["x"])
        make_hook(session, post, elsewhere)
    row = connection(post, state="suspended", problem_since=NOON)
    for _look in range(2):
        pass_by(silent, minutes=1)
    change(post, row, state="active")
    pass_by(silent, minutes=1)
    with post.db.read() as session:
        assert session.scalars(select(Mail)).all() == []
        began, ended = (
            message(session, told, "https://scrm.nordwerk.example")
            for told in session.scalars(select(Announcement).order_by(Announcement.id))
        )
    (alert,) = rows(post)
    assert (began["type"], ended["type"]) == ("alert.began", "alert.ended")
    assert ended["data"] == {
        "alert": {
            "id": str(alert.public_id),
            "kind": "connection",
            "subject": str(row.public_id),
            "network": "mastodon",
            "began_at": "2026-03-10T12:00:00.000Z",
            "ended_at": "2026-03-10T12:03:00.000Z",
            "page": f"https://scrm.nordwerk.example/connections/{row.public_id}",
        }
    }


def test_it_is_looked_for_every_minute(post: Core) -> None:
    clock = post.db.clock
    assert isinstance(clock, FakeClock)
    plan_chores(post)
    due = []
    for _half_minute in range(5):
        with post.db.read() as session:
            due.append(("alerts", None) in set(find_due(session, clock.now())))
        work(post, "alerts", None)
        clock.advance(30)
    assert due == [True, False, True, False, True]


def test_what_is_over_is_kept_for_a_month_and_what_is_not_stays(post: Core) -> None:
    row = connection(post, state="suspended")
    over = connection(post, state="suspended")
    pass_by(post, minutes=1)
    change(post, over, state="active")
    pass_by(post, minutes=1)
    for days, left in ((29, 2), (2, 1)):
        clock = post.db.clock
        assert isinstance(clock, FakeClock)
        clock.advance(days * 86400)
        while purge(post):
            pass
        assert len(rows(post)) == left
    assert rows(post)[0].subject == str(row.public_id)


CHILD = """
import sys
from datetime import datetime
from pathlib import Path
from scrm import failpoints
from scrm.clock import FakeClock
from scrm.config import Settings
from scrm.mail import alerts, outbox
from scrm.runtime import open_core

folder, url, now, port, point = sys.argv[1:]
core = open_core(Settings(state_dir=Path(folder), database_url=url, smtp_host="127.0.0.1", smtp_port=int(port),
    smtp_security="none", mail_from="scrm@nordwerk.example", public_url="https://scrm.nordwerk.example"))
core.db.clock = FakeClock(datetime.fromisoformat(now))
failpoints.arm_by(point)
alerts.look(core)
outbox.send_due(core)
"""


@pytest.mark.processes
@pytest.mark.parametrize(
    ("point", "sent"),
    [
        ("alerts.look:before", 1),
        ("alerts.look:after", 1),
        ("mail.claim:before", 1),
        ("mail.claim:after", 1),
        ("mail.send:before", 1),
        ("mail.send:after", 2),  # taken, and nobody here knows: the same mail again, by the same id
        ("mail.finish:before", 2),
        ("mail.finish:after", 1),
    ],
)
def test_killed_anywhere_an_alert_is_found_once_and_its_mail_is_not_lost(
    post: Core, office: PostOffice, tmp_path: Path, point: str, sent: int
) -> None:
    with post.db.write("test.one") as session:
        session.scalars(select(User).where(User.name == "Dirk")).one().disabled_at = NOON
    connection(post, state="suspended")
    file = tmp_path / "point"
    file.write_text(f"{point} self")
    url = post.settings.database_url.replace("+psycopg", "")
    told = [str(post.settings.state_dir), url, NOON.isoformat(), str(office.port), str(file)]
    died = subprocess.run([sys.executable, "-c", CHILD, *told], timeout=60, check=False).returncode
    assert died == -signal.SIGKILL
    pass_by(post, minutes=10)
    pass_by(post, minutes=10)
    assert len(rows(post)) == 1
    with post.db.read() as session:
        assert [mail.state for mail in session.scalars(select(Mail))] == [MailState.SENT]
    assert len(office.taken) == sent
    assert len({mail["Message-ID"] for _receiver, mail in office.taken}) == 1
