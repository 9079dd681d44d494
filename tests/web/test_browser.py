"""The pages in a real browser: keys, speed by script, and no text from outside that runs."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.serving import make_server

from scrm.config import Settings
from scrm.db import Database
from scrm.models import (
    Candidate,
    Connection,
    Contact,
    ContactTurn,
    Interaction,
    Judgment,
    Link,
    Profile,
    Run,
    TimelineEntry,
    Turn,
    User,
    Verdict,
)
from scrm.runtime import Core, sleepers
from scrm.sync import plan as plans
from scrm.sync.crm.local import LocalCrm
from scrm.sync.plan_run import advance
from scrm.vault import Vault
from scrm.web.people import open_session
from tests.web import seed

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium at /usr/bin/chromium"),
]

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "javascript:alert(1)",
    "JaVaScRiPt://%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'>",
    "<a href=javascript:alert(1) autofocus onfocus=alert(1)>x</a>",
    "{{ 7*7 }}{% print(1) %}${alert(1)}",
    "%(name)s %s %n 100%",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "<style>*{display:none}</style>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "\u202eevil\u2066\u200f\ufffd text",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<form action=https://evil.example><input name=csrf_token>",
)


@dataclass
class Site:
    """A running application with a browser signed in as admin."""

    address: str
    core: Core
    seeded: seed.Seeded
    page: Any
    faults: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def shown(self) -> str:
        return self.page.get_attribute("[data-case]", "data-case")


@pytest.fixture
def core(tmp_path: Path, sqlite_url: str) -> Iterator[Core]:
    """One engine: the browser sees no difference."""
    db = Database(sqlite_url)
    settings = Settings(state_dir=tmp_path, database_url=sqlite_url)
    yield Core(settings=settings, db=db, vault=Vault.load("", tmp_path), wake=sleepers)
    db.close()


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    logging.getLogger("werkzeug").disabled = True
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def site(served: str, core: Core, seeded: seed.Seeded) -> Iterator[Site]:
    with core.db.write("test.browser") as session:
        token = open_session(session, seeded.admin.id, core.db.clock.now())
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM))
        context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
        context.add_cookies([{"name": "scrm", "value": token, "url": served}])
        page = context.new_page()
        found = Site(address=served, core=core, seeded=seeded, page=page)
        page.on("dialog", lambda dialog: (found.faults.append(f"dialog on {page.url}"), dialog.dismiss()))
        page.on("pageerror", lambda error: found.faults.append(f"{page.url}: {error}"))
        page.on(
            "console", lambda line: found.faults.append(f"{page.url}: {line.text}") if line.type == "error" else None
        )
        page.on(
            "request", lambda call: None if call.url.startswith((served, "data:")) else found.faults.append(call.url)
        )
        yield found
        browser.close()
    assert found.faults == []


def wait_for_case(site: Site, profile: Profile | None) -> None:
    wanted = str(profile.public_id) if profile else ""
    site.page.wait_for_function("id => document.querySelector('[data-case]')?.dataset.case === id", arg=wanted)


def wait_for_toast(site: Site, text: str) -> None:
    site.page.wait_for_function("text => document.querySelector('.toast')?.textContent.includes(text)", arg=text)


def test_a_case_is_settled_undone_and_settled_again_by_keys_alone(site: Site) -> None:
    first, second, third = site.seeded.waiting
    site.open("/review")
    wait_for_case(site, first)
    site.press("l")
    wait_for_case(site, second)
    wait_for_toast(site, "Linked")
    with site.core.db.read() as session:
        assert session.get(Link, first.id).contact_id == site.seeded.contacts[0].id
    assert site.page.evaluate("document.activeElement.id") == "profile-name"
    site.press("z")
    wait_for_case(site, first)
    wait_for_toast(site, "Taken back")
    with site.core.db.read() as session:
        assert session.get(Link, first.id) is None
    site.press("2", "l")
    wait_for_case(site, second)
    wait_for_toast(site, "Linked")
    with site.core.db.read() as session:
        assert session.get(Link, first.id).contact_id != site.seeded.contacts[0].id
    site.press("0")
    wait_for_case(site, third)
    wait_for_toast(site, "nobody here")
    site.press("u")
    wait_for_case(site, None)
    wait_for_toast(site, "unsure")
    site.open(f"/contacts/{site.seeded.contacts[0].public_id}")
    assert "No profile is linked yet." in site.page.content()


def test_fast_keys_lose_no_decision(site: Site) -> None:
    site.open("/review")
    for profile, following in zip(site.seeded.waiting, [*site.seeded.waiting[1:], None], strict=True):
        wait_for_case(site, profile)
        if following:
            site.page.wait_for_timeout(150)  # the steward reads; the next case is fetched meanwhile
        site.press("0")
    wait_for_case(site, None)
    with site.core.db.read() as session:
        nobody = select(func.count()).select_from(Judgment).where(Judgment.verdict == Verdict.NOBODY)
        assert session.scalar(nobody) == len(site.seeded.waiting)


def test_the_next_case_is_there_without_asking_the_server_again(site: Site) -> None:
    site.open("/review")
    wait_for_case(site, site.seeded.waiting[0])
    site.page.wait_for_load_state("networkidle")
    site.page.route("**/review/**", lambda _route: None)  # nothing is answered from now on
    site.press("s")
    wait_for_case(site, site.seeded.waiting[1])


def test_keys_sleep_in_a_field_and_when_turned_off(site: Site) -> None:
    first = site.seeded.waiting[0]
    site.open("/review")
    site.page.focus("#why")
    site.press("l", "0", "u", "?")
    assert site.page.input_value("#why") == "l0u?"
    site.press("Escape", "j")
    assert site.page.text_content("[data-rank-shown]") == "2"
    site.press("k", "Control+l", "Alt+u")
    assert site.page.text_content("[data-rank-shown]") == "1"
    site.press("/")
    assert site.page.evaluate("document.activeElement.id") == "rq"
    assert site.shown() == str(first.public_id)
    site.open("/me")
    site.page.click("text=Turn keys off")
    site.open("/review")
    site.press("l")
    site.page.wait_for_timeout(200)
    assert site.shown() == str(first.public_id)


def test_a_conflict_is_shown_in_place(site: Site) -> None:
    site.open("/review")
    first = site.seeded.waiting[0]
    wait_for_case(site, first)
    with site.core.db.write("test.other") as session:
        now = site.core.db.clock.now()
        other = Judgment(
            profile_id=first.id, verdict="nobody", judge="steward", user_id=site.seeded.steward.id, created_at=now
        )
        session.add(other)
    site.press("l")
    site.page.wait_for_selector("text=was settled meanwhile")
    site.faults[:] = [fault for fault in site.faults if "409" not in fault]  # the browser notes the status
    site.press("s")
    site.page.wait_for_selector(".candidates")


def test_everything_works_without_script(served: str, core: Core, seeded: seed.Seeded) -> None:
    with core.db.write("test.plain") as session:
        token = open_session(session, seeded.steward.id, core.db.clock.now())
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM))
        context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
        context.add_cookies([{"name": "scrm", "value": token, "url": served}])
        page = context.new_page()
        page.goto(f"{served}/review?c=2")
        page.click("a.rank >> nth=1")
        page.click("button[value=link] >> nth=-1")
        assert "Linked" in page.text_content(".toast")
        page.click("text=Undo")
        assert "Taken back" in page.text_content(".toast")
        page.click(".decide a[data-key=s]")
        assert str(seeded.waiting[1].public_id) in page.get_attribute("[data-case]", "data-case")
        browser.close()


def test_the_counters_move_by_themselves(site: Site) -> None:
    site.open("/")
    before = site.page.text_content("[data-count=fetched]")
    seed.talk_much(site.core.db, site.seeded.linked[0], 7)
    site.page.wait_for_function(
        "old => document.querySelector('[data-count=fetched]').textContent !== old", arg=before
    )
    assert site.page.text_content("[data-count=fetched]") == str(int(before) + 7)


PROFILE = ("display_name", "handle", "url", "bio", "location", "company", "title", "email", "language")
CONTACT = (
    "full_name",
    "first_name",
    "last_name",
    "company",
    "title",
    "city",
    "country",
    "language",
    "owner",
    "relation",
)


def poison(core: Core, text: str) -> None:
    """Put a hostile text wherever one from outside can stand."""
    everywhere = (
        (Profile, dict.fromkeys(PROFILE, text) | {"links": [{"url": text, "verified": True}]}),
        (Contact, dict.fromkeys(CONTACT, text) | {"emails": [text], "phones": [text], "urls": [text]}),
        (Interaction, {"text": text * 3, "url": text, "language": text}),
        (Connection, {"label": text, "problem": text}),
        (Run, {"outcome": text, "stream": text}),
        (User, {"name": text}),
        (Judgment, {"reason": text}),
    )
    with core.db.write("test.poison") as session:
        for model, values in everywhere:
            session.execute(update(model).values(values))
        for number, contact in enumerate(session.scalars(select(Contact))):
            contact.handles, contact.sort_name = [{"network": "harbor", "handle": text}], f"z{number}{text}"
        session.execute(update(Interaction).where(Interaction.id % 3 == 0).values(kind=text, audience=text))
        for candidate in session.scalars(select(Candidate)):
            candidate.evidence = [
                {**line, "profile_value": text, "contact_value": text, "message": text, "params": {"value": text}}
                for line in candidate.evidence
            ]


def addresses(core: Core, seeded: seed.Seeded) -> list[str]:
    with core.db.read() as session:
        connection = session.scalars(select(Connection.public_id)).one()
        interaction = session.scalars(select(Interaction.public_id).where(Interaction.native_id == "t2")).one()
    contact, waiting, linked = seeded.contacts[3].public_id, seeded.waiting[0].public_id, seeded.linked[0].public_id
    return [
        "/",
        "/me",
        "/review",
        f"/review/{waiting}?q=z0&c=2",
        "/contacts",
        "/contacts?q=z",
        f"/contacts/{contact}",
        f"/contacts/{contact}/unlink/{linked}",
        f"/interactions/{interaction}",
        "/connections",
        "/connections/new",
        "/connections/new/harbor",
        f"/connections/{connection}",
        f"/connections/{connection}/remove",
        "/own",
        "/import/contacts",
        "/contacts/turns",
        "/writing",
        "/writing/errors/value",
        f"/writing/plans/{planned(core)}",
    ]


def planned(core: Core) -> UUID:
    """A plan of all that waits in the seeded installation, with a turn and an entry that was set aside."""
    now = core.db.clock.now()
    with core.db.write("test.planned") as session:
        plan = plans.order(session, "local", now).public_id
        first, second = session.scalars(select(Contact.id).order_by(Contact.id).limit(2))
        session.add(ContactTurn(contact_id=first, turn=Turn.MERGED.value, into_id=second, at=now))
        waiting = select(TimelineEntry.id).where(TimelineEntry.state == "todo").limit(1)
        aside = {"state": "parked", "fault": "value", "reason": "subject: longer than 255 characters"}
        session.execute(update(TimelineEntry).where(TimelineEntry.id.in_(waiting)).values(**aside))
    while advance(core, LocalCrm(core.db)):
        pass
    return plan


def test_no_text_from_outside_runs_on_any_page(site: Site) -> None:
    seen: list[str] = []

    def note(what: str) -> None:
        seen.append(what)

    site.page.expose_function("sawViolation", note)
    site.page.add_init_script(
        "document.addEventListener('securitypolicyviolation', e => sawViolation(e.violatedDirective + e.blockedURI))"
    )
    paths = addresses(site.core, site.seeded)
    for number, text in enumerate(HOSTILE):
        poison(site.core, text)
        for path in paths if number % 4 == 0 else paths[number % 4 :: 3]:
            answer = site.page.goto(site.address + path, wait_until="load")
            assert answer.status == 200, (path, text)
            assert (
                site.page.evaluate("document.querySelectorAll('script:not([src]), style, iframe, base').length") == 0
            )
            links = site.page.eval_on_selector_all("a[href]", "all => all.map(a => a.protocol)")
            assert set(links) <= {"http:", "https:"}, (path, text)
    assert seen == []


@pytest.mark.parametrize("width", [1440, 390, 320])
def test_no_page_scrolls_sideways(site: Site, width: int) -> None:
    site.page.set_viewport_size({"width": width, "height": 844})
    for path in addresses(site.core, site.seeded):
        site.open(path)
        wider = site.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, (path, width)
