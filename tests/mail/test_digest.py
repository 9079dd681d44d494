"""The daily digest: to whom, when, in which words, what is left out, and that nothing is sent twice."""

import dataclasses
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from scrm.clock import FakeClock
from scrm.connectors.registry import connectors
from scrm.mail import digest, outbox
from scrm.models import Contact, Mail, MailState, User
from scrm.privacy import purge
from scrm.runtime import Core
from scrm.schedule import find_due
from tests.factories import make_user
from tests.mail.post_office import PostOffice, opened
from tests.reading.test_news import person, said

MORNING = datetime(2026, 3, 10, 6, 30, tzinfo=UTC)  # half past seven in Berlin


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with opened() as found:
        yield found


@pytest.fixture
def post(core: Core, office: PostOffice) -> Core:
    """A core that sends mail, early one morning, with a rep who wants a digest at eight in Berlin."""
    mail = {"smtp_host": "127.0.0.1", "smtp_port": office.port, "smtp_security": "none"}
    settings = dataclasses.replace(
        core.settings, **mail, mail_from="scrm@nordwerk.example", public_url="https://scrm.nordwerk.example"
    )
    core.db.clock = FakeClock(MORNING)
    found = dataclasses.replace(core, settings=settings)
    with found.db.write("test.rep") as session:
        rep = make_user(session, role="rep", name="Rita Rep", email="rita@nordwerk.example")
        digest.choose(session, rep.id, 8, "Europe/Berlin", MORNING)
    return found


def pass_by(core: Core, **time: float) -> list[str]:
    """Let time pass and do what is due; returns the kinds of work that were."""
    clock = core.db.clock
    assert isinstance(clock, FakeClock)
    clock.advance(timedelta(**time).total_seconds())
    with core.db.read() as session:
        due = [kind for kind, _subject in find_due(session, clock.now()) if kind in {"digest", "mail"}]
    digest.order_due(core)
    while outbox.send_due(core):
        pass
    return due


def mails(core: Core) -> list[Mail]:
    with core.db.read() as session:
        return list(session.scalars(select(Mail).order_by(Mail.id)))


def tell(core: Core, name: str, text: str, **about: object) -> None:
    with core.db.write("test.tell") as session:
        contact = session.scalars(select(Contact).where(Contact.full_name == name)).first()
        if contact is None:
            contact, profile = person(session, core, full_name=name, owner="Rita Rep", company="Tanaka & Co")
            said(session, core, profile, text, **about)


def test_it_is_sent_at_the_hour_chosen_and_says_what_is_new(post: Core, office: PostOffice) -> None:
    tell(post, "Mei Tanaka <b>", "When does it come? <script>1</script>", hours=2)
    tell(post, "Nadia", "Thanks", hours=1)
    tell(post, "Old", "Long ago", hours=24 * 3)
    assert pass_by(post, minutes=20) == []
    assert pass_by(post, minutes=10) == ["digest"]
    (receiver, message), *more = office.taken
    assert not more
    assert receiver == message["To"] == "rita@nordwerk.example"
    assert message["Subject"] == "2 of your contacts have news"
    assert message["From"] == "scrm@nordwerk.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    rich = message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert plain.index("Mei Tanaka <b>") < plain.index("Nadia")  # the question first
    assert "Unanswered question" in plain
    assert "Mastodon, 10 Mar 2026, 05:30" in plain  # half past four in UTC
    assert "When does it come? <script>" in plain
    assert "&lt;script&gt;" in rich
    assert "Mei Tanaka &lt;b&gt;" in rich
    assert "<script" not in rich
    assert "https://scrm.nordwerk.example/contacts/" in plain
    assert "Long ago" not in plain
    assert f"<{message['List-Unsubscribe'].strip('<>')}>" == message["List-Unsubscribe"]
    assert message["List-Unsubscribe"].strip("<>") in plain
    assert [row.state for row in mails(post)] == [MailState.SENT]


def test_it_comes_once_a_day_and_not_when_nothing_is_new(post: Core, office: PostOffice) -> None:
    tell(post, "Mei", "Hello", hours=1)
    pass_by(post, minutes=30)
    for _again in range(3):
        pass_by(post, hours=7)
    assert len(office.taken) == 1
    pass_by(post, hours=3)
    assert len(office.taken) == 1
    assert [row.state for row in mails(post)] == [MailState.SENT, MailState.DROPPED]
    tell(post, "Nadia", "News", hours=0)
    pass_by(post, hours=24)
    assert len(office.taken) == 2
    assert "Nadia" in str(office.taken[1][1].get_body(("plain",)).get_content())  # type: ignore[union-attr]


def test_it_speaks_the_person_s_language_and_leaves_out_what_may_not_be_kept(
    post: Core, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    with post.db.write("test.german") as session:
        session.scalars(select(User)).one().locale = "de"
    monkeypatch.setitem(connectors()["mastodon"].manifest.terms.__dict__, "keep_hours", 48)
    tell(post, "Mei", "Kommt das Teil?", hours=1)
    tell(post, "Nadia", "psst", hours=1, audience="private")
    pass_by(post, minutes=30)
    message = office.taken[0][1]
    plain = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert message["Subject"] == "Neues von einem Ihrer Kontakte"
    assert "Unbeantwortete Frage" in plain
    assert "Kommt das Teil" not in str(message)
    assert "Der Wortlaut steht nur auf der Seite des Kontakts." in plain
    assert "Nadia" not in plain


def test_what_is_refused_for_now_comes_again_and_for_good_does_not(post: Core, office: PostOffice) -> None:
    tell(post, "Mei", "Hello", hours=1)
    office.answers = ["451 later", "550 no"]
    pass_by(post, minutes=30)
    assert [(row.state, row.reason, row.attempts) for row in mails(post)] == [("todo", "SMTP 451", 1)]
    assert pass_by(post, seconds=30) == []
    assert pass_by(post, seconds=40) == ["mail"]
    assert [(row.state, row.reason, row.attempts) for row in mails(post)] == [("failed", "SMTP 550", 2)]
    assert office.taken == []
    pass_by(post, hours=10)
    assert office.taken == []


def test_a_server_that_hangs_up_while_it_takes_a_mail_gets_it_once(post: Core, office: PostOffice) -> None:
    tell(post, "Mei", "Hello", hours=1)
    office.answers = ["hang up"]
    pass_by(post, minutes=30)
    pass_by(post, hours=2)
    assert len(office.taken) == 1
    assert [row.state for row in mails(post)] == [MailState.UNCLEAR]
    pass_by(post, hours=24)
    assert len(office.taken) == 2  # who knows whether the first one arrived
    assert "Mei" in str(office.taken[1][1].get_body(("plain",)).get_content())  # type: ignore[union-attr]


def test_nothing_goes_in_the_clear_where_encryption_is_asked_for(post: Core, office: PostOffice) -> None:
    strict = dataclasses.replace(post, settings=dataclasses.replace(post.settings, smtp_security="starttls"))
    tell(post, "Mei", "Hello", hours=1)
    pass_by(strict, minutes=30)
    assert office.taken == []
    assert [(row.state, row.reason) for row in mails(post)] == [("todo", "SMTPNotSupportedError")]


def test_who_is_disabled_or_ended_it_meanwhile_gets_none(post: Core, office: PostOffice) -> None:
    tell(post, "Mei", "Hello", hours=1)
    clock = post.db.clock
    assert isinstance(clock, FakeClock)
    clock.advance(1800)
    digest.order_due(post)
    with post.db.write("test.end") as session:
        digest.choose(session, session.scalars(select(User.id)).one(), None, "UTC", clock.now())
    assert outbox.send_due(post)
    assert office.taken == []
    assert [row.state for row in mails(post)] == [MailState.DROPPED]
    assert pass_by(post, hours=30) == []


def test_what_was_sent_is_kept_for_a_month(post: Core, office: PostOffice) -> None:
    tell(post, "Mei", "Hello", hours=1)
    pass_by(post, minutes=30)
    for days, left in ((29, 1), (2, 0)):
        clock = post.db.clock
        assert isinstance(clock, FakeClock)
        clock.advance(days * 86400)
        while purge(post):
            pass
        assert len(mails(post)) == left


def test_eight_in_the_morning_stays_eight_when_the_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    at = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)  # the night after, clocks go forward
    for _day in range(3):
        at = digest.next_at(8, "Europe/Berlin", at)
        assert at.astimezone(berlin).hour == 8
    assert at == datetime(2026, 3, 31, 6, 0, tzinfo=UTC)


CHILD = """
import sys
from datetime import datetime
from pathlib import Path
from scrm import failpoints
from scrm.clock import FakeClock
from scrm.config import Settings
from scrm.mail import digest, outbox
from scrm.runtime import open_core

folder, url, now, port, point = sys.argv[1:]
core = open_core(Settings(state_dir=Path(folder), database_url=url, smtp_host="127.0.0.1", smtp_port=int(port),
    smtp_security="none", mail_from="scrm@nordwerk.example"))
core.db.clock = FakeClock(datetime.fromisoformat(now))
failpoints.arm_by(point)
digest.order_due(core)
outbox.send_due(core)
"""


@pytest.mark.processes
@pytest.mark.parametrize(
    ("point", "sent"),
    [
        ("digest.order:before", 1),
        ("digest.order:after", 1),
        ("mail.claim:before", 1),
        ("mail.claim:after", 0),
        ("mail.send:before", 0),
        ("mail.send:after", 1),
        ("mail.finish:before", 1),
        ("mail.finish:after", 1),
    ],
)
def test_killed_anywhere_a_mail_is_never_sent_twice(
    post: Core, office: PostOffice, tmp_path: Path, point: str, sent: int
) -> None:
    tell(post, "Mei", "Hello", hours=1)
    clock = post.db.clock
    assert isinstance(clock, FakeClock)
    clock.advance(1800)
    file = tmp_path / "point"
    file.write_text(f"{point} self")
    url = post.settings.database_url.replace("+psycopg", "")
    told = [str(post.settings.state_dir), url, clock.now().isoformat(), str(office.port), str(file)]
    died = subprocess.run([sys.executable, "-c", CHILD, *told], timeout=60, check=False).returncode
    assert died == -signal.SIGKILL
    pass_by(post, minutes=10)
    assert len(office.taken) == sent
    (row,) = mails(post)
    assert row.state == (
        MailState.UNCLEAR
        if point in {"mail.claim:after", "mail.send:before", "mail.send:after", "mail.finish:before"}
        else MailState.SENT
    )
