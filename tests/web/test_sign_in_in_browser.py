"""There and back again in a real browser, under the policy that our answers carry."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server

from scrm.config import Settings
from scrm.db import Database
from scrm.ingest.apps import values_of
from scrm.models import Connection, ConnectionState
from scrm.runtime import Core, sleepers
from scrm.sandbox.server import Server
from scrm.vault import Vault
from scrm.web import create_app
from scrm.web.people import open_session
from tests import lagoon
from tests.lagoon import KEY, Water
from tests.web import seed

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium at /usr/bin/chromium"),
]


@pytest.fixture
def water() -> Water:
    return Water()


@pytest.fixture
def server(water: Water) -> Iterator[Server]:
    lagoon.register()
    with lagoon.serve(water) as running:
        yield running
    lagoon.unregister()


@pytest.fixture
def core(tmp_path: Path, sqlite_url: str, server: Server) -> Iterator[Core]:
    """Served under the address that it tells the network."""
    logging.getLogger("werkzeug").disabled = True
    web = make_server("127.0.0.1", 0, Flask("not yet"), threaded=True)
    settings = Settings(
        state_dir=tmp_path,
        database_url=sqlite_url,
        public_url=f"http://127.0.0.1:{web.server_port}",
        allowed_hosts=(lagoon.host(server),),
    )
    db = Database(sqlite_url)
    core = Core(settings=settings, db=db, vault=Vault.load("", tmp_path), wake=sleepers)
    web.app = create_app(core)
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    yield core
    web.shutdown()
    thread.join()
    web.server_close()
    db.close()


@pytest.fixture
def page(core: Core) -> Iterator[Any]:
    """A page of an admin's browser; whatever it complains of fails the test."""
    admin = seed.seed(core.db).admin
    with core.db.write("test.browser") as session:
        token = open_session(session, admin.id, core.db.clock.now())
    faults: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM))
        context = browser.new_context(locale="en-GB", permissions=["clipboard-read", "clipboard-write"])
        context.add_cookies([{"name": "scrm", "value": token, "url": core.settings.base_url}])
        opened = context.new_page()
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        yield opened
        browser.close()
    assert faults == []


def test_the_app_then_the_network_then_the_choice_and_later_one_click(page: Any, core: Core, server: Server) -> None:
    page.goto(f"{core.settings.base_url}/connections/new/{KEY}")
    form = lagoon.app_form(server)
    page.get_by_text("Addresses and versions").click()
    for name in ("client_id", "client_secret", "api_url", "authorize_url", "token_url"):
        page.fill(f"#a-{name}", form[name])
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Look it up or change it").click()
    page.get_by_role("button", name="Copy Verify token").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == values_of(core, KEY)["verify_token"]

    page.get_by_role("button", name="Sign in with Lagoon").click()
    page.get_by_label("nordwerk-service").check()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Connect").click()
    page.get_by_text("Reading begins now").wait_for()

    with core.db.write("test.suspend") as session:
        row = session.scalars(select(Connection).where(Connection.network == KEY)).one()
        row.state, row.problem = ConnectionState.SUSPENDED.value, "AccessRevokedError"
    page.goto(core.settings.base_url)
    assert "One connection needs you. Lagoon" in page.inner_text("main")
    page.get_by_role("button", name="Sign in again").first.click()
    page.wait_for_url(f"**/connections/{row.public_id}")
    with core.db.read() as session:
        assert session.get_one(Connection, row.id).state == ConnectionState.ACTIVE
