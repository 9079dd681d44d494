"""What the log says of attempts that failed, and small promises of every page that docs/asvs.md names."""

from collections.abc import Callable

from flask import Flask
from structlog.testing import capture_logs

from scrm.models import Role
from scrm.runtime import Core
from scrm.web.auth import ensure_user
from scrm.web.people import hash_password, set_password
from tests.web import pages
from tests.web.conftest import TOKEN, Browser
from tests.web.seed import Seeded

Browse = Callable[[str], Browser]
EMAIL = "mei@nordwerk.example"


def test_a_wrong_password_is_logged_without_what_was_typed(app: Flask, core: Core) -> None:
    with core.db.write("test.user") as session:
        row = ensure_user(session, "Mei", EMAIL, Role.REP, core.db.clock.now())
        set_password(session, row.id, hash_password("seven-quiet-harbors"))
    client = app.test_client()
    form = TOKEN.search(client.get("/sign-in").get_data(as_text=True))[1]
    fields = {"csrf_token": form, "email": EMAIL, "password": "a-wrong-guess"}
    with capture_logs() as told:
        for _ in range(6):
            client.post("/sign-in", data=fields)
    events = [one["event"] for one in told]
    assert set(events) == {"password_refused", "password_put_off"}
    assert all(one["address"] == "127.0.0.1" for one in told)
    assert "a-wrong-guess" not in str(told)
    assert EMAIL not in str(told)


def test_what_a_role_may_not_is_logged(browse: Browse, seeded: Seeded) -> None:
    with capture_logs() as told:
        browse("rep").get("/admin/audit", 403)
    assert [(one["event"], one["user"], one["endpoint"]) for one in told] == [
        ("forbidden", str(seeded.rep.public_id), "audit_log.index")
    ]


def test_every_page_offers_to_sign_out(app: Flask, core: Core, browse: Browse, seeded: Seeded) -> None:
    admin, seen = browse("admin"), 0
    for endpoint, path in pages.addresses(app, core, seeded).items():
        answer = admin.client.get(path)
        if answer.status_code == 200 and not endpoint.startswith(("embed.", "forgetting.status")):
            page = answer.get_data(as_text=True)
            if "<main" in page:
                assert 'action="/sign-out"' in page, path
                seen += 1
    assert seen > 30


def test_trace_is_refused(app: Flask) -> None:
    assert app.test_client().open("/sign-in", method="TRACE").status_code == 405


def test_signing_out_clears_what_the_browser_stored(browse: Browse) -> None:
    answer = browse("rep").post("/", "/sign-out")
    assert answer.headers["Clear-Site-Data"] == '"storage"'
