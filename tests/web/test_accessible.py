"""Every page before axe-core: no violation of WCAG 2.2 AA, filled and empty, in both languages and themes.

Each page is loaded once per language and width and judged in both themes. axe-core comes with a package of the
development set; it is put into the page by the browser's own tools, so our policy stays as it is.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, update

from scrm.models import Candidate, Connection, Link, Profile, Row, User
from scrm.runtime import Core
from tests.web import fill, pages, test_browser
from tests.web.test_browser import Site

axe = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
core, served, site = test_browser.core, test_browser.served, test_browser.site
pytestmark = test_browser.pytestmark

SCRIPT = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async (tags) => {
    const told = await axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']});
    const say = node => node.target.join(' ') + ' | ' + node.html.slice(0, 160);
    return told.violations.map(v => [v.id, v.nodes.slice(0, 3).map(say)]);
}"""
KEPT = {"app_user", "web_session", "alembic_version"}


class Judge:
    """One browser page that axe looks at."""

    def __init__(self, site: Site) -> None:
        self._site = site
        site.page.emulate_media(reduced_motion="reduce")

    def passes(self, paths: Iterable[str]) -> None:
        found = [f"{where}: {nodes}" for path in paths for where, nodes in self.faults(path)]
        assert not found, "\n".join(found)

    def faults(self, path: str) -> list[tuple[str, Any]]:
        page = self._site.page
        page.goto(self._site.address + path, wait_until="load")
        page.evaluate(SCRIPT)
        found = []
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            found += [(f"{path} {theme} {name}", nodes) for name, nodes in page.evaluate(RUN, TAGS)]
        self._site.faults[:] = [fault for fault in self._site.faults if "status of" not in fault]
        return found


@pytest.fixture
def judge(site: Site) -> Iterator[Judge]:
    yield Judge(site)
    site.page.goto("about:blank")


def speak(core: Core, language: str) -> None:
    with core.db.write("test.speak") as session:
        session.execute(update(User).values(locale=language))


def emptied(core: Core) -> None:
    """An installation on its first day: somebody is signed in, and nothing else is there."""
    with core.db.write("test.empty") as session:
        session.execute(delete(Link))
        session.execute(delete(Candidate))
        for table in reversed(Row.metadata.sorted_tables):
            if table.name not in KEPT:
                session.execute(table.delete())


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("part", range(2))
def test_no_page_with_something_to_show_breaks_a_rule(
    judge: Judge, site: Site, app: Flask, language: str, part: int
) -> None:
    fill.fill(site.core, site.seeded)
    speak(site.core, language)
    paths = sorted({*pages.addresses(app, site.core, site.seeded).values(), *pages.MORE})
    assert len(paths) > 25
    judge.passes(paths[part::2])


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_page_with_nothing_to_show_breaks_a_rule(judge: Judge, site: Site, app: Flask, language: str) -> None:
    speak(site.core, language)
    paths = sorted(set(pages.addresses(app, site.core, site.seeded).values()))
    emptied(site.core)
    judge.passes(paths)


def test_no_page_on_a_phone_breaks_a_rule(judge: Judge, site: Site, app: Flask) -> None:
    fill.fill(site.core, site.seeded)
    speak(site.core, "de")
    site.page.set_viewport_size({"width": 390, "height": 844})
    paths = sorted(set(pages.addresses(app, site.core, site.seeded).values()))
    judge.passes(paths)


def test_pages_of_somebody_not_signed_in_break_no_rule(judge: Judge, site: Site) -> None:
    site.page.context.clear_cookies()
    paths = ("/sign-in", "/sign-in/no-such-link", "/no-such-page")
    judge.passes(paths)


def test_axe_is_really_looking(judge: Judge, site: Site) -> None:
    site.page.goto(site.address + "/", wait_until="load")
    site.page.evaluate("document.querySelector('main').innerHTML = '<img src=\"/x.png\"><input>'")
    site.page.evaluate(SCRIPT)
    names = {name for name, _nodes in site.page.evaluate(RUN, TAGS)}
    site.faults.clear()
    assert {"image-alt", "label"} <= names


def test_every_control_shows_its_focus_and_the_first_key_skips_to_the_content(site: Site, app: Flask) -> None:
    fill.fill(site.core, site.seeded)
    for path in ("/", "/admin", "/connections", "/me"):
        site.open(path)
        site.press("Tab")
        assert site.page.evaluate("document.activeElement.className") == "skip", path
        assert site.page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
        for _step in range(25):
            site.press("Tab")
            told = site.page.evaluate(
                """() => { const n = document.activeElement; if (n === document.body) return null;
                    const s = getComputedStyle(n);
                    return [n.outerHTML.slice(0, 120), s.outlineStyle, parseFloat(s.outlineWidth)]; }"""
            )
            if told is None:
                break
            html, style, width = told
            assert style != "none", (path, html)
            assert width >= 2, (path, html)
        site.open(path)
        site.press("Tab", "Enter")
        assert site.page.evaluate("location.hash") == "#main"
        assert site.page.evaluate("document.activeElement.id") == "main", path


def test_nothing_moves_for_who_asked_for_less_motion() -> None:
    css = (Path(test_browser.__file__).parents[2] / "scrm/web/static/scrm.css").read_text(encoding="utf-8")
    outside = re.sub(r"@media \(prefers-reduced-motion: no-preference\) \{[^}]*\}\s*\}", "", css)
    assert "animation:" not in outside
    assert "transition:" not in outside


def test_a_profile_and_a_connection_are_there_to_be_judged(site: Site) -> None:
    """Else the pages above would be error pages."""
    with site.core.db.read() as session:
        assert session.query(Profile).count() > 3
        assert session.query(Connection).count() == 1
