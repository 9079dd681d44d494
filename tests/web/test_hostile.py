"""No text from outside runs: a hostile text in every text there is, on every page there is, in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import String, select, update
from sqlalchemy import text as sql

from scrm.connectors.registry import connectors
from scrm.models import Candidate, Connection, Contact, Interaction, Profile, Row
from scrm.runtime import Core
from tests.web import fill, pages, test_browser
from tests.web.test_browser import HOSTILE, Site

core, served, site = test_browser.core, test_browser.served, test_browser.site
pytestmark = test_browser.pytestmark

# What we write ourselves from a closed list of words, and what rows are found by; never a text from outside.
OURS = {
    "action", "crm_id", "cursor", "direction", "digest", "endpoint", "external_key", "fingerprint", "judge",
    "locale", "match_state", "native_id", "network", "operation", "owner_key", "role", "scope", "side", "state",
    "status", "stream", "thread_key", "turn", "verdict", "visibility", "fault", "delivery_key", "source_id",
    "in_reply_to", "in_reply_to_id", "credentials", "secrets", "token", "values", "audience", "fetch_ref",
}  # fmt: skip
FREE = {("run", "stream"), ("run", "outcome"), ("audit_entry", "action"), ("delivery", "error")}


def poison(session: Any, text: str) -> int:
    """Put a text into every column that may hold one from outside; the number of columns."""
    count = 0
    for table in Row.metadata.sorted_tables:
        values = {
            column.name: text
            for column in table.columns
            if isinstance(column.type, String)
            and not (column.primary_key or column.unique or column.foreign_keys)
            and (column.name not in OURS or (table.name, column.name) in FREE)
            and not column.name.endswith(("_hash", "_key", "_id"))
        }
        if table.name == "audit_entry":  # which refuses it
            session.execute(sql("DROP TRIGGER IF EXISTS audit_entry_is_fixed_update"))
        if values:
            session.execute(update(table).values(values))
            count += len(values)
    session.execute(update(Contact).values(kind="contact", relation=text, emails=[text], phones=[text], urls=[text]))
    session.execute(update(Profile).values(links=[{"url": text, "verified": True}]))
    for number, contact in enumerate(session.scalars(select(Contact))):
        contact.handles, contact.sort_name = [{"network": "harbor", "handle": text}], f"z{number}{text}"
    session.execute(update(Interaction).where(Interaction.id % 3 == 0).values(audience=text))
    session.execute(update(Interaction).where(Interaction.id % 3 != 0).values(audience="public", kind="mention"))
    for candidate in session.scalars(select(Candidate)):
        candidate.evidence = [
            {**line, "profile_value": text, "contact_value": text, "message": text, "params": {"value": text}}
            for line in candidate.evidence
        ]
    return count


def spread(session: Any) -> None:
    """What was said and who said it belongs to each network in turn, by its terms shown, held or shortened."""
    names = sorted(connectors())
    for model in (Interaction, Profile):
        for number, row_id in enumerate(session.scalars(select(model.id).order_by(model.id))):
            name = names[number % len(names)]
            session.execute(update(model).where(model.id == row_id).values(network=name, native_id=f"x{row_id}"))


@pytest.fixture
def watched(site: Site) -> Iterator[tuple[Site, list[str]]]:
    seen: list[str] = []

    def note(what: str) -> None:
        seen.append(what)

    site.page.expose_function("sawViolation", note)
    site.page.add_init_script(
        "document.addEventListener('securitypolicyviolation', e => sawViolation(e.violatedDirective + e.blockedURI))"
    )
    yield site, seen
    assert seen == []


def look(site: Site, path: str) -> None:
    answer = site.page.goto(site.address + path, wait_until="load")
    assert answer.status in {200, 400, 404, 410}, path
    if answer.status != 200:
        site.faults[:] = [fault for fault in site.faults if f"status of {answer.status}" not in fault]
    told = site.page.evaluate(
        """() => ({
            alien: document.querySelectorAll(
                'script:not([src]), style, iframe, base, object, embed, meta[http-equiv]').length,
            events: [...document.querySelectorAll('*')].filter(
                node => [...node.attributes].some(a => a.name.startsWith('on') || a.name === 'style')).length,
            links: [...document.querySelectorAll('a[href]')].map(a => a.protocol),
            forms: [...document.querySelectorAll('form')].map(f => new URL(f.action).origin),
        })"""
    )
    assert (told["alien"], told["events"]) == (0, 0), path
    assert set(told["links"]) <= {"http:", "https:", "mailto:"}, path
    assert set(told["forms"]) <= {site.address}, path


@pytest.mark.parametrize("part", range(4))
def test_no_text_from_outside_runs_on_any_page_of_the_url_map(
    watched: tuple[Site, list[str]], app: Flask, part: int
) -> None:
    site, _seen = watched
    fill.fill(site.core, site.seeded)
    paths = [*pages.addresses(app, site.core, site.seeded).values(), *pages.MORE]
    with site.core.db.write("test.spread") as session:
        spread(session)
    for number, text in enumerate(HOSTILE[part::4]):
        with site.core.db.write("test.poison_all") as session:
            assert poison(session, text) > 50
        for path in paths if number == 0 else paths[number::4]:
            look(site, path)


def test_the_poison_reaches_the_pages(site: Site, app: Flask) -> None:
    """Else the test above would prove nothing: most pages show the text, as text."""
    fill.fill(site.core, site.seeded)
    with site.core.db.write("test.poison_shown") as session:
        poison(session, "<b>needle</b>")
    shown = 0
    for path in pages.addresses(app, site.core, site.seeded).values():
        site.page.goto(site.address + path, wait_until="load")
        shown += "<b>needle</b>" in site.page.inner_text("body")
        assert site.page.locator("b", has_text="needle").filter(has_not_text="<").count() == 0
    site.faults[:] = [fault for fault in site.faults if "status of" not in fault]
    assert shown >= 8


def test_a_connection_of_each_network_shows_a_hostile_label_as_text(site: Site) -> None:
    for network in sorted(connectors()):
        with site.core.db.write("test.each_network") as session:
            session.execute(update(Connection).values(network=network, label=HOSTILE[2], problem=HOSTILE[0]))
            path = f"/connections/{session.scalars(select(Connection.public_id)).first()}"
        look(site, path)
        look(site, "/connections")


def test_core_is_one_engine(core: Core) -> None:
    assert core.db.is_sqlite, "the browser sees no difference, and these tests are long"
