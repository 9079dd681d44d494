"""Home, own people, imports, errors, health."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from scrm.ingest.internal import internal_check
from scrm.models import AuditEntry, Connection, LocalContact, Preference, Profile, Role
from scrm.records import Key, ProfileRecord
from scrm.runtime import Core
from scrm.web import counts, create_app
from scrm.web.auth import ensure_user
from tests.web.conftest import TOKEN, Browser
from tests.web.seed import Seeded

Browse = Callable[[str], Browser]


def test_the_home_page_counts_the_main_job(browse: Browse) -> None:
    page = browse("steward").get("/")
    told = browse("steward").client.get("/counts.json").get_json()
    assert told["fetched"] == "76"
    assert (told["linked"], told["review"]) == ("2", "3")
    for name, value in told.items():
        assert f'data-count="{name}">{value}<' in page


def test_an_empty_installation_shows_the_first_steps(app: Flask, core: Core) -> None:
    with core.db.write("test.first") as session:
        admin = ensure_user(session, "A", "a@nordwerk.example", Role.ADMIN, core.db.clock.now())
        rep = ensure_user(session, "R", "r@nordwerk.example", Role.REP, core.db.clock.now())
    page = Browser(app, admin.id).get("/")
    assert "First steps" in page
    assert 'href="/import/contacts"' in page
    assert 'href="/me"' in page
    page = Browser(app, rep.id).get("/")
    assert "An admin brings the contacts and connects the networks." in page
    assert "/connections/new" not in page


def test_the_demo_says_so_and_names_its_networks(core: Core, seeded: Seeded) -> None:
    settings = dataclasses.replace(core.settings, sandbox=True, sandbox_urls=("harbor=http://127.0.0.1:9001",))
    page = Browser(create_app(dataclasses.replace(core, settings=settings)), seeded.rep.id).get("/")
    assert "This is a demo." in page
    assert "http://127.0.0.1:9001" in page


def test_an_admin_hears_of_a_connection_in_trouble(browse: Browse, core: Core) -> None:
    with core.db.write("test.trouble") as session:
        session.scalars(select(Connection)).one().problem = "AccessRevokedError"
    assert "One connection needs you." in browse("admin").get("/")
    assert "needs you" not in browse("rep").get("/")


def test_a_network_that_asks_to_wait_is_no_news_until_an_hour_has_passed(browse: Browse, core: Core) -> None:
    for minutes, is_told in ((1, False), (61, True)):
        with core.db.write(f"test.waiting_{minutes}") as session:
            row = session.scalars(select(Connection)).one()
            row.problem, row.problem_since = "RetryLaterError", core.db.clock.now() - timedelta(minutes=minutes)
        assert ("needs you" in browse("admin").get("/")) is is_told


def test_counting_is_remembered_for_as_long_as_it_is_dear() -> None:
    remembered, made = counts.Remembered(), []

    def make() -> counts.Counts:
        made.append(sum(range(200_000)))  # costs some milliseconds
        return counts.Counts(fetched=len(made), linked=0, review=0, written=0)

    assert [remembered.get(make).fetched for _ask in range(20)] == [1] * 20


def test_own_hosts_are_checked_kept_and_counted(browse: Browse, core: Core) -> None:
    admin = browse("admin")
    assert admin.post("/own", "/own/domains", domains="nordwerk.example\n @Shop.Nordwerk.example ").status_code == 302
    page = admin.get("/own")
    assert "nordwerk.example\nshop.nordwerk.example" in page
    with core.db.read() as session:
        check = internal_check(session)
    anna = ProfileRecord(key=Key(network="mastodon", native_id="x"), handle="anna@nordwerk.example")
    assert check(anna.key, anna)
    for wrong in ("nodots", "a..b", "x" * 300 + ".example", "\n".join(f"h{n}.example" for n in range(201))):
        answer = admin.post("/own", "/own/domains", domains=wrong)
        assert answer.status_code == 400, wrong[:20]
    with core.db.read() as session:
        assert session.scalars(select(Preference)).one().value["domains"] == [
            "nordwerk.example",
            "shop.nordwerk.example",
        ]


def test_a_profile_named_as_ours_leaves_the_queue(browse: Browse, core: Core, seeded: Seeded) -> None:
    admin, profile = browse("admin"), seeded.waiting[0]
    assert admin.post("/own", "/own/profiles", network="harbor", handle="nobody-at-all").status_code == 404
    for _twice in range(2):
        assert admin.post("/own", "/own/profiles", network="harbor", handle=f"@{profile.handle}").status_code == 302
    with core.db.read() as session:
        row = session.get_one(Profile, profile.id)
        assert (row.is_internal, row.match_state) == (True, "internal")
        assert len(session.scalars(select(Preference)).one().value["profiles"]) == 1
    assert str(profile.public_id) not in browse("steward").get("/review")


CSV = "First name,Last name,E-mail\nMei,Tanaka,mei@tanaka.example\n,,\nZoë,Świętochowska,not-an-address\n"


def upload(browser: Browser, content: bytes | None):
    """Send the form; written by hand, because the test client keeps large bodies in files it never closes."""
    token = TOKEN.search(browser.get("/"))[1]
    parts = [("csrf_token", b"", token.encode())]
    if content is not None:
        parts.append(("file", b'; filename="contacts.csv"', content))
    body = b"".join(
        b'--edge\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (name.encode(), more, value)
        for name, more, value in parts
    )
    kind = "multipart/form-data; boundary=edge"
    return browser.client.post("/import/contacts", data=body + b"--edge--\r\n", content_type=kind)


def test_a_file_of_contacts_is_taken_and_what_is_not_is_named(browse: Browse, core: Core) -> None:
    page = upload(browse("admin"), CSV.encode()).get_data(as_text=True)
    assert "rows read" in page
    assert "Not taken" in page or "left out" in page
    with core.db.read() as session:
        assert session.scalars(select(LocalContact)).first() is not None
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "contacts.imported")).one()
        assert entry.after["created"] > 0


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 a spreadsheet", b"\x00\x01\x02\x03" * 100])
def test_a_file_that_is_none_is_refused_with_a_reason(browse: Browse, content: bytes | None) -> None:
    answer = upload(browse("admin"), content)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.get_data(as_text=True)


def test_only_an_admin_may_send_more_than_a_form_holds(browse: Browse) -> None:
    large = CSV.encode() + b"A,B,a@b.example\n" * 100_000
    assert len(large) > 1_048_576
    assert upload(browse("admin"), large).status_code == 200
    assert upload(browse("rep"), large).status_code == 413
    assert upload(browse("rep"), CSV.encode()).status_code == 403


def test_errors_are_pages_in_the_reader_s_language(client: FlaskClient, browse: Browse) -> None:
    page = client.get("/none", headers={"Accept-Language": "de"})
    assert page.status_code == 404
    assert "Hier ist nichts" in page.get_data(as_text=True)
    assert "Not for your role" in browse("rep").get("/connections", 403)
    assert client.put("/sign-in").status_code == 405
    assert client.post("/health/live").status_code == 405
    assert client.get("/none.json").get_json() == {"error": "Nothing here"}


def test_a_broken_page_tells_nothing_of_the_inside(app: Flask, browse: Browse, capsys: pytest.CaptureFixture) -> None:
    def broken() -> str:
        raise ValueError("canary")

    broken.__dict__["roles"] = frozenset(Role)
    app.view_functions["contacts.index"] = broken
    page = browse("rep").get("/contacts", 500)
    assert "Something broke on our side" in page
    assert "canary" not in page
    assert "request_failed" in "".join(capsys.readouterr())


def test_a_database_out_of_reach_is_503(app: Flask, core: Core, browse: Browse) -> None:
    browser = browse("rep")
    if not core.db.is_sqlite:
        pytest.skip("one engine is enough to break")
    with core.db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE link RENAME TO gone"))
    assert "does not answer" in browser.get("/", 503)
    assert app.test_client().get("/health/ready").status_code == 200


def test_health_and_metrics_tell_the_books(client: FlaskClient, browse: Browse, seeded: Seeded) -> None:
    assert client.get("/health/live").get_json() == {"status": "live"}
    assert client.get("/health/ready").get_json() == {"status": "ready"}
    told = client.get("/metrics").get_data(as_text=True)
    assert "scrm_items_fetched_total 8412.0" in told
    assert 'scrm_timeline_entries{crm="local",state="done"}' in told
    assert "scrm_profiles_in_review 3.0" in told
    away = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics", environ_base=away).status_code == 403
    assert browse("rep").client.get("/metrics", environ_base=away).status_code == 403
    assert browse("admin").client.get("/metrics", environ_base=away).status_code == 200


def test_a_wake_up_that_fails_fails_no_request(core: Core, seeded: Seeded) -> None:
    def broken(_kind: str, _subject: int | None = None) -> None:
        raise ConnectionError

    app = create_app(dataclasses.replace(core, wake=broken))
    assert upload(Browser(app, seeded.admin.id), CSV.encode()).status_code == 200
